// windns.h: names of domains and hosts.
#include "base/utf.h"
#include "module/builtin.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr LONG kInvalidName = 123, kNonRfcName = 9556, kInvalidNameChar = 9560, kNumericName = 9561;

std::u16string_view without_final_dot(std::u16string_view name) {
  if (name.ends_with(u'.')) name.remove_suffix(1);
  return name;
}

HM_WINAPI BOOL DnsNameCompare_W(const WCHAR* a, const WCHAR* b) noexcept {
  if (a == nullptr || b == nullptr) return a == b;
  return equal_ignoring_case(without_final_dot(a), without_final_dot(b));
}
HM_WINAPI BOOL DnsNameCompare_A(const char* a, const char* b) noexcept {
  if (a == nullptr || b == nullptr) return a == b;
  return DnsNameCompare_W(utf16(a).c_str(), utf16(b).c_str());
}

enum class NameFormat : INT { domain, domain_label, hostname_full, hostname_label, wildcard, srv_record };

bool is_digit(WCHAR c) {
  return c >= u'0' && c <= u'9';
}
// What RFC 952 and 1123 allow in host names.
bool is_host_character(WCHAR c) {
  return is_digit(c) || (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || c == u'-';
}
// What no name can have on Windows.
bool is_forbidden(WCHAR c) {
  return c <= u' ' || std::u16string_view(u"{|}~[\\]^':;<=>?@!\"#$%`()+/,*&").find(c) != std::u16string_view::npos;
}

// A label is wrong, unusual (an underscore, letters beyond ASCII), or right.
LONG check_label(std::u16string_view label) {
  constexpr std::size_t kMaximumLabel = 63;
  if (label.empty() || label.size() > kMaximumLabel) return kInvalidName;
  if (std::any_of(label.begin(), label.end(), is_forbidden)) return kInvalidNameChar;
  return std::all_of(label.begin(), label.end(), is_host_character) ? 0 : kNonRfcName;
}

LONG validate(std::u16string_view name, NameFormat format) {
  constexpr std::size_t kMaximumName = 255;
  if (name.empty() || name.size() > kMaximumName) return kInvalidName;
  const bool one_label = format == NameFormat::domain_label || format == NameFormat::hostname_label;
  if (one_label && name.find(u'.') != name.npos) return kInvalidName;
  if (name == u".") return format == NameFormat::domain ? 0 : kInvalidName;
  if (format == NameFormat::wildcard) {
    if (!name.starts_with(u'*')) return kInvalidNameChar;
    name.remove_prefix(1);
    if (name.empty()) return 0;
    if (!name.starts_with(u'.')) return kInvalidNameChar;
    name.remove_prefix(1);
  }
  if (format == NameFormat::srv_record) {
    if (!name.starts_with(u'_')) return kInvalidNameChar;
    name.remove_prefix(1);
  }
  name = without_final_dot(name);
  LONG worst = 0;
  bool numeric = true;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find(u'.', at), name.size());
    const std::u16string_view label = name.substr(at, end - at);
    const LONG checked = check_label(label);
    if (checked == kInvalidName || checked == kInvalidNameChar) return checked;
    worst = std::max(worst, checked);
    numeric = numeric && std::all_of(label.begin(), label.end(), is_digit);
    at = end + 1;
  }
  const bool host = format == NameFormat::hostname_full || format == NameFormat::hostname_label;
  if (host && numeric) return kNumericName;
  return worst;
}

HM_WINAPI LONG DnsValidateName_W(const WCHAR* name, INT format) noexcept {
  if (name == nullptr || format < 0 || format > static_cast<INT>(NameFormat::srv_record)) return kInvalidName;
  return validate(name, static_cast<NameFormat>(format));
}
HM_WINAPI LONG DnsValidateName_UTF8(const char* name, INT format) noexcept {
  return DnsValidateName_W(name == nullptr ? nullptr : utf16(name).c_str(), format);
}

const Export kRows[] = {
    {"DnsNameCompare_A", proc(DnsNameCompare_A)},      {"DnsNameCompare_W", proc(DnsNameCompare_W)},
    {"DnsValidateName_A", proc(DnsValidateName_UTF8)}, {"DnsValidateName_UTF8", proc(DnsValidateName_UTF8)},
    {"DnsValidateName_W", proc(DnsValidateName_W)},
};

}  // namespace

extern const ExportTable dns_names_exports = kRows;

}  // namespace hmodule::winapi
