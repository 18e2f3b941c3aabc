#include "nt/thread.h"

#include "nt/activation_context.h"
#include "nt/clock.h"
#include "nt/futex.h"
#include "nt/io_wait.h"
#include "nt/mutant.h"
#include "nt/process.h"
#include "nt/session.h"
#include "nt/stop_place.h"
#include "nt/thread_context.h"
#include "nt/thread_end.h"
#include "nt/token.h"
#include "thread/call.h"
#include "thread/hooks.h"
#include "thread/signals.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>

#include "base/utf.h"

namespace hmodule::nt {

namespace detail {
__thread volatile std::sig_atomic_t kernel_depth __attribute__((tls_model("initial-exec"))) = 0;
__thread volatile std::sig_atomic_t order_pending __attribute__((tls_model("initial-exec"))) = 0;
}  // namespace detail

namespace {

constexpr std::uint32_t kParked = 0xFFFF'FFFF;  // outcome of a wait that goes on
constexpr DWORD kMaximumSuspendCount = 127;     // MAXIMUM_SUSPEND_COUNT

// The first of all living thread objects; guarded by the dispatcher lock. Each holds a reference.
Thread* living = nullptr;

std::atomic<void (*)()> end_hook{nullptr};  // thread_end.h

}  // namespace

// What happens to a thread object from outside its class: start, end, orders.
struct ThreadLife {
  static Thread* of_this_thread() {
    TEB* const teb = thread::try_teb();
    return teb == nullptr ? nullptr : static_cast<Thread*>(thread::object_of(*teb));
  }

  static void enroll(Thread& self, TEB& teb) {
    const Dispatcher lock;
    self.created_ = system_time();
    self.teb_.store(&teb, std::memory_order_release);
    self.add_ref();
    self.next_ = living;
    if (living != nullptr) living->previous_ = &self;
    living = &self;
  }

  static void strike_out(const Dispatcher&, Thread& self) {
    (self.previous_ != nullptr ? self.previous_->next_ : living) = self.next_;
    if (self.next_ != nullptr) self.next_->previous_ = self.previous_;
  }

  static void started(TEB& teb) {
    auto* const self = static_cast<Thread*>(thread::object_of(teb));
    if (self != nullptr) enroll(*self, teb);
  }

  static void held(TEB& teb) {
    auto* const self = static_cast<Thread*>(thread::object_of(teb));
    if (self == nullptr) return;
    self->wait_for_resume(thread::Place::anywhere_else);
    const Dispatcher lock;
    self->held_ = false;
  }

  static void end(const Dispatcher& lock, Thread& thread, DWORD exit_code) {
    thread.exited_ = system_time();
    while (thread.owned_mutants != nullptr) thread.owned_mutants->abandon(lock);
    if (!thread.killed_) thread.exit_code_.store(exit_code, std::memory_order_release);
    thread.ended_.store(true, std::memory_order_release);
    thread.teb_.store(nullptr, std::memory_order_release);
    thread.set_signalled(lock, true);
  }

  // Waits first, so that none of them takes what another's end signals. The references are leaked: nothing may be freed
  // under the lock.
  static void forget_others(const Dispatcher& lock, std::span<void* const> others) {
    for (void* const other : others) static_cast<Thread*>(other)->unpark(lock, STATUS_TIMEOUT);
    for (void* const other : others) end(lock, *static_cast<Thread*>(other), 0);
    living = of_this_thread();
    if (living == nullptr) return;
    living->id_.store(thread::thread_id(*living->teb()), std::memory_order_release);
    living->previous_ = living->next_ = nullptr;
  }

  static void ended(TEB& teb, DWORD exit_code) {
    auto* const self = static_cast<Thread*>(thread::object_of(teb));
    if (self == nullptr) return;
    if (auto* const hook = end_hook.load(std::memory_order_acquire)) hook();
    session::thread_ended(self->id());  // first: who sees the end finds the mutexes abandoned
    {
      const Dispatcher lock;
      const Thread::Times times = self->times();
      self->kernel_time_ = times.kernel;
      self->user_time_ = times.user;
      strike_out(lock, *self);
      SuspendedFrame::forget(lock, *self);
      end(lock, *self, exit_code);
    }
    self->activations_ = std::exchange(teb.ActivationContextStackPointer, nullptr);
  }

