#include "nls/ctype.h"

#include "base/utf.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>

namespace hmodule::nls {
namespace {

constexpr bool is_one_of(std::uint32_t categories, int8_t category) {
  return (categories >> category & 1U) != 0;
}

constexpr std::uint32_t kLetters = U_GC_L_MASK | U_GC_NL_MASK;

bool between(char16_t unit, char16_t first, char16_t last) {
  return unit >= first && unit <= last;
}

WORD script_type(char16_t unit) {
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(unit, &error)) {
    case USCRIPT_KATAKANA:
      return C3_KATAKANA;
    case USCRIPT_HIRAGANA:
      return C3_HIRAGANA;
    case USCRIPT_HAN:
      return C3_IDEOGRAPH;
    default:
      return 0;
  }
}

WORD width_type(char16_t unit) {
  switch (u_getIntPropertyValue(unit, UCHAR_EAST_ASIAN_WIDTH)) {
    case U_EA_HALFWIDTH:
    case U_EA_NARROW:
      return C3_HALFWIDTH;
    case U_EA_FULLWIDTH:
      return C3_FULLWIDTH;
    default:
      return 0;
  }
}

// A letter that is another one with marks.
bool is_accented(char16_t unit) {
  const bool hangul = between(unit, u'\uAC00', u'\uD7A3');  // composed of letters, not of marks
  return (u_getIntPropertyValue(unit, UCHAR_DECOMPOSITION_TYPE) == U_DT_CANONICAL && !hangul) || unit == u'\u00D8' ||
         unit == u'\u00F8';
}

// Windows calls the marks of scripts that write vowels with them vowel marks.
WORD mark_type(char16_t unit) {
  if (u_hasBinaryProperty(unit, UCHAR_DIACRITIC)) return C3_NONSPACING | C3_DIACRITIC;
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(unit, &error);
  return script == USCRIPT_INHERITED || script == USCRIPT_COMMON ? C3_NONSPACING : C3_NONSPACING | C3_VOWELMARK;
}

}  // namespace

WORD ctype1(char16_t unit) {
  const int8_t category = u_charType(unit);
  if (category == U_UNASSIGNED) return 0;
  const bool latin1 = unit < 0x100;
  WORD type = C1_DEFINED;
  if (is_one_of(U_GC_CC_MASK | U_GC_CF_MASK, category)) type |= C1_CNTRL;
  if (is_one_of(kLetters, category)) type |= C1_ALPHA;
  if (is_one_of(U_GC_LU_MASK | U_GC_LT_MASK, category)) type |= C1_UPPER;
  if (is_one_of(U_GC_LL_MASK | U_GC_LT_MASK, category) || unit == u'\u00AA' || unit == u'\u00BA') type |= C1_LOWER;
  if (u_isdigit(unit) || (latin1 && u_getIntPropertyValue(unit, UCHAR_NUMERIC_TYPE) == U_NT_DIGIT)) type |= C1_DIGIT;
  if (u_hasBinaryProperty(unit, UCHAR_WHITE_SPACE)) type |= C1_SPACE;
  if (unit == u' ' || unit == u'\t' || unit == u'\u00A0' || unit == u'\u3000') type |= C1_BLANK;
  if (u_hasBinaryProperty(unit, UCHAR_HEX_DIGIT)) type |= C1_XDIGIT;
  const std::uint32_t punctuation = latin1 ? U_GC_P_MASK | U_GC_S_MASK | U_GC_NO_MASK : U_GC_P_MASK;
  const bool also_sign = unit == u'\u00AA' || unit == u'\u00AD' || unit == u'\u00B5' || unit == u'\u00BA';
  if (is_one_of(punctuation, category) || also_sign) type |= C1_PUNCT;
  return type;
}

