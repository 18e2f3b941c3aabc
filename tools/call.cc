// hmodule call FILE 'PROTOTYPE' ARGS...: one call into a DLL, typed by hand, through libffi.
#include <ffi.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <hmodule/hmodule.hpp>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "base/utf.h"
#include "tools/commands.h"
#include "tools/prototype.h"

namespace hmodule::tools {
namespace {

ffi_type* ffi_type_of(const Type& type) {
  if (type.is_pointer()) return &ffi_type_pointer;
  switch (type.scalar) {
    case Scalar::void_type:
      return &ffi_type_void;
    case Scalar::int8:
    case Scalar::char8:
      return &ffi_type_sint8;
    case Scalar::uint8:
      return &ffi_type_uint8;
    case Scalar::int16:
      return &ffi_type_sint16;
    case Scalar::uint16:
    case Scalar::char16:
      return &ffi_type_uint16;
    case Scalar::int32:
      return &ffi_type_sint32;
    case Scalar::uint32:
      return &ffi_type_uint32;
    case Scalar::int64:
      return &ffi_type_sint64;
    case Scalar::uint64:
      return &ffi_type_uint64;
    case Scalar::float32:
      return &ffi_type_float;
    case Scalar::float64:
      return &ffi_type_double;
  }
  return &ffi_type_void;
}

union Value {
  std::uint64_t integer;
  std::int64_t signed_integer;
  float single;
  double number;
  void* pointer;
};

// `size` bytes of an integer as its type has them.
std::string show_scalar(Scalar scalar, const void* at) {
  const auto read = [&]<typename T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (scalar) {
    case Scalar::int8:
      return fmt::format("{}", read(std::int8_t()));
    case Scalar::uint8:
      return fmt::format("{}", read(std::uint8_t()));
    case Scalar::char8:
      return fmt::format("'{}'", read(char()));
    case Scalar::int16:
      return fmt::format("{}", read(std::int16_t()));
    case Scalar::uint16:
    case Scalar::char16:
      return fmt::format("{}", read(std::uint16_t()));
    case Scalar::int32:
      return fmt::format("{}", read(std::int32_t()));
    case Scalar::uint32:
      return fmt::format("{}", read(std::uint32_t()));
    case Scalar::int64:
      return fmt::format("{}", read(std::int64_t()));
    case Scalar::uint64:
      return fmt::format("{}", read(std::uint64_t()));
    case Scalar::float32:
      return fmt::format("{}", read(float()));
    case Scalar::float64:
      return fmt::format("{}", read(double()));
    case Scalar::void_type:
      return "void";
  }
  return {};
}

// An argument's own storage: text, a buffer, or what a pointer points at.
struct Argument {
  Type type;
  std::string name;
  Value value{};
  std::vector<std::byte> storage = {};
  bool shown_after = false;
};

std::uint64_t parse_integer(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const std::uint64_t value = text.starts_with('-') ? static_cast<std::uint64_t>(std::strtoll(text.c_str(), &end, 0))
                                                    : std::strtoull(text.c_str(), &end, 0);
  if (text.size() == 3 && text.front() == '\'' && text.back() == '\'') return static_cast<unsigned char>(text[1]);
  if (text.empty() || *end != '\0' || errno != 0) throw std::invalid_argument(fmt::format("'{}' is no integer", text));
  return value;
}

double parse_number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') throw std::invalid_argument(fmt::format("'{}' is no number", text));
  return value;
}

void store_scalar(Scalar scalar, const std::string& text, void* at) {
  if (scalar == Scalar::float32) {
    const auto value = static_cast<float>(parse_number(text));
    std::memcpy(at, &value, sizeof value);
  } else if (scalar == Scalar::float64) {
    const double value = parse_number(text);
    std::memcpy(at, &value, sizeof value);
  } else {
    const std::uint64_t value = parse_integer(text);
    const std::size_t bits = size_of(scalar) * 8;
    const auto top = static_cast<std::int64_t>(value) >> (bits - 1);
    if (bits < 64 && value >> bits != 0 && top != -1)
      throw std::invalid_argument(fmt::format("{} does not fit into {} bits", text, bits));
    std::memcpy(at, &value, size_of(scalar));
  }
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

std::vector<std::byte> text_bytes(Scalar scalar, const std::string& text) {
  if (scalar != Scalar::char16) return bytes_of(std::string_view(text.c_str(), text.size() + 1));
  const std::u16string wide = utf16(text);
  return bytes_of({reinterpret_cast<const char*>(wide.c_str()), (wide.size() + 1) * 2});
}

std::vector<std::byte> file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::invalid_argument(fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  const std::string all((std::istreambuf_iterator<char>(file)), {});
  return bytes_of(all);
}

// NULL, @FILE (its contents), an address, text, or &VALUE (a variable with that value, shown after the call).
void fill_pointer(Argument& argument, const std::string& text) {
  const Type& type = argument.type;
  if (text == "NULL") {
    argument.value.pointer = nullptr;
    return;
  }
  if (text.starts_with('@')) {
    argument.storage = file_bytes(text.substr(1));
  } else if (type.is_text()) {
    argument.storage = text_bytes(type.scalar, text);
    argument.shown_after = !type.constant;
  } else if (type.pointers == 1 && type.scalar != Scalar::void_type && text.starts_with('&')) {
    argument.storage.resize(8);
    store_scalar(type.scalar, text.substr(1), argument.storage.data());
    argument.shown_after = true;
  } else if (text.starts_with('&')) {  // a pointer variable, or 8 bytes of anything
    argument.storage.resize(8);
    store_scalar(Scalar::uint64, text.substr(1), argument.storage.data());
    argument.shown_after = true;
  } else if (type.scalar == Scalar::void_type &&
             text.find_first_not_of("0123456789abcdefABCDEFxX") != std::string::npos) {
    argument.storage = text_bytes(Scalar::char8, text);
  } else {
    argument.value.integer = parse_integer(text);
    return;
  }
  argument.value.pointer = argument.storage.data();
}

Argument make_buffer(const Parameter& parameter) {
  Argument argument{parameter.type, parameter.name};
  argument.storage.resize((parameter.type.array + 1) * size_of(parameter.type.scalar));
  argument.value.pointer = argument.storage.data();
  argument.shown_after = true;
  return argument;
}

// For what "..." takes: an integer, a number with a point, or text.
Argument make_variadic(const std::string& text) {
  Argument argument;
  try {
    argument.type = {Scalar::int64};
    argument.value.integer = parse_integer(text);
    return argument;
  } catch (const std::invalid_argument&) {
  }
  try {
    argument.value.number = parse_number(text);
    argument.type = {Scalar::float64};
  } catch (const std::invalid_argument&) {
    argument.type = {Scalar::char8, 1, true};
    fill_pointer(argument, text);
  }
  return argument;
}

std::vector<Argument> make_arguments(const Prototype& prototype, const std::vector<std::string>& texts) {
  std::vector<Argument> arguments;
  std::size_t next = 0;
  for (const Parameter& parameter : prototype.parameters) {
    if (parameter.type.array != 0) {  // filled by the function; takes no argument here
      arguments.push_back(make_buffer(parameter));
      continue;
    }
    if (next == texts.size())
      throw std::invalid_argument(fmt::format("the prototype takes more than {} arguments", texts.size()));
    Argument argument{parameter.type, parameter.name};
    if (parameter.type.is_pointer())
      fill_pointer(argument, texts[next]);
    else
      store_scalar(parameter.type.scalar, texts[next], &argument.value);
    ++next;
    arguments.push_back(std::move(argument));
  }
  for (; prototype.variadic && next < texts.size(); ++next) arguments.push_back(make_variadic(texts[next]));
  if (next < texts.size())
    throw std::invalid_argument(fmt::format("the prototype takes {} arguments, {} are given", next, texts.size()));
  return arguments;
}

std::string show_text(Scalar scalar, const void* at, std::size_t longest) {
  if (scalar == Scalar::char16) {
    const auto* begin = static_cast<const char16_t*>(at);
    std::size_t length = 0;
    while (length < longest && begin[length] != 0) ++length;
    return '"' + utf8({begin, length}) + '"';
  }
  return '"' + std::string(static_cast<const char*>(at), ::strnlen(static_cast<const char*>(at), longest)) + '"';
}

std::string show_hex(const std::byte* at, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", static_cast<unsigned>(at[i]));
  return text;
}

std::string show_result(const Type& type, const Value& value) {
  if (!type.is_pointer()) return show_scalar(type.scalar, &value);
  if (value.pointer == nullptr) return "NULL";
  if (type.is_text()) return show_text(type.scalar, value.pointer, SIZE_MAX);
  return fmt::format("{}", value.pointer);
}

std::string show_argument(const Argument& argument) {
  const Type& type = argument.type;
  const void* at = argument.storage.data();
  if (type.scalar == Scalar::char8 || type.scalar == Scalar::char16)
    return show_text(type.scalar, at, argument.storage.size() / size_of(type.scalar));
  if (type.array != 0) return show_hex(argument.storage.data(), type.array * size_of(type.scalar));
  if (type.pointers > 1 || type.scalar == Scalar::void_type) {
    void* pointer = nullptr;
    std::memcpy(&pointer, at, sizeof pointer);
    return fmt::format("{}", pointer);
  }
  return show_scalar(type.scalar, at);
}

Value invoke(const Prototype& prototype, void* function, std::vector<Argument>& arguments) {
  std::vector<ffi_type*> types;
  std::vector<void*> values;
  for (Argument& argument : arguments) {
    types.push_back(ffi_type_of(argument.type));
    values.push_back(&argument.value);
  }
  ffi_cif cif;
  const auto count = static_cast<unsigned>(types.size());
  const ffi_status prepared =
      prototype.variadic ? ffi_prep_cif_var(&cif, FFI_GNUW64, static_cast<unsigned>(prototype.parameters.size()), count,
                                            ffi_type_of(prototype.result), types.data())
                         : ffi_prep_cif(&cif, FFI_GNUW64, count, ffi_type_of(prototype.result), types.data());
  if (prepared != FFI_OK) throw std::invalid_argument("libffi cannot make this call");
  Value result{};
  ffi_call(&cif, FFI_FN(function), &result, values.data());
  return result;
}

int call(const std::string& file, const std::string& text, const std::vector<std::string>& texts) {
  const Prototype prototype = parse_prototype(text);
  std::vector<Argument> arguments = make_arguments(prototype, texts);
  const library dll(file);
  void* const function = prototype.ordinal ? hmodule_sym_ordinal(dll.handle(), *prototype.ordinal)
                                           : hmodule_sym(dll.handle(), prototype.function.c_str());
  if (function == nullptr) throw error(hmodule_error_code(), hmodule_error());
  const Value result = invoke(prototype, function, arguments);
  const bool has_result = prototype.result.is_pointer() || prototype.result.scalar != Scalar::void_type;
  if (has_result) fmt::print("{}\n", show_result(prototype.result, result));
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].shown_after)
      fmt::print("{} = {}\n", arguments[i].name.empty() ? fmt::format("argument {}", i + 1) : arguments[i].name,
                 show_argument(arguments[i]));
  return kDone;
}

