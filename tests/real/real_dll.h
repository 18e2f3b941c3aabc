// Real DLLs, which scripts/fetch-dlls brings.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

// Skips the test where the DLL is not.
#define NEED(name)                                                         \
  if (!std::filesystem::exists(std::filesystem::path(REAL_DLLS) / (name))) \
  GTEST_SKIP() << (name) << " is not there: run scripts/fetch-dlls"
