#include "nt/manifest.h"

#include "base/utf.h"
#include "win/winsxs.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace hmodule::nt {
namespace {

constexpr char kSeparator = '|';  // between a namespace and a name, as expat gives them to us

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

std::optional<GUID> guid_from(std::string_view text) {
  GUID guid = {};
  unsigned bytes[8];
  const std::string whole(text);
  int used = 0;
  if (std::sscanf(whole.c_str(), "{%8x-%4hx-%4hx-%2x%2x-%2x%2x%2x%2x%2x%2x}%n", &guid.Data1, &guid.Data2, &guid.Data3,
                  &bytes[0], &bytes[1], &bytes[2], &bytes[3], &bytes[4], &bytes[5], &bytes[6], &bytes[7],
                  &used) != 11 ||
      whole.size() != static_cast<std::size_t>(used))
    return std::nullopt;
  std::ranges::transform(bytes, guid.Data4, [](unsigned byte) { return static_cast<std::uint8_t>(byte); });
  return guid;
}

class Reader {
 public:
  explicit Reader(XML_Parser parser) : parser_(parser) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser, [](void* self, const char* name, const char** attributes) { of(self).begin(name, attributes); },
        [](void* self, const char*) { of(self).end(); });
    XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int size) {
      of(self).text_.append(text, static_cast<std::size_t>(size));
    });
  }
  Manifest manifest;
  std::string problem;

 private:
  static Reader& of(void* self) { return *static_cast<Reader*>(self); }

  void refuse(std::string why) {
    if (problem.empty()) problem = std::move(why);
    XML_StopParser(parser_, XML_FALSE);
  }

  // Manifests in the wild have elements of asm.v1 to v3; which one seldom matters, and the settings say theirs.
  void begin(std::string_view qualified, const char** attributes) {
    const std::size_t separator = qualified.rfind(kSeparator);
    const std::string element(separator == qualified.npos ? qualified : qualified.substr(separator + 1));
    const std::string space(separator == qualified.npos ? "" : qualified.substr(0, separator));
    const auto attribute = [attributes](std::string_view name) -> std::u16string {
      for (const char** at = attributes; *at != nullptr; at += 2)
        if (name == at[0]) return utf16(at[1]);
      return {};
    };
    const std::string parent = path_.empty() ? "" : path_.back();
    path_.push_back(element);
    spaces_.push_back(space);
    text_.clear();
    if (parent.empty()) {
      if (element != "assembly") return refuse("the root is <" + element + ">, not <assembly>");
      if (attribute("manifestVersion") != u"1.0") return refuse("manifestVersion is not 1.0");
    } else if (element == "assemblyIdentity") {
      AssemblyIdentity identity = {attribute("name"), attribute("version"), attribute("language"),
                                   attribute("processorArchitecture"), attribute("publicKeyToken")};
      if (identity.language == u"*") identity.language.clear();
      if (identity.name.empty()) return refuse("an <assemblyIdentity> has no name");
      if (parent == "assembly")
        manifest.identity = std::move(identity);
      else if (parent == "dependentAssembly")
        manifest.dependencies.push_back(std::move(identity));
    } else if (element == "file" && parent == "assembly") {
      manifest.files.push_back({attribute("name"), {}});
      if (manifest.files.back().name.empty()) return refuse("a <file> has no name");
    } else if (element == "comClass" && parent == "file") {
      const auto clsid = guid_from(utf8(attribute("clsid")));
      if (!clsid) return refuse("a <comClass> has no clsid");
      ManifestClass& added = manifest.files.back().classes.emplace_back();
      added.clsid = *clsid;
      added.threading_model = attribute("threadingModel");
      if (const auto library = guid_from(utf8(attribute("tlbid")))) added.type_library = *library;
      if (const auto prog_id = attribute("progid"); !prog_id.empty()) added.prog_ids.push_back(prog_id);
    }
  }

  void end() {
    const std::string element = path_.back(), space = spaces_.back();
    path_.pop_back();
    spaces_.pop_back();
    const std::string parent = path_.empty() ? "" : path_.back();
    if (element == "progid" && parent == "comClass")
      manifest.files.back().classes.back().prog_ids.push_back(utf16(trimmed()));
    else if (parent == "windowsSettings")
      manifest.settings[{utf16(space), utf16(element)}] = utf16(trimmed());
    text_.clear();
  }

  std::string trimmed() const {
    const auto first = text_.find_first_not_of(" \t\r\n");
    if (first == text_.npos) return {};
    return text_.substr(first, text_.find_last_not_of(" \t\r\n") - first + 1);
  }

  const XML_Parser parser_;
  std::vector<std::string> path_, spaces_;
  std::string text_;
};

}  // namespace

Result<Manifest> parse_manifest(std::span<const std::byte> xml, std::string_view name) {
  const std::unique_ptr<XML_ParserStruct, FreeParser> parser(XML_ParserCreateNS(nullptr, kSeparator));
  Reader reader(parser.get());
  if (XML_Parse(parser.get(), reinterpret_cast<const char*>(xml.data()), static_cast<int>(xml.size()), XML_TRUE) !=
      XML_STATUS_OK)
    return fail(STATUS_SXS_CANT_GEN_ACTCTX, "{}, line {}: {}", name, XML_GetCurrentLineNumber(parser.get()),
                reader.problem.empty() ? XML_ErrorString(XML_GetErrorCode(parser.get())) : reader.problem);
  return std::move(reader.manifest);
}

}  // namespace hmodule::nt