  static void forgotten(void* object) {
    auto* const self = static_cast<Thread*>(object);
    forget_activations(self->activations_);
    static_cast<void>(impersonate(*self, {}));
    std::deque<Apc> apcs;  // goes without the lock
    {
      const Dispatcher lock;
      apcs.swap(self->apcs_);
    }
    self->release();  // the registry's
    self->release();  // the TEB's
  }

  // On the signal stack: the interrupted one may have no room, as those of Go's routines.
  static void on_signal(int, siginfo_t* info, void* registers) {
    const int saved_errno = errno;
    if (info->si_code == SI_TIMER) syscall(SYS_timer_delete, info->si_timerid);
    // An order to die may come to one that dies already.
    if (Thread* const self = of_this_thread(); self != nullptr && !self->ended()) {
      auto& frame = *static_cast<ucontext_t*>(registers);
      IoWait::leave_call(self->io_, frame);
      if (detail::kernel_depth != 0)
        detail::order_pending = 1;
      else if (may_stop_at(frame) || !send_order_later())
        obey(*self, frame);
    }
    errno = saved_errno;
  }

  static void obey(Thread& self, ucontext_t& registers) {
    const SuspendedFrame frame(self, registers);
    self.obey(thread::Place::signal_handler);
  }

  // The order again, to this thread, when it may have moved on. By system calls alone: the C library is in the middle
  // of something. False if there is no timer left.
  static bool send_order_later() {
    constexpr long kPause = 50'000;  // ns
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = thread::order_signal();
    event._sigev_un._tid = gettid();
    int timer = 0;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0) return false;
    const itimerspec once = {{}, {0, kPause}};
    return syscall(SYS_timer_settime, timer, 0, &once, nullptr) == 0;
  }

  static void prepare() {
    static std::once_flag once;
    std::call_once(once, [] {
      thread::set_object_hooks({started, held, ended, forgotten});
      find_stop_places();
      struct sigaction action = {};
      action.sa_sigaction = on_signal;
      action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
      sigemptyset(&action.sa_mask);
      sigaction(thread::order_signal(), &action, nullptr);
    });
  }

  static Thread& adopt(TEB& teb) {
    prepare();
    Ref<Thread> self = make_object<Thread>(0);
    self->id_.store(thread::thread_id(teb), std::memory_order_release);
    enroll(*self, teb);
    thread::object_of(teb) = self.get();
    return *self.detach();
  }

  static Result<Ref<Thread>> create(const NewThreadOptions& options) {
    prepare();
    Ref<Thread> self = make_object<Thread>(options.suspended ? 1U : 0U);
    self->routine_ = options.routine;
    self->parameter_ = options.parameter;
    self->created_here_ = self->held_ = true;
    self->add_ref();  // the TEB's
    const KernelSection in_the_kernel;
    const Status started = thread::create_thread({.routine = run,
                                                  .stack_size = options.stack_size,
                                                  .object = self.get(),
                                                  .id = &self->id_,
                                                  .skip_thread_attach = options.skip_thread_attach});
    if (started) return self;
    {
      const Dispatcher lock;
      strike_out(lock, *self);
      end(lock, *self, 0);  // somebody may have found it
    }
    self->release();  // the list's
    self->release();
    return started.error();
  }

  // Runs in the new thread after DLL_THREAD_ATTACH: APCs queued before the start come first.
  HM_WINAPI static DWORD run(void*) {
    Thread& self = current_thread();
    self.run_apcs();
    if (!self.first_context_) return thread::call(self.routine_, self.parameter_);
    const CONTEXT first = *self.first_context_;
    self.first_context_.reset();
    const auto entry = reinterpret_cast<HM_WINAPI DWORD (*)(ULONGLONG, ULONGLONG, ULONGLONG, ULONGLONG)>(first.Rip);
    return thread::call(entry, first.Rcx, first.Rdx, first.R8, first.R9);
  }
};

