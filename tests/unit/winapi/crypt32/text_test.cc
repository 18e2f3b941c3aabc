#include "unit/winapi/process.h"
#include "winapi/crypt32/exports.h"

#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

using Bytes = std::vector<BYTE>;
constexpr DWORD kNoCrlf = 0x40000000, kNoCr = 0x80000000;

template <typename Char>
std::basic_string<Char> to_text(const Bytes& bytes, DWORD flags) {
  const auto call = function<BOOL, const BYTE*, DWORD, DWORD, Char*, DWORD*>(
      crypt32_dll, sizeof(Char) == 1 ? "CryptBinaryToStringA" : "CryptBinaryToStringW");
  DWORD size = 0;
  EXPECT_TRUE(call(bytes.data(), static_cast<DWORD>(bytes.size()), flags, nullptr, &size));
  std::basic_string<Char> text(size, Char{'!'});
  DWORD small = size - 1;
  EXPECT_FALSE(call(bytes.data(), static_cast<DWORD>(bytes.size()), flags, text.data(), &small));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_MORE_DATA});
  EXPECT_EQ(small, size);
  EXPECT_TRUE(call(bytes.data(), static_cast<DWORD>(bytes.size()), flags, text.data(), &size));
  text.resize(size);
  return text;
}

struct Answer {
  Bytes bytes;
  DWORD skipped, format;
};
template <typename Char>
Answer to_bytes(const Char* text, DWORD flags, DWORD length = 0) {
  const auto call = function<BOOL, const Char*, DWORD, DWORD, BYTE*, DWORD*, DWORD*, DWORD*>(
      crypt32_dll, sizeof(Char) == 1 ? "CryptStringToBinaryA" : "CryptStringToBinaryW");
  DWORD size = 0, skipped = 99, format = 99;
  EXPECT_TRUE(call(text, length, flags, nullptr, &size, nullptr, nullptr)) << flags;
  Bytes bytes(size);
  EXPECT_TRUE(call(text, length, flags, bytes.data(), &size, &skipped, &format));
  return {bytes, skipped, format};
}
DWORD refusal(const char* text, DWORD flags) {
  DWORD size = 0;
  EXPECT_FALSE((function<BOOL, const char*, DWORD, DWORD, BYTE*, DWORD*, DWORD*, DWORD*>(
      crypt32_dll, "CryptStringToBinaryA")(text, 0, flags, nullptr, &size, nullptr, nullptr)));
  return thread::last_error();
}

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<BYTE>(i);
  return bytes;
}

struct Format {
  DWORD flags;
  Bytes bytes;
  const char* text;
};
class Formats : public testing::TestWithParam<Format> {};

TEST_P(Formats, AreWrittenAndRead) {
  const Format& format = GetParam();
  EXPECT_EQ(to_text<char>(format.bytes, format.flags), format.text);
  const std::string narrow = format.text;
  const std::u16string wide(narrow.begin(), narrow.end());
  EXPECT_EQ(to_text<char16_t>(format.bytes, format.flags), wide);
  if ((format.flags & 0xFF) != 2) {
    EXPECT_EQ(to_bytes(format.text, format.flags).bytes, format.bytes);
    EXPECT_EQ(to_bytes(wide.c_str(), format.flags).bytes, format.bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Text, Formats,
    testing::Values(
        Format{0x1, {1, 2, 3}, "AQID\r\n"}, Format{0x1 | kNoCrlf, {1, 2}, "AQI="}, Format{0x1 | kNoCr, {1}, "AQ==\n"},
        Format{0x1, Bytes(49, 0xFF), "////////////////////////////////////////////////////////////////\r\n/w==\r\n"},
        Format{0x0, {1, 2, 3}, "-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n"},
        Format{
            0x3, {1}, "-----BEGIN NEW CERTIFICATE REQUEST-----\r\nAQ==\r\n-----END NEW CERTIFICATE REQUEST-----\r\n"},
        Format{0x9, {1}, "-----BEGIN X509 CRL-----\r\nAQ==\r\n-----END X509 CRL-----\r\n"},
        Format{0xC, {0xDE, 0xAD, 0xBE}, "deadbe\r\n"}, Format{0xC | kNoCrlf, {0xDE, 0xAD}, "dead"},
        Format{0xD | kNoCrlf, {0xFB, 0xFF}, "-_8"},
        Format{0x4, counting(17), "00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f\r\n10\r\n"},
        Format{0x5, {0x41, 0x00}, "41 00                                              A.\r\n"},
        Format{0xA, {0x41, 0x42}, "0000\t41 42\r\n"},
        Format{0xB, {0x41, 0x42}, "0000\t41 42                                              AB\r\n"}));

TEST(StringToBinary, SkipsWhatStandsBeforeTheFrame) {
  const char* const text = "Subject: me\n-----BEGIN SOMETHING-----\nAQID\n-----END SOMETHING-----\n";
  for (const DWORD format : {0U, 6U, 7U}) {
    const Answer answer = to_bytes(text, format);
    EXPECT_EQ(answer.bytes, (Bytes{1, 2, 3}));
    EXPECT_EQ(answer.skipped, 12U);
    EXPECT_EQ(answer.format, 0U);
  }
  EXPECT_EQ(refusal(text, 3), DWORD{ERROR_INVALID_DATA}) << "no request";
}

TEST(StringToBinary, FindsTheFormatOut) {
  EXPECT_EQ(to_bytes("AQID", 6).format, 1U);
  EXPECT_EQ(to_bytes("AQID", 7).format, 1U);
  EXPECT_EQ(to_bytes("!", 7).format, 2U) << "binary takes all";
  EXPECT_EQ(to_bytes("61 62", 8).bytes, (Bytes{0x61, 0x62}));
  EXPECT_EQ(to_bytes("0000\t61 62\r\n", 8).format, 0xAU);
  EXPECT_EQ(to_bytes("AQIDxx", 1, 4).bytes, (Bytes{1, 2, 3})) << "a length ends the text";
}

TEST(StringToBinary, RefusesWhatIsNotInTheFormat) {
  for (const char* text : {"A", "AQ", "AQ=", "AQ==A", "AQI===", "A*ID"})
    EXPECT_EQ(refusal(text, 1), DWORD{ERROR_INVALID_DATA}) << text;
  for (const char* text : {"6", "6 1", "6g"}) EXPECT_EQ(refusal(text, 4), DWORD{ERROR_INVALID_DATA}) << text;
  EXPECT_EQ(refusal(nullptr, 1), DWORD{ERROR_INVALID_PARAMETER});
  EXPECT_EQ(refusal("AQID", 0x42), DWORD{ERROR_INVALID_PARAMETER});
}

}  // namespace
}  // namespace hmodule::winapi
