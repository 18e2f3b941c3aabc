// The Nt and Rtl functions of the registry: structures, sizes and statuses.
#include "nt/registry.h"

#include "unit/winapi/process.h"
#include "win/ntregapi.h"

#include <gmock/gmock.h>

#include <cstring>
#include <string>

namespace hmodule::winapi {
namespace {

template <typename... Args>
Function<NTSTATUS, Args...> nt_function(std::string_view name) {
  return function<NTSTATUS, Args...>(ntdll_dll, name);
}
const auto close = nt_function<HANDLE>;
const auto query_key = nt_function<HANDLE, LONG, void*, ULONG, ULONG*>;
const auto query_value = nt_function<HANDLE, const UNICODE_STRING*, LONG, void*, ULONG, ULONG*>;
const auto rtl = nt_function<ULONG, const WCHAR*, const RTL_QUERY_REGISTRY_TABLE*, void*, const WCHAR*>;

// Keeps its text, so that a UNICODE_STRING may point to it.
struct Name {
  explicit Name(std::u16string_view given) : characters(given) {}
  UNICODE_STRING* operator&() {
    const auto size = static_cast<USHORT>(characters.size() * 2);
    text = {size, size, characters.data()};
    return &text;
  }
  std::u16string characters;
  UNICODE_STRING text = {};
};

class NtRegistry : public testing::Test {
 protected:
  NtRegistry() {
    process();
    EXPECT_EQ(create(nullptr, path(), &key_), STATUS_SUCCESS);
  }
  ~NtRegistry() override {
    EXPECT_EQ(close("NtDeleteKey")(key_), STATUS_SUCCESS);
    EXPECT_EQ(close("NtClose")(key_), STATUS_SUCCESS);
  }
  static std::u16string path() { return nt::current_user_key() + u"\\Software\\NtRegistryTest"; }
  static NTSTATUS create(HANDLE root, std::u16string_view text, HANDLE* key, ULONG* disposition = nullptr,
                         std::u16string_view class_name = {}) {
    Name name(text), kind(class_name);
    const OBJECT_ATTRIBUTES attributes = {sizeof attributes, root, &name, nt::OBJ_CASE_INSENSITIVE, nullptr, nullptr};
    return nt_function<HANDLE*, ULONG, const OBJECT_ATTRIBUTES*, ULONG, UNICODE_STRING*, ULONG, ULONG*>("NtCreateKey")(
        key, nt::KEY_ALL_ACCESS, &attributes, 0, &kind, 0, disposition);
  }
  NTSTATUS set(std::u16string_view text, ULONG type, const void* data, ULONG size) {
    Name name(text);
    return nt_function<HANDLE, UNICODE_STRING*, ULONG, ULONG, const void*, ULONG>("NtSetValueKey")(key_, &name, 0, type,
                                                                                                   data, size);
  }
  NTSTATUS set(std::u16string_view name, const std::u16string& text, ULONG type = nt::REG_SZ) {
    return set(name, type, text.c_str(), static_cast<ULONG>(text.size() + 1) * 2);
  }
  NTSTATUS remove(std::u16string_view text) {
    Name name(text);
    return nt_function<HANDLE, UNICODE_STRING*>("NtDeleteValueKey")(key_, &name);
  }

