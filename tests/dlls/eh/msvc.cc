// What Microsoft's compiler links into each DLL.
#include <stddef.h>

extern "C" {

int _fltused = 0x9875;

// Type descriptors begin with type_info's table. The runtime compares names only, so it may be empty.
void* type_info_table[2] __asm__("??_7type_info@@6B@");

__declspec(dllimport) void* malloc(size_t);
__declspec(dllimport) void free(void*);
}

void* operator new(size_t size) {
  return malloc(size);
}
void operator delete(void* block) noexcept {
  free(block);
}
void operator delete(void* block, size_t) noexcept {
  free(block);
}
