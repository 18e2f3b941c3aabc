/* The heap: sizes, growth, alignment, many blocks, the C runtime's own questions about them. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <malloc.h>
#include <windows.h>
#endif

static unsigned next_random(unsigned* state) {
  return *state = *state * 1103515245u + 12345u;
}

/* A few thousand blocks that come, grow and go in a fixed disorder; each keeps its pattern. */
static int churn(unsigned seed) {
  enum { kBlocks = 2000 };
  static unsigned char* blocks[kBlocks];
  static size_t sizes[kBlocks];
  int damaged = 0;
  for (int round = 0; round < 20000; ++round) {
    const unsigned at = (next_random(&seed) >> 8) % kBlocks;
    const size_t size = (next_random(&seed) >> 8) % ((round & 63) == 0 ? 200000 : 600) + 1;
    if (!blocks[at]) {
      blocks[at] = malloc(size);
      sizes[at] = size;
      memset(blocks[at], (int)(at & 0xFF), size);
    } else if (next_random(&seed) & 0x10000) {
      const size_t kept = size < sizes[at] ? size : sizes[at];
      blocks[at] = realloc(blocks[at], size);
      for (size_t i = 0; i < kept; ++i) damaged += blocks[at][i] != (at & 0xFF);
      memset(blocks[at], (int)(at & 0xFF), size);
      sizes[at] = size;
    } else {
      for (size_t i = 0; i < sizes[at]; ++i) damaged += blocks[at][i] != (at & 0xFF);
      free(blocks[at]);
      blocks[at] = NULL;
    }
  }
  for (int at = 0; at < kBlocks; ++at) {
    free(blocks[at]);
    blocks[at] = NULL;
  }
  return damaged;
}

int main(void) {
  printf("churn: %d %d\n", churn(1), churn(77));
  int nonzero = 0;
  for (int i = 0; i < 100; ++i) {
    unsigned char* const zeroed = calloc((size_t)i + 1, 37);
    for (int j = 0; j < (i + 1) * 37; ++j) nonzero += zeroed[j] != 0;
    memset(zeroed, 0xFF, ((size_t)i + 1) * 37);
    free(zeroed);
  }
  printf("calloc: %d\n", nonzero);
  volatile size_t huge = (size_t)1 << 62;
  errno = 0;
  printf("too-much: %d", malloc(huge) == NULL);
  printf(" %d\n", errno == ENOMEM);
  printf("calloc-overflow: %d\n", calloc(huge, 16) == NULL);
  char* text = malloc(8);
  strcpy(text, "kept");
  char* const same = realloc(text, huge);
  printf("realloc-fails: %d %s\n", same == NULL, text);
  free(text);
  text = realloc(NULL, 16);
  strcpy(text, "as malloc");
  printf("realloc-null: %s\n", text);
  free(text);
  free(NULL);
  int misaligned = 0;
  for (size_t size = 1; size < 300; ++size) misaligned += ((uintptr_t)malloc(size) & 15) != 0;
  printf("alignment: %d\n", misaligned);
  char* const empty = malloc(0);
  printf("malloc-0: %d\n", empty != NULL);
  free(empty);
  char* const big = malloc((size_t)300 << 20);
  big[0] = 'a', big[((size_t)300 << 20) - 1] = 'z';
  printf("big: %c%c\n", big[0], big[((size_t)300 << 20) - 1]);
  free(big);
#ifdef _WIN32
  void* const block = malloc(100);
  printf("msize: %d\n", (int)_msize(block));
  printf("expand: %d\n", _expand(block, 50) == block && _msize(block) == 50);
  printf("realloc-0: %d\n", realloc(block, 0) == NULL);
  int wrong = 0;
  for (size_t alignment = 16; alignment <= 65536; alignment *= 2) {
    unsigned char* aligned = _aligned_malloc(1000, alignment);
    wrong += ((uintptr_t)aligned & (alignment - 1)) != 0;
    memset(aligned, 5, 1000);
    aligned = _aligned_realloc(aligned, 5000, alignment);
    wrong += ((uintptr_t)aligned & (alignment - 1)) != 0 || aligned[999] != 5;
    _aligned_free(aligned);
    aligned = _aligned_offset_malloc(1000, alignment, 8);
    wrong += (((uintptr_t)aligned + 8) & (alignment - 1)) != 0;
    _aligned_free(aligned);
  }
  printf("aligned: %d\n", wrong);
  printf("heapchk: %d\n", _heapchk() == _HEAPOK);
  printf("heapmin: %d\n", _heapmin());
  char* const copy = _strdup("copied");
  printf("strdup: %s\n", copy);
  free(copy);
#ifdef _UCRT
  printf("recalloc: ");
  int* numbers = calloc(2, sizeof(int));
  numbers[0] = 7;
  numbers = _recalloc(numbers, 100, sizeof(int));
  printf("%d %d\n", numbers[0], numbers[99]);
  free(numbers);
#endif
  const HANDLE heap = HeapCreate(0, 0, 0x10000);
  int count = 0;
  while (count < 1000 && HeapAlloc(heap, 0, 1000)) ++count;
  printf("limited: %d\n", count > 40 && count < 70);
  printf("destroy: %d\n", HeapDestroy(heap));
#endif
  return 0;
}
