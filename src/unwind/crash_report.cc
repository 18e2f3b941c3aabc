#include "unwind/crash_report.h"

#include "thread/registry.h"
#include "unwind/faults.h"
#include "unwind/function_table.h"
#include "unwind/guarded_read.h"
#include "unwind/native_frames.h"
#include "unwind/thrown.h"
#include "unwind/virtual_unwind.h"
#include "win/status.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

namespace hmodule::unwind {
namespace {

// A line of the report, written at once. What does not fit is cut.
class Line {
 public:
  template <typename... Args>
  void add(fmt::format_string<Args...> text, Args&&... args) {
    const std::size_t room = sizeof text_ - 1 - size_;
    const auto written = fmt::format_to_n(text_ + size_, room, text, std::forward<Args>(args)...);
    size_ += std::min(written.size, room);
  }
  ~Line() {
    text_[size_++] = '\n';
    for (std::size_t done = 0; done < size_;) {
      const ssize_t now = write(STDERR_FILENO, text_ + done, size_ - done);
      if (now <= 0) return;
      done += static_cast<std::size_t>(now);
    }
  }

 private:
  char text_[1024];
  std::size_t size_ = 0;
};

template <typename... Args>
void print(fmt::format_string<Args...> text, Args&&... args) {
  Line line;
  line.add(text, std::forward<Args>(args)...);
}

// The string at `from`, as far as it fits into `buffer`; empty if it cannot be read.
std::string_view read_string(std::uintptr_t from, std::span<char> buffer) {
  std::size_t size = 0;
  while (size < buffer.size() && read_guarded(from + size, &buffer[size], 1) && buffer[size] != 0) ++size;
  return {buffer.data(), size};
}

// --- names of code ---

// The export directory of a loaded image (PE specification, ".edata"). Loading has checked it, but the DLL may have
// written to it since.
class Exports {
 public:
  Exports(std::uintptr_t base, std::uint32_t size) : base_(base), size_(size) {
    const auto nt = get<std::uint32_t>(0x3C);
    if (nt) directory_ = get<std::uint32_t>(*nt + 0x88).value_or(0);
  }

  struct Nearest {
    std::uint32_t rva = 0, ordinal = 0, name = 0;  // name: an RVA, or 0
  };
  // At or below `rva`.
  std::optional<Nearest> nearest(std::uint32_t rva) const {
    const std::uint32_t count = field(0x14), names = field(0x18), functions = field(0x1C);
    Nearest found;
    std::uint32_t index = 0;
    for (std::uint32_t i = 0; directory_ != 0 && i < count; ++i) {
      const auto function = get<std::uint32_t>(functions + i * 4);
      if (!function) break;
      if (*function > rva || *function <= found.rva) continue;
      found = {*function, field(0x10) + i, 0};
      index = i;
    }
    if (found.rva == 0) return std::nullopt;
    for (std::uint32_t i = 0; i < names; ++i) {
      const auto ordinal = get<std::uint16_t>(field(0x24) + i * 2);
      if (!ordinal) break;
      if (*ordinal == index) found.name = get<std::uint32_t>(field(0x20) + i * 4).value_or(0);
    }
    return found;
  }

 private:
  template <typename T>
  std::optional<T> get(std::uint32_t rva) const {
    if (rva > size_ || size_ - rva < sizeof(T)) return std::nullopt;
    return read_guarded<T>(base_ + rva);
  }
  std::uint32_t field(std::uint32_t offset) const { return get<std::uint32_t>(directory_ + offset).value_or(0); }

  std::uintptr_t base_;
  std::uint32_t size_, directory_ = 0;
};

bool is_dll(std::uintptr_t ip) {
  return find_function(ip).image_base != 0 || thread::is_dll_code(ip);
}

// "foo.dll+0x1234 (function+0x14)". `ip` is printed, `at` is looked up: of a return address, the call before it.
void add_dll_code(Line& line, std::uintptr_t ip, std::uintptr_t at) {
  const LDR_DATA_TABLE_ENTRY* const module =
      process_hooks().entry_of == nullptr ? nullptr : process_hooks().entry_of(reinterpret_cast<const void*>(at));
  if (module == nullptr) return line.add("code made at run time");
  const std::u16string_view name(module->BaseDllName.Buffer, module->BaseDllName.Length / 2U);
  for (char16_t c : name) line.add("{}", c < 0x80 ? static_cast<char>(c) : '?');
  const auto base = reinterpret_cast<std::uintptr_t>(module->DllBase);
  line.add("+{:#x}", ip - base);
  const auto found = Exports(base, module->SizeOfImage).nearest(static_cast<std::uint32_t>(at - base));
  if (!found) return;
  char buffer[200];
  const std::string_view symbol = found->name == 0 ? "" : read_string(base + found->name, buffer);
  if (symbol.empty())
    line.add(" (#{}", found->ordinal);
  else
    line.add(" ({}", symbol);
  line.add("+{:#x})", ip - base - found->rva);
}

void add_native_code(Line& line, std::uintptr_t ip, std::uintptr_t at) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(at), &info) == 0 || info.dli_fname == nullptr) return line.add("?");
  line.add("{}+{:#x}", info.dli_fname, ip - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
  if (info.dli_sname != nullptr)
    line.add(" ({}+{:#x})", info.dli_sname, ip - reinterpret_cast<std::uintptr_t>(info.dli_saddr));
}

