// The registry: keys as objects of the object manager (NtCreateKey ... NtNotifyChangeKey).
//
// It belongs to the process and begins with the defaults of registry_defaults.cc. HMODULE_REGISTRY=FILE keeps it in
// that file, which any number of processes may use at once. What is different from Windows: nobody is kept from any key
// (there are no security descriptors; a handle's own rights count), volatile keys are the process's own, and a change
// made by another process notifies nobody here.
#pragma once

#include "nt/file.h"
#include "nt/handle_table.h"
#include "nt/names.h"
#include "nt/registry_store.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hmodule::nt {

// Rights to keys, options of NtCreateKey, types of values, what a notification waits for (winnt.h).
inline constexpr ACCESS_MASK KEY_QUERY_VALUE = 0x1, KEY_SET_VALUE = 0x2, KEY_CREATE_SUB_KEY = 0x4,
                             KEY_ENUMERATE_SUB_KEYS = 0x8, KEY_NOTIFY = 0x10, KEY_CREATE_LINK = 0x20,
                             KEY_WOW64_64KEY = 0x100, KEY_WOW64_32KEY = 0x200, KEY_READ = 0x20019, KEY_WRITE = 0x20006,
                             KEY_ALL_ACCESS = 0xF003F;
inline constexpr ULONG REG_OPTION_VOLATILE = 0x1, REG_OPTION_CREATE_LINK = 0x2, REG_OPTION_BACKUP_RESTORE = 0x4,
                       REG_OPTION_OPEN_LINK = 0x8;
inline constexpr ULONG REG_NONE = 0, REG_SZ = 1, REG_EXPAND_SZ = 2, REG_BINARY = 3, REG_DWORD = 4,
                       REG_DWORD_BIG_ENDIAN = 5, REG_LINK = 6, REG_MULTI_SZ = 7, REG_QWORD = 11;
inline constexpr ULONG REG_NOTIFY_CHANGE_NAME = 1, REG_NOTIFY_CHANGE_ATTRIBUTES = 2, REG_NOTIFY_CHANGE_LAST_SET = 4,
                       REG_NOTIFY_CHANGE_SECURITY = 8;

inline constexpr std::size_t kMaximumKeyName = 255, kMaximumValueName = 16383;  // in units

struct KeyCounts {
  ULONG subkeys, longest_subkey, longest_class;  // lengths in bytes
  ULONG values, longest_value_name, longest_value;
};

// An open key. It may be deleted while it is open: everything then answers STATUS_KEY_DELETED.
class Key final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }
  explicit Key(KeyId id) : id_(id) {}
  ~Key() override;

  KeyId id() const { return id_; }
  // \REGISTRY\MACHINE\...; empty for a key that is gone.
  std::u16string path() const;

  Result<KeyRow> row() const;
  Result<KeyCounts> counts() const { return counts_of(id_); }
  Status remove();  // STATUS_CANNOT_DELETE with subkeys
  Status rename(std::u16string_view name);

  // By index: STATUS_NO_MORE_ENTRIES past the last one.
  Result<KeyRow> subkey(ULONG index) const;
  static Result<KeyCounts> counts_of(KeyId id);
  Result<RegistryValue> value(ULONG index) const;
  // STATUS_OBJECT_NAME_NOT_FOUND.
  Result<RegistryValue> value(std::u16string_view name) const;
  Status set_value(std::u16string_view name, ULONG type, std::span<const std::byte> data);
  Status remove_value(std::u16string_view name);

  // Tells `notice` of the next change of a kind in `filter`; the filter of a handle's first call stays (as on Windows,
  // from then on changes are remembered between calls). STATUS_PENDING, or STATUS_NOTIFY_ENUM_DIR at once.
  Result<NTSTATUS> notify(IoNotice notice, ULONG filter, bool subtree);
  void last_handle_closed() override;

 private:
  friend class Registry;
  const KeyId id_;
  struct Watch {
    ULONG filter;
    bool subtree, changed;
    std::vector<IoNotice> waiting;
  };
  std::optional<Watch> watch_;  // guarded by the registry's lock
};

// NtOpenKeyEx. STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_SYNTAX_BAD, STATUS_KEY_DELETED for the root given.
Result<HANDLE> open_key(const ObjectAttributes& attributes, ACCESS_MASK access, ULONG options = 0);
// NtCreateKey: the last name of the path is made if it is not there, and only that.
Result<Created> create_key(const ObjectAttributes& attributes, ACCESS_MASK access, std::u16string_view class_name = {},
                           ULONG options = 0);
// The same without a handle, for code of ours.
Result<Ref<Key>> open_key(std::u16string_view path);

// Everything changed so far is on the disk.
Status flush_registry();

// \REGISTRY\USER\S-1-22-1-...: what HKEY_CURRENT_USER means.
std::u16string current_user_key();

}  // namespace hmodule::nt
