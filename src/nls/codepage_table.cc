#include "nls/codepage_table.h"

#include "nls/icu.h"

#include <iconv.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace hmodule::nls {
namespace {

constexpr std::size_t kCodes = 0x10000;

// One unit for the bytes of one character, or kNone.
char16_t decode(UConverter* converter, const char* bytes, std::size_t count) {
  char16_t unit[4];
  char16_t* target = unit;
  const char* source = bytes;
  UErrorCode error = U_ZERO_ERROR;
  ucnv_reset(converter);
  ucnv_toUnicode(converter, &target, std::end(unit), &source, bytes + count, nullptr, true, &error);
  return U_SUCCESS(error) && target == unit + 1 && unit[0] != 0xFFFD ? unit[0] : CodePageTable::kNone;
}

unsigned encode(UConverter* converter, char16_t unit) {
  char bytes[8];
  char* target = bytes;
  const char16_t* source = &unit;
  UErrorCode error = U_ZERO_ERROR;
  ucnv_reset(converter);
  ucnv_fromUnicode(converter, &target, std::end(bytes), &source, &unit + 1, nullptr, true, &error);
  if (U_FAILURE(error)) return 0;
  if (target == bytes + 1) return static_cast<BYTE>(bytes[0]);
  if (target == bytes + 2) return static_cast<BYTE>(bytes[0]) << 8 | static_cast<BYTE>(bytes[1]);
  return 0;
}

// ICU has no Johab; the C library has, but writes the won sign at the place of the backslash.
char16_t decode_johab(iconv_t johab, const char* bytes, std::size_t count) {
  if (count == 1) return static_cast<BYTE>(*bytes) < 0x80 ? static_cast<char16_t>(*bytes) : CodePageTable::kNone;
  char copy[2] = {bytes[0], bytes[1]};
  char16_t unit = 0;
  char *source = copy, *target = reinterpret_cast<char*>(&unit);
  std::size_t left = count, room = sizeof unit;
  iconv(johab, nullptr, nullptr, nullptr, nullptr);
  return iconv(johab, &source, &left, &target, &room) == 0 && left == 0 && room == 0 ? unit : CodePageTable::kNone;
}

template <typename Decode>
void fill_wide(const CodePage& page, CodePageTable& table, Decode&& decode_one) {
  for (unsigned lead = 0; lead < 0x100; ++lead) {
    char bytes[2] = {static_cast<char>(lead), 0};
    if (!is_lead_byte(page, static_cast<BYTE>(lead))) {
      table.wide[lead] = decode_one(bytes, 1);
      continue;
    }
    for (unsigned trail = 1; trail < 0x100; ++trail) {
      bytes[1] = static_cast<char>(trail);
      table.wide[lead << 8 | trail] = decode_one(bytes, 2);
    }
  }
}

// Windows' best fit: the letter without its marks, the ordinary form of a compatibility character.
char16_t similar(char16_t unit) {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* const nfkd = icu::Normalizer2::getNFKDInstance(error);
  if (nfkd == nullptr || U16_IS_SURROGATE(unit)) return unit;
  icu::UnicodeString parts;
  if (!nfkd->getDecomposition(unit, parts)) return unit;
  for (int32_t i = 1; i < parts.length(); ++i) {
    if (parts[0] == u' ' || u_charType(parts[i]) != U_NON_SPACING_MARK) return unit;
  }
  return parts[0];
}

// Microsoft's tables of the other pages have no best fit to speak of.
bool has_best_fit(const CodePage& page) {
  return page.max_char_size == 1 && page.id < 10000 && page.id != 1253 && !(page.id >= 1255 && page.id <= 1258);
}

// What Microsoft has for bytes that IBM leaves without a character: most are private, so that any byte comes back.
struct OwnCharacter {
  UINT page;
  BYTE first, last;
  char16_t unit;  // of `first`; those of the others follow
};
constexpr OwnCharacter kMicrosoftsOwn[] = {
    {852, 0xAA, 0xAA, 0x00AC},  {932, 0x80, 0x80, 0x0080},  {932, 0xA0, 0xA0, 0xF8F0},  {932, 0xFD, 0xFF, 0xF8F1},
    {1253, 0xAA, 0xAA, 0xF8F9}, {1253, 0xD2, 0xD2, 0xF8FA}, {1253, 0xFF, 0xFF, 0xF8FB}, {1255, 0xCA, 0xCA, 0x05BA},
    {1255, 0xD9, 0xDF, 0xF88D}, {1255, 0xFB, 0xFC, 0xF894}, {1255, 0xFF, 0xFF, 0xF896}, {1257, 0xA1, 0xA1, 0xF8FC},
    {1257, 0xA5, 0xA5, 0xF8FD},
};

// Where Microsoft's tables differ from IBM's, which ICU has: control characters stand for themselves, a byte without a
// character is the C1 control, the micro sign of DOS is no Greek letter, and ASCII has seven bits.
void follow_microsoft(const CodePage& page, CodePageTable& table) {
  const bool ebcdic = table.wide[u'A'] != u'A';
  if (ebcdic) return;
  for (unsigned code = 0; code < 0xA0; ++code) {
    if (code < 0x80 || (table.wide[code] == CodePageTable::kNone && page.max_char_size == 1))
      table.wide[code] = static_cast<char16_t>(code);
  }
  const auto has = [&](char16_t unit) {
    return std::find(table.wide.begin(), table.wide.begin() + 0x100, unit) != table.wide.begin() + 0x100;
  };
  if (table.wide[0xE6] == u'\u03BC' && !has(u'\u03B2')) table.wide[0xE6] = u'\u00B5';
  for (const OwnCharacter& own : kMicrosoftsOwn) {
    if (own.page != page.id) continue;
    for (unsigned code = own.first; code <= own.last; ++code)
      table.wide[code] = static_cast<char16_t>(own.unit + code - own.first);
  }
  if (page.id != 20127) return;
  for (unsigned code = 0x80; code < 0x100; ++code) table.wide[code] = static_cast<char16_t>(code - 0x80);
}

void add_best_fit(CodePageTable& table) {
  for (std::size_t unit = 0x80; unit < kCodes; ++unit) {
    if (table.bytes[unit] == 0) table.bytes[unit] = table.bytes[similar(static_cast<char16_t>(unit))];
  }
}

// Of several codes for one character the lowest wins, unless ICU prefers another.
void invert(CodePageTable& table) {
  for (std::size_t code = kCodes; code-- > 1;) {
    if (table.wide[code] != CodePageTable::kNone) table.bytes[table.wide[code]] = static_cast<std::uint16_t>(code);
  }
}

CodePageTable build(const CodePage& page) {
  CodePageTable table;
  table.wide.assign(kCodes, CodePageTable::kNone);
  table.bytes.assign(kCodes, 0);
  if (page.id == CP_SYMBOL) {
    // Symbol fonts have their glyphs in the private use area.
    for (unsigned code = 0; code < 0x100; ++code)
      table.wide[code] = static_cast<char16_t>(code < 0x20 ? code : 0xF000 + code);
    invert(table);
  } else if (*page.converter == '\0') {
    const iconv_t johab = iconv_open("UTF-16LE", "JOHAB");
    if (johab != reinterpret_cast<iconv_t>(-1)) {
      fill_wide(page, table, [&](const char* bytes, std::size_t count) { return decode_johab(johab, bytes, count); });
      iconv_close(johab);
    }
    follow_microsoft(page, table);
    invert(table);
  } else {
    UErrorCode error = U_ZERO_ERROR;
    const Converter converter(ucnv_open(page.converter, &error));
    if (converter == nullptr) return table;
    ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
    ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
    ucnv_setFallback(converter.get(), true);
    fill_wide(page, table, [&](const char* bytes, std::size_t count) { return decode(converter.get(), bytes, count); });
    follow_microsoft(page, table);
    invert(table);
    for (std::size_t unit = 0xA0; unit < kCodes; ++unit) {
      if (const unsigned code = encode(converter.get(), static_cast<char16_t>(unit)); code != 0)
        table.bytes[unit] = static_cast<std::uint16_t>(code);
    }
  }
  if (has_best_fit(page)) add_best_fit(table);
  return table;
}

}  // namespace

const CodePageTable& table_of(const CodePage& page) {
  static std::mutex mutex;
  static auto& tables = *new std::map<UINT, CodePageTable>;  // read by detaching threads; never freed
  const std::lock_guard lock(mutex);
  const auto found = tables.find(page.id);
  return found != tables.end() ? found->second : tables.emplace(page.id, build(page)).first->second;
}

}  // namespace hmodule::nls
