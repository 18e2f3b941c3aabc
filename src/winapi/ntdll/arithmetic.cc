// Small arithmetic of ntdll: large integers, byte order, checksums, pseudo-random numbers; and the debug output that
// Wine's PE builds ask for.
#include "module/builtin.h"

#include <array>
#include <cstring>
#include <memory>
#include <string>

namespace hmodule::winapi {
namespace {

// --- Large integers, from the time when compilers had none ---

HM_WINAPI LONGLONG RtlLargeIntegerAdd(LONGLONG a, LONGLONG b) noexcept {
  return static_cast<LONGLONG>(static_cast<ULONGLONG>(a) + static_cast<ULONGLONG>(b));
}
HM_WINAPI LONGLONG RtlLargeIntegerSubtract(LONGLONG a, LONGLONG b) noexcept {
  return static_cast<LONGLONG>(static_cast<ULONGLONG>(a) - static_cast<ULONGLONG>(b));
}
HM_WINAPI LONGLONG RtlLargeIntegerNegate(LONGLONG a) noexcept {
  return static_cast<LONGLONG>(0 - static_cast<ULONGLONG>(a));
}
HM_WINAPI LONGLONG RtlLargeIntegerShiftLeft(LONGLONG a, int count) noexcept {
  return static_cast<LONGLONG>(static_cast<ULONGLONG>(a) << (count & 63));
}
HM_WINAPI LONGLONG RtlLargeIntegerShiftRight(LONGLONG a, int count) noexcept {
  return static_cast<LONGLONG>(static_cast<ULONGLONG>(a) >> (count & 63));
}
HM_WINAPI LONGLONG RtlLargeIntegerArithmeticShift(LONGLONG a, int count) noexcept {
  return a >> (count & 63);
}
HM_WINAPI ULONGLONG RtlLargeIntegerDivide(ULONGLONG a, ULONGLONG b, ULONGLONG* rest) noexcept {
  if (rest != nullptr) *rest = a % b;
  return a / b;
}
HM_WINAPI ULONGLONG RtlExtendedLargeIntegerDivide(ULONGLONG a, ULONG b, ULONG* rest) noexcept {
  if (rest != nullptr) *rest = static_cast<ULONG>(a % b);
  return a / b;
}
HM_WINAPI ULONG RtlEnlargedUnsignedDivide(ULONGLONG a, ULONG b, ULONG* rest) noexcept {
  if (rest != nullptr) *rest = static_cast<ULONG>(a % b);
  return static_cast<ULONG>(a / b);
}
HM_WINAPI LONGLONG RtlExtendedIntegerMultiply(LONGLONG a, LONG b) noexcept {
  return static_cast<LONGLONG>(static_cast<ULONGLONG>(a) * static_cast<ULONGLONG>(static_cast<LONGLONG>(b)));
}
HM_WINAPI LONGLONG RtlEnlargedIntegerMultiply(LONG a, LONG b) noexcept {
  return LONGLONG{a} * b;
}
HM_WINAPI ULONGLONG RtlEnlargedUnsignedMultiply(ULONG a, ULONG b) noexcept {
  return ULONGLONG{a} * b;
}
HM_WINAPI LONGLONG RtlConvertLongToLargeInteger(LONG a) noexcept {
  return a;
}
HM_WINAPI ULONGLONG RtlConvertUlongToLargeInteger(ULONG a) noexcept {
  return a;
}

HM_WINAPI USHORT RtlUshortByteSwap(USHORT value) noexcept {
  return __builtin_bswap16(value);
}
HM_WINAPI ULONG RtlUlongByteSwap(ULONG value) noexcept {
  return __builtin_bswap32(value);
}
HM_WINAPI ULONGLONG RtlUlonglongByteSwap(ULONGLONG value) noexcept {
  return __builtin_bswap64(value);
}

// --- The checksum of Ethernet and ZIP, least significant bit first ---

constexpr std::array<ULONG, 256> make_crc_table(ULONG polynomial) {
  std::array<ULONG, 256> table{};
  for (ULONG i = 0; i < table.size(); ++i) {
    ULONG value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ polynomial : value >> 1;
    table[i] = value;
  }
  return table;
}
constexpr auto kCrc32 = make_crc_table(0xEDB88320);

HM_WINAPI ULONG RtlComputeCrc32(ULONG start, const BYTE* data, INT size) noexcept {
  ULONG crc = ~start;
  for (INT i = 0; i < size; ++i) crc = kCrc32[(crc ^ data[i]) & 0xFF] ^ crc >> 8;
  return ~crc;
}

// --- Pseudo-random numbers: D. H. Lehmer's generator, as documented. Below 2^31 - 1. ---

ULONG uniform(ULONG* seed) {
  const ULONGLONG next = ULONGLONG{0x7FFFFFED} * *seed + 0x7FFFFFC3;
  return *seed = static_cast<ULONG>(next % 0x7FFFFFFF);
}
HM_WINAPI ULONG RtlRandom(ULONG* seed) noexcept {
  const ULONG high = uniform(seed);
  return static_cast<ULONG>((ULONGLONG{high} * 0x41C64E6D + uniform(seed)) % 0x7FFFFFFF);
}

// --- Debug output of Wine's PE builds: no channel is on, and a header of -1 says that nothing is to follow ---

HM_WINAPI BYTE wine_dbg_get_channel_flags(void*) noexcept {
  return 0;
}
HM_WINAPI int wine_dbg_header(int, void*, const char*) noexcept {
  return -1;
}
HM_WINAPI int wine_dbg_output(const char* text) noexcept {
  return static_cast<int>(std::strlen(text));
}
struct Copies {
  std::array<std::string, 32> texts;
  std::size_t next = 0;
};
// Native on its own: in a function with the Windows convention GCC 12 takes __tls_get_addr() to keep RDI and RSI, as a
// Windows function would, and registers what is in them for the thread's end.
__attribute__((noinline)) Copies& copies_of_thread() {
  thread_local const auto copies = std::make_unique<Copies>();
  return *copies;
}
// A copy that lives until the thread has asked for some more.
HM_WINAPI const char* wine_dbg_strdup(const char* text) noexcept {
  Copies& copies = copies_of_thread();
  std::string& copy = copies.texts[copies.next++ % copies.texts.size()];
  copy = text;
  return copy.c_str();
}

const Export kRows[] = {
    {"RtlComputeCrc32", proc(RtlComputeCrc32)},
    {"RtlConvertLongToLargeInteger", proc(RtlConvertLongToLargeInteger)},
    {"RtlConvertUlongToLargeInteger", proc(RtlConvertUlongToLargeInteger)},
    {"RtlEnlargedIntegerMultiply", proc(RtlEnlargedIntegerMultiply)},
    {"RtlEnlargedUnsignedDivide", proc(RtlEnlargedUnsignedDivide)},
    {"RtlEnlargedUnsignedMultiply", proc(RtlEnlargedUnsignedMultiply)},
    {"RtlExtendedIntegerMultiply", proc(RtlExtendedIntegerMultiply)},
    {"RtlExtendedLargeIntegerDivide", proc(RtlExtendedLargeIntegerDivide)},
    {"RtlLargeIntegerAdd", proc(RtlLargeIntegerAdd)},
    {"RtlLargeIntegerArithmeticShift", proc(RtlLargeIntegerArithmeticShift)},
    {"RtlLargeIntegerDivide", proc(RtlLargeIntegerDivide)},
    {"RtlLargeIntegerNegate", proc(RtlLargeIntegerNegate)},
    {"RtlLargeIntegerShiftLeft", proc(RtlLargeIntegerShiftLeft)},
    {"RtlLargeIntegerShiftRight", proc(RtlLargeIntegerShiftRight)},
    {"RtlLargeIntegerSubtract", proc(RtlLargeIntegerSubtract)},
    {"RtlRandom", proc(RtlRandom)},
    {"RtlRandomEx", proc(RtlRandom)},
    {"RtlUlongByteSwap", proc(RtlUlongByteSwap)},
    {"RtlUlonglongByteSwap", proc(RtlUlonglongByteSwap)},
    {"RtlUshortByteSwap", proc(RtlUshortByteSwap)},
    {"__wine_dbg_get_channel_flags", proc(wine_dbg_get_channel_flags)},
    {"__wine_dbg_header", proc(wine_dbg_header)},
    {"__wine_dbg_output", proc(wine_dbg_output)},
    {"__wine_dbg_strdup", proc(wine_dbg_strdup)},
};

}  // namespace

extern const ExportTable arithmetic_exports = kRows;

}  // namespace hmodule::winapi
