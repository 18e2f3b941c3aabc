// Real unwind data: RtlVirtualUnwind from sampled instructions of real DLLs, with random registers and stacks, beside
// an implementation of its own (support/reference_unwind.h), which must agree in everything (EH-01...EH-12).
#include "support/reference_unwind.h"
#include "win/context.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <memory>
#include <random>

namespace {

using namespace hmodule;
using test::ReferenceFrame;
using test::ReferenceImage;
using test::ReferenceRegisters;

constexpr std::size_t kStackSize = 8 << 20;

// Every word of the stack, and every register, points into its middle: whatever is taken for a frame can be read.
class RandomStack {
 public:
  RandomStack() : words_(std::make_unique<std::uint64_t[]>(kStackSize / 8)) {
    for (std::size_t i = 0; i < kStackSize / 8; ++i) words_[i] = somewhere();
  }
  std::uint64_t somewhere() {
    const std::uint64_t offset = kStackSize / 4 + random_() % (kStackSize / 4);
    return reinterpret_cast<std::uintptr_t>(words_.get()) + offset / 16 * 16;
  }
  ReferenceRegisters registers() {
    ReferenceRegisters all;
    for (std::uint64_t& each : all.general) each = somewhere();
    for (auto& each : all.vector) each = {random_(), random_()};
    return all;
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words_.get(), kStackSize / 8)); }
  std::uint64_t number_below(std::uint64_t limit) { return random_() % limit; }

 private:
  std::unique_ptr<std::uint64_t[]> words_;
  std::mt19937_64 random_{20200401};
};

class Comparison {
 public:
  explicit Comparison(const std::filesystem::path& dll) : library_(dll) {
    const auto base = reinterpret_cast<const std::byte*>(library_.handle());
    std::uint32_t nt = 0, size = 0;
    std::memcpy(&nt, base + 0x3C, sizeof nt);
    std::memcpy(&size, base + nt + 4 + 20 + 56, sizeof size);  // SizeOfImage
    image_ = std::make_unique<ReferenceImage>(std::span(base, size));
  }

  // Of each `step`th function: its prolog, its epilogs, and some places in its body.
  void run(std::size_t step) {
    const auto& entries = image_->entries();
    for (std::size_t i = 0; i < entries.size() && failures_ < 10; i += step) {
      const ReferenceImage::Entry& entry = entries[i];
      const std::uint32_t size = entry.end - entry.begin;
      std::vector<std::uint32_t> points = image_->prolog_points(entry);
      const std::vector<std::uint32_t> epilogs = image_->epilog_points(entry);
      points.insert(points.end(), epilogs.begin(), epilogs.end());
      for (int n = 0; n < 4; ++n) points.push_back(static_cast<std::uint32_t>(stack_.number_below(size)));
      std::sort(points.begin(), points.end());
      points.erase(std::unique(points.begin(), points.end()), points.end());
      for (const std::uint32_t offset : points)
        if (offset < size) compare(entry, offset);
      functions += 1;
      chained += image_->is_chained(entry) ? 1 : 0;
      in_epilogs += epilogs.size();
    }
  }

  std::size_t functions = 0, chained = 0, in_epilogs = 0, compared = 0, unknown = 0;

