// Nt functions of the registry. Rtl's are in registry_values.cc.
#include "nt/registry.h"

#include "module/builtin.h"
#include "win/ntregapi.h"
#include "winapi/common/text.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::Key;
using nt::object_of;

// A name that may be missing.
std::u16string_view text_of(const UNICODE_STRING* text) {
  return text == nullptr ? std::u16string_view() : view(*text);
}
constexpr ULONG bytes_of(std::u16string_view text) {
  return static_cast<ULONG>(text.size() * sizeof(WCHAR));
}

// --- opening and closing ---

NTSTATUS open(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes, ULONG options,
              const char* function = __builtin_FUNCTION()) {
  return status_of(
      [&]() -> Status {
        TRY(require(handle));
        TRY(require(attributes));
        const nt::ObjectAttributes checked = TRY(nt::attributes_from(attributes));
        *handle = TRY(nt::open_key(checked, access, options));
        return ok;
      },
      function);
}
HM_WINAPI NTSTATUS NtOpenKey(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return open(handle, access, attributes, 0);
}
HM_WINAPI NTSTATUS NtOpenKeyEx(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                               ULONG options) noexcept {
  if ((options & ~(nt::REG_OPTION_OPEN_LINK | nt::REG_OPTION_BACKUP_RESTORE)) != 0) return STATUS_INVALID_PARAMETER;
  return open(handle, access, attributes, options);
}

HM_WINAPI NTSTATUS NtCreateKey(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes, ULONG /*title*/,
                               const UNICODE_STRING* class_name, ULONG options, ULONG* disposition) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    TRY(require(attributes));
    const nt::ObjectAttributes checked = TRY(nt::attributes_from(attributes));
    const nt::Created created = TRY(nt::create_key(checked, access, text_of(class_name), options));
    *handle = created.handle;
    store_if(disposition, created.existed ? REG_OPENED_EXISTING_KEY : REG_CREATED_NEW_KEY);
    return ok;
  });
}

HM_WINAPI NTSTATUS NtDeleteKey(HANDLE handle) noexcept {
  return status_of([&]() -> Status {
    const auto key = TRY(object_of<Key>(handle, nt::DELETE_ACCESS));
    return key->remove();
  });
}
HM_WINAPI NTSTATUS NtRenameKey(HANDLE handle, const UNICODE_STRING* name) noexcept {
  return status_of([&]() -> Status {
    TRY(require(name));
    const auto key = TRY(object_of<Key>(handle, nt::KEY_WRITE));
    return key->rename(view(*name));
  });
}
HM_WINAPI NTSTATUS NtFlushKey(HANDLE handle) noexcept {
  return status_of([&]() -> Status {
    TRY(object_of<Key>(handle, 0));
    return nt::flush_registry();
  });
}

// --- information ---

// A structure as the caller gets it: its fixed part, then texts and data.
class Record {
 public:
  template <typename Fixed>
  explicit Record(const Fixed& fixed, std::size_t size = sizeof(Fixed)) : fixed_size_(size) {
    append(&fixed, size);
  }
  void append(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
  }
  void append(std::u16string_view text) { append(text.data(), bytes_of(text)); }
  void align(std::size_t alignment) { bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment); }

  // STATUS_BUFFER_TOO_SMALL without room for the fixed part; of the rest what fits, and STATUS_BUFFER_OVERFLOW.
  Result<NTSTATUS> deliver(void* buffer, ULONG size, ULONG* needed) const {
    TRY(require(needed));
    *needed = static_cast<ULONG>(bytes_.size());
    if (size < fixed_size_) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for {} at least", size, fixed_size_);
    TRY(require(buffer));
    std::memcpy(buffer, bytes_.data(), std::min<std::size_t>(size, bytes_.size()));
    return size < bytes_.size() ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
  }

 private:
  std::size_t fixed_size_;
  std::vector<std::byte> bytes_;
};

