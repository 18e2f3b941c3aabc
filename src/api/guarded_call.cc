// hmodule_call(): where a DLL's exception ends before the host's frames (EH-43).
#include <hmodule/hmodule.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "api/failure.h"
#include "base/utf.h"
#include "unwind/crash_report.h"
#include "unwind/guard.h"
#include "unwind/thrown.h"

namespace hmodule::api {
namespace {

// What the thread's last call came to.
struct LastException {
  bool any = false;
  hmodule_exception told{};
  std::uintptr_t blamed = 0;
  unwind::Thrown thrown;
  std::string name, symbol, message;
};
LastException& last() {
  thread_local const auto exception = std::make_unique<LastException>();
  return *exception;
}

// The C++ object is in a frame of its throw, so it is looked at before they go.
void look_at(const EXCEPTION_RECORD& record, const CONTEXT& raised) {
  last().blamed = unwind::blamed_address(record, raised);
  last().thrown = unwind::describe_thrown(record);
}

const char* or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}
const char* or_null(const char* text) {
  return *text == 0 ? nullptr : text;
}

void find_place(LastException& exception) {
  hmodule_exception& told = exception.told;
  Loader& loader = runtime().loader();
  const auto module = loader.find_address(told.address, kUnchangedRefcount);
  if (!module) return;
  told.module = *module;
  told.rva = exception.blamed - reinterpret_cast<std::uintptr_t>(told.module);
  if (const auto info = loader.info(told.module)) {
    const std::string path = utf8(info->full_name);
    exception.name = path.substr(path.find_last_of('\\') + 1);
  }
  hmodule_symbol symbol{};
  if (hmodule_addr(told.address, &symbol) != 0 || symbol.name == nullptr) return;
  exception.symbol = symbol.name;
  told.offset = exception.blamed - reinterpret_cast<std::uintptr_t>(symbol.address);
}

std::string sentence(const EXCEPTION_RECORD& record, const LastException& exception) {
  const hmodule_exception& told = exception.told;
  std::string text = fmt::format("exception {:#010x}", told.code);
  if (const auto name = unwind::name_of(record.ExceptionCode); !name.empty()) text += fmt::format(" ({})", name);
  if (told.type != nullptr) text += fmt::format(", a {}", told.type);
  if (told.what != nullptr) text += fmt::format(": {}", told.what);
  if (record.ExceptionCode == STATUS_ACCESS_VIOLATION && record.NumberParameters == 2) {
    const ULONG_PTR how = record.ExceptionInformation[0];
    text += fmt::format(", {} {:#x}",
                        how == 0   ? "reading"
                        : how == 1 ? "writing"
                                   : "executing",
                        record.ExceptionInformation[1]);
  }
  if (told.name == nullptr) return text + fmt::format(", at {}", told.address);
  text += fmt::format(", at {}+{:#x}", told.name, told.rva);
  if (told.symbol != nullptr) text += fmt::format(" ({}+{:#x})", told.symbol, told.offset);
  return text;
}

Error explain(const EXCEPTION_RECORD& record) {
  LastException& exception = last();
  exception.name.clear();
  exception.symbol.clear();
  exception.any = true;
  hmodule_exception& told = exception.told = {};
  told.code = static_cast<unsigned>(record.ExceptionCode);
  told.address = reinterpret_cast<void*>(exception.blamed);
  find_place(exception);
  told.name = or_null(exception.name);
  told.symbol = or_null(exception.symbol);
  told.type = or_null(exception.thrown.type);
  told.what = or_null(exception.thrown.what);
  exception.message = sentence(record, exception);
  told.message = exception.message.c_str();
  return {record.ExceptionCode, exception.message};
}

}  // namespace
}  // namespace hmodule::api

using namespace hmodule;
using namespace hmodule::api;

int hmodule_call(const void* function, const unsigned long long* arguments, size_t count,
                 struct hmodule_result* result) {
  enter();
  if (count <= thread::kMaxCallArguments) [[likely]] {
    std::array<std::uint64_t, thread::kMaxCallArguments> bits;  // four are read, however few there are
    std::copy_n(arguments, count, bits.begin());
    unwind::Guard guard;
    guard.seen = look_at;
    const thread::EitherResult returned = thread::hm_call_windows_both(function, bits.data(), count, &guard);
    if (!guard.caught) [[likely]] {
      if (result != nullptr) *result = {returned.integer, returned.number};
      return 0;
    }
    return guarded<int>(-1, [&]() -> Result<int> {
      Error error = explain(guard.record);
      unwind::delete_thrown(guard.record);
      return error;
    });
  }
  return guarded<int>(-1, [&]() -> Result<int> {
    last().any = false;
    return fail(STATUS_INVALID_PARAMETER, "hmodule_call: {} arguments, {} are possible", count,
                thread::kMaxCallArguments);
  });
}

const struct hmodule_exception* hmodule_last_exception(void) {
  return last().any ? &last().told : nullptr;
}
