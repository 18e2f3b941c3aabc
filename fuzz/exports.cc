#include "pe/exports.h"

#include "fuzz.h"

using namespace hmodule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::for_each_layout(data, size, [](const pe::Image& image) {
    const auto table = pe::ExportTable::parse_or_empty(image);
    for (const char* name : {"", "alpha", "\xFF\xFF", "z"}) table.find(name);
    for (const std::uint32_t ordinal : {0U, 1U, 10U, 0xFFFFU, 0xFFFFFFFFU}) table.find(ordinal);
    const auto entries = table.entries();
    if (!entries) return;
    std::size_t tries = 64;
    for (const pe::ExportEntry& entry : *entries) {
      if (entry.target.is_forwarder()) pe::parse_forwarder(entry.target.forwarder);
      if (entry.name.empty() || tries-- == 0) break;
      table.find(entry.name, entry.ordinal);
      if (!table.find(entry.ordinal)) __builtin_trap();  // what is listed is found by its ordinal
    }
  });
  return 0;
}
