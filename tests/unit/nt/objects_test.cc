#include "nt/event.h"
#include "nt/handle_table.h"
#include "nt/mutant.h"
#include "nt/names.h"
#include "nt/process.h"
#include "nt/semaphore.h"
#include "nt/thread.h"
#include "thread/teb.h"

#include <gmock/gmock.h>

#include <thread>

namespace hmodule::nt {
namespace {

void close_handle(HANDLE handle) {
  EXPECT_TRUE(handles().close(handle));
}

class Handles : public testing::Test {
 protected:
  Handles() { thread::attach(); }
  static HANDLE new_event(ACCESS_MASK access = EVENT_ALL_ACCESS, ULONG attributes = 0) {
    return *handles().insert(make_object<Event>(Event::Kind::notification, false), access, attributes);
  }
  template <typename T>
  static NTSTATUS status(const Result<T>& result) {
    return result ? STATUS_SUCCESS : result.error().status;
  }
};

TEST_F(Handles, AreMultiplesOfFourAndNeverZero) {
  const HANDLE handle = new_event();
  EXPECT_NE(handle, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(handle) % 4, 0U);
  EXPECT_TRUE(handles().close(handle));
}

TEST_F(Handles, IgnoreTheTwoLowBits) {
  const HANDLE handle = new_event();
  const auto tagged = reinterpret_cast<HANDLE>(reinterpret_cast<std::uintptr_t>(handle) | 3);
  EXPECT_TRUE(object_of<Event>(tagged, EVENT_MODIFY_STATE));
  EXPECT_TRUE(handles().close(tagged));
  EXPECT_EQ(status(handles().find(handle)), STATUS_INVALID_HANDLE);
}

TEST_F(Handles, RefuseInTheOrderHandleTypeAccess) {
  const HANDLE handle = new_event(SYNCHRONIZE);
  for (const std::uintptr_t bad :
       {std::uintptr_t{0}, std::uintptr_t{0x7FFF'FFFC}, std::uintptr_t{0xDEAD'BEEF'0000'0004}})
    EXPECT_EQ(status(object_of<Event>(reinterpret_cast<HANDLE>(bad), 0)), STATUS_INVALID_HANDLE) << bad;
  EXPECT_EQ(status(object_of<Mutant>(handle, MUTANT_QUERY_STATE)), STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(status(object_of<Event>(handle, EVENT_MODIFY_STATE)), STATUS_ACCESS_DENIED);
  EXPECT_TRUE(object_of<Event>(handle, SYNCHRONIZE));
  EXPECT_TRUE(handles().close(handle));
  EXPECT_EQ(status(handles().close(handle)), STATUS_INVALID_HANDLE);
}

TEST_F(Handles, MapGenericRights) {
  const HANDLE handle = new_event(GENERIC_READ);
  EXPECT_EQ(handles().find(handle)->access, 0x20001U);
  close_handle(handle);
  const HANDLE everything = new_event(MAXIMUM_ALLOWED);
  EXPECT_EQ(handles().find(everything)->access, EVENT_ALL_ACCESS);
  close_handle(everything);
}

TEST_F(Handles, ProtectedOnesStayOpen) {
  const HANDLE handle = new_event();
  EXPECT_TRUE(handles().set_attributes(handle, OBJ_PROTECT_CLOSE, OBJ_PROTECT_CLOSE));
  EXPECT_EQ(status(handles().close(handle)), STATUS_HANDLE_NOT_CLOSABLE);
  EXPECT_TRUE(handles().set_attributes(handle, OBJ_PROTECT_CLOSE, 0));
  EXPECT_TRUE(handles().close(handle));
}

TEST_F(Handles, PseudoHandlesNameTheCallerAndCannotBeClosed) {
  EXPECT_EQ(object_of<Thread>(current_thread_handle(), THREAD_TERMINATE)->get(), &current_thread());
  EXPECT_TRUE((*object_of<Process>(current_process_handle(), PROCESS_TERMINATE))->is_current());
  EXPECT_TRUE(handles().close(current_thread_handle()));
  EXPECT_TRUE(object_of<Thread>(current_thread_handle(), 0));
}

TEST_F(Handles, DuplicatesShareTheObject) {
  const HANDLE handle = new_event(EVENT_ALL_ACCESS, OBJ_INHERIT);
  const HANDLE same = *handles().duplicate(handle, 0, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES);
  const HANDLE less = *handles().duplicate(handle, SYNCHRONIZE, 0, 0);
  EXPECT_EQ(handles().find(same)->attributes, OBJ_INHERIT);
  EXPECT_EQ(handles().find(same)->object.get(), handles().find(less)->object.get());
  EXPECT_EQ(handles().find(handle)->object->handle_count(), 3U);
  EXPECT_EQ(status(object_of<Event>(less, EVENT_MODIFY_STATE)), STATUS_ACCESS_DENIED);
  EXPECT_EQ(status(handles().duplicate(nullptr, 0, 0, 0)), STATUS_INVALID_HANDLE);
  for (const HANDLE each : {handle, same, less}) EXPECT_TRUE(handles().close(each));
}

// What a process begins with: inherited handles have the values that they have in its parent.
TEST_F(Handles, SetAsideAreForWhomTheyAreMeant) {
  static auto* const table = new HandleTable;  // it gives no memory back
  const auto event = [] { return Ref<Object>(make_object<Event>(Event::Kind::notification, false)); };
  const auto handle = [](std::uintptr_t value) { return reinterpret_cast<HANDLE>(value); };
  {
    const HandleTable::SetAside places = table->set_aside(handle(40));
    EXPECT_GT(reinterpret_cast<std::uintptr_t>(*table->insert(event(), EVENT_ALL_ACCESS)), 40U);
    EXPECT_TRUE(places.insert(handle(20), event(), SYNCHRONIZE, OBJ_INHERIT));
    EXPECT_FALSE(places.insert(handle(20), event(), SYNCHRONIZE, 0)) << "it is taken";
    EXPECT_FALSE(places.insert(handle(44), event(), SYNCHRONIZE, 0)) << "it was not set aside";
    EXPECT_FALSE(places.insert(handle(0), event(), SYNCHRONIZE, 0)) << "no handle is 0";
  }
  EXPECT_EQ(*table->insert(event(), EVENT_ALL_ACCESS), handle(4)) << "what nobody inherited is free again";
  const auto inherited = table->find(handle(20));
  ASSERT_TRUE(inherited);
  EXPECT_EQ(inherited->access, SYNCHRONIZE);
  EXPECT_THAT(table->inheritable(), testing::ElementsAre(handle(20)));
}

TEST_F(Handles, ManyThreadsOpenLookUpAndClose) {
  const std::uint32_t before = handles().count();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      thread::attach();
      for (int j = 0; j < 2000; ++j) {
        const HANDLE handle = new_event();
        const auto event = object_of<Event>(handle, EVENT_MODIFY_STATE);
        ASSERT_TRUE(event);
        (*event)->set();
        ASSERT_TRUE(handles().close(handle));
      }
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(handles().count(), before);
}

class Names : public Handles {
 protected:
  static ObjectAttributes named(std::u16string_view name, ULONG attributes = OBJ_OPENIF) {
    return {base_named_objects(), name, attributes};
  }
  static Result<Created> create_event(const ObjectAttributes& attributes) {
    return create_object(Event::kType, attributes, EVENT_ALL_ACCESS,
                         [] { return make_object<Event>(Event::Kind::notification, false); });
  }
};

TEST_F(Names, FindTheSameObjectAgain) {
  const Created first = *create_event(named(u"once"));
  const Created second = *create_event(named(u"once"));
  EXPECT_FALSE(first.existed);
  EXPECT_TRUE(second.existed);
  EXPECT_EQ(handles().find(first.handle)->object.get(), handles().find(second.handle)->object.get());
  EXPECT_EQ(handles().find(first.handle)->object->full_name(), u"\\BaseNamedObjects\\once");
  EXPECT_EQ(status(create_event(named(u"once", 0))), STATUS_OBJECT_NAME_COLLISION);
  EXPECT_TRUE(open_object(Event::kType, named(u"once"), SYNCHRONIZE).has_value());
  close_handle(first.handle);
  close_handle(second.handle);
}

TEST_F(Names, GoWithTheLastHandle) {
  const HANDLE handle = create_event(named(u"short-lived"))->handle;
  const Ref<Object> kept = handles().find(handle)->object;
  close_handle(handle);
  EXPECT_EQ(kept->name(), u"");
  EXPECT_EQ(status(open_object(Event::kType, named(u"short-lived"), SYNCHRONIZE)), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(Names, BelongToOneType) {
  const HANDLE handle = create_event(named(u"typed"))->handle;
  const auto mutant =
      create_object(Mutant::kType, named(u"typed"), MUTANT_ALL_ACCESS, [] { return make_object<Mutant>(nullptr); });
  EXPECT_EQ(status(mutant), STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(status(open_object(Mutant::kType, named(u"typed"), SYNCHRONIZE)), STATUS_OBJECT_TYPE_MISMATCH);
  close_handle(handle);
}

TEST_F(Names, CompareCaseUnlessToldNotTo) {
  const HANDLE handle = create_event(named(u"Case"))->handle;
  EXPECT_EQ(status(open_object(Event::kType, named(u"cASE"), SYNCHRONIZE)), STATUS_OBJECT_NAME_NOT_FOUND);
  const auto found = open_object(Event::kType, named(u"cASE", OBJ_CASE_INSENSITIVE), SYNCHRONIZE);
  ASSERT_TRUE(found);
  close_handle(*found);
  close_handle(handle);
}

TEST_F(Names, LocalAndGlobalAreTheSamePlace) {
  const HANDLE handle = create_event(named(u"Local\\place"))->handle;
  EXPECT_TRUE(create_event(named(u"Global\\place"))->existed);
  EXPECT_TRUE(create_event({nullptr, u"\\BaseNamedObjects\\place", OBJ_OPENIF})->existed);
  EXPECT_EQ(status(create_event(named(u"nowhere\\place"))), STATUS_OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(status(create_event(named(u"\\place"))), STATUS_OBJECT_PATH_SYNTAX_BAD);
  EXPECT_EQ(status(create_event({nullptr, u"place", 0})), STATUS_OBJECT_PATH_SYNTAX_BAD);
  close_handle(handle);
}

TEST_F(Names, AttributesAreCheckedAsTheKernelDoes) {
  OBJECT_ATTRIBUTES attributes = {};
  EXPECT_EQ(status(attributes_from(&attributes)), STATUS_INVALID_PARAMETER);
  attributes.Length = sizeof attributes;
  EXPECT_TRUE(attributes_from(&attributes)->name.empty());
  WCHAR text[] = u"ab";
  UNICODE_STRING name = {3, 4, text};
  attributes.ObjectName = &name;
  EXPECT_EQ(status(attributes_from(&attributes)), STATUS_OBJECT_NAME_INVALID);
  name = {4, 4, nullptr};
  EXPECT_EQ(status(attributes_from(&attributes)), STATUS_ACCESS_VIOLATION);
}

}  // namespace
}  // namespace hmodule::nt
