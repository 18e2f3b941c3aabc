// The Rtl functions of the registry: a key named by where it begins and a path, and values in bulk.
#include "module/builtin.h"
#include "nt/environment.h"
#include "nt/heap.h"
#include "nt/process_parameters.h"
#include "nt/registry.h"
#include "thread/call.h"
#include "win/ntregapi.h"
#include "winapi/common/text.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::Key;
using nt::Ref;

// --- RelativeTo and Path ---

Result<std::u16string> root_of(ULONG place) {
  constexpr std::u16string_view kRoots[] = {
      {},
      u"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
      u"\\Registry\\Machine\\System\\CurrentControlSet\\Control",
      u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
      u"\\Registry\\Machine\\Hardware\\DeviceMap",
  };
  if (place == RTL_REGISTRY_USER) return nt::current_user_key();
  if (place >= std::size(kRoots)) return fail(STATUS_INVALID_PARAMETER, "there is no registry path {}", place);
  return std::u16string(kRoots[place]);
}

// A handle that is closed at the end, unless it is the caller's own.
class KeyHandle {
 public:
  KeyHandle(HANDLE handle, bool own) : handle_(handle), own_(own) {}
  KeyHandle(KeyHandle&& other) noexcept : handle_(other.handle_), own_(std::exchange(other.own_, false)) {}
  KeyHandle& operator=(KeyHandle&&) = delete;
  ~KeyHandle() {
    if (own_) static_cast<void>(nt::handles().close(handle_));
  }
  HANDLE get() const { return handle_; }
  Result<Ref<Key>> key() const { return nt::object_of<Key>(handle_, 0); }

 private:
  HANDLE handle_;
  bool own_;
};

Result<KeyHandle> key_at(ULONG relative_to, const WCHAR* path, ACCESS_MASK access, bool create = false) {
  const ULONG place = relative_to & ~RTL_REGISTRY_OPTIONAL;
  if (place == RTL_REGISTRY_HANDLE) return KeyHandle(const_cast<WCHAR*>(path), false);  // the path is the handle
  std::u16string name = TRY(root_of(place));
  if (path != nullptr && *path != 0) {
    if (!name.empty()) name += u'\\';
    name += path;
  }
  const nt::ObjectAttributes attributes = {nullptr, name, nt::OBJ_CASE_INSENSITIVE};
  if (!create) return KeyHandle(TRY(nt::open_key(attributes, access)), true);
  return KeyHandle(TRY(nt::create_key(attributes, access)).handle, true);
}

