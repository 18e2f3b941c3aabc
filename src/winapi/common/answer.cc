#include "winapi/common/answer.h"

namespace hmodule::winapi {

void trace_failure(const char* function, const Error& error) {
  trace::line(trace::Channel::api, "{}: error {} ({:#010x}): {}", function, error.code(),
              static_cast<std::uint32_t>(error.status), error.reason);
}

void report(const char* function, const Error& error) {
  trace_failure(function, error);
  thread::set_last_status(error.status);
}

}  // namespace hmodule::winapi
