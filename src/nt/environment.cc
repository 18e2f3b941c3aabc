#include "nt/environment.h"

#include "base/utf.h"
#include "path/volumes.h"
#include "thread/peb.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace hmodule::nt {
namespace {

struct IgnoringCase {
  bool operator()(std::u16string_view a, std::u16string_view b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](char16_t x, char16_t y) { return upcase(x) < upcase(y); });
  }
};
using Variables = std::map<std::u16string, std::u16string, IgnoringCase>;

// Sorted, as Windows keeps it.
std::u16string make_block(const Variables& variables) {
  std::u16string block;
  for (const auto& [name, value] : variables) ((((block += name) += u'=') += value) += u'\0');
  if (block.empty()) block += u'\0';
  block += u'\0';
  return block;
}

Variables parse_block(const char16_t* block) {
  Variables variables;
  for_each_variable(block, [&](std::u16string_view name, std::u16string_view value) {
    variables.emplace(name, value);
    return true;
  });
  return variables;
}

std::u16string windows_path(std::string_view host) {
  if (!host.empty() && host.front() == '/') return path::volumes().from_host(host);
  std::u16string text = utf16(host);
  std::replace(text.begin(), text.end(), u'/', u'\\');
  return text;
}

std::u16string windows_search_path(std::string_view host) {
  std::u16string list = std::u16string(path::kSystemDirectory) + u';' + std::u16string(path::kWindowsDirectory);
  while (!host.empty()) {
    const auto colon = host.find(':');
    const std::string_view entry = host.substr(0, colon);
    list += u';';
    list += entry.empty() ? u"." : windows_path(entry);
    host = colon == std::string_view::npos ? std::string_view() : host.substr(colon + 1);
  }
  return list;
}

struct Person {
  std::string name, home;
};

Person person(const Variables& variables) {
  Person known;
  if (const passwd* entry = getpwuid(getuid())) known = {entry->pw_name, entry->pw_dir};
  if (const auto user = variables.find(u"USER"); user != variables.end()) known.name = utf8(user->second);
  if (const auto home = variables.find(u"HOME"); home != variables.end()) known.home = utf8(home->second);
  if (known.name.empty()) known.name = std::to_string(getuid());
  if (known.home.empty()) known.home.push_back('/');
  return known;
}

std::u16string host_variable_as_path(const Variables& variables, std::u16string_view name,
                                     const std::string& fallback) {
  const auto found = variables.find(std::u16string(name));
  return windows_path(found != variables.end() && !found->second.empty() ? utf8(found->second) : fallback);
}

void add_places_of_person(Variables& variables) {
  const Person who = person(variables);
  const std::u16string profile = windows_path(who.home);
  variables.emplace(u"USERNAME", utf16(who.name));
  variables.emplace(u"USERPROFILE", profile);
  variables.emplace(u"HOMEDRIVE", profile.substr(0, 2));
  variables.emplace(u"HOMEPATH", profile.substr(std::min<std::size_t>(2, profile.size())));
  variables.emplace(u"APPDATA", host_variable_as_path(variables, u"XDG_CONFIG_HOME", who.home + "/.config"));
  variables.emplace(u"LOCALAPPDATA", host_variable_as_path(variables, u"XDG_DATA_HOME", who.home + "/.local/share"));
}

void add_places_of_system(Variables& variables) {
  const std::u16string temporary = host_variable_as_path(variables, u"TMPDIR", "/tmp");
  const std::pair<std::u16string_view, std::u16string> places[] = {
      {u"ALLUSERSPROFILE", u"C:\\ProgramData"},
      {u"CommonProgramFiles", u"C:\\Program Files\\Common Files"},
      {u"ComSpec", std::u16string(path::kSystemDirectory) + u"\\cmd.exe"},
      {u"ProgramData", u"C:\\ProgramData"},
      {u"ProgramFiles", u"C:\\Program Files"},
      {u"PUBLIC", u"C:\\Users\\Public"},
      {u"SystemDrive", u"C:"},
      {u"SystemRoot", std::u16string(path::kWindowsDirectory)},
      {u"TEMP", temporary},
      {u"TMP", temporary},
      {u"windir", std::u16string(path::kWindowsDirectory)},
  };
  for (const auto& [name, value] : places) variables.emplace(name, value);
}