HM_WINAPI NTSTATUS RtlCheckRegistryKey(ULONG relative_to, const WCHAR* path) noexcept {
  return status_of([&]() -> Status {
    TRY(key_at(relative_to, path, nt::KEY_QUERY_VALUE));
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlCreateRegistryKey(ULONG relative_to, const WCHAR* path) noexcept {
  return status_of([&]() -> Status {
    if ((relative_to & ~RTL_REGISTRY_OPTIONAL) != RTL_REGISTRY_HANDLE)
      TRY(key_at(relative_to, path, nt::KEY_READ, true));
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlWriteRegistryValue(ULONG relative_to, const WCHAR* path, const WCHAR* name, ULONG type,
                                         const void* data, ULONG size) noexcept {
  return status_of([&]() -> Status {
    if (size != 0) TRY(require(data));
    const KeyHandle handle = TRY(key_at(relative_to, path, nt::KEY_SET_VALUE, true));
    const Ref<Key> key = TRY(handle.key());
    return key->set_value(name == nullptr ? u"" : name, type, {static_cast<const std::byte*>(data), size});
  });
}
HM_WINAPI NTSTATUS RtlDeleteRegistryValue(ULONG relative_to, const WCHAR* path, const WCHAR* name) noexcept {
  return status_of([&]() -> Status {
    const KeyHandle handle = TRY(key_at(relative_to, path, nt::KEY_SET_VALUE));
    const Ref<Key> key = TRY(handle.key());
    return key->remove_value(name == nullptr ? u"" : name);
  });
}

// --- the current user ---

HM_WINAPI NTSTATUS RtlOpenCurrentUser(ACCESS_MASK access, HANDLE* handle) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    const std::u16string name = nt::current_user_key();
    *handle = TRY(nt::open_key({nullptr, name, nt::OBJ_CASE_INSENSITIVE}, access));
    return ok;
  });
}

// A copy on the process heap; RtlFreeUnicodeString gives it back.
Status copy_to_heap(std::u16string_view text, UNICODE_STRING& result) {
  const std::size_t bytes = (text.size() + 1) * sizeof(WCHAR);
  if (bytes > 0xFFFF) return fail(STATUS_BUFFER_OVERFLOW, "{} characters do not fit in a UNICODE_STRING", text.size());
  auto* const buffer = static_cast<WCHAR*>(nt::heap_allocate(bytes));
  if (buffer == nullptr) return fail(STATUS_NO_MEMORY, "out of memory");
  *std::copy(text.begin(), text.end(), buffer) = 0;
  result = {static_cast<USHORT>(bytes - sizeof(WCHAR)), static_cast<USHORT>(bytes), buffer};
  return ok;
}
HM_WINAPI NTSTATUS RtlFormatCurrentUserKeyPath(UNICODE_STRING* path) noexcept {
  return status_of([&]() -> Status {
    TRY(require(path));
    return copy_to_heap(nt::current_user_key(), *path);
  });
}

// --- RtlQueryRegistryValues ---

using Row = RTL_QUERY_REGISTRY_TABLE;

bool is_text(ULONG type) {
  return type == nt::REG_SZ || type == nt::REG_EXPAND_SZ || type == nt::REG_MULTI_SZ;
}

// Without the terminator it may end with.
std::u16string string_in(std::span<const std::byte> data) {
  std::u16string text(data.size() / sizeof(WCHAR), u'\0');
  std::memcpy(text.data(), data.data(), text.size() * sizeof(WCHAR));
  return text.substr(0, text.find(u'\0'));
}

std::vector<std::u16string> strings_in(std::span<const std::byte> data) {
  std::u16string text(data.size() / sizeof(WCHAR), u'\0');
  std::memcpy(text.data(), data.data(), text.size() * sizeof(WCHAR));
  std::vector<std::u16string> strings;
  for (std::u16string_view rest = text; !rest.empty() && rest[0] != 0;) {
    const std::size_t end = std::min(rest.find(u'\0'), rest.size());
    strings.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return strings;
}

std::vector<std::byte> data_of(const std::u16string& text) {  // with the terminator
  const auto* begin = reinterpret_cast<const std::byte*>(text.c_str());
  return {begin, begin + (text.size() + 1) * sizeof(WCHAR)};
}

// One table being worked off.
class ValueQuery {
 public:
  ValueQuery(HANDLE top, void* context, const WCHAR* environment)
      : top_(top), current_(top), context_(context), environment_(environment) {}

  Status run(const Row* row) {
    for (; row->QueryRoutine != nullptr || (row->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)) != 0;
         ++row)
      TRY(run_row(*row));
    return ok;
  }

 private:
  Status run_row(const Row& row) {
    if ((row.Flags & RTL_QUERY_REGISTRY_DIRECT) != 0 &&
        (row.Name == nullptr || (row.Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0 || row.QueryRoutine != nullptr))
      return fail(STATUS_INVALID_PARAMETER, "RTL_QUERY_REGISTRY_DIRECT wants a name, no routine and no subkey");
    if ((row.Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) != 0) {
      current_ = top_;
      subkey_.reset();
    }
    if ((row.Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
      if (row.Name == nullptr) return fail(STATUS_INVALID_PARAMETER, "RTL_QUERY_REGISTRY_SUBKEY wants a name");
      subkey_.emplace(TRY(nt::open_key({top_, row.Name, nt::OBJ_CASE_INSENSITIVE}, nt::KEY_READ)), true);
      current_ = subkey_->get();
      return row.QueryRoutine == nullptr ? Status(ok) : every_value(row);
    }
    if ((row.Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0) return call(row, nullptr, nt::REG_NONE, {});
    return row.Name == nullptr ? every_value(row) : named_value(row);
  }

  Status every_value(const Row& row) {
    const Ref<Key> key = TRY(nt::object_of<Key>(current_, nt::KEY_QUERY_VALUE));
    bool any = false;
    for (ULONG index = 0;;) {
      const Result<nt::RegistryValue> value = key->value(index);
      if (!value) {
        if (value.error().status != STATUS_NO_MORE_ENTRIES) return value.error();
        break;
      }
      any = true;
      TRY(hand_over(row, value->name.c_str(), value->type, value->data));
      if ((row.Flags & RTL_QUERY_REGISTRY_DELETE) != 0)
        TRY(key->remove_value(value->name));
      else
        ++index;
    }
    if (!any && (row.Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0)
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "the key has no values");
    return ok;
  }

  Status named_value(const Row& row) {
    const Ref<Key> key = TRY(nt::object_of<Key>(current_, nt::KEY_QUERY_VALUE));
    const Result<nt::RegistryValue> value = key->value(std::u16string_view(row.Name));
    if (value) {
      TRY(hand_over(row, row.Name, value->type, value->data));
      return (row.Flags & RTL_QUERY_REGISTRY_DELETE) != 0 ? key->remove_value(row.Name) : Status(ok);
    }
    if (value.error().status != STATUS_OBJECT_NAME_NOT_FOUND || (row.Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0)
      return value.error();
    if (row.DefaultType == nt::REG_NONE) return ok;
    return hand_over(row, row.Name, row.DefaultType, default_data(row));
  }

  // DefaultLength 0 means "as long as the string is".
  static std::vector<std::byte> default_data(const Row& row) {
    const auto* begin = static_cast<const std::byte*>(row.DefaultData);
    if (begin == nullptr) return {};
    if (row.DefaultLength != 0 || !is_text(row.DefaultType)) return {begin, begin + row.DefaultLength};
    const auto* text = static_cast<const WCHAR*>(row.DefaultData);
    if (row.DefaultType != nt::REG_MULTI_SZ) return data_of(text);
    const WCHAR* end = text;
    while (*end != 0) end += std::u16string_view(end).size() + 1;
    return {begin, reinterpret_cast<const std::byte*>(end + 1)};
  }

  // Strings are expanded and taken apart first, unless the row forbids it.
  Status hand_over(const Row& row, const WCHAR* name, ULONG type, const std::vector<std::byte>& data) {
    const bool as_is = (row.Flags & RTL_QUERY_REGISTRY_NOEXPAND) != 0;
    const bool direct = (row.Flags & RTL_QUERY_REGISTRY_DIRECT) != 0;
    if (type == nt::REG_EXPAND_SZ && !as_is) {
      const std::u16string text = string_in(data);
      const std::vector<std::byte> expanded = data_of(
          environment_ == nullptr ? nt::expand_environment_strings(text) : nt::expand_variables(environment_, text));
      return direct ? store(row, nt::REG_SZ, expanded) : call(row, name, nt::REG_SZ, expanded);
    }
    if (type == nt::REG_MULTI_SZ && !as_is && !direct) {
      for (const std::u16string& text : strings_in(data)) TRY(call(row, name, nt::REG_SZ, data_of(text)));
      return ok;
    }
    return direct ? store(row, type, data) : call(row, name, type, data);
  }

  // STATUS_BUFFER_TOO_SMALL from a routine is no failure.
  Status call(const Row& row, const WCHAR* name, ULONG type, std::vector<std::byte> data) {
    const NTSTATUS status = thread::call(row.QueryRoutine, name, type, data.empty() ? nullptr : data.data(),
                                         static_cast<ULONG>(data.size()), context_, row.EntryContext);
    if (!nt_success(status) && status != STATUS_BUFFER_TOO_SMALL)
      return fail(status, "the query routine of '{}' refused", row.Name == nullptr ? "" : utf8(row.Name));
    return ok;
  }

  // RTL_QUERY_REGISTRY_DIRECT. Texts: a UNICODE_STRING, allocated if it has no buffer. Other data: a number of up to
  // four bytes is just stored; longer data goes to a buffer that begins with its size, negative if only the data are
  // wanted, positive if size and type are to stand before them.
  static Status store(const Row& row, ULONG type, std::span<const std::byte> data) {
    TRY(require(row.EntryContext));
    if ((row.Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0 && row.DefaultType >> 24 != type)
      return fail(STATUS_OBJECT_TYPE_MISMATCH, "'{}' is of type {}, and {} is wanted", utf8(row.Name), type,
                  row.DefaultType >> 24);
    if (is_text(type)) {
      auto& target = *static_cast<UNICODE_STRING*>(row.EntryContext);
      std::u16string text = string_in(data);
      if (type == nt::REG_MULTI_SZ) {
        text.assign(data.size() / sizeof(WCHAR), u'\0');
        std::memcpy(text.data(), data.data(), text.size() * sizeof(WCHAR));
      }
      if (target.Buffer == nullptr) return copy_to_heap(text, target);
      const std::size_t bytes = text.size() * sizeof(WCHAR);
      if (bytes + sizeof(WCHAR) > target.MaximumLength)
        return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for {}", target.MaximumLength, bytes + sizeof(WCHAR));
      *std::copy(text.begin(), text.end(), target.Buffer) = 0;
      target.Length = static_cast<USHORT>(bytes);
      return ok;
    }
    if (data.size() <= sizeof(ULONG)) {
      std::memcpy(row.EntryContext, data.data(), data.size());
      return ok;
    }
    LONG size = 0;
    std::memcpy(&size, row.EntryContext, sizeof size);
    auto* target = static_cast<std::byte*>(row.EntryContext);
    const std::size_t before = size < 0 ? 0 : 2 * sizeof(ULONG);
    const auto room = static_cast<std::size_t>(size < 0 ? -std::int64_t{size} : size);
    if (room < before + data.size())
      return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for {}", room, before + data.size());
    if (before != 0) {
      const ULONG header[] = {static_cast<ULONG>(data.size()), type};
      std::memcpy(target, header, sizeof header);
    }
    std::memcpy(target + before, data.data(), data.size());
    return ok;
  }

  const HANDLE top_;
  HANDLE current_;
  std::optional<KeyHandle> subkey_;
  void* const context_;
  const WCHAR* const environment_;
};

// Not inlined: in a function that is noexcept an exception of a routine would leave the key open.
[[gnu::noinline]] Status query_values(ULONG relative_to, const WCHAR* path, const Row* table, void* context,
                                      const WCHAR* environment) {
  TRY(require(table));
  const KeyHandle top = TRY(key_at(relative_to, path, nt::KEY_READ));
  return ValueQuery(top.get(), context, environment).run(table);
}
HM_WINAPI NTSTATUS RtlQueryRegistryValues(ULONG relative_to, const WCHAR* path, const Row* table, void* context,
                                          const WCHAR* environment) noexcept {
  return status_of([&] { return query_values(relative_to, path, table, context, environment); });
}

const Export kRows[] = {
    {"RtlCheckRegistryKey", proc(RtlCheckRegistryKey)},
    {"RtlCreateRegistryKey", proc(RtlCreateRegistryKey)},
    {"RtlDeleteRegistryValue", proc(RtlDeleteRegistryValue)},
    {"RtlFormatCurrentUserKeyPath", proc(RtlFormatCurrentUserKeyPath)},
    {"RtlOpenCurrentUser", proc(RtlOpenCurrentUser)},
    {"RtlQueryRegistryValues", proc(RtlQueryRegistryValues)},
    {"RtlQueryRegistryValuesEx", proc(RtlQueryRegistryValues)},
    {"RtlWriteRegistryValue", proc(RtlWriteRegistryValue)},
};

}  // namespace

extern const ExportTable registry_values_exports = kRows;

}  // namespace hmodule::winapi
