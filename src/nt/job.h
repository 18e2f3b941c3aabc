// Job objects: processes that end together. Linux's counterpart, control groups, needs rights a user seldom has, so a
// job here knows the processes that were put in, not their children, and limits nothing but their number.
#pragma once

#include "nt/handle_table.h"
#include "nt/io_completion.h"
#include "nt/kernel_section.h"
#include "nt/process.h"

#include <vector>

namespace hmodule::nt {

inline constexpr ACCESS_MASK JOB_OBJECT_ASSIGN_PROCESS = 0x1, JOB_OBJECT_SET_ATTRIBUTES = 0x2, JOB_OBJECT_QUERY = 0x4,
                             JOB_OBJECT_TERMINATE = 0x8, JOB_OBJECT_ALL_ACCESS = 0x1F001F;
inline constexpr DWORD JOB_OBJECT_LIMIT_ACTIVE_PROCESS = 0x8, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION = 0x400,
                       JOB_OBJECT_LIMIT_BREAKAWAY_OK = 0x800, JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK = 0x1000,
                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000;

class Job final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // STATUS_QUOTA_EXCEEDED beyond the limit, STATUS_PROCESS_IS_TERMINATING for one that has ended.
  Status assign(Ref<Process> process);
  // In this job, while it runs.
  bool contains(const Process& process) const;
  // Whether the process was put in any job.
  static bool any_contains(const Process& process);
  std::vector<DWORD> running() const;
  std::size_t assigned() const;
  // All of them; this process last.
  void terminate(DWORD exit_code);
  // STATUS_NOT_SUPPORTED for limits that Linux is not asked to keep.
  Status set_limits(DWORD flags, DWORD active_processes);
  DWORD limit_flags() const;
  DWORD active_process_limit() const;
  // From now on the port hears of members that come and go: those that are in already have come.
  // STATUS_INVALID_PARAMETER when one listens already; nullptr ends it.
  Status tell(Ref<IoCompletion> port, ULONG_PTR key);
  // Called when a process that was started from here has ended.
  static void process_ended(Process& process);

  void last_handle_closed() override;

 private:
  template <typename T, typename... Args>
  friend Ref<T> make_object(Args&&... args);
  Job();
  ~Job() override;

  void say(DWORD message, DWORD process) const;  // with the mutex held

  mutable KernelMutex mutex_;
  std::vector<Ref<Process>> processes_;
  DWORD flags_ = 0, limit_ = 0;
  Ref<IoCompletion> port_;
  ULONG_PTR port_key_ = 0;
};

}  // namespace hmodule::nt
