// A C prototype as a person types it: "unsigned crc32(unsigned, const char*, unsigned)".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::tools {

// Windows' widths: long has 32 bits, wchar_t 16.
enum class Scalar {
  void_type,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  char8,
  char16
};
std::size_t size_of(Scalar scalar);

struct Type {
  Scalar scalar = Scalar::void_type;
  int pointers = 0;       // number of '*'
  bool constant = false;  // what it points to
  std::size_t array = 0;  // elements, for "char name[64]": a buffer the function fills

  bool is_pointer() const { return pointers > 0 || array > 0; }
  bool is_text() const { return pointers == 1 && (scalar == Scalar::char8 || scalar == Scalar::char16); }
};

struct Parameter {
  Type type;
  std::string name;  // may be empty
};

struct Prototype {
  Type result;
  std::string function;             // empty with an ordinal
  std::optional<unsigned> ordinal;  // "int #12(void)"
  std::vector<Parameter> parameters;
  bool variadic = false;
};

// Throws std::invalid_argument with a sentence that shows where `text` stops making sense.
Prototype parse_prototype(std::string_view text);

}  // namespace hmodule::tools
