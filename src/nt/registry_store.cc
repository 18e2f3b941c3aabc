#include "nt/registry_store.h"

#include "base/scope_guard.h"
#include "base/utf.h"
#include "nt/clock.h"

#include <sqlite3.h>
#include <unistd.h>

#include <string>

namespace hmodule::nt {
namespace {

constexpr int kApplication = 0x68726567;  // "hreg", in the file's header
constexpr int kVersion = 1;
constexpr int kBusyMilliseconds = 10'000;

// `keys` and `vals` in both databases. AUTOINCREMENT: ids are not used again.
constexpr char kTables[] = R"(
  CREATE TABLE main.keys (id INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER NOT NULL, name TEXT NOT NULL,
                          upper TEXT NOT NULL, class TEXT NOT NULL, link INTEGER NOT NULL, written INTEGER NOT NULL);
  CREATE UNIQUE INDEX main.keys_by_name ON keys (parent, upper);
  CREATE TABLE main.vals (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, name TEXT NOT NULL, upper TEXT NOT NULL,
                          type INTEGER NOT NULL, data BLOB NOT NULL, name_size INTEGER NOT NULL);
  CREATE UNIQUE INDEX main.vals_by_name ON vals (key, upper);
)";
constexpr char kTemporaryTables[] = R"(
  CREATE TEMP TABLE keys (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name TEXT NOT NULL, upper TEXT NOT NULL,
                          class TEXT NOT NULL, link INTEGER NOT NULL, written INTEGER NOT NULL);
  CREATE UNIQUE INDEX temp.volatile_keys_by_name ON keys (parent, upper);
  CREATE TEMP TABLE vals (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, name TEXT NOT NULL, upper TEXT NOT NULL,
                          type INTEGER NOT NULL, data BLOB NOT NULL, name_size INTEGER NOT NULL);
  CREATE UNIQUE INDEX temp.volatile_vals_by_name ON vals (key, upper);
  CREATE TEMP VIEW all_keys AS SELECT * FROM main.keys UNION ALL SELECT * FROM temp.keys;
)";

NTSTATUS status_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_NOMEM:
      return STATUS_NO_MEMORY;
    case SQLITE_FULL:
      return STATUS_DISK_FULL;
    case SQLITE_TOOBIG:
      return STATUS_INSUFFICIENT_RESOURCES;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return STATUS_ACCESS_DENIED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return STATUS_REGISTRY_CORRUPT;
    default:
      return STATUS_REGISTRY_IO_FAILED;
  }
}

}  // namespace

// A prepared statement while it is in use: parameters in order, rows, and the reset that lets it be used again. '@' in
// the text is the database the key is in.
class RegistryStore::Query {
 public:
  template <typename... Arguments>
  static Result<Query> run(RegistryStore& store, bool in_memory, const char* sql, const Arguments&... arguments) {
    Query query(store, TRY(store.prepared(sql, in_memory)));
    int index = 0;
    (query.bind(++index, arguments), ...);
    return query;
  }
  Query(Query&& other) noexcept : store_(other.store_), statement_(std::exchange(other.statement_, nullptr)) {}
  Query& operator=(Query&&) = delete;
  ~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  // Is there a row, or one more?
  Result<bool> next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return store_.error(sqlite3_sql(statement_));
  }
  Status finish() {
    while (TRY(next())) {
    }
    return ok;
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::u16string text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return bytes == nullptr ? std::u16string()
                            : utf16({bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))});
  }
  std::vector<std::byte> bytes(int column) const {
    const auto* begin = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
    return {begin, begin + sqlite3_column_bytes(statement_, column)};
  }

 private:
  Query(RegistryStore& store, sqlite3_stmt* statement) : store_(store), statement_(statement) {}
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind(int index, const std::string& text) {
    sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  // A pointer to nothing would be NULL, and that is not the same as no bytes.
  void bind(int index, std::span<const std::byte> data) {
    sqlite3_bind_blob64(statement_, index, data.empty() ? "" : static_cast<const void*>(data.data()), data.size(),
                        SQLITE_STATIC);
  }

  RegistryStore& store_;
  sqlite3_stmt* statement_;
};

Error RegistryStore::error(const char* what) const {
  return fail(status_of(sqlite3_extended_errcode(database_)), "the registry store: {}: {}", what,
              sqlite3_errmsg(database_));
}

