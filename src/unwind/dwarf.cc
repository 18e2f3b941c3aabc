// Both formats say the same in different ways. Windows lists what each prolog instruction did, to be undone from the
// last to the first; DWARF lists, by address, where the caller's registers are. So each row is found by undoing the
// prolog on paper: like virtual_unwind(), but with "RSP + 40" in the place of numbers. A test compares the two.
#include "unwind/dwarf.h"

#include "unwind/image_reader.h"
#include "unwind/unwind_info.h"

#include <cstring>
#include <set>

namespace hmodule::unwind {
namespace {

constexpr int kMostChained = 64;  // a circle is damage

template <typename T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

Place operator+(const Place& place, std::int64_t distance) {
  return {place.reg, place.offset + distance};
}

// One way through the prolog, backwards.
class Paper {
 public:
  // False when it cannot be said.
  bool undo(const UnwindInfo& info, std::uintptr_t offset) {
    const bool framed = frame_register_in_effect(info, offset);
    if (framed && row_.integer[info.FrameRegister]) return false;
    const Place frame = framed ? Place{info.FrameRegister, -16 * info.FrameOffset} : rsp_;
    const UnwindCode* const codes = info.codes();
    for (unsigned i = 0; i < info.CountOfCodes; i += slots(codes[i])) {
      const UnwindCode& code = codes[i];
      if (code.CodeOffset > offset && code.Operation != kEpilog) continue;
      const auto near = [&] { return load<std::uint16_t>(&codes[i + 1]); };
      const auto far = [&] { return load<std::uint32_t>(&codes[i + 1]); };
      switch (code.Operation) {
        case kPushNonvol:
          row_.integer[code.Info] = rsp_;
          rsp_ = rsp_ + 8;
          break;
        case kAllocLarge:
          rsp_ = rsp_ + (code.Info == 0 ? std::int64_t{near()} * 8 : std::int64_t{far()});
          break;
        case kAllocSmall:
          rsp_ = rsp_ + (code.Info * 8 + 8);
          break;
        case kSetFpreg:
          if (row_.integer[info.FrameRegister]) return false;
          rsp_ = {info.FrameRegister, -16 * info.FrameOffset};
          break;
        case kSaveNonvol:
          row_.integer[code.Info] = frame + std::int64_t{near()} * 8;
          break;
        case kSaveNonvolFar:
          row_.integer[code.Info] = frame + std::int64_t{far()};
          break;
        case kSaveXmm128:
          row_.xmm[code.Info] = frame + std::int64_t{near()} * 16;
          break;
        case kSaveXmm128Far:
          row_.xmm[code.Info] = frame + std::int64_t{far()};
          break;
        case kPushMachframe:
          return false;
        default:
          break;
      }
    }
    return true;
  }

  UnwindRow finish(std::uintptr_t begin) {
    row_.begin = begin;
    row_.caller_rsp = rsp_ + 8;
    row_.integer[kRsp].reset();
    return row_;
  }

 private:
  Place rsp_{kRsp, 0};
  UnwindRow row_;
};

std::optional<UnwindRow> row_at(std::uintptr_t base, const RUNTIME_FUNCTION& function, std::uintptr_t offset) {
  Paper paper;
  ImageReader image(base, base + function.BeginAddress);
  const UnwindInfo* info = image.info(function);
  if (info == nullptr || !paper.undo(*info, offset)) return std::nullopt;
  for (int depth = 0; depth < kMostChained; ++depth) {  // EH-10
    const RUNTIME_FUNCTION* const parent = chained_from(*info);
    if (parent == nullptr) return paper.finish(offset);
    info = image.info(*parent);
    if (info == nullptr || !paper.undo(*info, ~std::uintptr_t{0})) return std::nullopt;
  }
  return std::nullopt;
}

bool says_the_same(const UnwindRow& a, const UnwindRow& b) {
  return a.caller_rsp == b.caller_rsp && a.integer == b.integer && a.xmm == b.xmm;
}

}  // namespace

std::optional<std::vector<UnwindRow>> unwind_rows(std::uintptr_t base, const RUNTIME_FUNCTION& function) {
  const UnwindInfo* const found = ImageReader(base, base + function.BeginAddress).info(function);
  if (found == nullptr) return std::nullopt;
  const UnwindInfo& info = *found;
  std::set<std::uintptr_t> changes = {0, info.SizeOfProlog};
  for (unsigned i = 0; i < info.CountOfCodes; i += slots(info.codes()[i]))
    if (info.codes()[i].Operation != kEpilog) changes.insert(info.codes()[i].CodeOffset);
  std::vector<UnwindRow> rows;
  for (const std::uintptr_t offset : changes) {
    if (function.BeginAddress + offset >= function.EndAddress && offset != 0) break;
    const std::optional<UnwindRow> row = row_at(base, function, offset);
    if (!row) return std::nullopt;
    if (rows.empty() || !says_the_same(rows.back(), *row)) rows.push_back(*row);
  }
  return rows;
}

// --- .eh_frame ---

namespace {

// DWARF numbers of the x86-64 psABI, figure 3.36.
constexpr std::array<unsigned, 16> kDwarfInteger = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr unsigned kDwarfXmm0 = 17, kDwarfReturnAddress = 16;
constexpr std::int64_t kDataAlignment = -8;

enum CallFrame : unsigned {  // DWARF 5, table 7.29
  kAdvance = 0x40,
  kOffset = 0x80,
  kAdvance1 = 0x02,
  kAdvance2 = 0x03,
  kSameValue = 0x08,
  kDefCfa = 0x0c,
  kExpression = 0x10,
  kOffsetSigned = 0x11,
  kDefCfaSigned = 0x12,
};
constexpr unsigned kBreg0 = 0x70;  // DW_OP_breg0

// What holds before the first instruction, and what the CIE says.
UnwindRow at_entry() {
  UnwindRow row;
  row.caller_rsp = {kRsp, 8};
  return row;
}

}  // namespace

template <typename T>
void EhFrame::put(T value) {
  const auto* const raw = reinterpret_cast<const std::byte*>(&value);
  bytes_.insert(bytes_.end(), raw, raw + sizeof value);
}

void EhFrame::put_bytes(std::initializer_list<unsigned> bytes) {
  for (const unsigned byte : bytes) bytes_.push_back(static_cast<std::byte>(byte));
}

void EhFrame::put_unsigned(std::uint64_t value) {  // LEB128
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<std::byte>(value | 0x80));
  bytes_.push_back(static_cast<std::byte>(value));
}

