#include "search/name.h"

#include "base/utf.h"
#include "path/dos_path.h"

#include <algorithm>

namespace hmodule::search {
namespace {

NameKind kind_of(std::u16string_view name) {
  using path::Kind;
  const auto has_separator = [](std::u16string_view text) { return text.find(u'\\') != text.npos; };
  switch (path::kind_of(name)) {
    case Kind::unc:
    case Kind::drive_absolute:
    case Kind::device:
    case Kind::device_root:
      return NameKind::absolute;
    case Kind::rooted:
      return NameKind::rooted;
    case Kind::drive_relative:
      return has_separator(name) ? NameKind::rooted : NameKind::drive_relative;
    case Kind::relative:
      break;
  }
  return has_separator(name) ? NameKind::relative : NameKind::bare;
}

}  // namespace

std::u16string_view DllName::base() const {
  return path::base_name(text);
}

Result<DllName> normalise_name(std::u16string_view given) {
  while (given.ends_with(u' ')) given.remove_suffix(1);  // NAME-02
  if (given.empty()) return fail(STATUS_INVALID_PARAMETER, "the name of a library is empty");
  if (given.size() > path::kMaxLength)
    return fail(STATUS_NAME_TOO_LONG, "the name of a library has {} units; {} are allowed", given.size(),
                path::kMaxLength);
  DllName name;
  name.text = path::with_default_extension(given, u".dll");
  if (!path::is_verbatim(given)) std::replace(name.text.begin(), name.text.end(), u'/', u'\\');
  name.kind = kind_of(name.text);
  return name;
}

}  // namespace hmodule::search
