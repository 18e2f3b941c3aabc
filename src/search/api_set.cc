#include "search/api_set.h"

#include "base/utf.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace hmodule::search {
namespace {

enum class Family : std::uint8_t { api, ext, onecore };

struct Group {
  Family family;
  std::string_view host, contracts;
};

constexpr Group kGroups[] = {
#define API(host, contracts) {Family::api, host, contracts},
#define EXT(host, contracts) {Family::ext, host, contracts},
#define CORE(host, contracts) {Family::onecore, host, contracts},
#include "search/api_sets.inc"
#undef API
#undef EXT
#undef CORE
};

struct Contract {
  Family family;
  std::string_view key;  // without the family's prefix and the last number
  unsigned version;
  std::string_view host;

  auto order() const { return std::pair(family, key); }
};

// Contracts that kernel32 itself is not to resolve to itself.
struct PerImporter {
  std::string_view key, importer, host;
};
constexpr PerImporter kPerImporter[] = {
    {"core-io-l1-1", "kernel32.dll", "kernelbase.dll"},
    {"core-processthreads-l1-1", "kernel32.dll", "kernelbase.dll"},
    {"core-processsecurity-l1-1", "kernel32.dll", "kernelbase.dll"},
};

constexpr std::pair<std::string_view, Family> kPrefixes[] = {
    {"api-ms-win-", Family::api}, {"ext-ms-win-", Family::ext}, {"ext-ms-onecore-", Family::onecore}};

// "core-file-l1-2-4" -> "core-file-l1-2", 4. Anything after the digits ("4.dll") is left in `tail`.
struct Split {
  std::string_view key;
  unsigned version = 0;
  std::string_view tail;
};
Split split(std::string_view name) {
  const auto hyphen = name.rfind('-');
  if (hyphen == name.npos) return {{}, 0, name};
  Split out = {name.substr(0, hyphen), 0, name.substr(hyphen + 1)};
  const auto [end, error] = std::from_chars(out.tail.data(), out.tail.data() + out.tail.size(), out.version);
  if (error == std::errc()) out.tail.remove_prefix(static_cast<std::size_t>(end - out.tail.data()));
  return out;
}

std::vector<Contract> read_groups() {
  std::vector<Contract> out;
  for (const Group& group : kGroups)
    for (std::string_view rest = group.contracts; !rest.empty();) {
      const auto end = std::min(rest.find(' '), rest.size());
      const Split parts = split(rest.substr(0, end));
      out.push_back({group.family, parts.key, parts.version, group.host});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  std::sort(out.begin(), out.end(), [](const Contract& a, const Contract& b) { return a.order() < b.order(); });
  return out;
}

const Contract* find(Family family, std::string_view key) {
  static const std::vector<Contract> contracts = read_groups();
  const auto at = std::lower_bound(contracts.begin(), contracts.end(), std::pair(family, key),
                                   [](const Contract& c, const auto& wanted) { return c.order() < wanted; });
  return at != contracts.end() && at->order() == std::pair(family, key) ? &*at : nullptr;
}

std::string lower(std::u16string_view name) {
  std::string out = utf8(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

struct Lookup {
  const Contract* contract = nullptr;
  unsigned version = 0;
  bool clean = false;  // nothing after the version
};
Lookup look_up(std::string_view name) {
  for (const auto& [prefix, family] : kPrefixes)
    if (name.starts_with(prefix)) {
      const Split parts = split(name.substr(prefix.size()));
      return {find(family, parts.key), parts.version, parts.tail.empty()};
    }
  return {};
}

}  // namespace

bool is_api_set_name(std::u16string_view name) {
  const auto start = name.substr(0, 4);
  return equal_ignoring_case(start, u"API-") || equal_ignoring_case(start, u"EXT-");
}

std::optional<std::u16string> api_set_host(std::u16string_view name, std::u16string_view importer) {
  if (!is_api_set_name(name)) return std::nullopt;
  const std::string plain = lower(name);  // the contract's key points into it
  const Contract* contract = look_up(plain).contract;
  if (contract == nullptr) return std::nullopt;
  const std::string asking = lower(importer);
  for (const PerImporter& row : kPerImporter)
    if (contract->family == Family::api && row.key == contract->key && row.importer == asking) return utf16(row.host);
  return utf16(contract->host);
}

bool api_set_present(std::u16string_view name) {
  const Contract* contract = is_api_set_name(name) ? look_up(lower(name)).contract : nullptr;
  return contract != nullptr && !contract->host.empty();
}

std::optional<ApiSetPresence> api_set_presence_ex(std::u16string_view name) {
  if (!is_api_set_name(name) || name.find(u'.') != name.npos) return std::nullopt;
  const Lookup found = look_up(lower(name));
  const bool known = found.contract != nullptr && found.clean && found.version <= found.contract->version;
  return ApiSetPresence{known, known && !found.contract->host.empty()};
}

bool api_set_implemented(std::string_view name) {
  const auto presence = api_set_presence_ex(utf16(name));
  return presence && presence->present;
}

}  // namespace hmodule::search
