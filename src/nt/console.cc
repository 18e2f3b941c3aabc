#include "nt/console.h"

#include "base/utf.h"
#include "nt/handle_table.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "thread/call.h"
#include "thread/peb.h"
#include "thread/teb.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <thread>
#include <vector>

namespace hmodule::nt {
namespace {

constexpr DWORD kTerminalBits = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT;

struct State {
  std::mutex mutex;      // held while a thread waits for the terminal, where it can be killed
  std::u16string typed;  // read from the terminal, not yet asked for
  bool half = false;     // of its first unit the key is down already, for who reads keys
  std::atomic<DWORD> input_extras{ENABLE_MOUSE_INPUT | ENABLE_INSERT_MODE | ENABLE_QUICK_EDIT_MODE |
                                  ENABLE_EXTENDED_FLAGS | ENABLE_AUTO_POSITION};
  std::atomic<DWORD> output{ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT};
  std::atomic<bool> detached{false};
};
State& state() {
  static auto* const instance = new State;
  return *instance;
}

HANDLE standard_handle(int descriptor, ACCESS_MASK access) {
  Result<Ref<HostFile>> file = HostFile::wrap(descriptor, HostFile::Ownership::borrowed, access);
  if (!file) return nullptr;
  const Result<HANDLE> handle = handle_for(*std::move(file), access, OBJ_INHERIT);
  return handle ? *handle : nullptr;
}

// --- Control events ---

struct ControlHandlers {
  KernelMutex mutex;
  std::vector<HandlerRoutine> handlers;
  bool ignore_c = false;
};
ControlHandlers& control() {
  static auto* const instance = new ControlHandlers;
  return *instance;
}

struct ControlSignal {
  int signal;
  DWORD event;
};
constexpr ControlSignal kControlSignals[] = {
    {SIGINT, CTRL_C_EVENT}, {SIGQUIT, CTRL_BREAK_EVENT}, {SIGHUP, CTRL_CLOSE_EVENT}, {SIGTERM, CTRL_SHUTDOWN_EVENT}};
struct sigaction previous_actions[std::size(kControlSignals)];
std::atomic<unsigned> arrived{0};  // a bit per row of kControlSignals
int wake_handler_thread = -1;

void note_signal(int signal) {
  const int error = errno;
  for (std::size_t i = 0; i < std::size(kControlSignals); ++i)
    if (kControlSignals[i].signal == signal) arrived.fetch_or(1U << i);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_handler_thread, &one, sizeof one);
  errno = error;
}

bool handled(DWORD event) {
  std::vector<HandlerRoutine> handlers;
  {
    const std::lock_guard guard(control().mutex);
    if (event == CTRL_C_EVENT && control().ignore_c) return true;
    handlers = control().handlers;
  }
  return std::any_of(handlers.rbegin(), handlers.rend(),
                     [&](HandlerRoutine handler) { return thread::call(handler, event) != FALSE; });
}

// Nobody of the Windows side wanted it: the signal takes the way it had before us.
void pass_on(std::size_t index) {
  const struct sigaction& before = previous_actions[index];
  const int signal = kControlSignals[index].signal;
  if (before.sa_handler == SIG_IGN) return;
  if (before.sa_handler == SIG_DFL) {
    ::sigaction(signal, &before, nullptr);
    ::kill(::getpid(), signal);
    return;
  }
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = SI_USER;
  if ((before.sa_flags & SA_SIGINFO) != 0)
    before.sa_sigaction(signal, &info, nullptr);
  else
    before.sa_handler(signal);
}

[[noreturn]] void serve_control_events() {
  thread::attach();
  for (;;) {
    std::uint64_t count;
    if (::read(wake_handler_thread, &count, sizeof count) < 0) continue;
    const unsigned events = arrived.exchange(0);
    for (std::size_t i = 0; i < std::size(kControlSignals); ++i)
      if ((events & 1U << i) != 0 && !handled(kControlSignals[i].event)) pass_on(i);
  }
}

void listen_to_signals() {
  static std::once_flag once;
  std::call_once(once, [] {
    wake_handler_thread = ::eventfd(0, EFD_CLOEXEC);
    std::thread(serve_control_events).detach();
    for (std::size_t i = 0; i < std::size(kControlSignals); ++i) {
      struct sigaction action = {};
      action.sa_handler = note_signal;
      action.sa_flags = SA_RESTART;
      ::sigaction(kControlSignals[i].signal, &action, &previous_actions[i]);
    }
  });
}

// Reads what the terminal has, and at least something if `wait`. Under the state's lock.
Status fetch_input(HostFile& console, bool wait) {
  pollfd waited = {console.descriptor(), POLLIN, 0};
  if (::poll(&waited, 1, wait ? -1 : 0) <= 0) return ok;
  std::array<std::byte, 4096> bytes;
  IoNotice nobody;
  const IoResult got = TRY(console.read(bytes, std::nullopt, nobody));
  for (const char16_t unit : utf16({reinterpret_cast<const char*>(bytes.data()), got.information})) {
    if (unit == u'\n') state().typed += u'\r';
    state().typed += unit;
  }
  return ok;
}

}  // namespace

