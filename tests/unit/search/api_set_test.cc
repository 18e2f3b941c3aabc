#include "search/api_set.h"

#include "base/utf.h"

#include <gtest/gtest.h>

namespace hmodule::search {
namespace {

std::string host(std::u16string_view name, std::u16string_view importer = {}) {
  const auto found = api_set_host(name, importer);
  return found ? utf8(*found) : "unknown";
}

TEST(ApiSets, HaveHosts) {  // SRCH-40
  EXPECT_EQ(host(u"api-ms-win-core-console-l1-1-0"), "kernelbase.dll");
  EXPECT_EQ(host(u"API-MS-WIN-CORE-CONSOLE-L1-1-0.DLL"), "kernelbase.dll");
  EXPECT_EQ(host(u"api-ms-win-core-console-l1-1-9"), "kernelbase.dll");
  EXPECT_EQ(host(u"api-ms-win-crt-runtime-l1-1-0.dll"), "ucrtbase.dll");
  EXPECT_EQ(host(u"api-ms-win-core-fibers-l1-1-1"), "kernelbase.dll");
  EXPECT_EQ(host(u"api-ms-win-core-synch-l1-2-0.dll"), "kernelbase.dll");
  EXPECT_EQ(host(u"ext-ms-win-ras-rasapi32-l1-1-0"), "rasapi32.dll");
  EXPECT_EQ(host(u"ext-ms-onecore-dcomp-l1-1-0"), "dcomp.dll");
}

TEST(ApiSets, MayBeUnknownOrWithoutHost) {  // SRCH-42
  EXPECT_EQ(host(u"api-ms-win-foo-bar-l1-1-0"), "unknown");
  EXPECT_EQ(host(u"api-ms-win-core-console-l1"), "unknown");
  EXPECT_EQ(host(u"api-"), "unknown");
  EXPECT_EQ(host(u"kernel32.dll"), "unknown");
  EXPECT_EQ(host(u""), "unknown");
  EXPECT_EQ(host(u"api-ms-win-deprecated-apis-advapi-l1-1-0"), "");
}

TEST(ApiSets, MayDependOnTheImporter) {  // SRCH-41
  EXPECT_EQ(host(u"api-ms-win-core-processthreads-l1-1-0"), "kernel32.dll");
  EXPECT_EQ(host(u"api-ms-win-core-processthreads-l1-1-0", u"user.dll"), "kernel32.dll");
  EXPECT_EQ(host(u"api-ms-win-core-processthreads-l1-1-0", u"KERNEL32.dll"), "kernelbase.dll");
}

TEST(ApiSets, ServeEveryContractOfTheUniversalCRuntime) {
  for (const char* name : {"conio", "convert", "environment", "filesystem", "heap", "locale", "math", "multibyte",
                           "private", "process", "runtime", "stdio", "string", "time", "utility"})
    EXPECT_EQ(host(utf16(std::string("api-ms-win-crt-") + name + "-l1-1-0.dll")), "ucrtbase.dll") << name;
}

struct Query {
  const char* name;
  bool present, valid, in_schema, ex_present;
};
class Queries : public testing::TestWithParam<Query> {};
TEST_P(Queries, AnswerAsTheTableOfSrch45) {
  const Query& q = GetParam();
  EXPECT_EQ(api_set_present(utf16(q.name)), q.present);
  const auto ex = api_set_presence_ex(utf16(q.name));
  ASSERT_EQ(ex.has_value(), q.valid);
  if (ex) {
    EXPECT_EQ(ex->in_schema, q.in_schema);
    EXPECT_EQ(ex->present, q.ex_present);
  }
  EXPECT_EQ(api_set_implemented(q.name), q.valid && q.ex_present);
}
INSTANTIATE_TEST_SUITE_P(Search, Queries,
                         testing::Values(Query{"api-ms-win-core-console-l1-1-0", true, true, true, true},
                                         Query{"api-ms-win-core-console-l1-1-9", true, true, false, false},
                                         Query{"api-ms-win-core-console-l1-1", false, true, false, false},
                                         Query{"api-ms-win-core-console-l1-1-0.dll", true, false, false, false},
                                         Query{"api-ms-win-core-console-l1-1-0.fake", true, false, false, false},
                                         Query{"api-ms-win-foo-bar-l1-1-0", false, true, false, false},
                                         Query{"api-ms-win-deprecated-apis-advapi-l1-1-0", false, true, true, false},
                                         Query{"foo", false, false, false, false},
                                         Query{"foo.dll", false, false, false, false},
                                         Query{"", false, false, false, false}));

}  // namespace
}  // namespace hmodule::search
