#include "unit/winapi/bcrypt/bcrypt_test.h"

namespace hmodule::winapi {
namespace {

NTSTATUS open(const char16_t* name, const char16_t* implementation, ULONG flags, void** handle) {
  return bcrypt_function<void**, const WCHAR*, const WCHAR*, ULONG>("BCryptOpenAlgorithmProvider")(
      handle, name, implementation, flags);
}

TEST(Providers, AreFoundByNameWithoutCase) {
  void* handle = nullptr;
  EXPECT_EQ(open(u"sha256", nullptr, 0, &handle), STATUS_SUCCESS);
  WCHAR name[16];
  ULONG given = 0;
  EXPECT_EQ(get_property(handle, u"AlgorithmName", name, sizeof name, &given), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string_view(name), u"SHA256");
  EXPECT_EQ(given, 14U) << "bytes, with the terminator";
  EXPECT_EQ(close_provider(handle), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(nullptr), STATUS_INVALID_HANDLE);
  EXPECT_EQ(open(u"AES", u"Microsoft Primitive Provider", 0, &handle), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(handle), STATUS_SUCCESS);
  EXPECT_EQ(open(u"ROT13", nullptr, 0, &handle), STATUS_NOT_FOUND);
  EXPECT_EQ(open(u"AES", u"Nobody's Provider", 0, &handle), STATUS_NOT_FOUND);
  EXPECT_EQ(open(u"AES", nullptr, 0xF000, &handle), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(open(nullptr, nullptr, 0, &handle), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(open(u"AES", nullptr, 0, nullptr), STATUS_INVALID_PARAMETER);
}

TEST(Providers, SayHowMuchRoomAPropertyNeeds) {
  void* const aes = open_provider(u"AES");
  ULONG given = 0, value = 0;
  EXPECT_EQ(get_property(aes, u"BlockLength", nullptr, 0, &given), STATUS_SUCCESS);
  EXPECT_EQ(given, 4U);
  given = 0;
  EXPECT_EQ(get_property(aes, u"BlockLength", &value, 3, &given), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(given, 4U);
  EXPECT_EQ(get_property(aes, u"BlockLength", &value, 4, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(get_property(aes, u"Taste", &value, 4, &given), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(get_property(nullptr, u"BlockLength", &value, 4, &given), STATUS_INVALID_HANDLE);
  EXPECT_EQ(close_provider(aes), STATUS_SUCCESS);
}

TEST(Providers, TellACiphersProperties) {
  void* const aes = open_provider(u"AES");
  EXPECT_EQ(number_property(aes, u"BlockLength"), 16U);
  EXPECT_GT(number_property(aes, u"ObjectLength"), 0U);
  struct {
    ULONG least, most, step;
  } lengths{};
  ULONG given = 0;
  EXPECT_EQ(get_property(aes, u"KeyLengths", &lengths, sizeof lengths, &given), STATUS_SUCCESS);
  EXPECT_EQ(lengths.least, 128U);
  EXPECT_EQ(lengths.most, 256U);
  EXPECT_EQ(lengths.step, 64U);
  EXPECT_EQ(get_property(aes, u"AuthTagLength", &lengths, sizeof lengths, &given), STATUS_NOT_SUPPORTED);
  WCHAR mode[32];
  EXPECT_EQ(get_property(aes, u"ChainingMode", mode, sizeof mode, &given), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string_view(mode), u"ChainingModeCBC");
  EXPECT_EQ(set_mode(aes, u"ChainingModeGCM"), STATUS_SUCCESS);
  EXPECT_EQ(get_property(aes, u"AuthTagLength", &lengths, sizeof lengths, &given), STATUS_SUCCESS);
  EXPECT_EQ(lengths.least, 12U);
  EXPECT_EQ(lengths.most, 16U);
  EXPECT_EQ(set_mode(aes, u"ChainingModeXYZ"), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(close_provider(aes), STATUS_SUCCESS);
}

TEST(Providers, AreEnumeratedByOperation) {
  struct Identifier {
    const WCHAR* name;
    ULONG interface, flags;
  };
  ULONG count = 0;
  Identifier* list = nullptr;
  const auto enumerate = bcrypt_function<ULONG, ULONG*, Identifier**, ULONG>("BCryptEnumAlgorithms");
  ASSERT_EQ(enumerate(2, &count, &list, 0), STATUS_SUCCESS);  // BCRYPT_HASH_OPERATION
  bool found = false;
  for (ULONG i = 0; i < count; ++i) {
    EXPECT_EQ(list[i].interface, 2U);
    found = found || std::u16string_view(list[i].name) == u"SHA256";
  }
  EXPECT_TRUE(found);
  function<void*, void*>(bcrypt_dll, "BCryptFreeBuffer")(list);
  EXPECT_EQ(enumerate(0x1000, &count, &list, 0), STATUS_INVALID_PARAMETER);
  const WCHAR** providers = nullptr;
  const auto providers_of = bcrypt_function<const WCHAR*, ULONG*, const WCHAR***, ULONG>("BCryptEnumProviders");
  ASSERT_EQ(providers_of(u"AES", &count, &providers, 0), STATUS_SUCCESS);
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(std::u16string_view(providers[0]), u"Microsoft Primitive Provider");
  function<void*, void*>(bcrypt_dll, "BCryptFreeBuffer")(providers);
  EXPECT_EQ(providers_of(u"ROT13", &count, &providers, 0), STATUS_NOT_FOUND);
}

TEST(Providers, FipsModeIsOff) {
  BOOLEAN enabled = TRUE;
  EXPECT_EQ(bcrypt_function<BOOLEAN*>("BCryptGetFipsAlgorithmMode")(&enabled), STATUS_SUCCESS);
  EXPECT_FALSE(enabled);
  EXPECT_EQ(bcrypt_function<BOOLEAN*>("BCryptGetFipsAlgorithmMode")(nullptr), STATUS_INVALID_PARAMETER);
}

TEST(RandomNumbers, ComeFromAProviderOrFromTheSystemsPreferredOne) {
  const auto random = bcrypt_function<void*, BYTE*, ULONG, ULONG>("BCryptGenRandom");
  void* const provider = open_provider(u"RNG");
  for (const auto& [handle, flags] :
       {std::pair<void*, ULONG>{provider, 0}, {provider, 1}, {nullptr, 2}, {constant(0x81), 0}}) {
    Bytes value(32);
    EXPECT_EQ(random(handle, value.data(), 32, flags), STATUS_SUCCESS);
    EXPECT_NE(value, Bytes(32));
  }
  BYTE byte;
  EXPECT_EQ(random(nullptr, &byte, 1, 0), STATUS_INVALID_HANDLE);
  EXPECT_EQ(random(constant(0x41), &byte, 1, 0), STATUS_INVALID_HANDLE) << "SHA-256 makes none";
  EXPECT_EQ(random(provider, nullptr, 1, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

}  // namespace
}  // namespace hmodule::winapi