struct Options {
  std::string file, prototype;
  std::vector<std::string> arguments;
};

}  // namespace

void add_call(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("call", "Calls a function of a DLL and prints what it returns");
  command->add_option("FILE", options->file, "The DLL: a path, or a name to search for")->required();
  command
      ->add_option("PROTOTYPE", options->prototype,
                   "The function in C, with Windows' types: 'unsigned crc32(unsigned, const char*, unsigned)'; "
                   "'int #12(void)' calls by ordinal")
      ->required();
  command->add_option("ARGS", options->arguments,
                      "Integers, numbers, text; for pointers also NULL, @FILE (its contents), &VALUE (a variable, "
                      "shown after the call). A parameter 'char name[64]' is a buffer, takes no argument, and is shown "
                      "after the call");
  command->prefix_command(false);
  command->positionals_at_end();
  command->callback([options, &status] {
    try {
      status = call(options->file, options->prototype, options->arguments);
    } catch (const error& failure) {
      fmt::print(stderr, "hmodule: {} (error {})\n", failure.what(), failure.code().value());
      status = kFailed;
    } catch (const std::invalid_argument& mistake) {
      fmt::print(stderr, "hmodule: {}\n", mistake.what());
      status = kUsage;
    }
  });
}

}  // namespace hmodule::tools
