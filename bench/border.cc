// The Windows API at the border beside what the host has for the same: each native function through its pointer, as a
// DLL calls it, and its peer through a pointer, too.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <hmodule/hmodule.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using DWORD = std::uint32_t;
using BOOL = int;
using SIZE_T = hmodule::u64;

template <class F>
auto function(const char* name) {
  static const hmodule::library kernel32("kernel32.dll");
  return kernel32.get<F>(name);
}
template <class F>
auto runtime_function(const char* name) {
  static const hmodule::library runtime("ucrtbase.dll");
  return runtime.get<F>(name);
}

template <class F>
F* native_function(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name));
}

// A call that the compiler does not see through, as a DLL's is not.
template <class F>
F* opaque(F* native) {
  F* volatile hidden = native;
  return hidden;
}

constexpr DWORD kInfinite = 0xFFFF'FFFF;

// --- the thread's own ---

void get_last_error(benchmark::State& state) {
  const auto get = function<DWORD()>("GetLastError");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(get());
}
void native_errno(benchmark::State& state) {
  const auto location = opaque(__errno_location);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(*location());
}
BENCHMARK(get_last_error);
BENCHMARK(native_errno);

void tls_get_value(benchmark::State& state) {
  const DWORD slot = function<DWORD()>("TlsAlloc")();
  const auto get = function<void*(DWORD)>("TlsGetValue");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(get(slot));
  function<BOOL(DWORD)>("TlsFree")(slot);
}
void native_getspecific(benchmark::State& state) {
  pthread_key_t key;
  pthread_key_create(&key, nullptr);
  const auto get = opaque(pthread_getspecific);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(get(key));
  pthread_key_delete(key);
}
BENCHMARK(tls_get_value);
BENCHMARK(native_getspecific);

void get_current_thread_id(benchmark::State& state) {
  const auto get = function<DWORD()>("GetCurrentThreadId");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(get());
}
void native_self(benchmark::State& state) {
  const auto self = opaque(pthread_self);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(self());
}
BENCHMARK(get_current_thread_id);
BENCHMARK(native_self);

// --- locks ---

alignas(64) std::array<std::byte, 40> section;
void* slim_lock = nullptr;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void critical_section(benchmark::State& state) {
  if (state.thread_index() == 0) function<void(void*)>("InitializeCriticalSection")(&section);
  const auto enter = function<void(void*)>("EnterCriticalSection"),
             leave = function<void(void*)>("LeaveCriticalSection");
  for ([[maybe_unused]] auto _ : state) {
    enter(&section);
    leave(&section);
  }
}
void srw_lock(benchmark::State& state) {
  const auto acquire = function<void(void*)>("AcquireSRWLockExclusive"),
             release = function<void(void*)>("ReleaseSRWLockExclusive");
  for ([[maybe_unused]] auto _ : state) {
    acquire(&slim_lock);
    release(&slim_lock);
  }
}
void native_mutex(benchmark::State& state) {
  const auto lock = opaque(pthread_mutex_lock), unlock = opaque(pthread_mutex_unlock);
  for ([[maybe_unused]] auto _ : state) {
    lock(&mutex);
    unlock(&mutex);
  }
}
BENCHMARK(critical_section)->ThreadRange(1, 2);
BENCHMARK(srw_lock)->ThreadRange(1, 2);
BENCHMARK(native_mutex)->ThreadRange(1, 2);

// --- heap ---

// A block and its end; and many blocks before the first one ends.
template <class Allocate, class Release>
void one_block(benchmark::State& state, Allocate allocate, Release release) {
  const auto size = static_cast<std::size_t>(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    auto* const block = static_cast<char*>(allocate(size));
    *block = 1;
    benchmark::DoNotOptimize(block);
    release(block);
  }
}
template <class Allocate, class Release>
void many_blocks(benchmark::State& state, Allocate allocate, Release release) {
  std::vector<void*> blocks(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i] = allocate(16 + i % 256);
    for (void* block : blocks) release(block);
  }
}

