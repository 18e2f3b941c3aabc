// The C++ API: RAII and types over the C API (hmodule.h). Header-only; needs C++20.
//
//   hmodule::library zlib("/opt/vendor/zlib1.dll");
//   auto crc32 = zlib.get<std::uint32_t(std::uint32_t, const void*, std::uint32_t)>("crc32");
//   std::uint32_t sum = crc32(0, data, size);
//
// Functions that can fail come twice: one throws hmodule::error, which carries the Windows code and a sentence; the
// other takes a std::error_code& and throws nothing (std::bad_alloc excepted).
#ifndef HMODULE_HMODULE_HPP
#define HMODULE_HMODULE_HPP

#include <hmodule/hmodule.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace hmodule {

// The category of Windows error codes (winerror.h). The sentence that explains a failure is not in the code: ask
// hmodule_error() for it.
inline const std::error_category& windows_category() noexcept {
  class category final : public std::error_category {
    const char* name() const noexcept override { return "windows"; }
    std::string message(int code) const override { return "Windows error " + std::to_string(code); }
    std::error_condition default_error_condition(int code) const noexcept override {
      switch (code) {
        case ERROR_FILE_NOT_FOUND:
        case ERROR_PATH_NOT_FOUND:
        case ERROR_MOD_NOT_FOUND:
          return std::errc::no_such_file_or_directory;
        case ERROR_ACCESS_DENIED:
          return std::errc::permission_denied;
        case ERROR_NOT_ENOUGH_MEMORY:
          return std::errc::not_enough_memory;
        case ERROR_INVALID_PARAMETER:
          return std::errc::invalid_argument;
        case ERROR_BAD_EXE_FORMAT:
          return std::errc::executable_format_error;
        default:
          return {code, *this};
      }
    }
  };
  static const category instance;
  return instance;
}

// What the throwing functions throw. what() is the explanation; code().value() the Windows code.
class error : public std::system_error {
 public:
  error(unsigned code, const std::string& explanation)
      : std::system_error(static_cast<int>(code), windows_category(), explanation), explanation_(explanation) {}
  const char* what() const noexcept override { return explanation_.c_str(); }

 private:
  std::string explanation_;
};

// An exception that a DLL did not handle and that a guarded function stopped: a fault, RaiseException, a C++ throw.
class seh_error : public std::runtime_error {
 public:
  explicit seh_error(const hmodule_exception& from)
      : std::runtime_error(from.message),
        code_(from.code),
        address_(from.address),
        rva_(from.rva),
        offset_(from.offset),
        module_(text(from.name)),
        symbol_(text(from.symbol)),
        type_(text(from.type)),
        text_(text(from.what)) {}

  unsigned code() const noexcept { return code_; }  // as hmodule_exception has them
  void* address() const noexcept { return address_; }
  std::size_t rva() const noexcept { return rva_; }
  std::size_t offset() const noexcept { return offset_; }
  const std::string& module() const noexcept { return module_; }  // the strings are empty where it has NULL
  const std::string& symbol() const noexcept { return symbol_; }
  const std::string& type() const noexcept { return type_; }
  const std::string& thrown_what() const noexcept { return text_; }

 private:
  static std::string text(const char* from) { return from == nullptr ? std::string() : std::string(from); }

  unsigned code_;
  void* address_;
  std::size_t rva_, offset_;
  std::string module_, symbol_, type_, text_;
};