Result<sqlite3_stmt*> RegistryStore::prepared(const char* sql, bool in_memory) {
  sqlite3_stmt*& statement = statements_[in_memory ? 1 : 0][sql];
  if (statement != nullptr) return statement;
  std::string text = sql;
  for (std::size_t at; (at = text.find('@')) != text.npos;) text.replace(at, 1, in_memory ? "temp" : "main");
  if (sqlite3_prepare_v3(database_, text.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return error(sql);
  return statement;
}

Status RegistryStore::execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error(sql);
  return ok;
}

Result<std::unique_ptr<RegistryStore>> RegistryStore::open(const std::string& file) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.empty() ? ":memory:" : file.c_str(), &database, flags, nullptr);
  if (database == nullptr) return fail(STATUS_NO_MEMORY, "the registry store: out of memory");
  std::unique_ptr<RegistryStore> store(new RegistryStore(database));
  if (code != SQLITE_OK)
    return fail(status_of(code), "HMODULE_REGISTRY={}: cannot be opened: {}", file, sqlite3_errmsg(database));
  store->on_disk_ = !file.empty();
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  TRY(store->execute("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF"));
  if (store->on_disk_) {
    // Readers and a writer side by side. SQLite does not wait for others here, so we do.
    for (int waited = 0;; waited += 5) {
      const Status changed = store->execute("PRAGMA journal_mode = WAL");
      if (changed) break;
      if ((sqlite3_errcode(database) & 0xFF) != SQLITE_BUSY || waited >= kBusyMilliseconds) return changed.error();
      usleep(5000);
    }
    TRY(store->execute("PRAGMA synchronous = NORMAL"));  // in WAL mode: consistent always, on the disk after a flush
  }
  TRY(store->make_tables());
  return store;
}

Status RegistryStore::make_tables() {
  {
    Transaction making = TRY(Transaction::begin(*this));
    const auto pragma = [&](const char* sql) -> Result<std::int64_t> {
      Query query = TRY(Query::run(*this, false, sql));
      return TRY(query.next()) ? query.number(0) : 0;
    };
    const auto application = TRY(pragma("PRAGMA main.application_id")),
               version = TRY(pragma("PRAGMA main.user_version"));
    const auto tables = TRY(pragma("SELECT count(*) FROM main.sqlite_master"));
    if (application == 0 && tables == 0) {
      TRY(execute(kTables));
      const std::string marks =
          fmt::format("PRAGMA main.application_id = {}; PRAGMA main.user_version = {}", kApplication, kVersion);
      TRY(execute(marks.c_str()));
    } else if (application != kApplication) {
      return fail(STATUS_REGISTRY_CORRUPT, "the registry store: the file is a database, but not one of ours");
    } else if (version != kVersion) {
      return fail(STATUS_REGISTRY_CORRUPT, "the registry store: version {} of the format, and we know {}", version,
                  kVersion);
    }
    TRY(making.commit());
  }
  return execute(kTemporaryTables);
}

