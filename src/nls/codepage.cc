#include "nls/codepage.h"

#include "nls/codepage_table.h"
#include "nls/icu.h"

#include <unicode/ucnv_cb.h>
#include <unicode/ustring.h>

#include <algorithm>

namespace hmodule::nls {
namespace {

constexpr auto kTable = CodePageKind::table;
constexpr auto kStream = CodePageKind::stream;

// In the order of their numbers. Descriptions: GetCPInfoEx. Lead bytes: Microsoft's code page tables.
constexpr CodePage kCodePages[] = {
    {37, kTable, 1, "ibm-37", u"IBM EBCDIC - U.S./Canada"},
    {CP_SYMBOL, kTable, 1, "", u"Symbol"},
    {437, kTable, 1, "ibm-437", u"OEM - United States"},
    {500, kTable, 1, "ibm-500", u"IBM EBCDIC - International"},
    {708, kTable, 1, "ASMO-708", u"Arabic - ASMO"},
    {720, kTable, 1, "ibm-720", u"Arabic - Transparent ASMO"},
    {737, kTable, 1, "ibm-737", u"OEM - Greek 437G"},
    {775, kTable, 1, "ibm-775", u"OEM - Baltic"},
    {850, kTable, 1, "ibm-850", u"OEM - Multilingual Latin I"},
    {852, kTable, 1, "ibm-852", u"OEM - Latin II"},
    {855, kTable, 1, "ibm-855", u"OEM - Cyrillic"},
    {857, kTable, 1, "ibm-857", u"OEM - Turkish"},
    {858, kTable, 1, "ibm-858", u"OEM - Multilingual Latin I + Euro"},
    {860, kTable, 1, "ibm-860", u"OEM - Portuguese"},
    {861, kTable, 1, "ibm-861", u"OEM - Icelandic"},
    {862, kTable, 1, "ibm-862", u"OEM - Hebrew"},
    {863, kTable, 1, "ibm-863", u"OEM - Canadian French"},
    {864, kTable, 1, "ibm-864", u"OEM - Arabic"},
    {865, kTable, 1, "ibm-865", u"OEM - Nordic"},
    {866, kTable, 1, "ibm-866", u"OEM - Russian"},
    {869, kTable, 1, "ibm-869", u"OEM - Modern Greek"},
    {870, kTable, 1, "ibm-870", u"IBM EBCDIC - Multilingual/ROECE (Latin-2)"},
    {874, kTable, 1, "windows-874-2000", u"ANSI/OEM - Thai"},
    {875, kTable, 1, "ibm-875", u"IBM EBCDIC - Modern Greek"},
    {932, kTable, 2, "ibm-943_P15A-2003", u"ANSI/OEM - Japanese Shift-JIS", "\x81\x9F\xE0\xFC", u'\u30FB'},
    {936, kTable, 2, "windows-936-2000", u"ANSI/OEM - Simplified Chinese GBK", "\x81\xFE"},
    {949, kTable, 2, "windows-949-2000", u"ANSI/OEM - Korean", "\x81\xFE"},
    {950, kTable, 2, "windows-950-2000", u"ANSI/OEM - Traditional Chinese Big5", "\x81\xFE"},
    {1026, kTable, 1, "ibm-1026", u"IBM EBCDIC - Turkish (Latin-5)"},
    {1047, kTable, 1, "ibm-1047", u"IBM EBCDIC - Latin-1/Open System"},
    {1140, kTable, 1, "ibm-1140", u"IBM EBCDIC - U.S./Canada (37 + Euro)"},
    {1141, kTable, 1, "ibm-1141", u"IBM EBCDIC - Germany (20273 + Euro)"},
    {1142, kTable, 1, "ibm-1142", u"IBM EBCDIC - Denmark/Norway (20277 + Euro)"},
    {1143, kTable, 1, "ibm-1143", u"IBM EBCDIC - Finland/Sweden (20278 + Euro)"},
    {1144, kTable, 1, "ibm-1144", u"IBM EBCDIC - Italy (20280 + Euro)"},
    {1145, kTable, 1, "ibm-1145", u"IBM EBCDIC - Latin America/Spain (20284 + Euro)"},
    {1146, kTable, 1, "ibm-1146", u"IBM EBCDIC - United Kingdom (20285 + Euro)"},
    {1147, kTable, 1, "ibm-1147", u"IBM EBCDIC - France (20297 + Euro)"},
    {1148, kTable, 1, "ibm-1148", u"IBM EBCDIC - International (500 + Euro)"},
    {1149, kTable, 1, "ibm-1149", u"IBM EBCDIC - Icelandic (20871 + Euro)"},
    {1250, kTable, 1, "windows-1250", u"ANSI - Central Europe"},
    {1251, kTable, 1, "windows-1251", u"ANSI - Cyrillic"},
    {1252, kTable, 1, "windows-1252", u"ANSI - Latin I"},
    {1253, kTable, 1, "windows-1253", u"ANSI - Greek"},
    {1254, kTable, 1, "windows-1254", u"ANSI - Turkish"},
    {1255, kTable, 1, "windows-1255", u"ANSI - Hebrew"},
    {1256, kTable, 1, "windows-1256", u"ANSI - Arabic"},
    {1257, kTable, 1, "windows-1257", u"ANSI - Baltic"},
    {1258, kTable, 1, "windows-1258", u"ANSI/OEM - Viet Nam"},
    {1361, kTable, 2, "", u"Korean - Johab", "\x84\xD3\xD8\xDE\xE0\xF9"},
    {10000, kTable, 1, "macintosh", u"MAC - Roman"},
    {10006, kTable, 1, "x-mac-greek", u"MAC - Greek I"},
    {10007, kTable, 1, "x-mac-cyrillic", u"MAC - Cyrillic"},
    {10029, kTable, 1, "x-mac-centraleurroman", u"MAC - Latin II"},
    {10081, kTable, 1, "x-mac-turkish", u"MAC - Turkish"},
    {20127, kTable, 1, "US-ASCII", u"US-ASCII"},
    {20273, kTable, 1, "ibm-273", u"IBM EBCDIC - Germany"},
    {20277, kTable, 1, "ibm-277", u"IBM EBCDIC - Denmark/Norway"},
    {20278, kTable, 1, "ibm-278", u"IBM EBCDIC - Finland/Sweden"},
    {20280, kTable, 1, "ibm-280", u"IBM EBCDIC - Italy"},
    {20284, kTable, 1, "ibm-284", u"IBM EBCDIC - Latin America/Spain"},
    {20285, kTable, 1, "ibm-285", u"IBM EBCDIC - United Kingdom"},
    {20290, kTable, 1, "ibm-290", u"IBM EBCDIC - Japanese Katakana Extended"},
    {20297, kTable, 1, "ibm-297", u"IBM EBCDIC - France"},
    {20420, kTable, 1, "ibm-420", u"IBM EBCDIC - Arabic"},
    {20424, kTable, 1, "ibm-424", u"IBM EBCDIC - Hebrew"},
    {20838, kTable, 1, "ibm-838", u"IBM EBCDIC - Thai"},
    {20866, kTable, 1, "KOI8-R", u"Russian - KOI8"},
    {20871, kTable, 1, "ibm-871", u"IBM EBCDIC - Icelandic"},
    {20924, kTable, 1, "ibm-1047", u"IBM EBCDIC - Latin-1/Open System (1047 + Euro)"},
    {21025, kTable, 1, "ibm-1025", u"IBM EBCDIC - Cyrillic (Serbian, Bulgarian)"},
    {21866, kTable, 1, "KOI8-U", u"Ukrainian - KOI8-U"},
    {28591, kTable, 1, "ISO-8859-1", u"ISO 8859-1 Latin I"},
    {28592, kTable, 1, "ISO-8859-2", u"ISO 8859-2 Central Europe"},
    {28593, kTable, 1, "ISO-8859-3", u"ISO 8859-3 Latin 3"},
    {28594, kTable, 1, "ISO-8859-4", u"ISO 8859-4 Baltic"},
    {28595, kTable, 1, "ISO-8859-5", u"ISO 8859-5 Cyrillic"},
    {28596, kTable, 1, "ISO-8859-6", u"ISO 8859-6 Arabic"},
    {28597, kTable, 1, "ISO-8859-7", u"ISO 8859-7 Greek"},
    {28598, kTable, 1, "ISO-8859-8", u"ISO 8859-8 Hebrew: Visual Ordering"},
    {28599, kTable, 1, "ISO-8859-9", u"ISO 8859-9 Latin 5"},
    {28603, kTable, 1, "ISO-8859-13", u"ISO 8859-13 Estonian"},
    {28605, kTable, 1, "ISO-8859-15", u"ISO 8859-15 Latin 9"},
    {38598, kTable, 1, "ISO-8859-8", u"ISO 8859-8 Hebrew: Logical Ordering"},
    {50220, kStream, 5, "ISO-2022-JP", u"ISO-2022 Japanese with no halfwidth Katakana"},
    {50221, kStream, 5, "ISO_2022,locale=ja,version=3", u"ISO-2022 Japanese with halfwidth Katakana"},
    {50222, kStream, 5, "ISO_2022,locale=ja,version=3", u"ISO-2022 Japanese JIS X 0201-1989"},
    {50225, kStream, 5, "ISO-2022-KR", u"ISO-2022 Korean"},
    {50227, kStream, 5, "ISO-2022-CN", u"ISO-2022 Simplified Chinese"},
    {50229, kStream, 5, "ISO-2022-CN", u"ISO-2022 Traditional Chinese"},
    {51932, kStream, 3, "EUC-JP", u"EUC-Japanese"},
    {51936, kStream, 2, "EUC-CN", u"EUC-Simplified Chinese"},
    {51949, kStream, 2, "EUC-KR", u"EUC-Korean"},
    {52936, kStream, 5, "HZ-GB-2312", u"HZ-GB2312 Simplified Chinese"},
    {54936, kStream, 4, "GB18030", u"GB18030 Simplified Chinese", {}, u'\uFFFD'},
    {57002, kStream, 4, "x-iscii-de", u"ISCII - Devanagari"},
    {57003, kStream, 4, "x-iscii-be", u"ISCII - Bengali"},
    {57004, kStream, 4, "x-iscii-ta", u"ISCII - Tamil"},
    {57005, kStream, 4, "x-iscii-te", u"ISCII - Telugu"},
    {57006, kStream, 4, "x-iscii-as", u"ISCII - Assamese"},
    {57007, kStream, 4, "x-iscii-or", u"ISCII - Odia"},
    {57008, kStream, 4, "x-iscii-ka", u"ISCII - Kannada"},
    {57009, kStream, 4, "x-iscii-ma", u"ISCII - Malayalam"},
    {57010, kStream, 4, "x-iscii-gu", u"ISCII - Gujarati"},
    {57011, kStream, 4, "x-iscii-pa", u"ISCII - Punjabi"},
    {65000, kStream, 5, "UTF-7", u"UTF-7", {}, u'\uFFFD'},
    {65001, CodePageKind::utf8, 4, "UTF-8", u"UTF-8", {}, u'\uFFFD'},
};

// --- UTF-8 ---

// Ill-formed bytes become U+FFFD, one for each maximal part of a sequence, as the Unicode standard recommends.
Conversion utf8_to_wide(std::string_view bytes, std::span<char16_t> out) {
  int32_t length = 0, substitutions = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8WithSub(out.data(), static_cast<int32_t>(out.size()), &length, bytes.data(),
                       static_cast<int32_t>(bytes.size()), 0xFFFD, &substitutions, &error);
  return {static_cast<std::size_t>(length), substitutions != 0};
}

Conversion wide_to_utf8(std::u16string_view text, std::span<char> out) {
  int32_t length = 0, substitutions = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data(), static_cast<int32_t>(out.size()), &length, text.data(),
                     static_cast<int32_t>(text.size()), 0xFFFD, &substitutions, &error);
  return {static_cast<std::size_t>(length), substitutions != 0};
}

// --- Converters with state ---

// ICU calls back for what it cannot convert; the callback writes the default character and remembers that it did.
struct Substitution {
  bool happened = false;
  char16_t wide = u'?';
  std::string_view bytes;
};

void substitute_wide(const void* context, UConverterToUnicodeArgs* args, const char*, int32_t,
                     UConverterCallbackReason reason, UErrorCode* error) {
  auto& substitution = *static_cast<Substitution*>(const_cast<void*>(context));
  if (reason > UCNV_IRREGULAR) return;
  substitution.happened = true;
  *error = U_ZERO_ERROR;
  ucnv_cbToUWriteUChars(args, &substitution.wide, 1, 0, error);
}

void substitute_bytes(const void* context, UConverterFromUnicodeArgs* args, const UChar*, int32_t, UChar32,
                      UConverterCallbackReason reason, UErrorCode* error) {
  auto& substitution = *static_cast<Substitution*>(const_cast<void*>(context));
  if (reason > UCNV_IRREGULAR) return;
  substitution.happened = true;
  *error = U_ZERO_ERROR;
  if (substitution.bytes.empty()) {
    const char16_t question = u'?';
    const char16_t* source = &question;
    ucnv_cbFromUWriteUChars(args, &source, source + 1, 0, error);
  } else {
    ucnv_cbFromUWriteBytes(args, substitution.bytes.data(), static_cast<int32_t>(substitution.bytes.size()), 0, error);
  }
}

Converter open_converter(const CodePage& page) {
  UErrorCode error = U_ZERO_ERROR;
  return Converter(ucnv_open(page.converter, &error));
}

template <typename Char>
Conversion deliver(const std::basic_string<Char>& text, std::span<Char> out, bool substituted) {
  std::copy_n(text.data(), std::min(text.size(), out.size()), out.data());
  return {text.size(), substituted};
}

Conversion stream_to_wide(const CodePage& page, std::string_view bytes, std::span<char16_t> out) {
  const Converter converter = open_converter(page);
  if (!converter) return {0, true};
  Substitution substitution{.wide = page.unicode_default, .bytes = {}};
  UErrorCode error = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter.get(), substitute_wide, &substitution, nullptr, nullptr, &error);
  const auto text = icu_string<char16_t>([&](char16_t* buffer, int32_t capacity, UErrorCode* status) {
    return ucnv_toUChars(converter.get(), buffer, capacity, bytes.data(), static_cast<int32_t>(bytes.size()), status);
  });
  return deliver(text, out, substitution.happened);
}

