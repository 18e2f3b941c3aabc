// fileapi.h: searching directories, and being told of changes in them.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/directory_scan.h"
#include "nt/name_match.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"
#include "winapi/kernel32/file_args.h"

#include <mutex>

namespace hmodule::winapi {
namespace {

// What a find handle means. Windows keeps it outside the kernel; here it is an object like others, so that a handle of
// another kind is told from it.
class Search final : public nt::Object {
 public:
  static const nt::ObjectType kType;
  const nt::ObjectType& type() const override { return kType; }

  explicit Search(nt::DirectoryScan scan) : scan_(std::move(scan)) {}
  std::optional<nt::FoundFile> next() {
    const std::lock_guard guard(mutex_);
    return scan_.next();
  }

 private:
  std::mutex mutex_;
  nt::DirectoryScan scan_;
};
const nt::ObjectType Search::kType = {u"FindFile", 0, 0, 0, 0};

Result<nt::DirectoryScan> open_search(std::u16string_view name, bool case_sensitive) {
  // The last component is a pattern and must not be treated as a name: its dots count.
  const std::u16string_view pattern = path::base_name(name);
  const std::u16string_view before = name.substr(0, name.size() - pattern.size());
  if (pattern.empty()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no name to search for", utf8(name));
  std::u16string directory;
  std::u16string wanted = nt::nt_pattern(pattern);
  if (pattern == u"." || pattern == u"..") {  // the directory itself, under its real name
    directory = TRY(nt::full_path(name));
    wanted = path::base_name(directory);
    directory = path::directory(directory);
    if (wanted.empty()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "a root has no name");
  } else {
    directory = TRY(nt::full_path(before.empty() ? u"." : before));
  }
  while (directory.size() > path::root_length(directory) && path::is_separator(directory.back())) directory.pop_back();
  const path::HostPath place = TRY(path::volumes().to_host(directory));
  if (!place.exists()) return fail(STATUS_OBJECT_PATH_NOT_FOUND, "{} does not exist", utf8(directory));
  if (!place.is_directory()) return fail(STATUS_NOT_A_DIRECTORY, "{} is not a directory", utf8(directory));
  return nt::DirectoryScan::open(directory, wanted, case_sensitive);
}

template <typename Char>
void write_found(const nt::FoundFile& file, WIN32_FIND_DATA<Char>& data) {
  const nt::FileFacts& facts = file.facts;
  const auto size = static_cast<std::uint64_t>(facts.size);
  data = {};
  data.dwFileAttributes = facts.attributes;
  data.ftCreationTime = file_time(facts.creation_time);
  data.ftLastAccessTime = file_time(facts.access_time);
  data.ftLastWriteTime = file_time(facts.write_time);
  data.nFileSizeHigh = high(size);
  data.nFileSizeLow = low(size);
  data.dwReserved0 = facts.reparse_tag;
  std::basic_string<Char> name;
  if constexpr (sizeof(Char) == 1)
    name = nls::to_ansi(file.name);
  else
    name = file.name;
  const std::size_t length = std::min<std::size_t>(name.size(), MAX_PATH - 1);
  std::copy_n(name.begin(), length, data.cFileName);
}

constexpr int kInfoBasic = 1;       // FindExInfoStandard 0, FindExInfoBasic 1: the latter without short names
constexpr int kLimitToDevices = 2;  // FINDEX_SEARCH_OPS; 0 and 1 (directories, a hint that ours ignores) are served

template <typename Char>
HANDLE find_first(const WCHAR* name, int level, void* data, int filter, DWORD flags, const char* function) noexcept {
  return answer<HANDLE>(
      INVALID_HANDLE_VALUE,
      [&]() -> Result<HANDLE> {
        if (level < 0 || level > kInfoBasic || filter < 0 || filter >= kLimitToDevices || data == nullptr)
          return fail(STATUS_INVALID_PARAMETER, "{}: level {}, filter {}", function, level, filter);
        if (name == nullptr || *name == 0) return fail(STATUS_OBJECT_PATH_NOT_FOUND, "no name to search for");
        auto search = nt::make_object<Search>(TRY(open_search(name, (flags & FIND_FIRST_EX_CASE_SENSITIVE) != 0)));
        const auto first = search->next();
        if (!first) return fail(STATUS_NO_SUCH_FILE, "{}: nothing matches", utf8(name));
        write_found(*first, *static_cast<WIN32_FIND_DATA<Char>*>(data));
        return nt::handle_for(std::move(search), 0);
      },
      function);
}

HM_WINAPI HANDLE FindFirstFileW(const WCHAR* name, WIN32_FIND_DATAW* data) noexcept {
  return find_first<WCHAR>(name, 0, data, 0, 0, "FindFirstFileW");
}
HM_WINAPI HANDLE FindFirstFileA(const CHAR* name, WIN32_FIND_DATAA* data) noexcept {
  return find_first<CHAR>(Wide(name).get(), 0, data, 0, 0, "FindFirstFileA");
}
HM_WINAPI HANDLE FindFirstFileExW(const WCHAR* name, int level, void* data, int filter, void*, DWORD flags) noexcept {
  return find_first<WCHAR>(name, level, data, filter, flags, "FindFirstFileExW");
}
HM_WINAPI HANDLE FindFirstFileExA(const CHAR* name, int level, void* data, int filter, void*, DWORD flags) noexcept {
  return find_first<CHAR>(Wide(name).get(), level, data, filter, flags, "FindFirstFileExA");
}

template <typename Char>
Status find_next(HANDLE handle, WIN32_FIND_DATA<Char>* data) {
  const auto search = TRY(nt::object_of<Search>(handle, 0));
  const auto found = search->next();
  if (!found) return fail(STATUS_NO_MORE_FILES, "the search is at its end");
  write_found(*found, *data);
  return ok;
}
HM_WINAPI BOOL FindNextFileW(HANDLE handle, WIN32_FIND_DATAW* data) noexcept {
  return succeed([&] { return find_next(handle, data); });
}
HM_WINAPI BOOL FindNextFileA(HANDLE handle, WIN32_FIND_DATAA* data) noexcept {
  return succeed([&] { return find_next(handle, data); });
}
HM_WINAPI BOOL FindClose(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<Search>(handle, 0));
    return nt::handles().close(handle);
  });
}

