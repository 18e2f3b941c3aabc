// The rules are those RtlGetFullPathName_U is seen to follow on Windows 10. The ones nobody would guess: a single dot
// at the end of a component that is not the last is dropped ("a.\b" is "a\b", but "a..\b" stays); dots and spaces at
// the end of the last one are all dropped; a reserved device name wins over the directory it stands in.
#include "path/dos_path.h"

#include "base/utf.h"

#include <algorithm>

namespace hmodule::path {
namespace {

bool is_letter(char16_t c) {
  return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z');
}

// The index after the next separator at or after `from`, or the length.
std::size_t after_component(std::u16string_view text, std::size_t from) {
  while (from < text.size() && !is_separator(text[from])) ++from;
  return std::min(from + 1, text.size());
}

bool starts_with_ignoring_case(std::u16string_view text, std::u16string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

bool is_device_name(std::u16string_view name) {
  constexpr std::u16string_view kWords[] = {u"CON", u"PRN", u"AUX", u"NUL", u"CONIN$", u"CONOUT$"};
  for (const auto word : kWords)
    if (equal_ignoring_case(name, word)) return true;
  if (name.size() != 4) return false;
  const auto stem = name.substr(0, 3);
  if (!equal_ignoring_case(stem, u"COM") && !equal_ignoring_case(stem, u"LPT")) return false;
  const char16_t digit = name[3];
  return (digit >= u'1' && digit <= u'9') || digit == 0xB9 || digit == 0xB2 || digit == 0xB3;  // superscript 1, 2, 3
}

// Appends the components of `rest` to `out`, whose first `root` units stay. What ends in "." or ".." names the
// directory itself, without a separator.
void append_collapsed(std::u16string& out, std::size_t root, std::u16string_view rest) {
  for (std::size_t at = 0; at < rest.size();) {
    std::size_t end = at;
    while (end < rest.size() && !is_separator(rest[end])) ++end;
    std::u16string_view component = rest.substr(at, end - at);
    const bool last = end == rest.size();
    at = end + 1;
    if (component == u"..") {
      while (out.size() > root && out.back() == u'\\') out.pop_back();
      while (out.size() > root && out.back() != u'\\') out.pop_back();
    } else if (!component.empty() && component != u".") {
      if (!last && component.ends_with(u'.') && !component.ends_with(u"..")) component.remove_suffix(1);
      out += component;
      if (!last) out += u'\\';
    }
    if (last && (component == u"." || component == u".."))
      while (out.size() > root && out.back() == u'\\') out.pop_back();
  }
}

void drop_trailing(std::u16string& out, std::size_t root) {
  while (out.size() > root && (out.back() == u' ' || out.back() == u'.')) out.pop_back();
}

// Where a relative name starts: the directory with its backslash.
std::u16string starting_directory(std::u16string_view name, Kind kind, const CurrentDirectory& current) {
  std::u16string directory(current.directory);
  if (kind == Kind::drive_relative &&
      !(kind_of(directory) == Kind::drive_absolute && upcase(directory[0]) == upcase(name[0]))) {
    const auto known = current.of_drive ? current.of_drive(upcase(name[0])) : std::nullopt;
    directory = known ? *known : std::u16string{upcase(name[0]), u':'};
  }
  if (kind == Kind::rooted) directory.resize(root_length(directory));
  std::replace(directory.begin(), directory.end(), u'/', u'\\');
  if (!directory.ends_with(u'\\')) directory += u'\\';
  return directory;
}

}  // namespace

Kind kind_of(std::u16string_view name) {
  if (!name.empty() && is_separator(name[0])) {
    if (name.size() < 2 || !is_separator(name[1])) return Kind::rooted;
    if (name.size() < 3 || (name[2] != u'.' && name[2] != u'?')) return Kind::unc;
    if (name.size() == 3) return Kind::device_root;
    return is_separator(name[3]) ? Kind::device : Kind::unc;
  }
  if (name.size() < 2 || name[1] != u':') return Kind::relative;
  return name.size() > 2 && is_separator(name[2]) ? Kind::drive_absolute : Kind::drive_relative;
}

bool is_verbatim(std::u16string_view name) {
  return name.starts_with(u"\\\\?\\");
}

std::size_t root_length(std::u16string_view full) {
  switch (kind_of(full)) {
    case Kind::unc:
      return after_component(full, after_component(full, 2));
    case Kind::drive_absolute:
      return 3;
    case Kind::drive_relative:
      return 2;
    case Kind::rooted:
      return 1;
    case Kind::relative:
      return 0;
    case Kind::device: {
      const auto rest = full.substr(4);
      if (starts_with_ignoring_case(rest, u"UNC\\")) return after_component(full, after_component(full, 8));
      return kind_of(rest) == Kind::drive_absolute ? 7 : after_component(full, 4);
    }
    case Kind::device_root:
      return full.size();
  }
  return 0;
}

std::u16string_view dos_device(std::u16string_view name) {
  const Kind kind = kind_of(name);
  if (kind == Kind::unc || kind == Kind::device_root) return {};
  if (kind == Kind::device) {
    const auto rest = name.substr(4);
    return name[2] == u'.' && equal_ignoring_case(rest, u"CON") ? rest : std::u16string_view();
  }
  auto last = base_name(name);
  if (const auto end = last.find_first_of(u".:"); end != last.npos) last = last.substr(0, end);
  while (last.ends_with(u' ')) last.remove_suffix(1);
  return is_device_name(last) ? last : std::u16string_view();
}

Result<std::u16string> full_path(std::u16string_view name, const CurrentDirectory& current) {
  if (name.empty() || name.find(u'\0') != name.npos)
    return fail(STATUS_OBJECT_NAME_INVALID, "'{}' is not a path name", utf8(name));
  if (name.find_first_not_of(u' ') == name.npos) return fail(STATUS_OBJECT_NAME_INVALID, "a path name of spaces only");
  const Kind kind = kind_of(name);
  std::u16string out;
  if (const auto device = dos_device(name); !device.empty() && kind != Kind::device) {
    out = u"\\\\.\\";
    out += device;
    return out;
  }
  std::u16string_view rest = name;
  switch (kind) {
    case Kind::device_root:
      return std::u16string(name[2] == u'.' ? u"\\\\.\\" : u"\\\\?\\");
    case Kind::unc:
    case Kind::device:
    case Kind::drive_absolute:
      out = name.substr(0, root_length(name));
      std::replace(out.begin(), out.end(), u'/', u'\\');
      rest = name.substr(out.size());
      break;
    case Kind::drive_relative:
      out = starting_directory(name, kind, current);
      rest = name.substr(2);
      break;
    case Kind::rooted:
    case Kind::relative:
      out = starting_directory(name, kind, current);
      break;
  }
  const std::size_t root = root_length(out);
  append_collapsed(out, root, rest);
  drop_trailing(out, root);
  if (out.size() > kMaxLength)
    return fail(STATUS_NAME_TOO_LONG, "a path name of {} units; {} are allowed", out.size(), kMaxLength);
  return out;
}

std::u16string nt_path(std::u16string_view full) {
  std::u16string out = u"\\??\\";
  switch (kind_of(full)) {
    case Kind::device:
      out += full.substr(4);
      break;
    case Kind::unc:
      out += u"UNC\\";
      out += full.substr(2);
      break;
    case Kind::device_root:
      break;
    default:
      out += full;
  }
  return out;
}

std::optional<std::u16string> from_nt_path(std::u16string_view native) {
  constexpr std::u16string_view kPrefixes[] = {u"\\??\\", u"\\DosDevices\\", u"\\GLOBAL??\\"};
  for (const auto prefix : kPrefixes) {
    if (!starts_with_ignoring_case(native, prefix)) continue;
    const auto rest = native.substr(prefix.size());
    if (starts_with_ignoring_case(rest, u"UNC\\")) return u"\\\\" + std::u16string(rest.substr(4));
    if (kind_of(rest) == Kind::drive_absolute) return std::u16string(rest);
    return u"\\\\.\\" + std::u16string(rest);
  }
  return std::nullopt;
}

std::u16string_view base_name(std::u16string_view name) {
  for (std::size_t i = name.size(); i > 0; --i)
    if (is_separator(name[i - 1])) return name.substr(i);
  return name.size() >= 2 && name[1] == u':' && is_letter(name[0]) ? name.substr(2) : name;
}

std::u16string_view directory(std::u16string_view name) {
  const std::size_t root = std::min(root_length(name), name.size());
  std::size_t end = name.size() - base_name(name).size();
  while (end > root && is_separator(name[end - 1])) --end;
  return name.substr(0, std::max(end, root));
}

std::u16string join(std::u16string_view directory, std::u16string_view name) {
  std::u16string out(directory);
  if (!out.empty() && !is_separator(out.back())) out += u'\\';
  out += name;
  return out;
}

std::u16string with_default_extension(std::u16string_view name, std::u16string_view extension) {
  std::u16string out(name);
  const auto base = base_name(name);
  if (base.find(u'.') == base.npos)
    out += extension;
  else if (out.ends_with(u'.'))
    out.pop_back();
  return out;
}

}  // namespace hmodule::path
