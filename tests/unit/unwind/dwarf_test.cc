// What unwind data says as DWARF, against the virtual unwinder: at every instruction of hand-made functions, and at
// sampled ones of real DLLs.
#include "unwind/dwarf.h"

#include "pe/exceptions.h"
#include "support/dwarf_eval.h"
#include "unwind/function_table.h"
#include "unwind/unwind_info.h"
#include "unwind/virtual_unwind.h"

#include <Zydis/Zydis.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace hmodule::unwind {
namespace {

// A stack whose words are their own addresses, so that a wrong place is a wrong value. Registers point into it.
class Stack {
 public:
  static constexpr std::size_t kSize = std::size_t{16} << 20;
  Stack() : words_(kSize / 8) {
    for (std::uint64_t& word : words_) word = reinterpret_cast<std::uint64_t>(&word);
  }
  CONTEXT context(std::uintptr_t pc) const {
    CONTEXT context{};
    const std::uint64_t middle = reinterpret_cast<std::uint64_t>(words_.data()) / 16 * 16 + kSize / 2;
    for (unsigned i = 0; i < 16; ++i) context.reg(i) = middle + i * 0x100;
    for (unsigned i = 0; i < 16; ++i) context.xmm(i) = {i, ~static_cast<LONGLONG>(i)};
    context.Rip = pc;
    return context;
  }

 private:
  std::vector<std::uint64_t> words_;
};

std::string difference(const CONTEXT& a, const CONTEXT& b) {
  CONTEXT left = a, right = b;
  if (left.Rip != right.Rip) return "rip";
  for (unsigned i = 0; i < 16; ++i)
    if (left.reg(i) != right.reg(i)) return "register " + std::to_string(i);
  for (unsigned i = 0; i < 16; ++i)
    if (std::memcmp(&left.xmm(i), &right.xmm(i), sizeof(M128A)) != 0) return "xmm" + std::to_string(i);
  return {};
}

// In an epilog the virtual unwinder only runs the rest of it: what it does not pop it takes for restored, and the
// registers of this test are not. DWARF says where they were.
bool may_be_epilog(const BYTE* at) {
  if (at[0] == 0x48 && (at[1] == 0x83 || at[1] == 0x81) && at[2] == 0xC4) return true;            // add rsp, n
  if ((at[0] & 0xF8) == 0x48 && at[1] == 0x8D && (at[2] & 0x38) == 0x20) return true;             // lea rsp, [...]
  if ((at[0] & 0xF8) == 0x58 || ((at[0] & 0xF0) == 0x40 && (at[1] & 0xF8) == 0x58)) return true;  // pop
  if (at[0] == 0xC3 || at[0] == 0xC2 || (at[0] == 0xF3 && at[1] == 0xC3)) return true;            // ret
  if (at[0] == 0xEB || at[0] == 0xE9) return true;                                                // jmp
  if ((at[0] & 0xF0) == 0x40) ++at;
  return at[0] == 0xFF && (at[1] & 0x38) == 0x20;  // jmp indirect
}

struct Comparison {
  std::size_t functions = 0, untold = 0, places = 0;
  std::vector<std::string> differences;
};

class Comparer {
 public:
  Comparer() { ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64); }

  // Looks at every instruction of the prolog, and at every `step`th behind it.
  void compare(std::uintptr_t base, const RUNTIME_FUNCTION& function, unsigned step, Comparison& result) {
    result.functions += 1;
    const auto rows = unwind_rows(base, function);
    if (!rows) {
      result.untold += 1;
      return;
    }
    EhFrame writer;
    writer.add(base + function.BeginAddress, base + function.EndAddress, *rows);
    const std::vector<std::byte> eh_frame = writer.finish();
    const testing::DwarfSection dwarf(eh_frame);
    const unsigned prolog = info_of(base, function).SizeOfProlog;
    unsigned number = 0;
    for (ULONG rva = function.BeginAddress; rva < function.EndAddress; ++number) {
      const auto* const at = reinterpret_cast<const BYTE*>(base + rva);
      const bool in_prolog = rva - function.BeginAddress < prolog;
      if (in_prolog || (number % step == 0 && !may_be_epilog(at))) compare_at(base, function, rva, dwarf, result);
      ZydisDecodedInstruction instruction;
      if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder_, nullptr, at, function.EndAddress - rva, &instruction)))
        break;
      rva += instruction.length;
    }
  }

 private:
  void compare_at(std::uintptr_t base, const RUNTIME_FUNCTION& function, ULONG rva, const testing::DwarfSection& dwarf,
                  Comparison& result) {
    CONTEXT by_windows = stack_.context(base + rva), by_dwarf = by_windows;
    virtual_unwind(kEverything, kNoHandler, base, base + rva, &function, by_windows);
    result.places += 1;
    const bool told = dwarf.unwind(by_dwarf);
    const std::string what = told ? difference(by_windows, by_dwarf) : "no entry";
    if (!what.empty()) result.differences.push_back("rva " + std::to_string(rva) + ": " + what);
  }

  Stack stack_;
  ZydisDecoder decoder_{};
};