namespace detail {

[[noreturn]] inline void throw_last_failure() {
  const unsigned code = hmodule_error_code();
  const char* text = hmodule_error();
  throw error(code, text == nullptr ? "unknown failure" : text);
}
inline std::error_code last_failure() {
  return {static_cast<int>(hmodule_error_code()), windows_category()};
}

// What a type is behind its pointers and references.
template <typename T>
struct pointee {
  using type = std::remove_cv_t<T>;
};
template <typename T>
struct pointee<T*> : pointee<std::remove_cv_t<T>> {};
template <typename T>
struct pointee<T&> : pointee<std::remove_cv_t<T>> {};

// Types that have another size on Windows are refused: what compiles here would misread the DLL's data.
template <typename T>
constexpr bool check_type() {
  using bare = typename pointee<std::remove_cvref_t<T>>::type;
  // std::int64_t and std::uint64_t are `long` here, and mean what they say on both sides; but so does a careless
  // `long`, which the DLL takes for 32 bits. The two cannot be told apart, so 64-bit integers are `long long`,
  // hmodule::i64 or hmodule::u64 in signatures.
  static_assert(!std::is_same_v<bare, long> && !std::is_same_v<bare, unsigned long>,
                "'long' has 64 bits on Linux and 32 on Windows: write std::int32_t, or long long (hmodule::i64) for 64 "
                "bits (std::int64_t is 'long' here)");
  static_assert(!std::is_same_v<bare, wchar_t>, "'wchar_t' has 32 bits on Linux and 16 on Windows: write char16_t");
  static_assert(!std::is_same_v<bare, long double>,
                "'long double' has 80 bits on Linux and 64 on Windows: write double");
  return true;
}

template <typename Signature>
struct function;
template <typename R, typename... Args>
struct function<R(Args...)> {
  static_assert(check_type<R>() && (check_type<Args>() && ...));
  using pointer = R(HM_WINAPI*)(Args...);
};
template <typename R, typename... Args>
struct function<R(Args..., ...)> {
  static_assert(check_type<R>() && (check_type<Args>() && ...));
  using pointer = R(HM_WINAPI*)(Args..., ...);
};

}  // namespace detail

// 64-bit integers for signatures: std::int64_t is `long` on Linux, which signatures refuse.
using i64 = long long;
using u64 = unsigned long long;

// A pointer to a function of a DLL.
template <typename Signature>
using function_pointer = typename detail::function<Signature>::pointer;

// A function of a DLL that may be left by an exception: the call throws seh_error then.
template <typename Signature>
class guarded_function;
template <typename R, typename... Args>
class guarded_function<R(Args...)> {
 public:
  explicit guarded_function(function_pointer<R(Args...)> function) noexcept : function_(function) {}

  R operator()(Args... arguments) const {
    const u64 bits[] = {bits_of<Args>(arguments)..., 0};
    hmodule_result result;
    if (hmodule_call(reinterpret_cast<const void*>(function_), bits, sizeof...(Args), &result) != 0) {
      if (const hmodule_exception* exception = hmodule_last_exception()) throw seh_error(*exception);
      detail::throw_last_failure();
    }
    if constexpr (std::is_same_v<R, double>)
      return result.number;
    else if constexpr (std::is_same_v<R, float>)
      return std::bit_cast<float>(static_cast<std::uint32_t>(std::bit_cast<u64>(result.number)));
    else if constexpr (std::is_reference_v<R>)
      return *reinterpret_cast<std::remove_reference_t<R>*>(result.integer);
    else if constexpr (std::is_pointer_v<R>)
      return reinterpret_cast<R>(result.integer);
    else if constexpr (!std::is_void_v<R>)
      return static_cast<R>(result.integer);
  }
  function_pointer<R(Args...)> get() const noexcept { return function_; }

 private:
  template <typename T>
  static constexpr bool fits = std::is_scalar_v<T> || std::is_reference_v<T>;
  static_assert((fits<Args> && ...) && (fits<R> || std::is_void_v<R>), "a structure travels by pointer");
  static_assert(sizeof...(Args) <= 16, "a guarded function has at most 16 parameters");

  template <typename T>
  static u64 bits_of(std::remove_reference_t<T>& value) {
    if constexpr (std::is_reference_v<T>)
      return reinterpret_cast<u64>(std::addressof(value));
    else if constexpr (std::is_pointer_v<T>)
      return reinterpret_cast<u64>(value);
    else if constexpr (std::is_null_pointer_v<T>)
      return 0;
    else if constexpr (std::is_same_v<T, float>)
      return std::bit_cast<std::uint32_t>(value);
    else if constexpr (std::is_same_v<T, double>)
      return std::bit_cast<u64>(value);
    else
      return static_cast<u64>(value);
  }

  function_pointer<R(Args...)> function_;
};

// One export of a module.
struct export_info {
  std::string name;  // empty: by ordinal only
  unsigned ordinal = 0;
  void* address = nullptr;  // null: forwarded
  std::string forwarder;    // "OTHER.Symbol"
};

