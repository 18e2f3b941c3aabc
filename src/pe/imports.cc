#include "pe/imports.h"

namespace hmodule::pe {

namespace {

std::uint32_t slot_size(const Image& image) {
  return image.is_pe32() ? 4 : 8;
}

struct Slot {
  std::uint64_t value;
  bool by_ordinal;
};

Result<Slot> read_slot(const Image& image, Rva rva) {
  if (image.is_pe32()) {
    const auto value = TRY(image.read<std::uint32_t>(rva));
    return Slot{value, (value & kOrdinalFlag32) != 0};
  }
  const auto value = TRY(image.read<std::uint64_t>(rva));
  return Slot{value, (value & kOrdinalFlag64) != 0};
}

Result<std::string_view> read_name(const Image& image, Rva rva, WorkBudget& budget) {
  const auto name = TRY(image.string_at(rva, budget.left()));
  TRY(budget.spend(name.size() + 1));
  return name;
}

// The list at `names` up to its zero, for slots from `iat` on (IMP-03).
Result<std::vector<Import>> read_list(const Image& image, std::string_view dll, Rva names, Rva iat,
                                      WorkBudget& budget) {
  std::vector<Import> list;
  const std::uint32_t step = slot_size(image);
  for (std::uint32_t offset = 0;; offset += step) {
    const Slot slot = TRY(read_slot(image, Rva{names.value + offset}));
    if (slot.value == 0) return list;
    TRY(budget.spend(step));
    Import import;
    import.slot = Rva{iat.value + offset};
    if (image.extent(import.slot) < step)
      return fail(STATUS_INVALID_IMAGE_FORMAT,
                  "{}: the address of an import from {} would go to RVA {:#x}, outside its sections", image.name(), dll,
                  import.slot.value);
    import.by_ordinal = slot.by_ordinal;
    if (slot.by_ordinal) {
      import.ordinal = static_cast<std::uint16_t>(slot.value);
    } else {
      if (slot.value > 0x7FFFFFFF)
        return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: the name of an import from {} would be at RVA {:#x}",
                    image.name(), dll, slot.value);
      const Rva hint{static_cast<std::uint32_t>(slot.value)};
      import.hint = TRY(image.read<std::uint16_t>(hint));
      import.name = TRY(read_name(image, Rva{hint.value + 2}, budget));
    }
    list.push_back(import);
  }
}

}  // namespace

Result<std::vector<ImportedDll>> imports(const Image& image) {
  std::vector<ImportedDll> dlls;
  const Rva table = image.directory(kDirectoryImport).rva;
  if (!table) return dlls;
  WorkBudget budget(image);
  for (std::uint32_t offset = 0;; offset += sizeof(ImportDescriptor)) {
    const auto row = TRY(image.read<ImportDescriptor>(Rva{table.value + offset}));
    if (row.Name == 0 || row.FirstThunk == 0) return dlls;  // IMP-01
    TRY(budget.spend(sizeof row));
    ImportedDll dll;
    dll.name = TRY(read_name(image, Rva{row.Name}, budget));
    dll.iat = Rva{row.FirstThunk};
    dll.bound = row.TimeDateStamp != 0;
    const Rva names{row.OriginalFirstThunk != 0 ? row.OriginalFirstThunk : row.FirstThunk};  // IMP-02
    dll.entries = TRY(read_list(image, dll.name, names, dll.iat, budget));
    if (!dll.entries.empty()) dlls.push_back(std::move(dll));  // IMP-04
  }
}

Result<std::vector<DelayImportedDll>> delay_imports(const Image& image) {
  std::vector<DelayImportedDll> dlls;
  const Rva table = image.directory(kDirectoryDelayImport).rva;
  if (!table) return dlls;
  WorkBudget budget(image);
  for (std::uint32_t offset = 0;; offset += sizeof(DelayLoadDescriptor)) {
    const Rva descriptor{table.value + offset};
    const auto row = TRY(image.read<DelayLoadDescriptor>(descriptor));
    if (row.DllNameRVA == 0) return dlls;
    TRY(budget.spend(sizeof row));
    // Linkers before 2002 wrote addresses; on x86-64 there were none yet.
    const bool addresses = (row.Attributes & kDelayLoadRvaBased) == 0;
    if (addresses && !image.is_pe32())
      return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: its delayed imports are given by address, not by RVA",
                  image.name());
    const auto base = static_cast<std::uint32_t>(addresses ? image.image_base() : 0);
    DelayImportedDll dll;
    dll.descriptor = descriptor;
    dll.name = TRY(read_name(image, Rva{row.DllNameRVA - base}, budget));
    dll.module_handle = Rva{row.ModuleHandleRVA - base};
    dll.iat = Rva{row.ImportAddressTableRVA - base};
    dll.names = Rva{row.ImportNameTableRVA - base};
    dll.entries = TRY(read_list(image, dll.name, dll.names, dll.iat, budget));
    dlls.push_back(std::move(dll));
  }
}

}  // namespace hmodule::pe
