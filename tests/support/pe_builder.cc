#include "support/pe_builder.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <stdexcept>

namespace hmodule::test {

namespace {

constexpr std::uint32_t kHeaderSize = 0x400;
constexpr std::uint32_t kReadOnlyData = pe::kSectionInitializedData | pe::kSectionRead;
constexpr std::uint32_t kReadWriteData = kReadOnlyData | pe::kSectionWrite;

std::uint32_t round_up(std::uint64_t value, std::uint32_t unit) {
  return static_cast<std::uint32_t>((value + unit - 1) / unit * unit);
}

void store(ByteVector& file, std::size_t offset, const void* data, std::size_t size) {
  if (size == 0) return;
  if (file.size() < offset + size) file.resize(offset + size);
  std::memcpy(file.data() + offset, data, size);
}

}  // namespace

ByteVector bytes_of(std::initializer_list<unsigned> values) {
  ByteVector result;
  for (const unsigned value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

ByteVector bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

void append(ByteVector& to, std::string_view text) {
  for (const char c : text) to.push_back(static_cast<std::byte>(c));
  to.push_back(std::byte{0});
}

void align(ByteVector& to, std::size_t unit) {
  to.resize((to.size() + unit - 1) / unit * unit);
}

PeBuilder::PeBuilder() {
  dos.e_magic = pe::kDosMagic;
  dos.e_lfanew = nt_offset;
  file.Machine = pe::kMachineAmd64;
  file.SizeOfOptionalHeader = sizeof(pe::OptionalHeader64);
  file.Characteristics = pe::kFileExecutableImage | pe::kFileLargeAddressAware | pe::kFileDll;
  optional.Magic = pe::kOptionalMagic64;
  optional.ImageBase = 0x180000000;
  optional.SectionAlignment = pe::kPageSize;
  optional.FileAlignment = pe::kSectorSize;
  optional.MajorOperatingSystemVersion = optional.MajorSubsystemVersion = 6;
  optional.SizeOfImage = pe::kPageSize;
  optional.SizeOfHeaders = kHeaderSize;
  optional.Subsystem = pe::kSubsystemWindowsGui;
  optional.DllCharacteristics = pe::kDllDynamicBase | pe::kDllHighEntropyVa | pe::kDllNxCompat;
  optional.NumberOfRvaAndSizes = pe::kDirectoryCount;
}

PeBuilder PeBuilder::minimal_dll() {
  PeBuilder dll;
  dll.optional.AddressOfEntryPoint = dll.add_code(bytes_of({0xB8, 1, 0, 0, 0, 0xC3}));  // mov eax, 1; ret
  return dll;
}

std::uint32_t PeBuilder::next_rva() const {
  if (sections.empty()) return round_up(kHeaderSize, optional.SectionAlignment);
  const pe::SectionHeader& last = sections.back().header;
  return round_up(std::uint64_t{last.VirtualAddress} + last.VirtualSize, optional.SectionAlignment);
}

std::uint32_t PeBuilder::add_section(std::string_view name, ByteVector data, std::uint32_t characteristics,
                                     std::uint32_t virtual_size) {
  Section added{};
  name.copy(added.header.Name, sizeof added.header.Name);
  added.header.VirtualAddress = next_rva();
  added.header.VirtualSize = virtual_size != 0 ? virtual_size : static_cast<std::uint32_t>(data.size());
  added.header.SizeOfRawData = round_up(data.size(), optional.FileAlignment);
  std::uint32_t offset = kHeaderSize;
  for (const Section& before : sections)
    offset = std::max(offset, before.data_offset + round_up(before.data.size(), optional.FileAlignment));
  added.data_offset = offset;
  added.header.PointerToRawData = data.empty() ? 0 : offset;
  added.header.Characteristics = characteristics;
  data.resize(added.header.SizeOfRawData);
  added.data = std::move(data);
  sections.push_back(std::move(added));
  file.NumberOfSections = static_cast<std::uint16_t>(sections.size());
  optional.SizeOfImage = round_up(next_rva(), pe::kPageSize);
  return sections.back().header.VirtualAddress;
}

std::uint32_t PeBuilder::add_code(ByteVector code) {
  return add_section(".text", std::move(code), pe::kSectionCode | pe::kSectionRead | pe::kSectionExecute);
}

std::uint32_t PeBuilder::add_data(ByteVector data) {
  return add_section(".data", std::move(data), kReadWriteData);
}

std::uint32_t PeBuilder::place(std::string_view name, ByteVector data, std::uint32_t characteristics,
                               std::uint32_t directory) {
  const auto size = static_cast<std::uint32_t>(data.size());
  const std::uint32_t rva = add_section(name, std::move(data), characteristics);
  set_directory(directory, rva, size);
  return rva;
}

void PeBuilder::set_directory(std::uint32_t index, std::uint32_t rva, std::uint32_t size) {
  optional.DataDirectories[index] = {rva, size};
}

PeBuilder::Section& PeBuilder::section(std::string_view name) {
  for (Section& candidate : sections)
    if (std::string_view(candidate.header.Name, strnlen(candidate.header.Name, 8)) == name) return candidate;
  throw std::out_of_range("no such section");
}

void PeBuilder::add_exports(std::string_view dll_name, std::vector<PeExport> exports, std::uint32_t ordinal_base) {
  const std::uint32_t rva = next_rva();
  std::uint32_t next = 0;
  for (PeExport& one : exports) {
    if (!one.ordinal) one.ordinal = ordinal_base + next;
    next = std::max(next, *one.ordinal - ordinal_base + 1);
  }
  std::vector<const PeExport*> named;
  for (const PeExport& one : exports)
    if (!one.name.empty()) named.push_back(&one);
  std::stable_sort(named.begin(), named.end(), [](const auto* a, const auto* b) { return a->name < b->name; });

  pe::ExportDirectory directory{};
  directory.Base = ordinal_base;
  directory.NumberOfFunctions = next;
  directory.NumberOfNames = static_cast<std::uint32_t>(named.size());
  const std::uint32_t functions = sizeof directory;
  const std::uint32_t names = functions + next * 4;
  const auto ordinals = static_cast<std::uint32_t>(names + named.size() * 4);
  directory.AddressOfFunctions = rva + functions;
  directory.AddressOfNames = rva + names;
  directory.AddressOfNameOrdinals = rva + ordinals;

  ByteVector data(ordinals + named.size() * 2);
  const auto text = [&](std::string_view value) {
    const auto where = static_cast<std::uint32_t>(rva + data.size());
    append(data, value);
    return where;
  };
  directory.Name = text(dll_name);
  for (const PeExport& one : exports) {
    const std::uint32_t target = one.forwarder.empty() ? one.rva : text(one.forwarder);
    put(data, functions + (*one.ordinal - ordinal_base) * 4, target);
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    put(data, names + i * 4, text(named[i]->name));
    put(data, ordinals + i * 2, static_cast<std::uint16_t>(*named[i]->ordinal - ordinal_base));
  }
  put(data, 0, directory);
  place(".edata", std::move(data), kReadOnlyData, pe::kDirectoryExport);
}

// Per DLL: its list of names, its slots (with the same contents), its name. Filled into `data`, which starts at `rva`.
std::vector<std::vector<std::uint32_t>> PeBuilder::lay_import_lists(const std::vector<PeImports>& imports,
                                                                    ByteVector& data, std::uint32_t rva,
                                                                    std::vector<std::uint32_t>& names,
                                                                    std::vector<std::uint32_t>& dll_names) {
  std::vector<std::vector<std::uint32_t>> slots;
  for (const PeImports& dll : imports) {
    std::vector<std::uint64_t> list;
    for (const PeImport& entry : dll.entries) {
      if (entry.name.empty()) {
        list.push_back(pe::kOrdinalFlag64 | entry.ordinal);
        continue;
      }
      align(data, 2);
      list.push_back(rva + data.size());
      append(data, entry.hint);
      append(data, std::string_view(entry.name));
    }
    list.push_back(0);
    dll_names.push_back(static_cast<std::uint32_t>(rva + data.size()));
    append(data, std::string_view(dll.dll));
    align(data, 8);
    names.push_back(static_cast<std::uint32_t>(rva + data.size()));
    for (const std::uint64_t value : list) append(data, value);
    slots.emplace_back();
    for (const std::uint64_t value : list) {
      slots.back().push_back(static_cast<std::uint32_t>(rva + data.size()));
      append(data, value);
    }
    if (!dll.entries.empty()) slots.back().pop_back();  // the terminator
  }
  return slots;
}

std::vector<std::vector<std::uint32_t>> PeBuilder::add_imports(const std::vector<PeImports>& imports) {
  const std::uint32_t rva = next_rva();
  ByteVector data((imports.size() + 1) * sizeof(pe::ImportDescriptor));
  std::vector<std::uint32_t> names, dll_names;
  auto slots = lay_import_lists(imports, data, rva, names, dll_names);
  for (std::size_t i = 0; i < imports.size(); ++i)
    put(data, i * sizeof(pe::ImportDescriptor), pe::ImportDescriptor{names[i], 0, 0, dll_names[i], slots[i].front()});
  place(".idata", std::move(data), kReadWriteData, pe::kDirectoryImport);
  return slots;
}

std::vector<std::vector<std::uint32_t>> PeBuilder::add_delay_imports(const std::vector<PeImports>& imports) {
  const std::uint32_t rva = next_rva();
  const std::size_t handles = (imports.size() + 1) * sizeof(pe::DelayLoadDescriptor);
  ByteVector data(handles + imports.size() * 8);
  std::vector<std::uint32_t> names, dll_names;
  auto slots = lay_import_lists(imports, data, rva, names, dll_names);
  for (std::size_t i = 0; i < imports.size(); ++i)
    put(data, i * sizeof(pe::DelayLoadDescriptor),
        pe::DelayLoadDescriptor{pe::kDelayLoadRvaBased, dll_names[i], static_cast<std::uint32_t>(rva + handles + i * 8),
                                slots[i].front(), names[i], 0, 0, 0});
  place(".didat", std::move(data), kReadWriteData, pe::kDirectoryDelayImport);
  return slots;
}

std::uint32_t PeBuilder::add_tls(const PeTls& tls) {
  const std::uint32_t rva = next_rva();
  constexpr std::uint32_t kIndex = sizeof(pe::TlsDirectory64), kCallbacks = kIndex + 8;
  ByteVector data(kCallbacks);
  for (const std::uint32_t callback : tls.callbacks) {
    fixups.push_back({static_cast<std::uint32_t>(rva + data.size())});
    append(data, va(callback));
  }
  append(data, std::uint64_t{0});
  const auto raw = static_cast<std::uint32_t>(rva + data.size());
  data.insert(data.end(), tls.data.begin(), tls.data.end());
  pe::TlsDirectory64 directory{};
  directory.StartAddressOfRawData = va(raw);
  directory.EndAddressOfRawData = va(static_cast<std::uint32_t>(raw + tls.data.size()));
  directory.AddressOfIndex = va(rva + kIndex);
  directory.AddressOfCallBacks = tls.callbacks.empty() ? 0 : va(rva + kCallbacks);
  directory.SizeOfZeroFill = tls.zero_fill;
  directory.Characteristics = tls.characteristics;
  for (std::uint32_t field = 0; field < (tls.callbacks.empty() ? 24U : 32U); field += 8)
    fixups.push_back({rva + field});
  put(data, 0, directory);
  const std::uint32_t placed = add_section(".tls", std::move(data), kReadWriteData);
  set_directory(pe::kDirectoryTls, placed, sizeof directory);
  return placed + kIndex;
}

void PeBuilder::add_load_config(pe::LoadConfigDirectory64 config) {
  if (config.Size == 0) config.Size = sizeof config;
  ByteVector data;
  append(data, config);
  if (config.SecurityCookie != 0)
    fixups.push_back({static_cast<std::uint32_t>(next_rva() + offsetof(pe::LoadConfigDirectory64, SecurityCookie))});
  place(".ldcfg", std::move(data), kReadOnlyData, pe::kDirectoryLoadConfig);
}

std::uint32_t PeBuilder::add_security_cookie(std::uint64_t initial) {
  ByteVector data;
  append(data, initial);
  const std::uint32_t cookie = add_section(".cookie", std::move(data), kReadWriteData);
  pe::LoadConfigDirectory64 config{};
  config.SecurityCookie = va(cookie);
  add_load_config(config);
  return cookie;
}

void PeBuilder::add_exception_table(const std::vector<pe::RuntimeFunction>& functions) {
  ByteVector data;
  for (const pe::RuntimeFunction& function : functions) append(data, function);
  place(".pdata", std::move(data), kReadOnlyData, pe::kDirectoryException);
}

void PeBuilder::add_resources(const std::vector<PeResource>& resources) {
  // Names sort before ids, as in the file (RES-02).
  struct Order {
    bool operator()(const PeResourceKey& a, const PeResourceKey& b) const {
      if (a.index() != b.index()) return a.index() > b.index();
      return a < b;
    }
  };
  std::map<PeResourceKey, std::map<PeResourceKey, std::map<std::uint16_t, const ByteVector*>, Order>, Order> tree;
  for (const PeResource& one : resources) tree[one.type][one.name][one.language] = &one.data;

  const std::uint32_t rva = next_rva();
  ByteVector data;
  const auto directory = [&](const auto& children) {
    const std::size_t offset = data.size();
    pe::ResourceDirectory header{};
    for (const auto& child : children) {
      const PeResourceKey key = child.first;
      (key.index() == 1 ? header.NumberOfNamedEntries : header.NumberOfIdEntries)++;
    }
    append(data, header);
    data.resize(data.size() + children.size() * sizeof(pe::ResourceDirectoryEntry));
    return offset;
  };
  const auto entry = [&](std::size_t parent, std::size_t index, const PeResourceKey& key, std::size_t target,
                         bool is_directory) {
    pe::ResourceDirectoryEntry row{};
    row.OffsetToData = static_cast<std::uint32_t>(target) | (is_directory ? pe::kResourceDataIsDirectory : 0);
    if (const auto* name = std::get_if<std::u16string>(&key)) {
      row.Name = static_cast<std::uint32_t>(data.size()) | pe::kResourceNameIsString;
      append(data, static_cast<std::uint16_t>(name->size()));
      for (const char16_t unit : *name) append(data, unit);
      align(data, 4);
    } else {
      row.Name = std::get<std::uint16_t>(key);
    }
    put(data, parent + sizeof(pe::ResourceDirectory) + index * sizeof row, row);
  };

  const std::size_t root = directory(tree);
  std::size_t type_index = 0;
  for (const auto& [type, names] : tree) {
    const std::size_t type_directory = directory(names);
    entry(root, type_index++, type, type_directory, true);
    std::size_t name_index = 0;
    for (const auto& [name, languages] : names) {
      const std::size_t name_directory = directory(languages);
      entry(type_directory, name_index++, name, name_directory, true);
      std::size_t language_index = 0;
      for (const auto& [language, content] : languages) {
        const std::size_t leaf = data.size();
        append(data, pe::ResourceDataEntry{static_cast<std::uint32_t>(rva + leaf + sizeof(pe::ResourceDataEntry)),
                                           static_cast<std::uint32_t>(content->size()), 0, 0});
        data.insert(data.end(), content->begin(), content->end());
        align(data, 8);
        entry(name_directory, language_index++, language, leaf, false);
      }
    }
  }
  place(".rsrc", std::move(data), kReadOnlyData, pe::kDirectoryResource);
}

std::uint32_t PeBuilder::add_pointer(std::uint32_t target_rva) {
  ByteVector data;
  append(data, va(target_rva));
  const std::uint32_t slot = add_section(".ptr", std::move(data), kReadWriteData);
  fixups.push_back({slot});
  return slot;
}

void PeBuilder::add_relocations(std::vector<PeFixup> more) {
  more.insert(more.end(), fixups.begin(), fixups.end());
  std::map<std::uint32_t, std::vector<std::uint16_t>> pages;
  for (const PeFixup& one : more)
    pages[one.rva & ~0xFFFU].push_back(static_cast<std::uint16_t>(one.type << 12 | (one.rva & 0xFFF)));
  ByteVector data;
  for (auto& [page, entries] : pages) {
    if (entries.size() % 2 != 0) entries.push_back(0);
    append(data, pe::BaseRelocation{page, static_cast<std::uint32_t>(8 + entries.size() * 2)});
    for (const std::uint16_t one : entries) append(data, one);
  }
  place(".reloc", std::move(data), kReadOnlyData | pe::kSectionDiscardable, pe::kDirectoryBaseReloc);
}

ByteVector PeBuilder::build() const {
  ByteVector result(std::max<std::size_t>(sizeof dos, nt_offset));
  store(result, 0, &dos, sizeof dos);
  std::size_t offset = nt_offset;
  store(result, offset, &signature, sizeof signature);
  store(result, offset += sizeof signature, &file, sizeof file);
  store(result, offset += sizeof file, &optional, std::min<std::size_t>(sizeof optional, file.SizeOfOptionalHeader));
  offset += file.SizeOfOptionalHeader;
  for (const Section& one : sections) {
    store(result, offset, &one.header, sizeof one.header);
    offset += sizeof one.header;
  }
  if (result.size() < kHeaderSize) result.resize(kHeaderSize);
  for (const Section& one : sections) store(result, one.data_offset, one.data.data(), one.data.size());
  result.insert(result.end(), overlay.begin(), overlay.end());
  if (cut_to) result.resize(*cut_to);
  return result;
}

Bytes PeBuilder::bytes(std::string_view name) {
  built_ = build();
  return Bytes(built_, name);
}

void PeBuilder::write(const std::string& path) const {
  const ByteVector content = build();
  std::FILE* out = std::fopen(path.c_str(), "wbe");
  if (out == nullptr || std::fwrite(content.data(), 1, content.size(), out) != content.size() || std::fclose(out) != 0)
    throw std::runtime_error("cannot write " + path);
}

}  // namespace hmodule::test
