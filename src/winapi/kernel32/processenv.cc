// processenv.h: command line, environment, current directory. Standard handles are in processenv_handles.cc.
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/process_parameters.h"
#include "thread/peb.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI WCHAR* GetCommandLineW() noexcept {
  return thread::process_parameters().CommandLine.Buffer;
}
HM_WINAPI const char* GetCommandLineA() noexcept {
  return nt::command_line_a();
}

// A copy of the block on the process heap, as FreeEnvironmentStrings expects it.
template <typename Char>
Result<Char*> heap_block(const std::basic_string<Char>& block) {
  auto* copy = static_cast<Char*>(nt::heap_allocate(block.size() * sizeof(Char)));
  if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for the environment");
  std::copy(block.begin(), block.end(), copy);
  return copy;
}

HM_WINAPI WCHAR* GetEnvironmentStringsW() noexcept {
  return answer<WCHAR*>(nullptr, [] { return heap_block(nt::environment_block()); });
}
HM_WINAPI char* GetEnvironmentStringsA() noexcept {
  return answer<char*>(nullptr, [] { return heap_block(utf8(nt::environment_block())); });
}
HM_WINAPI BOOL FreeEnvironmentStringsW(WCHAR* block) noexcept {
  return nt::process_heap().free(block);
}
HM_WINAPI BOOL FreeEnvironmentStringsA(char* block) noexcept {
  return nt::process_heap().free(block);
}

// Strings up to an empty one: where the block ends, both terminators included.
template <typename Char>
std::basic_string_view<Char> whole_block(const Char* block) {
  const Char* end = block;
  while (*end != 0) end += std::basic_string_view<Char>(end).size() + 1;
  if (end == block) ++end;
  return {block, static_cast<std::size_t>(end - block) + 1};
}

HM_WINAPI BOOL SetEnvironmentStringsW(WCHAR* block) noexcept {
  return succeed([&]() -> Status {
    if (block == nullptr) return fail(STATUS_INVALID_PARAMETER, "an environment at NULL");
    nt::replace_environment(whole_block(block));
    return ok;
  });
}

Result<std::u16string> variable(std::u16string_view name) {
  auto value = nt::environment_variable(name);
  if (!value) return fail(STATUS_VARIABLE_NOT_FOUND, "no environment variable {}", utf8(name));
  return *std::move(value);
}

HM_WINAPI DWORD GetEnvironmentVariableW(const WCHAR* name, WCHAR* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    if (name == nullptr) return fail(STATUS_VARIABLE_NOT_FOUND, "an environment variable without a name");
    const std::u16string value = TRY(variable(name));
    return give<WCHAR>(value, buffer, size);
  });
}
HM_WINAPI DWORD GetEnvironmentVariableA(const char* name, char* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    if (name == nullptr) return fail(STATUS_VARIABLE_NOT_FOUND, "an environment variable without a name");
    const std::string value = utf8(TRY(variable(utf16(name))));
    return give<char>(value, buffer, size);
  });
}

HM_WINAPI BOOL SetEnvironmentVariableW(const WCHAR* name, const WCHAR* value) noexcept {
  return succeed([&]() -> Status {
    const auto wanted = value == nullptr ? std::nullopt : std::optional<std::u16string_view>(value);
    return nt::set_environment_variable(TRY(text(name)), wanted);
  });
}
HM_WINAPI BOOL SetEnvironmentVariableA(const char* name, const char* value) noexcept {
  return succeed([&]() -> Status {
    const std::u16string wide_value = utf16(value == nullptr ? "" : value);
    const auto wanted = value == nullptr ? std::nullopt : std::optional<std::u16string_view>(wide_value);
    return nt::set_environment_variable(utf16(TRY(text(name))), wanted);
  });
}