// A loaded DLL; freed with the object. Movable, not copyable. Objects may be used from any thread; one object from one
// thread at a time, as usual.
class library {
 public:
  library() noexcept = default;
  // As hmodule_open(): a Linux path, a Windows path, or a bare name that is searched for.
  explicit library(const std::filesystem::path& path, unsigned flags = 0) : handle_(hmodule_open(path.c_str(), flags)) {
    if (handle_ == nullptr) detail::throw_last_failure();
  }
  library(const std::filesystem::path& path, std::error_code& failure, unsigned flags = 0)
      : handle_(hmodule_open(path.c_str(), flags)) {
    failure = handle_ == nullptr ? detail::last_failure() : std::error_code();
  }
  // As hmodule_open_memory() and hmodule_open_fd().
  static library from_memory(std::span<const std::byte> image, const std::string& name, unsigned flags = 0) {
    return checked(hmodule_open_memory(image.data(), image.size(), name.c_str(), flags));
  }
  static library from_descriptor(int fd, const std::string& name, unsigned flags = 0) {
    return checked(hmodule_open_fd(fd, name.c_str(), flags));
  }
  // Takes over a handle and its reference.
  explicit library(HMODULE handle) noexcept : handle_(handle) {}

  library(library&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  library& operator=(library&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~library() { close(); }

  explicit operator bool() const noexcept { return handle_ != nullptr; }
  HMODULE handle() const noexcept { return handle_; }
  // The reference is the caller's from now on.
  HMODULE release() noexcept { return std::exchange(handle_, nullptr); }
  void close() noexcept {
    if (handle_ != nullptr) hmodule_close(std::exchange(handle_, nullptr));
  }

  // A function by name or ordinal, as a pointer with the Windows calling convention.
  template <typename Signature>
  function_pointer<Signature> get(const char* name) const {
    return reinterpret_cast<function_pointer<Signature>>(needed(hmodule_sym(handle_, name)));
  }
  template <typename Signature>
  function_pointer<Signature> get(unsigned ordinal) const {
    return reinterpret_cast<function_pointer<Signature>>(needed(hmodule_sym_ordinal(handle_, ordinal)));
  }
  template <typename Signature>
  function_pointer<Signature> get(const char* name, std::error_code& failure) const {
    return reinterpret_cast<function_pointer<Signature>>(found(hmodule_sym(handle_, name), failure));
  }
  template <typename Signature>
  function_pointer<Signature> get(unsigned ordinal, std::error_code& failure) const {
    return reinterpret_cast<function_pointer<Signature>>(found(hmodule_sym_ordinal(handle_, ordinal), failure));
  }

  // The same, for functions that may be left by an exception.
  template <typename Signature>
  guarded_function<Signature> guarded(const char* name) const {
    return guarded_function<Signature>(get<Signature>(name));
  }
  template <typename Signature>
  guarded_function<Signature> guarded(unsigned ordinal) const {
    return guarded_function<Signature>(get<Signature>(ordinal));
  }

  // An exported variable.
  template <typename T>
  T& get_variable(const char* name) const {
    static_assert(detail::check_type<T>());
    return *static_cast<T*>(needed(hmodule_sym(handle_, name)));
  }
  template <typename T>
  T* get_variable(const char* name, std::error_code& failure) const {
    static_assert(detail::check_type<T>());
    return static_cast<T*>(found(hmodule_sym(handle_, name), failure));
  }

  bool has(const char* name) const { return present(hmodule_sym(handle_, name)); }
  bool has(unsigned ordinal) const { return present(hmodule_sym_ordinal(handle_, ordinal)); }

  // By name, then those without one.
  std::vector<export_info> exports() const {
    std::vector<export_info> all;
    const auto collect = [](const hmodule_symbol* symbol, void* context) {
      auto text = [](const char* s) { return s == nullptr ? std::string() : std::string(s); };
      static_cast<std::vector<export_info>*>(context)->push_back(
          {text(symbol->name), symbol->ordinal, symbol->address, text(symbol->forwarder)});
      return 0;
    };
    if (hmodule_exports(handle_, collect, &all) != 0) detail::throw_last_failure();
    return all;
  }

 private:
  static library checked(HMODULE handle) {
    if (handle == nullptr) detail::throw_last_failure();
    return library(handle);
  }
  static void* needed(void* address) {
    if (address == nullptr) detail::throw_last_failure();
    return address;
  }
  static void* found(void* address, std::error_code& failure) {
    failure = address == nullptr ? detail::last_failure() : std::error_code();
    return address;
  }
  static bool present(const void* address) {
    if (address == nullptr) hmodule_error();  // a question is no failure
    return address != nullptr;
  }

  HMODULE handle_ = nullptr;
};

namespace detail {

template <typename T>
constexpr char letter() {
  using bare = std::remove_cv_t<T>;
  if constexpr (std::is_void_v<bare>)
    return 'v';
  else if constexpr (std::is_pointer_v<bare> || std::is_reference_v<bare>)
    return 'p';
  else if constexpr (std::is_same_v<bare, float>)
    return 'f';
  else if constexpr (std::is_same_v<bare, double>)
    return 'd';
  else if constexpr (std::is_enum_v<bare>)
    return letter<std::underlying_type_t<bare>>();
  else {
    static_assert(std::is_integral_v<bare>, "a callback takes integers, enumerations, pointers, float and double");
    constexpr char letters[] = "bBhHiIqQ";
    constexpr int size = sizeof(bare) == 1 ? 0 : sizeof(bare) == 2 ? 2 : sizeof(bare) == 4 ? 4 : 6;
    return letters[size + (std::is_unsigned_v<bare> ? 1 : 0)];
  }
}

}  // namespace detail

// A closure as a pointer that a DLL can call; freed with the object, which must outlive the DLL's use of the pointer.
// What it throws goes through the DLL's frames, whose clean-ups run, to the host's code that called the DLL, unless a
// catch (...) in the DLL ends it.
template <typename Signature>
class callback;
template <typename R, typename... Args>
class callback<R(Args...)> {
 public:
  template <typename F>
  requires std::is_invocable_r_v<R, F&, Args...>
  explicit callback(F closure) : closure_(std::make_unique<std::function<R(Args...)>>(std::move(closure))) {
    static constexpr char signature[] = {detail::letter<R>(), ':', detail::letter<Args>()..., '\0'};
    pointer_ = hmodule_callback_new(signature, &invoke, closure_.get());
    if (pointer_ == nullptr) detail::throw_last_failure();
  }
  callback(callback&& other) noexcept
      : closure_(std::move(other.closure_)), pointer_(std::exchange(other.pointer_, nullptr)) {}
  callback& operator=(callback&& other) noexcept {
    std::swap(closure_, other.closure_);
    std::swap(pointer_, other.pointer_);
    return *this;
  }
  ~callback() {
    if (pointer_ != nullptr) hmodule_callback_free(pointer_);
  }

  function_pointer<R(Args...)> get() const noexcept { return reinterpret_cast<function_pointer<R(Args...)>>(pointer_); }
  operator function_pointer<R(Args...)>() const noexcept { return get(); }

 private:
  static void invoke(void* context, void* result, void** arguments) {
    call(*static_cast<std::function<R(Args...)>*>(context), result, arguments, std::index_sequence_for<Args...>());
  }
  template <std::size_t... I>
  static void call(std::function<R(Args...)>& closure, void* result, [[maybe_unused]] void** arguments,
                   std::index_sequence<I...>) {
    if constexpr (std::is_void_v<R>) {
      closure(argument<Args>(arguments[I])...);
    } else if constexpr (std::is_integral_v<R> || std::is_enum_v<R>) {
      // Widened to 64 bits, as hmodule_callback_new() asks.
      *static_cast<u64*>(result) = static_cast<u64>(closure(argument<Args>(arguments[I])...));
    } else {
      *static_cast<R*>(result) = closure(argument<Args>(arguments[I])...);
    }
  }
  template <typename T>
  static T argument(void* at) {
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(**static_cast<std::remove_reference_t<T>**>(at));
    else
      return *static_cast<std::remove_cv_t<T>*>(at);
  }

  std::unique_ptr<std::function<R(Args...)>> closure_;
  void* pointer_ = nullptr;
};

}  // namespace hmodule

#endif
