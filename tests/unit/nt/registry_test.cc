#include "nt/registry.h"

#include "base/utf.h"
#include "nt/event.h"
#include "nt/process_parameters.h"
#include "thread/peb.h"
#include "thread/teb.h"

#include <gmock/gmock.h>

#include <cstring>
#include <thread>

namespace hmodule::nt {
namespace {

using testing::ElementsAre;

template <typename T>
NTSTATUS status(const Result<T>& result) {
  return result ? STATUS_SUCCESS : result.error().status;
}
std::span<const std::byte> bytes(std::u16string_view text) {
  return std::as_bytes(std::span(text));
}
std::u16string text(const RegistryValue& value) {
  std::u16string result(value.data.size() / 2, u'\0');
  std::memcpy(result.data(), value.data.data(), result.size() * 2);
  return result;
}

// A key of the test's own below the user's.
class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    thread::attach();
    set_up_process();
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    name_ = current_user_key() + u"\\Software\\" + utf16(test->name());
    handle_ = create(name_);
    key_ = *object_of<Key>(handle_, 0);
  }
  ~RegistryTest() override { EXPECT_TRUE(handles().close(handle_)); }

  static HANDLE create(std::u16string_view name, HANDLE root = nullptr, ULONG options = 0) {
    const auto created = create_key({root, name, OBJ_CASE_INSENSITIVE}, KEY_ALL_ACCESS, {}, options);
    EXPECT_TRUE(created) << created.error().reason;
    return created ? created->handle : nullptr;
  }
  void make(std::u16string_view name, ULONG options = 0) {
    EXPECT_TRUE(handles().close(create(name, handle_, options)));
  }
  NTSTATUS try_create(std::u16string_view name, ULONG options = 0) {
    const auto created = create_key({handle_, name, 0}, KEY_ALL_ACCESS, {}, options);
    if (created) {
      EXPECT_TRUE(handles().close(created->handle));
    }
    return status(created);
  }
  Ref<Key> open(std::u16string_view name) { return *open_key(name_ + u'\\' + std::u16string(name)); }
  NTSTATUS try_open(std::u16string_view name) {
    const auto opened = open_key({handle_, name, 0}, KEY_READ);
    if (opened) {
      EXPECT_TRUE(handles().close(*opened));
    }
    return status(opened);
  }
  std::vector<std::u16string> subkeys() {
    std::vector<std::u16string> names;
    for (ULONG i = 0;; ++i) {
      const auto row = key_->subkey(i);
      if (!row) {
        EXPECT_EQ(row.error().status, STATUS_NO_MORE_ENTRIES);
        return names;
      }
      names.push_back(row->name);
    }
  }
  std::vector<std::u16string> values() {
    std::vector<std::u16string> names;
    for (ULONG i = 0; key_->value(i); ++i) names.push_back(key_->value(i)->name);
    return names;
  }

  std::u16string name_;
  HANDLE handle_ = nullptr;
  Ref<Key> key_;
};

TEST_F(RegistryTest, NamesKeepTheirCaseAndAreFoundWithoutIt) {
  make(u"MixedCase");
  EXPECT_EQ(try_open(u"mixedCASE"), STATUS_SUCCESS);
  EXPECT_EQ(open(u"MIXEDCASE")->row()->name, u"MixedCase");
  EXPECT_TRUE(key_->set_value(u"Größe", REG_SZ, bytes(u"1")));
  EXPECT_TRUE(key_->set_value(u"GRÖßE", REG_SZ, bytes(u"2")));
  const auto value = key_->value(u"größe");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->name, u"Größe");
  EXPECT_EQ(text(*value), u"2");
}

TEST_F(RegistryTest, NamesMayHoldAnyUnit) {
  const std::u16string lone = u"a\xD800z", zero(u"x\0y", 3);
  make(lone);
  make(zero);
  EXPECT_EQ(open(lone)->row()->name, lone);
  EXPECT_EQ(open(zero)->row()->name, zero);
  EXPECT_EQ(open(zero)->path(), key_->path() + u'\\' + zero);
}

TEST_F(RegistryTest, FullNamesBeginAtTheRoot) {
  EXPECT_EQ(key_->path(), name_);
  EXPECT_EQ((*open_key(u"\\registry\\machine"))->path(), u"\\REGISTRY\\MACHINE");
  EXPECT_EQ((*open_key(u"\\REGISTRY"))->path(), u"\\REGISTRY");
}

