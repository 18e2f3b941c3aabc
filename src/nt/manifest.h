// Assembly manifests: the XML beside or inside a program or DLL that says which private DLLs, COM classes and other
// things belong to it ("Manifest File Schema" of the Windows documentation).
#pragma once

#include "base/result.h"
#include "win/types.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hmodule::nt {

struct AssemblyIdentity {
  std::u16string name, version, language, architecture, public_key_token;
};

struct ManifestClass {
  GUID clsid;
  std::u16string threading_model;
  std::vector<std::u16string> prog_ids;
  GUID type_library = {};
};

struct ManifestFile {
  std::u16string name;
  std::vector<ManifestClass> classes;
};

struct Manifest {
  AssemblyIdentity identity;
  std::vector<ManifestFile> files;
  std::vector<AssemblyIdentity> dependencies;
  std::map<std::pair<std::u16string, std::u16string>, std::u16string> settings;  // namespace and name
};

// SXS_CANT_GEN_ACTCTX: not XML, not an assembly of manifest version 1.0, or an attribute that is none.
Result<Manifest> parse_manifest(std::span<const std::byte> xml, std::string_view name);

}  // namespace hmodule::nt
