// winbase.h: the user and the hardware profile.
#include "module/builtin.h"
#include "nt/system_information.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <pwd.h>
#include <unistd.h>

namespace hmodule::winapi {
namespace {

std::string user_name() {
  passwd entry{}, *found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(geteuid());
}

// `size` counts the terminator, before and after.
template <typename Char>
Status give_user(std::basic_string_view<Char> name, Char* buffer, DWORD* size) {
  if (size == nullptr) return fail(STATUS_INVALID_PARAMETER, "no buffer size");
  const DWORD room = *size;
  const DWORD given = give<Char>(name, buffer, room);
  *size = static_cast<DWORD>(name.size() + 1);
  if (given != name.size()) return fail(STATUS_BUFFER_TOO_SMALL, "{} units are needed, there are {}", *size, room);
  return ok;
}
HM_WINAPI BOOL GetUserNameA(char* buffer, DWORD* size) noexcept {
  return succeed([&] { return give_user<char>(user_name(), buffer, size); });
}
HM_WINAPI BOOL GetUserNameW(WCHAR* buffer, DWORD* size) noexcept {
  return succeed([&] { return give_user<WCHAR>(utf16(user_name()), buffer, size); });
}

struct HW_PROFILE_INFOW {
  DWORD dwDockInfo;
  WCHAR szHwProfileGuid[39], szHwProfileName[80];
};

// The profile's GUID is this machine's id.
HM_WINAPI BOOL GetCurrentHwProfileW(HW_PROFILE_INFOW* info) noexcept {
  return succeed([&]() -> Status {
    if (info == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the profile");
    std::string id = nt::read_small_file("/etc/machine-id");
    if (id.size() != 32) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "this machine has no /etc/machine-id");
    for (const std::size_t at : {20, 16, 12, 8}) id.insert(at, "-");
    constexpr DWORD kUndocked = 0x1, kUserSupplied = 0x4;
    *info = {};
    info->dwDockInfo = kUndocked | kUserSupplied;
    const std::u16string guid = utf16(fmt::format("{{{}}}", id)), name = u"Undocked Profile";
    std::copy(guid.begin(), guid.end(), info->szHwProfileGuid);
    std::copy(name.begin(), name.end(), info->szHwProfileName);
    return ok;
  });
}

const Export kRows[] = {
    {"GetCurrentHwProfileW", proc(GetCurrentHwProfileW)},
    {"GetUserNameA", proc(GetUserNameA)},
    {"GetUserNameW", proc(GetUserNameW)},
};

}  // namespace

extern const ExportTable advapi32_winbase_exports = kRows;

}  // namespace hmodule::winapi
