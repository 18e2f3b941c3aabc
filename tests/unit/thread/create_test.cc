#include "thread/create.h"

#include "support.h"
#include "thread/fls.h"
#include "thread/gs.h"
#include "thread/stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/uio.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <string>

namespace hmodule::thread {
namespace {

// Stands for nt's thread object.
struct Object {
  std::promise<DWORD> exit_code;
  std::promise<void> resume;
  bool suspended = false;
  std::atomic<DWORD> id{0};
  std::string events;
};
Object* object_in(TEB& teb) {
  return static_cast<Object*>(object_of(teb));
}

// As kernel32 has it: no exception may pass, and yet the thread leaves through it.
[[noreturn]] HM_WINAPI void ExitThread(DWORD code) noexcept {
  exit_current_thread(code);
}

class Create : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::start_with_test_hooks();
    set_object_hooks({
        .started = [](TEB& teb) { object_in(teb)->events += "made "; },
        .held =
            [](TEB& teb) {
              if (object_in(teb)->suspended) object_in(teb)->resume.get_future().wait();
              object_in(teb)->events += "started ";
            },
        .ended =
            [](TEB& teb, DWORD code) {
              if (object_of(teb) == nullptr) return;
              object_in(teb)->events += "ended ";
              object_in(teb)->exit_code.set_value(code);
            },
    });
    testing::during_attach = [] { object_in(teb())->events += "attach "; };
    testing::during_detach = [] {
      if (object_of(teb()) != nullptr) object_in(teb())->events += "detach ";
    };
  }
  void TearDown() override { set_object_hooks({}); }

  DWORD run(StartRoutine routine, void* parameter = nullptr) {
    object_ = std::make_unique<Object>();
    const auto thread =
        create_thread({.routine = routine, .parameter = parameter, .object = object_.get(), .id = &object_->id});
    EXPECT_TRUE(thread);
    return object_->exit_code.get_future().get();
  }
  std::unique_ptr<Object> object_;
};

TEST_F(Create, RunsTheCallbacksAroundTheRoutineInOrder) {
  static ULONG index;
  index = *fls_alloc([](void* object) HM_WINAPI { static_cast<Object*>(object)->events += "fls "; });
  const DWORD code = run([](void*) HM_WINAPI -> DWORD {
    object_in(teb())->events += "routine ";
    EXPECT_TRUE(fls_set(index, object_of(teb())));
    return 17;
  });
  EXPECT_EQ(code, 17U);
  EXPECT_EQ(object_->events, "made started attach routine fls detach ended ");
  EXPECT_TRUE(fls_free(index));
}

TEST_F(Create, TellsTheNumberAtOnce) {
  Object object;
  object.suspended = true;
  ASSERT_TRUE(create_thread({.routine = [](void*) HM_WINAPI -> DWORD { return static_cast<DWORD>(gettid()); },
                             .object = &object,
                             .id = &object.id}));
  const DWORD id = object.id;
  EXPECT_NE(id, 0U);
  EXPECT_THAT(thread_ids(), ::testing::Contains(id));
  EXPECT_EQ(object.events, "made ") << "suspended: not even DLL_THREAD_ATTACH yet";
  object.resume.set_value();
  EXPECT_EQ(object.exit_code.get_future().get(), id);
}

// Its creator may be slower than the thread.
TEST_F(Create, TellsTheNumberOfAThreadThatHasEnded) {
  for (int i = 0; i < 500; ++i) {
    Object object;
    ASSERT_TRUE(create_thread({.routine = [](void*) HM_WINAPI -> DWORD { return static_cast<DWORD>(gettid()); },
                               .object = &object,
                               .id = &object.id}));
    const DWORD id = object.id;
    ASSERT_EQ(object.exit_code.get_future().get(), id);
  }
}

TEST_F(Create, ExitThreadLeavesFromAnyDepth) {  // platform-facts §3.4
  const DWORD code = run([](void*) HM_WINAPI -> DWORD {
    struct Never {
      ~Never() { ADD_FAILURE() << "DLL frames are dropped, not unwound"; }
    } never;
    ExitThread(5);
    return 0;
  });
  EXPECT_EQ(code, 5U);
  EXPECT_EQ(object_->events, "made started attach detach ended ");
}

