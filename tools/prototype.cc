#include "tools/prototype.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <stdexcept>

namespace hmodule::tools {
namespace {

const std::map<std::string_view, Type, std::less<>> kNamedTypes = {
    {"void", {Scalar::void_type}},
    {"char", {Scalar::char8}},
    {"wchar_t", {Scalar::char16}},
    {"char16_t", {Scalar::char16}},
    {"int8_t", {Scalar::int8}},
    {"uint8_t", {Scalar::uint8}},
    {"int16_t", {Scalar::int16}},
    {"uint16_t", {Scalar::uint16}},
    {"int32_t", {Scalar::int32}},
    {"uint32_t", {Scalar::uint32}},
    {"int64_t", {Scalar::int64}},
    {"uint64_t", {Scalar::uint64}},
    {"__int64", {Scalar::int64}},
    {"size_t", {Scalar::uint64}},
    {"ssize_t", {Scalar::int64}},
    {"intptr_t", {Scalar::int64}},
    {"uintptr_t", {Scalar::uint64}},
    {"bool", {Scalar::uint8}},
    {"float", {Scalar::float32}},
    {"double", {Scalar::float64}},
    // Windows' own.
    {"BOOL", {Scalar::int32}},
    {"BYTE", {Scalar::uint8}},
    {"WORD", {Scalar::uint16}},
    {"DWORD", {Scalar::uint32}},
    {"LONG", {Scalar::int32}},
    {"ULONG", {Scalar::uint32}},
    {"INT", {Scalar::int32}},
    {"UINT", {Scalar::uint32}},
    {"LONGLONG", {Scalar::int64}},
    {"ULONGLONG", {Scalar::uint64}},
    {"SIZE_T", {Scalar::uint64}},
    {"HRESULT", {Scalar::int32}},
    {"NTSTATUS", {Scalar::int32}},
    {"WCHAR", {Scalar::char16}},
    {"HANDLE", {Scalar::void_type, 1}},
    {"HMODULE", {Scalar::void_type, 1}},
    {"PVOID", {Scalar::void_type, 1}},
    {"LPVOID", {Scalar::void_type, 1}},
    {"LPCVOID", {Scalar::void_type, 1, true}},
    {"LPSTR", {Scalar::char8, 1}},
    {"LPCSTR", {Scalar::char8, 1, true}},
    {"LPWSTR", {Scalar::char16, 1}},
    {"LPCWSTR", {Scalar::char16, 1, true}},
    {"LPDWORD", {Scalar::uint32, 1}},
};

constexpr std::string_view kIgnored[] = {"WINAPI", "__stdcall", "__cdecl", "APIENTRY", "extern", "struct", "HM_WINAPI"};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Prototype prototype() {
    Prototype made;
    made.result = type();
    if (take('#')) {
      made.ordinal = static_cast<unsigned>(number());
    } else {
      made.function = word();
      if (made.function.empty()) stop("a function's name or #ordinal");
    }
    if (!take('(')) stop("'('");
    if (!take(')')) parameters(made);
    take(';');
    if (!rest().empty()) stop("the end");
    if (made.result.array != 0) stop("a result that is no array");
    return made;
  }

 private:
  void parameters(Prototype& made) {
    do {
      if (rest().starts_with("...")) {
        at_ += 3;
        made.variadic = true;
        break;
      }
      Parameter parameter{type(), word()};
      if (take('[')) {
        parameter.type.array = number();
        if (parameter.type.array == 0) stop("the number of elements of the buffer");
        if (!take(']')) stop("']'");
      }
      const bool is_void = parameter.type.scalar == Scalar::void_type && !parameter.type.is_pointer();
      if (is_void && (!made.parameters.empty() || !rest().starts_with(")"))) stop("a type with a value");
      if (!is_void) made.parameters.push_back(std::move(parameter));
    } while (take(','));
    if (!take(')')) stop("',' or ')'");
  }

  Type type() {
    Type made;
    bool known = false, is_signed = false, is_unsigned = false;
    int longs = 0, shorts = 0;
    for (;;) {
      const std::size_t before = at_;
      const std::string name = word();
      if (name == "const") {
        made.constant = true;
      } else if (name == "signed") {
        is_signed = known = true;
      } else if (name == "unsigned") {
        is_unsigned = known = true;
      } else if (name == "long") {
        ++longs, known = true;
      } else if (name == "short") {
        ++shorts, known = true;
      } else if (name == "int") {
        known = true;
      } else if (std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored)) {
        continue;
      } else if (const auto found = kNamedTypes.find(name); found != kNamedTypes.end() && !made_of_name_) {
        made.scalar = found->second.scalar;
        made.pointers = found->second.pointers;
        made.constant |= found->second.constant;
        known = made_of_name_ = true;
      } else {
        at_ = before;
        break;
      }
    }
    if (!known) stop("a type");
    if (!made_of_name_)
      made.scalar = longs > 1    ? (is_unsigned ? Scalar::uint64 : Scalar::int64)
                    : shorts > 0 ? (is_unsigned ? Scalar::uint16 : Scalar::int16)
                                 : (is_unsigned ? Scalar::uint32 : Scalar::int32);
    else if (made.scalar == Scalar::char8 && (is_signed || is_unsigned))
      made.scalar = is_unsigned ? Scalar::uint8 : Scalar::int8;
    made_of_name_ = false;
    while (take('*')) {
      ++made.pointers;
      for (std::size_t before = at_;; before = at_)
        if (const std::string name = word(); name != "const" && name != "restrict") {
          at_ = before;
          break;
        }
    }
    for (;;) {  // a calling convention may stand before the function's name
      const std::size_t before = at_;
      const std::string name = word();
      if (std::find(std::begin(kIgnored), std::end(kIgnored), name) == std::end(kIgnored)) {
        at_ = before;
        return made;
      }
    }
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  std::string_view rest() {
    skip_space();
    return text_.substr(at_);
  }
  bool take(char c) {
    if (!rest().starts_with(c)) return false;
    ++at_;
    return true;
  }
  std::string word() {
    skip_space();
    const std::size_t begin = at_;
    const auto in_word = [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '?' || c == '@' || c == '$';
    };
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) == 0)
      while (at_ < text_.size() && in_word(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::size_t number() {
    skip_space();
    std::size_t value = 0;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 && value < (1U << 30))
      value = value * 10 + static_cast<std::size_t>(text_[at_++] - '0');
    return value;
  }
  [[noreturn]] void stop(std::string_view wanted) {
    skip_space();
    throw std::invalid_argument(fmt::format("the prototype makes no sense here, where {} should be:\n  {}\n  {:>{}}",
                                            wanted, text_, '^', at_ + 1));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool made_of_name_ = false;
};

}  // namespace

std::size_t size_of(Scalar scalar) {
  switch (scalar) {
    case Scalar::void_type:
    case Scalar::int8:
    case Scalar::uint8:
    case Scalar::char8:
      return 1;
    case Scalar::int16:
    case Scalar::uint16:
    case Scalar::char16:
      return 2;
    case Scalar::int32:
    case Scalar::uint32:
    case Scalar::float32:
      return 4;
    default:
      return 8;
  }
}

Prototype parse_prototype(std::string_view text) {
  return Parser(text).prototype();
}

}  // namespace hmodule::tools