void set_thread_end_hook(void (*ended)()) {
  end_hook.store(ended, std::memory_order_release);
}

void detail::obey_pending_order() {
  order_pending = 0;
  // Whose handler knows the registers; not by the C library's syscall(), where it would not obey.
  long result = SYS_tgkill;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(getpid()), "S"(gettid()), "d"(thread::order_signal())
                   : "rcx", "r11", "memory");
}

const ObjectType Thread::kType = {u"Thread", 0x20048, 0x20437, 0x121800, THREAD_ALL_ACCESS};

Thread& current_thread() {
  TEB& teb = thread::attach();
  if (void* const object = thread::object_of(teb)) [[likely]]
    return *static_cast<Thread*>(object);
  return ThreadLife::adopt(teb);
}

Result<Ref<Thread>> thread_by_id(DWORD id) {
  current_thread();  // has an object from now on, if it is the one that is meant
  const Dispatcher lock;
  Thread* thread = living;
  while (thread != nullptr && thread->id() != id) thread = thread->next_;
  if (thread == nullptr) return fail(STATUS_INVALID_CID, "no thread has the id {}", id);
  return Ref<Thread>::share(*thread);
}

std::vector<Ref<Thread>> all_threads() {
  const Dispatcher lock;
  std::vector<Ref<Thread>> threads;
  for (Thread* thread = living; thread != nullptr; thread = thread->next_)
    threads.push_back(Ref<Thread>::share(*thread));
  return threads;
}

void forget_other_threads(const Dispatcher& lock, std::span<void* const> others) {
  ThreadLife::forget_others(lock, others);
}

Result<Ref<Thread>> create_thread(const NewThreadOptions& options) {
  if (process_ending()) return fail(STATUS_ACCESS_DENIED, "the process is ending, so no thread can start");
  return ThreadLife::create(options);
}

void exit_thread(DWORD exit_code) {
  thread::exit_current_thread(exit_code);
}

HM_WINAPI void start_user_thread(thread::StartRoutine routine, void* parameter) {
  exit_thread(thread::call(routine, parameter));
}

// --- waiting ---

void Thread::prepare_park(const Dispatcher& lock, Waiter& waiter, bool alertable) {
  outcome_.store(kParked, std::memory_order_relaxed);
  waiter_ = &waiter;
  alertable_ = alertable;
  if ((io_.load(std::memory_order_acquire) & IoWait::kCancelled) != 0) unpark(lock, STATUS_CANCELLED);
}

void Thread::unpark(const Dispatcher& lock, NTSTATUS outcome) {
  if (waiter_ == nullptr || !waiter_->decide(lock, outcome)) return;
  if (waiter_->queued()) waiter_->remove(lock);
  waiter_ = nullptr;
  outcome_.store(static_cast<std::uint32_t>(outcome), std::memory_order_release);
  lock.wake_later(outcome_);
}

NTSTATUS Thread::park(Timeout timeout) {
  const Deadline deadline(timeout);
  for (;;) {
    const std::uint32_t outcome = outcome_.load(std::memory_order_acquire);
    if (outcome != kParked) return static_cast<NTSTATUS>(outcome);
    if (futex_wait(outcome_, kParked, deadline)) continue;
    const Dispatcher lock;
    unpark(lock, STATUS_TIMEOUT);  // unless somebody was faster
    return static_cast<NTSTATUS>(outcome_.load(std::memory_order_relaxed));
  }
}

// --- APCs ---

Status Thread::queue_apc(const Apc& apc) {
  const Dispatcher lock;
  if (ended()) return fail(STATUS_UNSUCCESSFUL, "thread {} has ended", id());
  queue_apc(lock, apc);
  return ok;
}

void Thread::queue_apc(const Dispatcher& lock, const Apc& apc) {
  apcs_.push_back(apc);
  if (alertable_) unpark(lock, STATUS_USER_APC);
}

void Thread::forget_apcs(const Dispatcher&, const void* owner) {
  std::erase_if(apcs_, [owner](const Apc& apc) { return apc.owner == owner; });
}