TEST_F(RegistryTest, PathsAreAbsoluteOrBelowARootKey) {
  EXPECT_EQ(status(open_key({nullptr, u"Machine", 0}, KEY_READ)), STATUS_OBJECT_PATH_SYNTAX_BAD);
  EXPECT_EQ(status(open_key({nullptr, u"", 0}, KEY_READ)), STATUS_OBJECT_PATH_SYNTAX_BAD);
  EXPECT_EQ(status(open_key({nullptr, u"\\Elsewhere", 0}, KEY_READ)), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(status(open_key({nullptr, u"\\Elsewhere\\x", 0}, KEY_READ)), STATUS_OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(try_open(u"\\Registry\\Machine"), STATUS_OBJECT_PATH_SYNTAX_BAD);
  EXPECT_EQ(try_open(u""), STATUS_SUCCESS);  // the root key once more
  make(u"a");
  EXPECT_EQ(try_open(u"a\\"), STATUS_SUCCESS);
  EXPECT_EQ(try_open(u"a\\\\"), STATUS_SUCCESS);
  EXPECT_EQ(status(open_key({nullptr, u"\\Registry\\\\Machine\\", 0}, KEY_READ)), STATUS_SUCCESS);
}

TEST_F(RegistryTest, OnlyTheLastNameIsMade) {
  EXPECT_EQ(try_create(u"a\\b"), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(try_create(u"a"), STATUS_SUCCESS);
  EXPECT_EQ(try_create(u"a\\b"), STATUS_SUCCESS);
  EXPECT_TRUE(create_key({handle_, u"a", 0}, KEY_READ)->existed);
  EXPECT_EQ(try_create(std::u16string(256, u'x')), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(try_create(std::u16string(255, u'x')), STATUS_SUCCESS);
  EXPECT_EQ(try_create(u"c", 0x80), STATUS_INVALID_PARAMETER);
}

TEST_F(RegistryTest, SubkeysAreListedByNameAndValuesByAge) {
  for (const char16_t* name : {u"b", u"A", u"c"}) make(name);
  make(u"0", REG_OPTION_VOLATILE);
  EXPECT_THAT(subkeys(), ElementsAre(u"A", u"b", u"c", u"0"));
  for (const char16_t* name : {u"z", u"m", u"a"}) EXPECT_TRUE(key_->set_value(name, REG_SZ, {}));
  EXPECT_TRUE(key_->set_value(u"z", REG_DWORD, bytes(u"ab")));
  EXPECT_THAT(values(), ElementsAre(u"z", u"m", u"a"));
  EXPECT_TRUE(key_->remove_value(u"M"));
  EXPECT_THAT(values(), ElementsAre(u"z", u"a"));
  EXPECT_TRUE(open(u"b")->remove());
  EXPECT_THAT(subkeys(), ElementsAre(u"A", u"c", u"0"));
}

TEST_F(RegistryTest, DataAreKeptAsTheyAre) {
  const std::byte odd[] = {std::byte{1}, std::byte{0}, std::byte{255}};
  EXPECT_TRUE(key_->set_value(u"", REG_SZ, odd));
  EXPECT_THAT(key_->value(u"")->data, testing::ElementsAreArray(odd));
  EXPECT_TRUE(key_->set_value(u"none", 0x12345678, {}));
  EXPECT_EQ(key_->value(u"none")->type, 0x12345678u);
  EXPECT_THAT(key_->value(u"none")->data, testing::IsEmpty());
  EXPECT_EQ(status(key_->set_value(std::u16string(16384, u'n'), REG_SZ, {})), STATUS_INVALID_PARAMETER);
  EXPECT_TRUE(key_->set_value(std::u16string(16383, u'n'), REG_SZ, {}));
  EXPECT_EQ(status(key_->value(u"absent")), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(status(key_->remove_value(u"absent")), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(RegistryTest, AKeyWithSubkeysCannotBeDeleted) {
  make(u"a");
  make(u"a\\b");
  const Ref<Key> key = open(u"a");
  EXPECT_EQ(status(key->remove()), STATUS_CANNOT_DELETE);
  EXPECT_TRUE(open(u"a\\b")->remove());
  EXPECT_TRUE(key->remove());
  EXPECT_EQ(try_open(u"a"), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(status((*open_key(u"\\Registry\\Machine"))->remove()), STATUS_CANNOT_DELETE);
}

TEST_F(RegistryTest, AnOpenKeyOutlivesItsDeletion) {
  make(u"a");
  const HANDLE handle = create(u"a", handle_);
  const Ref<Key> key = *object_of<Key>(handle, 0);
  EXPECT_TRUE(key->remove());
  make(u"a");  // the name is free; the handle stays what it was
  EXPECT_EQ(status(key->row()), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->counts()), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->remove()), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->rename(u"b")), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->subkey(0)), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->value(0)), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->value(u"v")), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->set_value(u"v", REG_SZ, {})), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->remove_value(u"v")), STATUS_KEY_DELETED);
  EXPECT_EQ(status(key->notify({}, REG_NOTIFY_CHANGE_NAME, false)), STATUS_KEY_DELETED);
  EXPECT_EQ(status(open_key({handle, u"x", 0}, KEY_READ)), STATUS_KEY_DELETED);
  EXPECT_EQ(status(create_key({handle, u"x", 0}, KEY_READ)), STATUS_KEY_DELETED);
  EXPECT_EQ(key->path(), u"");
  EXPECT_TRUE(handles().close(handle));
}

