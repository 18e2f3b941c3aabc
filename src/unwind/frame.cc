// What unwinding does depends on pc alone, but for the registers it starts from; and exceptions come from few places,
// which a walk meets again and again: mingw-w64's runtime raises anew for every frame with a clean-up. So its plan is
// kept as long as no table has changed. Of loaded images only: the entries of generated code may change in place.
#include "unwind/frame.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <utility>

namespace hmodule::unwind {
namespace {

// Each in one of two slots. Readers take no lock and write nothing: one that a plan changed under, as the number tells
// it, has found nothing.
class Plans {
 public:
  static bool find(std::uintptr_t pc, FramePlan& plan) {
    const Pair& pair = pair_of(pc);
    return pair[pair[0].pc() == pc ? 0 : 1].read(pc, plan);
  }
  static void keep(std::uintptr_t pc, std::uint64_t changes, const FramePlan& plan) {
    Pair& pair = pair_of(pc);
    const bool in_second = pair[1].pc() == pc || (pair[0].pc() != pc && pair[0].is_current());
    pair[in_second ? 1 : 0].write(pc, changes, plan);
  }

 private:
  static constexpr std::size_t kWords = sizeof(FramePlan) / 8, kHeader = kWords - UnwindPlan::kMostSaved;
  static_assert(sizeof(UnwindPlan::Saved) == 8 && offsetof(FramePlan, unwind.saved) == kHeader * 8);

  class alignas(64) Slot {
   public:
    std::uint64_t number() const { return number_.load(std::memory_order_acquire); }
    std::uintptr_t pc() const { return pc_.load(std::memory_order_acquire); }
    bool is_current() const {
      return changes_.load(std::memory_order_acquire) == table_changes.load(std::memory_order_acquire);
    }

    bool read(std::uintptr_t wanted, FramePlan& plan) const {
      const std::uint64_t before = number();
      if (pc() != wanted || !is_current()) return false;
      auto* const target = reinterpret_cast<std::byte*>(&plan);
      const auto copy = [&](std::size_t i) __attribute__((always_inline)) {
        const std::uint64_t word = words_[i].load(std::memory_order_acquire);
        std::memcpy(target + i * sizeof word, &word, sizeof word);
      };
      [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
        (copy(i), ...);
      }
      (std::make_index_sequence<kHeader>());
      if (plan.unwind.count > UnwindPlan::kMostSaved) return false;
      for (std::size_t i = kHeader; i < kHeader + plan.unwind.count; ++i) copy(i);
      return before % 2 == 0 && number() == before;
    }

    void write(std::uintptr_t place, std::uint64_t changes, const FramePlan& plan) {
      std::uint64_t before = number();
      if (before % 2 != 0 || !number_.compare_exchange_strong(before, before + 1)) return;
      pc_.store(place, std::memory_order_release);
      changes_.store(changes, std::memory_order_release);
      for (std::size_t i = 0; i < kHeader + plan.unwind.count; ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, reinterpret_cast<const std::byte*>(&plan) + i * sizeof word, sizeof word);
        words_[i].store(word, std::memory_order_release);
      }
      number_.store(before + 2, std::memory_order_release);
    }

   private:
    std::atomic<std::uint64_t> number_, pc_, changes_;  // number: odd while the rest is written
    std::array<std::atomic<std::uint64_t>, kWords> words_;
  };
  using Pair = std::array<Slot, 2>;

  static constexpr unsigned kBits = 8;
  static Pair& pair_of(std::uintptr_t pc) { return pairs_[pc * 0x9E37'79B9'7F4A'7C15 >> (64 - kBits)]; }
  static inline std::array<Pair, 1U << kBits> pairs_{};
};

[[gnu::noinline]] Frame look_up_frame(ULONG handler_type, CONTEXT& context) {
  const std::uintptr_t pc = context.Rip;
  const std::uint64_t changes = table_changes.load(std::memory_order_acquire);
  Frame frame{find_function(pc), {}};
  if (frame.entry.image_base == 0) return frame;
  std::optional<UnwindPlan> plan;
  frame.handler =
      virtual_unwind(stack_above(context.Rsp), frame.entry.image_base, pc, frame.entry.function, context, plan);
  if (plan && find_image(pc).base == frame.entry.image_base) Plans::keep(pc, changes, {frame.entry, *plan});
  if ((frame.handler.kinds & handler_type) == 0) frame.handler.routine = nullptr;
  return frame;
}

}  // namespace

Frame leave_frame(ULONG handler_type, CONTEXT& context) {
  alignas(FramePlan) std::byte storage[sizeof(FramePlan)];  // a plan would be filled with zeros first
  FramePlan& plan = *reinterpret_cast<FramePlan*>(storage);
  if (!Plans::find(context.Rip, plan)) [[unlikely]]
    return look_up_frame(handler_type, context);
  const FrameHandler handler = handler_of(plan.unwind, handler_type, context);
  if (!follow(plan.unwind, stack_above(context.Rsp), context)) return {plan.entry, {}};
  return {plan.entry, handler};
}

bool find_plan(std::uintptr_t pc, FramePlan& plan) {
  return Plans::find(pc, plan);
}

}  // namespace hmodule::unwind
