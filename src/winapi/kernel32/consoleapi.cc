// consoleapi.h, consoleapi2.h, consoleapi3.h: the terminal as a console. A handle that is no terminal gets
// ERROR_INVALID_HANDLE, by which programs find out that they are redirected.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nt/console.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"
#include "winapi/kernel32/file_args.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

namespace hmodule::winapi {
namespace {

std::atomic<UINT> input_code_page{CP_UTF8}, output_code_page{CP_UTF8};
std::atomic<WORD> text_attributes{7};  // light grey on black

struct Title {
  std::mutex mutex;
  std::u16string text;
};
Title& title() {
  static auto* const instance = new Title;
  return *instance;
}

Result<nt::Ref<nt::HostFile>> input_console(HANDLE handle) {
  auto console = TRY(nt::console_of(handle));
  if (!nt::is_console_input(*console)) return fail(STATUS_INVALID_HANDLE, "a screen is not for reading");
  return console;
}
Result<nt::Ref<nt::HostFile>> screen(HANDLE handle) {
  auto console = TRY(nt::console_of(handle));
  if (nt::is_console_input(*console)) return fail(STATUS_INVALID_HANDLE, "a keyboard is not for writing");
  return console;
}

// --- Modes and code pages ---

HM_WINAPI BOOL GetConsoleMode(HANDLE handle, DWORD* mode) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(nt::console_of(handle));
    *mode = TRY(nt::console_mode(*console));
    return ok;
  });
}
HM_WINAPI BOOL SetConsoleMode(HANDLE handle, DWORD mode) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(nt::console_of(handle));
    return nt::set_console_mode(*console, mode);
  });
}
HM_WINAPI BOOL VerifyConsoleIoHandle(HANDLE handle) noexcept {
  return nt::console_of(handle) ? TRUE : FALSE;
}

HM_WINAPI UINT GetConsoleCP() noexcept {
  return input_code_page;
}
HM_WINAPI UINT GetConsoleOutputCP() noexcept {
  return output_code_page;
}
Status set_code_page(std::atomic<UINT>& which, UINT id) {
  if (nls::find_code_page(id) == nullptr) return fail(STATUS_INVALID_PARAMETER, "there is no code page {}", id);
  which = id;
  return ok;
}
HM_WINAPI BOOL SetConsoleCP(UINT id) noexcept {
  return succeed([&] { return set_code_page(input_code_page, id); });
}
HM_WINAPI BOOL SetConsoleOutputCP(UINT id) noexcept {
  return succeed([&] { return set_code_page(output_code_page, id); });
}

std::u16string decoded(std::string_view bytes, UINT code_page) {
  const nls::CodePage* const page = nls::find_code_page(code_page);
  if (page == nullptr || code_page == CP_UTF8) return utf16(bytes);
  std::u16string text(nls::to_wide(*page, bytes, {}).length, u'\0');
  nls::to_wide(*page, bytes, text);
  return text;
}
std::string encoded(std::u16string_view text, UINT code_page) {
  const nls::CodePage* const page = nls::find_code_page(code_page);
  if (page == nullptr || code_page == CP_UTF8) return utf8(text);
  std::string bytes(nls::to_bytes(*page, text, {}, true).length, '\0');
  nls::to_bytes(*page, text, bytes, true);
  return bytes;
}

// --- Text ---