void EhFrame::put_signed(std::int64_t value) {
  while (value < -0x40 || value >= 0x40) {
    bytes_.push_back(static_cast<std::byte>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<std::byte>(value & 0x7F));
}

void EhFrame::close(std::size_t start) {
  while ((bytes_.size() - start) % 8 != 4) bytes_.push_back(std::byte{0});  // DW_CFA_nop
  const auto length = static_cast<std::uint32_t>(bytes_.size() - start - 4);
  std::memcpy(&bytes_[start], &length, sizeof length);
}

EhFrame::EhFrame(const void* personality) {
  put<std::uint32_t>(0);  // the length, known at the end
  put<std::uint32_t>(0);  // a CIE
  put_bytes({1, 'z'});    // version
  if (personality != nullptr) put_bytes({'P'});
  put_bytes({'R', 0});
  put_unsigned(1);  // code alignment
  put_signed(kDataAlignment);
  put_bytes({kDwarfReturnAddress});
  if (personality != nullptr) {
    put_unsigned(1 + 8 + 1);
    put_bytes({0});  // DW_EH_PE_absptr
    put(personality);
  } else {
    put_unsigned(1);
  }
  put_bytes({0});  // DW_EH_PE_absptr: how functions' addresses are written
  put_bytes({kDefCfa, kDwarfInteger[kRsp], 8});
  put_bytes({kOffset | kDwarfReturnAddress, 1});
  close(0);
}

void EhFrame::add(std::uintptr_t begin, std::uintptr_t end, const std::vector<UnwindRow>& rows) {
  const std::size_t start = bytes_.size();
  put<std::uint32_t>(0);
  put(static_cast<std::uint32_t>(bytes_.size()));  // back to the CIE, which is at 0
  put<std::uint64_t>(begin);
  put<std::uint64_t>(end - begin);
  put_unsigned(0);  // no augmentation data
  UnwindRow before = at_entry();
  for (const UnwindRow& row : rows) {
    put_row(row, before);
    before = row;
  }
  close(start);
}

void EhFrame::put_row(const UnwindRow& row, const UnwindRow& before) {
  const std::uintptr_t advance = row.begin - before.begin;
  if (advance >= 0x100) {
    put_bytes({kAdvance2});
    put(static_cast<std::uint16_t>(advance));
  } else if (advance >= 0x40) {
    put_bytes({kAdvance1, static_cast<unsigned>(advance)});
  } else if (advance != 0) {
    put_bytes({kAdvance | static_cast<unsigned>(advance)});
  }
  const Place& cfa = row.caller_rsp;
  if (cfa != before.caller_rsp) {
    put_bytes({cfa.offset < 0 ? kDefCfaSigned : kDefCfa});
    put_unsigned(kDwarfInteger[cfa.reg]);
    if (cfa.offset < 0)
      put_signed(cfa.offset / kDataAlignment);
    else
      put_unsigned(static_cast<std::uint64_t>(cfa.offset));
  }
  // A place is written as a distance from the CFA, or, where that is not constant, from another register.
  const auto moved = [&](const std::optional<Place>& now, const std::optional<Place>& then) {
    if (now.has_value() != then.has_value()) return true;
    if (!now) return false;
    const bool by_cfa = now->reg == cfa.reg, was_by_cfa = then->reg == before.caller_rsp.reg;
    if (by_cfa != was_by_cfa) return true;
    return by_cfa ? now->offset - cfa.offset != then->offset - before.caller_rsp.offset : *now != *then;
  };
  for (unsigned i = 0; i < 16; ++i) {
    if (moved(row.integer[i], before.integer[i])) put_saved(kDwarfInteger[i], row.integer[i], cfa);
    if (moved(row.xmm[i], before.xmm[i])) put_saved(kDwarfXmm0 + i, row.xmm[i], cfa);
  }
}

void EhFrame::put_saved(unsigned dwarf_register, const std::optional<Place>& place, const Place& cfa) {
  if (!place) {
    put_bytes({kSameValue});
    return put_unsigned(dwarf_register);
  }
  const std::int64_t from_cfa = place->offset - cfa.offset;
  if (place->reg != cfa.reg || from_cfa % kDataAlignment != 0) {
    put_bytes({kExpression});
    put_unsigned(dwarf_register);
    const std::size_t length_at = bytes_.size();
    put_bytes({0, kBreg0 + kDwarfInteger[place->reg]});
    put_signed(place->offset);
    bytes_[length_at] = static_cast<std::byte>(bytes_.size() - length_at - 1);
  } else if (from_cfa > 0) {
    put_bytes({kOffsetSigned});
    put_unsigned(dwarf_register);
    put_signed(from_cfa / kDataAlignment);
  } else {
    put_bytes({kOffset | dwarf_register});
    put_unsigned(static_cast<std::uint64_t>(from_cfa / kDataAlignment));
  }
}

std::vector<std::byte> EhFrame::finish() {
  put<std::uint32_t>(0);
  return std::move(bytes_);
}

}  // namespace hmodule::unwind
