// shellapi.h: SHFileOperation. What the shell would ask a person here nobody answers: unless the caller says that it
// needs no confirmation, the operation is cancelled.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nt/directory_scan.h"
#include "nt/file_names.h"
#include "nt/name_match.h"
#include "nt/process_parameters.h"
#include "nt/trash.h"
#include "path/dos_path.h"
#include "winapi/common/answer.h"

#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

enum : UINT { FO_MOVE = 1, FO_COPY, FO_DELETE, FO_RENAME };
enum : WORD {
  FOF_MULTIDESTFILES = 0x1,
  FOF_RENAMEONCOLLISION = 0x8,
  FOF_NOCONFIRMATION = 0x10,
  FOF_ALLOWUNDO = 0x40,
  FOF_FILESONLY = 0x80,
  FOF_NOCONFIRMMKDIR = 0x200,
  FOF_NORECURSION = 0x1000,
  FOF_WANTNUKEWARNING = 0x4000,
};
// What Windows answers besides codes of its own kind ("SHFileOperation function").
constexpr DWORD DE_SAMEFILE = 0x71, DE_MANYSRC1DEST = 0x72, DE_OPCANCELLED = 0x75, DE_DESTSUBTREE = 0x76,
                DE_INVALIDFILES = 0x7C, DE_FLDDESTISFILE = 0x7E;

template <typename Char>
struct SHFILEOPSTRUCT {
  HANDLE hwnd;
  UINT wFunc;
  const Char *pFrom, *pTo;
  WORD fFlags;
  BOOL fAnyOperationsAborted;
  void* hNameMappings;
  const Char* lpszProgressTitle;
};
static_assert(sizeof(SHFILEOPSTRUCT<WCHAR>) == 56);

using Names = std::vector<std::u16string>;