void set_up_standard_handles() {
  RTL_USER_PROCESS_PARAMETERS& process = thread::process_parameters();
  process.StandardInput = standard_handle(STDIN_FILENO, FILE_GENERIC_READ);
  process.StandardOutput = standard_handle(STDOUT_FILENO, FILE_GENERIC_WRITE);
  process.StandardError = standard_handle(STDERR_FILENO, FILE_GENERIC_WRITE);
}

Result<Ref<HostFile>> console_of(HANDLE handle) {
  const Ref<File> file = TRY(object_of<File>(handle, 0));
  auto* const host = dynamic_cast<HostFile*>(file.get());
  if (host == nullptr || host->kind() != HostFile::Kind::terminal || state().detached)
    return fail(STATUS_INVALID_HANDLE, "the handle is not a console's");
  return Ref<HostFile>::share(*host);
}

bool is_console_input(const HostFile& console) {
  return (console.access() & FILE_READ_DATA) != 0;
}

Result<DWORD> console_mode(const HostFile& console) {
  if (!is_console_input(console)) return state().output.load();
  termios terminal;
  if (::tcgetattr(console.descriptor(), &terminal) != 0) return fail_errno("terminal settings");
  return state().input_extras | ((terminal.c_lflag & ISIG) != 0 ? ENABLE_PROCESSED_INPUT : 0) |
         ((terminal.c_lflag & ICANON) != 0 ? ENABLE_LINE_INPUT : 0) |
         ((terminal.c_lflag & ECHO) != 0 ? ENABLE_ECHO_INPUT : 0);
}

Status set_console_mode(const HostFile& console, DWORD mode) {
  if (!is_console_input(console)) {
    if ((mode & ~DWORD{0x1F}) != 0) return fail(STATUS_INVALID_PARAMETER, "console output mode {:#x}", mode);
    state().output = mode;
    return ok;
  }
  if ((mode & ~DWORD{0x3FF}) != 0 || ((mode & ENABLE_ECHO_INPUT) != 0 && (mode & ENABLE_LINE_INPUT) == 0))
    return fail(STATUS_INVALID_PARAMETER, "console input mode {:#x}", mode);
  termios terminal;
  if (::tcgetattr(console.descriptor(), &terminal) != 0) return fail_errno("terminal settings");
  const auto set = [&](DWORD bit, tcflag_t flag) {
    terminal.c_lflag = (mode & bit) != 0 ? terminal.c_lflag | flag : terminal.c_lflag & ~flag;
  };
  set(ENABLE_PROCESSED_INPUT, ISIG);
  set(ENABLE_LINE_INPUT, ICANON);
  set(ENABLE_ECHO_INPUT, ECHO);
  if (::tcsetattr(console.descriptor(), TCSANOW, &terminal) != 0) return fail_errno("terminal settings");
  state().input_extras = mode & ~kTerminalBits;
  return ok;
}