// --- the frames ---

class Backtrace {
 public:
  Backtrace(const EXCEPTION_RECORD& record, const CONTEXT& context)
      : walk_(context),
        jumped_to_nowhere_(record.ExceptionCode == STATUS_ACCESS_VIOLATION && record.ExceptionInformation[0] == 8) {}

  void print_frames() {
    print("  frames:");
    if (jumped_to_nowhere_) {
      print_frame();
      virtual_unwind(kNoHandler, 0, walk_.Rip, nullptr, walk_);
    }
    while (walk_.Rip != 0 && !is_full())
      if (is_dll(walk_.Rip) ? !leave_dll_frame() : !leave_native_frames()) break;
    end_repeats();
  }

 private:
  static constexpr int kMostLines = 64, kMostFrames = 1 << 20, kShownRepeats = 3;

  bool is_full() const { return lines_ >= kMostLines || count_ >= kMostFrames; }

  void end_repeats() {
    if (repeats_ >= kShownRepeats) print("       ... {} more times", repeats_ - kShownRepeats + 1);
    repeats_ = 0;
  }

  // A recursion is told once.
  void print_frame() {
    if (count_ != 0 && walk_.Rip == last_) {
      if (++repeats_ >= kShownRepeats) {
        ++count_;
        return;
      }
    } else {
      end_repeats();
    }
    last_ = walk_.Rip;
    ++lines_;
    const std::uintptr_t at = count_ == 0 ? walk_.Rip : walk_.Rip - 1;
    Line line;
    line.add("  #{:<3}{:#018x} ", count_++, walk_.Rip);
    if (is_dll(walk_.Rip))
      add_dll_code(line, walk_.Rip, at);
    else
      add_native_code(line, walk_.Rip, at);
  }

  bool leave_dll_frame() {
    print_frame();
    const FunctionEntry entry = find_function(walk_.Rip);
    const std::uintptr_t below = walk_.Rsp;
    virtual_unwind(kNoHandler, entry.image_base, walk_.Rip, entry.function, walk_);
    return walk_.Rsp > below;
  }

  // Up to the next frame of a DLL, whose registers `walk_` then has. False at the end of the stack.
  bool leave_native_frames() {
    entered_ = false;
    hm_native_backtrace(&walk_, &Backtrace::look_at_native_frame, this);
    return entered_;
  }

  static _Unwind_Reason_Code look_at_native_frame(_Unwind_Context* frame, void* argument) {
    auto& self = *static_cast<Backtrace*>(argument);
    const std::uintptr_t ip = _Unwind_GetIP(frame);
    if (_Unwind_GetRegionStart(frame) == reinterpret_cast<std::uintptr_t>(&hm_native_backtrace)) return _URC_NO_REASON;
    constexpr unsigned kRegisters[] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};  // DWARF's numbers
    const bool dll = is_dll(ip);
    if (dll) {
      CONTEXT next = self.walk_;
      for (unsigned i = 0; i < 16; ++i)
        if (i != 4) next.reg(i) = _Unwind_GetGR(frame, static_cast<int>(kRegisters[i]));
      next.Rsp = _Unwind_GetCFA(frame);
      self.entered_ = next.Rsp > self.walk_.Rsp;
      next.Rip = ip;
      self.walk_ = next;
      return _URC_END_OF_STACK;
    }
    if (ip == 0) return _URC_END_OF_STACK;
    const CONTEXT kept = self.walk_;
    self.walk_.Rip = ip;
    self.print_frame();
    self.walk_ = kept;
    return self.is_full() ? _URC_END_OF_STACK : _URC_NO_REASON;
  }

  CONTEXT walk_;
  bool jumped_to_nowhere_;
  std::uintptr_t last_ = 0;
  int count_ = 0, lines_ = 0, repeats_ = 0;
  bool entered_ = false;
};

// --- the exception ---

}  // namespace