  HANDLE key_ = nullptr;
  alignas(8) std::byte buffer_[512] = {};
  ULONG needed_ = 0;
};

TEST_F(NtRegistry, ArgumentsAreChecked) {
  HANDLE key = nullptr;
  Name name(u"\\Registry\\Machine");
  OBJECT_ATTRIBUTES attributes = {sizeof attributes, nullptr, &name, 0, nullptr, nullptr};
  const auto open = nt_function<HANDLE*, ULONG, const OBJECT_ATTRIBUTES*>("NtOpenKey");
  EXPECT_EQ(open(&key, nt::KEY_READ, nullptr), STATUS_ACCESS_VIOLATION);
  EXPECT_EQ(open(nullptr, nt::KEY_READ, &attributes), STATUS_ACCESS_VIOLATION);
  attributes.Length = 4;
  EXPECT_EQ(open(&key, nt::KEY_READ, &attributes), STATUS_INVALID_PARAMETER);
  attributes.Length = sizeof attributes;
  EXPECT_EQ(open(&key, nt::KEY_READ, &attributes), STATUS_SUCCESS);
  EXPECT_EQ(set(u"x", nt::REG_SZ, nullptr, 2), STATUS_ACCESS_VIOLATION);
  EXPECT_EQ((nt_function<HANDLE, UNICODE_STRING*>("NtDeleteValueKey")(key, &name)), STATUS_ACCESS_DENIED);
  EXPECT_EQ(close("NtDeleteKey")(key), STATUS_ACCESS_DENIED);
  EXPECT_EQ(close("NtClose")(key), STATUS_SUCCESS);
  EXPECT_EQ(close("NtDeleteKey")(key), STATUS_INVALID_HANDLE);
  EXPECT_EQ(close("NtSaveKey")(key), STATUS_PRIVILEGE_NOT_HELD);
}

TEST_F(NtRegistry, KeyInformationHasAFixedPartAndARest) {
  HANDLE child = nullptr;
  ULONG disposition = 0;
  ASSERT_EQ(create(key_, u"Child", &child, &disposition, u"kind"), STATUS_SUCCESS);
  EXPECT_EQ(disposition, REG_CREATED_NEW_KEY);

  EXPECT_EQ(query_key("NtQueryKey")(child, KeyBasicInformation, buffer_, 15, &needed_), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(needed_, 26u);
  EXPECT_EQ(query_key("NtQueryKey")(child, KeyBasicInformation, buffer_, 16, &needed_), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(reinterpret_cast<KEY_BASIC_INFORMATION*>(buffer_)->NameLength, 10u);
  EXPECT_EQ(query_key("NtQueryKey")(child, KeyBasicInformation, buffer_, 26, &needed_), STATUS_SUCCESS);
  EXPECT_EQ(std::memcmp(buffer_ + 16, u"Child", 10), 0);

  EXPECT_EQ(query_key("NtQueryKey")(child, KeyNodeInformation, buffer_, sizeof buffer_, &needed_), STATUS_SUCCESS);
  const auto& node = *reinterpret_cast<KEY_NODE_INFORMATION*>(buffer_);
  EXPECT_EQ(node.ClassOffset, 36u);
  EXPECT_EQ(node.ClassLength, 8u);
  EXPECT_EQ(std::memcmp(buffer_ + 36, u"kind", 8), 0);
  EXPECT_EQ(needed_, 44u);

  EXPECT_EQ(query_key("NtQueryKey")(key_, KeyFullInformation, buffer_, sizeof buffer_, &needed_), STATUS_SUCCESS);
  const auto& full = *reinterpret_cast<KEY_FULL_INFORMATION*>(buffer_);
  EXPECT_EQ(needed_, 44u);
  EXPECT_EQ(full.ClassOffset, 0xFFFFFFFFu);
  EXPECT_EQ(full.SubKeys, 1u);
  EXPECT_EQ(full.MaxNameLen, 10u);
  EXPECT_EQ(full.MaxClassLen, 8u);

  EXPECT_EQ(query_key("NtQueryKey")(child, KeyNameInformation, buffer_, 0, &needed_), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(query_key("NtQueryKey")(child, KeyNameInformation, buffer_, sizeof buffer_, &needed_), STATUS_SUCCESS);
  const std::u16string name = path() + u"\\Child";
  EXPECT_EQ(needed_, 4 + name.size() * 2);
  EXPECT_EQ(std::memcmp(buffer_ + 4, name.data(), name.size() * 2), 0);

  constexpr LONG kObjectNameInformation = 1;
  EXPECT_EQ((nt_function<HANDLE, LONG, void*, ULONG, ULONG*>("NtQueryObject")(child, kObjectNameInformation, buffer_,
                                                                              sizeof buffer_, &needed_)),
            STATUS_SUCCESS);
  EXPECT_EQ(std::u16string_view(reinterpret_cast<UNICODE_STRING*>(buffer_)->Buffer), name);

  EXPECT_EQ(query_key("NtQueryKey")(key_, KeyCachedInformation, buffer_, sizeof buffer_, &needed_), STATUS_SUCCESS);
  EXPECT_EQ(needed_, 40u);
  EXPECT_EQ(query_key("NtQueryKey")(key_, KeyFlagsInformation, buffer_, sizeof buffer_, &needed_), STATUS_SUCCESS);
  EXPECT_EQ(query_key("NtQueryKey")(key_, 99, buffer_, sizeof buffer_, &needed_), STATUS_INVALID_PARAMETER);

  const auto enumerate = nt_function<HANDLE, ULONG, LONG, void*, ULONG, ULONG*>("NtEnumerateKey");
  EXPECT_EQ(enumerate(key_, 0, KeyBasicInformation, buffer_, 26, &needed_), STATUS_SUCCESS);
  EXPECT_EQ(enumerate(key_, 1, KeyBasicInformation, buffer_, 26, &needed_), STATUS_NO_MORE_ENTRIES);
  EXPECT_EQ(close("NtDeleteKey")(key_), STATUS_CANNOT_DELETE);
  EXPECT_EQ(close("NtDeleteKey")(child), STATUS_SUCCESS);
  EXPECT_EQ(query_key("NtQueryKey")(child, KeyBasicInformation, buffer_, 26, &needed_), STATUS_KEY_DELETED);
  EXPECT_EQ(close("NtClose")(child), STATUS_SUCCESS);
}

TEST_F(NtRegistry, ValuesComeInFiveForms) {
  Name name(u"abc");
  EXPECT_EQ(set(u"abc", nt::REG_BINARY, "12345", 5), STATUS_SUCCESS);
  EXPECT_EQ(query_value("NtQueryValueKey")(key_, &name, KeyValueBasicInformation, buffer_, 512, &needed_),
            STATUS_SUCCESS);
  EXPECT_EQ(needed_, 18u);
  EXPECT_EQ(query_value("NtQueryValueKey")(key_, &name, KeyValueFullInformation, buffer_, 512, &needed_),
            STATUS_SUCCESS);
  const auto& full = *reinterpret_cast<KEY_VALUE_FULL_INFORMATION*>(buffer_);
  EXPECT_EQ(full.DataOffset, 28u);
  EXPECT_EQ(full.DataLength, 5u);
  EXPECT_EQ(std::memcmp(buffer_ + 28, "12345", 5), 0);
  EXPECT_EQ(query_value("NtQueryValueKey")(key_, &name, KeyValueFullInformationAlign64, buffer_, 512, &needed_),
            STATUS_SUCCESS);
  EXPECT_EQ(full.DataOffset, 32u);
  EXPECT_EQ(query_value("NtQueryValueKey")(key_, &name, KeyValuePartialInformation, buffer_, 11, &needed_),
            STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(needed_, 17u);
  EXPECT_EQ(query_value("NtQueryValueKey")(key_, &name, KeyValuePartialInformation, buffer_, 16, &needed_),
            STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(query_value("NtQueryValueKey")(key_, &name, KeyValuePartialInformationAlign64, buffer_, 512, &needed_),
            STATUS_SUCCESS);
  EXPECT_EQ(std::memcmp(buffer_ + 8, "12345", 5), 0);
  EXPECT_EQ(query_value("NtQueryValueKey")(key_, &name, 9, buffer_, 512, &needed_), STATUS_INVALID_PARAMETER);
  const auto enumerate = nt_function<HANDLE, ULONG, LONG, void*, ULONG, ULONG*>("NtEnumerateValueKey");
  EXPECT_EQ(enumerate(key_, 0, KeyValueBasicInformation, buffer_, 512, &needed_), STATUS_SUCCESS);
  EXPECT_EQ(enumerate(key_, 1, KeyValueBasicInformation, buffer_, 512, &needed_), STATUS_NO_MORE_ENTRIES);
  EXPECT_EQ(remove(u"ABC"), STATUS_SUCCESS);
  EXPECT_EQ(remove(u"abc"), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(NtRegistry, SeveralValuesAtOnce) {
  EXPECT_EQ(set(u"a", nt::REG_BINARY, "12345", 5), STATUS_SUCCESS);
  EXPECT_EQ(set(u"b", nt::REG_DWORD, "6789", 4), STATUS_SUCCESS);
  Name a(u"a"), b(u"b");
  KEY_VALUE_ENTRY entries[] = {{&a, 0, 0, 0}, {&b, 0, 0, 0}};
  const auto query = nt_function<HANDLE, KEY_VALUE_ENTRY*, ULONG, void*, ULONG*, ULONG*>("NtQueryMultipleValueKey");
  ULONG size = 11;
  EXPECT_EQ(query(key_, entries, 2, buffer_, &size, &needed_), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(needed_, 12u);
  size = 12;
  EXPECT_EQ(query(key_, entries, 2, buffer_, &size, &needed_), STATUS_SUCCESS);
  EXPECT_EQ(entries[1].DataOffset, 8u);
  EXPECT_EQ(entries[1].Type, nt::REG_DWORD);
  EXPECT_EQ(std::memcmp(buffer_ + 8, "6789", 4), 0);
}

TEST_F(NtRegistry, WaitingCanBeDoneElsewhere) {
  IO_STATUS_BLOCK block = {};
  const auto notify =
      nt_function<HANDLE, HANDLE, void*, void*, IO_STATUS_BLOCK*, ULONG, BOOLEAN, void*, ULONG, BOOLEAN>(
          "NtNotifyChangeKey");
  EXPECT_EQ(notify(key_, nullptr, nullptr, nullptr, &block, 4, 0, nullptr, 0, 1), STATUS_PENDING);
  EXPECT_EQ(set(u"x", nt::REG_SZ, nullptr, 0), STATUS_SUCCESS);
  EXPECT_EQ(block.Status, STATUS_NOTIFY_ENUM_DIR);
}

// --- Rtl ---

struct Seen {
  std::u16string all;
};
HM_WINAPI NTSTATUS note(const WCHAR* name, ULONG type, void* data, ULONG size, void* context, void* entry) noexcept {
  auto& seen = *static_cast<Seen*>(context);
  seen.all += entry == nullptr ? u"" : static_cast<const WCHAR*>(entry);
  seen.all += std::u16string(name == nullptr ? u"-" : name) + u':' + static_cast<char16_t>(u'0' + type) + u':';
  if (type == nt::REG_SZ) seen.all += std::u16string(static_cast<const WCHAR*>(data), size / 2 - 1);
  seen.all += u';';
  return STATUS_SUCCESS;
}

TEST_F(NtRegistry, TablesOfQuestionsAreWorkedOff) {
  EXPECT_EQ(set(u"s", u"text"), STATUS_SUCCESS);
  EXPECT_EQ(set(u"e", u"%SystemDrive%!", nt::REG_EXPAND_SZ), STATUS_SUCCESS);
  EXPECT_EQ(set(u"m",
                std::u16string(u"1\0"
                               u"2\0",
                               4),
                nt::REG_MULTI_SZ),
            STATUS_SUCCESS);
  Seen seen;
  std::u16string mark = u"*";
  RTL_QUERY_REGISTRY_TABLE table[] = {
      {note, 0, u"s", mark.data(), 0, nullptr, 0},
      {note, 0, u"e", nullptr, 0, nullptr, 0},
      {note, RTL_QUERY_REGISTRY_NOEXPAND, u"e", nullptr, 0, nullptr, 0},
      {note, 0, u"m", nullptr, 0, nullptr, 0},
      {note, 0, u"absent", nullptr, nt::REG_SZ, u"default", 0},
      {note, 0, u"skipped", nullptr, 0, nullptr, 0},
      {},
  };
  EXPECT_EQ(rtl("RtlQueryRegistryValues")(0, path().c_str(), table, &seen, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(seen.all, u"*s:1:text;e:1:C:!;e:2:;m:1:1;m:1:2;absent:1:default;");
  table[5].Flags = RTL_QUERY_REGISTRY_REQUIRED;
  EXPECT_EQ(rtl("RtlQueryRegistryValues")(0, path().c_str(), table, &seen, nullptr), STATUS_OBJECT_NAME_NOT_FOUND);
  table[0] = {note, RTL_QUERY_REGISTRY_DELETE, nullptr, nullptr, 0, nullptr, 0};
  table[1] = {};
  EXPECT_EQ(rtl("RtlQueryRegistryValuesEx")(0, path().c_str(), table, &seen, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(remove(u"s"), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(NtRegistry, AnswersCanGoStraightToVariables) {
  const ULONG number = 77;
  EXPECT_EQ(set(u"n", nt::REG_DWORD, &number, 4), STATUS_SUCCESS);
  EXPECT_EQ(set(u"s", u"text"), STATUS_SUCCESS);
  EXPECT_EQ(set(u"b", nt::REG_BINARY, "12345678", 8), STATUS_SUCCESS);
  ULONG result = 0;
  UNICODE_STRING text = {};
  struct {
    LONG size;
    ULONG type;
    char data[8];
  } sized = {16, 0, {}};
  RTL_QUERY_REGISTRY_TABLE table[] = {
      {nullptr, RTL_QUERY_REGISTRY_DIRECT, u"n", &result, 0, nullptr, 0},
      {nullptr, RTL_QUERY_REGISTRY_DIRECT, u"s", &text, 0, nullptr, 0},
      {nullptr, RTL_QUERY_REGISTRY_DIRECT, u"b", &sized, 0, nullptr, 0},
      {},
  };
  EXPECT_EQ(rtl("RtlQueryRegistryValues")(0, path().c_str(), table, nullptr, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(result, 77u);
  EXPECT_EQ(std::u16string_view(text.Buffer, text.Length / 2), u"text");
  function<void*, UNICODE_STRING*>(ntdll_dll, "RtlFreeUnicodeString")(&text);
  EXPECT_EQ(sized.size, 8);
  EXPECT_EQ(sized.type, nt::REG_BINARY);
  EXPECT_EQ(std::memcmp(sized.data, "12345678", 8), 0);
  table[0].QueryRoutine = note;
  EXPECT_EQ(rtl("RtlQueryRegistryValues")(0, path().c_str(), table, nullptr, nullptr), STATUS_INVALID_PARAMETER);
}

TEST_F(NtRegistry, SingleValuesByPath) {
  EXPECT_EQ((nt_function<ULONG, const WCHAR*, const WCHAR*, ULONG, const void*, ULONG>("RtlWriteRegistryValue")(
                RTL_REGISTRY_USER, u"Software\\NtRegistryTest", u"v", nt::REG_SZ, u"x", 4)),
            STATUS_SUCCESS);
  EXPECT_EQ((nt_function<ULONG, const WCHAR*>("RtlCheckRegistryKey")(RTL_REGISTRY_WINDOWS_NT, u"Time Zones")),
            STATUS_SUCCESS);
  EXPECT_EQ((nt_function<ULONG, const WCHAR*>("RtlCheckRegistryKey")(RTL_REGISTRY_CONTROL, u"absent")),
            STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ((nt_function<ULONG, const WCHAR*>("RtlCheckRegistryKey")(9, u"")), STATUS_INVALID_PARAMETER);
  EXPECT_EQ((nt_function<ULONG, const WCHAR*, const WCHAR*>("RtlDeleteRegistryValue")(
                RTL_REGISTRY_HANDLE, static_cast<const WCHAR*>(key_), u"v")),
            STATUS_SUCCESS);
  HANDLE user = nullptr;
  EXPECT_EQ((nt_function<ULONG, HANDLE*>("RtlOpenCurrentUser")(nt::KEY_READ, &user)), STATUS_SUCCESS);
  EXPECT_EQ(close("NtClose")(user), STATUS_SUCCESS);
  UNICODE_STRING name = {};
  EXPECT_EQ((nt_function<UNICODE_STRING*>("RtlFormatCurrentUserKeyPath")(&name)), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string_view(name.Buffer, name.Length / 2), nt::current_user_key());
  function<void*, UNICODE_STRING*>(ntdll_dll, "RtlFreeUnicodeString")(&name);
}

}  // namespace
}  // namespace hmodule::winapi
