/* OpenMP on vcomp140.dll, by the calls that Microsoft's compiler makes for its pragmas: a region becomes a function
 * that _vcomp_fork runs in each thread, a loop asks for its share, and so on. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

void __cdecl _vcomp_fork(BOOL parallel, int arguments, void* region, ...);
void __cdecl _vcomp_for_static_simple_init(unsigned first, unsigned last, int step, BOOL up, unsigned* begin,
                                           unsigned* end);
void __cdecl _vcomp_for_static_init(int first, int last, int step, int chunk, unsigned* loops, int* begin, int* end,
                                    int* next, int* ahead);
void __cdecl _vcomp_for_static_end(void);
void __cdecl _vcomp_for_dynamic_init(unsigned flags, unsigned first, unsigned last, int step, unsigned chunk);
int __cdecl _vcomp_for_dynamic_next(unsigned* begin, unsigned* end);
void __cdecl _vcomp_barrier(void);
int __cdecl _vcomp_single_begin(int flags);
void __cdecl _vcomp_single_end(void);
int __cdecl _vcomp_master_begin(void);
void __cdecl _vcomp_master_end(void);
void __cdecl _vcomp_sections_init(int count);
int __cdecl _vcomp_sections_next(void);
void __cdecl _vcomp_enter_critsect(CRITICAL_SECTION** section);
void __cdecl _vcomp_leave_critsect(CRITICAL_SECTION* section);
void __cdecl _vcomp_set_num_threads(int count);
int __cdecl _vcomp_get_thread_num(void);
void __cdecl _vcomp_atomic_add_i4(int* to, int value);
void __cdecl _vcomp_atomic_add_i8(long long* to, long long value);
void __cdecl _vcomp_atomic_add_r8(double* to, double value);
void __cdecl _vcomp_atomic_mul_r4(float* to, float value);
void __cdecl _vcomp_atomic_xor_i4(int* to, int value);
void __cdecl _vcomp_atomic_or_i1(char* to, char value);
void __cdecl _vcomp_flush(void);
int __cdecl omp_get_max_threads(void);
int __cdecl omp_get_num_threads(void);
int __cdecl omp_get_thread_num(void);
int __cdecl omp_get_num_procs(void);
int __cdecl omp_in_parallel(void);
void __cdecl omp_set_num_threads(int count);
int __cdecl omp_get_nested(void);
void __cdecl omp_set_nested(int on);
int __cdecl omp_get_dynamic(void);
double __cdecl omp_get_wtime(void);
void __cdecl omp_init_lock(void** lock);
void __cdecl omp_destroy_lock(void** lock);
void __cdecl omp_set_lock(void** lock);
void __cdecl omp_unset_lock(void** lock);
int __cdecl omp_test_lock(void** lock);
void __cdecl omp_init_nest_lock(void** lock);
void __cdecl omp_set_nest_lock(void** lock);
int __cdecl omp_test_nest_lock(void** lock);
void __cdecl omp_unset_nest_lock(void** lock);
void __cdecl omp_destroy_nest_lock(void** lock);

enum { kCount = 100000 };
static int values[kCount];

/* #pragma omp parallel for: values[i] = i * 3 */
static void __cdecl fill(int factor) {
  unsigned begin, end;
  _vcomp_for_static_simple_init(0, kCount - 1, 1, TRUE, &begin, &end);
  if (begin <= end)
    for (unsigned i = begin; i <= end; ++i) values[i] = (int)i * factor;
  _vcomp_for_static_end();
}

/* reduction(+: sum), schedule(dynamic, 64) */
static void __cdecl sum_dynamic(long long* sum) {
  long long mine = 0;
  unsigned begin, end;
  _vcomp_for_dynamic_init(0x42 /* dynamic, upwards */, 0, kCount - 1, 1, 64);
  while (_vcomp_for_dynamic_next(&begin, &end))
    for (unsigned i = begin; i <= end; ++i) mine += values[i];
  _vcomp_atomic_add_i8(sum, mine);
}

