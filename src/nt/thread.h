// Thread objects: what a handle to a thread means. The Linux thread under it, its TEB and its DLL callbacks are the
// business of src/thread.
//
// Threads of the host are adopted: the first time one of them waits or asks for itself, it gets an object.
#pragma once

#include "nt/kernel_section.h"
#include "nt/waitable.h"
#include "thread/create.h"
#include "win/context.h"
#include "win/teb.h"

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace hmodule::nt {

class IoWait;
class Mutant;
class Process;

inline constexpr DWORD STILL_ACTIVE = 259;

// Thread access rights (winnt.h).
inline constexpr ACCESS_MASK THREAD_TERMINATE = 0x1, THREAD_SUSPEND_RESUME = 0x2, THREAD_GET_CONTEXT = 0x8,
                             THREAD_SET_CONTEXT = 0x10, THREAD_SET_INFORMATION = 0x20, THREAD_QUERY_INFORMATION = 0x40,
                             THREAD_SET_LIMITED_INFORMATION = 0x400, THREAD_QUERY_LIMITED_INFORMATION = 0x800,
                             THREAD_ALL_ACCESS = 0x1FFFFF;

// A right to query or set everything is one to query or set what is harmless.
constexpr ACCESS_MASK implied_access(ACCESS_MASK access) {
  if ((access & THREAD_QUERY_INFORMATION) != 0) access |= THREAD_QUERY_LIMITED_INFORMATION;
  if ((access & THREAD_SET_INFORMATION) != 0) access |= THREAD_SET_LIMITED_INFORMATION;
  return access;
}

using ApcRoutine = HM_WINAPI void (*)(ULONG_PTR, ULONG_PTR, ULONG_PTR);

struct Apc {
  ApcRoutine routine;
  ULONG_PTR arguments[3];
  const void* owner = nullptr;  // the timer it belongs to, which may take it back
};

class Thread final : public Signal {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  explicit Thread(DWORD suspend_count);
  ~Thread() override;

  // Stands for the threads of a child (new_process.h): it can be waited for, suspended, resumed and terminated.
  static Ref<Thread> of_other_process(Ref<Process> process, bool suspended);
  void process_ended(DWORD exit_code);

  DWORD id() const { return id_.load(std::memory_order_acquire); }
  // nullptr after its end; only the thread itself may rely on it.
  TEB* teb() const { return teb_.load(std::memory_order_acquire); }
  thread::StartRoutine routine() const { return routine_; }
  bool created_here() const { return created_here_; }  // by CreateThread; else it is a thread of the host
  DWORD exit_code() const { return exit_code_.load(std::memory_order_acquire); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }

  // --- waiting: called by the dispatcher for the calling thread, except unpark() ---
  void prepare_park(const Dispatcher& lock, Waiter& waiter, bool alertable);
  NTSTATUS park(Timeout timeout);
  void unpark(const Dispatcher& lock, NTSTATUS outcome);
  void end_park(const Dispatcher&) { waiter_ = nullptr; }  // after a park elsewhere

  // --- user APCs ---
  bool has_apcs(const Dispatcher&) const { return !apcs_.empty(); }
  Status queue_apc(const Apc& apc);
  void queue_apc(const Dispatcher& lock, const Apc& apc);
  void forget_apcs(const Dispatcher& lock, const void* owner);
  void run_apcs();
  // NtAlertThread and NtTestAlert, NtAlertThreadByThreadId and NtWaitForAlertByThreadId.
  void alert_by_id();
  NTSTATUS wait_for_alert(Timeout timeout);

  // CancelSynchronousIo: ends the operation that it waits for (io_wait.h), or only that of `operation`. False if none.
  bool cancel_io(const IO_STATUS_BLOCK* operation);

  // --- suspension: both give the previous count ---
  Result<DWORD> suspend();
  Result<DWORD> resume();
  DWORD suspend_count() const { return suspend_count_.load(std::memory_order_relaxed); }

  // --- attributes ---
  Status set_description(std::u16string_view text);
  std::u16string description() const;
  Status set_base_priority(LONG priority);
  LONG base_priority() const { return base_priority_.load(std::memory_order_relaxed); }
  std::atomic<bool> priority_boost_disabled{false};
  std::atomic<DWORD> ideal_processor{0};

  struct Times {
    std::int64_t created, exited, kernel, user;  // 100 ns; the first two since 1601
  };
  Times times() const;

  // The mutants it owns; guarded by the dispatcher lock.
  Mutant* owned_mutants = nullptr;

 private:
  friend class IoWait;
  friend class SuspendedFrame;
  friend Thread& current_thread();
  friend Result<Ref<Thread>> thread_by_id(DWORD id);
  friend Status terminate_thread(Ref<Thread> thread, DWORD exit_code);
  friend std::vector<Ref<Thread>> all_threads();
  friend struct ThreadLife;
  friend void detail::obey_pending_order();
  void obey(thread::Place place);             // what the order signal makes the thread do: die, or wait for ...
  void wait_for_resume(thread::Place place);  // ... the suspend count to become zero
  void release_stopped();
  void send_order();

  std::atomic<DWORD> id_{0}, exit_code_{STILL_ACTIVE}, suspend_count_;
  std::atomic<bool> ended_{false}, killed_{false};
  std::atomic<std::uint32_t> stopped_{0};   // 1 while it obeys a suspension; a futex word, as is ...
  std::atomic<std::uint32_t> releases_{0};  // ... the number of times that ended or its death was told
  std::atomic<TEB*> teb_{nullptr};
  thread::StartRoutine routine_ = nullptr;
  void* parameter_ = nullptr;
  bool held_ = false;                       // it has not begun; guarded by the dispatcher lock, once started, as is ...
  std::unique_ptr<CONTEXT> first_context_;  // ... with what it will begin, if anybody asked
  bool created_here_ = false;
  Ref<Process> process_;  // the other one it is in
  std::int64_t created_ = 0, exited_ = 0, kernel_time_ = 0, user_time_ = 0;

  void* activations_ = nullptr;  // the stack of activation contexts it left behind

  std::atomic<std::uint32_t> outcome_{0};  // futex word of park()
  Waiter* waiter_ = nullptr;               // guarded by the dispatcher lock, as are the next two
  bool alertable_ = false;
  std::deque<Apc> apcs_;
  Thread *previous_ = nullptr, *next_ = nullptr;  // among the living
  std::atomic<std::uint32_t> alert_{0};
  std::atomic<std::uintptr_t> io_{0};  // IoWait's

  std::atomic<LONG> base_priority_{0};
  std::u16string description_;  // guarded by the dispatcher lock
};

// The calling thread's object; made on first use.
Thread& current_thread();
// STATUS_INVALID_CID when no thread of this process with a Windows side has that id.
Result<Ref<Thread>> thread_by_id(DWORD id);
// Ends it; takes the reference, since nothing of the calling thread's frames is left if it is that one.
// STATUS_THREAD_IS_TERMINATING.
Status terminate_thread(Ref<Thread> thread, DWORD exit_code);
// Calls `visit` for every living thread object.
std::vector<Ref<Thread>> all_threads();

// In the child of a fork: the other threads, given by what object_of() says of them, are no more, as if they had been
// terminated.
void forget_other_threads(const Dispatcher& lock, std::span<void* const> others);

struct NewThreadOptions {
  thread::StartRoutine routine;
  void* parameter = nullptr;
  std::size_t stack_size = 0;
  bool suspended = false;
  bool skip_thread_attach = false;
};
// STATUS_ACCESS_DENIED while the process ends (EXIT-03).
Result<Ref<Thread>> create_thread(const NewThreadOptions& options);
[[noreturn]] void exit_thread(DWORD exit_code);
// RtlUserThreadStart: where threads begin, as far as their contexts show it.
[[noreturn]] HM_WINAPI void start_user_thread(thread::StartRoutine routine, void* parameter);

}  // namespace hmodule::nt