TEST_F(RegistryTest, BelowAVolatileKeyAllAreVolatile) {
  make(u"v", REG_OPTION_VOLATILE);
  EXPECT_TRUE(is_volatile(open(u"v")->id()));
  EXPECT_EQ(try_create(u"v\\stable"), STATUS_CHILD_MUST_BE_VOLATILE);
  EXPECT_EQ(try_create(u"v\\too", REG_OPTION_VOLATILE), STATUS_SUCCESS);
  EXPECT_TRUE(open(u"v\\too")->set_value(u"x", REG_SZ, bytes(u"y")));
  EXPECT_EQ(open(u"v")->counts()->subkeys, 1u);
  EXPECT_TRUE(open(u"v\\too")->remove());
}

TEST_F(RegistryTest, RenamingKeepsWhatIsInside) {
  make(u"a");
  make(u"a\\b");
  make(u"c");
  EXPECT_EQ(status(open(u"a")->rename(u"C")), STATUS_CANNOT_DELETE);
  EXPECT_EQ(status(open(u"a")->rename(u"x\\y")), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status(open(u"a")->rename(u"")), STATUS_INVALID_PARAMETER);
  EXPECT_TRUE(open(u"a")->rename(u"A"));  // only the case
  EXPECT_TRUE(open(u"a")->rename(u"d"));
  EXPECT_THAT(subkeys(), ElementsAre(u"c", u"d"));
  EXPECT_EQ(try_open(u"d\\b"), STATUS_SUCCESS);
}

