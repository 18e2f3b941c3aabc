// A PE file whose headers were checked: whoever holds an Image holds the proof, and checks nothing of it again. What
// the data directories point at is not checked here; each parser beside this file does that for its own table.
//
// The same facts serve two layouts. In a file, an RVA is found through the section table and only the bytes the file
// has exist; in memory, an RVA is an offset into the mapping. Everything else is told apart by nobody.
#pragma once

#include "base/bytes.h"
#include "pe/format.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace hmodule::pe {

// An offset from the image's base in memory. Not a file offset, not an address.
struct Rva {
  std::uint32_t value = 0;
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const Rva&) const = default;
};

struct DirectoryRange {
  Rva rva;
  std::uint32_t size = 0;
};

struct Section {
  std::array<char, 8> raw_name;
  Rva rva;
  std::uint32_t virtual_size;  // MAP-04 applied, rounded up to pages
  std::uint32_t file_offset;   // the bytes of the file that show at `rva` (MAP-03), ...
  std::uint32_t file_size;     // ... inside the file and inside virtual_size; the rest reads as zero
  std::uint32_t characteristics;

  std::string_view name() const;
  bool writable() const { return (characteristics & kSectionWrite) != 0; }
  bool executable() const { return (characteristics & kSectionExecute) != 0; }
  bool accessible() const { return (characteristics & (kSectionRead | kSectionWrite | kSectionExecute)) != 0; }
  bool shared() const { return (characteristics & kSectionShared) != 0 && writable(); }  // MAP-09
  std::uint32_t end() const { return rva.value + virtual_size; }
  bool contains(Rva other) const { return other.value - rva.value < virtual_size; }
};

enum class Layout : std::uint8_t { file, image };

class Image {
 public:
  // Everything a code load requires (PE-01...PE-22, PE-31), with the statuses of the specification's §8.1.
  static Result<Image> parse(Bytes file);
  // For tools: the same, but any machine and PE32 too. What runs here is told by refusal().
  static Result<Image> inspect(Bytes file);
  // The same facts over the image laid out in memory. `mapped` starts at the base and has size_of_image() bytes.
  Image in_memory(std::span<const std::byte> mapped) const;

  // ok for an image this process can run; otherwise why not, in words (PE-05, PE-06, PE-31).
  Status refusal() const;

  Layout layout() const { return layout_; }
  Bytes bytes() const { return bytes_; }  // the file, or the mapping
  std::string_view name() const { return bytes_.name(); }
  std::uint64_t file_size() const { return facts_->file_size; }

  std::uint16_t machine() const { return facts_->file_header.Machine; }
  std::string_view machine_name() const;  // "x86-64", "ARM64", ... or "unknown machine"
  bool is_pe32() const { return facts_->pe32; }
  std::uint16_t characteristics() const { return facts_->file_header.Characteristics; }
  std::uint32_t time_date_stamp() const { return facts_->file_header.TimeDateStamp; }
  bool is_dll() const { return (characteristics() & kFileDll) != 0; }
  bool relocations_stripped() const { return (characteristics() & kFileRelocsStripped) != 0; }

  // The optional header in its 64-bit form; fields and directories the file lacks read as 0 (PE-08).
  const OptionalHeader64& optional_header() const { return facts_->optional; }
  std::uint16_t dll_characteristics() const { return facts_->optional.DllCharacteristics; }
  std::uint16_t subsystem() const { return facts_->optional.Subsystem; }
  std::uint32_t checksum() const { return facts_->optional.CheckSum; }
  std::uint32_t section_alignment() const { return facts_->optional.SectionAlignment; }
  std::uint32_t file_alignment() const { return facts_->optional.FileAlignment; }
  Rva entry_point() const { return {facts_->optional.AddressOfEntryPoint}; }
  std::uint64_t image_base() const { return facts_->optional.ImageBase; }    // preferred, as the file says
  std::uint32_t size_of_image() const { return facts_->size_of_image; }      // rounded up to pages
  std::uint32_t size_of_headers() const { return facts_->size_of_headers; }  // effective (PE-12)
  std::uint32_t header_extent() const { return facts_->header_extent; }      // what they take in memory (MAP-02)
  std::uint32_t nt_headers_offset() const { return facts_->nt_offset; }
  bool low_alignment() const { return section_alignment() < kPageSize; }  // mapped flat (PE-16, MAP-08)

