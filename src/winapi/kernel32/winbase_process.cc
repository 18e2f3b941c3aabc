// winbase.h and memoryapi.h: a process's image by name, its working set, and whether memory is short.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/process.h"
#include "nt/system_information.h"
#include "nt/waitable.h"
#include "path/volumes.h"
#include "runtime/runtime.h"
#include "winapi/common/answer.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>

namespace hmodule::winapi {
namespace {

// --- images ---

Result<std::u16string> image_of(HANDLE handle) {
  const auto process = TRY(nt::object_of<nt::Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
  if (process->is_current()) return runtime().loader().file_name(nullptr);
  char target[PATH_MAX];
  const ssize_t length = ::readlink(fmt::format("/proc/{}/exe", process->id()).c_str(), target, sizeof target);
  if (length <= 0) return fail(STATUS_ACCESS_DENIED, "process {} does not show its program", process->id());
  return path::volumes().from_host(std::string_view(target, static_cast<std::size_t>(length)));
}

template <typename Char>
BOOL query_image_name(HANDLE handle, DWORD flags, Char* buffer, DWORD* size, const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        if (buffer == nullptr || size == nullptr || flags != 0)
          return fail(STATUS_INVALID_PARAMETER, "no buffer, no size, or flags {:#x}", flags);
        const std::u16string wide = TRY(image_of(handle));
        std::basic_string<Char> name;
        if constexpr (std::is_same_v<Char, char>)
          name = utf8(wide);
        else
          name = wide;
        if (*size <= name.size())
          return fail(STATUS_BUFFER_TOO_SMALL, "{} characters are needed, {} are there", name.size() + 1, *size);
        std::copy_n(name.c_str(), name.size() + 1, buffer);
        *size = static_cast<DWORD>(name.size());
        return ok;
      },
      function);
}
HM_WINAPI BOOL QueryFullProcessImageNameW(HANDLE process, DWORD flags, WCHAR* buffer, DWORD* size) noexcept {
  return query_image_name(process, flags, buffer, size, "QueryFullProcessImageNameW");
}
HM_WINAPI BOOL QueryFullProcessImageNameA(HANDLE process, DWORD flags, char* buffer, DWORD* size) noexcept {
  return query_image_name(process, flags, buffer, size, "QueryFullProcessImageNameA");
}

// --- the working set, which Linux sizes as it sees fit: wishes are remembered ---

constexpr SIZE_T kPage = 4096, kSmallest = 20 * kPage, kAsSmallAsPossible = ~SIZE_T{0};
std::atomic<SIZE_T> least{50 * kPage}, most{345 * kPage};  // Windows' defaults

HM_WINAPI BOOL GetProcessWorkingSetSizeEx(HANDLE process, SIZE_T* minimum, SIZE_T* maximum, DWORD* flags) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<nt::Process>(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    if (minimum == nullptr || maximum == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for the sizes");
    *minimum = least;
    *maximum = most;
    if (flags != nullptr) *flags = 10;  // neither is a hard limit
    return ok;
  });
}
HM_WINAPI BOOL GetProcessWorkingSetSize(HANDLE process, SIZE_T* minimum, SIZE_T* maximum) noexcept {
  return GetProcessWorkingSetSizeEx(process, minimum, maximum, nullptr);
}
HM_WINAPI BOOL SetProcessWorkingSetSizeEx(HANDLE process, SIZE_T minimum, SIZE_T maximum, DWORD flags) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<nt::Process>(process, nt::PROCESS_SET_QUOTA));
    if ((flags & 5) != 0) return fail(STATUS_NOT_SUPPORTED, "Linux has no hard limits of a working set");
    if (minimum == kAsSmallAsPossible && maximum == kAsSmallAsPossible) return ok;  // pages go when others need them
    if (minimum == 0 || maximum < std::max(minimum, kSmallest) || maximum == kAsSmallAsPossible)
      return fail(STATUS_INVALID_PARAMETER, "a working set of {} to {} bytes", minimum, maximum);
    least = std::max(minimum, kSmallest);
    most = maximum;
    return ok;
  });
}
HM_WINAPI BOOL SetProcessWorkingSetSize(HANDLE process, SIZE_T minimum, SIZE_T maximum) noexcept {
  return SetProcessWorkingSetSizeEx(process, minimum, maximum, 0);
}

// --- memory resource notifications ---

// Signalled while there is little, or much, memory to be had: as Windows has it by default, 32 MiB per 4 GiB but at
// most 64 are little, three times that is much.
class MemoryResource final : public nt::Waitable {
 public:
  static constexpr nt::ObjectType kType = {u"Event", 0x20001, 0x20002, 0x120000, 0x1F0003};
  const nt::ObjectType& type() const override { return kType; }
  explicit MemoryResource(bool high) : high_(high) {}
  bool signalled(const nt::Dispatcher&, const nt::Thread*) const override { return now(); }
  bool now() const {
    constexpr std::uint64_t kMiB = 1 << 20, kGiB = 1 << 30;
    const nt::MemoryStatus memory = nt::memory_status();
    const std::uint64_t little = std::min(64 * kMiB, memory.physical / (4 * kGiB) * 32 * kMiB + 32 * kMiB);
    return high_ ? memory.available > 3 * little : memory.available < little;
  }

 private:
  const bool high_;
};

HM_WINAPI HANDLE CreateMemoryResourceNotification(DWORD which) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (which > 1) return fail(STATUS_INVALID_PARAMETER, "memory notification {}", which);
    return nt::handle_for(nt::make_object<MemoryResource>(which == 1), MemoryResource::kType.all);
  });
}
HM_WINAPI BOOL QueryMemoryResourceNotification(HANDLE handle, BOOL* state) noexcept {
  return succeed([&]() -> Status {
    if (state == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the state");
    *state = TRY(nt::object_of<MemoryResource>(handle, 1))->now();
    return ok;
  });
}

constexpr const char kRemembered[] = "sizes are remembered; Linux sizes working sets";

const Export kRows[] = {
    {"CreateMemoryResourceNotification", proc(CreateMemoryResourceNotification), Support::partial,
     "a wait that has begun is not told"},
    {"GetProcessWorkingSetSize", proc(GetProcessWorkingSetSize), Support::partial, kRemembered},
    {"GetProcessWorkingSetSizeEx", proc(GetProcessWorkingSetSizeEx), Support::partial, kRemembered},
    {"QueryFullProcessImageNameA", proc(QueryFullProcessImageNameA), Support::partial, "no native names"},
    {"QueryFullProcessImageNameW", proc(QueryFullProcessImageNameW), Support::partial, "no native names"},
    {"QueryMemoryResourceNotification", proc(QueryMemoryResourceNotification)},
    {"SetProcessWorkingSetSize", proc(SetProcessWorkingSetSize), Support::partial, kRemembered},
    {"SetProcessWorkingSetSizeEx", proc(SetProcessWorkingSetSizeEx), Support::partial, kRemembered},
};

}  // namespace

extern const ExportTable winbase_process_exports = kRows;

}  // namespace hmodule::winapi