// Blocks that one thread allocates and the other one frees.
template <class Allocate, class Release>
void handed_over(benchmark::State& state, Allocate allocate, Release release) {
  static std::array<std::atomic<void*>, 256> ring;
  const auto size = static_cast<std::size_t>(state.range(0));
  const bool gives = state.thread_index() == 0;
  std::size_t turn = 0;
  for ([[maybe_unused]] auto _ : state) {
    std::atomic<void*>& place = ring[turn++ % ring.size()];
    if (gives) {
      void* const block = allocate(size);
      while (place.load(std::memory_order_acquire) != nullptr) sched_yield();
      place.store(block, std::memory_order_release);
    } else {
      void* block = nullptr;
      while ((block = place.load(std::memory_order_acquire)) == nullptr) sched_yield();
      place.store(nullptr, std::memory_order_release);
      release(block);
    }
  }
}

template <class Run>
void with_heap(benchmark::State& state, void* heap, Run run) {
  const auto allocate = function<void*(void*, DWORD, SIZE_T)>("HeapAlloc");
  const auto release = function<BOOL(void*, DWORD, void*)>("HeapFree");
  run(
      state, [=](std::size_t size) { return allocate(heap, 0, size); }, [=](void* block) { release(heap, 0, block); });
}
void* process_heap() {
  return function<void*()>("GetProcessHeap")();
}
void* private_heap() {
  static void* const heap = function<void*(DWORD, SIZE_T, SIZE_T)>("HeapCreate")(0, 0, 0);
  return heap;
}
void heap_alloc(benchmark::State& state) {
  with_heap(state, process_heap(), [](auto&&... run) { one_block(run...); });
}
void heap_alloc_private(benchmark::State& state) {
  with_heap(state, private_heap(), [](auto&&... run) { one_block(run...); });
}
void heap_alloc_many(benchmark::State& state) {
  with_heap(state, process_heap(), [](auto&&... run) { many_blocks(run...); });
}
void heap_alloc_private_many(benchmark::State& state) {
  with_heap(state, private_heap(), [](auto&&... run) { many_blocks(run...); });
}
void heap_alloc_handed_over(benchmark::State& state) {
  with_heap(state, process_heap(), [](auto&&... run) { handed_over(run...); });
}
void heap_alloc_private_handed_over(benchmark::State& state) {
  with_heap(state, private_heap(), [](auto&&... run) { handed_over(run...); });
}
void ucrtbase_malloc(benchmark::State& state) {
  one_block(state, runtime_function<void*(SIZE_T)>("malloc"), runtime_function<void(void*)>("free"));
}
void msvcrt_malloc(benchmark::State& state) {
  static const hmodule::library msvcrt("msvcrt.dll");
  one_block(state, msvcrt.get<void*(SIZE_T)>("malloc"), msvcrt.get<void(void*)>("free"));
}
void native_malloc(benchmark::State& state) {
  one_block(state, opaque(std::malloc), opaque(std::free));
}
void native_malloc_many(benchmark::State& state) {
  many_blocks(state, opaque(std::malloc), opaque(std::free));
}
void native_malloc_handed_over(benchmark::State& state) {
  handed_over(state, opaque(std::malloc), opaque(std::free));
}
BENCHMARK(heap_alloc)->Arg(32)->Arg(1 << 10)->Arg(1 << 20)->ThreadRange(1, 2);
BENCHMARK(heap_alloc_private)->Arg(32)->Arg(1 << 10)->ThreadRange(1, 2);
BENCHMARK(ucrtbase_malloc)->Arg(32)->Arg(1 << 10)->Arg(1 << 20)->ThreadRange(1, 2);
BENCHMARK(msvcrt_malloc)->Arg(32)->Arg(1 << 10)->Arg(1 << 20)->ThreadRange(1, 2);
BENCHMARK(native_malloc)->Arg(32)->Arg(1 << 10)->Arg(1 << 20)->ThreadRange(1, 2);
BENCHMARK(heap_alloc_many)->Arg(1000);
BENCHMARK(heap_alloc_private_many)->Arg(1000)->ThreadRange(1, 2);
BENCHMARK(native_malloc_many)->Arg(1000)->ThreadRange(1, 2);
BENCHMARK(heap_alloc_handed_over)->Arg(32)->Arg(1 << 10)->Threads(2);
BENCHMARK(heap_alloc_private_handed_over)->Arg(32)->Arg(1 << 10)->Threads(2);
BENCHMARK(native_malloc_handed_over)->Arg(32)->Arg(1 << 10)->Threads(2);

// --- events ---

void* new_event() {
  return function<void*(void*, BOOL, BOOL, const char*)>("CreateEventA")(nullptr, 0, 0, nullptr);
}

