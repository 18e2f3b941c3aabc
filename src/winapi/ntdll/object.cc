// What all handles have in common, and the directories their names are in.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/names.h"
#include "nt/process.h"
#include "nt/registry.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

HM_WINAPI NTSTATUS NtClose(HANDLE handle) noexcept {
  return status_of([&] { return nt::handles().close(handle); });
}

HM_WINAPI NTSTATUS NtDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process, HANDLE* target,
                                     ACCESS_MASK access, ULONG attributes, ULONG options) noexcept {
  return status_of([&]() -> Status {
    for (const HANDLE process : {source_process, target_process}) {
      if (process == nullptr && (options & nt::DUPLICATE_CLOSE_SOURCE) != 0) continue;
      if (!TRY(nt::object_of<nt::Process>(process, nt::PROCESS_DUP_HANDLE))->is_current())
        return fail(STATUS_NOT_SUPPORTED, "handles cannot be given to other processes");
    }
    auto duplicate = nt::handles().duplicate(source, access, attributes, options);
    if ((options & nt::DUPLICATE_CLOSE_SOURCE) != 0) static_cast<void>(nt::handles().close(source));
    const HANDLE handle = TRY(duplicate);
    if (target == nullptr) return nt::handles().close(handle);
    *target = handle;
    return ok;
  });
}

HM_WINAPI NTSTATUS NtCompareObjects(HANDLE first, HANDLE second) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto a = TRY(nt::handles().find(first)), b = TRY(nt::handles().find(second));
    return a.object.get() == b.object.get() ? STATUS_SUCCESS : STATUS_NOT_SAME_OBJECT;
  });
}

// --- NtQueryObject ---

struct ObjectBasicInformation {
  ULONG Attributes;
  ACCESS_MASK GrantedAccess;
  ULONG HandleCount, PointerCount, PagedPoolCharge, NonPagedPoolCharge, Reserved[3], NameInfoSize, TypeInfoSize,
      SecurityDescriptorSize;
  LARGE_INTEGER CreationTime;
};
static_assert(sizeof(ObjectBasicInformation) == 0x38);

struct ObjectTypeInformation {
  UNICODE_STRING TypeName;
  ULONG TotalNumberOfObjects, TotalNumberOfHandles, Unused[10];
  ULONG InvalidAttributes, GenericMapping[4], ValidAccessMask;
  BOOLEAN SecurityRequired, MaintainHandleCount;
  UCHAR TypeIndex, ReservedByte;
  ULONG PoolType, DefaultPagedPoolCharge, DefaultNonPagedPoolCharge;
};
static_assert(sizeof(ObjectTypeInformation) == 0x68);

struct ObjectDataInformation {
  BOOLEAN InheritHandle, ProtectFromClose;
};

// A record that begins with a string, followed by the string itself and its terminator.
template <typename Record>
Status deliver_with_text(Record record, UNICODE_STRING Record::*member, std::u16string_view text, void* buffer,
                         ULONG size, ULONG* needed) {
  const auto bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  const auto whole = static_cast<ULONG>(sizeof(Record) + (text.empty() ? 0 : bytes + sizeof(WCHAR)));
  store_if(needed, whole);
  if (size < whole)
    return fail(size < sizeof(Record) ? STATUS_INFO_LENGTH_MISMATCH : STATUS_BUFFER_OVERFLOW,
                "a buffer of {} bytes for {}", size, whole);
  TRY(require(buffer));
  auto* const characters = reinterpret_cast<WCHAR*>(static_cast<std::byte*>(buffer) + sizeof(Record));
  if (!text.empty()) {
    record.*member = {bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), characters};
    *std::copy(text.begin(), text.end(), characters) = 0;
  }
  *static_cast<Record*>(buffer) = record;
  return ok;
}

// Keys have their names in the registry, other objects in the name space.
std::u16string full_name(const nt::Object& object) {
  return &object.type() == &nt::Key::kType ? static_cast<const nt::Key&>(object).path() : object.full_name();
}

