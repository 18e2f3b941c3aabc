// shellapi.h: command lines, and programs that are started. There is no shell: what would show something says so.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nt/command_line.h"
#include "nt/handle_table.h"
#include "nt/heap.h"
#include "nt/new_process.h"
#include "nt/process_parameters.h"
#include "thread/peb.h"
#include "winapi/common/answer.h"
#include "winapi/common/process_paths.h"
#include "winapi/common/text.h"

#include <vector>

namespace hmodule::winapi {
namespace {

// One block, freed with LocalFree: the array with its terminator, then the strings. An empty line stands for the
// program's own path.
HM_WINAPI WCHAR** CommandLineToArgvW(const WCHAR* line, INT* count) noexcept {
  return answer<WCHAR**>(nullptr, [&]() -> Result<WCHAR**> {
    if (count == nullptr || line == nullptr) return fail(STATUS_INVALID_PARAMETER, "no command line or no count");
    std::vector<std::u16string> arguments = nt::split_command_line(line);
    if (arguments.empty()) arguments.emplace_back(view(thread::process_parameters().ImagePathName));
    SIZE_T size = (arguments.size() + 1) * sizeof(WCHAR*);
    for (const auto& argument : arguments) size += (argument.size() + 1) * sizeof(WCHAR);
    auto** array = static_cast<WCHAR**>(nt::heap_allocate(size));
    if (array == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} arguments", arguments.size());
    auto* at = reinterpret_cast<WCHAR*>(array + arguments.size() + 1);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      array[i] = at;
      at = std::copy(arguments[i].begin(), arguments[i].end(), at);
      *at++ = 0;
    }
    array[arguments.size()] = nullptr;
    *count = static_cast<INT>(arguments.size());
    return array;
  });
}

// --- ShellExecute ---

constexpr DWORD SEE_MASK_CLASSNAME = 0x1, SEE_MASK_IDLIST = 0x4, SEE_MASK_NOCLOSEPROCESS = 0x40,
                SEE_MASK_DOENVSUBST = 0x200;
constexpr DWORD kNoAssociation = 1155, SE_ERR_ACCESSDENIED = 5, SE_ERR_NOASSOC = 31, kStarted = 42;

template <typename Char>
struct SHELLEXECUTEINFO {
  DWORD cbSize, fMask;
  HANDLE hwnd;
  const Char *lpVerb, *lpFile, *lpParameters, *lpDirectory;
  INT nShow;
  HINSTANCE hInstApp;  // as an error: one below 33
  void* lpIDList;
  const Char* lpClass;
  HANDLE hkeyClass;
  DWORD dwHotKey;
  HANDLE hIcon, hProcess;
};
static_assert(sizeof(SHELLEXECUTEINFO<WCHAR>) == 112);

std::u16string wide(const WCHAR* text) {
  return text == nullptr ? u"" : text;
}
std::u16string wide(const CHAR* text) {
  return text == nullptr ? u"" : nls::from_ansi(text);
}

// Only programs can be opened: nothing says what to open a document with.
Result<nt::NewProcess> open(const std::u16string& verb, const std::u16string& file, const std::u16string& parameters,
                            const std::u16string& directory) {
  if (!verb.empty() && !equal_ignoring_case(verb, u"open"))
    return fail_win32(kNoAssociation, "nothing is known to {} {}", utf8(verb), utf8(file));
  if (file.find(u':') > 1 && file.find(u':') != file.npos)
    return fail_win32(kNoAssociation, "{} is a link, and nothing opens those", utf8(file));
  const std::u16string program = TRY(find_program(file));
  const auto& own = thread::process_parameters();
  nt::ProcessRequest request;
  request.image = program;
  request.command_line = u'"' + program + u'"' + (parameters.empty() ? u"" : u" " + parameters);
  if (!directory.empty()) request.directory = TRY(nt::full_path(directory));
  request.standard = {own.StandardInput, own.StandardOutput, own.StandardError};
  auto started = nt::create_process(request);
  if (!started && started.error().status == STATUS_INVALID_IMAGE_FORMAT)
    return fail_win32(kNoAssociation, "{} is no program, and nothing is known to open it", utf8(program));
  return started;
}

DWORD shell_error(DWORD code) {
  if (code == kNoAssociation) return SE_ERR_NOASSOC;
  return code > 32 ? SE_ERR_ACCESSDENIED : code;
}

template <typename Char>
HM_WINAPI BOOL ShellExecuteEx(SHELLEXECUTEINFO<Char>* given) noexcept {
  const BOOL done = succeed(
      [&]() -> Status {
        if (given == nullptr || given->cbSize != sizeof *given)
          return fail(STATUS_INVALID_PARAMETER, "no SHELLEXECUTEINFO of {} bytes", sizeof *given);
        given->hProcess = nullptr;
        if ((given->fMask & (SEE_MASK_CLASSNAME | SEE_MASK_IDLIST)) == SEE_MASK_IDLIST || given->lpFile == nullptr)
          return fail(STATUS_INVALID_PARAMETER, "no file by name");
        if ((given->fMask & SEE_MASK_CLASSNAME) != 0) return fail_win32(kNoAssociation, "there are no file classes");
        const bool expand = (given->fMask & SEE_MASK_DOENVSUBST) != 0;
        const std::u16string file = wide(given->lpFile), directory = wide(given->lpDirectory);
        nt::NewProcess started =
            TRY(open(wide(given->lpVerb), expand ? nt::expand_environment_strings(file) : file,
                     wide(given->lpParameters), expand ? nt::expand_environment_strings(directory) : directory));
        given->hInstApp = reinterpret_cast<HINSTANCE>(std::uintptr_t{kStarted});
        if ((given->fMask & SEE_MASK_NOCLOSEPROCESS) != 0)
          given->hProcess = TRY(nt::handle_for(std::move(started.process), nt::PROCESS_ALL_ACCESS));
        return ok;
      },
      "ShellExecuteEx");
  if (!done && given != nullptr && given->cbSize == sizeof *given)
    given->hInstApp = reinterpret_cast<HINSTANCE>(std::uintptr_t{shell_error(thread::last_error())});
  return done;
}

template <typename Char>
HM_WINAPI HINSTANCE ShellExecute(HANDLE window, const Char* verb, const Char* file, const Char* parameters,
                                 const Char* directory, INT show) noexcept {
  SHELLEXECUTEINFO<Char> all = {};
  all.cbSize = sizeof all;
  all.hwnd = window;
  all.lpVerb = verb;
  all.lpFile = file;
  all.lpParameters = parameters;
  all.lpDirectory = directory;
  all.nShow = show;
  ShellExecuteEx(&all);
  return all.hInstApp;
}

// --- What needs a shell ---

HM_WINAPI BOOL Shell_NotifyIcon(DWORD, void*) noexcept {
  return succeed([]() -> Status { return fail(STATUS_NOT_SUPPORTED, "there is no notification area"); });
}

constexpr std::string_view kPrograms = "starts programs; there are no associations, so documents are refused";
constexpr std::string_view kNoShell = "refused: there is no shell";
const Export kRows[] = {
    {"CommandLineToArgvW", proc(CommandLineToArgvW)},
    {"ShellExecuteA", proc(ShellExecute<CHAR>), Support::partial, kPrograms},
    {"ShellExecuteEx", proc(ShellExecuteEx<CHAR>), Support::partial, kPrograms},
    {"ShellExecuteExA", proc(ShellExecuteEx<CHAR>), Support::partial, kPrograms},
    {"ShellExecuteExW", proc(ShellExecuteEx<WCHAR>), Support::partial, kPrograms},
    {"ShellExecuteW", proc(ShellExecute<WCHAR>), Support::partial, kPrograms},
    {"Shell_NotifyIconA", proc(Shell_NotifyIcon), Support::partial, kNoShell},
    {"Shell_NotifyIconW", proc(Shell_NotifyIcon), Support::partial, kNoShell},
};

}  // namespace

extern const ExportTable shellapi_exports = kRows;

}  // namespace hmodule::winapi
