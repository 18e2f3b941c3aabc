// winbase.h and ntsecapi.h: the names of accounts. The rest of the local security authority is in the PE build.
#include "nt/accounts.h"
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

using nt::Account;
using nt::AccountKind;

// --- LookupAccount ---

template <typename Char>
std::basic_string<Char> text_for(const std::u16string& text) {
  if constexpr (sizeof(Char) == 1)
    return utf8(text);
  else
    return text;
}
template <typename Char>
std::u16string wide(const Char* text) {
  if constexpr (sizeof(Char) == 1)
    return utf16(text);
  else
    return text;
}

// Only this computer is asked.
template <typename Char>
Status check_system(const Char* system) {
  constexpr DWORD kServerUnavailable = 1722;
  if (system == nullptr || *system == 0) return ok;
  std::u16string name = wide(system);
  while (name.starts_with(u'\\')) name.erase(0, 1);
  if (equal_ignoring_case(name, nt::local_domain()) || name == u".") return ok;
  return fail_win32(kServerUnavailable, "{}: another computer", utf8(name));
}

// All of them fit, or each size says how much is needed, terminators included.
template <typename Char>
struct Place {
  std::basic_string<Char> text;
  Char* buffer;
  DWORD* size;

  bool fits() const { return *size > text.size() && buffer != nullptr; }
  void put() const { *size = give<Char>(text, buffer, *size); }
  void ask() const { *size = static_cast<DWORD>(text.size() + 1); }
};

template <typename Char>
BOOL account_of_sid(const Char* system, const SID* sid, Char* name, DWORD* name_size, Char* domain, DWORD* domain_size,
                    DWORD* use, const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        if (name_size == nullptr || domain_size == nullptr || use == nullptr)
          return fail(STATUS_INVALID_PARAMETER, "no sizes, or no place for the kind");
        TRY(check_system(system));
        TRY(nt::require_valid(sid));
        const Account account = TRY(nt::account_of(nt::value_of(*sid)));
        const Place<Char> of_name = {text_for<Char>(account.name), name, name_size},
                          of_domain = {text_for<Char>(account.domain), domain, domain_size};
        if (!of_name.fits() || !of_domain.fits()) {
          of_name.ask();
          of_domain.ask();
          return fail(STATUS_BUFFER_TOO_SMALL, "{}: no room", utf8(account.name));
        }
        of_name.put();
        of_domain.put();
        *use = static_cast<DWORD>(account.kind);
        return ok;
      },
      function);
}
HM_WINAPI BOOL LookupAccountSidW(const WCHAR* system, const SID* sid, WCHAR* name, DWORD* name_size, WCHAR* domain,
                                 DWORD* domain_size, DWORD* use) noexcept {
  return account_of_sid(system, sid, name, name_size, domain, domain_size, use, "LookupAccountSidW");
}
HM_WINAPI BOOL LookupAccountSidA(const CHAR* system, const SID* sid, CHAR* name, DWORD* name_size, CHAR* domain,
                                 DWORD* domain_size, DWORD* use) noexcept {
  return account_of_sid(system, sid, name, name_size, domain, domain_size, use, "LookupAccountSidA");
}

template <typename Char>
BOOL account_named(const Char* system, const Char* name, SID* sid, DWORD* sid_size, Char* domain, DWORD* domain_size,
                   DWORD* use, const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        if (sid_size == nullptr || domain_size == nullptr || use == nullptr)
          return fail(STATUS_INVALID_PARAMETER, "no sizes, or no place for the kind");
        TRY(check_system(system));
        const Account account = TRY(nt::account_named(name == nullptr ? u"" : wide(name)));
        const Place<Char> of_domain = {text_for<Char>(account.domain), domain, domain_size};
        const auto needed = static_cast<DWORD>(nt::sid_size(account.sid));
        const bool room = sid != nullptr && *sid_size >= needed && of_domain.fits();
        *sid_size = needed;
        if (!room) {
          of_domain.ask();
          return fail(STATUS_BUFFER_TOO_SMALL, "{}: no room", utf8(account.name));
        }
        std::memcpy(static_cast<void*>(sid), &account.sid, needed);
        of_domain.put();
        *use = static_cast<DWORD>(account.kind);
        return ok;
      },
      function);
}
HM_WINAPI BOOL LookupAccountNameW(const WCHAR* system, const WCHAR* name, SID* sid, DWORD* sid_size, WCHAR* domain,
                                  DWORD* domain_size, DWORD* use) noexcept {
  return account_named(system, name, sid, sid_size, domain, domain_size, use, "LookupAccountNameW");
}
HM_WINAPI BOOL LookupAccountNameA(const CHAR* system, const CHAR* name, SID* sid, DWORD* sid_size, CHAR* domain,
                                  DWORD* domain_size, DWORD* use) noexcept {
  return account_named(system, name, sid, sid_size, domain, domain_size, use, "LookupAccountNameA");
}

