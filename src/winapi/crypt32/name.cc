// wincrypt.h: names in certificates as text.
#include "winapi/crypt32/name.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "winapi/crypt32/certificate.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace crypt32 {
namespace {

struct Key {
  const char* id;
  const char16_t* name;
};
// As CertNameToStr abbreviates them; all others are written OID.1.2.3.
constexpr Key kKeys[] = {
    {"2.5.4.3", u"CN"},
    {"2.5.4.7", u"L"},
    {"2.5.4.10", u"O"},
    {"2.5.4.11", u"OU"},
    {"2.5.4.6", u"C"},
    {"2.5.4.8", u"S"},
    {"2.5.4.9", u"STREET"},
    {"2.5.4.12", u"T"},
    {"2.5.4.42", u"G"},
    {"2.5.4.43", u"I"},
    {"2.5.4.4", u"SN"},
    {"2.5.4.5", u"SERIALNUMBER"},
    {"2.5.4.13", u"Description"},
    {"2.5.4.17", u"PostalCode"},
    {"1.2.840.113549.1.9.1", u"E"},
    {"0.9.2342.19200300.100.1.25", u"DC"},
};

std::u16string value_of(const ASN1_STRING* string) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, string);
  if (size < 0) return {};
  const std::u16string wide = utf16({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
  OPENSSL_free(text);
  return wide;
}

std::u16string quoted(const std::u16string& value) {
  const auto is_space = [](char16_t c) { return c == u' ' || c == u'\t' || c == u'\r' || c == u'\n'; };
  const bool needs = value.empty() || is_space(value.front()) || is_space(value.back()) ||
                     value.find_first_of(u",+=\"\n\r<>#;") != value.npos;
  if (!needs) return value;
  std::u16string text = u"\"";
  for (const char16_t c : value) {
    if (c == u'"') text += u'"';
    text += c;
  }
  return text += u'"';
}

std::u16string key_of(const ASN1_OBJECT* object, DWORD kind) {
  const std::string id = dotted(object);
  if (kind == CERT_X500_NAME_STR) {
    for (const Key& each : kKeys)
      if (id == each.id) return each.name;
    return utf16("OID." + id);
  }
  return utf16(id);
}

}  // namespace

std::u16string name_text(const X509_NAME* name, DWORD how) {
  const DWORD kind = how & 0xFF;
  const std::u16string_view separator = (how & CERT_NAME_STR_CRLF_FLAG) != 0        ? u"\r\n"
                                        : (how & CERT_NAME_STR_SEMICOLON_FLAG) != 0 ? u"; "
                                                                                    : u", ";
  const std::u16string_view plus = (how & CERT_NAME_STR_NO_PLUS_FLAG) != 0 ? u" " : u" + ";
  std::vector<std::u16string> parts;
  int last_set = -1;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    std::u16string part;
    if (kind != CERT_SIMPLE_NAME_STR) part = key_of(X509_NAME_ENTRY_get_object(entry), kind) + u'=';
    const std::u16string value = value_of(X509_NAME_ENTRY_get_data(entry));
    part += (how & CERT_NAME_STR_NO_QUOTING_FLAG) != 0 ? value : quoted(value);
    const int set = X509_NAME_ENTRY_set(entry);
    if (set == last_set)
      parts.back().append(plus).append(part);
    else
      parts.push_back(std::move(part));
    last_set = set;
  }
  if ((how & CERT_NAME_STR_REVERSE_FLAG) != 0) std::ranges::reverse(parts);
  std::u16string text;
  for (const std::u16string& each : parts) text.append(text.empty() ? u"" : separator).append(each);
  return text;
}

namespace {

std::u16string attribute(const X509_NAME* name, const char* id) {
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    if (dotted(X509_NAME_ENTRY_get_object(entry)) == id) return value_of(X509_NAME_ENTRY_get_data(entry));
  }
  return {};
}

// The first alternative name of that type.
std::u16string alternative(const X509* x509, bool issuer, int type) {
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509, issuer ? NID_issuer_alt_name : NID_subject_alt_name, nullptr, nullptr));
  std::u16string found;
  for (int i = 0; found.empty() && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const each = sk_GENERAL_NAME_value(names, i);
    if (each->type == type && type != GEN_OTHERNAME) found = value_of(each->d.ia5);
    constexpr const char* kUserPrincipalName = "1.3.6.1.4.1.311.20.2.3";
    if (each->type == type && type == GEN_OTHERNAME && dotted(each->d.otherName->type_id) == kUserPrincipalName &&
        each->d.otherName->value->type == V_ASN1_UTF8STRING)
      found = value_of(each->d.otherName->value->value.utf8string);
  }
  GENERAL_NAMES_free(names);
  return found;
}

std::u16string first(std::initializer_list<std::u16string> candidates) {
  for (const std::u16string& each : candidates)
    if (!each.empty()) return each;
  return {};
}

