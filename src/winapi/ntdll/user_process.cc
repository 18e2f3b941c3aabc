// NtCreateUserProcess: a process from an image's name and process parameters. What kernelbase's CreateProcess makes of
// its own arguments.
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "module/builtin.h"
#include "nt/environment.h"
#include "nt/file.h"
#include "nt/handle_table.h"
#include "nt/job.h"
#include "nt/new_process.h"
#include "nt/token.h"
#include "path/dos_path.h"
#include "pe/image.h"
#include "win/ntioapi.h"
#include "win/teb.h"
#include "winapi/common/text.h"
#include "winapi/ntdll/nt_args.h"
#include "winapi/ntdll/priority_class.h"
#include "winapi/ntdll/section.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hmodule::winapi {
namespace {

// --- PS_CREATE_INFO: how far it came ---

enum PS_CREATE_STATE : ULONG {
  PsCreateInitialState,
  PsCreateFailOnFileOpen,
  PsCreateFailOnSectionCreate,
  PsCreateFailExeFormat,
  PsCreateFailMachineMismatch,
  PsCreateFailExeName,
  PsCreateSuccess,
};

struct PS_CREATE_INFO {
  SIZE_T Size;
  PS_CREATE_STATE State;
  union {
    struct {
      ULONG InitFlags;
      ACCESS_MASK AdditionalFileAccess;
    } InitState;
    struct {
      HANDLE FileHandle;
    } FailSection;
    struct {
      USHORT DllCharacteristics;
    } ExeFormat;
    struct {
      ULONG OutputFlags;
      HANDLE FileHandle, SectionHandle;
      ULONGLONG UserProcessParametersNative;
      ULONG UserProcessParametersWow64, CurrentParameterFlags;
      ULONGLONG PebAddressNative;
      ULONG PebAddressWow64;
      ULONGLONG ManifestAddress;
      ULONG ManifestSize;
    } SuccessState;
  };
};
static_assert(offsetof(PS_CREATE_INFO, InitState) == 0x10 && sizeof(PS_CREATE_INFO) == 0x58);
// InitFlags: tell of success, too; and in the upper half the image characteristics that are refused.
constexpr ULONG kWriteOutputOnExit = 1, kProhibitedShift = 16;

// --- PS_ATTRIBUTE_LIST ---

struct PS_ATTRIBUTE {
  ULONG_PTR Attribute;
  SIZE_T Size;
  union {
    ULONG_PTR Value;
    void* ValuePtr;
  };
  SIZE_T* ReturnLength;
};
struct PS_ATTRIBUTE_LIST {
  SIZE_T TotalLength;
  PS_ATTRIBUTE Attributes[1];
};
enum PsAttribute : ULONG_PTR {
  kParentProcess = 0x60000,
  kToken = 0x60002,
  kClientId = 0x10003,
  kImageName = 0x20005,
  kImageInfo = 0x6,
  kPriorityClass = 0x20008,
  kErrorMode = 0x20009,
  kHandleList = 0x2000B,
  kPreferredNode = 0x2000D,
  kIdealProcessor = 0x3000E,
  kJobList = 0x20013,
};

struct Attributes {
  std::u16string_view image;
  CLIENT_ID* id = nullptr;
  SIZE_T* id_length = nullptr;
  SECTION_IMAGE_INFORMATION* image_info = nullptr;
  SIZE_T* image_info_length = nullptr;
  std::optional<std::vector<HANDLE>> inherited;
  std::vector<nt::Ref<nt::Job>> jobs;
  std::optional<DWORD> priority_class;
};

template <typename T>
std::span<const T> list_of(const PS_ATTRIBUTE& attribute) {
  return {static_cast<const T*>(attribute.ValuePtr), attribute.Size / sizeof(T)};
}

constexpr ACCESS_MASK PROCESS_CREATE_PROCESS = 0x80;

Status read_attribute(const PS_ATTRIBUTE& attribute, Attributes& out) {
  const auto has_size = [&](SIZE_T size) -> Status {
    if (attribute.Size != size || attribute.ValuePtr == nullptr)
      return fail(STATUS_INVALID_PARAMETER, "process attribute {:#x} has {} bytes", attribute.Attribute,
                  attribute.Size);
    return ok;
  };
  const auto handle = [&] { return reinterpret_cast<HANDLE>(attribute.Value); };
  switch (attribute.Attribute) {
    case kImageName:
      out.image = {static_cast<const WCHAR*>(attribute.ValuePtr), attribute.Size / sizeof(WCHAR)};
      return ok;
    case kClientId:
      TRY(has_size(sizeof(CLIENT_ID)));
      out.id = static_cast<CLIENT_ID*>(attribute.ValuePtr);
      out.id_length = attribute.ReturnLength;
      return ok;
    case kImageInfo:
      TRY(has_size(sizeof(SECTION_IMAGE_INFORMATION)));
      out.image_info = static_cast<SECTION_IMAGE_INFORMATION*>(attribute.ValuePtr);
      out.image_info_length = attribute.ReturnLength;
      return ok;
    case kHandleList: {
      const auto handles = list_of<HANDLE>(attribute);
      out.inherited.emplace(handles.begin(), handles.end());
      return ok;
    }
    case kJobList:
      for (const HANDLE job : list_of<HANDLE>(attribute))
        out.jobs.push_back(TRY(nt::object_of<nt::Job>(job, nt::JOB_OBJECT_ASSIGN_PROCESS)));
      return ok;
    case kPriorityClass:
      TRY(has_size(sizeof(UCHAR)));
      if (const UCHAR wanted = *static_cast<const UCHAR*>(attribute.ValuePtr); is_native_priority_class(wanted))
        out.priority_class = kPriorityClasses[wanted];
      else
        return fail(STATUS_INVALID_PARAMETER, "priority class {}", wanted);
      return ok;
    case kParentProcess:
      if (!TRY(nt::object_of<nt::Process>(handle(), PROCESS_CREATE_PROCESS))->is_current())
        return fail(STATUS_NOT_SUPPORTED, "a child of Linux has the parent that made it");
      return ok;
    case kToken: {
      const auto facts = TRY(nt::token_of(handle(), TOKEN_ASSIGN_PRIMARY))->facts();
      if (facts.filtered || !nt::equal(facts.user.sid, nt::Token::of_process()->facts().user.sid))
        return fail(STATUS_NOT_SUPPORTED, "a child has the rights of this process");
      return ok;
    }
    case kErrorMode:
    case kPreferredNode:
    case kIdealProcessor:
      return ok;  // wishes; no message boxes appear anyway
    default:
      return fail(STATUS_NOT_SUPPORTED, "process attribute {:#x}", attribute.Attribute);
  }
}

Result<Attributes> read_attributes(const PS_ATTRIBUTE_LIST* list) {
  Attributes out;
  constexpr SIZE_T kHeader = offsetof(PS_ATTRIBUTE_LIST, Attributes);
  if (list == nullptr || list->TotalLength < kHeader || (list->TotalLength - kHeader) % sizeof(PS_ATTRIBUTE) != 0)
    return fail(STATUS_INVALID_PARAMETER, "no list of process attributes, or one of {} bytes",
                list == nullptr ? 0 : list->TotalLength);
  for (const PS_ATTRIBUTE& each : std::span(list->Attributes, (list->TotalLength - kHeader) / sizeof(PS_ATTRIBUTE)))
    TRY(read_attribute(each, out));
  if (out.image.empty()) return fail(STATUS_INVALID_PARAMETER, "no image name");
  return out;
}

// --- The parameters ---

// Strings are at offsets from the block until it is normalized.
std::u16string text_of(const RTL_USER_PROCESS_PARAMETERS& block, const UNICODE_STRING& field) {
  constexpr ULONG kNormalized = 1;
  if (field.Buffer == nullptr) return {};
  const auto* at = reinterpret_cast<const std::byte*>(field.Buffer);
  if ((block.Flags & kNormalized) == 0)
    at = reinterpret_cast<const std::byte*>(&block) + reinterpret_cast<std::uintptr_t>(field.Buffer);
  return {reinterpret_cast<const WCHAR*>(at), field.Length / sizeof(WCHAR)};
}

nt::ProcessRequest request_from(const RTL_USER_PROCESS_PARAMETERS& block) {
  nt::ProcessRequest request;
  request.command_line = text_of(block, block.CommandLine);
  if (const auto* const variables = static_cast<const WCHAR*>(block.Environment); variables != nullptr)
    request.environment = std::u16string(variables, nt::block_length(variables));
  request.directory = text_of(block, block.CurrentDirectory.DosPath);
  request.standard = {block.StandardInput, block.StandardOutput, block.StandardError};
  request.info.window = {block.StartingX,     block.StartingY,   block.CountX,
                         block.CountY,        block.CountCharsX, block.CountCharsY,
                         block.FillAttribute, block.WindowFlags, block.ShowWindowFlags};
  request.info.title = text_of(block, block.WindowTitle);
  const std::u16string runtime = text_of(block, block.RuntimeData);
  request.info.runtime_data.assign(reinterpret_cast<const char*>(runtime.data()), block.RuntimeData.Length);
  return request;
}

// --- The image ---

class MappedFile {
 public:
  explicit MappedFile(int descriptor) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0 || info.st_size == 0) return;
    void* const start = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (start != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(start), static_cast<std::size_t>(info.st_size)};
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return bytes_; }
  bool begins(std::string_view mark) const {
    return bytes_.size() >= mark.size() && std::memcmp(bytes_.data(), mark.data(), mark.size()) == 0;
  }

 private:
  std::span<const std::byte> bytes_;
};