Conversion stream_to_bytes(const CodePage& page, std::u16string_view text, std::span<char> out, bool best_fit,
                           std::string_view replacement) {
  const Converter converter = open_converter(page);
  if (!converter) return {0, true};
  ucnv_setFallback(converter.get(), best_fit);
  Substitution substitution{.bytes = replacement};
  UErrorCode error = U_ZERO_ERROR;
  ucnv_setFromUCallBack(converter.get(), substitute_bytes, &substitution, nullptr, nullptr, &error);
  const auto bytes = icu_string<char>([&](char* buffer, int32_t capacity, UErrorCode* status) {
    return ucnv_fromUChars(converter.get(), buffer, capacity, text.data(), static_cast<int32_t>(text.size()), status);
  });
  return deliver(bytes, out, substitution.happened);
}

// --- Tables ---

Conversion table_to_wide(const CodePage& page, std::string_view bytes, std::span<char16_t> out) {
  const CodePageTable& table = table_of(page);
  Conversion done{0, false};
  for (std::size_t i = 0; i < bytes.size(); ++done.length) {
    unsigned code = static_cast<BYTE>(bytes[i++]);
    // A lead byte takes the next byte along, unless that is missing or the terminator.
    if (is_lead_byte(page, static_cast<BYTE>(code))) {
      const bool trail = i < bytes.size() && bytes[i] != 0;
      code = trail ? code << 8 | static_cast<BYTE>(bytes[i++]) : CodePageTable::kInvalid;
    }
    const char16_t unit = code == CodePageTable::kInvalid ? CodePageTable::kNone : table.wide[code];
    const bool known = unit != CodePageTable::kNone;
    done.substituted |= !known;
    if (done.length < out.size()) out[done.length] = known ? unit : page.unicode_default;
  }
  return done;
}

