#include "bind/trap.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace hmodule::bind {

// What a trap knows of its function, in memory that can be written. `target` comes first: the trap jumps to it.
struct TrapSlot {
  Proc target;
  const char *sentence, *function;
  Module* provider;
};

extern "C" {
HM_WINAPI void hm_call_late();  // trap.S
__attribute__((visibility("hidden"))) HM_WINAPI Proc hm_find_late(TrapSlot* slot) noexcept;
}

namespace {

LateBinder late_binder;

[[noreturn]] void end_process(const char* sentence) {
  const auto put = [](const char* text) {
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
  };
  put("hmodule: ");
  put(sentence);
  put("\n");
  std::abort();
}

// lea r11, [rip + slot]; jmp [rip + slot]
struct Trap {
  std::uint8_t lea[3] = {0x4C, 0x8D, 0x1D};
  std::uint8_t slot_from_jump[4] = {};
  std::uint8_t jump[2] = {0xFF, 0x25};
  std::uint8_t slot_from_end[4] = {};
  std::uint8_t padding[3] = {0xCC, 0xCC, 0xCC};
};
static_assert(sizeof(Trap) == 16);

void put_distance(std::uint8_t (&field)[4], std::size_t distance) {
  const auto value = static_cast<std::int32_t>(distance);
  std::memcpy(field, &value, sizeof value);
}

}  // namespace

Proc hm_find_late(TrapSlot* slot) noexcept {
  if (slot->provider != nullptr && late_binder.find != nullptr) {
    if (const Proc found = late_binder.find(late_binder.context, *slot->provider, slot->function)) {
      __atomic_store_n(&slot->target, found, __ATOMIC_RELEASE);
      return found;
    }
  }
  end_process(slot->sentence);
}

void set_late_binder(const LateBinder& binder) {
  late_binder = binder;
}

// The traps, on pages of their own; then their slots; then the texts.
Result<Traps> make_traps(const std::vector<MissingFunction>& missing) {
  std::string texts;
  std::vector<std::size_t> functions, sentences;
  for (const MissingFunction& m : missing) {
    functions.push_back(texts.size());
    texts += m.function + '\0';
    sentences.push_back(texts.size());
    texts += fmt::format("{} called {}!{}, which hmodule does not provide", m.importer, m.dll, m.function) + '\0';
  }
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t slots_at = (missing.size() * sizeof(Trap) + page - 1) / page * page;
  const std::size_t texts_at = slots_at + missing.size() * sizeof(TrapSlot);
  Traps traps{TRY(map::Mapping::reserve(0, texts_at + texts.size())), {}};
  std::byte* const base = traps.region.base();
  if (mprotect(base, traps.region.size(), PROT_READ | PROT_WRITE) != 0)
    return fail(STATUS_NO_MEMORY, "no memory for the traps of {} missing functions", missing.size());
  std::memcpy(base + texts_at, texts.data(), texts.size());
  const auto* const text = reinterpret_cast<const char*>(base + texts_at);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const std::size_t slot_at = slots_at + i * sizeof(TrapSlot), trap_at = i * sizeof(Trap);
    Trap trap;
    put_distance(trap.slot_from_jump, slot_at - (trap_at + offsetof(Trap, jump)));
    put_distance(trap.slot_from_end, slot_at - (trap_at + offsetof(Trap, padding)));
    std::memcpy(base + trap_at, &trap, sizeof trap);
    new (base + slot_at)
        TrapSlot{reinterpret_cast<Proc>(&hm_call_late), text + sentences[i], text + functions[i], missing[i].provider};
    traps.addresses.push_back(base + trap_at);
  }
  if (mprotect(base, slots_at, PROT_READ | PROT_EXEC) != 0)
    return fail(STATUS_NO_MEMORY, "the traps of missing functions cannot be made executable");
  return traps;
}

}  // namespace hmodule::bind