void add_facts_of_machine(Variables& variables) {
  char host[HOST_NAME_MAX + 1] = {};
  gethostname(host, sizeof host - 1);
  variables.emplace(u"COMPUTERNAME", upcase(utf16(host)).substr(0, 15));
  variables.emplace(u"NUMBER_OF_PROCESSORS", utf16(std::to_string(thread::peb().NumberOfProcessors)));
  variables.emplace(u"OS", u"Windows_NT");
  variables.emplace(u"PATHEXT", u".COM;.EXE;.BAT;.CMD");
  variables.emplace(u"PROCESSOR_ARCHITECTURE", u"AMD64");
}

bool is_valid_name(std::u16string_view name) {
  return !name.empty() && name.find(u'=', 1) == std::u16string_view::npos &&
         name.find(u'\0') == std::u16string_view::npos;
}

}  // namespace

void for_each_variable(const char16_t* block,
                       const std::function<bool(std::u16string_view, std::u16string_view)>& visit) {
  if (block == nullptr) return;
  while (*block != 0) {
    const std::u16string_view entry = block;
    block += entry.size() + 1;
    const auto equals = entry.find(u'=', 1);
    if (equals == std::u16string_view::npos) continue;  // no variable; other programs put such strings here
    if (!visit(entry.substr(0, equals), entry.substr(equals + 1))) return;
  }
}

std::size_t block_length(const char16_t* block) {
  const char16_t* end = block;
  if (*end == 0) return 2;
  while (*end != 0) end += std::u16string_view(end).size() + 1;
  return static_cast<std::size_t>(end - block) + 1;
}

std::optional<std::u16string_view> find_variable(const char16_t* block, std::u16string_view name) {
  std::optional<std::u16string_view> found;
  for_each_variable(block, [&](std::u16string_view candidate, std::u16string_view value) {
    if (equal_ignoring_case(candidate, name)) found = value;
    return !found;
  });
  return found;
}

Result<std::u16string> with_variable(const char16_t* block, std::u16string_view name,
                                     std::optional<std::u16string_view> value) {
  if (!is_valid_name(name))
    return fail(STATUS_INVALID_PARAMETER, "'{}' is no name of an environment variable", utf8(name));
  Variables variables = parse_block(block);
  const std::u16string key(name);
  if (value)
    variables[key] = value->substr(0, value->find(u'\0'));
  else
    variables.erase(key);
  return make_block(variables);
}

std::u16string expand_variables(const char16_t* block, std::u16string_view text) {
  std::u16string out;
  while (!text.empty()) {
    const auto start = text.find(u'%');
    out += text.substr(0, start);
    if (start == std::u16string_view::npos) break;
    text.remove_prefix(start);
    const auto end = text.find(u'%', 1);
    const auto value = end == std::u16string_view::npos ? std::nullopt : find_variable(block, text.substr(1, end - 1));
    if (value) {
      out += *value;
      text.remove_prefix(end + 1);
    } else {  // the second % may begin a name of its own
      const auto kept = std::min(end, text.size());
      out += text.substr(0, kept);
      text.remove_prefix(kept);
    }
  }
  return out;
}

std::u16string environment_block_from_host(const char* const* host) {
  Variables variables;
  for (; host != nullptr && *host != nullptr; ++host) {
    const char* equals = std::strchr(*host, '=');
    if (equals == nullptr || equals == *host) continue;
    // The first of two names that differ in case only is the one Windows would see.
    variables.emplace(utf16({*host, static_cast<std::size_t>(equals - *host)}), utf16(equals + 1));
  }
  for (const char16_t* name : {u"TEMP", u"TMP"})
    if (const auto found = variables.find(name); found != variables.end())
      found->second = windows_path(utf8(found->second));
  std::u16string& search_path = variables[u"PATH"];
  search_path = windows_search_path(utf8(search_path));
  add_places_of_person(variables);
  add_places_of_system(variables);
  add_facts_of_machine(variables);
  return make_block(variables);
}

}  // namespace hmodule::nt
