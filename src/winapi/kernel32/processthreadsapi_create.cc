// processthreadsapi.h: CreateProcess, and the attribute lists it may be given.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nt/environment.h"
#include "nt/handle_table.h"
#include "nt/new_process.h"
#include "nt/process_parameters.h"
#include "path/dos_path.h"
#include "path/volumes.h"
#include "thread/peb.h"
#include "winapi/common/named_object.h"
#include "winapi/common/process_paths.h"
#include "winapi/kernel32/startup_info.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD CREATE_SUSPENDED = 0x4, CREATE_NEW_PROCESS_GROUP = 0x200, CREATE_UNICODE_ENVIRONMENT = 0x400,
                DEBUG_PROCESS = 0x1, DEBUG_ONLY_THIS_PROCESS = 0x2, EXTENDED_STARTUPINFO_PRESENT = 0x80000;
constexpr ULONG_PTR PROC_THREAD_ATTRIBUTE_HANDLE_LIST = 0x20002;

struct PROCESS_INFORMATION {
  HANDLE hProcess, hThread;
  DWORD dwProcessId, dwThreadId;
};

// --- Which program ---

// The command line's first word: in quotes, or up to the first blank that ends the name of something there is.
Result<std::u16string> program_of(std::u16string_view line) {
  constexpr std::u16string_view kBlanks = u" \t";
  if (line.starts_with(u'"')) return find_program(line.substr(1, line.find(u'"', 1) - 1));
  for (std::size_t end = line.find_first_of(kBlanks);; end = line.find_first_of(kBlanks, end + 1)) {
    auto found = find_program(line.substr(0, end));
    if (found || end == line.npos) return found;
  }
}