// Of a native program: its processor and that it talks to a console.
constexpr SECTION_IMAGE_INFORMATION kNativeImage = [] {
  SECTION_IMAGE_INFORMATION info = {};
  info.SubSystemType = 3;  // IMAGE_SUBSYSTEM_WINDOWS_CUI
  info.Machine = 0x8664;   // IMAGE_FILE_MACHINE_AMD64
  info.ImageContainsCode = TRUE;
  return info;
}();

// A handle that is closed unless somebody takes it.
class OwnedHandle {
 public:
  explicit OwnedHandle(HANDLE handle) : handle_(handle) {}
  ~OwnedHandle() {
    if (handle_ != nullptr) static_cast<void>(nt::handles().close(handle_));
  }
  OwnedHandle(const OwnedHandle&) = delete;
  OwnedHandle& operator=(const OwnedHandle&) = delete;
  HANDLE get() const { return handle_; }
  HANDLE take() { return std::exchange(handle_, nullptr); }

 private:
  HANDLE handle_;
};

Error fail_on_section(PS_CREATE_INFO& info, OwnedHandle& file, Error error) {
  info.State = PsCreateFailOnSectionCreate;
  info.FailSection.FileHandle = file.take();
  return error;
}

// What the file says of itself; `info` says why it does not serve.
Result<SECTION_IMAGE_INFORMATION> check_image(std::u16string_view name, OwnedHandle& file, USHORT prohibited,
                                              PS_CREATE_INFO& info) {
  const MappedFile mapped(TRY(nt::object_of<nt::File>(file.get(), 0))->descriptor());
  if (mapped.begins("\x7F"
                    "ELF") ||
      mapped.begins("#!"))
    return kNativeImage;
  if (!mapped.begins("MZ"))
    return fail_on_section(info, file, fail(STATUS_INVALID_IMAGE_NOT_MZ, "{}: no program", utf8(name)));
  const std::string text = utf8(name);
  const auto image = pe::Image::inspect(Bytes(mapped.bytes(), text));
  if (!image) return fail_on_section(info, file, fail(STATUS_INVALID_IMAGE_FORMAT, "{}", image.error().reason));
  if (image->machine() != pe::kMachineAmd64) {
    info.State = PsCreateFailMachineMismatch;
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: for {}", text, image->machine_name());
  }
  if (image->is_dll() || (image->characteristics() & prohibited) != 0) {
    info.State = PsCreateFailExeFormat;
    info.ExeFormat.DllCharacteristics = image->dll_characteristics();
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: characteristics {:#x}", text, image->characteristics());
  }
  return image_information(*image);
}

Result<HANDLE> open_image(std::u16string_view name, ACCESS_MASK more_access, PS_CREATE_INFO& info) {
  constexpr ACCESS_MASK kSynchronize = 0x100000;
  auto opened = nt::open_file_handle({.name = name,
                                      .access = FILE_READ_DATA | FILE_EXECUTE | kSynchronize | more_access,
                                      .share = FILE_SHARE_READ | FILE_SHARE_DELETE,
                                      .options = FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE},
                                     0);
  if (opened) return opened->handle;
  info.State = PsCreateFailOnFileOpen;
  return std::move(opened).error();
}

// --- NtCreateUserProcess ---

constexpr ULONG PROCESS_CREATE_FLAGS_BREAKAWAY = 0x1, PROCESS_CREATE_FLAGS_NO_DEBUG_INHERIT = 0x2,
                PROCESS_CREATE_FLAGS_INHERIT_HANDLES = 0x4, PROCESS_CREATE_FLAGS_SUSPENDED = 0x200,
                kProcessFlags = PROCESS_CREATE_FLAGS_BREAKAWAY | PROCESS_CREATE_FLAGS_NO_DEBUG_INHERIT |
                                PROCESS_CREATE_FLAGS_INHERIT_HANDLES | PROCESS_CREATE_FLAGS_SUSPENDED,
                THREAD_CREATE_FLAGS_CREATE_SUSPENDED = 0x1;

struct Wanted {
  HANDLE *process, *thread;
  ACCESS_MASK process_access, thread_access;
  const OBJECT_ATTRIBUTES *process_attributes, *thread_attributes;
};

// Both handles, or none and no process.
Status give_handles(nt::NewProcess& made, const Wanted& wanted) {
  const auto give = [&]() -> Status {
    const auto process_attributes = TRY(nt::attributes_from(wanted.process_attributes));
    const auto thread_attributes = TRY(nt::attributes_from(wanted.thread_attributes));
    OwnedHandle process(TRY(nt::handle_for(made.process, nt::implied_process_access(wanted.process_access),
                                           process_attributes.attributes)));
    *wanted.thread =
        TRY(nt::handle_for(made.thread, nt::implied_access(wanted.thread_access), thread_attributes.attributes));
    *wanted.process = process.take();
    return ok;
  };
  Status given = give();
  if (!given) static_cast<void>(made.process->terminate(1));
  return given;
}

Status create(const Wanted& wanted, ULONG process_flags, ULONG thread_flags, const RTL_USER_PROCESS_PARAMETERS& block,
              PS_CREATE_INFO& info, const PS_ATTRIBUTE_LIST* list) {
  const Attributes attributes = TRY(read_attributes(list));
  const ULONG init_flags = info.InitState.InitFlags;
  OwnedHandle file(TRY(open_image(attributes.image, info.InitState.AdditionalFileAccess, info)));
  const SECTION_IMAGE_INFORMATION image =
      TRY(check_image(attributes.image, file, static_cast<USHORT>(init_flags >> kProhibitedShift), info));

  nt::ProcessRequest request = request_from(block);
  request.image = path::from_nt_path(attributes.image).value_or(std::u16string(attributes.image));
  request.inherit_handles = (process_flags & PROCESS_CREATE_FLAGS_INHERIT_HANDLES) != 0;
  request.inherited = attributes.inherited;
  request.suspended = (process_flags & PROCESS_CREATE_FLAGS_SUSPENDED) != 0 ||
                      (thread_flags & THREAD_CREATE_FLAGS_CREATE_SUSPENDED) != 0;
  nt::NewProcess made = TRY(nt::create_process(request));
  for (const nt::Ref<nt::Job>& job : attributes.jobs) {
    if (const Status assigned = job->assign(made.process); !assigned) {
      static_cast<void>(made.process->terminate(1));
      return assigned.error();
    }
  }
  if (attributes.priority_class) made.process->priority_class = *attributes.priority_class;
  TRY(give_handles(made, wanted));

  const auto id = [](DWORD number) { return reinterpret_cast<HANDLE>(std::uintptr_t{number}); };
  if (attributes.id != nullptr) {
    *attributes.id = {id(made.process->id()), id(made.thread->id())};
    store_if(attributes.id_length, sizeof(CLIENT_ID));
  }
  if (attributes.image_info != nullptr) {
    *attributes.image_info = image;
    store_if(attributes.image_info_length, sizeof image);
  }
  info.State = PsCreateSuccess;
  info.SuccessState = {};
  if ((init_flags & kWriteOutputOnExit) != 0) info.SuccessState.FileHandle = file.take();
  return ok;
}

HM_WINAPI NTSTATUS NtCreateUserProcess(HANDLE* process, HANDLE* thread, ACCESS_MASK process_access,
                                       ACCESS_MASK thread_access, const OBJECT_ATTRIBUTES* process_attributes,
                                       const OBJECT_ATTRIBUTES* thread_attributes, ULONG process_flags,
                                       ULONG thread_flags, const RTL_USER_PROCESS_PARAMETERS* parameters,
                                       PS_CREATE_INFO* info, const PS_ATTRIBUTE_LIST* list) noexcept {
  return status_of([&]() -> Status {
    TRY(require(process));
    TRY(require(thread));
    TRY(require(info));
    if (parameters == nullptr) return fail(STATUS_INVALID_PARAMETER, "no process parameters");
    // Wine's kernelbase hands over an uninitialized structure, which asks for nothing.
    if (info->Size != sizeof *info) *info = {.Size = sizeof *info, .State = PsCreateInitialState, .InitState = {}};
    if ((process_flags & ~kProcessFlags) != 0 || (thread_flags & ~THREAD_CREATE_FLAGS_CREATE_SUSPENDED) != 0)
      return fail(STATUS_NOT_SUPPORTED, "process flags {:#x}, thread flags {:#x}", process_flags, thread_flags);
    return create({process, thread, process_access, thread_access, process_attributes, thread_attributes},
                  process_flags, thread_flags, *parameters, *info, list);
  });
}

const Export kRows[] = {
    {"NtCreateUserProcess", proc(NtCreateUserProcess), Support::partial,
     "attributes: image name and information, client id, handle and job lists, priority class; no other parent, token "
     "or "
     "debugger; no section and no addresses in the new process"},
};

}  // namespace

extern const ExportTable user_process_exports = kRows;

}  // namespace hmodule::winapi
