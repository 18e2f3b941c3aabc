// Which DLLs are Windows' own. One of these that nobody serves does not fail the load of its importer: what is imported
// from it becomes traps, as most DLLs import more than they call. Asking for one by LoadLibrary still fails.
#pragma once

#include <string>
#include <string_view>

namespace hmodule {

// As Windows' own DLLs are named in tables. ASCII only.
std::string lower_case(std::string_view dll);

// `dll` as an import descriptor names it. API sets count: each stands for a system DLL.
bool is_system_dll(std::string_view dll);

// One of the C and C++ runtimes that stand in PE form beside the library (DESIGN D3).
bool is_c_runtime(std::string_view dll);

}  // namespace hmodule
