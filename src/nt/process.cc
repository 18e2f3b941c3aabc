#include "nt/process.h"

#include "base/remote_barrier.h"
#include "nt/clock.h"
#include "nt/futex.h"
#include "nt/job.h"
#include "nt/kernel_section.h"
#include "nt/new_process.h"
#include "nt/thread.h"
#include "thread/fls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace hmodule::nt {
namespace {

constexpr std::int64_t kPatience = kTicksPerSecond / 4;  // for threads told to die; they may sit in the host's code

std::atomic<DWORD> ending_thread{0}, ending_code{0};

// A Linux process answers with eight bits; what was not success must not become it.
int linux_exit_status(DWORD exit_code) {
  const int status = static_cast<int>(exit_code & 0xFF);
  return status == 0 && exit_code != 0 ? 1 : status;
}

}  // namespace

const ObjectType Process::kType = {u"Process", 0x20410, 0x20BEB, 0x121001, PROCESS_ALL_ACCESS};

namespace {

struct Children {
  KernelMutex mutex;
  std::map<DWORD, Process*> running;  // each holds a reference until it ends
};
Children& children() {
  static auto* const all = new Children;
  return *all;
}

}  // namespace

Process::~Process() {
  if (pidfd_ >= 0) close(pidfd_);
}

Result<Ref<Process>> Process::adopt_child(DWORD id) {
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, id, 0));
  if (pidfd < 0) return fail(STATUS_INVALID_CID, "no process has the id {}", id);
  Ref<Process> child = make_object<Process>(id, pidfd);
  Children& all = children();
  const std::lock_guard lock(all.mutex);
  all.running[id] = Ref<Process>(child).detach();
  return child;
}

void Process::child_ended(DWORD exit_code) {
  const std::int64_t killed_with = killed_with_.load();
  answer_.store(killed_with != kNone ? killed_with : exit_code);
  Children& all = children();
  Ref<Process> running;
  {
    const std::lock_guard lock(all.mutex);
    running = Ref<Process>::adopt(all.running[id_]);
    all.running.erase(id_);
  }
  set_signalled(true);
  Job::process_ended(*this);
}

Ref<Process> Process::current() {
  static Process* const process = make_object<Process>(static_cast<DWORD>(getpid()), -1).detach();
  return Ref<Process>::share(*process);
}

bool Process::is_current() const {
  return id_ == static_cast<DWORD>(getpid());
}

Result<Ref<Process>> Process::open(DWORD id) {
  if (id == static_cast<DWORD>(getpid())) return current();
  if (id == 0) return fail(STATUS_INVALID_CID, "no process has the id 0");
  {
    Children& all = children();
    const std::lock_guard lock(all.mutex);
    if (const auto child = all.running.find(id); child != all.running.end()) return Ref<Process>::share(*child->second);
  }
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, id, 0));
  if (pidfd < 0) return fail(STATUS_INVALID_CID, "no process has the id {}", id);
  Ref<Process> process = make_object<Process>(id, pidfd);
  if (kill(static_cast<pid_t>(id), 0) != 0 && errno == EPERM)
    return fail(STATUS_ACCESS_DENIED, "process {} belongs to somebody else", id);
  return process;
}

Result<DWORD> Process::exit_code() {
  if (const std::int64_t answer = answer_.load(); answer != kNone) return static_cast<DWORD>(answer);
  if (is_current() || kill(static_cast<pid_t>(id_), 0) == 0) return STILL_ACTIVE;
  return fail(STATUS_NOT_SUPPORTED, "Linux tells the exit status of process {} to its parent only", id_);
}

Status Process::terminate(DWORD exit_code) {
  if (is_current()) terminate_process(exit_code);
  killed_with_.store(exit_code);  // counts if it dies of this
  if (syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0) != 0)
    return fail(errno == ESRCH ? STATUS_PROCESS_IS_TERMINATING : STATUS_ACCESS_DENIED, "process {} cannot be killed",
                id_);
  return ok;
}

// /proc/<id>/stat: user and system time are the fields 14 and 15, the start (in ticks since boot) is field 22.
Result<Process::Times> Process::times() const {
  char path[64], text[1024] = {};
  std::snprintf(path, sizeof path, "/proc/%u/stat", id_);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(STATUS_PROCESS_IS_TERMINATING, "process {} is gone", id_);
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  const char* const fields = size > 0 ? std::strrchr(text, ')') : nullptr;
  unsigned long long user = 0, kernel = 0, start = 0;
  if (fields == nullptr ||
      std::sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %llu",
                  &user, &kernel, &start) != 3)
    return fail(STATUS_UNSUCCESSFUL, "{} cannot be understood", path);
  const std::int64_t tick = kTicksPerSecond / sysconf(_SC_CLK_TCK);
  const std::int64_t boot = system_time() - ticks_of(CLOCK_BOOTTIME);
  return Times{boot + static_cast<std::int64_t>(start) * tick, 0, static_cast<std::int64_t>(kernel) * tick,
               static_cast<std::int64_t>(user) * tick};
}

void flush_process_write_buffers() {
  static std::once_flag prepared;
  std::call_once(prepared, prepare_remote_barrier);
  remote_barrier();
}

void kill_other_threads(DWORD exit_code) {
  const Thread& self = current_thread();
  std::vector<Ref<Thread>> threads = all_threads();
  std::erase_if(threads, [&](const Ref<Thread>& thread) { return thread.get() == &self || !thread->created_here(); });
  for (const auto& thread : threads) static_cast<void>(terminate_thread(thread, exit_code));
  const std::int64_t give_up = interrupt_time() + kPatience;
  for (const auto& thread : threads) wait_one(*thread, false, std::min<std::int64_t>(interrupt_time() - give_up, 0));
}

bool process_ending() {
  return ending_thread.load(std::memory_order_acquire) != 0;
}

void end_windows_side(DWORD exit_code, const std::function<void()>& detach) {
  const DWORD self = current_thread().id();
  DWORD nobody = 0;
  if (!ending_thread.compare_exchange_strong(nobody, self)) {
    if (nobody == self) return;
    for (;;) pause();  // another thread ends the process, and this one with it
  }
  ending_code = exit_code;
  kill_other_threads(exit_code);
  thread::fls_run_callbacks(thread::teb().FlsData);  // EXIT-04
  detach();
}

void exit_process(DWORD exit_code, const std::function<void()>& detach) {
  if (ending_thread.load() == current_thread().id()) terminate_process(exit_code);
  end_windows_side(exit_code, detach);
  tell_parent(exit_code);
  std::exit(linux_exit_status(exit_code));
}

void end_now() {
  terminate_process(ending_code);
}

void terminate_process(DWORD exit_code) {
  tell_parent(exit_code);
  _exit(linux_exit_status(exit_code));
}

}  // namespace hmodule::nt