TEST_F(RegistryTest, LinksAreFollowedUnlessTheyAreMeant) {
  make(u"target");
  make(u"target\\inside");
  const HANDLE handle = create(u"link", handle_, REG_OPTION_CREATE_LINK);
  const Ref<Key> link = *object_of<Key>(handle, 0);
  EXPECT_EQ(status(link->set_value(u"Other", REG_LINK, {})), STATUS_ACCESS_DENIED);
  EXPECT_EQ(status(link->set_value(u"SymbolicLinkValue", REG_SZ, {})), STATUS_ACCESS_DENIED);
  EXPECT_EQ(try_open(u"link"), STATUS_OBJECT_NAME_NOT_FOUND);  // no target yet
  EXPECT_TRUE(link->set_value(u"SymbolicLinkValue", REG_LINK, bytes(name_ + u"\\target")));
  EXPECT_EQ(open(u"link\\inside")->path(), name_ + u"\\target\\inside");
  EXPECT_EQ(open(u"link")->path(), name_ + u"\\target");
  const HANDLE meant = *open_key({handle_, u"link", 0}, KEY_READ, REG_OPTION_OPEN_LINK);
  EXPECT_EQ((*object_of<Key>(meant, 0))->path(), name_ + u"\\link");
  EXPECT_TRUE(link->set_value(u"SymbolicLinkValue", REG_LINK, bytes(name_ + u"\\nowhere")));
  EXPECT_EQ(try_create(u"link"), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_TRUE(link->set_value(u"SymbolicLinkValue", REG_LINK, bytes(name_ + u"\\link")));
  EXPECT_EQ(try_open(u"link"), STATUS_OBJECT_NAME_NOT_FOUND);  // a circle
  EXPECT_TRUE(handles().close(meant));
  EXPECT_TRUE(handles().close(handle));
}

TEST_F(RegistryTest, CountsAndTimesFollowTheChanges) {
  const LARGE_INTEGER before = key_->row()->written;
  make(u"four");
  EXPECT_TRUE(key_->set_value(u"name", REG_SZ, bytes(u"12345")));
  const KeyCounts counts = *key_->counts();
  EXPECT_EQ(counts.subkeys, 1u);
  EXPECT_EQ(counts.longest_subkey, 8u);
  EXPECT_EQ(counts.values, 1u);
  EXPECT_EQ(counts.longest_value_name, 8u);
  EXPECT_EQ(counts.longest_value, 10u);
  EXPECT_GT(key_->row()->written, before);
}

TEST_F(RegistryTest, HandlesCarryTheRightsTheyWereOpenedWith) {
  const HANDLE reader = *open_key({handle_, u"", 0}, KEY_READ | KEY_WOW64_64KEY);
  EXPECT_EQ(status(object_of<Key>(reader, KEY_SET_VALUE)), STATUS_ACCESS_DENIED);
  EXPECT_EQ(handles().find(reader)->access, KEY_READ);
  const HANDLE all = *open_key({handle_, u"", 0}, MAXIMUM_ALLOWED);
  EXPECT_EQ(handles().find(all)->access, KEY_ALL_ACCESS);
  EXPECT_TRUE(handles().close(reader));
  EXPECT_TRUE(handles().close(all));
}

// --- notifications ---

class RegistryNotices : public RegistryTest {
 protected:
  NTSTATUS wait_for(ULONG filter, bool subtree) {
    event_->reset();
    const auto answer = key_->notify({.status_block = &block_, .event = event_}, filter, subtree);
    return answer ? *answer : answer.error().status;
  }
  const Ref<Event> event_ = make_object<Event>(Event::Kind::notification, false);
  IO_STATUS_BLOCK block_ = {};
};

TEST_F(RegistryNotices, TellOfTheKindsAskedFor) {
  ASSERT_EQ(wait_for(REG_NOTIFY_CHANGE_LAST_SET, false), STATUS_PENDING);
  make(u"a");
  EXPECT_FALSE(event_->is_set());
  EXPECT_TRUE(open(u"a")->set_value(u"v", REG_SZ, {}));
  EXPECT_FALSE(event_->is_set());
  EXPECT_TRUE(key_->set_value(u"v", REG_SZ, {}));
  EXPECT_TRUE(event_->is_set());
  EXPECT_EQ(block_.Status, STATUS_NOTIFY_ENUM_DIR);
}

TEST_F(RegistryNotices, SeeTheWholeTreeIfAsked) {
  make(u"a");
  ASSERT_EQ(wait_for(REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET, true), STATUS_PENDING);
  EXPECT_TRUE(open(u"a")->set_value(u"v", REG_SZ, {}));
  EXPECT_TRUE(event_->is_set());
}

TEST_F(RegistryNotices, ChangesBetweenTwoCallsAreNotLost) {
  ASSERT_EQ(wait_for(REG_NOTIFY_CHANGE_NAME, false), STATUS_PENDING);
  make(u"a");
  make(u"b");
  EXPECT_EQ(wait_for(REG_NOTIFY_CHANGE_NAME, false), STATUS_NOTIFY_ENUM_DIR);
  EXPECT_TRUE(event_->is_set());
  EXPECT_EQ(wait_for(REG_NOTIFY_CHANGE_NAME, false), STATUS_PENDING);
  EXPECT_TRUE(open(u"b")->remove());
  EXPECT_TRUE(event_->is_set());
}

TEST_F(RegistryNotices, EndWithTheHandleAndWithTheKey) {
  make(u"a");
  const HANDLE handle = create(u"a", handle_);
  {
    const Ref<Key> key = *object_of<Key>(handle, 0);
    ASSERT_EQ(*key->notify({.status_block = &block_, .event = event_}, REG_NOTIFY_CHANGE_NAME, false), STATUS_PENDING);
  }
  EXPECT_TRUE(handles().close(handle));
  EXPECT_TRUE(event_->is_set());
  EXPECT_EQ(block_.Status, STATUS_NOTIFY_CLEANUP);

  event_->reset();
  const HANDLE second = create(u"a", handle_);
  const Ref<Key> key = *object_of<Key>(second, 0);
  ASSERT_EQ(*key->notify({.status_block = &block_, .event = event_}, REG_NOTIFY_CHANGE_NAME, false), STATUS_PENDING);
  EXPECT_TRUE(open(u"a")->remove());
  EXPECT_TRUE(event_->is_set());
  EXPECT_EQ(block_.Status, STATUS_NOTIFY_CLEANUP);
  EXPECT_TRUE(handles().close(second));
}

TEST_F(RegistryNotices, WantAFilter) {
  EXPECT_EQ(wait_for(0, false), STATUS_INVALID_PARAMETER);
}

// --- defaults ---

std::u16string default_text(std::u16string_view key, std::u16string_view name) {
  const auto opened = open_key(key);
  EXPECT_TRUE(opened) << utf8(key);
  const auto value = (*opened)->value(name);
  EXPECT_TRUE(value) << utf8(name);
  return value ? text(*value).c_str() : u"";
}
std::vector<std::u16string> default_subkeys(std::u16string_view key) {
  std::vector<std::u16string> names;
  const auto opened = open_key(key);
  for (ULONG i = 0; (*opened)->subkey(i); ++i) names.push_back((*opened)->subkey(i)->name);
  return names;
}

TEST_F(RegistryTest, DefaultsAgreeWithTheRestOfTheSystem) {
  constexpr std::u16string_view kVersion = u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion";
  EXPECT_EQ(default_text(kVersion, u"CurrentBuildNumber"), utf16(std::to_string(thread::peb().OSBuildNumber)));
  EXPECT_EQ(default_text(kVersion, u"ProductName"), u"Windows 10 Pro");
  constexpr std::u16string_view kControl = u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\";
  EXPECT_EQ(default_text(std::u16string(kControl) + u"ComputerName\\ActiveComputerName", u"ComputerName"),
            environment_variable(u"COMPUTERNAME").value_or(u""));
  EXPECT_EQ(default_text(std::u16string(kControl) + u"Nls\\CodePage", u"ACP"), u"65001");
  EXPECT_EQ(default_text(std::u16string(kControl) + u"Session Manager\\Environment", u"OS"), u"Windows_NT");
  EXPECT_NE(default_text(std::u16string(kControl) + u"TimeZoneInformation", u"TimeZoneKeyName"), u"");
  EXPECT_EQ((*open_key(std::u16string(kControl)))->path(), u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control");
}

TEST_F(RegistryTest, DefaultsMadeLateAreThereWhenTheyAreLookedFor) {
  const auto zones =
      default_subkeys(u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones");
  EXPECT_GT(zones.size(), 100u);
  EXPECT_THAT(zones, testing::Contains(u"W. Europe Standard Time"));
  const auto zone = open_key(
      u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\W. Europe Standard Time");
  ASSERT_TRUE(zone);
  EXPECT_EQ((*zone)->value(u"TZI")->data.size(), 44u);
  EXPECT_EQ(default_subkeys(u"\\Registry\\Machine\\Hardware\\Description\\System\\CentralProcessor").at(0), u"0");
  EXPECT_NE(
      default_text(u"\\Registry\\Machine\\Hardware\\Description\\System\\CentralProcessor\\0", u"ProcessorNameString"),
      u"");
}

TEST_F(RegistryTest, ManyThreadsWriteAtOnce) {
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([this, n] {
      thread::attach();
      for (int i = 0; i < 50; ++i) {
        const std::u16string name = utf16(fmt::format("{}-{}", n, i));
        EXPECT_EQ(try_create(name), STATUS_SUCCESS);
        EXPECT_TRUE(key_->set_value(name, REG_SZ, bytes(name)));
        static_cast<void>(key_->subkey(static_cast<ULONG>(i)));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(subkeys().size(), 200u);
  EXPECT_EQ(values().size(), 200u);
}

}  // namespace
}  // namespace hmodule::nt
