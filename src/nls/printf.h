// printf as Windows writes it, narrow and wide.
//
// What differs from C on Linux: long has 32 bits; I64, I32 and I are sizes; %s in a wide format is wide, %S and %C are
// the other kind, h and w (or l) settle it; %Z takes an ANSI_STRING, %wZ a UNICODE_STRING; %p is sixteen capital hex
// digits; exponents have three digits at least. The arguments of a Windows variadic function lie in slots of eight
// bytes, whatever their type, and its va_list is the address of the next slot.
#pragma once

#include "win/types.h"

#include <cstring>
#include <string>
#include <string_view>

namespace hmodule::nls {

class Arguments {
 public:
  explicit Arguments(const void* slots) : next_(static_cast<const char*>(slots)) {}

  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, next_, sizeof value);
    next_ += 8;
    return value;
  }

 private:
  const char* next_;
};

std::string format(std::string_view text, Arguments arguments);
std::u16string format(std::u16string_view text, Arguments arguments);

}  // namespace hmodule::nls
