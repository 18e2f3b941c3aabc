// Where registry keys and values are kept: two SQLite databases on one connection, seen as one tree.
//
// SQLite and not a tree of our own, because the store on disk must be shared by processes that may be killed at any
// moment: that is a transactional database, and SQLite is one. The store in memory is the same code on ":memory:"; a
// look-up costs some microseconds, and nothing is opened before a key is touched.
//
// "main" is the file, or memory. "temp" is SQLite's private database of the connection, always in memory: it holds the
// volatile keys, which here live as long as the process. Their ids are negative, so an id says where its key is. No id
// is ever used twice, so an open handle's id tells whether its key is still there.
//
// Names are stored as UTF-8 (a lone surrogate in its three-byte form), and once more in upper case for finding them.
#pragma once

#include "base/result.h"
#include "win/ntregapi.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace hmodule::nt {

using KeyId = std::int64_t;
inline constexpr KeyId kRegistryRoot = 1;  // \REGISTRY

constexpr bool is_volatile(KeyId id) {
  return id < 0;
}

struct KeyRow {
  KeyId id, parent;
  std::u16string name, class_name;
  bool link;              // a symbolic link
  LARGE_INTEGER written;  // 100 ns since 1601 UTC
};

struct RegistryValue {
  std::u16string name;
  ULONG type;
  std::vector<std::byte> data;
};

class RegistryStore {
 public:
  // The store in `file`, which is made if it is not there; in memory if the name is empty.
  static Result<std::unique_ptr<RegistryStore>> open(const std::string& file);
  RegistryStore(const RegistryStore&) = delete;
  RegistryStore& operator=(const RegistryStore&) = delete;
  ~RegistryStore();

  Status flush();

  // --- keys ---
  Result<std::optional<KeyRow>> key(KeyId id);
  Result<std::optional<KeyRow>> child(KeyId parent, std::u16string_view name);
  // In the order of their names in upper case, volatile ones last.
  Result<std::vector<KeyId>> children(KeyId parent);
  Result<KeyId> add_key(KeyId parent, std::u16string_view name, std::u16string_view class_name, bool in_memory,
                        bool link);
  Status rename_key(KeyId id, std::u16string_view name);
  Status remove_key(KeyId id);  // with its values; it has no subkeys
  Status touch(KeyId id);       // last-write time: now

  // --- values ---
  Result<std::optional<RegistryValue>> value(KeyId key, std::u16string_view name);
  // In the order they were first set.
  Result<std::vector<std::int64_t>> values(KeyId key);
  Result<std::optional<RegistryValue>> value_by_row(KeyId key, std::int64_t row);
  Status set_value(KeyId key, std::u16string_view name, ULONG type, std::span<const std::byte> data);
  Result<bool> remove_value(KeyId key, std::u16string_view name);  // false if there was none
  struct ValueLengths {
    ULONG count, longest_name, longest_data;  // names in bytes of UTF-16
  };
  Result<ValueLengths> value_lengths(KeyId key);

  // Changes whenever this process or another one has changed something.
  Result<std::uint64_t> generation();

  // A step that happens wholly or not at all. Other processes' writers wait while a transaction that writes to `main`
  // is open.
  class Transaction {
   public:
    static Result<Transaction> begin(RegistryStore& store);
    Transaction(Transaction&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();  // takes everything back, unless
    Status commit();

   private:
    explicit Transaction(RegistryStore& store) : store_(&store) {}
    RegistryStore* store_;
  };

 private:
  class Query;
  explicit RegistryStore(sqlite3* database) : database_(database) {}
  Status execute(const char* sql);
  Status make_tables();
  Error error(const char* what) const;
  Result<sqlite3_stmt*> prepared(const char* sql, bool in_memory);
  static KeyRow row_of(const Query& query);

  sqlite3* const database_;
  bool on_disk_ = false;
  KeyId last_volatile_ = 0;
  std::uint64_t own_changes_ = 0;
  std::unordered_map<const char*, sqlite3_stmt*> statements_[2];  // by SQL text; [1]: with @ read as temp
};

}  // namespace hmodule::nt