// --- LsaLookup: several at once, in blocks for LsaFreeMemory, which frees them from the process heap ---

struct LSA_TRUST_INFORMATION {
  UNICODE_STRING Name;
  SID* Sid;
};
struct LSA_REFERENCED_DOMAIN_LIST {
  ULONG Entries;
  LSA_TRUST_INFORMATION* Domains;
};
struct LSA_TRANSLATED_NAME {
  DWORD Use;
  UNICODE_STRING Name;
  LONG DomainIndex;
};
struct LSA_TRANSLATED_SID {
  DWORD Use;
  ULONG RelativeId;
  LONG DomainIndex;
};
struct LSA_TRANSLATED_SID2 {
  DWORD Use;
  SID* Sid;
  LONG DomainIndex;
  ULONG Flags;
};
static_assert(sizeof(LSA_TRUST_INFORMATION) == 24 && sizeof(LSA_TRANSLATED_NAME) == 32);
static_assert(sizeof(LSA_TRANSLATED_SID) == 12 && sizeof(LSA_TRANSLATED_SID2) == 24);

// One block: rows, and after them what the rows point to.
template <typename Row>
class Block {
 public:
  static Result<Block> make(std::size_t rows, std::size_t before, std::size_t after) {
    Block block;
    block.memory_ = static_cast<std::byte*>(nt::heap_allocate(before + rows * sizeof(Row) + after, HEAP_ZERO_MEMORY));
    if (block.memory_ == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} accounts", rows);
    block.rows_ = reinterpret_cast<Row*>(block.memory_ + before);
    block.next_ = block.memory_ + before + rows * sizeof(Row);
    return block;
  }
  Block(Block&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), next_(other.next_), rows_(other.rows_) {}
  ~Block() { nt::heap_free(memory_); }

  Row& operator[](std::size_t index) { return rows_[index]; }
  Row* rows() { return rows_; }
  UNICODE_STRING put(const std::u16string& text) {
    const auto size = static_cast<USHORT>(text.size() * sizeof(WCHAR));
    return {size, static_cast<USHORT>(size + sizeof(WCHAR)), static_cast<WCHAR*>(put(text.c_str(), size + 2))};
  }
  SID* put(const SID& sid) { return static_cast<SID*>(put(&sid, nt::sid_size(sid))); }
  static std::size_t size_of(const std::u16string& text) { return rounded((text.size() + 1) * sizeof(WCHAR)); }
  static std::size_t size_of(const SID& sid) { return rounded(nt::sid_size(sid)); }
  void* give() { return std::exchange(memory_, nullptr); }

 private:
  Block() = default;
  static std::size_t rounded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }
  void* put(const void* bytes, std::size_t size) {
    void* const at = next_;
    std::memcpy(at, bytes, size);
    next_ += rounded(size);
    return at;
  }

  std::byte *memory_ = nullptr, *next_ = nullptr;
  Row* rows_ = nullptr;
};

using Found = std::vector<std::optional<Account>>;

// The domains of all that was found, each once, and whose each is.
struct Domains {
  std::vector<const Account*> list;
  std::vector<LONG> of;

  explicit Domains(const Found& found) {
    for (const auto& account : found) of.push_back(account ? index_of(*account) : -1);
  }

  Result<void*> block() const {
    std::size_t after = 0;
    for (const Account* each : list)
      after += Block<LSA_TRUST_INFORMATION>::size_of(each->domain) +
               Block<LSA_TRUST_INFORMATION>::size_of(each->domain_sid());
    auto block = TRY(Block<LSA_TRUST_INFORMATION>::make(list.size(), sizeof(LSA_REFERENCED_DOMAIN_LIST), after));
    for (std::size_t i = 0; i < list.size(); ++i)
      block[i] = {block.put(list[i]->domain), block.put(list[i]->domain_sid())};
    LSA_TRUST_INFORMATION* const rows = block.rows();
    void* const memory = block.give();
    *static_cast<LSA_REFERENCED_DOMAIN_LIST*>(memory) = {static_cast<ULONG>(list.size()), rows};
    return memory;
  }

 private:
  LONG index_of(const Account& account) {
    const auto known = std::find_if(list.begin(), list.end(), [&](const Account* each) {
      return each->domain == account.domain && nt::equal(each->domain_sid(), account.domain_sid());
    });
    const auto index = static_cast<LONG>(known - list.begin());
    if (known == list.end()) list.push_back(&account);
    return index;
  }
};

