// Static TLS (__declspec(thread)): each module with a TLS directory has an index; each thread has a vector with one
// block per index, which compiled code reads as gs:[58h][_tls_index] without any call (TLS-05).
//
// A thread's vector is grown by others while the thread runs. It may be between the two loads of that sequence, so a
// new vector is published by one store and the old one lives on until the thread ends (TLS-06).
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>

namespace hmodule::thread {

// What a module's TLS directory says, in addresses of the relocated image. The raw data must stay readable until
// release_tls(): each new thread copies it as it is then (TLS-04).
struct TlsTemplate {
  const std::byte* data = nullptr;  // StartAddressOfRawData
  std::size_t size = 0;             // End - Start
  std::size_t zero_fill = 0;        // SizeOfZeroFill
  std::size_t alignment = 16;       // a power of two; less than 16 counts as 16
};

// Takes the lowest free index (TLS-02) and gives every attached thread its block (TLS-03). The caller stores the index
// through AddressOfIndex as 32 bits. All or nothing: on STATUS_NO_MEMORY no thread has changed.
Result<std::uint32_t> allocate_tls(const TlsTemplate& tls_template);

// The index becomes reusable; all threads' blocks are freed and their entries NULL (TLS-07).
void release_tls(std::uint32_t index);

}  // namespace hmodule::thread