RegistryStore::~RegistryStore() {
  for (auto& statements : statements_)
    for (const auto& [sql, statement] : statements) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Status RegistryStore::flush() {
  if (!on_disk_) return ok;
  Query query = TRY(Query::run(*this, false, "PRAGMA main.wal_checkpoint(FULL)"));
  return query.finish();
}

Result<std::uint64_t> RegistryStore::generation() {
  if (!on_disk_) return own_changes_;
  Query query = TRY(Query::run(*this, false, "PRAGMA main.data_version"));
  TRY(query.next());
  return own_changes_ + (static_cast<std::uint64_t>(query.number(0)) << 40);
}

// --- transactions ---

Result<RegistryStore::Transaction> RegistryStore::Transaction::begin(RegistryStore& store) {
  Query query = TRY(Query::run(store, false, "BEGIN IMMEDIATE"));
  TRY(query.finish());
  return Transaction(store);
}

Status RegistryStore::Transaction::commit() {
  Query query = TRY(Query::run(*store_, false, "COMMIT"));
  TRY(query.finish());
  ++store_->own_changes_;
  store_ = nullptr;
  return ok;
}

RegistryStore::Transaction::~Transaction() {
  if (store_ != nullptr) static_cast<void>(store_->execute("ROLLBACK"));
}

// --- keys ---

#define KEY_COLUMNS "id, parent, name, class, link, written"

KeyRow RegistryStore::row_of(const Query& query) {
  return {query.number(0), query.number(1), query.text(2), query.text(3), query.number(4) != 0, query.number(5)};
}

Result<std::optional<KeyRow>> RegistryStore::key(KeyId id) {
  Query query = TRY(Query::run(*this, is_volatile(id), "SELECT " KEY_COLUMNS " FROM @.keys WHERE id = ?", id));
  return TRY(query.next()) ? std::optional(row_of(query)) : std::nullopt;
}

Result<std::optional<KeyRow>> RegistryStore::child(KeyId parent, std::u16string_view name) {
  const std::string upper = utf8(upcase(name));
  Query query = TRY(
      Query::run(*this, false, "SELECT " KEY_COLUMNS " FROM all_keys WHERE parent = ? AND upper = ?", parent, upper));
  return TRY(query.next()) ? std::optional(row_of(query)) : std::nullopt;
}

Result<std::vector<KeyId>> RegistryStore::children(KeyId parent) {
  std::vector<KeyId> ids;
  for (const bool in_memory : {false, true}) {
    Query query = TRY(Query::run(*this, in_memory, "SELECT id FROM @.keys WHERE parent = ? ORDER BY upper", parent));
    while (TRY(query.next())) ids.push_back(query.number(0));
  }
  return ids;
}

Result<KeyId> RegistryStore::add_key(KeyId parent, std::u16string_view name, std::u16string_view class_name,
                                     bool in_memory, bool link) {
  const std::string exact = utf8(name), upper = utf8(upcase(name)), kind = utf8(class_name);
  if (in_memory) {
    const KeyId id = --last_volatile_;
    Query query = TRY(Query::run(*this, true, "INSERT INTO @.keys VALUES (?, ?, ?, ?, ?, ?, ?)", id, parent, exact,
                                 upper, kind, std::int64_t{link}, system_time()));
    TRY(query.finish());
    return id;
  }
  Query query = TRY(Query::run(
      *this, false, "INSERT INTO @.keys (parent, name, upper, class, link, written) VALUES (?, ?, ?, ?, ?, ?)", parent,
      exact, upper, kind, std::int64_t{link}, system_time()));
  TRY(query.finish());
  return sqlite3_last_insert_rowid(database_);
}

Status RegistryStore::rename_key(KeyId id, std::u16string_view name) {
  const std::string exact = utf8(name), upper = utf8(upcase(name));
  Query query =
      TRY(Query::run(*this, is_volatile(id), "UPDATE @.keys SET name = ?, upper = ? WHERE id = ?", exact, upper, id));
  return query.finish();
}

Status RegistryStore::remove_key(KeyId id) {
  Query values = TRY(Query::run(*this, is_volatile(id), "DELETE FROM @.vals WHERE key = ?", id));
  TRY(values.finish());
  Query query = TRY(Query::run(*this, is_volatile(id), "DELETE FROM @.keys WHERE id = ?", id));
  return query.finish();
}

Status RegistryStore::touch(KeyId id) {
  Query query =
      TRY(Query::run(*this, is_volatile(id), "UPDATE @.keys SET written = ? WHERE id = ?", system_time(), id));
  return query.finish();
}

// --- values ---

Result<std::optional<RegistryValue>> RegistryStore::value(KeyId key, std::u16string_view name) {
  const std::string upper = utf8(upcase(name));
  Query query = TRY(Query::run(*this, is_volatile(key),
                               "SELECT name, type, data FROM @.vals WHERE key = ? AND upper = ?", key, upper));
  if (!TRY(query.next())) return std::optional<RegistryValue>();
  return std::optional(RegistryValue{query.text(0), static_cast<ULONG>(query.number(1)), query.bytes(2)});
}

Result<std::vector<std::int64_t>> RegistryStore::values(KeyId key) {
  Query query = TRY(Query::run(*this, is_volatile(key), "SELECT id FROM @.vals WHERE key = ? ORDER BY id", key));
  std::vector<std::int64_t> rows;
  while (TRY(query.next())) rows.push_back(query.number(0));
  return rows;
}

Result<std::optional<RegistryValue>> RegistryStore::value_by_row(KeyId key, std::int64_t row) {
  Query query = TRY(Query::run(*this, is_volatile(key), "SELECT name, type, data FROM @.vals WHERE id = ?", row));
  if (!TRY(query.next())) return std::optional<RegistryValue>();
  return std::optional(RegistryValue{query.text(0), static_cast<ULONG>(query.number(1)), query.bytes(2)});
}

// The name keeps the case it was first set with.
Status RegistryStore::set_value(KeyId key, std::u16string_view name, ULONG type, std::span<const std::byte> data) {
  const std::string exact = utf8(name), upper = utf8(upcase(name));
  Query query = TRY(Query::run(*this, is_volatile(key),
                               "INSERT INTO @.vals (key, name, upper, type, data, name_size) VALUES (?, ?, ?, ?, ?, ?) "
                               "ON CONFLICT (key, upper) DO UPDATE SET type = excluded.type, data = excluded.data",
                               key, exact, upper, std::int64_t{type}, data,
                               static_cast<std::int64_t>(name.size() * sizeof(WCHAR))));
  return query.finish();
}

Result<bool> RegistryStore::remove_value(KeyId key, std::u16string_view name) {
  const std::string upper = utf8(upcase(name));
  Query query = TRY(Query::run(*this, is_volatile(key), "DELETE FROM @.vals WHERE key = ? AND upper = ?", key, upper));
  TRY(query.finish());
  return sqlite3_changes(database_) != 0;
}

Result<RegistryStore::ValueLengths> RegistryStore::value_lengths(KeyId key) {
  Query query = TRY(Query::run(*this, is_volatile(key),
                               "SELECT count(*), max(name_size), max(length(data)) FROM @.vals WHERE key = ?", key));
  TRY(query.next());
  return ValueLengths{static_cast<ULONG>(query.number(0)), static_cast<ULONG>(query.number(1)),
                      static_cast<ULONG>(query.number(2))};
}

}  // namespace hmodule::nt
