// Matchers for Result: what it must be, and why it was not.
#pragma once

#include "base/result.h"

#include <gmock/gmock.h>

namespace hmodule::test {

MATCHER(Succeeds, negation ? "fails" : "succeeds") {
  if (arg.has_value()) return true;
  *result_listener << "failed with " << std::hex << static_cast<unsigned>(arg.error().status) << ": "
                   << arg.error().reason;
  return false;
}

MATCHER_P(FailsWith, status, "fails with " + testing::PrintToString(status)) {
  if (arg.has_value()) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << "failed with " << std::hex << static_cast<unsigned>(arg.error().status) << ": "
                   << arg.error().reason;
  return arg.error().status == status;
}

MATCHER_P2(FailsWith, status, words, "fails and says so") {
  if (arg.has_value()) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << "failed with " << std::hex << static_cast<unsigned>(arg.error().status) << ": "
                   << arg.error().reason;
  return arg.error().status == status && arg.error().reason.find(words) != std::string::npos;
}

}  // namespace hmodule::test
