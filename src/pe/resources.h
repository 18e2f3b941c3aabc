// The resource tree (directory 2, RES-02): type -> name -> language. Works on both layouts.
#pragma once

#include "pe/image.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hmodule::pe {

using ResourceKey = std::variant<std::uint16_t, std::u16string>;  // an id, or a name (stored upper-case)

struct ResourceLeaf {
  Rva entry;  // of the ResourceDataEntry; base + entry is the HRSRC (RES-07)
  Rva data;
  std::uint32_t size = 0, code_page = 0;
};

// One directory of the tree: the root, a type or a name.
struct ResourceNode {
  std::uint32_t offset = 0;  // from the start of the resource directory
};

struct ResourceItem {
  ResourceKey key;
  std::uint32_t offset = 0;
  bool is_directory = false;
  ResourceNode node() const { return {offset}; }
};

class Resources {
 public:
  // RESOURCE_DATA_NOT_FOUND when the image has none.
  static Result<Resources> open(const Image& image);

  ResourceNode root() const { return {0}; }
  // Entries of one directory in the order of the file.
  Result<std::vector<ResourceItem>> items(ResourceNode node) const;
  Result<std::vector<ResourceItem>> items(ResourceNode node, WorkBudget& budget) const;
  // Binary search (names upper-case already, RES-03). nullopt: no such entry, or the tree is broken there.
  std::optional<ResourceItem> find(ResourceNode node, const ResourceKey& key) const;
  Result<ResourceLeaf> leaf(const ResourceItem& item) const;
  Result<Bytes> data(const ResourceLeaf& leaf) const { return image_.at(leaf.data, leaf.size); }

  // The directory of languages of one resource: RESOURCE_TYPE_NOT_FOUND, RESOURCE_NAME_NOT_FOUND (RES-05).
  Result<ResourceNode> languages(const ResourceKey& type, const ResourceKey& name) const;
  // Exactly this language: RESOURCE_LANG_NOT_FOUND too.
  Result<ResourceLeaf> find(const ResourceKey& type, const ResourceKey& name, std::uint16_t language) const;

 private:
  Resources(Image image, Bytes directory, Rva rva) : image_(std::move(image)), directory_(directory), rva_(rva) {}

  Image image_;
  Bytes directory_;
  Rva rva_;
};

struct ResourcePath {
  ResourceKey type, name;
  std::uint16_t language = 0;
  ResourceLeaf leaf;
};
// Every resource of the image; broken parts are an error.
Result<std::vector<ResourcePath>> all_resources(const Image& image);

}  // namespace hmodule::pe
