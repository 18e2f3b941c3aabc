// Builds PE files in memory: start from a valid one and damage a single thing. Sections get their places when they are
// added, so their RVAs can be used in what is added next; every header field is public and written as it stands.
#pragma once

#include "base/bytes.h"
#include "pe/format.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hmodule::test {

using ByteVector = std::vector<std::byte>;

ByteVector bytes_of(std::initializer_list<unsigned> values);
ByteVector bytes_of(std::string_view text);

// Appends to a ByteVector, little-endian, as the file has it.
template <typename T>
void append(ByteVector& to, const T& value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  to.insert(to.end(), begin, begin + sizeof value);
}
void append(ByteVector& to, std::string_view text);  // with its terminator
void align(ByteVector& to, std::size_t unit);
template <typename T>
void put(ByteVector& to, std::size_t offset, const T& value) {
  if (to.size() < offset + sizeof value) to.resize(offset + sizeof value);
  std::memcpy(to.data() + offset, &value, sizeof value);
}

struct PeExport {
  std::string name;       // empty: by ordinal only
  std::uint32_t rva = 0;  // 0 with no forwarder: a hole
  std::string forwarder = {};
  std::optional<std::uint32_t> ordinal = {};  // the next free one if not given
};

struct PeImport {
  PeImport(const char* by_name, std::uint16_t with_hint = 0) : name(by_name), hint(with_hint) {}
  PeImport(int by_ordinal) : ordinal(static_cast<std::uint16_t>(by_ordinal)) {}
  std::string name;
  std::uint16_t hint = 0, ordinal = 0;
};
struct PeImports {
  std::string dll;
  std::vector<PeImport> entries;
};

struct PeFixup {
  std::uint32_t rva;
  std::uint16_t type = pe::kRelocDir64;
};

struct PeTls {
  ByteVector data = {};
  std::uint32_t zero_fill = 0, characteristics = 0;
  std::vector<std::uint32_t> callbacks = {};  // RVAs
};

using PeResourceKey = std::variant<std::uint16_t, std::u16string>;
struct PeResource {
  PeResourceKey type, name;
  std::uint16_t language;
  ByteVector data;
};

class PeBuilder {
 public:
  struct Section {
    pe::SectionHeader header;
    ByteVector data;
    std::uint32_t data_offset;  // where the data really goes, whatever the header says
  };

  PeBuilder();
  // One executable section, whose only function returns TRUE and is the entry point.
  static PeBuilder minimal_dll();

  // The next free RVA and file offset, and the header for them. Characteristics as in pe/format.h.
  std::uint32_t add_section(std::string_view name, ByteVector data, std::uint32_t characteristics,
                            std::uint32_t virtual_size = 0);
  std::uint32_t add_code(ByteVector code);  // .text
  std::uint32_t add_data(ByteVector data);  // .data, read-write
  std::uint32_t next_rva() const;

  // Each adds a section of its own and the directory entry. Fix-ups needed by addresses are remembered for
  // add_relocations().
  void add_exports(std::string_view dll_name, std::vector<PeExport> exports, std::uint32_t ordinal_base = 1);
  // RVAs of the slots, per DLL.
  std::vector<std::vector<std::uint32_t>> add_imports(const std::vector<PeImports>& imports);
  std::vector<std::vector<std::uint32_t>> add_delay_imports(const std::vector<PeImports>& imports);
  std::uint32_t add_tls(const PeTls& tls);  // RVA of the index variable
  void add_load_config(pe::LoadConfigDirectory64 config);
  std::uint32_t add_security_cookie(std::uint64_t initial = 0x00002B992DDFA232);  // RVA of the cookie
  void add_exception_table(const std::vector<pe::RuntimeFunction>& functions);
  void add_resources(const std::vector<PeResource>& resources);
  // An address inside the image, in a DIR64 slot of its own; returns the slot's RVA.
  std::uint32_t add_pointer(std::uint32_t target_rva);
  // .reloc with all remembered fix-ups and these.
  void add_relocations(std::vector<PeFixup> more = {});

  void set_directory(std::uint32_t index, std::uint32_t rva, std::uint32_t size);
  Section& section(std::string_view name);
  std::uint64_t va(std::uint32_t rva) const { return optional.ImageBase + rva; }

  ByteVector build() const;
  // The file, kept by the builder until the next call.
  Bytes bytes(std::string_view name = "test.dll");
  void write(const std::string& path) const;

  pe::DosHeader dos{};
  std::uint32_t nt_offset = 0x80;  // where the NT headers really are, whatever e_lfanew says
  std::uint32_t signature = pe::kPeSignature;
  pe::FileHeader file{};
  pe::OptionalHeader64 optional{};
  std::vector<Section> sections;
  std::vector<PeFixup> fixups;
  ByteVector overlay;                 // after everything
  std::optional<std::size_t> cut_to;  // the file's size in the end

 private:
  std::uint32_t place(std::string_view name, ByteVector data, std::uint32_t characteristics, std::uint32_t directory);
  std::vector<std::vector<std::uint32_t>> lay_import_lists(const std::vector<PeImports>& imports, ByteVector& data,
                                                           std::uint32_t rva, std::vector<std::uint32_t>& names,
                                                           std::vector<std::uint32_t>& dll_names);
  ByteVector built_;
};

}  // namespace hmodule::test
