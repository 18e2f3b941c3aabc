// MD4, MD5 and SHA-1 in the caller's memory: RFC 1320, RFC 1321, FIPS 180.
#include "unit/winapi/process.h"

#include <string>

namespace hmodule::winapi {
namespace {

template <typename... Args>
void call(std::string_view name, Args... args) {
  function<void*, Args...>(ntdll_dll, name)(args...);
}
std::string hex(const BYTE* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}
const std::string kLong(1000, 'a');

std::string md(const std::string& which, std::string_view text, std::size_t piece) {
  alignas(4) BYTE context[104];
  call<BYTE*>(which + "Init", context);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    call<BYTE*, const char*, ULONG>(which + "Update", context, text.data(),
                                    static_cast<ULONG>(std::min(piece, text.size())));
  call<BYTE*>(which + "Final", context);
  return hex(context + 88, 16);
}

TEST(Digests, Md4AndMd5InPiecesOfAnySize) {
  for (const std::size_t piece : {1, 7, 63, 64, 65, 1000}) {
    EXPECT_EQ(md("MD4", "abc", piece), "a448017aaf21d8525fc10ae87aa6729d");
    EXPECT_EQ(md("MD5", "abc", piece), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(md("MD5", kLong, piece), "cabe45dcc9ae5b66ba86600cca6b8ba8");
  }
}

TEST(Digests, Sha1BeginsAnewAtTheEnd) {
  alignas(4) BYTE context[116], digest[20];
  call<BYTE*>("A_SHAInit", context);
  for (int round = 0; round < 2; ++round) {
    for (const char* each : {"a", "b", "c"}) call<BYTE*, const char*, ULONG>("A_SHAUpdate", context, each, 1);
    call<BYTE*, BYTE*>("A_SHAFinal", context, digest);
    EXPECT_EQ(hex(digest, 20), "a9993e364706816aba3e25717850c26c9cd0d89d");
  }
}

}  // namespace
}  // namespace hmodule::winapi