WORD ctype2(char16_t unit) {
  if (u_charType(unit) == U_UNASSIGNED) return C2_NOTAPPLICABLE;
  switch (u_charDirection(unit)) {
    case U_LEFT_TO_RIGHT:
      return C2_LEFTTORIGHT;
    case U_RIGHT_TO_LEFT:
    case U_RIGHT_TO_LEFT_ARABIC:
      return C2_RIGHTTOLEFT;
    case U_EUROPEAN_NUMBER:
      return C2_EUROPENUMBER;
    case U_EUROPEAN_NUMBER_SEPARATOR:
      return C2_EUROPESEPARATOR;
    case U_EUROPEAN_NUMBER_TERMINATOR:
      return C2_EUROPETERMINATOR;
    case U_ARABIC_NUMBER:
      return C2_ARABICNUMBER;
    case U_COMMON_NUMBER_SEPARATOR:
      return C2_COMMONSEPARATOR;
    case U_BLOCK_SEPARATOR:
      return C2_BLOCKSEPARATOR;
    case U_SEGMENT_SEPARATOR:
      return C2_SEGMENTSEPARATOR;
    case U_WHITE_SPACE_NEUTRAL:
      return C2_WHITESPACE;
    case U_OTHER_NEUTRAL:
    case U_DIR_NON_SPACING_MARK:
      return C2_OTHERNEUTRAL;
    default:
      return C2_NOTAPPLICABLE;
  }
}

WORD ctype3(char16_t unit) {
  if (U16_IS_LEAD(unit)) return C3_HIGHSURROGATE;
  if (U16_IS_TRAIL(unit)) return C3_LOWSURROGATE;
  const int8_t category = u_charType(unit);
  const bool latin1 = unit < 0x100;
  if (category == U_CONTROL_CHAR) return between(unit, u'\t', u'\r') ? C3_SYMBOL : 0;
  if (category == U_UNASSIGNED) return 0;
  WORD type = script_type(unit) | width_type(unit);
  if (is_one_of(kLetters, category)) type |= C3_ALPHA;
  if (is_one_of(kLetters, category) && is_accented(unit))
    type |= static_cast<WORD>(latin1 ? C3_NONSPACING | C3_DIACRITIC : C3_DIACRITIC);
  if (category == U_NON_SPACING_MARK || category == U_ENCLOSING_MARK) type |= mark_type(unit);
  if (category == U_COMBINING_SPACING_MARK) type |= C3_VOWELMARK;
  if (category != U_NON_SPACING_MARK && u_hasBinaryProperty(unit, UCHAR_DIACRITIC)) type |= C3_DIACRITIC;
  if (is_one_of(U_GC_S_MASK, category) || (latin1 && is_one_of(U_GC_P_MASK | U_GC_Z_MASK, category))) type |= C3_SYMBOL;
  if (unit == u'\u0640') type |= C3_KASHIDA;
  if (std::u16string_view(u"\"$'-/=@\\^_`~\u00A8\u00AA\u00AD\u00AF\u00B4\u00B8\u00BA\u2019").find(unit) !=
          std::u16string_view::npos ||
      between(unit, u'\u2010', u'\u2015'))
    type |= C3_LEXICAL;
  if (unit == u'\'' || unit == u'-') type &= static_cast<WORD>(~C3_SYMBOL);
  return type;
}

WORD ctype(DWORD kind, char16_t unit) {
  return kind == CT_CTYPE1 ? ctype1(unit) : kind == CT_CTYPE2 ? ctype2(unit) : ctype3(unit);
}

// Windows maps only where the way back leads to the same character: the Kelvin sign has no lower case.
char16_t downcase(char16_t unit) {
  if (unit < 0x80) return unit >= u'A' && unit <= u'Z' ? static_cast<char16_t>(unit + 0x20) : unit;
  const UChar32 lower = u_tolower(unit);
  return lower > 0xFFFF || u_toupper(lower) != unit ? unit : static_cast<char16_t>(lower);
}

std::u16string downcase(std::u16string_view text) {
  std::u16string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char16_t unit) { return downcase(unit); });
  return out;
}

}  // namespace hmodule::nls
