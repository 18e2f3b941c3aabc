#include "base/install.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace hmodule {
namespace {

TEST(Install, TheEnvironmentChoosesTheSystemDirectory) {
  ASSERT_EQ(setenv("HMODULE_SYSTEM32", "/somewhere/system32", 1), 0);
  EXPECT_EQ(pe_system32_directory(), "/somewhere/system32");
  unsetenv("HMODULE_SYSTEM32");
  EXPECT_EQ(pe_system32_directory(), "/somewhere/system32") << "looked up once";
}

}  // namespace
}  // namespace hmodule