// An application name is taken as it is, from the current directory.
Result<std::u16string> application(std::u16string_view name) {
  if (name.empty()) return fail(STATUS_OBJECT_PATH_NOT_FOUND, "CreateProcess: an application without a name");
  const std::u16string full = TRY(nt::full_path(name));
  const auto found = TRY(path::volumes().to_host(full));
  if (!found.exists()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: is not there", utf8(full));
  return full;
}

// A batch file is no program: the command interpreter gets the whole line, in quotes of its own.
Status run_batch_file(nt::ProcessRequest& request) {
  const auto ends_with = [&](std::u16string_view extension) {
    const std::u16string_view image = request.image;
    return image.size() > extension.size() &&
           equal_ignoring_case(image.substr(image.size() - extension.size()), extension);
  };
  if (!ends_with(u".bat") && !ends_with(u".cmd")) return ok;
  request.image = TRY(application(path::join(std::u16string(path::kSystemDirectory), u"cmd.exe")));
  request.command_line = u"cmd /c \"" + request.command_line + u"\"";
  return ok;
}

// --- Environment blocks in the ANSI code page ---

std::u16string wide_block(const char* block) {
  std::u16string out;
  for (; *block != 0; block += std::strlen(block) + 1) out += nls::from_ansi(block) + u'\0';
  return out + u'\0';
}

std::u16string block_of(const void* environment, DWORD flags) {
  if ((flags & CREATE_UNICODE_ENVIRONMENT) == 0) return wide_block(static_cast<const char*>(environment));
  const auto* const block = static_cast<const char16_t*>(environment);
  return {block, nt::block_length(block)};
}

// --- Attribute lists: an array of {attribute, size, pointer} that the caller provides the memory for ---

struct Attribute {
  ULONG_PTR attribute;
  SIZE_T size;
  void* value;
};
struct AttributeList {
  DWORD reserved, capacity, count, padding;
  void* unused;
  Attribute entries[1];
};

// --- CreateProcess ---

struct Arguments {
  std::optional<std::u16string> application, command_line, directory;
  DWORD flags;
  const void* environment;
  bool inherit;
  std::array<HANDLE, 3> standard;
  std::optional<std::vector<HANDLE>> inherited;
  nt::StartInfo info;
};

template <typename Char>
std::array<HANDLE, 3> standard_of(const StartupInfo<Char>& info) {
  if ((info.dwFlags & STARTF_USESTDHANDLES) != 0) return {info.hStdInput, info.hStdOutput, info.hStdError};
  const RTL_USER_PROCESS_PARAMETERS& own = thread::process_parameters();
  return {own.StandardInput, own.StandardOutput, own.StandardError};
}

std::u16string wide(const WCHAR* text) {
  return text;
}
std::u16string wide(const char* text) {
  return nls::from_ansi(text);
}

template <typename Char>
nt::StartInfo start_info_of(const StartupInfo<Char>& info) {
  nt::StartInfo out = {.window = {info.dwX, info.dwY, info.dwXSize, info.dwYSize, info.dwXCountChars,
                                  info.dwYCountChars, info.dwFillAttribute, info.dwFlags, info.wShowWindow}};
  if (info.lpTitle != nullptr) out.title = wide(info.lpTitle);
  if (info.lpReserved2 != nullptr)
    out.runtime_data.assign(reinterpret_cast<const char*>(info.lpReserved2), info.cbReserved2);
  return out;
}

// STARTUPINFOEX: the attribute list follows.
template <typename Char>
std::optional<std::vector<HANDLE>> handle_list_of(const StartupInfo<Char>& info, DWORD flags) {
  if ((flags & EXTENDED_STARTUPINFO_PRESENT) == 0) return std::nullopt;
  const auto* const list = *reinterpret_cast<const AttributeList* const*>(&info + 1);
  if (list == nullptr) return std::nullopt;
  for (const Attribute& each : std::span(list->entries, list->count)) {
    if (each.attribute != PROC_THREAD_ATTRIBUTE_HANDLE_LIST) continue;
    const auto* const handles = static_cast<const HANDLE*>(each.value);
    return std::vector<HANDLE>(handles, handles + each.size / sizeof(HANDLE));
  }
  return std::nullopt;
}

Status create(const Arguments& given, const SECURITY_ATTRIBUTES* process_security,
              const SECURITY_ATTRIBUTES* thread_security, PROCESS_INFORMATION& out) {
  if (!given.application && (!given.command_line || given.command_line->empty()))
    return fail(STATUS_INVALID_PARAMETER, "CreateProcess: neither an application nor a command line");
  if ((given.flags & (DEBUG_PROCESS | DEBUG_ONLY_THIS_PROCESS)) != 0)
    return fail(STATUS_NOT_SUPPORTED, "CreateProcess: processes cannot be debugged");
  nt::ProcessRequest request;
  request.image = given.application ? TRY(application(*given.application)) : TRY(program_of(*given.command_line));
  request.command_line = given.command_line.value_or(u'"' + given.application.value_or(u"") + u'"');
  TRY(run_batch_file(request));
  if (given.environment != nullptr) request.environment = block_of(given.environment, given.flags);
  if (given.directory) request.directory = TRY(nt::full_path(*given.directory));
  request.standard = given.standard;
  request.inherit_handles = given.inherit;
  request.inherited = given.inherited;
  request.info = given.info;
  request.suspended = (given.flags & CREATE_SUSPENDED) != 0;
  request.own_group = (given.flags & CREATE_NEW_PROCESS_GROUP) != 0;
  nt::NewProcess made = TRY(nt::create_process(request));

  const DWORD id = made.process->id(), thread_id = made.thread->id();
  const HANDLE process =
      TRY(nt::handle_for(std::move(made.process), nt::PROCESS_ALL_ACCESS, handle_attributes(process_security)));
  auto thread = nt::handle_for(std::move(made.thread), nt::THREAD_ALL_ACCESS, handle_attributes(thread_security));
  if (!thread) {
    static_cast<void>(nt::handles().close(process));
    return std::move(thread).error();
  }
  out = {process, *thread, id, thread_id};
  return ok;
}

template <typename Char>
BOOL create_process(const Char* application, const Char* command_line, const SECURITY_ATTRIBUTES* process_security,
                    const SECURITY_ATTRIBUTES* thread_security, BOOL inherit, DWORD flags, const void* environment,
                    const Char* directory, const StartupInfo<Char>* info, PROCESS_INFORMATION* out) noexcept {
  return succeed([&]() -> Status {
    if (info == nullptr || out == nullptr) return fail(STATUS_INVALID_PARAMETER, "CreateProcess: a structure is NULL");
    const auto text = [](const Char* given) { return given == nullptr ? std::nullopt : std::optional(wide(given)); };
    return create({text(application), text(command_line), text(directory), flags, environment, inherit != FALSE,
                   standard_of(*info), handle_list_of(*info, flags), start_info_of(*info)},
                  process_security, thread_security, *out);
  });
}

HM_WINAPI BOOL CreateProcessW(const WCHAR* application, WCHAR* command_line,
                              const SECURITY_ATTRIBUTES* process_security, const SECURITY_ATTRIBUTES* thread_security,
                              BOOL inherit, DWORD flags, void* environment, const WCHAR* directory,
                              const StartupInfo<WCHAR>* info, PROCESS_INFORMATION* out) noexcept {
  return create_process<WCHAR>(application, command_line, process_security, thread_security, inherit, flags,
                               environment, directory, info, out);
}

HM_WINAPI BOOL CreateProcessA(const char* application, char* command_line, const SECURITY_ATTRIBUTES* process_security,
                              const SECURITY_ATTRIBUTES* thread_security, BOOL inherit, DWORD flags, void* environment,
                              const char* directory, const StartupInfo<char>* info, PROCESS_INFORMATION* out) noexcept {
  return create_process<char>(application, command_line, process_security, thread_security, inherit, flags, environment,
                              directory, info, out);
}

HM_WINAPI BOOL InitializeProcThreadAttributeList(AttributeList* list, DWORD count, DWORD flags, SIZE_T* size) noexcept {
  return succeed([&]() -> Status {
    if (size == nullptr || flags != 0)
      return fail(STATUS_INVALID_PARAMETER, "an attribute list with flags {:#x}", flags);
    const SIZE_T needed = offsetof(AttributeList, entries) + count * sizeof(Attribute);
    const bool fits = list != nullptr && *size >= needed;
    *size = needed;
    if (!fits) return fail(STATUS_BUFFER_TOO_SMALL, "an attribute list of {} entries needs {} bytes", count, needed);
    *list = {.reserved = 0, .capacity = count, .count = 0, .padding = 0, .unused = nullptr, .entries = {}};
    return ok;
  });
}

// What an attribute's value must be: this many bytes, or several of them for a list.
struct AttributeSize {
  ULONG_PTR attribute;
  SIZE_T size;
  bool list = false;
};
constexpr AttributeSize kAttributeSizes[] = {
    {0x20000, sizeof(HANDLE)},        // PROC_THREAD_ATTRIBUTE_PARENT_PROCESS
    {0x20002, sizeof(HANDLE), true},  // PROC_THREAD_ATTRIBUTE_HANDLE_LIST
    {0x20004, sizeof(USHORT)},        // PROC_THREAD_ATTRIBUTE_PREFERRED_NODE
    {0x2000D, sizeof(HANDLE), true},  // PROC_THREAD_ATTRIBUTE_JOB_LIST
    {0x20016, sizeof(HANDLE)},        // PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE
    {0x30003, 16},                    // PROC_THREAD_ATTRIBUTE_GROUP_AFFINITY
    {0x30005, 4},                     // PROC_THREAD_ATTRIBUTE_IDEAL_PROCESSOR
};
Status check_attribute_size(ULONG_PTR attribute, SIZE_T size) {
  for (const AttributeSize& known : kAttributeSizes)
    if (known.attribute == attribute && (size == 0 || (known.list ? size % known.size != 0 : size != known.size)))
      return fail_win32(ERROR_BAD_LENGTH, "{} bytes for the attribute {:#x}", size, attribute);
  return ok;
}

HM_WINAPI BOOL UpdateProcThreadAttribute(AttributeList* list, DWORD flags, ULONG_PTR attribute, void* value,
                                         SIZE_T size, void* previous, SIZE_T* returned) noexcept {
  return succeed([&]() -> Status {
    if (flags != 0 || previous != nullptr || returned != nullptr)
      return fail(STATUS_INVALID_PARAMETER, "UpdateProcThreadAttribute: reserved parameters are used");
    TRY(check_attribute_size(attribute, size));
    Attribute* const end = list->entries + list->count;
    if (std::any_of(list->entries, end, [&](const Attribute& each) { return each.attribute == attribute; }))
      return fail(STATUS_OBJECT_NAME_EXISTS, "the attribute {:#x} is in the list already", attribute);
    if (list->count == list->capacity) return fail_win32(ERROR_GEN_FAILURE, "the attribute list is full");
    *end = {attribute, size, value};
    ++list->count;
    return ok;
  });
}

HM_WINAPI void DeleteProcThreadAttributeList(AttributeList*) noexcept {}  // the memory is the caller's

constexpr std::string_view kInherited =
    "threads, keys, tokens and completion ports are not inherited, nor are events and their kin that became "
    "inheritable "
    "after their birth; of attribute lists only PROC_THREAD_ATTRIBUTE_HANDLE_LIST counts";

const Export kRows[] = {
    {"CreateProcessA", proc(CreateProcessA), Support::partial, kInherited},
    {"CreateProcessW", proc(CreateProcessW), Support::partial, kInherited},
    {"DeleteProcThreadAttributeList", proc(DeleteProcThreadAttributeList)},
    {"InitializeProcThreadAttributeList", proc(InitializeProcThreadAttributeList)},
    {"UpdateProcThreadAttribute", proc(UpdateProcThreadAttribute)},
};

}  // namespace

extern const ExportTable processthreadsapi_create_exports = kRows;

}  // namespace hmodule::winapi
