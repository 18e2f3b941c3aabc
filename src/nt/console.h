// The console: the terminal behind the standard streams, if there is one.
//
// A console handle is a file on a terminal. Input modes are the terminal's own settings where it has them (echo,
// lines, signals); the other bits are only remembered. Text goes out as UTF-8, which the terminal understands, escape
// sequences included.
#pragma once

#include "nt/host_file.h"
#include "win/wincon.h"

#include <string>
#include <vector>

namespace hmodule::nt {

// The standard streams of the host as handles in the process parameters. Streams that are closed get none.
void set_up_standard_handles();

// The terminal behind a handle. INVALID_HANDLE for everything that is no console, and after console_detach().
Result<Ref<HostFile>> console_of(HANDLE handle);
bool is_console_input(const HostFile& console);

Result<DWORD> console_mode(const HostFile& console);
Status set_console_mode(const HostFile& console, DWORD mode);
// Columns and rows.
Result<COORD> console_size(const HostFile& console);

Status write_console(HostFile& console, std::u16string_view text);
// Up to `most` units of the next line, which ends with CR LF.
Result<std::u16string> read_console(HostFile& console, std::size_t most);
// The same input as keys that are pressed and let go. Up to `most`, which stay there unless `take`; waits for one if
// `wait`. A terminal tells characters only, and whole lines while it collects them (ENABLE_LINE_INPUT).
struct KeyEvent {
  char16_t unit;
  bool down;
};
Result<std::vector<KeyEvent>> console_keys(HostFile& console, std::size_t most, bool take, bool wait);
// How many of them there are without waiting.
std::size_t console_keys_ready(HostFile& console);
// Forgets what was typed and not read.
Status flush_console_input(HostFile& console);

// Whether this process has a console, and giving it up or taking it back.
bool has_console();
void console_detach();
Status console_attach();

// SetConsoleCtrlHandler. From the first handler on, SIGINT, SIGQUIT, SIGHUP and SIGTERM ask the handlers, last one
// first, on a thread of their own; what none of them takes goes to whoever had the signal before.
Status add_control_handler(HandlerRoutine handler);
Status remove_control_handler(HandlerRoutine handler);
void ignore_control_c(bool ignore);

}  // namespace hmodule::nt