bool exists(const std::u16string& path) {
  return static_cast<bool>(nt::facts_by_name(path));
}
bool is_directory(const std::u16string& path) {
  const auto facts = nt::facts_by_name(path);
  return facts && facts->is_directory();
}
// A link to a directory is not gone into.
bool has_children(const nt::FileFacts& facts) {
  return facts.is_directory() && (facts.attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0;
}

Result<Names> children(const std::u16string& directory, std::u16string_view pattern, bool files_only) {
  Names found;
  auto scan = TRY(nt::DirectoryScan::open(directory, nt::nt_pattern(pattern)));
  while (const auto file = scan.next())
    if (file->name != u"." && file->name != u".." && !(files_only && file->facts.is_directory()))
      found.push_back(path::join(directory, file->name));
  return found;
}

class FileOperation {
 public:
  explicit FileOperation(WORD flags) : flags_(flags) {}
  bool cancelled() const { return cancelled_; }

  Status run(UINT what, const Names& from, const Names& to) {
    if (what == FO_RENAME) return rename(from, to);
    const Sources sources = TRY(find(from));
    if (what == FO_DELETE) {
      for (const std::u16string& each : sources.paths) TRY(remove(each));
      return ok;
    }
    const Names targets = TRY(targets_of(sources, to));
    for (std::size_t i = 0; i < sources.paths.size(); ++i)
      TRY(what == FO_COPY ? copy(sources.paths[i], targets[i]) : move(sources.paths[i], targets[i]));
    return ok;
  }

 private:
  struct Sources {
    Names paths;
    bool by_pattern = false;
  };

  bool has(WORD flag) const { return (flags_ & flag) != 0; }

  Status confirm(const std::u16string& path, const char* what) {
    if (has(FOF_NOCONFIRMATION)) return ok;
    cancelled_ = true;
    return fail_win32(DE_OPCANCELLED, "{}: nobody is there to be asked whether it may be {}", utf8(path), what);
  }

  Result<Sources> find(const Names& from) const {
    Sources found;
    for (const std::u16string& each : from) {
      const std::u16string full = TRY(nt::full_path(each));
      if (nt::has_wildcards(path::base_name(full))) {
        found.by_pattern = true;
        const Names matching =
            TRY(children(std::u16string(path::directory(full)), path::base_name(full), has(FOF_FILESONLY)));
        found.paths.insert(found.paths.end(), matching.begin(), matching.end());
      } else {
        TRY(nt::facts_by_name(full));
        found.paths.push_back(full);
      }
    }
    return found;
  }

  Result<Names> targets_of(const Sources& sources, const Names& to) {
    Names targets;
    if (has(FOF_MULTIDESTFILES) && to.size() > 1) {
      if (to.size() != sources.paths.size())
        return fail_win32(DE_INVALIDFILES, "{} places for {} files", to.size(), sources.paths.size());
      for (std::size_t i = 0; i < to.size(); ++i) targets.push_back(TRY(nt::full_path(to[i])));
      return targets;
    }
    const std::u16string target = TRY(nt::full_path(to.empty() ? u"." : to.front()));
    const bool single = sources.paths.size() == 1 && !sources.by_pattern;
    if (!is_directory(target)) {
      if (single) {
        TRY(make_directory(std::u16string(path::directory(target))));
        return Names{target};
      }
      if (exists(target)) return fail_win32(DE_FLDDESTISFILE, "{} is no directory", utf8(target));
      TRY(make_directory(target));
    }
    for (const std::u16string& each : sources.paths) targets.push_back(path::join(target, path::base_name(each)));
    return targets;
  }

  Status make_directory(const std::u16string& directory) {
    if (exists(directory)) return ok;
    if (!has(FOF_NOCONFIRMMKDIR)) TRY(confirm(directory, "made"));
    TRY(make_directory(std::u16string(path::directory(directory))));
    return nt::create_directory(directory);
  }

  // Where a file may be written: a new name, or this one, if what is there may go.
  Result<std::u16string> place_for(const std::u16string& from, const std::u16string& to) {
    const auto there = nt::facts_by_name(to);
    if (!there) return to;
    if (has(FOF_RENAMEONCOLLISION)) return free_name(to);
    if (equal_ignoring_case(from, to)) return fail_win32(DE_SAMEFILE, "{}: onto itself", utf8(from));
    TRY(confirm(to, "overwritten"));
    TRY(make_writable(to, *there));
    return to;
  }

  static std::u16string free_name(const std::u16string& path) {
    const std::u16string_view base = path::base_name(path);
    const std::size_t dot = base.rfind(u'.') == base.npos ? base.size() : base.rfind(u'.');
    const std::u16string stem(base.substr(0, dot)), extension(base.substr(dot));
    for (int number = 1;; ++number) {
      const std::u16string suffix = number == 1 ? u" - Copy" : u" - Copy (" + utf16(std::to_string(number)) + u")";
      std::u16string candidate = path::join(path::directory(path), stem + suffix + extension);
      if (!exists(candidate)) return candidate;
    }
  }

  static Status make_writable(const std::u16string& path, const nt::FileFacts& facts) {
    if (facts.is_directory() || (facts.attributes & FILE_ATTRIBUTE_READONLY) == 0) return ok;
    return nt::set_attributes_by_name(path, facts.attributes & ~ULONG{FILE_ATTRIBUTE_READONLY});
  }

  static Status check_apart(const std::u16string& from, const std::u16string& to) {
    if (to.size() <= from.size() || to[from.size()] != u'\\' ||
        !equal_ignoring_case(std::u16string_view(to).substr(0, from.size()), from))
      return ok;
    return fail_win32(DE_DESTSUBTREE, "{}: into itself", utf8(from));
  }

  Status copy(const std::u16string& from, const std::u16string& to) {
    const nt::FileFacts facts = TRY(nt::facts_by_name(from));
    if (!facts.is_directory()) return nt::copy_file(from, TRY(place_for(from, to)), {});
    TRY(check_apart(from, to));
    const std::u16string target = equal_ignoring_case(from, to) ? TRY(place_for(from, to)) : to;
    if (!exists(target)) TRY(nt::create_directory(target));
    for (const std::u16string& each : TRY(children(from, u"*", has(FOF_NORECURSION))))
      TRY(copy(each, path::join(target, path::base_name(each))));
    return ok;
  }

  // A directory that is there already, or on another file system, is moved piece by piece.
  Status move(const std::u16string& from, const std::u16string& to) {
    const nt::FileFacts facts = TRY(nt::facts_by_name(from));
    if (!facts.is_directory())
      return nt::move_file(from, TRY(place_for(from, to)), {.replace = true, .copy_allowed = true});
    if (equal_ignoring_case(from, to)) return fail_win32(DE_SAMEFILE, "{}: onto itself", utf8(from));
    TRY(check_apart(from, to));
    if (!exists(to)) {
      Status moved = nt::move_file(from, to, {});
      if (moved || moved.error().status != STATUS_NOT_SAME_DEVICE) return moved;
    }
    TRY(copy(from, to));
    return erase(from);
  }

  Status remove(const std::u16string& path) {
    if (has(FOF_ALLOWUNDO)) {
      Status moved = nt::move_to_trash(path);
      if (moved || moved.error().status != STATUS_NOT_SAME_DEVICE) return moved;
      if (has(FOF_WANTNUKEWARNING)) {
        cancelled_ = true;
        return fail_win32(DE_OPCANCELLED, "{}: nobody is there to be told that it will be gone for good", utf8(path));
      }
    }
    TRY(confirm(path, "deleted"));
    return erase(path);
  }

  Status erase(const std::u16string& path) {
    const nt::FileFacts facts = TRY(nt::facts_by_name(path));
    if (has_children(facts)) {
      for (const std::u16string& each : TRY(children(path, u"*", has(FOF_NORECURSION)))) TRY(erase(each));
      return nt::remove_directory(path);
    }
    TRY(make_writable(path, facts));
    return facts.is_directory() ? nt::remove_directory(path) : nt::delete_file(path);
  }

  static Status rename(const Names& from, const Names& to) {
    if (from.size() != 1 || to.size() != 1 || nt::has_wildcards(path::base_name(from.front())))
      return fail_win32(DE_MANYSRC1DEST, "one file gets one new name, not {} and {}", from.size(), to.size());
    return nt::move_file(TRY(nt::full_path(from.front())), TRY(nt::full_path(to.front())), {});
  }

  const WORD flags_;
  bool cancelled_ = false;
};

std::u16string wide(std::u16string_view text) {
  return std::u16string(text);
}
std::u16string wide(std::string_view text) {
  return nls::from_ansi(text);
}

// One after the other, with an empty one at the end.
template <typename Char>
Names names_of(const Char* list) {
  Names names;
  while (list != nullptr && *list != 0) {
    const std::basic_string_view<Char> name(list);
    names.push_back(wide(name));
    list += name.size() + 1;
  }
  return names;
}

template <typename Char>
HM_WINAPI INT SHFileOperation(SHFILEOPSTRUCT<Char>* given) noexcept {
  const BOOL done = succeed(
      [&]() -> Status {
        if (given == nullptr || given->pFrom == nullptr || *given->pFrom == 0 || given->wFunc < FO_MOVE ||
            given->wFunc > FO_RENAME)
          return fail(STATUS_INVALID_PARAMETER, "no operation, or no files");
        given->hNameMappings = nullptr;
        FileOperation operation(given->fFlags);
        const Status result = operation.run(given->wFunc, names_of(given->pFrom), names_of(given->pTo));
        given->fAnyOperationsAborted = operation.cancelled();
        return result;
      },
      "SHFileOperation");
  return done ? 0 : static_cast<INT>(thread::last_error());
}

constexpr std::string_view kPartial =
    "nobody is asked: what needs a confirmation is cancelled; no name mappings; what is not on the trash's file system "
    "is deleted for good";
const Export kRows[] = {
    {"SHFileOperation", proc(SHFileOperation<CHAR>), Support::partial, kPartial},
    {"SHFileOperationA", proc(SHFileOperation<CHAR>), Support::partial, kPartial},
    {"SHFileOperationW", proc(SHFileOperation<WCHAR>), Support::partial, kPartial},
};

}  // namespace

extern const ExportTable file_operation_exports = kRows;

}  // namespace hmodule::winapi
