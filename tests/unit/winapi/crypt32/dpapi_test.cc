#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "winapi/crypt32/exports.h"

#include <sys/stat.h>

#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

struct Blob {
  DWORD size = 0;
  BYTE* bytes = nullptr;
};
Blob blob_of(std::string& text) {
  return {static_cast<DWORD>(text.size()), reinterpret_cast<BYTE*>(text.data())};
}

class DataProtection : public testing::Test {
 protected:
  DataProtection() { ::setenv("XDG_DATA_HOME", home_.host("data").c_str(), 1); }

  std::string take(Blob& blob) {
    std::string bytes(reinterpret_cast<const char*>(blob.bytes), blob.size);
    EXPECT_EQ((function<HANDLE, HANDLE>(kernel32_dll, "LocalFree")(blob.bytes)), nullptr);
    return bytes;
  }
  std::string protect(std::string text, const WCHAR* description = nullptr, std::string entropy = {}) {
    Blob in = blob_of(text), with = blob_of(entropy), out;
    EXPECT_TRUE(
        (function<BOOL, Blob*, const WCHAR*, Blob*, void*, void*, DWORD, Blob*>(crypt32_dll, "CryptProtectData")(
            &in, description, entropy.empty() ? nullptr : &with, nullptr, nullptr, 1, &out)));
    return take(out);
  }
  // The last error, or 0.
  DWORD unprotect(std::string bytes, std::string& text, std::u16string* description = nullptr,
                  std::string entropy = {}) {
    Blob in = blob_of(bytes), with = blob_of(entropy), out;
    WCHAR* told = nullptr;
    if (!function<BOOL, Blob*, WCHAR**, Blob*, void*, void*, DWORD, Blob*>(crypt32_dll, "CryptUnprotectData")(
            &in, description == nullptr ? nullptr : &told, entropy.empty() ? nullptr : &with, nullptr, nullptr, 0,
            &out))
      return thread::last_error();
    text = take(out);
    if (description != nullptr) {
      *description = told;
      function<HANDLE, HANDLE>(kernel32_dll, "LocalFree")(told);
    }
    return 0;
  }

  TemporaryDirectory home_;
};

TEST_F(DataProtection, GivesBackWhatItGot) {
  std::string text;
  std::u16string description;
  const std::string sealed = protect("a secret", u"what it is");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_NE(protect("a secret", u"what it is"), sealed);
  EXPECT_EQ(unprotect(sealed, text, &description), 0U);
  EXPECT_EQ(text, "a secret");
  EXPECT_EQ(description, u"what it is");
  EXPECT_EQ(unprotect(protect(""), text, &description), 0U);
  EXPECT_EQ(text, "");
  EXPECT_EQ(description, u"");
  struct stat facts = {};
  ASSERT_EQ(::stat(home_.host("data/hmodule/user-key").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(DataProtection, RefusesWhatWasChanged) {
  const std::string sealed = protect("a secret", u"name");
  std::string text;
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(unprotect(changed, text), 13U) << i;  // ERROR_INVALID_DATA
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) EXPECT_EQ(unprotect(sealed.substr(0, size), text), 13U);
  EXPECT_EQ(text, "");
}

TEST_F(DataProtection, WantsTheSameEntropyAndTheSameUser) {
  const std::string sealed = protect("a secret", nullptr, "salt");
  std::string text;
  EXPECT_EQ(unprotect(sealed, text), 13U);
  EXPECT_EQ(unprotect(sealed, text, nullptr, "pepper"), 13U);
  EXPECT_EQ(unprotect(sealed, text, nullptr, "salt"), 0U);
  ::setenv("XDG_DATA_HOME", home_.host("another").c_str(), 1);
  EXPECT_EQ(unprotect(sealed, text, nullptr, "salt"), 13U);
}

TEST_F(DataProtection, TakesNoKeyThatOthersCanRead) {
  const std::string sealed = protect("a secret");
  std::string text;
  ::chmod(home_.host("data/hmodule/user-key").c_str(), 0644);
  EXPECT_EQ(unprotect(sealed, text), 5U);  // ERROR_ACCESS_DENIED
}

TEST_F(DataProtection, AsksNobodyAndNeedsItsArguments) {
  const auto call =
      function<BOOL, Blob*, const WCHAR*, Blob*, void*, void*, DWORD, Blob*>(crypt32_dll, "CryptProtectData");
  std::string text = "x";
  Blob in = blob_of(text), out;
  EXPECT_FALSE(call(nullptr, nullptr, nullptr, nullptr, nullptr, 0, &out));
  EXPECT_EQ(thread::last_error(), 87U);
  EXPECT_FALSE(call(&in, nullptr, nullptr, nullptr, nullptr, 0, nullptr));
  struct {
    DWORD size = 24, flags = 2;
    void* window = nullptr;
    const WCHAR* text = nullptr;
  } prompt;
  EXPECT_FALSE(call(&in, nullptr, nullptr, nullptr, &prompt, 0, &out));
  EXPECT_EQ(thread::last_error(), 1325U);  // ERROR_PASSWORD_RESTRICTION
}

}  // namespace
}  // namespace hmodule::winapi
