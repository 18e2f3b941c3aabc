#include "nls/normalize.h"

#include "nls/icu.h"

#include <unicode/idna.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <memory>

namespace hmodule::nls {
namespace {

const icu::Normalizer2* normalizer(NormForm form) {
  UErrorCode error = U_ZERO_ERROR;
  switch (form) {
    case NormForm::c:
      return icu::Normalizer2::getNFCInstance(error);
    case NormForm::d:
      return icu::Normalizer2::getNFDInstance(error);
    case NormForm::kc:
      return icu::Normalizer2::getNFKCInstance(error);
    case NormForm::kd:
      return icu::Normalizer2::getNFKDInstance(error);
  }
  return nullptr;
}

std::u16string apply(NormForm form, std::u16string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* rules = normalizer(form);
  return rules == nullptr ? std::u16string(text) : from_icu(rules->normalize(to_icu(text), error));
}

Status check_unicode(std::u16string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!U16_IS_SURROGATE(text[i])) continue;
    const bool pair = U16_IS_LEAD(text[i]) && i + 1 < text.size() && U16_IS_TRAIL(text[i + 1]);
    if (!pair) return fail_win32(ERROR_NO_UNICODE_TRANSLATION, "a lone surrogate at {}", i);
    ++i;
  }
  return ok;
}

Result<const icu::Normalizer2*> known_form(NormForm form) {
  const icu::Normalizer2* rules = normalizer(form);
  if (rules == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no normalization form {}", static_cast<int>(form));
  return rules;
}

Status check_idn_flags(DWORD flags) {
  if ((flags & ~(IDN_ALLOW_UNASSIGNED | IDN_USE_STD3_ASCII_RULES | 4U)) != 0)
    return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
  return ok;
}

// The UTS 46 rules in their transitional form, which agree with the IDNA 2003 that Windows follows.
std::unique_ptr<icu::IDNA> idna(DWORD flags) {
  UErrorCode error = U_ZERO_ERROR;
  const uint32_t options = (flags & IDN_USE_STD3_ASCII_RULES) != 0 ? UIDNA_USE_STD3_RULES : UIDNA_DEFAULT;
  return std::unique_ptr<icu::IDNA>(icu::IDNA::createUTS46Instance(options, error));
}

// A terminator at the end is not part of the name, but of the answer.
struct Name {
  std::u16string_view text;
  bool terminated;
};
Name split_terminator(std::u16string_view name) {
  const bool terminated = !name.empty() && name.back() == 0;
  if (terminated) name.remove_suffix(1);
  return {name, terminated};
}

using IdnStep = icu::UnicodeString& (icu::IDNA::*)(const icu::UnicodeString&, icu::UnicodeString&, icu::IDNAInfo&,
                                                   UErrorCode&) const;

bool is_ascii(std::u16string_view text) {
  return std::all_of(text.begin(), text.end(), [](char16_t unit) { return unit < 0x80; });
}

Result<std::u16string> idn(IdnStep step, DWORD flags, std::u16string_view text) {
  TRY(check_idn_flags(flags));
  const auto [name, terminated] = split_terminator(text);
  if (name.empty()) return fail_win32(ERROR_INVALID_NAME, "an empty domain name");
  const auto rules = idna(flags);
  icu::UnicodeString converted;
  icu::IDNAInfo info;
  UErrorCode error = U_ZERO_ERROR;
  if (rules) (rules.get()->*step)(to_icu(name), converted, info, error);
  if (!rules || U_FAILURE(error) || info.hasErrors())
    return fail_win32(ERROR_INVALID_NAME, "not a domain name (errors {:#x})", info.getErrors());
  std::u16string result = from_icu(converted);
  // UTS 46 has no capitals; a name without other letters keeps its own on Windows (RFC 3490, 4.1).
  if (is_ascii(name) && result.size() == name.size()) result = name;
  if (terminated) result.push_back(u'\0');
  return result;
}

char16_t plain_digit(char16_t unit) {
  const int digit = u_charDigitValue(unit);
  return digit >= 0 ? static_cast<char16_t>(u'0' + digit) : unit;
}

// The compatibility form, where that is one character.
char16_t plain_form(char16_t unit) {
  if (U16_IS_SURROGATE(unit)) return unit;
  icu::UnicodeString parts;
  const icu::Normalizer2* rules = normalizer(NormForm::kc);
  return rules != nullptr && rules->getRawDecomposition(unit, parts) && parts.length() == 1 ? parts[0] : unit;
}

std::u16string expand_ligatures(std::u16string_view text) {
  std::u16string out;
  for (const char16_t unit : text) {
    const bool ligature = (unit >= 0xFB00 && unit <= 0xFB06) || (unit >= 0x132 && unit <= 0x133) ||
                          (unit >= 0x1C4 && unit <= 0x1CC) || (unit >= 0x1F1 && unit <= 0x1F3);
    switch (unit) {
      case u'\u00C6':
        out += u"AE";
        break;
      case u'\u00DF':
        out += u"ss";
        break;
      case u'\u00E6':
        out += u"ae";
        break;
      case u'\u0152':
        out += u"OE";
        break;
      case u'\u0153':
        out += u"oe";
        break;
      default:
        out += ligature ? apply(NormForm::kd, std::u16string_view(&unit, 1)) : std::u16string(1, unit);
    }
  }
  return out;
}

}  // namespace

