#include "nt/activation_context.h"

#include "thread/teb.h"
#include "unit/nt/temporary_directory.h"

#include <gmock/gmock.h>

#include <cstring>
#include <thread>

namespace hmodule::nt {
namespace {

std::string assembly(const std::string& name, const std::string& inside) {
  return "<?xml version='1.0'?><assembly xmlns='urn:schemas-microsoft-com:asm.v1' manifestVersion='1.0'>"
         "<assemblyIdentity type='win32' name='" +
         name + "' version='1.0.0.0'/>" + inside + "</assembly>";
}
std::string dependency(const std::string& name, const std::string& more = "") {
  return "<dependency><dependentAssembly><assemblyIdentity type='win32' name='" + name + "' version='1.0.0.0' " + more +
         "/></dependentAssembly></dependency>";
}
Result<Manifest> parse(const std::string& xml) {
  return parse_manifest(std::as_bytes(std::span(xml)), "test");
}

TEST(Manifests, TellFilesClassesDependenciesAndSettings) {
  const auto manifest = parse(assembly(
      "app",
      "<file name='server.dll'><comClass clsid='{00000001-0002-0003-0405-060708090A0B}' progid='One.1'"
      " threadingModel='Apartment'><progid> One </progid></comClass></file>" +
          dependency("part", "language='*'") +
          "<application xmlns='urn:schemas-microsoft-com:asm.v3'><windowsSettings "
          "xmlns='http://schemas.microsoft.com/SMI/2005/WindowsSettings'><dpiAware> true </dpiAware></windowsSettings>"
          "</application>"));
  ASSERT_TRUE(manifest) << manifest.error().reason;
  EXPECT_EQ(manifest->identity.name, u"app");
  ASSERT_EQ(manifest->files.size(), 1U);
  ASSERT_EQ(manifest->files[0].classes.size(), 1U);
  const ManifestClass& made = manifest->files[0].classes[0];
  EXPECT_EQ(made.clsid.Data1, 1U);
  EXPECT_EQ(made.clsid.Data4[7], 0x0B);
  EXPECT_THAT(made.prog_ids, testing::ElementsAre(u"One.1", u"One"));
  ASSERT_EQ(manifest->dependencies.size(), 1U);
  EXPECT_EQ(manifest->dependencies[0].language, u"");
  EXPECT_EQ(manifest->settings.at({u"http://schemas.microsoft.com/SMI/2005/WindowsSettings", u"dpiAware"}), u"true");
}

struct BrokenManifest {
  const char *xml, *reason;
};
class BrokenManifests : public testing::TestWithParam<BrokenManifest> {};
TEST_P(BrokenManifests, AreRefusedAndExplained) {
  const auto manifest = parse(GetParam().xml);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().status, STATUS_SXS_CANT_GEN_ACTCTX);
  EXPECT_THAT(manifest.error().reason, testing::HasSubstr(GetParam().reason));
}
INSTANTIATE_TEST_SUITE_P(
    Manifest, BrokenManifests,
    testing::Values(BrokenManifest{"no XML", "line 1"}, BrokenManifest{"", "no element"},
                    BrokenManifest{"<program/>", "not <assembly>"},
                    BrokenManifest{"<assembly manifestVersion='2.0'/>", "manifestVersion"},
                    BrokenManifest{"<assembly manifestVersion='1.0'>\n<file/></assembly>", "line 2: a <file> has no"},
                    BrokenManifest{"<assembly manifestVersion='1.0'><assemblyIdentity/></assembly>", "has no name"},
                    BrokenManifest{"<assembly manifestVersion='1.0'><file name='x'><comClass clsid='1'/></file>"
                                   "</assembly>",
                                   "no clsid"}));

class Contexts : public testing::Test {
 protected:
  Contexts() { thread::attach(); }
  Result<ActivationRef> create(const std::string& xml) {
    return ActivationContext::create(std::as_bytes(std::span(xml)), directory_.windows(u"app.manifest"),
                                     directory_.windows());
  }
  HANDLE handle() { return handle_of(*create(assembly("app", "<file name='part.dll'/>"))); }
  TemporaryDirectory directory_;
};

TEST_F(Contexts, RedirectTheFilesOfTheManifestAndOfPrivateAssemblies) {
  std::filesystem::create_directory(directory_.host("Part"));
  directory_.write("Part/Part.manifest", assembly("Part", "<file name='Inner.dll'/>" + dependency("app")));
  const auto context = create(assembly("app", "<file name='own.dll'/>" + dependency("Part")));
  ASSERT_TRUE(context) << context.error().reason;
  EXPECT_EQ((*context)->redirected(u"OWN.DLL"), directory_.windows(u"own.dll"));
  EXPECT_EQ((*context)->redirected(u"inner.dll"), directory_.windows(u"Part\\Inner.dll"));
  EXPECT_EQ((*context)->redirected(u"kernel32.dll"), std::nullopt);
  EXPECT_EQ((*context)->assemblies().size(), 2U);
}

TEST_F(Contexts, MissAssembliesThatAreNowhereButNotThoseOfTheStore) {
  const auto missing = create(assembly("app", dependency("Nowhere")));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().status, STATUS_SXS_CANT_GEN_ACTCTX);
  EXPECT_THAT(missing.error().reason, testing::HasSubstr("Nowhere"));
  EXPECT_TRUE(create(assembly(
      "app", dependency("Microsoft.Windows.Common-Controls", "publicKeyToken='6595b64144ccf1df' language='*'"))));
}