std::u16string name_string(Certificate& certificate, DWORD type, bool issuer, const void* parameter) {
  enum : DWORD { kEmail = 1, kRdn = 2, kAttribute = 3, kSimple = 4, kFriendly = 5, kDns = 6, kUrl = 7, kUpn = 8 };
  constexpr const char *kCn = "2.5.4.3", *kOu = "2.5.4.11", *kO = "2.5.4.10", *kE = "1.2.840.113549.1.9.1";
  const X509* const x509 = certificate.x509();
  const X509_NAME* const name = issuer ? X509_get_issuer_name(x509) : X509_get_subject_name(x509);
  switch (type) {
    case kEmail:
      return first({alternative(x509, issuer, GEN_EMAIL), attribute(name, kE)});
    case kRdn:
      return name_text(name,
                       parameter == nullptr ? DWORD{CERT_SIMPLE_NAME_STR} : *static_cast<const DWORD*>(parameter));
    case kAttribute:
      return attribute(name, parameter == nullptr ? kCn : static_cast<const char*>(parameter));
    case kFriendly:
      if (const auto friendly = property(certificate, 11); friendly && friendly->size() >= 2)
        return std::u16string(reinterpret_cast<const char16_t*>(friendly->data()), friendly->size() / 2 - 1);
      [[fallthrough]];
    case kSimple:
      return first({attribute(name, kCn), attribute(name, kOu), attribute(name, kO), attribute(name, kE),
                    alternative(x509, issuer, GEN_EMAIL), alternative(x509, issuer, GEN_DNS)});
    case kDns:
      return first({alternative(x509, issuer, GEN_DNS), attribute(name, kCn)});
    case kUrl:
      return alternative(x509, issuer, GEN_URI);
    case kUpn:
      return alternative(x509, issuer, GEN_OTHERNAME);
    default:
      return {};
  }
}

// Cut off where there is no room; the answer counts the terminator.
template <typename Char>
DWORD give_text(std::basic_string_view<Char> text, Char* buffer, DWORD room) {
  if (buffer == nullptr || room == 0) return static_cast<DWORD>(text.size()) + 1;
  const std::size_t length = std::min<std::size_t>(text.size(), room - 1);
  std::copy_n(text.begin(), length, buffer);
  buffer[length] = 0;
  return static_cast<DWORD>(length) + 1;
}

constexpr DWORD CERT_NAME_ISSUER_FLAG = 1;

HM_WINAPI DWORD CertGetNameStringW(const CERT_CONTEXT* context, DWORD type, DWORD flags, void* parameter, WCHAR* buffer,
                                   DWORD room) noexcept {
  return security_answer<DWORD>(give_text<WCHAR>({}, buffer, room), [&]() -> Result<DWORD> {
    Context* const of = TRY(context_of(context));
    return give_text<WCHAR>(name_string(*of->certificate, type, (flags & CERT_NAME_ISSUER_FLAG) != 0, parameter),
                            buffer, room);
  });
}
HM_WINAPI DWORD CertGetNameStringA(const CERT_CONTEXT* context, DWORD type, DWORD flags, void* parameter, char* buffer,
                                   DWORD room) noexcept {
  return security_answer<DWORD>(give_text<char>({}, buffer, room), [&]() -> Result<DWORD> {
    Context* const of = TRY(context_of(context));
    return give_text<char>(utf8(name_string(*of->certificate, type, (flags & CERT_NAME_ISSUER_FLAG) != 0, parameter)),
                           buffer, room);
  });
}

Result<std::u16string> decoded_name(const CRYPT_DATA_BLOB* blob, DWORD how) {
  if (blob == nullptr || (how & 0xFF) < CERT_SIMPLE_NAME_STR || (how & 0xFF) > CERT_X500_NAME_STR)
    return fail(STATUS_INVALID_PARAMETER, "no name, or no way {:#x} to write it", how);
  const unsigned char* at = blob->pbData;
  const crypto::Owned<X509_NAME, X509_NAME_free> name(d2i_X509_NAME(nullptr, &at, static_cast<long>(blob->cbData)));
  if (!name) return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "a name");
  return name_text(name.get(), how);
}

HM_WINAPI DWORD CertNameToStrW(DWORD, const CRYPT_DATA_BLOB* name, DWORD how, WCHAR* buffer, DWORD room) noexcept {
  return security_answer<DWORD>(give_text<WCHAR>({}, buffer, room), [&]() -> Result<DWORD> {
    const std::u16string text = TRY(decoded_name(name, how));
    return give_text<WCHAR>(text, buffer, room);
  });
}
HM_WINAPI DWORD CertNameToStrA(DWORD, const CRYPT_DATA_BLOB* name, DWORD how, char* buffer, DWORD room) noexcept {
  return security_answer<DWORD>(give_text<char>({}, buffer, room), [&]() -> Result<DWORD> {
    const std::u16string text = TRY(decoded_name(name, how));
    return give_text<char>(utf8(text), buffer, room);
  });
}

const Export kRows[] = {
    {"CertGetNameStringA", proc(CertGetNameStringA)},
    {"CertGetNameStringW", proc(CertGetNameStringW)},
    {"CertNameToStrA", proc(CertNameToStrA)},
    {"CertNameToStrW", proc(CertNameToStrW)},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_name_exports = crypt32::kRows;

}  // namespace hmodule::winapi
