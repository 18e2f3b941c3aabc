// handleapi.h: closing, duplicating and comparing handles.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/process.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD HANDLE_FLAG_INHERIT = 1, HANDLE_FLAG_PROTECT_FROM_CLOSE = 2;

HM_WINAPI BOOL CloseHandle(HANDLE handle) noexcept {
  return succeed([&] { return nt::handles().close(handle); });
}

HM_WINAPI BOOL DuplicateHandle(HANDLE source_process, HANDLE source, HANDLE target_process, HANDLE* target,
                               DWORD access, BOOL inherit, DWORD options) noexcept {
  return succeed([&]() -> Status {
    for (const HANDLE process : {source_process, target_process}) {
      if (process == nullptr && process == target_process && (options & nt::DUPLICATE_CLOSE_SOURCE) != 0) continue;
      const auto object = TRY(nt::object_of<nt::Process>(process, nt::PROCESS_DUP_HANDLE));
      if (!object->is_current()) return fail(STATUS_NOT_SUPPORTED, "handles cannot be given to other processes");
    }
    auto duplicate = nt::handles().duplicate(source, access, inherit ? nt::OBJ_INHERIT : 0, options);
    if ((options & nt::DUPLICATE_CLOSE_SOURCE) != 0) static_cast<void>(nt::handles().close(source));
    const HANDLE handle = TRY(std::move(duplicate));
    if (target == nullptr) return nt::handles().close(handle);
    *target = handle;
    return ok;
  });
}

HM_WINAPI BOOL GetHandleInformation(HANDLE handle, DWORD* flags) noexcept {
  return succeed([&]() -> Status {
    if (flags == nullptr) return fail(STATUS_ACCESS_VIOLATION, "the address for the flags is NULL");
    const auto entry = TRY(nt::handles().find(handle));
    *flags = ((entry.attributes & nt::OBJ_INHERIT) != 0 ? HANDLE_FLAG_INHERIT : 0) |
             ((entry.attributes & nt::OBJ_PROTECT_CLOSE) != 0 ? HANDLE_FLAG_PROTECT_FROM_CLOSE : 0);
    return ok;
  });
}

ULONG attributes_of(DWORD flags) {
  return ((flags & HANDLE_FLAG_INHERIT) != 0 ? nt::OBJ_INHERIT : 0) |
         ((flags & HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0 ? nt::OBJ_PROTECT_CLOSE : 0);
}
HM_WINAPI BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags) noexcept {
  return succeed([&] { return nt::handles().set_attributes(handle, attributes_of(mask), attributes_of(flags)); });
}

HM_WINAPI BOOL CompareObjectHandles(HANDLE first, HANDLE second) noexcept {
  return succeed([&]() -> Status {
    const auto a = TRY(nt::handles().find(first));
    const auto b = TRY(nt::handles().find(second));
    if (a.object.get() != b.object.get()) return fail(STATUS_NOT_SAME_OBJECT, "the handles name different objects");
    return ok;
  });
}

const Export kRows[] = {
    {"CloseHandle", proc(CloseHandle)},
    {"CompareObjectHandles", proc(CompareObjectHandles)},
    {"DuplicateHandle", proc(DuplicateHandle), Support::partial, "within this process"},
    {"GetHandleInformation", proc(GetHandleInformation)},
    {"SetHandleInformation", proc(SetHandleInformation)},
};

}  // namespace

extern const ExportTable handleapi_exports = kRows;

}  // namespace hmodule::winapi
