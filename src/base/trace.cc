#include "base/trace.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <string>

namespace hmodule::trace {
namespace detail {

std::atomic<unsigned> enabled{0};

}  // namespace detail

namespace {

constexpr std::string_view kNames[] = {"search", "map", "bind", "init", "thread", "api", "nt"};
int output = STDERR_FILENO;

void put(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(output, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

void open_output() {
  const char* path = std::getenv("HMODULE_DEBUG_OUTPUT");
  if (path == nullptr || *path == '\0') return;
  std::string name = path;
  if (const auto at = name.find("%p"); at != std::string::npos) name.replace(at, 2, std::to_string(getpid()));
  const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0)
    put(fmt::format("hmodule: HMODULE_DEBUG_OUTPUT={}: cannot be opened (errno {}); tracing to stderr\n", name, errno));
  else
    output = file;
}

}  // namespace

void detail::write(Channel channel, fmt::string_view text, fmt::format_args args) {
  const int saved = errno;
  fmt::memory_buffer line;
  fmt::format_to(std::back_inserter(line), "{:>7} {}: ", ::syscall(SYS_gettid), kNames[static_cast<unsigned>(channel)]);
  fmt::vformat_to(std::back_inserter(line), text, args);
  line.push_back('\n');
  put(fmt::to_string(line));
  errno = saved;
}

void put_warning(fmt::string_view text, fmt::format_args args) {
  put(fmt::format("hmodule: {}\n", fmt::vformat(text, args)));
}

void configure_from_environment() {
  const char* value = std::getenv("HMODULE_DEBUG");
  if (value == nullptr || *value == '\0') return;
  open_output();
  unsigned bits = 0;
  for (std::string_view rest = value; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    bool known = word.empty();
    for (unsigned i = 0; i < std::size(kNames); ++i)
      if (word == "all" || word == kNames[i]) bits |= 1U << i, known = true;
    if (!known)
      warn("HMODULE_DEBUG={}: no channel '{}'; there are search, map, bind, init, thread, api, nt and all", value,
           word);
  }
  detail::enabled.store(bits, std::memory_order_relaxed);
}

}  // namespace hmodule::trace
