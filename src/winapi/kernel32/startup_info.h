// STARTUPINFO (processthreadsapi.h), which a program reads about itself and fills for the ones it starts.
#pragma once

#include "win/types.h"

namespace hmodule::winapi {

template <typename Char>
struct StartupInfo {
  DWORD cb;
  Char *lpReserved, *lpDesktop, *lpTitle;
  DWORD dwX, dwY, dwXSize, dwYSize, dwXCountChars, dwYCountChars, dwFillAttribute, dwFlags;
  WORD wShowWindow, cbReserved2;
  BYTE* lpReserved2;
  HANDLE hStdInput, hStdOutput, hStdError;
};
static_assert(sizeof(StartupInfo<WCHAR>) == 104);

inline constexpr DWORD STARTF_USESTDHANDLES = 0x100;

}  // namespace hmodule::winapi
