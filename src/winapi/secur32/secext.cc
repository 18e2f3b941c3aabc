// secext.h: the user's and the computer's names in the forms that directories know. There is no domain, so most forms
// do not exist.
#include "module/builtin.h"
#include "nt/system_information.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <string>

namespace hmodule::winapi {
namespace {

constexpr DWORD ERROR_NONE_MAPPED = 1332, ERROR_CANT_ACCESS_DOMAIN_INFO = 1351;
enum : int { NameSamCompatible = 2, NameDisplay = 3 };

Result<std::u16string> user_in_form(int form) {
  passwd entry{}, *found = nullptr;
  std::array<char, 4096> buffer{};
  getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found);
  if (form == NameSamCompatible) {
    // The computer stands for the domain.
    std::string domain = nt::host_name();
    domain = domain.substr(0, std::min<std::size_t>(domain.find('.'), 15));  // MAX_COMPUTERNAME_LENGTH
    for (char& c : domain)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    return utf16(domain + '\\' + (found == nullptr ? std::to_string(geteuid()) : found->pw_name));
  }
  if (form == NameDisplay && found != nullptr && found->pw_gecos != nullptr) {
    const std::string_view gecos = found->pw_gecos;
    if (const std::string_view full_name = gecos.substr(0, gecos.find(',')); !full_name.empty())
      return utf16(full_name);
  }
  return fail_win32(ERROR_NONE_MAPPED, "the user has no name in form {}", form);
}

// `size` counts the terminator before, and after where there was no room.
template <typename Char>
BOOLEAN give_name(int form, Char* buffer, ULONG* size) {
  return static_cast<BOOLEAN>(succeed([&]() -> Status {
    if (size == nullptr) return fail(STATUS_INVALID_PARAMETER, "no size");
    const std::u16string name = TRY(user_in_form(form));
    std::basic_string<Char> text;
    if constexpr (sizeof(Char) == 1)
      text = utf8(name);
    else
      text = name;
    const ULONG room = *size;
    *size = give<Char>(text, buffer, room);
    if (*size != text.size()) return fail_win32(ERROR_MORE_DATA, "the name needs {} units, there are {}", *size, room);
    return ok;
  }));
}
HM_WINAPI BOOLEAN GetUserNameExA(int form, char* buffer, ULONG* size) noexcept {
  return give_name(form, buffer, size);
}
HM_WINAPI BOOLEAN GetUserNameExW(int form, WCHAR* buffer, ULONG* size) noexcept {
  return give_name(form, buffer, size);
}

BOOLEAN no_domain() {
  return static_cast<BOOLEAN>(
      succeed([]() -> Status { return fail_win32(ERROR_CANT_ACCESS_DOMAIN_INFO, "the computer is in no domain"); }));
}
HM_WINAPI BOOLEAN GetComputerObjectNameA(int, char*, ULONG*) noexcept {
  return no_domain();
}
HM_WINAPI BOOLEAN GetComputerObjectNameW(int, WCHAR*, ULONG*) noexcept {
  return no_domain();
}

const Export kRows[] = {
    {"GetComputerObjectNameA", proc(GetComputerObjectNameA), Support::partial, "there is no domain"},
    {"GetComputerObjectNameW", proc(GetComputerObjectNameW), Support::partial, "there is no domain"},
    {"GetUserNameExA", proc(GetUserNameExA), Support::partial, "NameSamCompatible and NameDisplay; there is no domain"},
    {"GetUserNameExW", proc(GetUserNameExW), Support::partial, "NameSamCompatible and NameDisplay; there is no domain"},
};

}  // namespace

extern const ExportTable secext_exports = kRows;

}  // namespace hmodule::winapi