HM_WINAPI BOOL WriteConsoleW(HANDLE handle, const void* text, DWORD units, DWORD* written, void*) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(screen(handle));
    TRY(nt::write_console(*console, {static_cast<const WCHAR*>(text), units}));
    if (written != nullptr) *written = units;
    return ok;
  });
}
HM_WINAPI BOOL WriteConsoleA(HANDLE handle, const void* text, DWORD bytes, DWORD* written, void*) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(screen(handle));
    TRY(nt::write_console(*console, decoded({static_cast<const char*>(text), bytes}, output_code_page)));
    if (written != nullptr) *written = bytes;
    return ok;
  });
}
HM_WINAPI BOOL ReadConsoleW(HANDLE handle, void* buffer, DWORD units, DWORD* read, void*) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(input_console(handle));
    const std::u16string text = TRY(nt::read_console(*console, units));
    std::copy(text.begin(), text.end(), static_cast<WCHAR*>(buffer));
    if (read != nullptr) *read = static_cast<DWORD>(text.size());
    return ok;
  });
}
// A quarter of the bytes as units: no unit needs more than four bytes in any code page, so the text fits.
HM_WINAPI BOOL ReadConsoleA(HANDLE handle, void* buffer, DWORD size, DWORD* read, void*) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(input_console(handle));
    if (size == 0) return ok;
    const std::string bytes = encoded(TRY(nt::read_console(*console, std::max<DWORD>(1, size / 4))), input_code_page);
    const std::size_t count = std::min<std::size_t>(bytes.size(), size);
    std::copy_n(bytes.begin(), count, static_cast<char*>(buffer));
    if (read != nullptr) *read = static_cast<DWORD>(count);
    return ok;
  });
}
HM_WINAPI BOOL GetNumberOfConsoleInputEvents(HANDLE handle, DWORD* count) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(input_console(handle));
    *count = static_cast<DWORD>(nt::console_keys_ready(*console));
    return ok;
  });
}
HM_WINAPI BOOL FlushConsoleInputBuffer(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(input_console(handle));
    return nt::flush_console_input(*console);
  });
}

// What key of a keyboard it would have been (winuser.h, VK_*); a terminal tells the character only.
WORD virtual_key(char16_t unit) {
  if (unit >= u'a' && unit <= u'z') return static_cast<WORD>(unit - u'a' + u'A');
  if (unit == 0x7F) return 8;  // VK_BACK
  if (unit == u'\r' || unit == u'\t' || unit == u'\b' || unit == 0x1B) return unit;
  if (unit < 0x1B) return static_cast<WORD>(unit + u'A' - 1);  // with the control key
  const bool same = unit == u' ' || (unit >= u'0' && unit <= u'9') || (unit >= u'A' && unit <= u'Z');
  return same ? unit : 0;
}
INPUT_RECORD record_of(const nt::KeyEvent& event) {
  const WORD key = virtual_key(event.unit);
  DWORD state = 0;
  if (event.unit >= u'A' && event.unit <= u'Z') state = SHIFT_PRESSED;
  if (event.unit < u' ' && key >= u'A') state = LEFT_CTRL_PRESSED;
  const char16_t unit = event.unit == 0x7F ? u'\b' : event.unit;
  return {KEY_EVENT, {event.down, 1, key, 0, unit, state}};
}
template <bool ansi>
BOOL console_input(HANDLE handle, INPUT_RECORD* records, DWORD most, DWORD* count, bool take,
                   const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        const auto console = TRY(input_console(handle));
        if (records == nullptr || count == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for the events");
        const auto events = TRY(nt::console_keys(*console, most, take, take));
        for (const nt::KeyEvent& event : events) {
          *records = record_of(event);
          if (ansi) records->KeyEvent.uChar = static_cast<BYTE>(encoded({&event.unit, 1}, input_code_page)[0]);
          ++records;
        }
        *count = static_cast<DWORD>(events.size());
        return ok;
      },
      function);
}
HM_WINAPI BOOL ReadConsoleInputW(HANDLE handle, INPUT_RECORD* records, DWORD most, DWORD* count) noexcept {
  return console_input<false>(handle, records, most, count, true, "ReadConsoleInputW");
}
HM_WINAPI BOOL ReadConsoleInputA(HANDLE handle, INPUT_RECORD* records, DWORD most, DWORD* count) noexcept {
  return console_input<true>(handle, records, most, count, true, "ReadConsoleInputA");
}
HM_WINAPI BOOL PeekConsoleInputW(HANDLE handle, INPUT_RECORD* records, DWORD most, DWORD* count) noexcept {
  return console_input<false>(handle, records, most, count, false, "PeekConsoleInputW");
}
HM_WINAPI BOOL PeekConsoleInputA(HANDLE handle, INPUT_RECORD* records, DWORD most, DWORD* count) noexcept {
  return console_input<true>(handle, records, most, count, false, "PeekConsoleInputA");
}

// --- The screen ---