constexpr ULONG kNoClass = 0xFFFFFFFF;
constexpr std::size_t aligned(std::size_t size, std::size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

// What NtQueryKey and NtEnumerateKey both know.
Result<Record> key_record(const nt::KeyRow& row, LONG what) {
  const ULONG name_size = bytes_of(row.name), class_size = bytes_of(row.class_name);
  switch (what) {
    case KeyBasicInformation: {
      Record record(KEY_BASIC_INFORMATION{row.written, 0, name_size});
      record.append(row.name);
      return record;
    }
    case KeyNodeInformation: {
      const auto offset = static_cast<ULONG>(aligned(sizeof(KEY_NODE_INFORMATION) + name_size, 4));
      Record record(KEY_NODE_INFORMATION{row.written, 0, class_size == 0 ? kNoClass : offset, class_size, name_size});
      record.append(row.name);
      if (class_size != 0) record.align(4);
      record.append(row.class_name);
      return record;
    }
    case KeyFullInformation: {
      const nt::KeyCounts counts = TRY(Key::counts_of(row.id));
      const KEY_FULL_INFORMATION full = {.LastWriteTime = row.written,
                                         .TitleIndex = 0,
                                         .ClassOffset = class_size == 0 ? kNoClass : kKeyFullInformationSize,
                                         .ClassLength = class_size,
                                         .SubKeys = counts.subkeys,
                                         .MaxNameLen = counts.longest_subkey,
                                         .MaxClassLen = counts.longest_class,
                                         .Values = counts.values,
                                         .MaxValueNameLen = counts.longest_value_name,
                                         .MaxValueDataLen = counts.longest_value};
      Record record(full, kKeyFullInformationSize);
      record.append(row.class_name);
      return record;
    }
    default:
      return fail(STATUS_INVALID_PARAMETER, "key information class {}", what);
  }
}

Result<Record> query_record(const Key& key, LONG what) {
  const nt::KeyRow row = TRY(key.row());
  switch (what) {
    case KeyNameInformation: {
      const std::u16string name = key.path();
      Record record(KEY_NAME_INFORMATION{bytes_of(name)});
      record.append(name);
      return record;
    }
    case KeyCachedInformation: {
      const nt::KeyCounts counts = TRY(key.counts());
      return Record(KEY_CACHED_INFORMATION{row.written, 0, counts.subkeys, counts.longest_subkey, counts.values,
                                           counts.longest_value_name, counts.longest_value, bytes_of(row.name)});
    }
    case KeyFlagsInformation:
      return Record(KEY_FLAGS_INFORMATION{
          0, (nt::is_volatile(row.id) ? REG_FLAG_VOLATILE : 0) | (row.link ? REG_FLAG_LINK : 0), 0});
    case KeyVirtualizationInformation:
    case KeyHandleTagsInformation:
      return Record(ULONG{0});
    default:
      return key_record(row, what);
  }
}

HM_WINAPI NTSTATUS NtQueryKey(HANDLE handle, LONG what, void* buffer, ULONG size, ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const bool anybody_may = what == KeyNameInformation || what == KeyHandleTagsInformation;
    const auto key = TRY(object_of<Key>(handle, anybody_may ? 0 : nt::KEY_QUERY_VALUE));
    const Record record = TRY(query_record(*key, what));
    return record.deliver(buffer, size, needed);
  });
}

HM_WINAPI NTSTATUS NtEnumerateKey(HANDLE handle, ULONG index, LONG what, void* buffer, ULONG size,
                                  ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto key = TRY(object_of<Key>(handle, nt::KEY_ENUMERATE_SUB_KEYS));
    const nt::KeyRow row = TRY(key->subkey(index));
    const Record record = TRY(key_record(row, what));
    return record.deliver(buffer, size, needed);
  });
}

// --- values ---

Result<Record> value_record(const nt::RegistryValue& value, LONG what) {
  const ULONG name_size = bytes_of(value.name), data_size = static_cast<ULONG>(value.data.size());
  switch (what) {
    case KeyValueBasicInformation: {
      Record record(KEY_VALUE_BASIC_INFORMATION{0, value.type, name_size});
      record.append(value.name);
      return record;
    }
    case KeyValueFullInformation:
    case KeyValueFullInformationAlign64: {
      const std::size_t alignment = what == KeyValueFullInformation ? 4 : 8;
      const auto offset = static_cast<ULONG>(aligned(sizeof(KEY_VALUE_FULL_INFORMATION) + name_size, alignment));
      Record record(KEY_VALUE_FULL_INFORMATION{0, value.type, offset, data_size, name_size});
      record.append(value.name);
      if (data_size != 0) record.align(alignment);
      record.append(value.data.data(), data_size);
      return record;
    }
    case KeyValuePartialInformation: {
      Record record(KEY_VALUE_PARTIAL_INFORMATION{0, value.type, data_size});
      record.append(value.data.data(), data_size);
      return record;
    }
    case KeyValuePartialInformationAlign64: {
      Record record(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64{value.type, data_size});
      record.append(value.data.data(), data_size);
      return record;
    }
    default:
      return fail(STATUS_INVALID_PARAMETER, "value information class {}", what);
  }
}

