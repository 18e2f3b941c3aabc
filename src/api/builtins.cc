#include "api/builtins.h"

#include "thread/teb.h"
#include "winapi/advapi32/exports.h"
#include "winapi/avicap32/exports.h"
#include "winapi/avrt/exports.h"
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
#include "winapi/userenv/exports.h"
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
    &winapi::imm32_dll,    &winapi::winmm_dll,    &winapi::avicap32_dll,         &winapi::avrt_dll,
    &winapi::userenv_dll,
};

const BuiltinDll* const kStandIns[] = {
    &winapi::crtdll_leaves,  &winapi::msvcr70_leaves,  &winapi::msvcr71_leaves,  &winapi::msvcr80_leaves,
    &winapi::msvcr90_leaves, &winapi::msvcr100_leaves, &winapi::msvcr110_leaves, &winapi::msvcr120_leaves,
    &winapi::msvcrt_leaves,  &winapi::ucrtbase_leaves,
};

constexpr AbsentDlls kAbsent[] = {
    {"comctl32 comdlg32 credui dwmapi gdiplus msimg32 uxtheme usp10 win32u",
     "they draw, through win32k, whose work Wine does in its Unix half and its server"},
    {"shell32, but for what is native", "the shell's folders are windows, and its name space is Wine's prefix"},
    {"d2d1 d3d8 d3d9 d3d10 d3d11 d3d12 ddraw dwrite opengl32 vulkan-1, and what wined3d draws",
     "the graphics driver is reached through Unix halves; d3dcompiler and d3dx9's arithmetic work"},
    {"dsound mmdevapi msacm32 quartz, winmm's sound, the sources and decoders of mf and mfreadwrite",
     "sound and video devices and codecs are in Unix halves"},
    {"kerberos msv1_0 wldap32, and other machines for netapi32", "Samba, Kerberos and OpenLDAP are in Unix halves"},
    {"odbc32 winscard winspool sane", "ODBC, smart cards and printers are in Unix halves"},
    {"bluetoothapis hid winusb xinput1_4 cfgmgr32", "devices belong to drivers, which need Wine's server"},
    {"msi taskschd wbemprox wuapi", "they speak to services, of which none runs"},
    {"mscoree mshtml", ".NET and the browser are separate products"},
    {"clusapi fltlib fwpuclnt ktmw32 msasn1 slc tdh traffic virtdisk wer wevtapi wlanapi xolehlp",
     "Wine's do nothing; many of their functions report success"},
    {"dhcpcsvc esent msdelta resutils vssapi", "Wine's fail in all they do, or nearly all"},
    {"findstr.exe tasklist.exe where.exe", "Wine's do nothing, and report success; more.com and sort.exe it has not"},
    {"rpcrt4 and ole32 between processes",
     "the endpoint mapper and the class table are services; inside the process both work"},
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