Conversion table_to_bytes(const CodePage& page, std::u16string_view text, std::span<char> out, bool best_fit,
                          std::string_view replacement) {
  const CodePageTable& table = table_of(page);
  const std::string own_default = replacement.empty() ? default_char(page) : std::string(replacement);
  Conversion done{0, false};
  const auto put = [&](char byte) {
    if (done.length < out.size()) out[done.length] = byte;
    ++done.length;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned code = table.bytes[text[i]];
    const bool known = (code != 0 || text[i] == 0) && (best_fit || table.wide[code] == text[i]);
    if (!known) {
      done.substituted = true;
      for (const char byte : own_default) put(byte);
      if (U16_IS_LEAD(text[i]) && i + 1 < text.size() && U16_IS_TRAIL(text[i + 1])) {
        // Windows substitutes each half of a surrogate pair.
        for (const char byte : own_default) put(byte);
        ++i;
      }
    } else {
      if (code > 0xFF) put(static_cast<char>(code >> 8));
      put(static_cast<char>(code));
    }
  }
  return done;
}

}  // namespace

std::span<const CodePage> code_pages() {
  return kCodePages;
}

const CodePage* find_code_page(UINT id) {
  switch (id) {
    case CP_ACP:
    case CP_THREAD_ACP:
      id = kAnsiCodePage;
      break;
    case CP_OEMCP:
      id = kOemCodePage;
      break;
    case CP_MACCP:
      id = 10000;
      break;
    default:
      break;
  }
  static constexpr const CodePage* kUtf8 = std::end(kCodePages) - 1;
  if (id == CP_UTF8) return kUtf8;
  const auto* found = std::ranges::lower_bound(kCodePages, id, {}, &CodePage::id);
  return found != std::end(kCodePages) && found->id == id ? found : nullptr;
}