HM_WINAPI NTSTATUS NtQueryValueKey(HANDLE handle, const UNICODE_STRING* name, LONG what, void* buffer, ULONG size,
                                   ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto key = TRY(object_of<Key>(handle, nt::KEY_QUERY_VALUE));
    const nt::RegistryValue value = TRY(key->value(text_of(name)));
    const Record record = TRY(value_record(value, what));
    return record.deliver(buffer, size, needed);
  });
}

HM_WINAPI NTSTATUS NtEnumerateValueKey(HANDLE handle, ULONG index, LONG what, void* buffer, ULONG size,
                                       ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto key = TRY(object_of<Key>(handle, nt::KEY_QUERY_VALUE));
    const nt::RegistryValue value = TRY(key->value(index));
    const Record record = TRY(value_record(value, what));
    return record.deliver(buffer, size, needed);
  });
}

// The data one after the other, each where a ULONG may be.
HM_WINAPI NTSTATUS NtQueryMultipleValueKey(HANDLE handle, KEY_VALUE_ENTRY* entries, ULONG count, void* buffer,
                                           ULONG* size, ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto key = TRY(object_of<Key>(handle, nt::KEY_QUERY_VALUE));
    TRY(require(size));
    if (count != 0) TRY(require(entries));
    const ULONG room = *size;
    std::size_t used = 0;
    for (KEY_VALUE_ENTRY& entry : std::span(entries, count)) {
      const nt::RegistryValue value = TRY(key->value(text_of(entry.ValueName)));
      const std::size_t offset = aligned(used, sizeof(ULONG));
      entry.Type = value.type;
      entry.DataLength = static_cast<ULONG>(value.data.size());
      entry.DataOffset = static_cast<ULONG>(offset);
      used = offset + value.data.size();
      if (used > room) continue;
      if (!value.data.empty()) TRY(require(buffer));
      std::memcpy(static_cast<std::byte*>(buffer) + offset, value.data.data(), value.data.size());
      *size = static_cast<ULONG>(used);
    }
    store_if(needed, static_cast<ULONG>(used));
    return used > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
  });
}

HM_WINAPI NTSTATUS NtSetValueKey(HANDLE handle, const UNICODE_STRING* name, ULONG /*title*/, ULONG type,
                                 const void* data, ULONG size) noexcept {
  return status_of([&]() -> Status {
    const auto key = TRY(object_of<Key>(handle, nt::KEY_SET_VALUE));
    if (size != 0) TRY(require(data));
    return key->set_value(text_of(name), type, {static_cast<const std::byte*>(data), size});
  });
}
HM_WINAPI NTSTATUS NtDeleteValueKey(HANDLE handle, const UNICODE_STRING* name) noexcept {
  return status_of([&]() -> Status {
    TRY(require(name));
    const auto key = TRY(object_of<Key>(handle, nt::KEY_SET_VALUE));
    return key->remove_value(view(*name));
  });
}

// --- notifications ---