HM_WINAPI BOOL GetConsoleScreenBufferInfo(HANDLE handle, CONSOLE_SCREEN_BUFFER_INFO* info) noexcept {
  return succeed([&]() -> Status {
    const auto console = TRY(screen(handle));
    const COORD size = TRY(nt::console_size(*console));
    *info = {.dwSize = size,
             .dwCursorPosition = {0, 0},
             .wAttributes = text_attributes,
             .srWindow = {0, 0, static_cast<SHORT>(size.X - 1), static_cast<SHORT>(size.Y - 1)},
             .dwMaximumWindowSize = size};
    return ok;
  });
}
HM_WINAPI COORD GetLargestConsoleWindowSize(HANDLE handle) noexcept {
  return answer<COORD>({0, 0}, [&]() -> Result<COORD> {
    const auto console = TRY(screen(handle));
    return nt::console_size(*console);
  });
}

Status send_sequence(HANDLE handle, std::string_view sequence) {
  const auto console = TRY(screen(handle));
  return nt::write_console(*console, utf16(sequence));
}
HM_WINAPI BOOL SetConsoleCursorPosition(HANDLE handle, COORD position) noexcept {
  return succeed([&]() -> Status {
    if (position.X < 0 || position.Y < 0) return fail(STATUS_INVALID_PARAMETER, "a negative cursor position");
    return send_sequence(handle, fmt::format("\x1b[{};{}H", position.Y + 1, position.X + 1));
  });
}
// Four bits each for the two colours, blue lowest; ANSI has red lowest.
HM_WINAPI BOOL SetConsoleTextAttribute(HANDLE handle, WORD attributes) noexcept {
  return succeed([&]() -> Status {
    const auto ansi = [](unsigned colour) { return (colour & 1) << 2 | (colour & 2) | (colour & 4) >> 2; };
    const unsigned front = attributes & 0xF, back = attributes >> 4 & 0xF;
    const std::string sequence = attributes == 7 ? std::string("\x1b[0m")
                                                 : fmt::format("\x1b[{};{}m", ansi(front) + (front & 8 ? 90 : 30),
                                                               ansi(back) + (back & 8 ? 100 : 40));
    TRY(send_sequence(handle, sequence));
    text_attributes = attributes;
    return ok;
  });
}

Status set_title(std::u16string_view text) {
  if (!nt::has_console()) return fail(STATUS_INVALID_HANDLE, "there is no console");
  const std::lock_guard guard(title().mutex);
  title().text = text;
  return ok;
}
HM_WINAPI BOOL SetConsoleTitleW(const WCHAR* wanted) noexcept {
  return succeed([&]() -> Status { return set_title(TRY(text(wanted))); });
}
HM_WINAPI BOOL SetConsoleTitleA(const CHAR* wanted) noexcept {
  return succeed([&]() -> Status { return set_title(nls::from_ansi(TRY(text(wanted)))); });
}
HM_WINAPI DWORD GetConsoleTitleW(WCHAR* buffer, DWORD size) noexcept {
  const std::lock_guard guard(title().mutex);
  return give<WCHAR>(title().text, buffer, size);
}
HM_WINAPI DWORD GetConsoleTitleA(CHAR* buffer, DWORD size) noexcept {
  const std::lock_guard guard(title().mutex);
  return give<CHAR>(nls::to_ansi(title().text), buffer, size);
}

// --- The console itself ---

HM_WINAPI void* GetConsoleWindow() noexcept {
  return nullptr;  // a terminal has no window of ours
}
HM_WINAPI BOOL AllocConsole() noexcept {
  return succeed([&]() -> Status {
    if (nt::has_console()) return fail(STATUS_ACCESS_DENIED, "the process has a console already");
    return fail(STATUS_NOT_SUPPORTED, "a terminal cannot be opened for a process that has none");
  });
}
HM_WINAPI BOOL FreeConsole() noexcept {
  return succeed([&]() -> Status {
    if (!nt::has_console()) return fail(STATUS_INVALID_PARAMETER, "there is no console to give up");
    nt::console_detach();
    return ok;
  });
}
HM_WINAPI BOOL AttachConsole(DWORD process) noexcept {
  return succeed([&]() -> Status {
    if (process != ATTACH_PARENT_PROCESS && process != static_cast<DWORD>(::getppid()))
      return fail(STATUS_INVALID_PARAMETER, "only the parent's console can be attached to");
    return nt::console_attach();
  });
}
HM_WINAPI DWORD GetConsoleProcessList(DWORD* processes, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    if (processes == nullptr || size == 0) return fail(STATUS_INVALID_PARAMETER, "no room for any process");
    if (!nt::has_console()) return fail(STATUS_INVALID_HANDLE, "there is no console");
    processes[0] = static_cast<DWORD>(::getpid());
    return DWORD{1};
  });
}

