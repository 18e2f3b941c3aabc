// userenv.h: where the user's files are. %USERPROFILE% says so, as for the known folders of shell32.
#include "nt/process_parameters.h"
#include "nt/token.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"
#include "winapi/userenv/exports.h"

namespace hmodule::winapi {
namespace {

// `size` counts units, the terminator too, before and after.
template <typename Char>
Status give_directory(std::basic_string_view<Char> directory, Char* buffer, DWORD* size) {
  if (size == nullptr) return fail(STATUS_INVALID_PARAMETER, "no buffer size");
  const DWORD room = *size;
  *size = static_cast<DWORD>(directory.size() + 1);
  if (give<Char>(directory, buffer, room) != directory.size())
    return fail(STATUS_BUFFER_TOO_SMALL, "{} units are needed, there are {}", *size, room);
  return ok;
}

// TOKEN_QUERY is needed; all tokens are of one user.
Result<std::u16string> profile_of(HANDLE token) {
  TRY(nt::token_of(token, TOKEN_QUERY));
  auto profile = nt::environment_variable(u"USERPROFILE");
  if (!profile) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "USERPROFILE is not set");
  return std::move(*profile);
}

HM_WINAPI BOOL GetUserProfileDirectoryW(HANDLE token, WCHAR* buffer, DWORD* size) noexcept {
  return succeed([&]() -> Status { return give_directory<WCHAR>(TRY(profile_of(token)), buffer, size); });
}
HM_WINAPI BOOL GetUserProfileDirectoryA(HANDLE token, char* buffer, DWORD* size) noexcept {
  return succeed([&]() -> Status { return give_directory<char>(utf8(TRY(profile_of(token))), buffer, size); });
}

const Export kRows[] = {
    {"GetUserProfileDirectoryA", proc(GetUserProfileDirectoryA)},
    {"GetUserProfileDirectoryW", proc(GetUserProfileDirectoryW)},
};
constexpr ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll userenv_dll = {"userenv.dll", kTables};

}  // namespace hmodule::winapi
