#include "nt/job.h"

#include "nt/kernel_section.h"
#include "nt/thread.h"

#include <algorithm>

namespace hmodule::nt {

const ObjectType Job::kType = {u"Job", 0x20004, 0x2000B, 0x120000, JOB_OBJECT_ALL_ACCESS};

namespace {

struct Jobs {
  KernelMutex mutex;
  std::vector<const Job*> all;
};
Jobs& jobs() {
  static auto& table = *new Jobs;  // jobs die after static destructors have run
  return table;
}

constexpr DWORD JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO = 4, JOB_OBJECT_MSG_NEW_PROCESS = 6, JOB_OBJECT_MSG_EXIT_PROCESS = 7,
                JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS = 8;

bool runs(Process& process) {
  const auto code = process.exit_code();
  return code && *code == STILL_ACTIVE;
}

}  // namespace

Job::Job() {
  const std::lock_guard lock(jobs().mutex);
  jobs().all.push_back(this);
}
Job::~Job() {
  const std::lock_guard lock(jobs().mutex);
  std::erase(jobs().all, this);
}

Status Job::assign(Ref<Process> process) {
  constexpr NTSTATUS STATUS_QUOTA_EXCEEDED = static_cast<NTSTATUS>(0xC0000044);
  if (contains(*process)) return ok;
  if (!runs(*process)) return fail(STATUS_PROCESS_IS_TERMINATING, "process {} has ended", process->id());
  const std::size_t active = running().size();
  const std::lock_guard lock(mutex_);
  if ((flags_ & JOB_OBJECT_LIMIT_ACTIVE_PROCESS) != 0 && active >= limit_)
    return fail(STATUS_QUOTA_EXCEEDED, "the job has {} processes already", active);
  const DWORD id = process->id();
  processes_.push_back(std::move(process));
  say(JOB_OBJECT_MSG_NEW_PROCESS, id);
  return ok;
}

void Job::say(DWORD message, DWORD process) const {
  if (port_) port_->post({port_key_, process, STATUS_SUCCESS, message});
}

Status Job::tell(Ref<IoCompletion> port, ULONG_PTR key) {
  const std::vector<DWORD> members = running();
  const std::lock_guard lock(mutex_);
  if (port && port_) return fail(STATUS_INVALID_PARAMETER, "the job has a completion port already");
  port_ = std::move(port);
  port_key_ = key;
  for (const DWORD id : members) say(JOB_OBJECT_MSG_NEW_PROCESS, id);
  return ok;
}

void Job::process_ended(Process& process) {
  const auto code = process.exit_code();
  // An exit code that is an exception's tells how it ended.
  const bool abnormal = code && *code >> 28 == 0xC;
  const std::lock_guard all(jobs().mutex);
  for (const Job* const job : jobs().all) {
    if (!job->contains(process)) continue;
    const bool last = job->running().empty();
    const std::lock_guard lock(job->mutex_);
    job->say(abnormal ? JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS : JOB_OBJECT_MSG_EXIT_PROCESS, process.id());
    if (last) job->say(JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, 0);
  }
}

bool Job::contains(const Process& process) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(processes_, [&](const Ref<Process>& member) { return member->id() == process.id(); });
}
bool Job::any_contains(const Process& process) {
  const std::lock_guard lock(jobs().mutex);
  return std::ranges::any_of(jobs().all, [&](const Job* job) { return job->contains(process); });
}

std::vector<DWORD> Job::running() const {
  std::vector<DWORD> ids;
  const std::lock_guard lock(mutex_);
  for (const Ref<Process>& process : processes_)
    if (runs(*process)) ids.push_back(process->id());
  return ids;
}
std::size_t Job::assigned() const {
  const std::lock_guard lock(mutex_);
  return processes_.size();
}

void Job::terminate(DWORD exit_code) {
  std::vector<Ref<Process>> members;
  {
    const std::lock_guard lock(mutex_);
    members = processes_;
  }
  std::stable_partition(members.begin(), members.end(),
                        [](const Ref<Process>& process) { return !process->is_current(); });
  for (const Ref<Process>& process : members)
    if (runs(*process)) static_cast<void>(process->terminate(exit_code));
}

Status Job::set_limits(DWORD flags, DWORD active_processes) {
  constexpr DWORD kKept = JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION |
                          JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK |
                          JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  if ((flags & ~kKept) != 0) return fail(STATUS_NOT_SUPPORTED, "job limits {:#x}", flags & ~kKept);
  const std::lock_guard lock(mutex_);
  flags_ = flags;
  limit_ = active_processes;
  return ok;
}
DWORD Job::limit_flags() const {
  const std::lock_guard lock(mutex_);
  return flags_;
}
DWORD Job::active_process_limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

void Job::last_handle_closed() {
  if ((limit_flags() & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) != 0) terminate(0);
}

}  // namespace hmodule::nt