HM_WINAPI BOOL SetConsoleCtrlHandler(HandlerRoutine handler, BOOL add) noexcept {
  return succeed([&]() -> Status {
    if (handler != nullptr) return add ? nt::add_control_handler(handler) : nt::remove_control_handler(handler);
    nt::ignore_control_c(add != FALSE);
    return ok;
  });
}
HM_WINAPI BOOL GenerateConsoleCtrlEvent(DWORD event, DWORD group) noexcept {
  return succeed([&]() -> Status {
    if (event > CTRL_BREAK_EVENT) return fail(STATUS_INVALID_PARAMETER, "console event {}", event);
    const pid_t target = group == 0 ? 0 : -static_cast<pid_t>(group);  // 0: all that share our terminal's group
    if (::kill(target, event == CTRL_C_EVENT ? SIGINT : SIGQUIT) != 0)
      return fail(STATUS_INVALID_PARAMETER, "there is no process group {}", group);
    return ok;
  });
}

constexpr std::string_view kKeysNote = "characters as keys; no mouse, no sizes, no keys without a character";
const Export kRows[] = {
    {"AllocConsole", proc(AllocConsole), Support::partial, "never makes a console"},
    {"AttachConsole", proc(AttachConsole), Support::partial, "only the terminal the process was started with"},
    {"FlushConsoleInputBuffer", proc(FlushConsoleInputBuffer)},
    {"FreeConsole", proc(FreeConsole)},
    {"GenerateConsoleCtrlEvent", proc(GenerateConsoleCtrlEvent)},
    {"GetConsoleCP", proc(GetConsoleCP)},
    {"GetConsoleMode", proc(GetConsoleMode)},
    {"GetConsoleOutputCP", proc(GetConsoleOutputCP)},
    {"GetConsoleProcessList", proc(GetConsoleProcessList), Support::partial, "names this process only"},
    {"GetConsoleScreenBufferInfo", proc(GetConsoleScreenBufferInfo), Support::partial, "the cursor is always at 0, 0"},
    {"GetConsoleTitleA", proc(GetConsoleTitleA)},
    {"GetConsoleTitleW", proc(GetConsoleTitleW)},
    {"GetConsoleWindow", proc(GetConsoleWindow)},
    {"GetLargestConsoleWindowSize", proc(GetLargestConsoleWindowSize)},
    {"GetNumberOfConsoleInputEvents", proc(GetNumberOfConsoleInputEvents), Support::partial, kKeysNote},
    {"PeekConsoleInputA", proc(PeekConsoleInputA), Support::partial, kKeysNote},
    {"PeekConsoleInputW", proc(PeekConsoleInputW), Support::partial, kKeysNote},
    {"ReadConsoleA", proc(ReadConsoleA), Support::partial, "no console control structure"},
    {"ReadConsoleInputA", proc(ReadConsoleInputA), Support::partial, kKeysNote},
    {"ReadConsoleInputW", proc(ReadConsoleInputW), Support::partial, kKeysNote},
    {"ReadConsoleW", proc(ReadConsoleW), Support::partial, "no console control structure"},
    {"SetConsoleCP", proc(SetConsoleCP)},
    {"SetConsoleCtrlHandler", proc(SetConsoleCtrlHandler)},
    {"SetConsoleCursorPosition", proc(SetConsoleCursorPosition)},
    {"SetConsoleMode", proc(SetConsoleMode), Support::partial,
     "bits a terminal has no setting for are only remembered"},
    {"SetConsoleOutputCP", proc(SetConsoleOutputCP), Support::partial, "WriteFile is not converted"},
    {"SetConsoleTextAttribute", proc(SetConsoleTextAttribute), Support::partial, "colours only"},
    {"SetConsoleTitleA", proc(SetConsoleTitleA), Support::partial, "remembered, not shown by the terminal"},
    {"SetConsoleTitleW", proc(SetConsoleTitleW), Support::partial, "remembered, not shown by the terminal"},
    {"VerifyConsoleIoHandle", proc(VerifyConsoleIoHandle)},
    {"WriteConsoleA", proc(WriteConsoleA)},
    {"WriteConsoleW", proc(WriteConsoleW)},
};

}  // namespace

extern const ExportTable consoleapi_exports = kRows;

}  // namespace hmodule::winapi
