#include "nt/process_parameters.h"

#include "base/utf.h"
#include "nt/command_line.h"
#include "nt/console.h"
#include "nt/critical_section.h"
#include "nt/environment.h"
#include "nt/heap.h"
#include "nt/new_process.h"
#include "path/volumes.h"
#include "thread/peb.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <deque>
#include <mutex>
#include <vector>

namespace hmodule::nt {
namespace {

RTL_USER_PROCESS_PARAMETERS& parameters() {
  return thread::process_parameters();
}

std::u16string_view view(const UNICODE_STRING& text) {
  return {text.Buffer, text.Length / sizeof(WCHAR)};
}

// On the process heap, because others may free or replace what stands in the parameters.
char16_t* heap_copy(std::u16string_view text) {
  auto* copy = static_cast<char16_t*>(heap_allocate((text.size() + 1) * sizeof(char16_t)));
  if (copy == nullptr) throw std::bad_alloc();
  *std::copy(text.begin(), text.end(), copy) = 0;
  return copy;
}

// Readers that do not take the PEB lock (the search for DLLs is one) may still look at the text just replaced, so each
// is freed only when its successor goes.
template <typename Char>
void retire(Char* replaced) {
  static void* last = nullptr;
  heap_free(std::exchange(last, replaced));
}

constexpr std::size_t kLongestString = 0xFFFC / sizeof(WCHAR);

void set(UNICODE_STRING& field, std::u16string_view text) {
  text = text.substr(0, kLongestString);
  const auto length = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  field = {length, static_cast<USHORT>(length + sizeof(WCHAR)), heap_copy(text)};
}

std::string read_whole(const char* path) {
  std::string text;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  char part[4096];
  for (ssize_t got = 0; file >= 0 && (got = read(file, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(got));
  if (file >= 0) close(file);
  return text;
}

std::vector<std::u16string> host_arguments() {
  std::vector<std::u16string> arguments;
  const std::string all = read_whole("/proc/self/cmdline");
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1) {
    arguments.push_back(utf16(all.c_str() + at));
    if (all.find('\0', at) == std::string::npos) break;
  }
  return arguments;
}

std::string link_target(const char* link) {
  char target[PATH_MAX];
  const ssize_t length = readlink(link, target, sizeof target);
  return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : std::string("/");
}

std::u16string with_backslash(std::u16string directory) {
  if (directory.empty() || directory.back() != u'\\') directory += u'\\';
  return directory;
}

std::u16string host_directory() {
  char directory[PATH_MAX];
  return with_backslash(path::volumes().from_host(getcwd(directory, sizeof directory) != nullptr ? directory : "/"));
}

void install_environment(std::u16string_view block) {
  RTL_USER_PROCESS_PARAMETERS& all = parameters();
  retire(std::exchange(all.Environment, static_cast<void*>(heap_copy(block))));
  all.EnvironmentSize = block.size() * sizeof(WCHAR);
}

const char16_t* environment() {
  return static_cast<const char16_t*>(parameters().Environment);
}

// DLLs hold on to what GetCommandLineA gave them: the last is the valid one.
std::deque<std::string>& ansi_command_lines() {
  static auto* const lines = new std::deque<std::string>(1);
  return *lines;
}

// The same for GetCommandLineW and the rest, which are never freed.
void replace_for_good(UNICODE_STRING& field, std::u16string_view text) {
  static auto* const replaced = new std::vector<WCHAR*>;
  if (field.Buffer != nullptr) replaced->push_back(field.Buffer);
  set(field, text);
}

void set_names(std::u16string_view image, std::u16string_view line) {
  RTL_USER_PROCESS_PARAMETERS& all = parameters();
  const auto text = [](const UNICODE_STRING& field) { return std::u16string_view(field.Buffer, field.Length / 2); };
  if (text(all.WindowTitle) == text(all.ImagePathName)) replace_for_good(all.WindowTitle, image);  // no parent chose it
  replace_for_good(all.ImagePathName, image);
  replace_for_good(all.CommandLine, line);
  ansi_command_lines().push_back(utf8(line));
}

}  // namespace

void set_up_process() {
  static std::once_flag once;
  std::call_once(once, [] {
    thread::peb().ProcessHeap = process_heap().handle();
    const PebLock lock;
    set_names(path::volumes().from_host(link_target("/proc/self/exe")), join_command_line(host_arguments()));
    set(parameters().DesktopInfo, u"WinSta0\\Default");
    set(parameters().CurrentDirectory.DosPath, host_directory());
    if (!take_from_parent()) set_up_standard_handles();
    install_environment(environment_block_from_host(environ));
  });
}

void set_program(std::u16string_view image, std::span<const std::u16string> arguments) {
  set_up_process();
  const PebLock lock;
  set_names(image, command_line_from_parent().value_or(join_command_line(arguments)));
}

void acquire_peb_lock() {
  critical_section::enter(*thread::peb().FastPebLock);
}
void release_peb_lock() {
  critical_section::leave(*thread::peb().FastPebLock);
}
PebLock::PebLock() {
  acquire_peb_lock();
}
PebLock::~PebLock() {
  release_peb_lock();
}

const char* command_line_a() {
  return ansi_command_lines().back().c_str();
}

std::optional<std::u16string> environment_variable(std::u16string_view name) {
  const PebLock lock;
  const auto value = find_variable(environment(), name);
  if (!value) return std::nullopt;
  return std::u16string(*value);
}

Status set_environment_variable(std::u16string_view name, std::optional<std::u16string_view> value) {
  const PebLock lock;
  install_environment(TRY(with_variable(environment(), name, value)));
  return ok;
}

std::u16string environment_block() {
  const PebLock lock;
  return {environment(), block_length(environment())};
}

std::u16string expand_environment_strings(std::u16string_view text) {
  const PebLock lock;
  return expand_variables(environment(), text);
}

void replace_environment(std::u16string_view block) {
  const PebLock lock;
  install_environment(block);
}

char16_t* exchange_environment(char16_t* block) {
  const PebLock lock;
  parameters().EnvironmentSize = block_length(block) * sizeof(WCHAR);
  return static_cast<char16_t*>(std::exchange(parameters().Environment, static_cast<void*>(block)));
}

std::u16string current_directory() {
  const PebLock lock;
  return std::u16string(view(parameters().CurrentDirectory.DosPath));
}

Result<std::u16string> full_path(std::u16string_view name) {
  const PebLock lock;
  // "=D:" holds the current directory of drive D.
  const auto of_drive = [](char16_t drive) { return environment_variable(std::u16string{u'=', drive, u':'}); };
  return path::full_path(name, {view(parameters().CurrentDirectory.DosPath), of_drive});
}

Status set_current_directory(std::u16string_view name) {
  const std::u16string full = TRY(full_path(name));
  const path::HostPath place = TRY(path::volumes().to_host(full));
  if (!place.exists()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no such directory", utf8(full));
  if (!place.is_directory()) return fail(STATUS_NOT_A_DIRECTORY, "{} is no directory", utf8(full));
  const std::u16string directory = with_backslash(full);
  if (directory.size() > kLongestString)
    return fail(STATUS_NAME_TOO_LONG, "a current directory of {} characters", directory.size());
  const PebLock lock;
  WCHAR* const replaced = parameters().CurrentDirectory.DosPath.Buffer;
  set(parameters().CurrentDirectory.DosPath, directory);
  retire(replaced);
  return ok;
}

}  // namespace hmodule::nt