// --- Change notification: a directory handle that is signalled when something has happened ---

IO_STATUS_BLOCK ignored_status;  // of watches that only signal

Status watch_again(HANDLE handle, DWORD filter, bool subtree) {
  TRY(nt::run_io(handle, FILE_LIST_DIRECTORY, {.status_block = &ignored_status},
                 [&](nt::File& file, nt::IoNotice& notice) { return file.watch({}, filter, subtree, notice); }));
  return ok;
}

HANDLE find_first_change(const WCHAR* name, BOOL subtree, DWORD filter, const char* function) noexcept {
  return answer<HANDLE>(
      INVALID_HANDLE_VALUE,
      [&]() -> Result<HANDLE> {
        const std::u16string full = TRY(dos_path(name));
        const auto opened = TRY(nt::open_file_handle({.name = full,
                                                      .access = FILE_LIST_DIRECTORY | nt::SYNCHRONIZE,
                                                      .share = 7,
                                                      .disposition = FILE_OPEN,
                                                      .options = FILE_DIRECTORY_FILE},
                                                     0));
        if (Status watched = watch_again(opened.handle, filter, subtree != FALSE); !watched) {
          static_cast<void>(nt::handles().close(opened.handle));
          return std::move(watched).error();
        }
        return opened.handle;
      },
      function);
}
HM_WINAPI HANDLE FindFirstChangeNotificationW(const WCHAR* name, BOOL subtree, DWORD filter) noexcept {
  return find_first_change(name, subtree, filter, "FindFirstChangeNotificationW");
}
HM_WINAPI HANDLE FindFirstChangeNotificationA(const CHAR* name, BOOL subtree, DWORD filter) noexcept {
  return find_first_change(Wide(name).get(), subtree, filter, "FindFirstChangeNotificationA");
}
// The first call decided the filter.
HM_WINAPI BOOL FindNextChangeNotification(HANDLE handle) noexcept {
  return succeed([&] { return watch_again(handle, FILE_NOTIFY_CHANGE_SIZE, true); });
}
HM_WINAPI BOOL FindCloseChangeNotification(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<nt::File>(handle, FILE_LIST_DIRECTORY));
    return nt::handles().close(handle);
  });
}

const Export kRows[] = {
    {"FindClose", proc(FindClose)},
    {"FindCloseChangeNotification", proc(FindCloseChangeNotification)},
    {"FindFirstChangeNotificationA", proc(FindFirstChangeNotificationA)},
    {"FindFirstChangeNotificationW", proc(FindFirstChangeNotificationW)},
    {"FindFirstFileA", proc(FindFirstFileA)},
    {"FindFirstFileExA", proc(FindFirstFileExA)},
    {"FindFirstFileExW", proc(FindFirstFileExW)},
    {"FindFirstFileW", proc(FindFirstFileW)},
    {"FindNextChangeNotification", proc(FindNextChangeNotification)},
    {"FindNextFileA", proc(FindNextFileA)},
    {"FindNextFileW", proc(FindNextFileW)},
};

}  // namespace

extern const ExportTable fileapi_find_exports = kRows;

}  // namespace hmodule::winapi