 private:
  void compare(const ReferenceImage::Entry& entry, std::uint32_t offset) {
    const std::uint32_t pc = entry.begin + offset;
    const auto base = reinterpret_cast<u64>(library_.handle());
    u64 found_base = 0;
    auto* const found = lookup_(base + pc, &found_base, nullptr);
    const ReferenceImage::Entry* const expected_entry = image_->entry_at(pc);
    if (found == nullptr || std::memcmp(found, expected_entry, sizeof *expected_entry) != 0 || found_base != base)
      return fail(pc, "RtlLookupFunctionEntry");

    const ReferenceRegisters before = stack_.registers();
    const unsigned handlers = 1 + compared % 2;
    const std::optional<ReferenceFrame> expected = image_->unwind(pc, before, stack_.bytes(), handlers);
    if (!expected) {
      unknown += 1;
      return;
    }
    CONTEXT context{};
    for (unsigned n = 0; n < 16; ++n) context.reg(n) = before.general[n];
    std::memcpy(&context.xmm(0), before.vector.data(), sizeof before.vector);
    KNONVOLATILE_CONTEXT_POINTERS pointers{};
    void* data = nullptr;
    u64 establisher = 0;
    const void* const handler = unwind_(handlers, base, base + pc, found, &context, &data, &establisher, &pointers);
    compared += 1;

    if (context.Rip != expected->caller.rip) fail(pc, "rip");
    if (establisher != expected->establisher) fail(pc, "the establisher frame");
    const auto address = [base](std::uint32_t rva) { return reinterpret_cast<void*>(rva != 0 ? base + rva : 0); };
    if (handler != address(expected->handler)) fail(pc, "the handler");
    if (data != address(expected->handler_data)) fail(pc, "the handler's data");
    if (std::memcmp(&context.xmm(0), expected->caller.vector.data(), sizeof before.vector) != 0) fail(pc, "xmm");
    for (unsigned n = 0; n < 16; ++n) {
      if (context.reg(n) != expected->caller.general[n]) fail(pc, "a register");
      if (reinterpret_cast<std::uint64_t>(pointers.IntegerContext[n]) != expected->general_from[n] ||
          reinterpret_cast<std::uint64_t>(pointers.FloatingContext[n]) != expected->vector_from[n])
        fail(pc, "a register's place");
    }
  }

  void fail(std::uint32_t pc, const char* what) {
    ADD_FAILURE() << std::hex << "RVA 0x" << pc << ": " << what;
    failures_ += 1;
  }

  const library library_, ntdll_{"ntdll.dll"};
  const function_pointer<void*(u64, u64*, void*)> lookup_ =
      ntdll_.get<void*(u64, u64*, void*)>("RtlLookupFunctionEntry");
  const function_pointer<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)> unwind_ =
      ntdll_.get<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)>("RtlVirtualUnwind");
  std::unique_ptr<ReferenceImage> image_;
  RandomStack stack_;
  int failures_ = 0;
};

struct RealUnwindData {
  const char* directory;
  const char* dll;
  std::size_t step;  // every so many function
};
class UnwindData : public ::testing::TestWithParam<RealUnwindData> {};

TEST_P(UnwindData, MeansTheSameToTwoImplementations) {
  const auto dll = std::filesystem::path(GetParam().directory) / GetParam().dll;
  if (!std::filesystem::exists(dll)) GTEST_SKIP() << dll << " is not there: run scripts/fetch-dlls";
  Comparison comparison(dll);
  comparison.run(GetParam().step);
  EXPECT_GT(comparison.compared, 3 * comparison.functions);
  EXPECT_GT(comparison.in_epilogs, 0U);
  EXPECT_LT(comparison.unknown, comparison.compared / 100) << "left out by the reference";
  RecordProperty("functions", static_cast<int>(comparison.functions));
  RecordProperty("compared", static_cast<int>(comparison.compared));
  std::printf("%s: %zu functions (%zu chained), %zu places compared, %zu in epilogs, %zu left out\n", GetParam().dll,
              comparison.functions, comparison.chained, comparison.compared, comparison.in_epilogs, comparison.unknown);
}

INSTANTIATE_TEST_SUITE_P(Real, UnwindData,
                         ::testing::Values(RealUnwindData{REAL_DLLS, "duckdb.dll", 3},
                                           RealUnwindData{REAL_DLLS, "libstdc++-6.dll", 1},
                                           RealUnwindData{SYSTEM32, "ucrtbase.dll", 1}),
                         [](const auto& instance) {
                           std::string name(instance.param.dll);
                           std::replace_if(
                               name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
