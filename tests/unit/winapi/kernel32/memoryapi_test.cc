#include "win/memoryapi.h"
#include "unit/winapi/process.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}

class MemoryApi : public testing::Test {
 protected:
  void* alloc(void* address, SIZE_T size, DWORD type, DWORD protect) {
    return k32<void*, void*, SIZE_T, DWORD, DWORD>("VirtualAlloc")(address, size, type, protect);
  }
  BOOL free(void* address, SIZE_T size, DWORD type) {
    return k32<BOOL, void*, SIZE_T, DWORD>("VirtualFree")(address, size, type);
  }
  BOOL protect(void* address, SIZE_T size, DWORD value, DWORD* old) {
    return k32<BOOL, void*, SIZE_T, DWORD, DWORD*>("VirtualProtect")(address, size, value, old);
  }
  MEMORY_BASIC_INFORMATION query(const void* address) {
    MEMORY_BASIC_INFORMATION info = {};
    EXPECT_EQ(
        (k32<SIZE_T, const void*, MEMORY_BASIC_INFORMATION*, SIZE_T>("VirtualQuery")(address, &info, sizeof info)),
        sizeof info);
    return info;
  }
};

TEST_F(MemoryApi, ErrorsAreThoseOfWindows) {
  EXPECT_EQ(alloc(nullptr, 0, MEM_RESERVE, PAGE_READWRITE), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  auto* base = static_cast<char*>(alloc(nullptr, 0x20000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
  ASSERT_NE(base, nullptr);
  EXPECT_EQ(alloc(base, 0x1000, MEM_RESERVE, PAGE_READWRITE), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_ADDRESS);
  EXPECT_FALSE(free(base, 0x1000, MEM_RELEASE));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  EXPECT_FALSE(free(base + 0x1000, 0, MEM_RELEASE));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_ADDRESS);
  DWORD old = 0;
  EXPECT_FALSE(protect(base, 1, PAGE_READONLY, nullptr));
  EXPECT_EQ(thread::last_error(), ERROR_NOACCESS);
  EXPECT_FALSE(protect(base, 1, PAGE_READONLY | PAGE_READWRITE, &old));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  thread::set_last_error(0xDEAD);
  EXPECT_TRUE(protect(base, 1, PAGE_READONLY, &old));
  EXPECT_EQ(old, PAGE_READWRITE);
  EXPECT_EQ(thread::last_error(), 0xDEADu);  // ERR-02
  EXPECT_EQ(query(base).Protect, PAGE_READONLY);
  EXPECT_EQ(query(base + 0x1000).RegionSize, 0x1F000u);
  EXPECT_TRUE(free(base, 0, MEM_RELEASE));
}

TEST_F(MemoryApi, VirtualQueryChecksItsBuffer) {
  MEMORY_BASIC_INFORMATION info;
  const auto call = k32<SIZE_T, const void*, MEMORY_BASIC_INFORMATION*, SIZE_T>("VirtualQuery");
  EXPECT_EQ(call(&info, &info, sizeof info - 1), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_BAD_LENGTH);
  EXPECT_EQ(call(reinterpret_cast<void*>(~std::uintptr_t{0}), &info, sizeof info), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST_F(MemoryApi, BadPointersAreFoundWithoutAFault) {
  const auto bad_read = k32<BOOL, const void*, UINT_PTR>("IsBadReadPtr");
  const auto bad_write = k32<BOOL, void*, UINT_PTR>("IsBadWritePtr");
  const auto bad_string = k32<BOOL, const char*, UINT_PTR>("IsBadStringPtrA");
  auto* base = static_cast<char*>(alloc(nullptr, 0x2000, MEM_RESERVE, PAGE_READWRITE));
  alloc(base, 0x1000, MEM_COMMIT, PAGE_READWRITE);
  EXPECT_FALSE(bad_read(base, 0x1000));
  EXPECT_TRUE(bad_read(base, 0x1001));
  EXPECT_TRUE(bad_read(nullptr, 1));
  EXPECT_FALSE(bad_read(nullptr, 0));
  EXPECT_FALSE(bad_write(base, 1));
  EXPECT_TRUE(bad_write(const_cast<char*>("text"), 1));
  std::memset(base, 'x', 0x1000);
  EXPECT_TRUE(bad_string(base + 0xF00, ~UINT_PTR{0}));
  EXPECT_FALSE(bad_string(base + 0xF00, 0x100));
  base[0xFFF] = 0;
  EXPECT_FALSE(bad_string(base + 0xF00, ~UINT_PTR{0}));
  EXPECT_TRUE((k32<BOOL, const WCHAR*, UINT_PTR>("IsBadStringPtrW")(reinterpret_cast<WCHAR*>(base + 0x1000), 1)));
  free(base, 0, MEM_RELEASE);
}

TEST_F(MemoryApi, ProcessMemoryOfOurselves) {
  const auto read = k32<BOOL, HANDLE, const void*, void*, SIZE_T, SIZE_T*>("ReadProcessMemory");
  const HANDLE self = reinterpret_cast<HANDLE>(std::intptr_t{-1});
  int from = 42, to = 0;
  SIZE_T done = 0;
  EXPECT_TRUE(read(self, &from, &to, sizeof to, &done));
  EXPECT_EQ(to, 42);
  EXPECT_EQ(done, sizeof to);
  EXPECT_FALSE(read(self, nullptr, &to, sizeof to, &done));
  EXPECT_EQ(thread::last_error(), ERROR_PARTIAL_COPY);
  EXPECT_FALSE(read(reinterpret_cast<HANDLE>(0x12344), &from, &to, sizeof to, &done));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_HANDLE);
}

TEST_F(MemoryApi, AddressRequirementsAreKept) {
  const auto alloc2 = k32<void*, HANDLE, void*, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER*, ULONG>("VirtualAlloc2");
  MEM_ADDRESS_REQUIREMENTS wanted = {nullptr, reinterpret_cast<void*>(0x7FFFFFFF), 0x100000};
  MEM_EXTENDED_PARAMETER parameter = {};
  parameter.Type = MemExtendedParameterAddressRequirements;
  parameter.Pointer = &wanted;
  void* block = alloc2(nullptr, nullptr, 0x1000, MEM_RESERVE, PAGE_READWRITE, &parameter, 1);
  ASSERT_NE(block, nullptr);
  EXPECT_LT(reinterpret_cast<std::uintptr_t>(block), 0x80000000u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 0x100000, 0u);
  free(block, 0, MEM_RELEASE);
  wanted.Alignment = 3;
  EXPECT_EQ(alloc2(nullptr, nullptr, 0x1000, MEM_RESERVE, PAGE_READWRITE, &parameter, 1), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

}  // namespace
}  // namespace hmodule::winapi
