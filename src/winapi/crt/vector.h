// A vector register, of the kind that the flags of the including file allow. What is written with it is compiled once
// for each kind, into the namespace HM_SET. Of other headers nothing may be called there: code for the newer processor
// could be linked in for all.
//
// Of the first 16 vector registers the Windows convention lets a function use six for nothing, so nobody needs more. Of
// AVX-512 come a mask with a bit for each lane as the answer of a comparison, and 16 further registers, all of them for
// nothing: their use does not slow down code for SSE, so nobody has to clear the upper halves at the end (vzeroupper).
#pragma once

#include "win/types.h"

#include <immintrin.h>

#if defined(__AVX512VL__) && defined(__AVX512BW__)
#define HM_SET evex
#elif defined(__AVX2__)
#define HM_SET avx2
#else
#define HM_SET sse2
#endif
#ifdef __AVX2__
#define HM_VECTOR(operation, type) _mm256_##operation##_##type##256
#define HM_LANES(operation) _mm256_##operation
#else
#define HM_VECTOR(operation, type) _mm_##operation##_##type##128
#define HM_LANES(operation) _mm_##operation
#endif
#define HM_INLINE [[gnu::always_inline]] inline
#define HM_INLINE_LAMBDA __attribute__((always_inline))
#ifdef __clang__
#define HM_UNROLL _Pragma("unroll")
#else
#define HM_UNROLL _Pragma("GCC unroll 8")
#endif