/* schedule(guided) */
static void __cdecl sum_guided(long long* sum) {
  long long mine = 0;
  unsigned begin, end;
  _vcomp_for_dynamic_init(0x43, 0, kCount - 1, 1, 16);
  while (_vcomp_for_dynamic_next(&begin, &end))
    for (unsigned i = begin; i <= end; ++i) mine += values[i];
  _vcomp_atomic_add_i8(sum, mine);
}

/* schedule(static, 10): each thread has its chunks, `next` apart */
static void __cdecl chunks(int* owner) {
  int begin, end, next, last;
  unsigned loops;
  _vcomp_for_static_init(0, 999, 1, 10, &loops, &begin, &end, &next, &last);
  for (unsigned loop = 0; loop < loops; ++loop, begin += next, end += next)
    for (int i = begin; i <= (end < 999 ? end : 999); ++i) owner[i] += 1 + omp_get_thread_num();
  _vcomp_for_static_end();
}

static void __cdecl downwards(int* seen) {
  unsigned begin, end;
  _vcomp_for_static_simple_init(99, 0, 1, FALSE, &begin, &end);
  for (int i = (int)begin; i >= (int)end; --i) _vcomp_atomic_add_i4(&seen[i], 1);
  _vcomp_for_static_end();
}

static void __cdecl team(int* members, int* parallel, int* ids) {
  _vcomp_atomic_add_i4(members, 1);
  _vcomp_atomic_or_i1((char*)parallel, (char)omp_in_parallel());
  ids[omp_get_thread_num()] = omp_get_num_threads();
}

static void __cdecl once(int* singles, int* masters, int* after) {
  if (_vcomp_single_begin(0)) {
    *singles += 1;
    _vcomp_single_end();
  }
  _vcomp_barrier();
  _vcomp_atomic_add_i4(after, *singles);
  if (_vcomp_master_begin()) {
    *masters += 1;
    _vcomp_master_end();
  }
}

static void __cdecl sections(int* done) {
  _vcomp_sections_init(5);
  for (int which; (which = _vcomp_sections_next()) != -1;) _vcomp_atomic_add_i4(&done[which], 1);
}

static CRITICAL_SECTION* section;
static void __cdecl critical(int* counter) {
  for (int i = 0; i < 5000; ++i) {
    _vcomp_enter_critsect(&section);
    *counter += 1;
    _vcomp_leave_critsect(section);
  }
}

static void* lock;
static void __cdecl locked(int* counter) {
  for (int i = 0; i < 5000; ++i) {
    omp_set_lock(&lock);
    *counter += 1;
    omp_unset_lock(&lock);
  }
}

static void __cdecl phases(int* table, int* wrong) {
  const int me = omp_get_thread_num(), all = omp_get_num_threads();
  for (int phase = 1; phase <= 200; ++phase) {
    table[me * 16] = phase;
    _vcomp_barrier();
    for (int i = 0; i < all; ++i)
      if (table[i * 16] != phase) _vcomp_atomic_add_i4(wrong, 1);
    _vcomp_barrier();
  }
}

static void __cdecl inner(int* count) {
  _vcomp_atomic_add_i4(count, 1);
}
static void __cdecl outer(int* count) {
  _vcomp_fork(TRUE, 1, inner, count);
}

static void __cdecl many(long long a, long long b, long long c, long long d, long long e, long long* sum) {
  if (omp_get_thread_num() == 0) *sum = a + b * 10 + c * 100 + d * 1000 + e * 10000;
}

static void __cdecl atomics(double* sum, float* product, int* bits) {
  _vcomp_atomic_add_r8(sum, 0.5);
  _vcomp_atomic_mul_r4(product, 2);
  _vcomp_atomic_xor_i4(bits, 1 << omp_get_thread_num());
}