  std::span<const Section> sections() const { return facts_->sections; }
  const Section* section_at(Rva rva) const;
  DirectoryRange directory(std::uint32_t index) const;  // {0, 0} when absent
  // Where the certificates are in the file (a file offset, PE-31); {0, 0} when absent.
  DataDirectory certificates() const;

  // Exactly `size` bytes at `rva`, all inside the headers or one section.
  Result<Bytes> at(Rva rva, std::uint64_t size) const;
  // The bytes from `rva` to the end of its section; for a file, to the end of what the file has of it.
  Result<Bytes> from(Rva rva) const { return bytes_from(rva); }
  // Up to the first NUL. In a file, the zero-filled rest of the section counts as one.
  Result<std::string_view> string_at(Rva rva) const { return string_at(rva, ~std::uint64_t{0}); }
  Result<std::string_view> string_at(Rva rva, std::uint64_t longest) const;
  // A copy of the record; what a file leaves to zero-fill reads as zero.
  template <typename Record>
  Result<Record> read(Rva rva) const {
    static_assert(std::is_trivially_copyable_v<Record>);
    Record record{};
    TRY(read_into(rva, &record, sizeof record));
    return record;
  }

  // Like from(), for hot paths: empty when there is nothing. Makes no sentence.
  std::span<const std::byte> view(Rva rva) const;
  // Bytes that exist from `rva` to the end of its section, zero-filled ones included.
  std::uint32_t extent(Rva rva) const;

  // The RVA of an absolute address found in the image: relative to where the mapping is, or to image_base() in a file.
  Result<Rva> rva_of_va(std::uint64_t va, std::uint64_t size = 1) const;

 private:
  struct Facts {
    std::uint64_t file_size = 0;
    std::uint32_t nt_offset = 0;
    bool pe32 = false;
    FileHeader file_header{};
    OptionalHeader64 optional{};
    std::uint32_t size_of_image = 0, size_of_headers = 0;
    std::uint32_t header_extent = 0;  // of the header region in memory
    bool il_only = false;
    std::vector<Section> sections;
  };
  Image(Bytes bytes, Layout layout, std::shared_ptr<const Facts> facts)
      : bytes_(bytes), layout_(layout), facts_(std::move(facts)) {}

  // What surrounds an RVA and may be read: the headers or one section, in memory and in the file.
  struct Region {
    std::uint32_t rva = 0, virtual_size = 0;
    std::uint32_t file_offset = 0, file_size = 0;
  };
  static Result<Image> parse(Bytes file, bool any_machine);
  Region region_at(Rva rva) const;
  std::span<const std::byte> view(const Region& region, Rva rva) const;
  Result<Bytes> bytes_from(Rva rva) const;
  Status read_into(Rva rva, void* record, std::size_t size) const;

  Bytes bytes_;
  Layout layout_ = Layout::file;
  std::shared_ptr<const Facts> facts_;
};

// All that a raw datafile view asks of a file: MZ and PE can be found (PE-23).
Status check_data_file(Bytes file);

// Bounds the work a file can ask for. A table of N entries that all point at one table of M costs N*M, and nothing in
// the format forbids it; in a file that means what it says each byte serves one table. So every walk pays for what it
// reads, and a file that wants to be read sixteen times over is refused.
class WorkBudget {
 public:
  explicit WorkBudget(const Image& image) : left_(image.file_size() * 16 + 4096), name_(image.name()) {}
  std::uint64_t left() const { return left_; }
  Status spend(std::uint64_t bytes) {
    if (bytes > left_)
      return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: its tables overlap so much that they cannot be meant", name_);
    left_ -= bytes;
    return ok;
  }

 private:
  std::uint64_t left_;
  std::string_view name_;
};

}  // namespace hmodule::pe
