#include "api/builtins.h"

#include "thread/teb.h"
#include "winapi/advapi32/exports.h"
#include "winapi/bcrypt/exports.h"
#include "winapi/bcryptprimitives/exports.h"
#include "winapi/crt/exports.h"
#include "winapi/crypt32/exports.h"
#include "winapi/cryptsp/exports.h"
#include "winapi/dbghelp/exports.h"
#include "winapi/dnsapi/exports.h"
#include "winapi/dxgi/exports.h"
#include "winapi/gdi32/exports.h"
#include "winapi/imm32/exports.h"
#include "winapi/iphlpapi/exports.h"
#include "winapi/kernel32/exports.h"
#include "winapi/kernelbase/exports.h"
#include "winapi/mswsock/exports.h"
#include "winapi/ntdll/exports.h"
#include "winapi/psapi/exports.h"
#include "winapi/rstrtmgr/exports.h"
#include "winapi/sechost/exports.h"
#include "winapi/secur32/exports.h"
#include "winapi/setupapi/exports.h"
#include "winapi/shell32/exports.h"
#include "winapi/user32/exports.h"
#include "winapi/version/exports.h"
#include "winapi/winmm/exports.h"
#include "winapi/ws2_32/exports.h"
#include "winapi/wsock32/exports.h"

namespace hmodule::api {
namespace {

const BuiltinDll* const kBuiltins[] = {
    &winapi::ntdll_dll,    &winapi::kernel32_dll, &winapi::kernelbase_dll,       &winapi::psapi_dll,
    &winapi::advapi32_dll, &winapi::bcrypt_dll,   &winapi::bcryptprimitives_dll, &winapi::shell32_dll,
    &winapi::user32_dll,   &winapi::version_dll,  &winapi::ws2_32_dll,           &winapi::mswsock_dll,
    &winapi::wsock32_dll,  &winapi::iphlpapi_dll, &winapi::dnsapi_dll,           &winapi::rstrtmgr_dll,
    &winapi::sechost_dll,  &winapi::setupapi_dll, &winapi::dbghelp_dll,          &winapi::dxgi_dll,
    &winapi::crypt32_dll,  &winapi::cryptsp_dll,  &winapi::secur32_dll,          &winapi::gdi32_dll,
    &winapi::imm32_dll,    &winapi::winmm_dll,
};

const BuiltinDll* const kStandIns[] = {
    &winapi::msvcr100_leaves,
    &winapi::msvcr120_leaves,
    &winapi::msvcrt_leaves,
    &winapi::ucrtbase_leaves,
};

constexpr AbsentDlls kAbsent[] = {
    {"comctl32 comdlg32 dwmapi gdiplus uxtheme usp10 win32u",
     "they draw, through win32k, whose work Wine does in its "
     "Unix half and its server"},
    {"shell32, but for what is native", "the shell's folders are windows, and its name space is Wine's prefix"},
    {"d2d1 d3d8 d3d9 d3d10 d3d11 d3d12 ddraw dwrite opengl32 vulkan-1 wined3d",
     "the graphics driver is reached through Unix halves"},
    {"avicap32 dsound mf mfplat mmdevapi msacm32 quartz winmm's sound", "sound and video devices are in Unix halves"},
    {"urlmon winhttp wininet", "TLS is in the Unix half of secur32"},
    {"kerberos msv1_0 netapi32 wldap32", "Samba, Kerberos and OpenLDAP are in Unix halves"},
    {"odbc32 winscard winspool sane", "ODBC, smart cards and printers are in Unix halves"},
    {"bluetoothapis hid winusb xinput1_4 cfgmgr32", "devices belong to drivers, which need Wine's server"},
    {"msi taskschd wbemprox wuapi", "they speak to services, of which none runs"},
    {"mscoree mshtml", ".NET and the browser are separate products"},
    {"rpcrt4 and ole32 between processes",
     "the endpoint mapper and the class table are services; inside the process "
     "both work"},
};

}  // namespace

std::span<const BuiltinDll* const> builtin_dlls() {
  return kBuiltins;
}

std::span<const BuiltinDll* const> stand_ins() {
  return kStandIns;
}

std::span<const AbsentDlls> absent_dlls() {
  return kAbsent;
}

Runtime& enter() {
  static Runtime& started = start_runtime(builtin_dlls(), stand_ins());
  thread::attach();
  return started;
}

}  // namespace hmodule::api