bool is_lead_byte(const CodePage& page, BYTE byte) {
  for (std::size_t i = 0; i + 1 < page.lead_bytes.size(); i += 2) {
    if (byte >= static_cast<BYTE>(page.lead_bytes[i]) && byte <= static_cast<BYTE>(page.lead_bytes[i + 1])) return true;
  }
  return false;
}

std::string default_char(const CodePage& page) {
  if (page.kind != CodePageKind::table) return "?";
  const unsigned code = page.id == CP_SYMBOL ? '?' : table_of(page).bytes[u'?'];  // EBCDIC has it elsewhere
  return std::string(1, static_cast<char>(code));
}

Conversion to_wide(const CodePage& page, std::string_view bytes, std::span<char16_t> out) {
  switch (page.kind) {
    case CodePageKind::utf8:
      return utf8_to_wide(bytes, out);
    case CodePageKind::table:
      return table_to_wide(page, bytes, out);
    case CodePageKind::stream:
      break;
  }
  return stream_to_wide(page, bytes, out);
}

Conversion to_bytes(const CodePage& page, std::u16string_view text, std::span<char> out, bool best_fit,
                    std::string_view replacement) {
  switch (page.kind) {
    case CodePageKind::utf8:
      return wide_to_utf8(text, out);
    case CodePageKind::table:
      return table_to_bytes(page, text, out, best_fit, replacement);
    case CodePageKind::stream:
      break;
  }
  return stream_to_bytes(page, text, out, best_fit, replacement);
}

std::u16string from_ansi(std::string_view text) {
  std::u16string wide(text.size(), u'\0');  // UTF-16 never has more units than UTF-8 has bytes
  wide.resize(utf8_to_wide(text, wide).length);
  return wide;
}

std::string to_ansi(std::u16string_view text) {
  std::string bytes(text.size() * 3, '\0');
  bytes.resize(wide_to_utf8(text, bytes).length);
  return bytes;
}

std::u16string from_page(const CodePage& page, std::string_view text) {
  std::u16string wide(to_wide(page, text, {}).length, u'\0');
  to_wide(page, text, wide);
  return wide;
}

std::string to_page(const CodePage& page, std::u16string_view text) {
  std::string bytes(to_bytes(page, text, {}, true).length, '\0');
  to_bytes(page, text, bytes, true);
  return bytes;
}

}  // namespace hmodule::nls