HM_WINAPI NTSTATUS NtNotifyChangeKey(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context,
                                     IO_STATUS_BLOCK* block, ULONG filter, BOOLEAN subtree, void* /*buffer*/,
                                     ULONG /*size*/, BOOLEAN asynchronous) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto key = TRY(object_of<Key>(handle, nt::KEY_NOTIFY));
    TRY(require(block));
    nt::IoNotice notice = {.status_block = block, .apc = apc, .context = context};
    if (event != nullptr) {
      notice.event = TRY(object_of<nt::Event>(event, nt::EVENT_MODIFY_STATE));
      notice.event->reset();
    }
    if (apc != nullptr) notice.thread = nt::Ref<nt::Thread>::share(nt::current_thread());
    if (asynchronous) return key->notify(std::move(notice), filter, subtree != 0);

    const auto happened = nt::make_object<nt::Event>(nt::Event::Kind::notification, false);
    nt::IoNotice wait = {.status_block = block, .event = happened};
    NTSTATUS status = TRY(key->notify(std::move(wait), filter, subtree != 0));
    if (status == STATUS_PENDING) {
      nt::wait_one(*happened, false, {});
      status = block->Status;
    }
    if (notice.event) notice.event->set();
    return status;
  });
}
HM_WINAPI NTSTATUS NtNotifyChangeMultipleKeys(HANDLE handle, ULONG count, const OBJECT_ATTRIBUTES* /*others*/,
                                              HANDLE event, nt::IoApcRoutine apc, void* context, IO_STATUS_BLOCK* block,
                                              ULONG filter, BOOLEAN subtree, void* buffer, ULONG size,
                                              BOOLEAN asynchronous) noexcept {
  if (count != 0) return STATUS_NOT_SUPPORTED;
  return NtNotifyChangeKey(handle, event, apc, context, block, filter, subtree, buffer, size, asynchronous);
}

// --- hives as files: for those who hold SeBackupPrivilege or SeRestorePrivilege, and nobody here does ---

NTSTATUS not_privileged(const char* function = __builtin_FUNCTION()) {
  return status_of([]() -> Status { return fail(STATUS_PRIVILEGE_NOT_HELD, "the process has no privileges"); },
                   function);
}
HM_WINAPI NTSTATUS NtLoadKey(const OBJECT_ATTRIBUTES*, const OBJECT_ATTRIBUTES*) noexcept {
  return not_privileged();
}
HM_WINAPI NTSTATUS NtLoadKey2(const OBJECT_ATTRIBUTES*, const OBJECT_ATTRIBUTES*, ULONG) noexcept {
  return not_privileged();
}
HM_WINAPI NTSTATUS NtUnloadKey(const OBJECT_ATTRIBUTES*) noexcept {
  return not_privileged();
}
HM_WINAPI NTSTATUS NtSaveKey(HANDLE, HANDLE) noexcept {
  return not_privileged();
}
HM_WINAPI NTSTATUS NtRestoreKey(HANDLE, HANDLE, ULONG) noexcept {
  return not_privileged();
}

constexpr std::string_view kNoHives = "refused: nobody holds the privilege";
constexpr std::string_view kOwnChanges = "changes by other processes are not seen";

const Export kRows[] = {
    {"NtCreateKey", proc(NtCreateKey), Support::partial, "security descriptors are not looked at"},
    {"NtDeleteKey", proc(NtDeleteKey)},
    {"NtDeleteValueKey", proc(NtDeleteValueKey)},
    {"NtEnumerateKey", proc(NtEnumerateKey)},
    {"NtEnumerateValueKey", proc(NtEnumerateValueKey)},
    {"NtFlushKey", proc(NtFlushKey)},
    {"NtLoadKey", proc(NtLoadKey), Support::partial, kNoHives},
    {"NtLoadKey2", proc(NtLoadKey2), Support::partial, kNoHives},
    {"NtNotifyChangeKey", proc(NtNotifyChangeKey), Support::partial, kOwnChanges},
    {"NtNotifyChangeMultipleKeys", proc(NtNotifyChangeMultipleKeys), Support::partial, "one key only"},
    {"NtOpenKey", proc(NtOpenKey)},
    {"NtOpenKeyEx", proc(NtOpenKeyEx)},
    {"NtQueryKey", proc(NtQueryKey)},
    {"NtQueryMultipleValueKey", proc(NtQueryMultipleValueKey)},
    {"NtQueryValueKey", proc(NtQueryValueKey)},
    {"NtRenameKey", proc(NtRenameKey)},
    {"NtRestoreKey", proc(NtRestoreKey), Support::partial, kNoHives},
    {"NtSaveKey", proc(NtSaveKey), Support::partial, kNoHives},
    {"NtSetValueKey", proc(NtSetValueKey)},
    {"NtUnloadKey", proc(NtUnloadKey), Support::partial, kNoHives},
};

}  // namespace

extern const ExportTable registry_exports = kRows;

}  // namespace hmodule::winapi