std::string_view name_of(NTSTATUS code) {
  switch (code) {
    case STATUS_ACCESS_VIOLATION:
      return "access violation";
    case STATUS_IN_PAGE_ERROR:
      return "in-page error";
    case STATUS_GUARD_PAGE_VIOLATION:
      return "guard page";
    case STATUS_STACK_OVERFLOW:
      return "stack overflow";
    case STATUS_STACK_BUFFER_OVERRUN:
      return "fast fail";
    case STATUS_ILLEGAL_INSTRUCTION:
      return "illegal instruction";
    case STATUS_PRIVILEGED_INSTRUCTION:
      return "privileged instruction";
    case STATUS_INTEGER_DIVIDE_BY_ZERO:
      return "integer division by zero";
    case STATUS_INTEGER_OVERFLOW:
      return "integer overflow";
    case STATUS_ARRAY_BOUNDS_EXCEEDED:
      return "array bounds exceeded";
    case STATUS_BREAKPOINT:
      return "breakpoint";
    case STATUS_SINGLE_STEP:
      return "single step";
    case STATUS_ASSERTION_FAILURE:
      return "assertion failure";
    case STATUS_DATATYPE_MISALIGNMENT:
      return "misaligned access";
    case STATUS_FLOAT_DIVIDE_BY_ZERO:
      return "floating-point division by zero";
    case STATUS_FLOAT_OVERFLOW:
      return "floating-point overflow";
    case STATUS_FLOAT_UNDERFLOW:
      return "floating-point underflow";
    case STATUS_FLOAT_INEXACT_RESULT:
      return "floating-point inexact result";
    case STATUS_FLOAT_INVALID_OPERATION:
      return "invalid floating-point operation";
    case STATUS_FLOAT_DENORMAL_OPERAND:
      return "denormal floating-point operand";
    case STATUS_FLOAT_STACK_CHECK:
      return "x87 stack overflow or underflow";
    case STATUS_NONCONTINUABLE_EXCEPTION:
      return "continued although noncontinuable";
    case STATUS_INVALID_DISPOSITION:
      return "a handler's answer makes no sense";
    case STATUS_INVALID_UNWIND_TARGET:
      return "unwinding passed its target";
    case kMsvcThrow:
      return "C++ exception";
    case kGccThrow:
      return "C++ exception of GCC";
    default:
      return "";
  }
}

namespace {

void add_details(Line& line, const EXCEPTION_RECORD& record) {
  const ULONG_PTR* const info = record.ExceptionInformation;
  switch (record.ExceptionCode) {
    case STATUS_ACCESS_VIOLATION:
    case STATUS_IN_PAGE_ERROR:
    case STATUS_GUARD_PAGE_VIOLATION:
      if (info[0] == 0 && info[1] == ~ULONG_PTR{0}) return line.add(", no address known");
      return line.add(", {} {:#x}", info[0] == 0 ? "reading" : info[0] == 1 ? "writing" : "executing", info[1]);
    case STATUS_STACK_BUFFER_OVERRUN:
      return line.add(", code {:#x}", info[0]);
    default:
      break;
  }
}

void print_thrown(const EXCEPTION_RECORD& record) {
  const Thrown thrown = describe_thrown(record);
  if (*thrown.type != 0) print("  thrown: {}", thrown.type);
  if (*thrown.what != 0) print("  what(): {}", thrown.what);
}

void print_registers(const CONTEXT& context) {
  constexpr const char* kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                    "r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15"};
  for (unsigned i = 0; i < 16; i += 4) {
    Line line;
    for (unsigned j = i; j < i + 4; ++j) line.add("  {} {:016x}", kNames[j], context.reg(j));
  }
  print("  rip {:016x}  flags {:08x}  mxcsr {:08x}", context.Rip, context.EFlags, context.MxCsr);
}

bool switched_off() {
  const char* const wish = std::getenv("HMODULE_CRASH_REPORT");
  return wish != nullptr && (std::strcmp(wish, "off") == 0 || std::strcmp(wish, "0") == 0);
}

}  // namespace

void report_crash(const char* what, const EXCEPTION_RECORD& record, const CONTEXT& context) {
  // One at a time; a fault while reporting ends in the host's handler, and a host that lets the same fault happen
  // again and again has read about it.
  static std::atomic<bool> reporting{false};
  static std::atomic<ULONGLONG> last_rip{0};
  if (switched_off() || last_rip.exchange(context.Rip) == context.Rip || reporting.exchange(true)) return;
  {
    Line line;
    line.add("hmodule: {}: exception {:#010x}", what, static_cast<std::uint32_t>(record.ExceptionCode));
    if (const std::string_view name = name_of(record.ExceptionCode); !name.empty()) line.add(" ({})", name);
    add_details(line, record);
    line.add(", thread {}, at {} ", gettid(), record.ExceptionAddress);
    const auto at = reinterpret_cast<std::uintptr_t>(record.ExceptionAddress);
    if (is_dll(at))
      add_dll_code(line, at, at);
    else
      add_native_code(line, at, at);
  }
  print_thrown(record);
  print_registers(context);
  Backtrace(record, context).print_frames();
  print("  (HMODULE_CRASH_REPORT=off leaves this report out)");
  reporting = false;
}

}  // namespace hmodule::unwind
