// setupapi.dll, setupapi.h: sets of devices. No Linux device is shown as one of Windows', so every set is empty: it can
// be made, looked through and destroyed, and who asks about a device in it hears that there is none.
#include "winapi/common/answer.h"
#include "winapi/setupapi/exports.h"

#include <list>
#include <mutex>

namespace hmodule::winapi {
namespace {

using HDEVINFO = void*;
using HWND = void*;  // not looked at

constexpr DWORD DIGCF_ALLCLASSES = 4;

struct SP_DEVINFO_DATA {
  DWORD cbSize;
  GUID ClassGuid;
  DWORD DevInst;
  std::uintptr_t Reserved;
};
static_assert(sizeof(SP_DEVINFO_DATA) == 32);

struct SP_DEVICE_INTERFACE_DATA {
  DWORD cbSize;
  GUID InterfaceClassGuid;
  DWORD Flags;
  std::uintptr_t Reserved;
};
static_assert(sizeof(SP_DEVICE_INTERFACE_DATA) == 32);

HDEVINFO no_set() {
  return reinterpret_cast<HDEVINFO>(~std::uintptr_t{0});  // INVALID_HANDLE_VALUE
}

struct Sets {
  std::mutex mutex;
  std::list<char> all;  // a set's handle is the address of its element
};
Sets& sets() {
  static auto* const all = new Sets;  // never destroyed: DLLs outlive main()
  return *all;
}

Status check(HDEVINFO set) {
  Sets& known = sets();
  const std::lock_guard lock(known.mutex);
  for (const char& one : known.all)
    if (&one == set) return ok;
  return fail(STATUS_INVALID_HANDLE, "{} is no set of devices", set);
}

Result<HDEVINFO> new_set() {
  Sets& known = sets();
  const std::lock_guard lock(known.mutex);
  return static_cast<HDEVINFO>(&known.all.emplace_back());
}

// What is asked about a device: none is in any set.
Status no_such_device(HDEVINFO set) {
  TRY(check(set));
  return fail(STATUS_INVALID_PARAMETER, "the set is empty, so the device is not in it");
}

HM_WINAPI HDEVINFO SetupDiCreateDeviceInfoList(const GUID*, HWND) noexcept {
  return answer<HDEVINFO>(no_set(), new_set);
}

HDEVINFO class_devices(const GUID* of, DWORD flags, const char* function) {
  return answer<HDEVINFO>(
      no_set(),
      [&]() -> Result<HDEVINFO> {
        if (of == nullptr && (flags & DIGCF_ALLCLASSES) == 0)
          return fail(STATUS_INVALID_PARAMETER, "{}: neither a class nor DIGCF_ALLCLASSES", function);
        return new_set();
      },
      function);
}
HM_WINAPI HDEVINFO SetupDiGetClassDevsA(const GUID* of, const char*, HWND, DWORD flags) noexcept {
  return class_devices(of, flags, "SetupDiGetClassDevsA");
}
HM_WINAPI HDEVINFO SetupDiGetClassDevsW(const GUID* of, const WCHAR*, HWND, DWORD flags) noexcept {
  return class_devices(of, flags, "SetupDiGetClassDevsW");
}

HM_WINAPI BOOL SetupDiDestroyDeviceInfoList(HDEVINFO set) noexcept {
  return succeed([&]() -> Status {
    TRY(check(set));
    Sets& known = sets();
    const std::lock_guard lock(known.mutex);
    known.all.remove_if([&](const char& one) { return &one == set; });
    return ok;
  });
}

HM_WINAPI BOOL SetupDiEnumDeviceInfo(HDEVINFO set, DWORD, SP_DEVINFO_DATA* data) noexcept {
  return succeed([&]() -> Status {
    if (data == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the device");
    TRY(check(set));
    if (data->cbSize != sizeof *data)
      return fail_win32(ERROR_INVALID_USER_BUFFER, "cbSize is {}, not {}", data->cbSize, sizeof *data);
    return fail(STATUS_NO_MORE_ENTRIES, "the set is empty");
  });
}

HM_WINAPI BOOL SetupDiEnumDeviceInterfaces(HDEVINFO set, const SP_DEVINFO_DATA* device, const GUID*, DWORD,
                                           SP_DEVICE_INTERFACE_DATA* data) noexcept {
  return succeed([&]() -> Status {
    if (data == nullptr || data->cbSize != sizeof *data)
      return fail(STATUS_INVALID_PARAMETER, "no room for the interface, or of another size");
    if (device != nullptr) return no_such_device(set);
    TRY(check(set));
    return fail(STATUS_NO_MORE_ENTRIES, "the set is empty");
  });
}

HM_WINAPI BOOL SetupDiGetDeviceRegistryPropertyA(HDEVINFO set, const SP_DEVINFO_DATA*, DWORD, DWORD*, BYTE*, DWORD,
                                                 DWORD*) noexcept {
  return succeed([&] { return no_such_device(set); });
}
HM_WINAPI BOOL SetupDiGetDeviceRegistryPropertyW(HDEVINFO set, const SP_DEVINFO_DATA*, DWORD, DWORD*, BYTE*, DWORD,
                                                 DWORD*) noexcept {
  return succeed([&] { return no_such_device(set); });
}
HM_WINAPI BOOL SetupDiGetDeviceInstanceIdA(HDEVINFO set, const SP_DEVINFO_DATA*, char*, DWORD, DWORD*) noexcept {
  return succeed([&] { return no_such_device(set); });
}
HM_WINAPI BOOL SetupDiGetDeviceInstanceIdW(HDEVINFO set, const SP_DEVINFO_DATA*, WCHAR*, DWORD, DWORD*) noexcept {
  return succeed([&] { return no_such_device(set); });
}
HM_WINAPI BOOL SetupDiGetDeviceInterfaceDetailA(HDEVINFO set, const SP_DEVICE_INTERFACE_DATA*, void*, DWORD, DWORD*,
                                                SP_DEVINFO_DATA*) noexcept {
  return succeed([&] { return no_such_device(set); });
}
HM_WINAPI BOOL SetupDiGetDeviceInterfaceDetailW(HDEVINFO set, const SP_DEVICE_INTERFACE_DATA*, void*, DWORD, DWORD*,
                                                SP_DEVINFO_DATA*) noexcept {
  return succeed([&] { return no_such_device(set); });
}

HM_WINAPI void* SetupDiOpenDevRegKey(HDEVINFO set, const SP_DEVINFO_DATA*, DWORD, DWORD, DWORD, DWORD) noexcept {
  return answer<void*>(no_set(), [&]() -> Result<void*> {
    TRY(no_such_device(set));
    return nullptr;
  });
}

constexpr std::string_view kEmpty = "sets are empty";
const Export kRows[] = {
    {"SetupDiCreateDeviceInfoList", proc(SetupDiCreateDeviceInfoList)},
    {"SetupDiDestroyDeviceInfoList", proc(SetupDiDestroyDeviceInfoList)},
    {"SetupDiEnumDeviceInfo", proc(SetupDiEnumDeviceInfo), Support::partial, kEmpty},
    {"SetupDiEnumDeviceInterfaces", proc(SetupDiEnumDeviceInterfaces), Support::partial, kEmpty},
    {"SetupDiGetClassDevsA", proc(SetupDiGetClassDevsA), Support::partial, kEmpty},
    {"SetupDiGetClassDevsW", proc(SetupDiGetClassDevsW), Support::partial, kEmpty},
    {"SetupDiGetDeviceInstanceIdA", proc(SetupDiGetDeviceInstanceIdA), Support::partial, kEmpty},
    {"SetupDiGetDeviceInstanceIdW", proc(SetupDiGetDeviceInstanceIdW), Support::partial, kEmpty},
    {"SetupDiGetDeviceInterfaceDetailA", proc(SetupDiGetDeviceInterfaceDetailA), Support::partial, kEmpty},
    {"SetupDiGetDeviceInterfaceDetailW", proc(SetupDiGetDeviceInterfaceDetailW), Support::partial, kEmpty},
    {"SetupDiGetDeviceRegistryPropertyA", proc(SetupDiGetDeviceRegistryPropertyA), Support::partial, kEmpty},
    {"SetupDiGetDeviceRegistryPropertyW", proc(SetupDiGetDeviceRegistryPropertyW), Support::partial, kEmpty},
    {"SetupDiOpenDevRegKey", proc(SetupDiOpenDevRegKey), Support::partial, kEmpty},
};
constexpr ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll setupapi_dll = {"setupapi.dll", kTables};

}  // namespace hmodule::winapi
