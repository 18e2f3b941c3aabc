#include "nt/session.h"

#include "base/service_thread.h"
#include "base/trace.h"
#include "base/utf.h"
#include "nt/clock.h"
#include "nt/futex.h"
#include "nt/io_error.h"
#include "nt/thread.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>

namespace hmodule::nt {
namespace {

// --- what the processes share ---

constexpr std::uint32_t kLayout = 1;  // to be raised whenever Segment changes
constexpr std::uint32_t kProcesses = 1024, kObjects = 4096, kWaits = 1024, kMaximumName = 512, kNobody = 0xFFFF'FFFF;

// Outcomes of waits that go on: the thread sleeps, or is to look again by itself.
constexpr std::uint32_t kParked = 0xFFFF'FFFF, kPoked = 0xFFFF'FFFE;

class ProcessSet {
 public:
  void add(std::uint32_t process) { word(process).fetch_or(bit(process)); }
  void remove(std::uint32_t process) { word(process).fetch_and(~bit(process)); }
  bool contains(std::uint32_t process) const { return (words_[process / 64].load() & bit(process)) != 0; }
  bool empty() const {
    return std::ranges::all_of(words_, [](const auto& word) { return word.load() == 0; });
  }
  void clear() {
    for (auto& word : words_) word.store(0);
  }
  // The first member from `process` on, or kNobody.
  std::uint32_t next(std::uint32_t process) const {
    for (; process < kProcesses; process = (process / 64 + 1) * 64)
      if (const std::uint64_t rest = words_[process / 64].load() >> process % 64; rest != 0)
        return process + static_cast<std::uint32_t>(std::countr_zero(rest));
    return kNobody;
  }

 private:
  static std::uint64_t bit(std::uint32_t process) { return std::uint64_t{1} << process % 64; }
  std::atomic<std::uint64_t>& word(std::uint32_t process) { return words_[process / 64]; }
  std::atomic<std::uint64_t> words_[kProcesses / 64];
};

struct ProcessEntry {
  std::atomic<std::uint32_t> pid;   // 0: free
  std::atomic<std::uint32_t> news;  // a futex: something that this process relays was signalled
  pthread_mutex_t life;             // robust; held by a thread of the process as long as it lives

  // glibc's mutex begins with the futex word (struct __pthread_mutex_s), in which the kernel notes the owner's death.
  std::atomic<std::uint32_t>& life_word() { return reinterpret_cast<std::atomic<std::uint32_t>&>(life); }
  bool dead() {
    const std::uint32_t word = life_word().load();
    return pid.load() != 0 && ((word & FUTEX_TID_MASK) == 0 || (word & FUTEX_OWNER_DIED) != 0);
  }
};

struct ObjectState {
  std::atomic<std::int64_t> value;              // as SharedFacts::value; a timer is signalled or not
  std::atomic<std::uint64_t> owner;             // of a mutant: the process's index plus one, the thread; 0: free
  std::atomic<std::uint32_t> abandoned, armed;  // a mutant; a timer
  std::atomic<std::int64_t> due, period;        // a timer's
};

struct ObjectEntry {
  std::atomic<SharedKind> kind;  // 0: free
  std::uint32_t variant, name_length;
  std::int64_t maximum;
  ProcessSet named_by, held_by, relayed_by;  // have a handle; have any use for it; want news of it
  ObjectState state;
  std::atomic<std::int32_t> descriptors[kProcesses];  // plus one
  char16_t name[kMaximumName];

  bool lets_one_go() const { return variant == 1; }
  std::u16string_view name_text() const { return {name, name_length}; }
};

struct WaitEntry {
  std::atomic<std::uint32_t> process;  // plus one; 0: free
  std::atomic<std::uint32_t> outcome;  // a futex
  std::uint32_t thread, count;
  bool all;
  std::uint64_t ticket;                        // who came first
  std::uint16_t objects[kMaximumWaitObjects];  // index plus one; 0: a private one