void Thread::run_apcs() {
  for (;;) {
    Apc apc;
    {
      const Dispatcher lock;
      if (apcs_.empty()) return;
      apc = apcs_.front();
      apcs_.pop_front();
    }
    thread::call(apc.routine, apc.arguments[0], apc.arguments[1], apc.arguments[2]);
  }
}

void Thread::alert_by_id() {
  alert_.store(1, std::memory_order_release);
  futex_wake_one(alert_);
}

NTSTATUS Thread::wait_for_alert(Timeout timeout) {
  const Deadline deadline(timeout);
  while (alert_.exchange(0, std::memory_order_acquire) == 0)
    if (timeout == 0 || !futex_wait(alert_, 0, deadline)) return STATUS_TIMEOUT;
  return STATUS_ALERTED;
}

bool Thread::cancel_io(const IO_STATUS_BLOCK* operation) {
  const Dispatcher lock;
  if (ended()) return false;
  const std::uintptr_t before = IoWait::cancel(io_, operation);
  if (before == IoWait::kNone) return false;
  if ((before & IoWait::kCancelled) != 0) return true;  // it is told already
  unpark(lock, STATUS_CANCELLED);                       // if that is how it waits
  syscall(SYS_tgkill, getpid(), id(), thread::order_signal());
  return true;
}

// --- suspension and death ---

void Thread::obey(thread::Place place) {
  if (killed_) thread::terminate_current_thread(exit_code(), place);
  wait_for_resume(place);
}

void Thread::wait_for_resume(thread::Place place) {
  for (;;) {
    const std::uint32_t seen = releases_.load(std::memory_order_acquire);
    if (killed_ || suspend_count_.load(std::memory_order_acquire) == 0) break;
    stopped_.store(1, std::memory_order_release);
    futex_wake_all(stopped_);
    futex_wait(releases_, seen);
  }
  stopped_.store(0, std::memory_order_release);
  if (killed_) thread::terminate_current_thread(exit_code(), place);
}

void Thread::release_stopped() {
  releases_.fetch_add(1, std::memory_order_release);
  futex_wake_all(releases_);
}

void Thread::send_order() {
  const Dispatcher lock;  // the id is not given to another thread before ended() is true
  if (ended() || id() == 0) return;
  syscall(SYS_tgkill, getpid(), id(), thread::order_signal());
}

Thread::Thread(DWORD suspend_count) : suspend_count_(suspend_count) {}
Thread::~Thread() = default;

Ref<Thread> Thread::of_other_process(Ref<Process> process, bool suspended) {
  Ref<Thread> thread = make_object<Thread>(suspended ? 1U : 0U);
  thread->id_.store(process->id(), std::memory_order_release);  // its first thread has the process's number on Linux
  thread->process_ = std::move(process);
  thread->created_ = system_time();
  return thread;
}

void Thread::process_ended(DWORD exit_code) {
  const Dispatcher lock;
  exit_code_.store(exit_code, std::memory_order_release);
  ended_.store(true, std::memory_order_release);
  set_signalled(lock, true);
}

Result<DWORD> Thread::suspend() {
  DWORD previous = suspend_count_.load();
  do {
    if (ended()) return fail(STATUS_THREAD_IS_TERMINATING, "thread {} has ended", id());
    if (previous >= kMaximumSuspendCount)
      return fail(STATUS_SUSPEND_COUNT_EXCEEDED, "thread {} is suspended {} times", id(), previous);
  } while (!suspend_count_.compare_exchange_weak(previous, previous + 1));
  if (process_) {
    if (previous == 0) kill(static_cast<pid_t>(process_->id()), SIGSTOP);
    return previous;
  }
  if (&current_thread() == this) {
    detail::obey_pending_order();  // by the signal, which leaves its registers for others to see
    wait_for_resume(thread::Place::anywhere_else);
    return previous;
  }
  if (previous == 0) {
    send_order();
    // Windows does not wait either, but its callers count on the thread being as good as stopped.
    const Deadline deadline(-kTicksPerSecond / 10);
    while (!ended() && stopped_.load(std::memory_order_acquire) == 0 && futex_wait(stopped_, 0, deadline)) continue;
  }
  return previous;
}