int main(void) {
  printf("procs: %d\n", omp_get_num_procs() >= 1 && omp_get_max_threads() >= 1);
  omp_set_num_threads(4);
  printf("outside: %d %d %d %d\n", omp_in_parallel(), omp_get_num_threads(), omp_get_thread_num(),
         _vcomp_get_thread_num());

  int members = 0, parallel = 0, ids[8] = {0};
  _vcomp_fork(TRUE, 3, team, &members, &parallel, ids);
  printf("team: %d %d %d %d %d %d\n", members, parallel, ids[0], ids[1], ids[2], ids[3]);
  members = 0;
  _vcomp_fork(FALSE, 3, team, &members, &parallel, ids);
  printf("if-false: %d %d\n", members, ids[0]);
  members = 0;
  _vcomp_set_num_threads(3);
  _vcomp_fork(TRUE, 3, team, &members, &parallel, ids);
  printf("num_threads: %d\n", members);

  _vcomp_fork(TRUE, 1, fill, 3);
  long long sum = 0;
  _vcomp_fork(TRUE, 1, sum_dynamic, &sum);
  printf("dynamic: %lld\n", sum);
  sum = 0;
  _vcomp_fork(TRUE, 1, sum_guided, &sum);
  printf("guided: %lld\n", sum);
  static int owner[1000], seen[100];
  _vcomp_fork(TRUE, 1, chunks, owner);
  int wrong = 0, total = 0;
  for (int i = 0; i < 1000; ++i) wrong += owner[i] != 1 + i / 10 % 4;
  printf("chunks: %d\n", wrong);
  _vcomp_fork(TRUE, 1, downwards, seen);
  for (int i = 0; i < 100; ++i) total += seen[i] == 1;
  printf("downwards: %d\n", total);

  int singles = 0, masters = 0, after = 0;
  _vcomp_fork(TRUE, 3, once, &singles, &masters, &after);
  printf("single: %d %d %d\n", singles, masters, after);
  int done[5] = {0};
  _vcomp_fork(TRUE, 1, sections, done);
  printf("sections: %d%d%d%d%d\n", done[0], done[1], done[2], done[3], done[4]);
  int counter = 0;
  _vcomp_fork(TRUE, 1, critical, &counter);
  printf("critical: %d\n", counter);
  counter = 0;
  omp_init_lock(&lock);
  _vcomp_fork(TRUE, 1, locked, &counter);
  printf("lock: %d", counter);
  printf(" %d", omp_test_lock(&lock));
  omp_unset_lock(&lock);
  omp_destroy_lock(&lock);
  printf("\n");
  void* nested_lock;
  omp_init_nest_lock(&nested_lock);
  omp_set_nest_lock(&nested_lock);
  printf("nest-lock: %d\n", omp_test_nest_lock(&nested_lock));
  omp_unset_nest_lock(&nested_lock);
  omp_unset_nest_lock(&nested_lock);
  omp_destroy_nest_lock(&nested_lock);
  static int table[8 * 16];
  wrong = 0;
  _vcomp_fork(TRUE, 2, phases, table, &wrong);
  printf("barriers: %d\n", wrong);
  int count = 0;
  printf("nested: %d", omp_get_nested());
  _vcomp_fork(TRUE, 1, outer, &count);
  printf(" %d", count);
  omp_set_nested(1);
  count = 0;
  _vcomp_fork(TRUE, 1, outer, &count);
  printf(" %d %d\n", omp_get_nested(), count);
  omp_set_nested(0);
  sum = 0;
  _vcomp_fork(TRUE, 6, many, 1LL, 2LL, 3LL, 4LL, 5LL, &sum);
  printf("six-arguments: %lld\n", sum);
  double halves = 0;
  float product = 1;
  int bits = 0;
  _vcomp_fork(TRUE, 3, atomics, &halves, &product, &bits);
  printf("atomics: %.1f %.0f %d\n", halves, product, bits);
  for (int i = 0; i < 200; ++i) {
    sum = 0;
    _vcomp_fork(TRUE, 1, sum_dynamic, &sum);
  }
  printf("many-regions: %lld\n", sum);
  const double before = omp_get_wtime();
  printf("wtime: %d\n", omp_get_wtime() >= before);
  printf("dynamic-teams: %d\n", omp_get_dynamic());
  _vcomp_flush();
  return 0;
}