  std::uint64_t owner() const { return std::uint64_t{process.load()} << 32 | thread; }
  bool waits_for(std::uint32_t object) const {
    return process.load() != 0 && std::find(objects, objects + count, object + 1) != objects + count;
  }
};

// The one step that is neither a single store nor harmless when done twice: a wait gets an object.
struct Journal {
  std::atomic<std::uint32_t> active;
  std::uint32_t object, wait, position;
  std::int64_t value;  // of the object, before
  std::uint64_t owner;
  std::uint32_t abandoned;
};

struct Segment {
  std::atomic<std::uint32_t> ready;  // written last
  pthread_mutex_t lock;
  Journal journal;
  std::uint32_t objects_used, waits_used;  // entries from here on have never been used
  std::uint64_t next_ticket;
  ProcessEntry processes[kProcesses];
  WaitEntry waits[kWaits];
  ObjectEntry objects[kObjects];
};

// --- what this process knows of it ---

Segment* segment;                // set once, by join()
std::uint32_t self = kNobody;    // index of this process
std::uint32_t parent = kNobody;  // of which this one is a fork

// Several SharedObjects may stand for one entry: one that lost its name while somebody waited, and the next.
struct Uses {
  unsigned holds = 0, names = 0;
};
std::map<std::uint32_t, Uses>& uses() {  // guarded by the session's lock
  static auto* const map = new std::map<std::uint32_t, Uses>;
  return *map;
}

ObjectEntry& object_at(std::uint32_t index) {
  return segment->objects[index];
}

// --- the rules of the objects; all under the session's lock ---

void bury(std::uint32_t process);

// A timer is as its due time says; nobody sets it off.
void refresh(ObjectEntry& object) {
  ObjectState& state = object.state;
  if (object.kind.load() != SharedKind::timer || state.armed.load() == 0) return;
  const std::int64_t now = interrupt_time(), due = state.due.load(), period = state.period.load();
  if (due > now) return;
  state.value.store(1);
  if (period == 0)
    state.armed.store(0);
  else
    state.due.store(due + ((now - due) / period + 1) * period);  // beats that were missed are lost
}

bool is_signalled(ObjectEntry& object, std::uint64_t who) {
  refresh(object);
  ObjectState& state = object.state;
  if (object.kind.load() != SharedKind::mutant) return state.value.load() > 0;
  const std::uint64_t owner = state.owner.load();
  if (owner == 0 || owner == who) return true;
  const auto process = static_cast<std::uint32_t>(owner >> 32) - 1;
  if (!segment->processes[process].dead()) return false;
  bury(process);
  return state.owner.load() == 0;
}

bool take_object(ObjectEntry& object, std::uint64_t who) {
  ObjectState& state = object.state;
  switch (object.kind.load()) {
    case SharedKind::event:
    case SharedKind::timer:
      if (object.lets_one_go()) state.value.store(0);
      return false;
    case SharedKind::semaphore:
      state.value.fetch_sub(1);
      return false;
    case SharedKind::mutant:
      if (who == 0) return state.abandoned.load() != 0;  // a thread pool sees it free, but cannot own it
      if (state.owner.load() == who) {
        if (state.value.load() != INT32_MAX) state.value.fetch_add(1);
        return false;
      }
      state.value.store(1);
      state.owner.store(who);
      return state.abandoned.exchange(0) != 0;
    case SharedKind::section:
      break;
  }
  return false;
}

void wake(WaitEntry& wait, std::uint32_t outcome) {
  wait.outcome.store(outcome);
  futex_wake_all_shared(wait.outcome);
}

// Gives `object` to a wait for any; the journal says what there was to do, should we die on the way.
void carry_out(Journal& journal) {
  WaitEntry& wait = segment->waits[journal.wait];
  const bool abandoned = take_object(object_at(journal.object), wait.owner());
  wake(wait, static_cast<std::uint32_t>(abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) + journal.position);
  journal.active.store(0);
}

void grant(std::uint32_t object, std::uint32_t wait_index) {
  const WaitEntry& wait = segment->waits[wait_index];
  const auto* const place = std::find(wait.objects, wait.objects + wait.count, object + 1);
  const ObjectState& state = object_at(object).state;
  Journal& journal = segment->journal;
  journal.object = object;
  journal.wait = wait_index;
  journal.position = static_cast<std::uint32_t>(place - wait.objects);
  journal.value = state.value.load();
  journal.owner = state.owner.load();
  journal.abandoned = state.abandoned.load();
  journal.active.store(1);
  carry_out(journal);
}

// The wait that came first among those that `object` could satisfy.
std::uint32_t first_candidate(std::uint32_t object) {
  std::uint32_t first = kNobody;
  for (std::uint32_t i = 0; i < segment->waits_used; ++i) {
    WaitEntry& wait = segment->waits[i];
    if (!wait.waits_for(object) || wait.outcome.load() != kParked) continue;
    if (segment->processes[wait.process.load() - 1].dead() || !is_signalled(object_at(object), wait.owner())) continue;
    if (first == kNobody || wait.ticket < segment->waits[first].ticket) first = i;
  }
  return first;
}

// To be called after every change that may have signalled the object.
void satisfy(std::uint32_t index) {
  ObjectEntry& object = object_at(index);
  for (std::uint32_t p = object.relayed_by.next(0); p != kNobody; p = object.relayed_by.next(p + 1)) {
    segment->processes[p].news.fetch_add(1);
    futex_wake_all_shared(segment->processes[p].news);
  }
  for (std::uint32_t i; (i = first_candidate(index)) != kNobody;) {
    if (segment->waits[i].all)
      wake(segment->waits[i], kPoked);
    else
      grant(index, i);
  }
}

// Everybody who waits for a timer is to sleep until another time.
void poke_waiters(std::uint32_t index) {
  for (std::uint32_t i = 0; i < segment->waits_used; ++i)
    if (WaitEntry& wait = segment->waits[i]; wait.waits_for(index) && wait.outcome.load() == kParked)
      wake(wait, kPoked);
}

void abandon(std::uint32_t index) {
  ObjectState& state = object_at(index).state;
  state.abandoned.store(1);
  state.value.store(0);
  state.owner.store(0);
  satisfy(index);
}

void abandon_mutants_of(std::uint64_t owner, std::uint64_t mask) {
  for (std::uint32_t i = 0; i < segment->objects_used; ++i)
    if (object_at(i).kind.load() == SharedKind::mutant && (object_at(i).state.owner.load() & mask) == owner) abandon(i);
}

void end_waits_of(std::uint64_t owner, std::uint64_t mask) {
  for (std::uint32_t i = 0; i < segment->waits_used; ++i)
    if (WaitEntry& wait = segment->waits[i]; wait.process.load() != 0 && (wait.owner() & mask) == owner)
      wait.process.store(0);
}

constexpr std::uint64_t kWholeProcess = 0xFFFF'FFFF'0000'0000, kThread = 0xFFFF'FFFF'FFFF'FFFF;
std::uint64_t owner_id(std::uint32_t process, DWORD thread) {
  return std::uint64_t{process + 1} << 32 | thread;
}
std::uint64_t owner_id(const Thread* thread) {
  return thread == nullptr ? 0 : owner_id(self, thread->id());
}

void let_go(ObjectEntry& object, std::uint32_t process) {
  object.descriptors[process].store(0);
  object.named_by.remove(process);
  object.relayed_by.remove(process);
  object.held_by.remove(process);
  if (object.held_by.empty()) object.kind.store(SharedKind{});
}

// The process is dead, and nothing of it shall be left.
void bury(std::uint32_t process) {
  end_waits_of(owner_id(process, 0), kWholeProcess);
  for (std::uint32_t i = 0; i < segment->objects_used; ++i)
    if (object_at(i).kind.load() != SharedKind{} && object_at(i).held_by.contains(process))
      let_go(object_at(i), process);
  abandon_mutants_of(owner_id(process, 0), kWholeProcess);
  segment->processes[process].pid.store(0);
}

void bury_the_dead() {
  for (std::uint32_t i = 0; i < kProcesses; ++i)
    if (segment->processes[i].dead()) bury(i);
}

// The object that somebody alive has a handle to, or kNobody.
std::uint32_t find(std::u16string_view name, bool ignore_case) {
  for (std::uint32_t i = 0; i < segment->objects_used; ++i) {
    ObjectEntry& object = object_at(i);
    if (object.kind.load() == SharedKind{}) continue;
    if (ignore_case ? !equal_ignoring_case(object.name_text(), name) : object.name_text() != name) continue;
    for (std::uint32_t p = object.named_by.next(0); p != kNobody; p = object.named_by.next(p + 1))
      if (segment->processes[p].dead()) bury(p);
    if (object.kind.load() != SharedKind{} && !object.named_by.empty()) return i;
  }
  return kNobody;
}

// Somebody died while he held the lock.
void repair() {
  if (Journal& journal = segment->journal; journal.active.load() != 0) {
    ObjectState& state = object_at(journal.object).state;
    state.value.store(journal.value);
    state.owner.store(journal.owner);
    state.abandoned.store(journal.abandoned);
    carry_out(journal);
  }
  bury_the_dead();
  for (std::uint32_t i = 0; i < segment->objects_used; ++i)
    if (object_at(i).kind.load() != SharedKind{}) satisfy(i);
}

void lock_segment() {
  if (pthread_mutex_lock(&segment->lock) != EOWNERDEAD) return;
  repair();
  pthread_mutex_consistent(&segment->lock);
}

}  // namespace

SessionLock::SessionLock() {
  lock_segment();
}
SessionLock::~SessionLock() {
  pthread_mutex_unlock(&segment->lock);
}

namespace {

// --- joining ---

void make_robust(pthread_mutex_t& mutex) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

Result<Segment*> map_segment() {
  const UniqueFd directory = TRY(session::directory());
  const std::string name = fmt::format("session{}.{}", kLayout, session::scope());  // layouts do not meet
  const UniqueFd file(::openat(directory.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::flock(file.get(), LOCK_EX) != 0) return fail_errno("open the session");
  struct stat facts = {};
  if (::fstat(file.get(), &facts) != 0 || facts.st_uid != ::geteuid())
    return fail(STATUS_ACCESS_DENIED, "the session's file belongs to user {}", facts.st_uid);
  if (::ftruncate(file.get(), sizeof(Segment)) != 0) return fail_errno("make room for the session");
  void* const memory = ::mmap(nullptr, sizeof(Segment), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("map the session");
  auto* const mapped = static_cast<Segment*>(memory);
  if (mapped->ready.load() == 0) {
    make_robust(mapped->lock);
    mapped->ready.store(1);
  }
  ::flock(file.get(), LOCK_UN);  // the mapping keeps the open file, and with it the lock, beyond the close
  return mapped;
}

// Finds a place among the processes, and holds its life. False when all are taken.
bool claim_place() {
  const SessionLock lock;
  bury_the_dead();
  for (std::uint32_t i = 0; i < kProcesses; ++i) {
    ProcessEntry& process = segment->processes[i];
    if (process.pid.load() != 0) continue;
    make_robust(process.life);
    // Nobody else knows it: it is free, and no lock that is taken within another.
    static_cast<void>(pthread_mutex_trylock(&process.life));
    process.news.store(0);
    process.pid.store(static_cast<std::uint32_t>(::getpid()));
    self = i;
    return true;
  }
  return false;
}

// The next living process below this one, around the ring; this one itself if it is alone.
std::uint32_t predecessor() {
  for (std::uint32_t i = 1; i < kProcesses; ++i) {
    const std::uint32_t candidate = (self + kProcesses - i) % kProcesses;
    if (segment->processes[candidate].pid.load() != 0) return candidate;
  }
  return self;
}

// Sleeps on the life of the process before this one. FUTEX_WAITERS says that somebody does: without it the kernel wakes
// nobody. The bit is set under the lock, so that a newcomer between the two, who clears it, is never missed: the word
// is not what we have seen then.
[[noreturn]] void watch_neighbour() {
  for (;;) {
    std::atomic<std::uint32_t>* word;
    std::uint32_t seen;
    {
      const SessionLock lock;
      bury_the_dead();
      word = &segment->processes[predecessor()].life_word();
      seen = word->fetch_or(FUTEX_WAITERS) | FUTEX_WAITERS;
    }
    if ((seen & FUTEX_OWNER_DIED) == 0 && (seen & FUTEX_TID_MASK) != 0)
      futex_wait_shared(*word, seen, Deadline(std::nullopt));
  }
}

// Who slept on the life of the process before this newcomer is to sleep on the newcomer's.
void step_in_between() {
  const SessionLock lock;
  std::atomic<std::uint32_t>& word = segment->processes[predecessor()].life_word();
  word.fetch_and(~FUTEX_WAITERS);
  futex_wake_all_shared(word);
}

// False when there is no place, or no thread that could hold it.
bool live() {
  std::atomic<std::uint32_t> answer{0};  // then 1 or 2: found a place, found none
  const bool started(start_service_thread("hmodule-names", [&answer] {
    const bool found = claim_place();
    if (found) step_in_between();
    answer.store(found ? 1 : 2);
    futex_wake_all(answer);
    if (found) watch_neighbour();
  }));
  while (started && answer.load() == 0) futex_wait(answer, 0);
  return answer.load() == 1;
}

// --- the relay ---

// Guarded by the dispatcher lock, both.
bool relay_runs;
std::set<Waitable*>& relayed() {
  static auto* const objects = new std::set<Waitable*>;
  return *objects;
}

[[noreturn]] void run_relay() {
  std::atomic<std::uint32_t>& news = segment->processes[self].news;
  for (;;) {
    const std::uint32_t seen = news.load();
    std::int64_t due = INT64_MAX;
    {
      const Dispatcher lock;
      const std::set<Waitable*> objects = relayed();  // serving them may change the set
      for (Waitable* const object : objects) {
        if (!relayed().contains(object)) continue;
        object->satisfy_waiters(lock);
        const ObjectEntry& entry = object_at(object->shared()->index());
        if (entry.kind.load() == SharedKind::timer && entry.state.armed.load() != 0)
          due = std::min(due, entry.state.due.load());
      }
    }
    futex_wait_shared(news, seen, due == INT64_MAX ? Deadline(std::nullopt) : Deadline::at(due));
  }
}

}  // namespace

namespace session {

Result<UniqueFd> directory() {
  const std::string path = fmt::format("/dev/shm/hmodule-{}", ::geteuid());
  ::mkdir(path.c_str(), 0700);
  UniqueFd directory(::open(path.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return fail_errno(path.c_str());
  struct stat facts = {};
  if (::fstat(directory.get(), &facts) != 0 || facts.st_uid != ::geteuid() || (facts.st_mode & 0077) != 0)
    return fail(STATUS_ACCESS_DENIED, "{} belongs to user {} with mode {:o}, and others could write there", path,
                facts.st_uid, facts.st_mode & 07777);
  return directory;
}

// Process numbers mean something in one PID namespace only, so each has a session of its own.
std::string scope() {
  struct stat facts = {};
  ::stat("/proc/self/ns/pid", &facts);
  const char* const session = ::secure_getenv("HMODULE_SESSION");
  std::string scope = fmt::format("{}.{}", facts.st_ino, session == nullptr ? "" : session);
  if (is_private()) scope += fmt::format(".{}", ::getpid());
  std::ranges::replace(scope, '/', '_');
  return scope;
}

void hold_for_fork() {
  if (segment != nullptr) lock_segment();
}
void let_go_after_fork() {
  if (segment != nullptr) pthread_mutex_unlock(&segment->lock);
}
// The lock is the parent's, who will give it back.
void leave_to_parent() {
  parent = std::exchange(self, kNobody);
  relay_runs = false;
  relayed().clear();
}
void rejoin_after_fork() {
  if (segment == nullptr) return;
  if (!live()) {
    // What it shares it cannot keep. A process that shares nothing goes on with names of its own.
    trace::line(trace::Channel::nt, "a fork has no part in the session: {} processes, or no thread", kProcesses);
    if (!uses().empty()) std::abort();
    segment = nullptr;
    return;
  }
  const SessionLock lock;
  for (const auto& [index, use] : uses()) {
    object_at(index).descriptors[self].store(object_at(index).descriptors[parent].load());
    object_at(index).held_by.add(self);
    if (use.names != 0) object_at(index).named_by.add(self);
  }
}

bool is_private() {
  const char* const wish = ::secure_getenv("HMODULE_SESSION");
  return wish != nullptr && wish == std::string_view("private");
}

bool joined() {
  return segment != nullptr;
}

bool join() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (is_private()) return;
    const auto mapped = map_segment();
    if (!mapped) {
      trace::line(trace::Channel::nt, "named objects stay private: {}", mapped.error().reason);
      return;
    }
    segment = *mapped;
    if (!live()) {
      trace::line(trace::Channel::nt, "named objects stay private: {} processes share theirs already, or no thread",
                  kProcesses);
      segment = nullptr;
      return;
    }
  });
  return segment != nullptr;
}

std::unique_ptr<SharedObject> open(std::u16string_view name, bool ignore_case) {
  const SessionLock lock;
  const std::uint32_t index = find(name, ignore_case);
  if (index == kNobody) return nullptr;
  Uses& use = uses()[index];
  ++use.holds, ++use.names;
  object_at(index).held_by.add(self);
  object_at(index).named_by.add(self);
  return std::make_unique<SharedObject>(index);
}

Result<std::unique_ptr<SharedObject>> publish(std::u16string_view name, const SharedFacts& facts) {
  if (name.size() > kMaximumName) return fail(STATUS_NAME_TOO_LONG, "a name of {} characters", name.size());
  const SessionLock lock;
  if (find(name, false) != kNobody) return std::unique_ptr<SharedObject>();
  std::uint32_t index = 0;
  while (index < segment->objects_used && object_at(index).kind.load() != SharedKind{}) ++index;
  if (index == kObjects) return fail(STATUS_INSUFFICIENT_RESOURCES, "{} objects have names", index);
  ObjectEntry& object = object_at(index);
  object.variant = facts.variant;
  object.maximum = facts.maximum;
  object.name_length = static_cast<std::uint32_t>(name.copy(object.name, kMaximumName));
  object.held_by.clear();
  object.relayed_by.clear();
  object.named_by.clear();
  object.state.value.store(facts.value);
  object.state.owner.store(facts.owner == 0 ? 0 : owner_id(self, facts.owner));
  object.state.abandoned.store(0);
  object.state.armed.store(0);
  object.state.due.store(0);
  for (auto& descriptor : object.descriptors) descriptor.store(0);  // whoever was killed here may have left one
  object.descriptors[self].store(facts.descriptor + 1);
  object.held_by.add(self);
  object.named_by.add(self);
  object.kind.store(facts.kind);
  segment->objects_used = std::max(segment->objects_used, index + 1);
  uses()[index] = {1, 1};
  return std::make_unique<SharedObject>(index);
}

void thread_ended(DWORD thread) {
  if (segment == nullptr) return;
  const SessionLock lock;
  end_waits_of(owner_id(self, thread), kThread);
  abandon_mutants_of(owner_id(self, thread), kThread);
}

void relay(const Dispatcher&, Waitable& object) {
  relayed().insert(&object);
  {
    const SessionLock lock;
    object_at(object.shared()->index()).relayed_by.add(self);
    segment->processes[self].news.fetch_add(1);  // it may have been signalled before
    futex_wake_all_shared(segment->processes[self].news);
  }
  if (!std::exchange(relay_runs, true)) static_cast<void>(start_service_thread("hmodule-relay", run_relay));
}

void stop_relay(const Dispatcher&, Waitable& object) {
  if (relayed().erase(&object) == 0) return;
  const SessionLock lock;
  object_at(object.shared()->index()).relayed_by.remove(self);
}

}  // namespace session

// --- objects ---

SharedObject::~SharedObject() {
  const SessionLock lock;
  Uses& use = uses()[index_];
  if (--use.holds != 0) return;
  uses().erase(index_);
  let_go(object_at(index_), self);
}

void SharedObject::lose_name() {
  const SessionLock lock;
  if (--uses()[index_].names == 0) object_at(index_).named_by.remove(self);
}

SharedFacts SharedObject::facts() const {
  const ObjectEntry& object = object_at(index_);
  return {.kind = object.kind.load(),
          .variant = object.variant,
          .value = object.state.value.load(),
          .maximum = object.maximum};
}

std::u16string SharedObject::name() const {
  const ObjectEntry& object = object_at(index_);
  return {object.name, object.name_length};
}

Result<int> SharedObject::open_descriptor(int flags) const {
  const SessionLock lock;  // nobody closes his meanwhile
  ObjectEntry& object = object_at(index_);
  for (std::uint32_t p = object.held_by.next(0); p != kNobody; p = object.held_by.next(p + 1)) {
    const std::int32_t descriptor = object.descriptors[p].load() - 1;
    if (descriptor < 0) continue;
    const std::string path = fmt::format("/proc/{}/fd/{}", segment->processes[p].pid.load(), descriptor);
    if (const int fd = ::open(path.c_str(), flags | O_CLOEXEC); fd >= 0) {
      object.descriptors[self].store(fd + 1);
      return fd;
    }
  }
  return fail(STATUS_ACCESS_DENIED, "no process that has section {} lets us open it", index_);
}

bool SharedObject::signalled(const Thread* thread) const {
  return is_signalled(object_at(index_), owner_id(thread));
}
bool SharedObject::take(const Thread* thread) {
  return take_object(object_at(index_), owner_id(thread));
}

LONG SharedObject::set_event(bool on) {
  const SessionLock lock;
  const auto previous = static_cast<LONG>(object_at(index_).state.value.exchange(on ? 1 : 0));
  if (on) satisfy(index_);
  return previous;
}

LONG SharedObject::pulse_event() {
  const SessionLock lock;
  const auto previous = static_cast<LONG>(object_at(index_).state.value.exchange(1));
  satisfy(index_);
  object_at(index_).state.value.store(0);
  return previous;
}

Result<LONG> SharedObject::release_semaphore(LONG by) {
  const SessionLock lock;
  const ObjectEntry& object = object_at(index_);
  const std::int64_t count = object.state.value.load();
  if (by > object.maximum - count)
    return fail(STATUS_SEMAPHORE_LIMIT_EXCEEDED, "a semaphore at {} of {} cannot be released by {}", count,
                object.maximum, by);
  object_at(index_).state.value.fetch_add(by);
  satisfy(index_);
  return static_cast<LONG>(count);
}

Result<LONG> SharedObject::release_mutant(DWORD thread) {
  const SessionLock lock;
  ObjectState& state = object_at(index_).state;
  if (state.owner.load() != owner_id(self, thread))
    return fail(STATUS_MUTANT_NOT_OWNED, "the mutex is not owned by thread {}", thread);
  const std::int64_t owned = state.value.fetch_sub(1);
  if (owned == 1) {
    state.owner.store(0);
    satisfy(index_);
  }
  return static_cast<LONG>(1 - owned);
}

LONG SharedObject::value() const {
  const SessionLock lock;
  return static_cast<LONG>(object_at(index_).state.value.load());
}

SharedObject::Mutant SharedObject::mutant() const {
  const SessionLock lock;
  is_signalled(object_at(index_), 0);  // buries an owner that is dead
  const ObjectState& state = object_at(index_).state;
  const std::uint64_t owner = state.owner.load();
  return {static_cast<LONG>(owner == 0 ? 0 : state.value.load()), state.abandoned.load() != 0, owner >> 32 == self + 1,
          static_cast<DWORD>(owner)};
}

bool SharedObject::set_timer(std::int64_t due, std::int64_t period) {
  const SessionLock lock;
  ObjectEntry& object = object_at(index_);
  refresh(object);
  object.state.armed.store(0);
  const bool previous = object.state.value.exchange(0) != 0;
  object.state.due.store(due);
  object.state.period.store(period);
  object.state.armed.store(1);
  satisfy(index_);
  poke_waiters(index_);
  return previous;
}

bool SharedObject::cancel_timer() {
  const SessionLock lock;
  ObjectEntry& object = object_at(index_);
  refresh(object);
  object.state.armed.store(0);
  return object.state.value.load() != 0;
}

SharedObject::Timer SharedObject::timer() const {
  const SessionLock lock;
  ObjectEntry& object = object_at(index_);
  refresh(object);
  return {object.state.due.load(), object.state.value.load() != 0};
}

// --- waits ---

namespace session {

Result<std::unique_ptr<Wait>> Wait::begin(const SessionLock&, DWORD thread, std::span<SharedObject* const> objects,
                                          bool all) {
  std::uint32_t index = 0;
  while (index < segment->waits_used && segment->waits[index].process.load() != 0) ++index;
  if (index == kWaits) return fail(STATUS_INSUFFICIENT_RESOURCES, "{} threads wait for named objects", index);
  WaitEntry& wait = segment->waits[index];
  wait.thread = thread;
  wait.count = static_cast<std::uint32_t>(objects.size());
  wait.all = all;
  wait.ticket = segment->next_ticket++;
  std::ranges::transform(objects, wait.objects, [](const SharedObject* object) {
    return static_cast<std::uint16_t>(object == nullptr ? 0 : object->index() + 1);
  });
  wait.outcome.store(kParked);
  wait.process.store(self + 1);
  segment->waits_used = std::max(segment->waits_used, index + 1);
  return std::unique_ptr<Wait>(new Wait(index));
}

Wait::~Wait() {
  const SessionLock lock;
  segment->waits[index_].process.store(0);
}

std::optional<NTSTATUS> Wait::outcome(const SessionLock&) const {
  auto& word = segment->waits[index_].outcome;
  const std::uint32_t outcome = word.load();
  if (outcome == kPoked) word.store(kParked);  // the caller looks now
  if (outcome == kPoked || outcome == kParked) return std::nullopt;
  return static_cast<NTSTATUS>(outcome);
}

bool Wait::decide(const SessionLock& lock, NTSTATUS status) {
  if (segment->waits[index_].process.load() != self + 1) return true;  // it was our parent's before a fork
  if (outcome(lock)) return false;
  wake(segment->waits[index_], static_cast<std::uint32_t>(status));
  return true;
}

Wait::Event Wait::sleep(const Deadline& deadline) {
  WaitEntry& wait = segment->waits[index_];
  for (;;) {
    std::int64_t due = INT64_MAX;  // of the next timer
    for (std::uint32_t i = 0; i < wait.count; ++i)
      if (wait.objects[i] != 0)
        if (const ObjectEntry& object = object_at(wait.objects[i] - 1U);
            object.kind.load() == SharedKind::timer && object.state.armed.load() != 0)
          due = std::min(due, object.state.due.load());
    const std::uint32_t outcome = wait.outcome.load();
    if (outcome == kPoked) return Event::look_again;
    if (outcome != kParked) return Event::decided;
    const Deadline alarm = Deadline::at(due);
    const bool timer_first = due != INT64_MAX && alarm.remaining() < deadline.remaining();
    if (!futex_wait_shared(wait.outcome, kParked, timer_first ? alarm : deadline))
      return timer_first ? Event::look_again : Event::timed_out;
  }
}

}  // namespace session
}  // namespace hmodule::nt
