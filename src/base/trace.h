// HMODULE_DEBUG=search,map,bind,init,thread,api,nt (or "all") prints what happens on those channels, to stderr or to
// the file named by HMODULE_DEBUG_OUTPUT ("%p" is the process id). Tracing changes no outcome: not the last error,
// not errno, not the order of anything.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <string_view>

namespace hmodule::trace {

enum class Channel : unsigned { search, map, bind, init, thread, api, nt };

namespace detail {
extern std::atomic<unsigned> enabled;  // a bit per channel
void write(Channel channel, fmt::string_view text, fmt::format_args args);
}  // namespace detail

// Reads the environment; called once, when the runtime starts. Unknown channel names are reported on the output.
void configure_from_environment();

inline bool on(Channel channel) {
  return (detail::enabled.load(std::memory_order_relaxed) & (1U << static_cast<unsigned>(channel))) != 0;
}

// trace::line(Channel::search, "{}: not in {}", name, directory)
template <typename... Args>
void line(Channel channel, fmt::format_string<Args...> text, Args&&... args) {
  if (on(channel)) [[unlikely]]
    detail::write(channel, text, fmt::make_format_args(args...));
}

// For what the person who set an environment variable must hear, tracing or not: "hmodule: ..." on the output.
void put_warning(fmt::string_view text, fmt::format_args args);
template <typename... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
  put_warning(text, fmt::make_format_args(args...));
}

}  // namespace hmodule::trace
