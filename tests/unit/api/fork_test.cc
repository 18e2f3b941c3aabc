// HOST-05: the child of a fork, whose parent had threads that were in the middle of things.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "unit/api/host_mains.h"
#include "unit/api/kernel32.h"
#include "unit/api/windows_names.h"

namespace hmodule::test {
namespace {

constexpr unsigned kWaitObject0 = 0, kInfinite = 0xFFFFFFFF;

// What `body` answers in the child.
template <typename Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // rather than for ever
    _exit(body());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  return WEXITSTATUS(status);
}

class Fork : public testing::Test {
 protected:
  Fork() {
    answering_dll("forked.dll", 5).write(path_);
    answering_dll("busy.dll", 6).write(busy_path_);
  }
  int load_call_and_free() const {
    HMODULE module = LoadLibraryA(path_.c_str());
    auto* const answer = reinterpret_cast<HM_WINAPI int (*)()>(GetProcAddress(module, "answer"));
    const int answered = answer == nullptr ? -1 : answer();
    return FreeLibrary(module) && GetModuleHandleA("forked.dll") == nullptr ? answered : -2;
  }
  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "forked.dll", busy_path_ = directory_ / "busy.dll";
};

TEST_F(Fork, Host05TheChildCanLoadLookUpAndFree) {
  const library kept(busy_path_);
  EXPECT_EQ(load_call_and_free(), 5);
  EXPECT_EQ(in_child([&] { return load_call_and_free(); }), 5);
  EXPECT_EQ(in_child([&] { return kept.get<int()>("answer")(); }), 6);
  EXPECT_EQ(load_call_and_free(), 5);
}

TEST_F(Fork, Host05WhateverOtherThreadsOfTheParentDo) {
  EXPECT_EQ(load_call_and_free(), 5);  // everything has begun
  std::atomic<bool> stop{false};
  const auto work = [&] {
    while (!stop) {
      FreeLibrary(LoadLibraryA(busy_path_.c_str()));
      GetProcAddress(GetModuleHandleA("kernel32.dll"), "no_such_function");
    }
  };
  std::thread first(work), second(work);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(in_child([&] { return load_call_and_free(); }), 5);
  stop = true;
  first.join();
  second.join();
}

HM_WINAPI unsigned answer_9(void*) {
  return 9;
}
HM_WINAPI unsigned wait_for_ever(void* event) {
  return kernel32<unsigned(HANDLE, unsigned)>("WaitForSingleObject")(event, kInfinite);
}
using Routine = HM_WINAPI unsigned (*)(void*);

TEST_F(Fork, Host05TheChildHasNumbersOfItsOwnAndCanStartThreads) {
  auto* const create_thread =
      kernel32<HANDLE(void*, hmodule::u64, Routine, void*, unsigned, unsigned*)>("CreateThread");
  auto* const wait = kernel32<unsigned(HANDLE, unsigned)>("WaitForSingleObject");
  auto* const set = kernel32<int(HANDLE)>("SetEvent");
  const HANDLE event = kernel32<HANDLE(void*, int, int, const char*)>("CreateEventA")(nullptr, 0, 0, nullptr);
  const HANDLE waiting = create_thread(nullptr, 0, wait_for_ever, event, 0, nullptr);
  EXPECT_EQ(in_child([&] {
              if (kernel32<unsigned()>("GetCurrentThreadId")() != static_cast<unsigned>(gettid())) return 1;
              if (kernel32<unsigned()>("GetCurrentProcessId")() != static_cast<unsigned>(getpid())) return 2;
              if (wait(waiting, 0) != kWaitObject0) return 3;  // it is no more
              set(event);
              if (wait(event, 0) != kWaitObject0) return 4;  // and waits no more
              const HANDLE thread = create_thread(nullptr, 0, answer_9, nullptr, 0, nullptr);
              unsigned code = 0;
              if (wait(thread, 30000) != kWaitObject0) return 5;
              kernel32<int(HANDLE, unsigned*)>("GetExitCodeThread")(thread, &code);
              return static_cast<int>(code);
            }),
            9);
  set(event);
  EXPECT_EQ(wait(waiting, kInfinite), kWaitObject0);
}

// Threads that keep blocks of a heap, and one that has it locked.
TEST_F(Fork, Host05TheChildCanUseAHeapThatOthersWereIn) {
  auto* const allocate = kernel32<void*(HANDLE, unsigned, hmodule::u64)>("HeapAlloc");
  auto* const release = kernel32<int(HANDLE, unsigned, void*)>("HeapFree");
  auto* const validate = kernel32<int(HANDLE, unsigned, void*)>("HeapValidate");
  auto* const lock = kernel32<int(HANDLE)>("HeapLock");
  auto* const unlock = kernel32<int(HANDLE)>("HeapUnlock");
  const HANDLE heap = kernel32<HANDLE(unsigned, hmodule::u64, hmodule::u64)>("HeapCreate")(0, 0, 0);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    for (hmodule::u64 i = 0; !stop; ++i) release(heap, 0, allocate(heap, 0, i % 5000));
  });
  std::thread locking([&] {
    while (!stop) {
      lock(heap);
      std::this_thread::yield();
      unlock(heap);
    }
  });
  const auto use = [&](int answer) {
    if (!lock(heap)) return 1;
    void* const block = allocate(heap, 0, 40);
    if (!unlock(heap) || !release(heap, 0, block) || unlock(heap)) return 2;
    return validate(heap, 0, nullptr) ? answer : 3;
  };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(in_child([&] { return use(5); }), 5);
  lock(heap);  // in the child, too
  EXPECT_EQ(in_child([&] {
              release(heap, 0, allocate(heap, 0, 40));
              return unlock(heap) ? use(6) : 4;
            }),
            6);
  unlock(heap);
  stop = true;
  busy.join();
  locking.join();
  EXPECT_EQ(use(7), 7);
  EXPECT_TRUE(kernel32<int(HANDLE)>("HeapDestroy")(heap));
}

TEST_F(Fork, Host05TheProcessHeapsLockIsTheForkingThreadsAlone) {
  auto* const lock = kernel32<int(HANDLE)>("HeapLock");
  auto* const unlock = kernel32<int(HANDLE)>("HeapUnlock");
  const HANDLE heap = kernel32<HANDLE()>("GetProcessHeap")();
  const auto use = [&](int answer) { return lock(heap) && unlock(heap) && !unlock(heap) ? answer : 1; };
  std::atomic<int> step{0};
  std::thread other([&] {
    lock(heap);
    lock(heap);
    step = 1;
    while (step != 2) std::this_thread::yield();
    unlock(heap);
    unlock(heap);
  });
  while (step != 1) std::this_thread::yield();
  EXPECT_EQ(in_child([&] { return use(5); }), 5);
  step = 2;
  other.join();
  lock(heap);
  EXPECT_EQ(in_child([&] { return unlock(heap) ? use(6) : 2; }), 6);
  unlock(heap);
  EXPECT_EQ(use(7), 7);
}

}  // namespace
}  // namespace hmodule::test
