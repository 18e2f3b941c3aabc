// EncodePointer: a pointer that nobody can forge who does not know the process's secret.
#pragma once

#include <bit>
#include <cstdint>

namespace hmodule::nt {

std::uint64_t process_cookie();  // random, the same for the whole life of the process

inline void* encode_pointer(void* pointer, std::uint64_t secret) {
  return reinterpret_cast<void*>(
      std::rotr(reinterpret_cast<std::uintptr_t>(pointer) ^ secret, static_cast<int>(secret & 0x3F)));
}
inline void* decode_pointer(void* encoded, std::uint64_t secret) {
  return reinterpret_cast<void*>(std::rotl(reinterpret_cast<std::uintptr_t>(encoded), static_cast<int>(secret & 0x3F)) ^
                                 secret);
}

}  // namespace hmodule::nt
