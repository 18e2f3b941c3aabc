// A vector register, as wide as the flags of the including file allow. What is written with it is compiled once for
// each width, into the namespace HM_WIDTH. Of other headers nothing may be called there: code for the wider processor
// could be linked in for all.
//
// Of the vector registers the Windows convention lets a function use six for nothing, so nobody here needs more.
#pragma once

#include "win/types.h"

#include <immintrin.h>

#ifdef __AVX2__
#define HM_WIDTH avx2
#define HM_VECTOR(operation, type) _mm256_##operation##_##type##256
#define HM_LANES(operation) _mm256_##operation
#else
#define HM_WIDTH sse2
#define HM_VECTOR(operation, type) _mm_##operation##_##type##128
#define HM_LANES(operation) _mm_##operation
#endif
#define HM_INLINE [[gnu::always_inline]] inline
#define HM_INLINE_LAMBDA __attribute__((always_inline))
#ifdef __clang__
#define HM_UNROLL _Pragma("unroll")
#else
#define HM_UNROLL _Pragma("GCC unroll 4")
#endif

namespace hmodule::winapi::HM_WIDTH {

#ifdef __AVX2__
using Vector = __m256i;
#else
using Vector = __m128i;
#endif
inline constexpr SIZE_T kWidth = sizeof(Vector);

template <typename T>
HM_INLINE T get(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
HM_INLINE void put(void* to, T value) {
  __builtin_memcpy(to, &value, sizeof value);
}
HM_INLINE Vector get_aligned(const void* from) {
  return *static_cast<const Vector*>(from);
}
HM_INLINE void put_aligned(void* to, Vector value) {
  *static_cast<Vector*>(to) = value;
}
// Past the caches; put_fence() comes after the last one.
HM_INLINE void put_through(void* to, Vector value) {
  HM_VECTOR(stream, si)(static_cast<Vector*>(to), value);
}
HM_INLINE void put_fence() {
  _mm_sfence();
}

HM_INLINE Vector all_of(char c) {
  return HM_LANES(set1_epi8)(c);
}
HM_INLINE Vector all_of(char16_t c) {
  return HM_LANES(set1_epi16)(static_cast<short>(c));
}
HM_INLINE Vector difference(Vector a, Vector b) {  // zero where they are equal
  return HM_VECTOR(xor, si)(a, b);
}
HM_INLINE Vector both(Vector a, Vector b) {
  return HM_VECTOR(and, si)(a, b);
}
HM_INLINE Vector either(Vector a, Vector b) {
  return HM_VECTOR(or, si)(a, b);
}

// Lanes of one character each.
template <typename Char>
struct Lanes;
template <>
struct Lanes<char> {
  HM_INLINE static Vector equal(Vector a, Vector b) { return HM_LANES(cmpeq_epi8)(a, b); }
  HM_INLINE static Vector least(Vector a, Vector b) { return HM_LANES(min_epu8)(a, b); }
};
template <>
struct Lanes<char16_t> {
  HM_INLINE static Vector equal(Vector a, Vector b) { return HM_LANES(cmpeq_epi16)(a, b); }
#ifdef __AVX2__
  HM_INLINE static Vector least(Vector a, Vector b) {
    return _mm256_min_epu16(a, b);
  }
#else
  HM_INLINE static Vector least(Vector a, Vector b) {
    return _mm_sub_epi16(a, _mm_subs_epu16(a, b));
  }
#endif
};

// A bit for each byte of the lanes that are zero.
template <typename Char>
HM_INLINE std::uint32_t zeros(Vector a) {
  return static_cast<std::uint32_t>(HM_LANES(movemask_epi8)(Lanes<Char>::equal(a, all_of(Char{}))));
}
// What was read before it is read again after it, and need not wait in a register.
HM_INLINE void look_again() {
  __asm__ volatile("" : : : "memory");
}
inline constexpr std::uint32_t kAllBytes = kWidth == 32 ? 0xFFFF'FFFF : 0xFFFF;

}  // namespace hmodule::winapi::HM_WIDTH