namespace hmodule::winapi::HM_SET {

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
// Stays in a register; GCC reads what is used twice from memory twice.
HM_INLINE Vector once(Vector vector) {
  __asm__("" : "+v"(vector));
  return vector;
}
HM_INLINE Vector get_once(const void* from) {
  return once(get<Vector>(from));
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

// Lanes of one character each.
//
// Bits stand for lanes: one for each with masks, else one for each byte.
using Bits = std::uint32_t;

template <typename Char>
struct Lanes;
#ifdef __AVX512VL__
inline constexpr SIZE_T kMany = 8;  // so many registers are at hand

template <>
struct Lanes<char> {
  static constexpr SIZE_T kBytesPerBit = 1;
  static constexpr Bits kAll = 0xFFFF'FFFF;
  HM_INLINE static Bits equal(Vector a, Vector b) { return _mm256_cmpeq_epi8_mask(a, b); }
  HM_INLINE static Bits equal_of(Bits these, Vector a, Vector b) { return _mm256_mask_cmpeq_epi8_mask(these, a, b); }
  HM_INLINE static Bits not_zero(Vector a) { return _mm256_test_epi8_mask(a, a); }
  HM_INLINE static Bits different(Vector a, Vector b) { return _mm256_cmpneq_epi8_mask(a, b); }
  HM_INLINE static Vector least(Vector a, Vector b) { return _mm256_min_epu8(a, b); }
};
template <>
struct Lanes<char16_t> {
  static constexpr SIZE_T kBytesPerBit = 2;
  static constexpr Bits kAll = 0xFFFF;
  HM_INLINE static Bits equal(Vector a, Vector b) { return _mm256_cmpeq_epi16_mask(a, b); }
  HM_INLINE static Bits equal_of(Bits these, Vector a, Vector b) {
    return _mm256_mask_cmpeq_epi16_mask(static_cast<__mmask16>(these), a, b);
  }
  HM_INLINE static Bits not_zero(Vector a) { return _mm256_test_epi16_mask(a, a); }
  HM_INLINE static Vector least(Vector a, Vector b) { return _mm256_min_epu16(a, b); }
};

HM_INLINE Vector add_difference(Vector differences, Vector a, Vector b) {
  return _mm256_ternarylogic_epi64(differences, a, b, 0xF6);  // differences | (a ^ b)
}
HM_INLINE bool is_zero(Vector a) {
  return _mm256_test_epi8_mask(a, a) == 0;
}

// The lowest bit is that of the first lane where the strings differ or both end; the others say nothing. Zero if there
// is none.
template <typename Char>
HM_INLINE Bits first_end(const char* a, const char* b) {
  const Vector x = get<Vector>(a);
  const Bits going_on = Lanes<Char>::equal_of(Lanes<Char>::not_zero(x), x, get<Vector>(b));
  return going_on - Lanes<Char>::kAll;  // adds 1: a carry goes through all lanes up to the first that is not set
}
// The same of four vectors: whether there is such a lane.
template <typename Char>
HM_INLINE bool ends_in_four(const char* a, const char* b) {
  using L = Lanes<Char>;
  const Vector x = get_once(a), y = get_once(a + kWidth), z = get_once(a + 2 * kWidth), w = get_once(a + 3 * kWidth);
  const Bits not_ending = L::not_zero(L::least(L::least(x, y), L::least(z, w)));
  Vector differences = difference(x, get<Vector>(b));
  differences = add_difference(differences, y, get<Vector>(b + kWidth));
  differences = add_difference(differences, z, get<Vector>(b + 2 * kWidth));
  differences = add_difference(differences, w, get<Vector>(b + 3 * kWidth));
  return L::equal_of(not_ending, differences, Vector{}) != L::kAll;
}
#else
inline constexpr SIZE_T kMany = 4;

template <typename Char>
struct BytesOfLanes {
  static constexpr SIZE_T kBytesPerBit = 1;
  static constexpr Bits kAll = kWidth == 32 ? 0xFFFF'FFFF : 0xFFFF;
};
template <>
struct Lanes<char> : BytesOfLanes<char> {
  HM_INLINE static Vector same(Vector a, Vector b) { return HM_LANES(cmpeq_epi8)(a, b); }
  HM_INLINE static Bits equal(Vector a, Vector b) { return static_cast<Bits>(HM_LANES(movemask_epi8)(same(a, b))); }
  HM_INLINE static Bits different(Vector a, Vector b) { return equal(a, b) ^ kAll; }
  HM_INLINE static Vector least(Vector a, Vector b) { return HM_LANES(min_epu8)(a, b); }
};
template <>
struct Lanes<char16_t> : BytesOfLanes<char16_t> {
  HM_INLINE static Vector same(Vector a, Vector b) { return HM_LANES(cmpeq_epi16)(a, b); }
  HM_INLINE static Bits equal(Vector a, Vector b) { return static_cast<Bits>(HM_LANES(movemask_epi8)(same(a, b))); }
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

HM_INLINE Vector add_difference(Vector differences, Vector a, Vector b) {
  return HM_VECTOR(or, si)(differences, difference(a, b));
}
HM_INLINE bool is_zero(Vector a) {
  return Lanes<char>::equal(a, Vector{}) == Lanes<char>::kAll;
}

// Zero in each lane where the strings differ or both end.
template <typename Char>
HM_INLINE Vector going_on(const char* a, const char* b) {
  const Vector x = get_once(a);
  return HM_VECTOR(and, si)(Lanes<Char>::same(x, get<Vector>(b)), x);
}
// The lowest bit is that of the first such lane. Zero if there is none.
template <typename Char>
HM_INLINE Bits first_end(const char* a, const char* b) {
  return Lanes<Char>::equal(going_on<Char>(a, b), Vector{});
}
// The same of four vectors: whether there is such a lane.
template <typename Char>
HM_INLINE bool ends_in_four(const char* a, const char* b) {
  using L = Lanes<Char>;
  const Vector first_two = L::least(going_on<Char>(a, b), going_on<Char>(a + kWidth, b + kWidth));
  const Vector last_two =
      L::least(going_on<Char>(a + 2 * kWidth, b + 2 * kWidth), going_on<Char>(a + 3 * kWidth, b + 3 * kWidth));
  return L::equal(L::least(first_two, last_two), Vector{}) != 0;
}
#endif

template <typename Char>
HM_INLINE Bits zeros(Vector a) {
  return Lanes<Char>::equal(a, Vector{});
}
template <typename Char>
HM_INLINE SIZE_T first_byte(Bits bits) {
  auto bit = static_cast<SIZE_T>(__builtin_ctz(bits));
  __asm__("" : "+r"(bit));  // or else GCC adds to the shorter number, and then has to make it a longer one
  return bit * Lanes<Char>::kBytesPerBit;
}
// Without the lanes in the first `bytes`.
template <typename Char>
HM_INLINE Bits behind(Bits bits, SIZE_T bytes) {
  return bits >> (bytes / Lanes<Char>::kBytesPerBit);
}
// Only the lanes in the first `bytes`, which are fewer than a vector has.
HM_INLINE Bits first_of(Bits bits, SIZE_T bytes) {
#ifdef __BMI2__
  return _bzhi_u32(bits, static_cast<Bits>(bytes));
#else
  return bits & ((Bits{1} << bytes) - 1);
#endif
}
// What was read before it is read again after it, and need not wait in a register.
HM_INLINE void look_again() {
  __asm__ volatile("" : : : "memory");
}

}  // namespace hmodule::winapi::HM_SET
