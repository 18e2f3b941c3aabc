#include "nt/new_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/install.h"
#include "base/service_thread.h"
#include "base/utf.h"
#include "nt/command_line.h"
#include "nt/environment.h"
#include "nt/file.h"
#include "nt/handle_table.h"
#include "nt/io_error.h"
#include "nt/pipe_bridge.h"
#include "nt/process_parameters.h"
#include "nt/unique_fd.h"
#include "path/volumes.h"
#include "win/status.h"

namespace hmodule::nt {
namespace {

// Between a parent and the `hmodule` command it starts; taken out of the environment by the child.
constexpr char kCommandLine[] = "HMODULE_COMMAND_LINE", kExitPipe[] = "HMODULE_EXIT_PIPE",
               kHandles[] = "HMODULE_HANDLES";
constexpr DWORD kReady = 0x59444552;  // the first word through the exit pipe: the child has its inheritance

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Signals as a program expects them at its start, whatever the host blocks or ignores.
class SpawnAttributes {
 public:
  explicit SpawnAttributes(bool own_group) {
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                              (own_group ? POSIX_SPAWN_SETPGROUP : 0)));
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

enum class Kind : std::uint8_t { native, windows };

Result<Kind> kind_of(const std::string& host, std::u16string_view image) {
  const UniqueFd file(::open(host.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(status_from_errno(errno), "{}: {}", utf8(image), std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode))
    return fail(STATUS_ACCESS_DENIED, "{}: is a directory", utf8(image));
  char start[4] = {};
  const ssize_t size = ::pread(file.get(), start, sizeof start, 0);
  const auto begins = [&](std::string_view mark) { return std::string_view(start, 4).starts_with(mark); };
  if (size >= 2 && begins("MZ")) return Kind::windows;
  if (size < 2 || !(begins("\x7F"
                           "ELF") ||
                    begins("#!")))
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: neither a Windows program nor a native one", utf8(image));
  if (::access(host.c_str(), X_OK) != 0) return fail(STATUS_ACCESS_DENIED, "{}: not executable", utf8(image));
  return Kind::native;
}

Result<std::string> host_path_of(std::u16string_view name) {
  path::HostPath found = TRY(path::volumes().to_host(name));
  if (!found.exists() || found.path.empty()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: is not there", utf8(name));
  return std::move(found.path);
}

Result<std::string> host_directory_of(std::u16string_view name) {
  auto found = path::volumes().to_host(name);
  if (!found || !found->is_directory()) return fail(STATUS_NOT_A_DIRECTORY, "{}: is no directory", utf8(name));
  return std::move(found->path);
}

// Search paths and directories for temporary files as the host writes them; environment_block_from_host() is the other
// way. What exists for Windows only is left out.
std::string host_value(std::u16string_view name, std::u16string_view value) {
  const auto is = [&](std::u16string_view word) { return equal_ignoring_case(name, word); };
  if (!is(u"PATH") && !is(u"TEMP") && !is(u"TMP")) return utf8(value);
  std::string out;
  while (!value.empty()) {
    const std::u16string_view entry = value.substr(0, value.find(u';'));
    value.remove_prefix(std::min(value.size(), entry.size() + 1));
    const auto host = path::volumes().to_host(entry);
    if (host && !host->path.empty()) out += (out.empty() ? "" : ":") + host->path;
  }
  return out;
}

std::vector<std::string> environment_of(const ProcessRequest& request) {
  std::vector<std::string> all;
  const std::u16string block = request.environment ? *request.environment : environment_block();
  for_each_variable(block.c_str(), [&](std::u16string_view name, std::u16string_view value) {
    if (!name.empty() && !name.starts_with(u'=')) all.push_back(utf8(name) + '=' + host_value(name, value));
    return true;
  });
  return all;
}

// The descriptor below a standard handle, above those that the child's own three will take; none for no handle.
Result<UniqueFd> descriptor_of(HANDLE handle, bool reads) {
  constexpr int kAbove = 10;
  if (handle == nullptr || handle == current_process_handle()) return UniqueFd();
  const auto file = TRY(object_of<File>(handle, 0));
  if (auto* const pipe = dynamic_cast<NamedPipe*>(file.get()))
    return bridge_one_way(Ref<NamedPipe>::share(*pipe), reads);
  if (file->descriptor() < 0) return UniqueFd();
  UniqueFd copy(::fcntl(file->descriptor(), F_DUPFD_CLOEXEC, kAbove));
  if (!copy) return fail_errno("a standard handle");
  return copy;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// What a death by signal would have been on Windows.
DWORD code_of_signal(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
      return static_cast<DWORD>(STATUS_ACCESS_VIOLATION);
    case SIGILL:
      return static_cast<DWORD>(STATUS_ILLEGAL_INSTRUCTION);
    case SIGFPE:
      return static_cast<DWORD>(STATUS_INTEGER_DIVIDE_BY_ZERO);
    case SIGINT:
      return 0xC000013A;  // STATUS_CONTROL_C_EXIT
    case SIGABRT:
      return 3;  // abort()
    default:
      return 128U + static_cast<DWORD>(signal);
  }
}

// Until the child has ended. The exit pipe tells first that it is ready, and then what it answered.
void watch(pid_t child, const UniqueFd& exit_pipe, std::optional<Inheritance> inheritance, const Ref<Process>& process,
           const Ref<Thread>& thread) {
  DWORD told = 0;
  const auto hear = [&] { return exit_pipe && ::read(exit_pipe.get(), &told, sizeof told) == sizeof told; };
  const bool ready = hear() && told == kReady;
  inheritance.reset();
  siginfo_t info{};
  int waited;
  do waited = ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED);
  while (waited != 0 && errno == EINTR);
  DWORD code = 1;  // the host has waited for its children itself, and nobody knows
  if (waited == 0)
    code = info.si_code == CLD_EXITED ? static_cast<DWORD>(info.si_status) : code_of_signal(info.si_status);
  if (ready && hear()) code = told;
  process->child_ended(code);
  thread->process_ended(process->exit_code().value());
}

// A descriptor that the parent names in the environment, for us alone; -1: it does not.
int descriptor_from_parent(const char* variable) {
  const char* const text = std::getenv(variable);
  const int number = text == nullptr ? -1 : std::atoi(text);
  ::unsetenv(variable);
  if (number <= 2) return -1;
  ::fcntl(number, F_SETFD, FD_CLOEXEC);
  return number;
}

struct Parent {
  std::optional<std::u16string> command_line;
  int exit_pipe = -1;  // it reads from there
};
Parent& parent() {
  static auto* const instance = new Parent;
  return *instance;
}

void tell(DWORD word) {
  if (parent().exit_pipe < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(parent().exit_pipe, &word, sizeof word);
}

}  // namespace

Result<NewProcess> create_process(const ProcessRequest& request) {
  const std::string program = TRY(host_path_of(request.image));
  const Kind kind = TRY(kind_of(program, request.image));
  const std::string directory =
      TRY(host_directory_of(request.directory.empty() ? current_directory() : request.directory));

  std::vector<std::string> environment = environment_of(request), arguments;
  if (request.suspended)  // the child stops itself before it becomes the program
    arguments = {"/bin/sh", "-c", "kill -STOP $$; exec \"$0\" \"$@\""};
  UniqueFd exit_read, exit_write;
  std::optional<Inheritance> inheritance;
  if (kind == Kind::windows) {
    const std::string& runner = command_path();
    if (runner.empty())
      return fail(STATUS_OBJECT_NAME_NOT_FOUND,
                  "{}: is run by the command hmodule, which is not installed beside the library", utf8(request.image));
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
    exit_read = UniqueFd(ends[0]);
    exit_write = UniqueFd(ends[1]);
    arguments.insert(arguments.end(), {runner, "run", program});
    environment.push_back(fmt::format("{}={}", kCommandLine, utf8(request.command_line)));
    environment.push_back(fmt::format("{}={}", kExitPipe, exit_write.get()));
    inheritance.emplace(
        TRY(Inheritance::prepare(request.inherit_handles, request.inherited, request.standard, request.info)));
    environment.push_back(fmt::format("{}={}", kHandles, inheritance->list()));
  } else {
    arguments.push_back(program);
    const std::vector<std::u16string> split = split_command_line(request.command_line);
    for (std::size_t i = 1; i < split.size(); ++i) arguments.push_back(utf8(split[i]));
  }

  SpawnActions actions;
  std::array<UniqueFd, 3> standard;
  for (std::size_t i = 0; i < 3; ++i) {
    const int target = static_cast<int>(i);
    const bool is_output = i == 2 && request.standard[2] == request.standard[1];  // one bridge, if it is a pipe's end
    UniqueFd& from = standard[is_output ? 1 : i];
    if (!is_output) from = TRY(descriptor_of(request.standard[i], i == 0));
    if (from)
      posix_spawn_file_actions_adddup2(actions.get(), from.get(), target);
    else
      posix_spawn_file_actions_addopen(actions.get(), target, "/dev/null", i == 0 ? O_RDONLY : O_WRONLY, 0);
  }
  const auto hand_on = [&](int descriptor) { posix_spawn_file_actions_adddup2(actions.get(), descriptor, descriptor); };
  if (exit_write) hand_on(exit_write.get());
  if (inheritance) {
    hand_on(inheritance->list());
    for (const UniqueFd& each : inheritance->descriptors()) hand_on(each.get());
  }
  posix_spawn_file_actions_addchdir_np(actions.get(), directory.c_str());
  const SpawnAttributes attributes(request.own_group);

  pid_t child = 0;
  const int error = ::posix_spawn(&child, arguments.front().c_str(), actions.get(), attributes.get(),
                                  pointers(arguments).data(), pointers(environment).data());
  if (error != 0) return fail(status_from_errno(error), "{}: {}", utf8(request.image), std::strerror(error));
  if (request.suspended) {
    siginfo_t stopped{};
    ::waitid(P_PID, static_cast<id_t>(child), &stopped, WSTOPPED | WEXITED | WNOWAIT);
  }
  NewProcess made;
  made.process = TRY(Process::adopt_child(static_cast<DWORD>(child)));
  made.thread = Thread::of_other_process(made.process, request.suspended);
  auto watcher = [=, exit_pipe = std::move(exit_read), left = std::move(inheritance), process = made.process,
                  thread = made.thread]() mutable { watch(child, exit_pipe, std::move(left), process, thread); };
  TRY(start_service_thread("hmodule-child", std::move(watcher)));
  return made;
}

bool take_from_parent() {
  const char* const line = std::getenv(kCommandLine);
  if (line == nullptr) return false;
  parent() = {.command_line = utf16(line), .exit_pipe = descriptor_from_parent(kExitPipe)};
  ::unsetenv(kCommandLine);
  const int list = descriptor_from_parent(kHandles);
  if (list >= 0) take_inheritance(list);
  tell(kReady);
  return list >= 0;
}

const std::optional<std::u16string>& command_line_from_parent() {
  return parent().command_line;
}

void tell_parent(DWORD exit_code) {
  tell(exit_code);
}

}  // namespace hmodule::nt
