#include "pe/resources.h"

namespace hmodule::pe {

namespace {

// A counted UTF-16 string inside the resource directory; its units may lie at odd offsets.
struct StoredName {
  Bytes units;
  std::size_t size() const { return units.size() / 2; }
  char16_t operator[](std::size_t index) const {
    char16_t unit;
    std::memcpy(&unit, units.data() + index * 2, sizeof unit);
    return unit;
  }
};

Result<StoredName> stored_name(const Bytes& directory, std::uint32_t offset) {
  const auto length = TRY(directory.read<std::uint16_t>(offset));
  return StoredName{TRY(directory.slice(std::uint64_t{offset} + 2, length * std::uint64_t{2}))};
}

int compare(std::u16string_view name, const StoredName& stored) {
  const std::size_t common = std::min(name.size(), stored.size());
  for (std::size_t i = 0; i < common; ++i)
    if (name[i] != stored[i]) return name[i] < stored[i] ? -1 : 1;
  return name.size() == stored.size() ? 0 : name.size() < stored.size() ? -1 : 1;
}

std::uint64_t entry_offset(ResourceNode node, std::uint32_t index) {
  return std::uint64_t{node.offset} + sizeof(ResourceDirectory) + index * std::uint64_t{sizeof(ResourceDirectoryEntry)};
}

std::size_t bytes_of(const ResourceKey& key) {
  const auto* name = std::get_if<std::u16string>(&key);
  return name != nullptr ? name->size() * 2 : 0;
}

ResourceItem item_of(const ResourceDirectoryEntry& entry, ResourceKey key) {
  return {std::move(key), entry.OffsetToData & ~kResourceDataIsDirectory,
          (entry.OffsetToData & kResourceDataIsDirectory) != 0};
}

}  // namespace

Result<Resources> Resources::open(const Image& image) {
  const Rva rva = image.directory(kDirectoryResource).rva;
  if (!rva) return fail(STATUS_RESOURCE_DATA_NOT_FOUND, "{}: has no resources", image.name());
  const auto directory = image.from(rva);
  if (!directory)
    return fail(STATUS_RESOURCE_DATA_NOT_FOUND, "{}: its resources would be at RVA {:#x}, where there is nothing",
                image.name(), rva.value);
  return Resources(image, *directory, rva);
}

Result<std::vector<ResourceItem>> Resources::items(ResourceNode node) const {
  WorkBudget budget(image_);
  return items(node, budget);
}

Result<std::vector<ResourceItem>> Resources::items(ResourceNode node, WorkBudget& budget) const {
  const auto header = TRY(directory_.read<ResourceDirectory>(node.offset));
  const std::uint32_t count = std::uint32_t{header.NumberOfNamedEntries} + header.NumberOfIdEntries;
  std::vector<ResourceItem> all;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto entry = TRY(directory_.read<ResourceDirectoryEntry>(entry_offset(node, i)));
    TRY(budget.spend(sizeof(ResourceItem)));
    if ((entry.Name & kResourceNameIsString) == 0) {
      all.push_back(item_of(entry, static_cast<std::uint16_t>(entry.Name)));
      continue;
    }
    const StoredName stored = TRY(stored_name(directory_, entry.Name & ~kResourceNameIsString));
    TRY(budget.spend(stored.units.size()));
    std::u16string name(stored.size(), u'\0');
    std::memcpy(name.data(), stored.units.data(), stored.units.size());
    all.push_back(item_of(entry, std::move(name)));
  }
  return all;
}

std::optional<ResourceItem> Resources::find(ResourceNode node, const ResourceKey& key) const {
  const auto header = directory_.read<ResourceDirectory>(node.offset);
  if (!header) return std::nullopt;
  const auto* name = std::get_if<std::u16string>(&key);
  std::uint32_t low = name != nullptr ? 0 : header->NumberOfNamedEntries;
  std::uint32_t high = low + (name != nullptr ? header->NumberOfNamedEntries : header->NumberOfIdEntries);
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const auto entry = directory_.read<ResourceDirectoryEntry>(entry_offset(node, middle));
    if (!entry) return std::nullopt;
    int order;
    if (name != nullptr) {
      const auto stored = stored_name(directory_, entry->Name & ~kResourceNameIsString);
      if (!stored) return std::nullopt;
      order = compare(*name, *stored);
    } else {
      const std::uint32_t id = std::get<std::uint16_t>(key);
      order = id == entry->Name ? 0 : id < entry->Name ? -1 : 1;
    }
    if (order == 0) return item_of(*entry, key);
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return std::nullopt;
}

Result<ResourceLeaf> Resources::leaf(const ResourceItem& item) const {
  if (item.is_directory)
    return fail(STATUS_RESOURCE_DATA_NOT_FOUND, "{}: a resource is a directory where data is expected", image_.name());
  const auto entry = TRY(directory_.read<ResourceDataEntry>(item.offset));
  return ResourceLeaf{Rva{rva_.value + item.offset}, Rva{entry.OffsetToData}, entry.Size, entry.CodePage};
}

Result<ResourceNode> Resources::languages(const ResourceKey& type, const ResourceKey& name) const {
  const auto type_item = find(root(), type);
  if (!type_item || !type_item->is_directory)
    return fail(STATUS_RESOURCE_TYPE_NOT_FOUND, "{}: has no resource of that type", image_.name());
  const auto name_item = find(type_item->node(), name);
  if (!name_item || !name_item->is_directory)
    return fail(STATUS_RESOURCE_NAME_NOT_FOUND, "{}: has no resource of that name", image_.name());
  return name_item->node();
}

Result<ResourceLeaf> Resources::find(const ResourceKey& type, const ResourceKey& name, std::uint16_t language) const {
  const ResourceNode node = TRY(languages(type, name));
  const auto item = find(node, language);
  if (!item)
    return fail(STATUS_RESOURCE_LANG_NOT_FOUND, "{}: has no resource in language {:#x}", image_.name(), language);
  return leaf(*item);
}

Result<std::vector<ResourcePath>> all_resources(const Image& image) {
  const Resources resources = TRY(Resources::open(image));
  WorkBudget budget(image);
  std::vector<ResourcePath> all;
  for (const ResourceItem& type : TRY(resources.items(resources.root(), budget))) {
    if (!type.is_directory) continue;
    for (const ResourceItem& name : TRY(resources.items(type.node(), budget))) {
      if (!name.is_directory) continue;
      for (const ResourceItem& language : TRY(resources.items(name.node(), budget))) {
        const auto* id = std::get_if<std::uint16_t>(&language.key);
        if (id == nullptr || language.is_directory) continue;
        TRY(budget.spend(bytes_of(type.key) + bytes_of(name.key)));
        const ResourceLeaf leaf = TRY(resources.leaf(language));
        all.push_back({type.key, name.key, *id, leaf});
      }
    }
  }
  return all;
}

}  // namespace hmodule::pe
