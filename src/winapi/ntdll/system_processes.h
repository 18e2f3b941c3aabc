// All processes that this user may see, with their threads.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace hmodule::winapi {

struct RunningProcess {
  DWORD id, parent;
  std::u16string name;
  std::vector<DWORD> threads;  // of this process those with a Windows side, which can be opened
};
std::vector<RunningProcess> running_processes();

// SystemProcessInformation. INFO_LENGTH_MISMATCH, with the size that is needed in `returned`.
Status give_processes(void* buffer, ULONG size, ULONG* returned);

}  // namespace hmodule::winapi
