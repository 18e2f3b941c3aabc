// What a caller's pointer leads to, looked at and changed by leaves alone: a bad pointer is then a fault of the
// caller's, which its handlers can catch. A native function has to look before it makes anything: it is left without a
// return.
#pragma once

#include "winapi/crt/leaves.h"

#include <cstdint>
#include <string_view>

namespace hmodule::winapi::callers {

inline SIZE_T length(const char* text) {
  return best_leaves.strlen(text);
}
inline SIZE_T length(const WCHAR* text) {
  return best_leaves.wcslen(text);
}
inline SIZE_T length(const char* text, SIZE_T limit) {
  return best_leaves.strnlen(text, limit);
}
inline SIZE_T length(const WCHAR* text, SIZE_T limit) {
  return best_leaves.wcsnlen(text, limit);
}
template <typename Char>
std::basic_string_view<Char> text(const Char* text) {
  return {text, length(text)};
}
// The terminator can be found, too; nullptr if there is none.
inline char* find(const char* text, char wanted) {
  return best_leaves.strchr(text, wanted);
}
inline WCHAR* find(const WCHAR* text, WCHAR wanted) {
  return best_leaves.wcschr(text, wanted);
}

template <typename T>
void move(T* to, const T* from, SIZE_T count) {
  best_leaves.memmove(to, from, count * sizeof(T));
}
template <typename T>
void put(T* to, const T& value) {
  move(to, &value, 1);
}
// Looks whether that can be written, and changes nothing: before what would be lost in a fault is made.
template <typename T>
void probe(T* to, SIZE_T count) {
  constexpr SIZE_T kPage = 4096;
  const auto start = reinterpret_cast<std::uintptr_t>(to), end = start + count * sizeof(T);
  for (std::uintptr_t at = start; at < end; at = (at / kPage + 1) * kPage) {
    auto* const there = reinterpret_cast<char*>(at);
    char same;
    move(&same, there, 1);
    put(there, same);
  }
}

}  // namespace hmodule::winapi::callers