Result<COORD> console_size(const HostFile& console) {
  winsize size = {};
  if (::ioctl(console.descriptor(), TIOCGWINSZ, &size) != 0) return fail_errno("terminal size");
  // A terminal without a size (a serial line) gets the customary one.
  return COORD{static_cast<SHORT>(size.ws_col != 0 ? size.ws_col : 80),
               static_cast<SHORT>(size.ws_row != 0 ? size.ws_row : 25)};
}

Status write_console(HostFile& console, std::u16string_view text) {
  const std::string bytes = utf8(text);
  IoNotice nobody;
  TRY(console.write(std::as_bytes(std::span(bytes)), std::nullopt, nobody));
  return ok;
}

Result<std::u16string> read_console(HostFile& console, std::size_t most) {
  const std::lock_guard guard(state().mutex);
  std::u16string& typed = state().typed;
  if (typed.empty()) TRY(fetch_input(console, true));
  const std::size_t line = typed.find(u'\n');
  const std::size_t count = std::min(most, line == typed.npos ? typed.size() : line + 1);
  std::u16string answer = typed.substr(0, count);
  typed.erase(0, count);
  state().half = false;
  return answer;
}

// The enter key is a CR; the LF that text has behind it is no key.
Result<std::vector<KeyEvent>> console_keys(HostFile& console, std::size_t most, bool take, bool wait) {
  const std::lock_guard guard(state().mutex);
  std::u16string& typed = state().typed;
  if (typed.empty()) TRY(fetch_input(console, wait));
  std::vector<KeyEvent> events;
  bool half = state().half;
  std::size_t done = 0;
  while (done < typed.size() && events.size() < most) {
    if (typed[done] != u'\n') {
      events.push_back({typed[done], !half});
      half = !half;
      if (half) continue;
    }
    ++done;
  }
  if (take) {
    typed.erase(0, done);
    state().half = half;
  }
  return events;
}

std::size_t console_keys_ready(HostFile& console) {
  const auto events = console_keys(console, SIZE_MAX, false, false);
  return events ? events->size() : 0;
}

Status flush_console_input(HostFile& console) {
  const std::lock_guard guard(state().mutex);
  state().typed.clear();
  state().half = false;
  if (::tcflush(console.descriptor(), TCIFLUSH) != 0) return fail_errno("terminal input");
  return ok;
}

bool has_console() {
  if (state().detached) return false;
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::isatty(descriptor) == 1) return true;
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  return static_cast<bool>(terminal);
}

void console_detach() {
  state().detached = true;
}

Status console_attach() {
  if (has_console()) return fail(STATUS_ACCESS_DENIED, "the process has a console already");
  if (!state().detached.exchange(false) || !has_console())
    return fail(STATUS_INVALID_HANDLE, "there is no terminal to attach to");
  return ok;
}

Status add_control_handler(HandlerRoutine handler) {
  const std::lock_guard guard(control().mutex);
  listen_to_signals();
  control().handlers.push_back(handler);
  return ok;
}

Status remove_control_handler(HandlerRoutine handler) {
  const std::lock_guard guard(control().mutex);
  auto& handlers = control().handlers;
  const auto found = std::find(handlers.rbegin(), handlers.rend(), handler);
  if (found == handlers.rend()) return fail(STATUS_INVALID_PARAMETER, "this control handler was not added");
  handlers.erase(std::next(found).base());
  return ok;
}

void ignore_control_c(bool ignore) {
  const std::lock_guard guard(control().mutex);
  if (ignore) listen_to_signals();
  control().ignore_c = ignore;
}

}  // namespace hmodule::nt