// A PE file laid out in memory, not to be run.
class LaidOut {
 public:
  explicit LaidOut(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(in), {}};
    auto image = pe::Image::parse(Bytes(std::as_bytes(std::span(file)), path.filename().string()));
    if (!image) throw std::runtime_error(image.error().reason);
    size_ = image->size_of_image();
    base_ = static_cast<std::byte*>(
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    std::memcpy(base_, file.data(), image->header_extent());
    for (const pe::Section& section : image->sections())
      std::memcpy(base_ + section.rva.value, file.data() + section.file_offset, section.file_size);
    const auto table = pe::exception_table(image->in_memory({base_, size_}));
    if (!table) throw std::runtime_error(table.error().reason);
    functions_ = {reinterpret_cast<RUNTIME_FUNCTION*>(const_cast<pe::RuntimeFunction*>(table->data())), table->size()};
    EXPECT_TRUE(add_image({base(), size_, functions_.data(), functions_.size()}));
  }
  LaidOut(const LaidOut&) = delete;
  LaidOut& operator=(const LaidOut&) = delete;
  ~LaidOut() {
    remove_image(base());
    munmap(base_, size_);
  }
  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(base_); }
  std::span<RUNTIME_FUNCTION> functions() const { return functions_; }

 private:
  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
  std::span<RUNTIME_FUNCTION> functions_;
};

class RealDll : public ::testing::TestWithParam<const char*> {};

TEST_P(RealDll, SaysTheSameInBothForms) {
  const std::filesystem::path path = std::filesystem::path(PROJECT_DIR) / "build" / GetParam();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const LaidOut dll(path);
  Comparer comparer;
  Comparison result;
  const std::size_t step = dll.functions().size() / 4000 + 1;
  for (std::size_t i = 0; i < dll.functions().size(); i += step)
    comparer.compare(dll.base(), dll.functions()[i], 7, result);
  EXPECT_GT(result.places, 3 * result.functions);
  EXPECT_EQ(result.untold, 0U);
  EXPECT_EQ(result.differences.size(), 0U) << result.differences.front() << " and others, of " << result.places;
}
INSTANTIATE_TEST_SUITE_P(Dwarf, RealDll,
                         ::testing::Values("dlls/duckdb.dll", "dlls/libstdc++-6.dll", "dlls/vec0.dll",
                                           "system32/ucrtbase.dll", "system32/msvcp140.dll"));

// A function of `nop`s at 0 with this unwind data at 0x100, and what it may be chained to at 0x180.
class HandMade : public ::testing::Test {
 protected:
  void put(std::size_t at, std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) image_[at++] = static_cast<BYTE>(byte);
  }
  Comparison compare() {
    std::memset(image_.data(), 0x90, function_.EndAddress);
    Comparison result;
    Comparer().compare(base(), function_, 1, result);
    for (const std::string& each : result.differences) ADD_FAILURE() << each;
    return result;
  }
  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(image_.data()); }

  alignas(16) std::array<BYTE, 0x300> image_{};
  RUNTIME_FUNCTION function_{0, 0x80, 0x100};
};

TEST_F(HandMade, FrameRegister) {
  put(0x100,
      {0x01, 0x1C, 8, 0x35, 0x1C, 0x64, 0x25, 0, 0x15, 0x34, 0x24, 0, 0x0E, 0x03, 0x09, 0x01, 0x22, 0, 0x02, 0x50});
  EXPECT_EQ(compare().places, 0x80U);
}

TEST_F(HandMade, PushesAfterTheFrameRegister) {  // mov rbp, rsp first; then push rbx, push r15, sub rsp 20h
  put(0x100, {0x01, 0x0A, 5, 0x05, 0x0A, 0x32, 0x06, 0xF0, 0x04, 0x30, 0x03, 0x03, 0x01, 0x50});
  EXPECT_EQ(compare().untold, 0U);
}

TEST_F(HandMade, SavesInTheCallersHomeSpace) {  // rbx at rsp+30h of a frame of 28h; xmm6 at 10h
  put(0x100, {0x01, 0x10, 5, 0x00, 0x10, 0x68, 0x01, 0, 0x0A, 0x34, 0x06, 0, 0x04, 0x42});
  EXPECT_EQ(compare().untold, 0U);
}

TEST_F(HandMade, LargeFrames) {  // 0x12345678 rounded to 8: beyond what the test's stack has, so a megabyte
  put(0x100, {0x01, 0x07, 5, 0x00, 0x07, 0x11, 0x00, 0x00, 0x10, 0x00, 0x00, 0x30});
  EXPECT_EQ(compare().untold, 0U);
}

TEST_F(HandMade, ChainedPieces) {  // EH-10
  put(0x100, {0x21, 0x00, 2, 0, 0x00, 0x34, 0x00, 0x00, 0, 0, 0, 0, 0x34, 0, 0, 0, 0x80, 1, 0, 0});
  put(0x180, {0x01, 0x05, 2, 0, 0x05, 0x32, 0x01, 0x50});
  EXPECT_EQ(compare().untold, 0U);
}

TEST_F(HandMade, AMachineFrameIsLeftOut) {
  put(0x100, {0x01, 0x00, 1, 0, 0x00, 0x0A});
  EXPECT_FALSE(unwind_rows(base(), function_));
}

TEST_F(HandMade, AFrameRegisterThatIsGoneIsLeftOut) {  // the piece restores rbp, by which its parent finds its frame
  put(0x100, {0x21, 0x00, 2, 0, 0x00, 0x54, 0x00, 0x00, 0, 0, 0, 0, 0x34, 0, 0, 0, 0x80, 1, 0, 0});
  put(0x180, {0x01, 0x05, 3, 0x05, 0x05, 0x03, 0x04, 0x32, 0x01, 0x50});
  EXPECT_FALSE(unwind_rows(base(), function_));
}

}  // namespace
}  // namespace hmodule::unwind