HM_WINAPI NTSTATUS NtQueryObject(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                 ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    const auto entry = TRY(nt::handles().find(handle));
    const nt::ObjectType& type = entry.object->type();
    switch (information_class) {
      case 0: {  // ObjectBasicInformation
        ObjectBasicInformation basic = {};
        basic.Attributes = entry.attributes;
        basic.GrantedAccess = entry.access;
        basic.HandleCount = entry.object->handle_count();
        basic.PointerCount = entry.object->reference_count() - 1;  // the one of this very call
        return deliver(basic, buffer, size, needed);
      }
      case 1: {  // ObjectNameInformation
        struct Name {
          UNICODE_STRING Text;
        };
        return deliver_with_text<Name>({}, &Name::Text, full_name(*entry.object), buffer, size, needed);
      }
      case 2: {  // ObjectTypeInformation
        ObjectTypeInformation information = {};
        information.TotalNumberOfHandles = entry.object->handle_count();
        information.GenericMapping[0] = type.read;
        information.GenericMapping[1] = type.write;
        information.GenericMapping[2] = type.execute;
        information.GenericMapping[3] = information.ValidAccessMask = type.all;
        return deliver_with_text(information, &ObjectTypeInformation::TypeName, type.name, buffer, size, needed);
      }
      case 4: {  // ObjectDataInformation
        return deliver(ObjectDataInformation{(entry.attributes & nt::OBJ_INHERIT) != 0,
                                             (entry.attributes & nt::OBJ_PROTECT_CLOSE) != 0},
                       buffer, size, needed);
      }
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "object information class {}", information_class);
    }
  });
}

HM_WINAPI NTSTATUS NtSetInformationObject(HANDLE handle, LONG information_class, const void* buffer,
                                          ULONG size) noexcept {
  return status_of([&]() -> Status {
    if (information_class != 4)
      return fail(STATUS_INVALID_INFO_CLASS, "object information class {}", information_class);
    if (size != sizeof(ObjectDataInformation)) return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes", size);
    TRY(require(buffer));
    const auto& flags = *static_cast<const ObjectDataInformation*>(buffer);
    return nt::handles().set_attributes(
        handle, nt::OBJ_INHERIT | nt::OBJ_PROTECT_CLOSE,
        (flags.InheritHandle ? nt::OBJ_INHERIT : 0) | (flags.ProtectFromClose ? nt::OBJ_PROTECT_CLOSE : 0));
  });
}

HM_WINAPI NTSTATUS NtMakeTemporaryObject(HANDLE handle) noexcept {
  return status_of([&] { return nt::set_permanent(handle, false); });
}
HM_WINAPI NTSTATUS NtMakePermanentObject(HANDLE handle) noexcept {
  return status_of([&] { return nt::set_permanent(handle, true); });
}

// --- directories and symbolic links ---

HM_WINAPI NTSTATUS NtCreateDirectoryObject(HANDLE* handle, ACCESS_MASK access,
                                           const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_create(handle, nt::Directory::kType, access, attributes, [] { return nt::make_object<nt::Directory>(); });
}
HM_WINAPI NTSTATUS NtOpenDirectoryObject(HANDLE* handle, ACCESS_MASK access,
                                         const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::Directory::kType, access, attributes);
}

struct DirectoryEntry {
  UNICODE_STRING ObjectName, ObjectTypeName;
};

