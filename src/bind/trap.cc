#include "bind/trap.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hmodule::bind {
namespace {

// Runs in the place of the missing function, with the sentence its trap carries.
[[noreturn]] HM_WINAPI void end_process(const char* sentence) {
  const auto put = [](const char* text) {
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
  };
  put("hmodule: ");
  put(sentence);
  put("\n");
  std::abort();
}

// lea rcx, [rip + sentence]; jmp [rip + target]
struct Trap {
  std::uint8_t lea[3] = {0x48, 0x8D, 0x0D};
  std::uint8_t sentence_distance[4] = {};
  std::uint8_t jump[6] = {0xFF, 0x25, 0x03, 0x00, 0x00, 0x00};
  std::uint8_t padding[3] = {0xCC, 0xCC, 0xCC};
  HM_WINAPI void (*target)(const char*) = end_process;
};
static_assert(sizeof(Trap) == 24 && offsetof(Trap, target) == 16);

}  // namespace

Result<Traps> make_traps(const std::vector<MissingFunction>& missing) {
  std::string sentences;
  std::vector<std::size_t> offsets;
  for (const MissingFunction& m : missing) {
    offsets.push_back(sentences.size());
    sentences += fmt::format("{} called {}!{}, which hmodule does not provide", m.importer, m.dll, m.function);
    sentences += '\0';
  }
  const std::size_t code_size = missing.size() * sizeof(Trap);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t size = (code_size + sentences.size() + page - 1) / page * page;
  Traps traps{TRY(map::Mapping::reserve(0, size)), {}};
  std::byte* base = traps.region.base();
  if (mprotect(base, size, PROT_READ | PROT_WRITE) != 0)
    return fail(STATUS_NO_MEMORY, "no memory for the traps of {} missing functions", missing.size());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    Trap trap;
    const auto distance = static_cast<std::int32_t>(code_size + offsets[i] - (i * sizeof trap + offsetof(Trap, jump)));
    std::memcpy(trap.sentence_distance, &distance, sizeof distance);
    std::memcpy(base + i * sizeof trap, &trap, sizeof trap);
    traps.addresses.push_back(base + i * sizeof trap);
  }
  std::memcpy(base + code_size, sentences.data(), sentences.size());
  if (mprotect(base, size, PROT_READ | PROT_EXEC) != 0)
    return fail(STATUS_NO_MEMORY, "the traps of missing functions cannot be made executable");
  return traps;
}

}  // namespace hmodule::bind
