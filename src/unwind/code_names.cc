#include "unwind/code_names.h"

#include "base/utf.h"
#include "pe/exceptions.h"
#include "unwind/image_reader.h"

#include <algorithm>
#include <map>
#include <set>

namespace hmodule::unwind {
namespace {

std::string prefix_of(const Module& module) {
  std::string name = utf8(module.base_name());
  if (name.size() > 4 && name.ends_with(".dll")) name.resize(name.size() - 4);
  return name + '!';
}

// Ends of the executable sections: no function goes on behind one.
std::uint32_t end_of_section(const Module& module, std::uint32_t rva) {
  for (const pe::Section& section : module.image.sections())
    if (section.executable() && section.contains({rva})) return section.end();
  return 0;
}

// A piece of a function that is in several (EH-10) belongs to it, and has no name of its own.
bool is_piece(const Module& module, const RUNTIME_FUNCTION& function) {
  const auto base = reinterpret_cast<std::uintptr_t>(module.base());
  if ((function.UnwindData & 1) != 0) return true;
  const UnwindInfo* const info = ImageReader(base, base + function.BeginAddress).info(function);
  return info != nullptr && (info->Flags & kChainInfo) != 0;
}

}  // namespace

std::span<const RUNTIME_FUNCTION> functions_of(const Module& module) {
  const auto table = pe::exception_table(module.image);
  if (!table) return {};
  return {reinterpret_cast<const RUNTIME_FUNCTION*>(table->data()), table->size()};
}

std::vector<NamedCode> named_code(const Module& module) {
  const std::string prefix = prefix_of(module);
  std::map<std::uint32_t, NamedCode> found;
  const auto add = [&](std::uint32_t begin, std::uint32_t end, std::string name) {
    found.try_emplace(begin, NamedCode{begin, end, prefix + std::move(name)});
  };
  const auto exports = module.exports.entries();
  for (const pe::ExportEntry& entry : exports ? *exports : std::vector<pe::ExportEntry>()) {
    const std::uint32_t rva = entry.target.rva.value;
    if (entry.target.is_forwarder() || end_of_section(module, rva) == 0) continue;
    add(rva, 0, entry.name.empty() ? '#' + std::to_string(entry.ordinal) : std::string(entry.name));
  }
  std::map<std::uint32_t, std::uint32_t> ends;
  for (const RUNTIME_FUNCTION& function : functions_of(module)) {
    ends[function.BeginAddress] = function.EndAddress;
    if (!found.contains(function.BeginAddress)) {
      const bool piece = is_piece(module, function);
      add(function.BeginAddress, 0, fmt::format("{}{:#x}", piece ? "part_" : "", function.BeginAddress));
    }
  }
  // The size is in the entry; a leaf function has none (EH-04) and goes on to what comes next.
  std::vector<NamedCode> all;
  for (auto at = found.begin(); at != found.end(); ++at) {
    const auto entry = ends.find(at->first);
    const auto next = std::next(at);
    const std::uint32_t limit = end_of_section(module, at->first);
    at->second.end = entry != ends.end() ? entry->second : next != found.end() ? std::min(next->first, limit) : limit;
    if (at->second.end > at->first) all.push_back(std::move(at->second));
  }
  return all;
}

}  // namespace hmodule::unwind
