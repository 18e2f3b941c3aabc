#include "unit/winapi/process.h"
#include "winapi/setupapi/exports.h"

namespace hmodule::winapi {
namespace {

struct Data {  // SP_DEVINFO_DATA, and SP_DEVICE_INTERFACE_DATA
  DWORD size = 32;
  GUID of{};
  DWORD number = 0;
  std::uintptr_t reserved = 0;
};

constexpr DWORD kAllClasses = 4;
void* const kInvalid = reinterpret_cast<void*>(~std::uintptr_t{0});

auto destroy() {
  return function<BOOL, void*>(setupapi_dll, "SetupDiDestroyDeviceInfoList");
}

TEST(Setupapi, SetsOfDevicesAreEmpty) {
  const GUID any{};
  const auto from_a = function<void*, const GUID*, const char*, void*, DWORD>(setupapi_dll, "SetupDiGetClassDevsA");
  const auto from_w = function<void*, const GUID*, const WCHAR*, void*, DWORD>(setupapi_dll, "SetupDiGetClassDevsW");
  const auto create = function<void*, const GUID*, void*>(setupapi_dll, "SetupDiCreateDeviceInfoList");
  const auto devices = function<BOOL, void*, DWORD, Data*>(setupapi_dll, "SetupDiEnumDeviceInfo");
  const auto interfaces =
      function<BOOL, void*, Data*, const GUID*, DWORD, Data*>(setupapi_dll, "SetupDiEnumDeviceInterfaces");
  for (void* set :
       {from_a(&any, nullptr, nullptr, 0), from_w(nullptr, nullptr, nullptr, kAllClasses), create(nullptr, nullptr)}) {
    ASSERT_NE(set, kInvalid);
    Data data;
    EXPECT_EQ(devices(set, 0, &data), FALSE);
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_NO_MORE_ITEMS});
    EXPECT_EQ(interfaces(set, nullptr, &any, 0, &data), FALSE);
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_NO_MORE_ITEMS});
    EXPECT_EQ(interfaces(set, &data, &any, 0, &data), FALSE);
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
    data.size = 12;
    EXPECT_EQ(devices(set, 0, &data), FALSE);
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_USER_BUFFER});
    EXPECT_EQ(destroy()(set), TRUE);
    EXPECT_EQ(destroy()(set), FALSE);
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
    EXPECT_EQ(devices(set, 0, &data), FALSE);
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
  }
  EXPECT_EQ(from_a(nullptr, nullptr, nullptr, 0), kInvalid);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
}

TEST(Setupapi, NoDeviceHasPropertiesOrAKey) {
  void* const set = function<void*, const GUID*, void*>(setupapi_dll, "SetupDiCreateDeviceInfoList")(nullptr, nullptr);
  Data data;
  const auto refuses = [&](auto&& result, auto failure) {
    EXPECT_EQ(result, failure);
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
    thread::set_last_error(0);
  };
  for (const char* name : {"SetupDiGetDeviceRegistryPropertyA", "SetupDiGetDeviceRegistryPropertyW"})
    refuses(function<BOOL, void*, Data*, DWORD, DWORD*, BYTE*, DWORD, DWORD*>(setupapi_dll, name)(
                set, &data, 0, nullptr, nullptr, 0, nullptr),
            FALSE);
  for (const char* name : {"SetupDiGetDeviceInstanceIdA", "SetupDiGetDeviceInstanceIdW"})
    refuses(function<BOOL, void*, Data*, void*, DWORD, DWORD*>(setupapi_dll, name)(set, &data, nullptr, 0, nullptr),
            FALSE);
  for (const char* name : {"SetupDiGetDeviceInterfaceDetailA", "SetupDiGetDeviceInterfaceDetailW"})
    refuses(function<BOOL, void*, Data*, void*, DWORD, DWORD*, Data*>(setupapi_dll, name)(set, &data, nullptr, 0,
                                                                                          nullptr, nullptr),
            FALSE);
  refuses(function<void*, void*, Data*, DWORD, DWORD, DWORD, DWORD>(setupapi_dll, "SetupDiOpenDevRegKey")(
              set, &data, 1, 0, 1, 0x20019),
          kInvalid);
  EXPECT_EQ(destroy()(set), TRUE);
}

}  // namespace
}  // namespace hmodule::winapi