// The entries, an empty one, then their strings.
HM_WINAPI NTSTATUS NtQueryDirectoryObject(HANDLE handle, void* buffer, ULONG size, BOOLEAN single, BOOLEAN restart,
                                          ULONG* context, ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto directory = TRY(nt::object_of<nt::Directory>(handle, 1));
    TRY(require(context));
    if (restart) *context = 0;
    const auto listing = directory->list();
    if (*context >= listing.size()) return STATUS_NO_MORE_ENTRIES;

    std::size_t bytes = sizeof(DirectoryEntry), count = 0;
    for (std::size_t i = *context; i < listing.size() && (count == 0 || !single); ++i, ++count) {
      const std::size_t more =
          sizeof(DirectoryEntry) + (listing[i].name.size() + listing[i].type.size() + 2) * sizeof(WCHAR);
      if (bytes + more > size) break;
      bytes += more;
    }
    if (count == 0) {
      const auto& first = listing[*context];
      store_if(needed, static_cast<ULONG>(2 * sizeof(DirectoryEntry) +
                                          (first.name.size() + first.type.size() + 2) * sizeof(WCHAR)));
      return fail(single ? STATUS_BUFFER_TOO_SMALL : STATUS_MORE_ENTRIES, "a buffer of {} bytes holds no entry", size);
    }
    TRY(require(buffer));
    auto* const entries = static_cast<DirectoryEntry*>(buffer);
    auto* text = reinterpret_cast<WCHAR*>(entries + count + 1);
    const auto put = [&text](std::u16string_view string) {
      const auto length = static_cast<USHORT>(string.size() * sizeof(WCHAR));
      const UNICODE_STRING placed = {length, static_cast<USHORT>(length + sizeof(WCHAR)), text};
      text = std::copy(string.begin(), string.end(), text);
      *text++ = 0;
      return placed;
    };
    for (std::size_t i = 0; i < count; ++i)
      entries[i] = {put(listing[*context + i].name), put(listing[*context + i].type)};
    entries[count] = {};
    *context += static_cast<ULONG>(count);
    store_if(needed, static_cast<ULONG>(bytes));
    return *context < listing.size() && !single ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
  });
}

HM_WINAPI NTSTATUS NtCreateSymbolicLinkObject(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                              const UNICODE_STRING* target) noexcept {
  if (target == nullptr) return STATUS_ACCESS_VIOLATION;
  if (target->Buffer == nullptr || target->Length == 0 || target->Buffer[0] != u'\\') return STATUS_INVALID_PARAMETER;
  return nt_create(handle, nt::SymbolicLink::kType, access, attributes, [&] {
    return nt::make_object<nt::SymbolicLink>(std::u16string_view(target->Buffer, target->Length / sizeof(WCHAR)));
  });
}
HM_WINAPI NTSTATUS NtOpenSymbolicLinkObject(HANDLE* handle, ACCESS_MASK access,
                                            const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::SymbolicLink::kType, access, attributes);
}
HM_WINAPI NTSTATUS NtQuerySymbolicLinkObject(HANDLE handle, UNICODE_STRING* target, ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    const auto link = TRY(nt::object_of<nt::SymbolicLink>(handle, 1));
    TRY(require(target));
    const auto bytes = static_cast<USHORT>(link->target().size() * sizeof(WCHAR));
    store_if(needed, static_cast<ULONG>(bytes + sizeof(WCHAR)));
    if (target->MaximumLength < bytes + sizeof(WCHAR))
      return fail(STATUS_BUFFER_TOO_SMALL, "a buffer of {} bytes for {}", target->MaximumLength, bytes);
    *std::copy(link->target().begin(), link->target().end(), target->Buffer) = 0;
    target->Length = bytes;
    return ok;
  });
}

const Export kRows[] = {
    {"NtClose", proc(NtClose)},
    {"NtCompareObjects", proc(NtCompareObjects)},
    {"NtCreateDirectoryObject", proc(NtCreateDirectoryObject)},
    {"NtCreateSymbolicLinkObject", proc(NtCreateSymbolicLinkObject)},
    {"NtDuplicateObject", proc(NtDuplicateObject), Support::partial, "within this process"},
    {"NtMakePermanentObject", proc(NtMakePermanentObject)},
    {"NtMakeTemporaryObject", proc(NtMakeTemporaryObject)},
    {"NtOpenDirectoryObject", proc(NtOpenDirectoryObject)},
    {"NtOpenSymbolicLinkObject", proc(NtOpenSymbolicLinkObject)},
    {"NtQueryDirectoryObject", proc(NtQueryDirectoryObject)},
    {"NtQueryObject", proc(NtQueryObject), Support::partial, "no ObjectTypesInformation"},
    {"NtQuerySymbolicLinkObject", proc(NtQuerySymbolicLinkObject)},
    {"NtSetInformationObject", proc(NtSetInformationObject)},
};

}  // namespace

extern const ExportTable object_exports = kRows;

}  // namespace hmodule::winapi