// Both count the terminator in what they return.
HM_WINAPI DWORD ExpandEnvironmentStringsW(const WCHAR* source, WCHAR* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const std::u16string expanded = nt::expand_environment_strings(TRY(text(source)));
    give<WCHAR>(expanded, buffer, size);
    return static_cast<DWORD>(expanded.size() + 1);
  });
}
HM_WINAPI DWORD ExpandEnvironmentStringsA(const char* source, char* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const std::string expanded = utf8(nt::expand_environment_strings(utf16(TRY(text(source)))));
    give<char>(expanded, buffer, size);
    return static_cast<DWORD>(expanded.size() + 1);
  });
}

// Without the trailing backslash, but for a root.
std::u16string directory_for_people() {
  std::u16string directory = nt::current_directory();
  if (directory.size() > path::root_length(directory)) directory.pop_back();
  return directory;
}

HM_WINAPI DWORD GetCurrentDirectoryW(DWORD size, WCHAR* buffer) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> { return give<WCHAR>(directory_for_people(), buffer, size); });
}
HM_WINAPI DWORD GetCurrentDirectoryA(DWORD size, char* buffer) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> { return give<char>(utf8(directory_for_people()), buffer, size); });
}
HM_WINAPI BOOL SetCurrentDirectoryW(const WCHAR* name) noexcept {
  return succeed([&]() -> Status { return nt::set_current_directory(TRY(text(name))); });
}
HM_WINAPI BOOL SetCurrentDirectoryA(const char* name) noexcept {
  return succeed([&]() -> Status { return nt::set_current_directory(utf16(TRY(text(name)))); });
}

bool searches_current_directory(bool has_directory) {
  return has_directory || !nt::environment_variable(u"NoDefaultCurrentDirectoryInExePath");
}
HM_WINAPI BOOL NeedCurrentDirectoryForExePathW(const WCHAR* name) noexcept {
  return searches_current_directory(name != nullptr && std::u16string_view(name).find(u'\\') != std::u16string::npos);
}
HM_WINAPI BOOL NeedCurrentDirectoryForExePathA(const char* name) noexcept {
  return searches_current_directory(name != nullptr && std::string_view(name).find('\\') != std::string::npos);
}

const Export kRows[] = {
    {"ExpandEnvironmentStringsA", proc(ExpandEnvironmentStringsA)},
    {"ExpandEnvironmentStringsW", proc(ExpandEnvironmentStringsW)},
    {"FreeEnvironmentStringsA", proc(FreeEnvironmentStringsA)},
    {"FreeEnvironmentStringsW", proc(FreeEnvironmentStringsW)},
    {"GetCommandLineA", proc(GetCommandLineA)},
    {"GetCommandLineW", proc(GetCommandLineW)},
    {"GetCurrentDirectoryA", proc(GetCurrentDirectoryA)},
    {"GetCurrentDirectoryW", proc(GetCurrentDirectoryW)},
    {"GetEnvironmentStrings", proc(GetEnvironmentStringsA)},
    {"GetEnvironmentStringsA", proc(GetEnvironmentStringsA)},
    {"GetEnvironmentStringsW", proc(GetEnvironmentStringsW)},
    {"GetEnvironmentVariableA", proc(GetEnvironmentVariableA)},
    {"GetEnvironmentVariableW", proc(GetEnvironmentVariableW)},
    {"NeedCurrentDirectoryForExePathA", proc(NeedCurrentDirectoryForExePathA)},
    {"NeedCurrentDirectoryForExePathW", proc(NeedCurrentDirectoryForExePathW)},
    {"SetCurrentDirectoryA", proc(SetCurrentDirectoryA)},
    {"SetCurrentDirectoryW", proc(SetCurrentDirectoryW)},
    {"SetEnvironmentStringsW", proc(SetEnvironmentStringsW)},
    {"SetEnvironmentVariableA", proc(SetEnvironmentVariableA)},
    {"SetEnvironmentVariableW", proc(SetEnvironmentVariableW)},
};

}  // namespace

extern const ExportTable processenv_exports = kRows;

}  // namespace hmodule::winapi