void event_set_wait(benchmark::State& state) {
  void* const event = new_event();
  const auto set = function<BOOL(void*)>("SetEvent");
  const auto wait = function<DWORD(void*, DWORD)>("WaitForSingleObject");
  for ([[maybe_unused]] auto _ : state) {
    set(event);
    wait(event, kInfinite);
  }
  function<BOOL(void*)>("CloseHandle")(event);
}
void native_sem_post_wait(benchmark::State& state) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  const auto post = opaque(sem_post);
  const auto wait = opaque(sem_wait);
  for ([[maybe_unused]] auto _ : state) {
    post(&semaphore);
    wait(&semaphore);
  }
  sem_destroy(&semaphore);
}
BENCHMARK(event_set_wait);
BENCHMARK(native_sem_post_wait);

// Two threads take turns; the other one ends with the first turn after `stop`.
template <class Signal, class Await>
void ping_pong(benchmark::State& state, const Signal& signal, const Await& await) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (await(0), !stop) signal(1);
  });
  for ([[maybe_unused]] auto _ : state) {
    signal(0);
    await(1);
  }
  stop = true;
  signal(0);
  other.join();
}
void event_ping_pong(benchmark::State& state) {
  void* const events[] = {new_event(), new_event()};
  const auto set = function<BOOL(void*)>("SetEvent");
  const auto wait = function<DWORD(void*, DWORD)>("WaitForSingleObject");
  ping_pong(
      state, [&](int i) { set(events[i]); }, [&](int i) { wait(events[i], kInfinite); });
  for (void* event : events) function<BOOL(void*)>("CloseHandle")(event);
}
void native_sem_ping_pong(benchmark::State& state) {
  sem_t semaphores[2];
  for (sem_t& each : semaphores) sem_init(&each, 0, 0);
  ping_pong(
      state, [&](int i) { sem_post(&semaphores[i]); }, [&](int i) { sem_wait(&semaphores[i]); });
  for (sem_t& each : semaphores) sem_destroy(&each);
}
BENCHMARK(event_ping_pong)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(native_sem_ping_pong)->UseRealTime()->Unit(benchmark::kMicrosecond);

// --- threads ---

__attribute__((ms_abi)) DWORD nothing(void*) {
  return 0;
}
void* native_nothing(void*) {
  return nullptr;
}

void create_thread(benchmark::State& state) {
  const auto create = function<void*(void*, SIZE_T, void*, void*, DWORD, DWORD*)>("CreateThread");
  const auto wait = function<DWORD(void*, DWORD)>("WaitForSingleObject");
  const auto close = function<BOOL(void*)>("CloseHandle");
  for ([[maybe_unused]] auto _ : state) {
    void* const thread = create(nullptr, 0, reinterpret_cast<void*>(nothing), nullptr, 0, nullptr);
    wait(thread, kInfinite);
    close(thread);
  }
}
void native_pthread_create(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    pthread_t thread;
    pthread_create(&thread, nullptr, native_nothing, nullptr);
    pthread_join(thread, nullptr);
  }
}
BENCHMARK(create_thread)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(native_pthread_create)->UseRealTime()->Unit(benchmark::kMicrosecond);

// --- files ---

// 64 KiB in a directory of the host, with its Windows name.
class ScratchFile {
 public:
  ScratchFile() {
    const int file = mkstemp(path_.data());
    const std::vector<char> zeros(64 << 10);
    [[maybe_unused]] const ssize_t written = write(file, zeros.data(), zeros.size());
    close(file);
  }
  ~ScratchFile() { unlink(path_.c_str()); }
  const char* path() const { return path_.c_str(); }
  std::u16string windows_path() const { return u"Z:" + std::u16string(path_.begin(), path_.end()); }

 private:
  std::string path_ = "/tmp/hmodule-bench-XXXXXX";
};

constexpr DWORD kGenericRead = 0x8000'0000, kShareRead = 1, kOpenExisting = 3, kFileBegin = 0;
using CreateFile = void*(const char16_t*, DWORD, DWORD, void*, DWORD, DWORD, void*);

