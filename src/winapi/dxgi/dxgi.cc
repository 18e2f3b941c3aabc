// dxgi.dll, dxgi.h: there is no graphics hardware, and no factory for adapters.
#include "winapi/common/answer.h"
#include "winapi/dxgi/exports.h"

namespace hmodule::winapi {
namespace {

using HRESULT = std::int32_t;
constexpr auto E_INVALIDARG = static_cast<HRESULT>(0x80070057);
constexpr auto DXGI_ERROR_UNSUPPORTED = static_cast<HRESULT>(0x887A0004);

HRESULT no_factory(void** factory, const char* function) {
  if (factory == nullptr) return E_INVALIDARG;
  *factory = nullptr;
  trace_failure(function, fail(STATUS_NOT_SUPPORTED, "there is no graphics hardware"));
  return DXGI_ERROR_UNSUPPORTED;
}

HM_WINAPI HRESULT CreateDXGIFactory(const GUID*, void** factory) noexcept {
  return no_factory(factory, "CreateDXGIFactory");
}
HM_WINAPI HRESULT CreateDXGIFactory1(const GUID*, void** factory) noexcept {
  return no_factory(factory, "CreateDXGIFactory1");
}
HM_WINAPI HRESULT CreateDXGIFactory2(UINT, const GUID*, void** factory) noexcept {
  return no_factory(factory, "CreateDXGIFactory2");
}

constexpr std::string_view kFails = "fails: DXGI_ERROR_UNSUPPORTED";
const Export kRows[] = {
    {"CreateDXGIFactory", proc(CreateDXGIFactory), Support::partial, kFails},
    {"CreateDXGIFactory1", proc(CreateDXGIFactory1), Support::partial, kFails},
    {"CreateDXGIFactory2", proc(CreateDXGIFactory2), Support::partial, kFails},
};
constexpr ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll dxgi_dll = {"dxgi.dll", kTables};

}  // namespace hmodule::winapi
