#include "unit/winapi/process.h"
#include "winapi/dxgi/exports.h"

namespace hmodule::winapi {
namespace {

constexpr int kUnsupported = static_cast<int>(0x887A0004), kInvalid = static_cast<int>(0x80070057);

TEST(Dxgi, SaysThatThereIsNoGraphicsHardware) {
  const GUID any{};
  for (const char* name : {"CreateDXGIFactory", "CreateDXGIFactory1"}) {
    int something = 0;
    void* factory = &something;
    EXPECT_EQ((function<int, const GUID*, void**>(dxgi_dll, name)(&any, &factory)), kUnsupported);
    EXPECT_EQ(factory, nullptr);
    EXPECT_EQ((function<int, const GUID*, void**>(dxgi_dll, name)(&any, nullptr)), kInvalid);
  }
  int something = 0;
  void* factory = &something;
  const auto create = function<int, UINT, const GUID*, void**>(dxgi_dll, "CreateDXGIFactory2");
  EXPECT_EQ(create(0, &any, &factory), kUnsupported);
  EXPECT_EQ(factory, nullptr);
}

}  // namespace
}  // namespace hmodule::winapi