void create_file(benchmark::State& state) {
  const ScratchFile scratch;
  const std::u16string path = scratch.windows_path();
  const auto create = function<CreateFile>("CreateFileW");
  const auto close_handle = function<BOOL(void*)>("CloseHandle");
  for ([[maybe_unused]] auto _ : state)
    close_handle(create(path.c_str(), kGenericRead, kShareRead, nullptr, kOpenExisting, 0, nullptr));
}
void native_open(benchmark::State& state) {
  const ScratchFile scratch;
  for ([[maybe_unused]] auto _ : state) close(open(scratch.path(), O_RDONLY | O_CLOEXEC));
}
BENCHMARK(create_file);
BENCHMARK(native_open);

void read_file(benchmark::State& state) {
  const ScratchFile scratch;
  void* const file = function<CreateFile>("CreateFileW")(scratch.windows_path().c_str(), kGenericRead, kShareRead,
                                                         nullptr, kOpenExisting, 0, nullptr);
  const auto read_some = function<BOOL(void*, void*, DWORD, DWORD*, void*)>("ReadFile");
  const auto seek = function<DWORD(void*, std::int32_t, std::int32_t*, DWORD)>("SetFilePointer");
  std::vector<char> buffer(4096);
  for ([[maybe_unused]] auto _ : state) {
    DWORD read = 0;
    read_some(file, buffer.data(), static_cast<DWORD>(buffer.size()), &read, nullptr);
    if (read == 0) seek(file, 0, nullptr, kFileBegin);
  }
  function<BOOL(void*)>("CloseHandle")(file);
}
void native_read(benchmark::State& state) {
  const ScratchFile scratch;
  const int file = open(scratch.path(), O_RDONLY | O_CLOEXEC);
  std::vector<char> buffer(4096);
  for ([[maybe_unused]] auto _ : state)
    if (read(file, buffer.data(), buffer.size()) == 0) lseek(file, 0, SEEK_SET);
  close(file);
}
BENCHMARK(read_file);
BENCHMARK(native_read);

// --- time ---

void query_performance_counter(benchmark::State& state) {
  const auto query = function<BOOL(hmodule::i64*)>("QueryPerformanceCounter");
  hmodule::i64 count = 0;
  for ([[maybe_unused]] auto _ : state) {
    query(&count);
    benchmark::DoNotOptimize(count);
  }
}
void native_clock_gettime(benchmark::State& state) {
  const auto get = opaque(clock_gettime);
  timespec now;
  for ([[maybe_unused]] auto _ : state) {
    get(CLOCK_MONOTONIC, &now);
    benchmark::DoNotOptimize(now);
  }
}
BENCHMARK(query_performance_counter);
BENCHMARK(native_clock_gettime);

// --- memory and strings of the C runtime ---

template <class Copy>
void copy(benchmark::State& state, Copy copy_bytes) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<char> from(size, 'a'), to(size);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(copy_bytes(to.data(), from.data(), size));
}
template <class Fill>
void fill(benchmark::State& state, Fill fill_bytes) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<char> to(size);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(fill_bytes(to.data(), 1, size));
}
// Two equal texts, each so far from the beginning of a page; `size` is for those who compare with a limit.
template <class Compare>
void compare_two(benchmark::State& state, Compare compare_texts) {
  const auto size = static_cast<std::size_t>(state.range(0));
  struct alignas(4096) Page {
    char bytes[4096];
  };
  std::vector<Page> first(size / sizeof(Page) + 2), second(first.size());
  char *const a = first[0].bytes + state.range(1), *const b = second[0].bytes + state.range(2);
  for (char* text : {a, b}) *std::fill_n(text, size, 'a') = 0;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(compare_texts(a, b, size));
}
template <class Compare>
void compare_texts(benchmark::State& state, Compare compare) {
  compare_two(state, [compare](const char* a, const char* b, std::size_t) { return compare(a, b); });
}
// To the end of a text.
template <class Search>
void search(benchmark::State& state, Search search_text) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(search_text(text.c_str(), text.size()));
}
template <class Length>
void length(benchmark::State& state, Length length_of) {
  search(state, [length_of](const char* text, std::size_t) { return length_of(text); });
}
template <class Find>
void find(benchmark::State& state, Find find_character) {
  search(state, [find_character](const char* text, std::size_t) { return find_character(text, 'b'); });
}
template <class Find>
void find_within(benchmark::State& state, Find find_character) {
  search(state, [find_character](const char* text, std::size_t size) { return find_character(text, 'b', size); });
}