Result<std::u16string> normalize(NormForm form, std::u16string_view text) {
  TRY(known_form(form));
  TRY(check_unicode(text));
  return apply(form, text);
}

Result<bool> is_normalized(NormForm form, std::u16string_view text) {
  const icu::Normalizer2* rules = TRY(known_form(form));
  TRY(check_unicode(text));
  UErrorCode error = U_ZERO_ERROR;
  return static_cast<bool>(rules->isNormalized(to_icu(text), error));
}

std::u16string compose(std::u16string_view text) {
  return apply(NormForm::c, text);
}
std::u16string decompose(std::u16string_view text) {
  return apply(NormForm::d, text);
}

Result<std::u16string> idn_to_ascii(DWORD flags, std::u16string_view name) {
  return idn(&icu::IDNA::nameToASCII, flags, name);
}

Result<std::u16string> idn_to_unicode(DWORD flags, std::u16string_view name) {
  return idn(&icu::IDNA::nameToUnicode, flags, name);
}

Result<std::u16string> idn_to_nameprep(DWORD flags, std::u16string_view name) {
  const std::u16string ascii = TRY(idn_to_ascii(flags, name));
  return idn_to_unicode(flags, ascii);
}

Result<std::u16string> fold(DWORD flags, std::u16string_view text) {
  constexpr DWORD kAll = MAP_FOLDCZONE | MAP_PRECOMPOSED | MAP_COMPOSITE | MAP_FOLDDIGITS | MAP_EXPAND_LIGATURES;
  const DWORD composing = flags & (MAP_PRECOMPOSED | MAP_COMPOSITE);
  const bool bad_mix =
      composing == (MAP_PRECOMPOSED | MAP_COMPOSITE) || ((flags & MAP_EXPAND_LIGATURES) != 0 && composing != 0);
  if (flags == 0 || (flags & ~kAll) != 0 || bad_mix) return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
  std::u16string folded(text);
  if ((flags & MAP_EXPAND_LIGATURES) != 0) folded = expand_ligatures(folded);
  if ((flags & MAP_FOLDCZONE) != 0) std::ranges::transform(folded, folded.begin(), plain_form);
  if ((flags & MAP_FOLDDIGITS) != 0) std::ranges::transform(folded, folded.begin(), plain_digit);
  if (composing == MAP_PRECOMPOSED) folded = compose(folded);
  if (composing == MAP_COMPOSITE) folded = decompose(folded);
  return folded;
}

}  // namespace hmodule::nls