TEST_F(Create, TerminationRunsNoCallbacks) {  // DM-16
  const DWORD code = run([](void*) HM_WINAPI -> DWORD { terminate_current_thread(9, Place::anywhere_else); });
  EXPECT_EQ(code, 9U);
  EXPECT_EQ(object_->events, "made started attach ended ");
}

TEST_F(Create, HostThreadMayEndByExitThread) {
  testing::during_attach = nullptr;
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, nullptr,
                [](void*) -> void* {
                  attach();
                  ExitThread(3);
                },
                nullptr),
            0);
  void* result = this;
  EXPECT_EQ(pthread_join(thread, &result), 0);
  EXPECT_EQ(result, nullptr);
  EXPECT_EQ(testing::detaches, 1);
}

TEST_F(Create, ThreadHasItsStackAndFloatModes) {  // EH-52
  Object object;
  const auto routine = [](void*) HM_WINAPI -> DWORD {
    std::uint16_t control = 0;
    std::uint32_t mxcsr = 0;
    __asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(control), "=m"(mxcsr));
    EXPECT_EQ(control, 0x27F);
    EXPECT_EQ(mxcsr & 0xFFC0, 0x1F80U);
    const TEB& own = teb();
    return static_cast<DWORD>(static_cast<std::byte*>(own.NtTib.StackBase) -
                              static_cast<std::byte*>(own.NtTib.StackLimit));
  };
  ASSERT_TRUE(create_thread({.routine = routine, .stack_size = 3 << 20, .object = &object, .id = &object.id}));
  EXPECT_GE(object.exit_code.get_future().get(), 3U << 20);
}

bool is_accessible(const void* at) {
  char byte = 0;
  const iovec here = {&byte, 1}, there = {const_cast<void*>(at), 1};
  return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1;
}

// Stacks are used again, and so are signal stacks.
TEST_F(Create, EveryThreadFindsItsStacksGuarded) {
  const auto routine = [](void*) HM_WINAPI -> DWORD {
    const auto* const low = static_cast<std::byte*>(teb().DeallocationStack);
    stack_t signals;
    sigaltstack(nullptr, &signals);
    const auto* const signals_low = static_cast<std::byte*>(signals.ss_sp);
    EXPECT_FALSE(is_accessible(low));
    EXPECT_FALSE(is_accessible(static_cast<std::byte*>(teb().NtTib.StackLimit) - 1));
    EXPECT_TRUE(is_accessible(teb().NtTib.StackLimit));
#ifndef __SANITIZE_ADDRESS__  // which brings a signal stack of its own
    EXPECT_FALSE(is_accessible(signals_low - 1));
#endif
    EXPECT_TRUE(is_accessible(signals_low));
    enlarge_stack_guard(1 << 16);
    EXPECT_FALSE(is_accessible(static_cast<std::byte*>(teb().NtTib.StackLimit) - 1));
    EXPECT_TRUE(open_stack_guard(reinterpret_cast<std::uintptr_t>(low)));
    EXPECT_TRUE(is_accessible(low));
    return 0;
  };
  for (int i = 0; i < 3; ++i) run(routine);
}

TEST_F(Create, ImpossibleStackIsRefused) {
  Object object;
  const std::size_t before = thread_ids().size();
  const auto refused = create_thread({.routine = [](void*) HM_WINAPI -> DWORD { return 0; },
                                      .stack_size = std::size_t{1} << 50,
                                      .object = &object,
                                      .id = &object.id});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, STATUS_NO_MEMORY);
  EXPECT_EQ(object.id, 0U);
  EXPECT_LE(thread_ids().size(), before);
}

TEST_F(Create, CanSkipTheLoadersCallbacks) {
  Object object;
  ASSERT_TRUE(create_thread({.routine = [](void*) HM_WINAPI -> DWORD { return 0; },
                             .object = &object,
                             .id = &object.id,
                             .skip_thread_attach = true}));
  object.exit_code.get_future().get();
  EXPECT_EQ(object.events, "made started ended ");
}

}  // namespace
}  // namespace hmodule::thread