Result<DWORD> Thread::resume() {
  if (ended()) return fail(STATUS_THREAD_IS_TERMINATING, "thread {} has ended", id());
  DWORD previous = suspend_count_.load();
  do {
    if (previous == 0) return 0;
  } while (!suspend_count_.compare_exchange_weak(previous, previous - 1));
  if (process_) {
    if (previous == 1) kill(static_cast<pid_t>(process_->id()), SIGCONT);
    return previous;
  }
  release_stopped();
  return previous;
}

Status terminate_thread(Ref<Thread> thread, DWORD exit_code) {
  if (thread->process_) return thread->process_->terminate(exit_code);
  if (&current_thread() == thread.get()) {
    thread = {};
    thread::terminate_current_thread(exit_code, thread::Place::anywhere_else);
  }
  {
    const Dispatcher lock;
    if (thread->ended()) return fail(STATUS_THREAD_IS_TERMINATING, "thread {} has ended", thread->id());
    if (thread->killed_.exchange(true)) return ok;
    thread->exit_code_.store(exit_code, std::memory_order_release);
  }
  thread->release_stopped();
  thread->send_order();
  return ok;
}

// --- attributes ---

Status Thread::set_description(std::u16string_view text) {
  const Dispatcher lock;
  description_ = text;
  if (ended()) return ok;
  const std::string name = utf8(text).substr(0, 15);  // what Linux keeps
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%u/comm", id());
  if (const int file = open(path, O_WRONLY | O_CLOEXEC); file >= 0) {
    [[maybe_unused]] const ssize_t written = write(file, name.data(), name.size());
    close(file);
  }
  return ok;
}

std::u16string Thread::description() const {
  const Dispatcher lock;
  return description_;
}

// Nice values for the seven priorities. Without the right to raise a thread again (RLIMIT_NICE) lowering it would be
// for ever, so then the priority is only remembered.
Status Thread::set_base_priority(LONG priority) {
  if (priority != -15 && priority != 15 && (priority < -2 || priority > 2))
    return fail(STATUS_INVALID_PARAMETER, "{} is no thread priority", priority);
  base_priority_.store(priority, std::memory_order_relaxed);
  const int nice = priority == -15 ? 19 : priority == 15 ? -20 : static_cast<int>(-5 * priority);
  rlimit limit = {};
  getrlimit(RLIMIT_NICE, &limit);
  if (geteuid() == 0 || limit.rlim_cur >= static_cast<rlim_t>(20 - std::min(nice, 0)))
    setpriority(PRIO_PROCESS, id(), nice);
  return ok;
}

Thread::Times Thread::times() const {
  if (ended()) return {created_, exited_, kernel_time_, user_time_};
  if (id() == static_cast<DWORD>(gettid())) {
    rusage usage = {};
    getrusage(RUSAGE_THREAD, &usage);
    const auto ticks = [](const timeval& time) { return time.tv_sec * kTicksPerSecond + time.tv_usec * 10; };
    return {created_, 0, ticks(usage.ru_stime), ticks(usage.ru_utime)};
  }
  // Another thread: its clock is exact, the part of the kernel is counted in clock ticks.
  const std::int64_t total = ticks_of(static_cast<clockid_t>(~id() << 3 | 6));  // CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED
  char path[64], text[512] = {};
  std::snprintf(path, sizeof path, "/proc/self/task/%u/stat", id());
  std::int64_t kernel = 0;
  if (const int file = open(path, O_RDONLY | O_CLOEXEC); file >= 0) {
    const ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    unsigned long system = 0;
    const std::string_view line(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    if (const auto end = line.rfind(')'); end != line.npos)
      std::sscanf(text + end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %lu", &system);
    kernel = static_cast<std::int64_t>(system) * (kTicksPerSecond / sysconf(_SC_CLK_TCK));
  }
  return {created_, 0, std::min(kernel, total), total - std::min(kernel, total)};
}

}  // namespace hmodule::nt