void copies(benchmark::internal::Benchmark* those) {
  those->Arg(16)->Arg(32)->Arg(256)->Arg(4 << 10)->Arg(1 << 20);
}
void texts(benchmark::internal::Benchmark* those) {
  those->Arg(16)->Arg(100)->Arg(1 << 10);
}
void pairs(benchmark::internal::Benchmark* those) {
  for (const std::int64_t size : {16, 100, 256, 1 << 10, 4 << 10}) those->Args({size, 0, 0})->Args({size, 3, 1005});
}

// A function of the runtimes beside glibc's of that name.
#define BENCHMARK_BESIDE(measure, name, type, sizes) \
  void runtime_##name(benchmark::State& state) {     \
    measure(state, runtime_function<type>(#name));   \
  }                                                  \
  void native_##name(benchmark::State& state) {      \
    measure(state, native_function<type>(#name));    \
  }                                                  \
  BENCHMARK(runtime_##name)->Apply(sizes);           \
  BENCHMARK(native_##name)->Apply(sizes)

BENCHMARK_BESIDE(copy, memcpy, void*(void*, const void*, SIZE_T), copies);
BENCHMARK_BESIDE(copy, memmove, void*(void*, const void*, SIZE_T), copies);
BENCHMARK_BESIDE(fill, memset, void*(void*, int, SIZE_T), copies);
BENCHMARK_BESIDE(compare_two, memcmp, int(const void*, const void*, SIZE_T), pairs);
BENCHMARK_BESIDE(compare_texts, strcmp, int(const char*, const char*), pairs);
BENCHMARK_BESIDE(compare_two, strncmp, int(const char*, const char*, SIZE_T), pairs);
BENCHMARK_BESIDE(length, strlen, SIZE_T(const char*), texts);
BENCHMARK_BESIDE(search, strnlen, SIZE_T(const char*, SIZE_T), texts);
BENCHMARK_BESIDE(find, strchr, char*(const char*, int), texts);
BENCHMARK_BESIDE(find_within, memchr, void*(const void*, int, SIZE_T), texts);

// --- DuckDB: what one statement costs beyond its work ---

using DuckResult = std::array<void*, 16>;  // duckdb_result, with room

template <class Open, class Connect, class Query, class Destroy>
void select_42(benchmark::State& state, Open open_database, Connect connect, Query query, Destroy destroy) {
  void *database = nullptr, *connection = nullptr;
  if (open_database(nullptr, &database) != 0 || connect(database, &connection) != 0)
    return state.SkipWithError("DuckDB does not open");
  for ([[maybe_unused]] auto _ : state) {
    DuckResult result{};
    if (query(connection, "SELECT 42", &result) != 0) return state.SkipWithError("DuckDB does not answer");
    destroy(&result);
  }
}

using DuckOpen = int(const char*, void**);
using DuckConnect = int(void*, void**);
using DuckQuery = int(void*, const char*, DuckResult*);
using DuckDestroy = void(DuckResult*);

void duckdb_select_42(benchmark::State& state) {
  const std::string path = REAL_DLLS "/duckdb.dll";
  if (access(path.c_str(), R_OK) != 0) return state.SkipWithError("run scripts/fetch-dlls");
  static const hmodule::library duckdb(path);
  select_42(state, duckdb.get<DuckOpen>("duckdb_open"), duckdb.get<DuckConnect>("duckdb_connect"),
            duckdb.get<DuckQuery>("duckdb_query"), duckdb.get<DuckDestroy>("duckdb_destroy_result"));
}
void native_duckdb_select_42(benchmark::State& state) {
  static void* const duckdb = dlopen(REAL_DLLS "/libduckdb.so", RTLD_NOW | RTLD_LOCAL);
  if (duckdb == nullptr) return state.SkipWithError(dlerror());
  select_42(state, reinterpret_cast<DuckOpen*>(dlsym(duckdb, "duckdb_open")),
            reinterpret_cast<DuckConnect*>(dlsym(duckdb, "duckdb_connect")),
            reinterpret_cast<DuckQuery*>(dlsym(duckdb, "duckdb_query")),
            reinterpret_cast<DuckDestroy*>(dlsym(duckdb, "duckdb_destroy_result")));
}
BENCHMARK(duckdb_select_42)->Unit(benchmark::kMicrosecond);
BENCHMARK(native_duckdb_select_42)->Unit(benchmark::kMicrosecond);

}  // namespace
