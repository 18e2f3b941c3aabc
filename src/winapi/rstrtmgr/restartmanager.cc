// rstrtmgr.dll, restartmanager.h: which processes have files open. Nothing is shut down or restarted; RmShutdown and
// RmRestart are not here.
#include "base/utf.h"
#include "nt/file_names.h"
#include "nt/file_users.h"
#include "nt/process.h"
#include "nt/process_parameters.h"
#include "winapi/common/returned_error.h"
#include "winapi/common/text.h"
#include "winapi/rstrtmgr/exports.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr std::size_t kMostSessions = 64;  // restartmanager documentation
constexpr DWORD kMaxSessionsReached = 353;
constexpr std::size_t kKeyLength = 32;  // CCH_RM_SESSION_KEY

struct RM_UNIQUE_PROCESS {
  DWORD dwProcessId;
  FILETIME ProcessStartTime;
};

struct RM_PROCESS_INFO {
  RM_UNIQUE_PROCESS Process;
  WCHAR strAppName[256], strServiceShortName[64];
  DWORD ApplicationType;  // RmUnknownApp is 0
  ULONG AppStatus;        // RmStatusRunning is 1
  DWORD TSSessionId;
  BOOL bRestartable;
};
static_assert(sizeof(RM_PROCESS_INFO) == 668);

struct Sessions {
  std::mutex mutex;
  std::map<DWORD, std::vector<std::u16string>> files;  // full names, by session
  DWORD next = 0;
};
Sessions& sessions() {
  static auto* const all = new Sessions;  // never destroyed: DLLs outlive main()
  return *all;
}

Error no_session(DWORD session) {
  return fail(STATUS_INVALID_HANDLE, "there is no session {}", session);
}

HM_WINAPI DWORD RmStartSession(DWORD* session, DWORD flags, WCHAR* key) noexcept {
  return error_of([&]() -> Status {
    if (session == nullptr || key == nullptr || flags != 0)
      return fail(STATUS_INVALID_PARAMETER, "RmStartSession: flags {:#x}, or no room for the answers", flags);
    Sessions& all = sessions();
    const std::lock_guard lock(all.mutex);
    if (all.files.size() == kMostSessions)
      return fail_win32(kMaxSessionsReached, "there are {} sessions already", kMostSessions);
    std::random_device random;
    for (std::size_t i = 0; i < kKeyLength; ++i) key[i] = u"0123456789abcdef"[random() % 16];
    key[kKeyLength] = 0;
    *session = all.next++;
    all.files[*session];
    return ok;
  });
}

HM_WINAPI DWORD RmRegisterResources(DWORD session, UINT file_count, const WCHAR** names, UINT process_count,
                                    const RM_UNIQUE_PROCESS*, UINT service_count, const WCHAR**) noexcept {
  return error_of([&]() -> Status {
    if (process_count != 0 || service_count != 0)
      return fail(STATUS_NOT_SUPPORTED, "only files can be registered, not {} processes and {} services", process_count,
                  service_count);
    if (file_count != 0 && names == nullptr) return fail(STATUS_INVALID_PARAMETER, "the names are NULL");
    std::vector<std::u16string> full;
    for (UINT i = 0; i < file_count; ++i) {
      const std::u16string_view name = TRY(text(names[i]));
      full.push_back(TRY(nt::full_path(name)));
    }
    Sessions& all = sessions();
    const std::lock_guard lock(all.mutex);
    const auto found = all.files.find(session);
    if (found == all.files.end()) return no_session(session);
    found->second.insert(found->second.end(), full.begin(), full.end());
    return ok;
  });
}

// A process that ends meanwhile is left out.
bool describe(DWORD id, RM_PROCESS_INFO& info) {
  const auto process = nt::Process::open(id);
  if (!process) return false;
  const auto times = (*process)->times();
  if (!times) return false;
  info = {};
  const auto started = static_cast<std::uint64_t>(times->created);
  info.Process = {id, {static_cast<DWORD>(started), static_cast<DWORD>(started >> 32)}};
  std::string name;
  std::ifstream("/proc/" + std::to_string(id) + "/comm") >> name;
  const std::u16string wide = utf16(name);
  std::copy_n(wide.begin(), std::min(wide.size(), std::size(info.strAppName) - 1), info.strAppName);
  info.AppStatus = 1;
  info.TSSessionId = 0xFFFFFFFF;  // RM_INVALID_TS_SESSION
  return true;
}

HM_WINAPI DWORD RmGetList(DWORD session, UINT* needed, UINT* count, RM_PROCESS_INFO* list,
                          DWORD* reboot_reasons) noexcept {
  return error_of([&]() -> Status {
    if (needed == nullptr || count == nullptr || reboot_reasons == nullptr || (*count != 0 && list == nullptr))
      return fail(STATUS_INVALID_PARAMETER, "RmGetList: no room for the answers");
    std::vector<nt::FileKey> keys;
    {
      Sessions& all = sessions();
      const std::lock_guard lock(all.mutex);
      const auto found = all.files.find(session);
      if (found == all.files.end()) return no_session(session);
      for (const std::u16string& name : found->second)
        if (const auto facts = nt::facts_by_name(name)) keys.push_back(facts->key);
    }
    std::vector<RM_PROCESS_INFO> users;
    for (const DWORD id : keys.empty() ? std::vector<DWORD>{} : nt::processes_using(keys))
      if (RM_PROCESS_INFO info; describe(id, info)) users.push_back(info);
    *needed = static_cast<UINT>(users.size());
    *reboot_reasons = 0;  // RmRebootReasonNone
    const UINT room = std::exchange(*count, std::min(*count, *needed));
    if (room < *needed) return fail(STATUS_MORE_ENTRIES, "room for {} of {} processes", room, *needed);
    std::ranges::copy(users, list);
    return ok;
  });
}

HM_WINAPI DWORD RmEndSession(DWORD session) noexcept {
  return error_of([&]() -> Status {
    Sessions& all = sessions();
    const std::lock_guard lock(all.mutex);
    if (all.files.erase(session) == 0) return no_session(session);
    return ok;
  });
}

const Export kRows[] = {
    {"RmEndSession", proc(RmEndSession)},
    {"RmGetList", proc(RmGetList)},
    {"RmRegisterResources", proc(RmRegisterResources), Support::partial, "files only"},
    {"RmStartSession", proc(RmStartSession)},
};
constexpr ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll rstrtmgr_dll = {"rstrtmgr.dll", kTables};

}  // namespace hmodule::winapi