NTSTATUS status_of_lookup(const Found& found) {
  const auto mapped = std::count_if(found.begin(), found.end(), [](const auto& each) { return each.has_value(); });
  if (mapped == 0) return STATUS_NONE_MAPPED;
  return static_cast<std::size_t>(mapped) == found.size() ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

// `row` makes one of the answer's, with the block that it may put things into. Both answers come with
// STATUS_NONE_MAPPED, too.
template <typename Row, typename Make>
Result<NTSTATUS> answer_with(const Found& found, std::size_t after, void** domains, Row** rows, Make make) {
  const Domains referenced(found);
  auto block = TRY(Block<Row>::make(found.size(), 0, after));
  for (std::size_t i = 0; i < found.size(); ++i) block[i] = make(block, i, referenced.of[i]);
  *domains = TRY(referenced.block());
  *rows = static_cast<Row*>(block.give());
  return status_of_lookup(found);
}

DWORD use_of(const std::optional<Account>& account) {
  return static_cast<DWORD>(account ? account->kind : AccountKind::unknown);
}

// What is nobody's is called by its number.
HM_WINAPI NTSTATUS LsaLookupSids(HANDLE, ULONG count, SID** sids, void** domains,
                                 LSA_TRANSLATED_NAME** names) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    if (count == 0 || sids == nullptr || domains == nullptr || names == nullptr)
      return fail(STATUS_INVALID_PARAMETER, "no SIDs, or no place for the answers");
    Found found;
    std::vector<std::u16string> texts;
    std::size_t after = 0;
    for (ULONG i = 0; i < count; ++i) {
      TRY(nt::require_valid(sids[i]));
      auto account = nt::account_of(nt::value_of(*sids[i]));
      texts.push_back(account ? account->name : utf16(nt::sid_text(*sids[i])));
      found.push_back(account ? std::optional(*std::move(account)) : std::nullopt);
      after += Block<LSA_TRANSLATED_NAME>::size_of(texts.back());
    }
    return answer_with<LSA_TRANSLATED_NAME>(found, after, domains, names, [&](auto& block, std::size_t i, LONG domain) {
      return LSA_TRANSLATED_NAME{use_of(found[i]), block.put(texts[i]), domain};
    });
  });
}

Result<Found> find_names(ULONG count, const UNICODE_STRING* names, const void* domains, const void* sids) {
  if (count == 0 || names == nullptr || domains == nullptr || sids == nullptr)
    return fail(STATUS_INVALID_PARAMETER, "no names, or no place for the answers");
  Found found;
  for (ULONG i = 0; i < count; ++i) {
    auto account = nt::account_named(view(names[i]));
    found.push_back(account ? std::optional(*std::move(account)) : std::nullopt);
  }
  return found;
}

HM_WINAPI NTSTATUS LsaLookupNames2(HANDLE, ULONG, ULONG count, const UNICODE_STRING* names, void** domains,
                                   LSA_TRANSLATED_SID2** sids) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const Found found = TRY(find_names(count, names, domains, sids));
    std::size_t after = 0;
    for (const auto& each : found)
      if (each) after += Block<LSA_TRANSLATED_SID2>::size_of(each->sid);
    return answer_with<LSA_TRANSLATED_SID2>(found, after, domains, sids, [&](auto& block, std::size_t i, LONG domain) {
      return LSA_TRANSLATED_SID2{use_of(found[i]), found[i] ? block.put(found[i]->sid) : nullptr, domain, 0};
    });
  });
}

HM_WINAPI NTSTATUS LsaLookupNames(HANDLE, ULONG count, const UNICODE_STRING* names, void** domains,
                                  LSA_TRANSLATED_SID** sids) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const Found found = TRY(find_names(count, names, domains, sids));
    return answer_with<LSA_TRANSLATED_SID>(found, 0, domains, sids, [&](auto&, std::size_t i, LONG domain) {
      const bool numbered = found[i] && found[i]->sid.SubAuthorityCount > 0;
      return LSA_TRANSLATED_SID{use_of(found[i]),
                                numbered ? found[i]->sid.SubAuthority[found[i]->sid.SubAuthorityCount - 1] : 0, domain};
    });
  });
}

const Export kRows[] = {
    {"LookupAccountNameA", proc(LookupAccountNameA)}, {"LookupAccountNameW", proc(LookupAccountNameW)},
    {"LookupAccountSidA", proc(LookupAccountSidA)},   {"LookupAccountSidW", proc(LookupAccountSidW)},
    {"LsaLookupNames", proc(LsaLookupNames)},         {"LsaLookupNames2", proc(LsaLookupNames2)},
    {"LsaLookupSids", proc(LsaLookupSids)},
};

}  // namespace

extern const ExportTable accounts_exports = kRows;

}  // namespace hmodule::winapi