TEST_F(Contexts, MissAnAssemblyWhoseManifestIsOfAnother) {
  directory_.write("Part.manifest", assembly("Other", dependency("Part")));  // and depends on itself, by that name
  const auto context = create(assembly("app", dependency("Part")));
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().reason, testing::HasSubstr("is the assembly Other, not Part"));
}

TEST_F(Contexts, FindClassesAndProgIds) {
  const auto context = *create(assembly(
      "app", "<file name='s.dll'><comClass clsid='{00000001-0002-0003-0405-060708090A0B}' progid='One'/></file>"));
  const GUID clsid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
  const auto server = context->find(ACTIVATION_CONTEXT_SECTION_COM_SERVER_REDIRECTION, clsid);
  ASSERT_TRUE(server && *server != nullptr);
  const auto by_name = context->find(ACTIVATION_CONTEXT_SECTION_COM_PROGID_REDIRECTION, u"ONE");
  ASSERT_TRUE(by_name && *by_name != nullptr);
  ACTIVATION_CONTEXT_DATA_COM_PROGID_REDIRECTION record;
  std::memcpy(&record, (*by_name)->data.data(), sizeof record);
  EXPECT_EQ(std::memcmp((*by_name)->data.data() + record.ConfiguredClsidOffset, &clsid, sizeof clsid), 0);
  EXPECT_EQ(*context->find(ACTIVATION_CONTEXT_SECTION_DLL_REDIRECTION, u"other.dll"), nullptr);
  EXPECT_EQ(context->find(3, u"Class").error().status, STATUS_SXS_SECTION_NOT_FOUND);
}

TEST_F(Contexts, AreActiveInTheOrderOfTheStack) {
  const HANDLE first = handle(), second = handle();
  EXPECT_EQ(active_handle(), nullptr);
  const ULONG_PTR below = *activate(first), above = *activate(second);
  EXPECT_EQ(active_handle(), second);
  EXPECT_EQ(deactivate(below, false).error().status, STATUS_SXS_EARLY_DEACTIVATION);
  EXPECT_EQ(deactivate(12345, false).error().status, STATUS_SXS_INVALID_DEACTIVATION);
  EXPECT_TRUE(deactivate(above, false));
  EXPECT_EQ(active_handle(), first);
  EXPECT_TRUE(activate(second));
  EXPECT_TRUE(deactivate(below, true));
  EXPECT_EQ(active_handle(), nullptr);
  EXPECT_TRUE(release_context_reference(first));
  EXPECT_TRUE(release_context_reference(second));
}

TEST_F(Contexts, EndWithTheirLastReference) {
  const HANDLE context = handle();
  EXPECT_TRUE(add_context_reference(context));
  EXPECT_TRUE(release_context_reference(context));
  EXPECT_TRUE(context_of(context));
  EXPECT_TRUE(release_context_reference(context));
  EXPECT_EQ(context_of(context).error().status, STATUS_INVALID_PARAMETER);
  EXPECT_EQ(activate(context).error().status, STATUS_INVALID_PARAMETER);
}

// Of a host thread too, which no function has asked for its object.
TEST_F(Contexts, EndWithTheThreadTheyAreActiveIn) {
  const HANDLE context = handle();
  std::thread([&] { EXPECT_TRUE(activate(context)); }).join();
  EXPECT_TRUE(release_context_reference(context));
  EXPECT_EQ(context_of(context).error().status, STATUS_INVALID_PARAMETER);
}

}  // namespace
}  // namespace hmodule::nt
