#include "api/builtins.h"

#include "thread/teb.h"
#include "winapi/advapi32/exports.h"
#include "winapi/bcrypt/exports.h"
#include "winapi/bcryptprimitives/exports.h"
#include "winapi/crypt32/exports.h"
#include "winapi/cryptsp/exports.h"
#include "winapi/dnsapi/exports.h"
#include "winapi/dxgi/exports.h"
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
#include "winapi/ws2_32/exports.h"
#include "winapi/wsock32/exports.h"

namespace hmodule::api {
namespace {

const BuiltinDll* const kBuiltins[] = {
    &winapi::ntdll_dll,
    &winapi::kernel32_dll,
    &winapi::kernelbase_dll,
    &winapi::psapi_dll,
    &winapi::advapi32_dll,
    &winapi::bcrypt_dll,
    &winapi::bcryptprimitives_dll,
    &winapi::shell32_dll,
    &winapi::user32_dll,
    &winapi::version_dll,
    &winapi::ws2_32_dll,
    &winapi::mswsock_dll,
    &winapi::wsock32_dll,
    &winapi::iphlpapi_dll,
    &winapi::dnsapi_dll,
    &winapi::rstrtmgr_dll,
    &winapi::sechost_dll,
    &winapi::setupapi_dll,
    &winapi::dxgi_dll,
    &winapi::crypt32_dll,
    &winapi::cryptsp_dll,
    &winapi::secur32_dll,
};

}  // namespace

std::span<const BuiltinDll* const> builtin_dlls() {
  return kBuiltins;
}

Runtime& enter() {
  static Runtime& started = start_runtime(builtin_dlls());
  thread::attach();
  return started;
}

}  // namespace hmodule::api
