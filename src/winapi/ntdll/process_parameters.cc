// ntrtl.h: process parameters, environment, current directory.
#include "nt/process_parameters.h"
#include "module/builtin.h"
#include "nt/environment.h"
#include "nt/heap.h"
#include "thread/peb.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

HM_WINAPI PEB* RtlGetCurrentPeb() noexcept {
  return thread::teb().ProcessEnvironmentBlock;
}
HM_WINAPI NTSTATUS RtlAcquirePebLock() noexcept {
  nt::acquire_peb_lock();
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlReleasePebLock() noexcept {
  nt::release_peb_lock();
  return STATUS_SUCCESS;
}

// --- Environment blocks: nullptr is the process's own ---

Result<WCHAR*> heap_block(std::u16string_view block) {
  auto* copy = static_cast<WCHAR*>(nt::heap_allocate(block.size() * sizeof(WCHAR)));
  if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for an environment");
  std::copy(block.begin(), block.end(), copy);
  return copy;
}

Result<std::u16string> value_of(const WCHAR* environment, std::u16string_view name) {
  auto value = nt::environment_variable(name);
  if (environment != nullptr) {
    const auto found = nt::find_variable(environment, name);
    value = found ? std::optional<std::u16string>(*found) : std::nullopt;
  }
  if (!value) return fail(STATUS_VARIABLE_NOT_FOUND, "no environment variable {}", utf8(name));
  return *std::move(value);
}

std::u16string expand(const WCHAR* environment, std::u16string_view source) {
  return environment == nullptr ? nt::expand_environment_strings(source) : nt::expand_variables(environment, source);
}

HM_WINAPI NTSTATUS RtlCreateEnvironment(BOOLEAN inherit, WCHAR** environment) noexcept {
  return status_of([&]() -> Status {
    *environment = TRY(heap_block(inherit != FALSE ? nt::environment_block() : std::u16string(2, u'\0')));
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlDestroyEnvironment(WCHAR* environment) noexcept {
  return nt::process_heap().free(environment) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

HM_WINAPI NTSTATUS RtlSetEnvironmentVariable(WCHAR** environment, const UNICODE_STRING* name,
                                             const UNICODE_STRING* value) noexcept {
  return status_of([&]() -> Status {
    if (name == nullptr) return fail(STATUS_INVALID_PARAMETER, "an environment variable without a name");
    const auto wanted = value == nullptr ? std::nullopt : std::optional<std::u16string_view>(view(*value));
    if (environment == nullptr) return nt::set_environment_variable(view(*name), wanted);
    const std::u16string block = TRY(nt::with_variable(*environment, view(*name), wanted));
    WCHAR* changed = TRY(heap_block(block));
    nt::heap_free(std::exchange(*environment, changed));
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlQueryEnvironmentVariable_U(const WCHAR* environment, const UNICODE_STRING* name,
                                                 UNICODE_STRING* value) noexcept {
  return status_of([&]() -> Status {
    const std::u16string found = TRY(value_of(environment, view(*name)));
    const std::size_t bytes = found.size() * sizeof(WCHAR);
    value->Length = static_cast<USHORT>(std::min<std::size_t>(bytes, 0xFFFE));
    if (value->MaximumLength < bytes) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", bytes);
    std::memcpy(value->Buffer, found.data(), bytes);
    if (value->MaximumLength >= bytes + sizeof(WCHAR)) value->Buffer[found.size()] = 0;
    return ok;
  });
}

// Lengths count units. `length` receives that of the value, or the room needed with the terminator.
HM_WINAPI NTSTATUS RtlQueryEnvironmentVariable(const WCHAR* environment, const WCHAR* name, SIZE_T name_length,
                                               WCHAR* value, SIZE_T room, SIZE_T* length) noexcept {
  return status_of([&]() -> Status {
    const std::u16string found = TRY(value_of(environment, {name, name_length}));
    *length = found.size();
    if (room < found.size()) {
      *length = found.size() + 1;
      return fail(STATUS_BUFFER_TOO_SMALL, "{} units are needed", found.size() + 1);
    }
    found.copy(value, room);
    if (room > found.size()) value[found.size()] = 0;
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlExpandEnvironmentStrings(const WCHAR* environment, const WCHAR* source, SIZE_T source_length,
                                               WCHAR* buffer, SIZE_T room, SIZE_T* needed) noexcept {
  return status_of([&]() -> Status {
    const std::u16string expanded = expand(environment, {source, source_length});
    if (needed != nullptr) *needed = expanded.size() + 1;
    if (room <= expanded.size()) return fail(STATUS_BUFFER_TOO_SMALL, "{} units are needed", expanded.size() + 1);
    *std::copy(expanded.begin(), expanded.end(), buffer) = 0;
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlExpandEnvironmentStrings_U(const WCHAR* environment, const UNICODE_STRING* source,
                                                 UNICODE_STRING* expanded, ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    const std::u16string result = expand(environment, view(*source));
    const std::size_t bytes = (result.size() + 1) * sizeof(WCHAR);
    if (needed != nullptr) *needed = static_cast<ULONG>(bytes);
    if (bytes > expanded->MaximumLength) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", bytes);
    *std::copy(result.begin(), result.end(), expanded->Buffer) = 0;
    expanded->Length = static_cast<USHORT>(bytes - sizeof(WCHAR));
    return ok;
  });
}

// With `previous` the caller gets the old block, else it is freed.
HM_WINAPI void RtlSetCurrentEnvironment(WCHAR* environment, WCHAR** previous) noexcept {
  WCHAR* const replaced = nt::exchange_environment(environment);
  if (previous != nullptr)
    *previous = replaced;
  else
    nt::heap_free(replaced);
}

// --- Current directory ---

HM_WINAPI ULONG RtlGetCurrentDirectory_U(ULONG size, WCHAR* buffer) noexcept {
  return answer<ULONG>(0, [&]() -> Result<ULONG> {
    std::u16string directory = nt::current_directory();
    if (directory.size() > path::root_length(directory)) directory.pop_back();
    const auto units = give<WCHAR>(directory, buffer, size / sizeof(WCHAR));
    return static_cast<ULONG>(units * sizeof(WCHAR));
  });
}
HM_WINAPI NTSTATUS RtlSetCurrentDirectory_U(const UNICODE_STRING* directory) noexcept {
  return status_of([&] { return nt::set_current_directory(view(*directory)); });
}

// --- Parameters for another process ---

constexpr ULONG kNormalized = 1;

// The strings of a parameter block, in the order in which they lie behind it.
constexpr UNICODE_STRING RTL_USER_PROCESS_PARAMETERS::*const kStrings[] = {
    &RTL_USER_PROCESS_PARAMETERS::DllPath,     &RTL_USER_PROCESS_PARAMETERS::ImagePathName,
    &RTL_USER_PROCESS_PARAMETERS::CommandLine, &RTL_USER_PROCESS_PARAMETERS::WindowTitle,
    &RTL_USER_PROCESS_PARAMETERS::DesktopInfo, &RTL_USER_PROCESS_PARAMETERS::ShellInfo,
    &RTL_USER_PROCESS_PARAMETERS::RuntimeData,
};

template <typename Change>
void for_each_pointer(RTL_USER_PROCESS_PARAMETERS& block, Change change) {
  const auto apply = [&](WCHAR*& pointer) {
    if (pointer != nullptr) pointer = reinterpret_cast<WCHAR*>(change(reinterpret_cast<std::uintptr_t>(pointer)));
  };
  apply(block.CurrentDirectory.DosPath.Buffer);
  for (const auto member : kStrings) apply((block.*member).Buffer);
}

// De-normalised, pointers are offsets from the block.
HM_WINAPI RTL_USER_PROCESS_PARAMETERS* RtlNormalizeProcessParams(RTL_USER_PROCESS_PARAMETERS* block) noexcept {
  if (block == nullptr || (block->Flags & kNormalized) != 0) return block;
  for_each_pointer(*block, [&](std::uintptr_t at) { return at + reinterpret_cast<std::uintptr_t>(block); });
  block->Flags |= kNormalized;
  return block;
}
HM_WINAPI RTL_USER_PROCESS_PARAMETERS* RtlDeNormalizeProcessParams(RTL_USER_PROCESS_PARAMETERS* block) noexcept {
  if (block == nullptr || (block->Flags & kNormalized) == 0) return block;
  for_each_pointer(*block, [&](std::uintptr_t at) { return at - reinterpret_cast<std::uintptr_t>(block); });
  block->Flags &= ~kNormalized;
  return block;
}

// Lays strings out one after the other behind the block.
class ParameterWriter {
 public:
  explicit ParameterWriter(std::byte* at) : at_(at) {}

  void put(UNICODE_STRING& field, std::u16string_view string, std::size_t room = 0) {
    const std::size_t bytes = string.size() * sizeof(WCHAR);
    field = {static_cast<USHORT>(bytes), static_cast<USHORT>(std::max(room, bytes + sizeof(WCHAR))),
             reinterpret_cast<WCHAR*>(at_)};
    string.copy(reinterpret_cast<char16_t*>(at_), string.size());
    at_ += size_of(field.MaximumLength);
  }
  void* put_block(std::u16string_view block) {
    return std::memcpy(std::exchange(at_, at_ + size_of(block.size() * sizeof(WCHAR))), block.data(),
                       block.size() * sizeof(WCHAR));
  }
  static std::size_t size_of(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

 private:
  std::byte* at_;
};

constexpr std::size_t kDirectoryRoom = 260 * sizeof(WCHAR);

// A missing directory, DLL path or environment is the caller's own; other missing strings are empty, and a missing
// command line is the image's name.
HM_WINAPI NTSTATUS RtlCreateProcessParametersEx(RTL_USER_PROCESS_PARAMETERS** result, const UNICODE_STRING* image,
                                                const UNICODE_STRING* dll_path, const UNICODE_STRING* directory,
                                                const UNICODE_STRING* command_line, const WCHAR* environment,
                                                const UNICODE_STRING* title, const UNICODE_STRING* desktop,
                                                const UNICODE_STRING* shell, const UNICODE_STRING* runtime,
                                                ULONG flags) noexcept {
  return status_of([&]() -> Status {
    const nt::PebLock lock;
    const RTL_USER_PROCESS_PARAMETERS& own = thread::process_parameters();
    const auto given = [](const UNICODE_STRING* string, std::u16string_view otherwise) {
      return string != nullptr ? view(*string) : otherwise;
    };
    const std::u16string_view strings[] = {given(dll_path, view(own.DllPath)),
                                           view(*image),
                                           given(command_line, view(*image)),
                                           given(title, {}),
                                           given(desktop, {}),
                                           given(shell, {}),
                                           given(runtime, {})};
    static_assert(std::size(strings) == std::size(kStrings));
    const std::u16string_view current = given(directory, view(own.CurrentDirectory.DosPath));
    const std::u16string variables =
        environment != nullptr ? std::u16string(environment, nt::block_length(environment)) : nt::environment_block();

    const std::size_t directory_room = std::max(kDirectoryRoom, (current.size() + 1) * sizeof(WCHAR));
    std::size_t size = ParameterWriter::size_of(sizeof own) + ParameterWriter::size_of(directory_room);
    for (const auto& string : strings) size += ParameterWriter::size_of((string.size() + 1) * sizeof(WCHAR));
    const std::size_t environment_bytes = ParameterWriter::size_of(variables.size() * sizeof(WCHAR));
    auto* memory = static_cast<std::byte*>(nt::heap_allocate(size + environment_bytes, HEAP_ZERO_MEMORY));
    if (memory == nullptr) return fail(STATUS_NO_MEMORY, "no memory for process parameters");

    auto& block = *new (memory) RTL_USER_PROCESS_PARAMETERS{};
    block.MaximumLength = block.Length = static_cast<ULONG>(size);
    block.Flags = kNormalized;
    block.ConsoleFlags = own.ConsoleFlags;
    ParameterWriter writer(memory + ParameterWriter::size_of(sizeof block));
    writer.put(block.CurrentDirectory.DosPath, current, directory_room);
    for (std::size_t i = 0; i < std::size(strings); ++i) writer.put(block.*kStrings[i], strings[i]);
    block.Environment = writer.put_block(variables);
    block.EnvironmentSize = variables.size() * sizeof(WCHAR);
    *result = (flags & kNormalized) != 0 ? &block : RtlDeNormalizeProcessParams(&block);
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlCreateProcessParameters(RTL_USER_PROCESS_PARAMETERS** result, const UNICODE_STRING* image,
                                              const UNICODE_STRING* dll_path, const UNICODE_STRING* directory,
                                              const UNICODE_STRING* command_line, const WCHAR* environment,
                                              const UNICODE_STRING* title, const UNICODE_STRING* desktop,
                                              const UNICODE_STRING* shell, const UNICODE_STRING* runtime) noexcept {
  return RtlCreateProcessParametersEx(result, image, dll_path, directory, command_line, environment, title, desktop,
                                      shell, runtime, 0);
}

HM_WINAPI void RtlDestroyProcessParameters(RTL_USER_PROCESS_PARAMETERS* block) noexcept {
  nt::heap_free(block);
}

const Export kRows[] = {
    {"RtlAcquirePebLock", proc(RtlAcquirePebLock)},
    {"RtlCreateEnvironment", proc(RtlCreateEnvironment)},
    {"RtlCreateProcessParameters", proc(RtlCreateProcessParameters)},
    {"RtlCreateProcessParametersEx", proc(RtlCreateProcessParametersEx)},
    {"RtlDeNormalizeProcessParams", proc(RtlDeNormalizeProcessParams)},
    {"RtlDestroyEnvironment", proc(RtlDestroyEnvironment)},
    {"RtlDestroyProcessParameters", proc(RtlDestroyProcessParameters)},
    {"RtlExpandEnvironmentStrings", proc(RtlExpandEnvironmentStrings)},
    {"RtlExpandEnvironmentStrings_U", proc(RtlExpandEnvironmentStrings_U)},
    {"RtlGetCurrentDirectory_U", proc(RtlGetCurrentDirectory_U)},
    {"RtlGetCurrentPeb", proc(RtlGetCurrentPeb)},
    {"RtlNormalizeProcessParams", proc(RtlNormalizeProcessParams)},
    {"RtlQueryEnvironmentVariable", proc(RtlQueryEnvironmentVariable)},
    {"RtlQueryEnvironmentVariable_U", proc(RtlQueryEnvironmentVariable_U)},
    {"RtlReleasePebLock", proc(RtlReleasePebLock)},
    {"RtlSetCurrentDirectory_U", proc(RtlSetCurrentDirectory_U)},
    {"RtlSetCurrentEnvironment", proc(RtlSetCurrentEnvironment)},
    {"RtlSetEnvironmentVariable", proc(RtlSetEnvironmentVariable)},
};

}  // namespace

extern const ExportTable process_parameters_exports = kRows;

}  // namespace hmodule::winapi
