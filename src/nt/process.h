// Process objects. The process is this one; handles to others can be had for waiting, their exit code and their id.
#pragma once

#include "nt/waitable.h"

#include <functional>
#include <optional>

namespace hmodule::nt {

// Process access rights (winnt.h).
inline constexpr ACCESS_MASK PROCESS_TERMINATE = 0x1, PROCESS_CREATE_THREAD = 0x2, PROCESS_VM_OPERATION = 0x8,
                             PROCESS_VM_READ = 0x10, PROCESS_VM_WRITE = 0x20, PROCESS_DUP_HANDLE = 0x40,
                             PROCESS_SET_QUOTA = 0x100, PROCESS_SET_INFORMATION = 0x200,
                             PROCESS_QUERY_INFORMATION = 0x400, PROCESS_SUSPEND_RESUME = 0x800,
                             PROCESS_QUERY_LIMITED_INFORMATION = 0x1000, PROCESS_ALL_ACCESS = 0x1FFFFF;

// A right to query everything is one to query what is harmless.
constexpr ACCESS_MASK implied_process_access(ACCESS_MASK access) {
  return (access & PROCESS_QUERY_INFORMATION) != 0 ? access | PROCESS_QUERY_LIMITED_INFORMATION : access;
}

class Process final : public Signal {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  explicit Process(DWORD id, int pidfd) : id_(id), pidfd_(pidfd) {}
  ~Process() override;

  static Ref<Process> current();
  // STATUS_INVALID_CID when there is no such process, STATUS_ACCESS_DENIED for those of others.
  static Result<Ref<Process>> open(DWORD id);
  // The object of a child that has just been started: open() finds the same one.
  static Result<Ref<Process>> adopt_child(DWORD id);
  // The child is gone, and this is what it answered.
  void child_ended(DWORD exit_code);

  DWORD id() const { return id_; }
  bool is_current() const;
  // STILL_ACTIVE while it runs. What a process answered that is no child, only its parent knows on Linux.
  Result<DWORD> exit_code();
  Status terminate(DWORD exit_code);

  struct Times {
    std::int64_t created, exited, kernel, user;  // 100 ns; the first two since 1601
  };
  Result<Times> times() const;

  std::atomic<bool> priority_boost_disabled{false};
  std::atomic<DWORD> priority_class{0x20};  // NORMAL_PRIORITY_CLASS

 private:
  DWORD id_;
  int pidfd_;
  // Exit codes of a child; a wider type has room for "none yet".
  static constexpr std::int64_t kNone = -1;
  std::atomic<std::int64_t> killed_with_{kNone}, answer_{kNone};
};

// Every processor this process runs on passes a memory barrier.
void flush_process_write_buffers();

// EXIT-01, but for the callbacks into DLLs: kills the threads made by CreateThread with `exit_code`, as far as they
// are not this one, and waits until they are gone.
void kill_other_threads(DWORD exit_code);
// The process has begun to end: no thread is made any more (EXIT-03).
bool process_ending();

// What a process does before it ends, whoever ends it (EXIT-01, EXIT-04, EXIT-09). A second call does nothing.
void end_windows_side(DWORD exit_code, const std::function<void()>& detach);
// ExitProcess: EXIT-01. `detach` is the loader's part. A second call, from a detach callback, ends at once.
[[noreturn]] void exit_process(DWORD exit_code, const std::function<void()>& detach);
// What is left of exit_process() when its thread finds that it can never go on (EXIT-06).
[[noreturn]] void end_now();
// TerminateProcess on oneself: no callbacks (EXIT-08).
[[noreturn]] void terminate_process(DWORD exit_code);

}  // namespace hmodule::nt
