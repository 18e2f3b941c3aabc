// Named objects between processes (src/nt/session.h). Each test forks children, which share a session with it alone.
#include "nt/clock.h"
#include "nt/event.h"
#include "nt/fork.h"
#include "nt/handle_table.h"
#include "nt/mutant.h"
#include "nt/names.h"
#include "nt/section.h"
#include "nt/semaphore.h"
#include "nt/session.h"
#include "nt/thread.h"
#include "nt/thread_pool.h"
#include "nt/timer.h"
#include "thread/fork.h"
#include "thread/teb.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

namespace hmodule::nt {
namespace {

// A session of this program's own, which goes with it.
struct OwnSession {
  OwnSession() { setenv("HMODULE_SESSION", name.c_str(), 1); }
  ~OwnSession() {
    if (getpid() != owner) return;
    std::error_code ignored;
    for (const auto& file :
         std::filesystem::directory_iterator("/dev/shm/hmodule-" + std::to_string(geteuid()), ignored))
      if (file.path().extension() == "." + name) std::filesystem::remove(file.path(), ignored);
  }
  const pid_t owner = getpid();
  const std::string name = "unit-test-" + std::to_string(owner);
} own_session;

constexpr Timeout kNow = 0, kSoon = -10'000 * 20, kLong = -kTicksPerSecond * 20, kForever = std::nullopt;

ObjectAttributes named(std::u16string_view name) {
  return {base_named_objects(), name, OBJ_OPENIF};
}
template <typename T, typename... Args>
Created create(std::u16string_view name, Args... args) {
  auto created = create_object(T::kType, named(name), 0x1F0003, [&] { return make_object<T>(args...); });
  EXPECT_TRUE(created) << created.error().reason;
  return *created;
}
template <typename T>
Ref<T> get(HANDLE handle) {
  return *object_of<T>(handle, 0);
}
template <typename T>
NTSTATUS open_status(std::u16string_view name) {
  const auto opened = open_object(T::kType, named(name), SYNCHRONIZE);
  if (!opened) return opened.error().status;
  EXPECT_TRUE(handles().close(*opened));
  return STATUS_SUCCESS;
}
NTSTATUS wait(HANDLE handle, Timeout timeout) {
  return *wait_for_handle(handle, false, timeout);
}
constexpr auto kManual = Event::Kind::notification, kAuto = Event::Kind::synchronization;

// A forked process. What the two tell each other beside the objects are bytes in two pipes.
class Child {
 public:
  // `body` gives the exit code.
  explicit Child(const std::function<int(Child&)>& body) {
    EXPECT_EQ(pipe(to_parent_), 0);
    EXPECT_EQ(pipe(to_child_), 0);
    hold_for_fork();
    thread::hold_for_fork();
    pid_ = fork();
    if (pid_ != 0) {
      thread::let_go_after_fork();
      let_go_after_fork();
      return;
    }
    stay_alone_after_fork(thread::stay_alone_after_fork());
    in_child_ = true;
    _exit(body(*this));
  }
  ~Child() {
    if (pid_ > 0 && !reaped_) kill_and_reap();
    for (const int fd : {to_parent_[0], to_parent_[1], to_child_[0], to_child_[1]}) close(fd);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void tell() {
    const char byte = 1;
    EXPECT_EQ(write(in_child_ ? to_parent_[1] : to_child_[1], &byte, 1), 1);
  }
  void listen() {
    char byte;
    EXPECT_EQ(read(in_child_ ? to_child_[0] : to_parent_[0], &byte, 1), 1);
  }
  void kill_now() { kill(pid_, SIGKILL); }
  void kill_and_reap() {
    kill_now();
    exit_code();
  }
  int exit_code() {
    int status = 0;
    waitpid(pid_, &status, 0);
    reaped_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = 0;
  bool in_child_ = false, reaped_ = false;
  int to_parent_[2], to_child_[2];
};

class NamedObjects : public testing::Test {
 protected:
  NamedObjects() {
    thread::attach();
    if (!session::join()) skip_ = true;
  }
  void SetUp() override {
    if (skip_) GTEST_SKIP() << "no /dev/shm here";
  }
  bool skip_ = false;
};

TEST_F(NamedObjects, AnEventOfAnotherProcessIsFoundByNameAndCanBeSet) {
  Child child([](Child& self) {
    const Created event = create<Event>(u"seen", kManual, false);
    self.tell();
    return event.existed ? 99 : wait(event.handle, kLong);
  });
  child.listen();
  const Created event = create<Event>(u"seen", kAuto, false);
  EXPECT_TRUE(event.existed);
  EXPECT_EQ(get<Event>(event.handle)->kind(), kManual);  // as the first one made it
  EXPECT_EQ(get<Event>(event.handle)->set(), 0);
  EXPECT_EQ(child.exit_code(), STATUS_SUCCESS);
}

TEST_F(NamedObjects, ANameIsOfOneTypeInAllProcesses) {
  Child child([](Child& self) {
    create<Event>(u"typed", kManual, false);
    self.tell();
    self.listen();
    return 0;
  });
  child.listen();
  EXPECT_EQ(open_status<Mutant>(u"typed"), STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(open_status<Event>(u"TYPED"), STATUS_OBJECT_NAME_NOT_FOUND);
  const auto without_open = create_object(Event::kType, {base_named_objects(), u"typed", 0}, SYNCHRONIZE,
                                          [] { return make_object<Event>(kManual, false); });
  EXPECT_EQ(without_open.error().status, STATUS_OBJECT_NAME_COLLISION);
  child.tell();
}

TEST_F(NamedObjects, EachSetOfAnAutomaticEventLetsOneWaiterGo) {
  const HANDLE event = create<Event>(u"turnstile", kAuto, false).handle;
  const auto body = [event](Child& self) {
    self.tell();
    return static_cast<int>(wait(event, kLong));
  };
  Child first(body), second(body);
  first.listen();
  second.listen();
  // Both must wait by then: the sets come without a pause, and neither may be lost.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  get<Event>(event)->set();
  get<Event>(event)->set();
  EXPECT_EQ(first.exit_code(), STATUS_SUCCESS);
  EXPECT_EQ(second.exit_code(), STATUS_SUCCESS);
  EXPECT_FALSE(get<Event>(event)->is_set());
}

TEST_F(NamedObjects, AWaiterThatWasKilledTakesNothing) {
  const HANDLE event = create<Event>(u"survivor", kAuto, false).handle;
  Child child([event](Child& self) {
    self.tell();
    return static_cast<int>(wait(event, kForever));
  });
  child.listen();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  child.kill_and_reap();
  get<Event>(event)->set();
  EXPECT_EQ(wait(event, kNow), STATUS_SUCCESS);
}

TEST_F(NamedObjects, TheLastCloseRemovesTheName) {
  Child child([](Child& self) {
    const HANDLE event = create<Event>(u"short", kManual, false).handle;
    self.tell();
    self.listen();
    EXPECT_TRUE(handles().close(event));
    self.tell();
    self.listen();
    return 0;
  });
  child.listen();
  const HANDLE mine = create<Event>(u"short", kManual, false).handle;
  child.tell();
  child.listen();
  EXPECT_EQ(open_status<Event>(u"short"), STATUS_SUCCESS);
  EXPECT_TRUE(handles().close(mine));
  EXPECT_EQ(open_status<Event>(u"short"), STATUS_OBJECT_NAME_NOT_FOUND);
  child.tell();
}

TEST_F(NamedObjects, ADeadProcessHoldsNoName) {
  Child child([](Child& self) {
    create<Event>(u"orphan", kManual, false);
    self.tell();
    self.listen();
    return 0;
  });
  child.listen();
  EXPECT_EQ(open_status<Event>(u"orphan"), STATUS_SUCCESS);
  child.kill_and_reap();
  EXPECT_EQ(open_status<Event>(u"orphan"), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(NamedObjects, AMutexOfAKilledProcessIsAbandonedToWhoWaits) {
  const HANDLE mutex = create<Mutant>(u"lock", nullptr).handle;
  Child child([mutex](Child& self) {
    if (wait(mutex, kNow) != STATUS_SUCCESS) return 1;
    self.tell();
    self.listen();
    return 0;
  });
  child.listen();
  EXPECT_EQ(wait(mutex, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(get<Mutant>(mutex)->release_owned().error().status, STATUS_MUTANT_NOT_OWNED);
  std::thread killer([&child] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    child.kill_now();
  });
  EXPECT_EQ(wait(mutex, kLong), STATUS_ABANDONED_WAIT_0);
  killer.join();
  EXPECT_EQ(wait(mutex, kNow), STATUS_SUCCESS);  // it is ours, and whole again
  EXPECT_EQ(*get<Mutant>(mutex)->release_owned(), -1);
  EXPECT_EQ(*get<Mutant>(mutex)->release_owned(), 0);
  EXPECT_EQ(wait(mutex, kNow), STATUS_SUCCESS);
  EXPECT_EQ(*get<Mutant>(mutex)->release_owned(), 0);
}

TEST_F(NamedObjects, AThirdProcessHearsOfTheDeathToo) {
  const HANDLE mutex = create<Mutant>(u"between others", nullptr).handle;
  Child owner([mutex](Child& self) {
    wait(mutex, kNow);
    self.tell();
    self.listen();
    return 0;
  });
  owner.listen();
  Child waiter([mutex](Child& self) {
    self.tell();
    return wait(mutex, kLong) == STATUS_ABANDONED_WAIT_0 ? 7 : 1;
  });
  waiter.listen();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  owner.kill_and_reap();
  EXPECT_EQ(waiter.exit_code(), 7);
}

HM_WINAPI DWORD take_and_end(void* mutex) {
  return static_cast<DWORD>(wait(mutex, kNow));
}
TEST_F(NamedObjects, AThreadThatEndsAbandonsItsMutexes) {
  const HANDLE mutex = create<Mutant>(u"of a thread", nullptr).handle;
  const auto thread = create_thread({.routine = take_and_end, .parameter = mutex});
  ASSERT_TRUE(thread);
  EXPECT_EQ(wait_one(**thread, false, kLong), STATUS_SUCCESS);
  EXPECT_EQ(wait(mutex, kNow), STATUS_ABANDONED_WAIT_0);
  EXPECT_TRUE(get<Mutant>(mutex)->release_owned());
}

TEST_F(NamedObjects, TheStateOfAMutexTellsWhoOwnsIt) {
  const HANDLE mutex = create<Mutant>(u"state", &current_thread()).handle;
  const Mutant::State mine = get<Mutant>(mutex)->state();
  EXPECT_EQ(mine.count, 0);
  EXPECT_TRUE(mine.owned_by_caller);
  Child child([mutex](Child&) {
    const Mutant::State seen = get<Mutant>(mutex)->state();
    return seen.count == 0 && !seen.owned_by_caller && seen.owner != 0 ? 3 : 1;
  });
  EXPECT_EQ(child.exit_code(), 3);
  EXPECT_TRUE(get<Mutant>(mutex)->release_owned());
  EXPECT_EQ(get<Mutant>(mutex)->state().count, 1);
}

TEST_F(NamedObjects, ASemaphoreCountsOverAllProcesses) {
  const HANDLE semaphore = create<Semaphore>(u"permits", 1, 3).handle;
  Child child([semaphore](Child& self) {
    int got = 0;
    while (got < 3 && wait(semaphore, kLong) == STATUS_SUCCESS) ++got;
    self.tell();
    return got;
  });
  EXPECT_EQ(get<Semaphore>(semaphore)->release_by(4).error().status, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
  EXPECT_TRUE(get<Semaphore>(semaphore)->release_by(2));
  child.listen();
  EXPECT_EQ(get<Semaphore>(semaphore)->count(), 0);
  EXPECT_EQ(child.exit_code(), 3);
}

TEST_F(NamedObjects, AWaitForAnyTakesSharedAndPrivateObjectsAlike) {
  const HANDLE shared = create<Event>(u"any", kAuto, false).handle;
  const HANDLE own = *handles().insert(make_object<Event>(kAuto, false), EVENT_ALL_ACCESS);
  const HANDLE both[] = {own, shared};
  get<Event>(own)->set();
  EXPECT_EQ(*wait_for_handles(both, false, false, kNow), STATUS_WAIT_0);
  EXPECT_EQ(*wait_for_handles(both, false, false, kSoon), STATUS_TIMEOUT);
  Child child([shared](Child& self) {
    self.listen();
    get<Event>(shared)->set();
    return 0;
  });
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    child.tell();
  });
  EXPECT_EQ(*wait_for_handles(both, false, false, kLong), STATUS_WAIT_0 + 1);
  later.join();
  EXPECT_FALSE(get<Event>(shared)->is_set());
  std::thread at_home([own] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    get<Event>(own)->set();
  });
  EXPECT_EQ(*wait_for_handles(both, false, false, kLong), STATUS_WAIT_0);
  at_home.join();
}

TEST_F(NamedObjects, AWaitForAllTakesNothingBeforeItTakesAll) {
  const HANDLE shared = create<Event>(u"all", kAuto, false).handle;
  const HANDLE own = *handles().insert(make_object<Event>(kAuto, false), EVENT_ALL_ACCESS);
  const HANDLE both[] = {own, shared};
  get<Event>(shared)->set();
  EXPECT_EQ(*wait_for_handles(both, true, false, kSoon), STATUS_TIMEOUT);
  EXPECT_TRUE(get<Event>(shared)->is_set());
  get<Event>(shared)->reset();
  get<Event>(own)->set();
  Child child([shared](Child& self) {
    self.listen();
    get<Event>(shared)->set();
    return 0;
  });
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    child.tell();
  });
  EXPECT_EQ(*wait_for_handles(both, true, false, kLong), STATUS_SUCCESS);
  later.join();
  EXPECT_FALSE(get<Event>(shared)->is_set());
  EXPECT_FALSE(get<Event>(own)->is_set());
}

std::atomic<int> apcs_run;
HM_WINAPI void user_apc(ULONG_PTR, ULONG_PTR, ULONG_PTR) {
  ++apcs_run;
}
HM_WINAPI void timer_apc(void*, DWORD, DWORD) {
  ++apcs_run;
}
TEST_F(NamedObjects, AnAlertableWaitHearsItsApcs) {
  const HANDLE shared = create<Event>(u"alertable", kAuto, false).handle;
  apcs_run = 0;
  Thread& self = current_thread();
  std::thread later([&self] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    static_cast<void>(self.queue_apc({user_apc, {}}));
  });
  EXPECT_EQ(*wait_for_handle(shared, true, kLong), STATUS_USER_APC);
  later.join();
  EXPECT_EQ(apcs_run, 1);
}

TEST_F(NamedObjects, ATimerIsDueInAllProcessesThoughItsSetterIsDead) {
  const HANDLE timer = create<Timer>(u"clock", Timer::Kind::notification).handle;
  EXPECT_EQ(wait(timer, kSoon), STATUS_TIMEOUT);
  Child child([timer](Child& self) {
    self.listen();
    get<Timer>(timer)->set({.due_time = -10'000 * 100});
    return 0;
  });
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    child.tell();
    child.exit_code();
  });
  EXPECT_EQ(wait(timer, kLong), STATUS_SUCCESS);
  later.join();
  EXPECT_TRUE(get<Timer>(timer)->state().signalled);
  EXPECT_TRUE(get<Timer>(timer)->set({.due_time = -kTicksPerSecond * 100}));
  EXPECT_EQ(wait(timer, kNow), STATUS_TIMEOUT);
  EXPECT_FALSE(get<Timer>(timer)->cancel());
}

TEST_F(NamedObjects, APeriodicTimerGoesOnAndRunsItsSettersApc) {
  const HANDLE timer = create<Timer>(u"beats", Timer::Kind::synchronization).handle;
  apcs_run = 0;
  get<Timer>(timer)->set({.due_time = -10'000 * 10, .routine = timer_apc, .period = 10});
  for (int beat = 0; beat < 3; ++beat) EXPECT_EQ(wait(timer, kLong), STATUS_SUCCESS);
  EXPECT_EQ(delay(true, kLong), STATUS_USER_APC);
  EXPECT_GE(apcs_run, 1);
  get<Timer>(timer)->cancel();
}

TEST_F(NamedObjects, ASectionIsTheSameMemoryAndOutlivesItsMaker) {
  Child maker([](Child& self) {
    auto section = Section::create({.size = 0x2000, .protect = PAGE_READWRITE});
    if (!section) return 1;
    if (!create_object(Section::kType, named(u"memory"), SECTION_ALL_ACCESS, [&] { return Ref<Object>(*section); }))
      return 2;
    const auto view = (*section)->map({.protect = PAGE_READWRITE});
    if (!view) return 3;
    static_cast<char*>(view->base)[0x1234] = 'x';
    self.tell();
    self.listen();
    return 0;
  });
  maker.listen();
  const auto opened = open_object(Section::kType, named(u"memory"), SECTION_ALL_ACCESS);
  ASSERT_TRUE(opened) << opened.error().reason;
  maker.kill_and_reap();
  const auto section = get<Section>(*opened);
  EXPECT_EQ(section->size(), 0x2000);
  const auto view = section->map({.protect = PAGE_READWRITE});
  ASSERT_TRUE(view);
  EXPECT_EQ(static_cast<char*>(view->base)[0x1234], 'x');
  EXPECT_TRUE(unmap_view(view->base));
  Child third([](Child&) {  // which has it from us, not from its maker
    const auto again = open_object(Section::kType, named(u"memory"), SECTION_ALL_ACCESS);
    return again ? 0 : 1;
  });
  EXPECT_EQ(third.exit_code(), 0);
}

// A fork while another thread starts: GCC 12's AddressSanitizer does not hold its allocator over it.
#ifdef __SANITIZE_ADDRESS__
#define SKIP_IF_FORK_LOSES_THE_ALLOCATOR GTEST_SKIP() << "the child may find the sanitizer's allocator locked"
#else
#define SKIP_IF_FORK_LOSES_THE_ALLOCATOR static_cast<void>(0)
#endif

TEST_F(NamedObjects, AThreadPoolsWaitHearsOfOtherProcesses) {
  SKIP_IF_FORK_LOSES_THE_ALLOCATOR;
  const HANDLE event = create<Event>(u"for the pool", kAuto, false).handle;
  static std::atomic<int> called;
  PoolItem* const item = make_object<PoolItem>([](PoolInstance&, PoolItem&, const PoolResult& result) {
                           called = result.status == STATUS_WAIT_0 ? 1 : 2;
                         }).detach();
  const auto entry = handles().find(event);
  ASSERT_TRUE(entry);
  ASSERT_TRUE(item->set_wait(entry->object, kForever, false));
  Child child([event](Child&) {
    get<Event>(event)->set();
    return 0;
  });
  EXPECT_EQ(child.exit_code(), 0);
  for (int i = 0; i < 1000 && called == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(called, 1);
  item->close();
}

TEST_F(NamedObjects, AForksThreadPoolHearsOfItsParent) {
  SKIP_IF_FORK_LOSES_THE_ALLOCATOR;
  const HANDLE event = create<Event>(u"for the fork's pool", kManual, false).handle;
  static std::atomic<int> called;
  const auto watch = [event] {
    PoolItem* const item =
        make_object<PoolItem>([](PoolInstance&, PoolItem&, const PoolResult&) { ++called; }).detach();
    const auto entry = handles().find(event);
    EXPECT_TRUE(entry && item->set_wait(entry->object, kForever, false));
    return item;
  };
  PoolItem* const ours = watch();  // the thread that this needs is not in the child
  Child child([&](Child& self) {
    watch();
    self.tell();
    for (int i = 0; i < 1000 && called == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return called == 0 ? 1 : 0;
  });
  child.listen();
  get<Event>(event)->set();
  EXPECT_EQ(child.exit_code(), 0);
  ours->close();
}

// Killed at any instant, also inside the lock: the others go on, the mutex comes free, nothing of the dead stays.
TEST_F(NamedObjects, ProcessesKilledAtAnyInstantLeaveNothingStuck) {
  const HANDLE mutex = create<Mutant>(u"storm lock", nullptr).handle;
  const HANDLE permits = create<Semaphore>(u"storm permits", 0, 1'000'000'000).handle;
  const HANDLE turn = create<Event>(u"storm turn", kAuto, true).handle;
  auto* const inside =
      static_cast<std::atomic<int>*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::atomic<int>&owners = inside[0], &worst = inside[1];
  const auto body = [&](Child& self) {
    self.tell();
    for (unsigned round = 0;; ++round) {
      if (wait(mutex, kForever) == STATUS_ABANDONED_WAIT_0) owners = 0;  // the dead one could not count down
      if (++owners > 1) worst = 1;
      static_cast<void>(get<Semaphore>(permits)->release_by(2));
      wait(permits, kLong);
      const HANDLE temporary = create<Event>(u"storm " + std::u16string(1, u'a' + round % 5), kAuto, false).handle;
      get<Event>(temporary)->set();
      static_cast<void>(handles().close(temporary));
      get<Event>(turn)->set();
      --owners;
      static_cast<void>(get<Mutant>(mutex)->release_owned());
      const HANDLE both[] = {turn, permits};
      static_cast<void>(wait_for_handles(both, round % 2 == 0, false, -10'000));
    }
    return 0;
  };
  for (int round = 0; round < 12; ++round) {
    Child first(body), second(body), third(body);
    first.listen();
    second.listen();
    third.listen();
    std::this_thread::sleep_for(std::chrono::microseconds(2000 + 777 * round));
    first.kill_now();
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    second.kill_now();
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    third.kill_and_reap();
    first.exit_code();
    second.exit_code();
    const NTSTATUS got = wait(mutex, kLong);
    ASSERT_TRUE(got == STATUS_SUCCESS || got == STATUS_ABANDONED_WAIT_0) << got;
    owners = 0;
    ASSERT_TRUE(get<Mutant>(mutex)->release_owned());
    for (const char16_t letter : {u'a', u'b', u'c', u'd', u'e'})
      EXPECT_EQ(open_status<Event>(u"storm " + std::u16string(1, letter)), STATUS_OBJECT_NAME_NOT_FOUND);
  }
  EXPECT_EQ(worst, 0);
  munmap(inside, 4096);
}

}  // namespace
}  // namespace hmodule::nt
