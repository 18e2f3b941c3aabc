// vec0.dll, an extension of SQLite, in the host's own SQLite. Its entry point gets SQLite's functions as a table, which
// here has the Windows calling convention, and gives back functions and a virtual table that SQLite calls. Its Linux
// build answers the same questions.
#define SQLITE_CORE  // sqlite3ext.h is wanted for the table's type alone
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sqlite3ext.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "real_dll.h"

namespace {

namespace fs = std::filesystem;

// ---- SQLite's functions for the DLL ----

// A native function with the Windows calling convention.
template <auto function>
struct Windows;
template <typename R, typename... Args, R (*function)(Args...)>
struct Windows<function> {
  static HM_WINAPI R call(Args... arguments) { return function(arguments...); }
};

using WindowsDestructor = void(HM_WINAPI*)(void*);
using Destructor = void (*)(void*);
constexpr auto kFree = &Windows<&sqlite3_free>::call;

// What becomes of a text or blob when SQLite has it: a destructor that is code of the DLL is called at once, and SQLite
// makes a copy.
class Handover {
 public:
  Handover(const void* data, WindowsDestructor wanted)
      : data_(data),
        wanted_(wanted),
        foreign_(wanted != nullptr && wanted != kFree && std::bit_cast<Destructor>(wanted) != SQLITE_TRANSIENT) {}
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;
  ~Handover() {
    if (foreign_) wanted_(const_cast<void*>(data_));
  }
  Destructor destructor() const {
    if (foreign_) return SQLITE_TRANSIENT;
    return wanted_ == kFree ? &sqlite3_free : std::bit_cast<Destructor>(wanted_);
  }

 private:
  const void* data_;
  WindowsDestructor wanted_;
  bool foreign_;
};

HM_WINAPI int bind_text(sqlite3_stmt* statement, int index, const char* text, int size, WindowsDestructor destructor) {
  const Handover handover(text, destructor);
  return sqlite3_bind_text(statement, index, text, size, handover.destructor());
}
HM_WINAPI int bind_blob(sqlite3_stmt* statement, int index, const void* blob, int size, WindowsDestructor destructor) {
  const Handover handover(blob, destructor);
  return sqlite3_bind_blob(statement, index, blob, size, handover.destructor());
}
HM_WINAPI void result_text(sqlite3_context* context, const char* text, int size, WindowsDestructor destructor) {
  const Handover handover(text, destructor);
  sqlite3_result_text(context, text, size, handover.destructor());
}
HM_WINAPI void result_blob(sqlite3_context* context, const void* blob, int size, WindowsDestructor destructor) {
  const Handover handover(blob, destructor);
  sqlite3_result_blob(context, blob, size, handover.destructor());
}

// Formats with arguments as Windows' va_list has them: SQLite's own formatting, one directive at a time.
void format(sqlite3_str* out, const char* text, __builtin_ms_va_list arguments) {
  while (*text != '\0') {
    const std::size_t plain = std::strcspn(text, "%");
    sqlite3_str_append(out, text, static_cast<int>(plain));
    text += plain;
    if (*text == '\0') return;
    std::string directive(1, *text++);
    while (*text != '\0' && std::strchr("0123456789-+ #!,.*l", *text) != nullptr) {
      if (*text == '*')
        directive += std::to_string(__builtin_va_arg(arguments, int));
      else
        directive += *text;
      ++text;
    }
    const char kind = *text++;
    directive += kind;
    if (kind == '%')
      sqlite3_str_appendchar(out, 1, '%');
    else if (std::strchr("feEgG", kind) != nullptr)
      sqlite3_str_appendf(out, directive.c_str(), __builtin_va_arg(arguments, double));
    else if (std::strchr("szqQwp", kind) != nullptr)
      sqlite3_str_appendf(out, directive.c_str(), __builtin_va_arg(arguments, void*));
    else if (directive.find("ll") != std::string::npos)
      sqlite3_str_appendf(out, directive.c_str(), __builtin_va_arg(arguments, long long));
    else {  // Windows' long has 32 bits, too
      std::erase(directive, 'l');
      sqlite3_str_appendf(out, directive.c_str(), __builtin_va_arg(arguments, int));
    }
  }
}

HM_WINAPI char* vmprintf(const char* text, __builtin_ms_va_list arguments) {
  sqlite3_str* const out = sqlite3_str_new(nullptr);
  format(out, text, arguments);
  return sqlite3_str_finish(out);
}
HM_WINAPI char* mprintf(const char* text, ...) {
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, text);
  char* const result = vmprintf(text, arguments);
  __builtin_ms_va_end(arguments);
  return result;
}
HM_WINAPI void str_appendf(sqlite3_str* out, const char* text, ...) {
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, text);
  format(out, text, arguments);
  __builtin_ms_va_end(arguments);
}

// ---- The DLL's functions for SQLite ----

// A function that the DLL defines: what SQLite keeps as its user data.
struct DllFunction {
  void* data;
  void(HM_WINAPI* function)(sqlite3_context*, int, sqlite3_value**);
};

HM_WINAPI int create_function_v2(sqlite3* db, const char* name, int arguments, int encoding, void* data,
                                 void(HM_WINAPI* function)(sqlite3_context*, int, sqlite3_value**), void* step,
                                 void* final, void* destructor) {
  if (function == nullptr || step != nullptr || final != nullptr || destructor != nullptr) return SQLITE_MISUSE;
  const auto call = [](sqlite3_context* context, int count, sqlite3_value** values) {
    static_cast<DllFunction*>(sqlite3_user_data(context))->function(context, count, values);
  };
  return sqlite3_create_function_v2(db, name, arguments, encoding, new DllFunction{data, function}, call, nullptr,
                                    nullptr, [](void* of) { delete static_cast<DllFunction*>(of); });
}
HM_WINAPI void* user_data(sqlite3_context* context) {
  return static_cast<DllFunction*>(sqlite3_user_data(context))->data;
}

// A module of virtual tables that the DLL defines. Its functions are found through the table's module, and that is the
// native one, which stands first here.
struct DllModule {
  sqlite3_module native;
  const sqlite3_module* windows;
  void* data;

  static const sqlite3_module* of(sqlite3_vtab* table) {
    return reinterpret_cast<const DllModule*>(table->pModule)->windows;
  }
  static const sqlite3_module* of(sqlite3_vtab_cursor* cursor) { return of(cursor->pVtab); }
};

// The function of sqlite3_module that `member` names, passed on to the DLL if it has one.
template <auto member>
struct Method;
template <typename R, typename This, typename... Args, R (*sqlite3_module::*member)(This*, Args...)>
struct Method<member> {
  static R call(This* object, Args... arguments) {
    return reinterpret_cast<R(HM_WINAPI*)(This*, Args...)>(DllModule::of(object)->*member)(object, arguments...);
  }
};
template <auto member>
void pass_on(DllModule& module) {
  if (module.windows->*member != nullptr) module.native.*member = &Method<member>::call;
}
template <auto member>
int create_or_connect(sqlite3* db, void* of, int argc, const char* const* argv, sqlite3_vtab** table, char** error) {
  const auto* module = static_cast<const DllModule*>(of);
  using Function = int(HM_WINAPI*)(sqlite3*, void*, int, const char* const*, sqlite3_vtab**, char**);
  return reinterpret_cast<Function>(module->windows->*member)(db, module->data, argc, argv, table, error);
}
int shadow_name(const char* name) {  // it is given no module; vec0 has the one that answers this
  return std::strstr(name, "_chunks") != nullptr || std::strstr(name, "_rowids") != nullptr;
}

HM_WINAPI int create_module_v2(sqlite3* db, const char* name, const sqlite3_module* windows, void* data,
                               WindowsDestructor destructor) {
  if (destructor != nullptr || windows->xFindFunction != nullptr) return SQLITE_MISUSE;
  auto* module = new DllModule{{}, windows, data};
  module->native.iVersion = windows->iVersion;
  if (windows->xCreate != nullptr) module->native.xCreate = &create_or_connect<&sqlite3_module::xCreate>;
  if (windows->xConnect != nullptr) module->native.xConnect = &create_or_connect<&sqlite3_module::xConnect>;
  if (windows->xCreate == windows->xConnect) module->native.xCreate = module->native.xConnect;
  pass_on<&sqlite3_module::xBestIndex>(*module);
  pass_on<&sqlite3_module::xDisconnect>(*module);
  pass_on<&sqlite3_module::xDestroy>(*module);
  pass_on<&sqlite3_module::xOpen>(*module);
  pass_on<&sqlite3_module::xClose>(*module);
  pass_on<&sqlite3_module::xFilter>(*module);
  pass_on<&sqlite3_module::xNext>(*module);
  pass_on<&sqlite3_module::xEof>(*module);
  pass_on<&sqlite3_module::xColumn>(*module);
  pass_on<&sqlite3_module::xRowid>(*module);
  pass_on<&sqlite3_module::xUpdate>(*module);
  pass_on<&sqlite3_module::xBegin>(*module);
  pass_on<&sqlite3_module::xSync>(*module);
  pass_on<&sqlite3_module::xCommit>(*module);
  pass_on<&sqlite3_module::xRollback>(*module);
  pass_on<&sqlite3_module::xRename>(*module);
  pass_on<&sqlite3_module::xSavepoint>(*module);
  pass_on<&sqlite3_module::xRelease>(*module);
  pass_on<&sqlite3_module::xRollbackTo>(*module);
  if (windows->iVersion >= 3 && windows->xShadowName != nullptr) module->native.xShadowName = &shadow_name;
  return sqlite3_create_module_v2(db, name, &module->native, module,
                                  [](void* of) { delete static_cast<DllModule*>(of); });
}

// Those of SQLite's functions that vec0.dll uses.
const sqlite3_api_routines* windows_table() {
  static const auto table = [] {
    std::array<void*, sizeof(sqlite3_api_routines) / sizeof(void*)> slots{};
#define SLOT(name, function) slots[offsetof(sqlite3_api_routines, name) / sizeof(void*)] = (void*)(function)
#define NATIVE(name) SLOT(name, &Windows<&sqlite3_##name>::call)
    SLOT(bind_blob, &bind_blob), SLOT(bind_text, &bind_text), SLOT(result_blob, &result_blob);
    SLOT(result_text, &result_text), SLOT(mprintf, &mprintf), SLOT(vmprintf, &vmprintf);
    SLOT(str_appendf, &str_appendf), SLOT(create_function_v2, &create_function_v2), SLOT(user_data, &user_data);
    SLOT(create_module_v2, &create_module_v2), SLOT(free, kFree);
    NATIVE(bind_double), NATIVE(bind_int), NATIVE(bind_int64), NATIVE(bind_null), NATIVE(bind_value);
    NATIVE(bind_zeroblob), NATIVE(bind_zeroblob64), NATIVE(blob_bytes), NATIVE(blob_close), NATIVE(blob_open);
    NATIVE(blob_read), NATIVE(blob_reopen), NATIVE(blob_write), NATIVE(clear_bindings), NATIVE(column_blob);
    NATIVE(column_bytes), NATIVE(column_count), NATIVE(column_double), NATIVE(column_int), NATIVE(column_int64);
    NATIVE(column_text), NATIVE(column_type), NATIVE(column_value), NATIVE(context_db_handle), NATIVE(db_handle);
    NATIVE(declare_vtab), NATIVE(errcode), NATIVE(errmsg), NATIVE(extended_errcode), NATIVE(finalize);
    NATIVE(last_insert_rowid), NATIVE(libversion_number), NATIVE(malloc), NATIVE(malloc64), NATIVE(prepare_v2);
    NATIVE(realloc64), NATIVE(reset), NATIVE(result_double), NATIVE(result_error), NATIVE(result_error_code);
    NATIVE(result_error_nomem), NATIVE(result_int), NATIVE(result_int64), NATIVE(result_null);
    NATIVE(result_subtype), NATIVE(result_value), NATIVE(step), NATIVE(str_appendall), NATIVE(str_appendchar);
    NATIVE(str_finish), NATIVE(str_length), NATIVE(str_new), NATIVE(stricmp), NATIVE(strnicmp);
    NATIVE(value_blob), NATIVE(value_bytes), NATIVE(value_double), NATIVE(value_dup), NATIVE(value_free);
    NATIVE(value_int), NATIVE(value_int64), NATIVE(value_nochange), NATIVE(value_pointer), NATIVE(value_subtype);
    NATIVE(value_text), NATIVE(value_type), NATIVE(vtab_in), NATIVE(vtab_in_first), NATIVE(vtab_in_next);
    NATIVE(vtab_nochange);
#undef NATIVE
#undef SLOT
    return slots;
  }();
  return reinterpret_cast<const sqlite3_api_routines*>(table.data());
}

// ---- Databases ----

class Database {
 public:
  Database() { EXPECT_EQ(sqlite3_open(":memory:", &db_), SQLITE_OK); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() { sqlite3_close(db_); }

  // The rows, values separated by bars; or what is wrong.
  std::string ask(const std::string& sql) {
    std::string rows;
    const auto add = [](void* to, int count, char** values, char**) {
      for (int i = 0; i < count; ++i)
        *static_cast<std::string*>(to) += (i != 0 ? "|" : "") + std::string(values[i] != nullptr ? values[i] : "NULL");
      *static_cast<std::string*>(to) += '\n';
      return 0;
    };
    char* message = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), add, &rows, &message) != SQLITE_OK)
      rows += "error: " + std::string(message != nullptr ? message : "");
    sqlite3_free(message);
    return rows;
  }

 protected:
  sqlite3* db_ = nullptr;
};

class WindowsExtension : public Database {
 public:
  WindowsExtension() {
    char* message = nullptr;
    using Init = int(sqlite3*, char**, const sqlite3_api_routines*);
    EXPECT_EQ(dll_.get<Init>("sqlite3_vec_init")(db_, &message, windows_table()), SQLITE_OK);
  }
  ~WindowsExtension() override { sqlite3_close(std::exchange(db_, nullptr)); }  // before the DLL goes

 private:
  hmodule::library dll_{fs::path(REAL_DLLS) / "vec0.dll"};
};

class LinuxExtension : public Database {
 public:
  LinuxExtension() {
    char* message = nullptr;
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, nullptr);
    const int result =
        sqlite3_load_extension(db_, (fs::path(REAL_DLLS) / "vec0.so").c_str(), "sqlite3_vec_init", &message);
    EXPECT_EQ(result, SQLITE_OK) << message;
  }
};

// Small whole numbers, so that sums are the same in any order.
constexpr int kDimensions = 16, kVectors = 3000;
int coordinate(int vector, int dimension) {
  auto mixed = static_cast<unsigned>(vector * 64 + dimension) * 2654435761u;
  mixed = (mixed ^ (mixed >> 15)) * 2246822519u;
  return static_cast<int>((mixed >> 12) % 201) - 100;
}
std::string as_json(int vector, int (*of)(int, int)) {
  std::string text = "[";
  for (int i = 0; i < kDimensions; ++i) text += (i != 0 ? "," : "") + std::to_string(of(vector, i));
  return text + "]";
}
int wanted(int query, int dimension) {
  return coordinate(query * 613 + 11, dimension) / 2 + 7;
}

void fill(Database& db) {
  EXPECT_EQ(db.ask("create virtual table points using vec0(id integer primary key, kind text partition key, "
                   "place float[16], weight integer, +note text)"),
            "");
  db.ask("begin");
  for (int i = 0; i < kVectors; ++i) {
    const std::string id = std::to_string(i);
    EXPECT_EQ(db.ask("insert into points values (" + id + ", 'k" + std::to_string(i % 3) + "', '" +
                     as_json(i, coordinate) + "', " + std::to_string(i % 10) + ", 'note " + id + "')"),
              "");
  }
  db.ask("commit");
}

std::string nearest_sql(int query, const std::string& also) {
  return "with nearest as materialized (select id, distance from points where place match '" + as_json(query, wanted) +
         "' and k = 10 " + also + ") select * from nearest order by distance, id";
}

TEST(SqliteVec, FindsTheNearestNeighbours) {
  NEED("vec0.dll");
  WindowsExtension db;
  fill(db);
  for (int query = 0; query < 5; ++query) {
    std::vector<std::pair<int, int>> all;  // squared distance, id
    for (int i = 0; i < kVectors; ++i) {
      int sum = 0;
      for (int d = 0; d < kDimensions; ++d) {
        const int apart = coordinate(i, d) - wanted(query, d);
        sum += apart * apart;
      }
      all.emplace_back(sum, i);
    }
    std::sort(all.begin(), all.end());
    const std::string answer = db.ask(nearest_sql(query, ""));
    std::string expected;
    for (std::size_t i = 0; i < 10; ++i) {
      const std::unique_ptr<char, void (*)(void*)> distance(
          sqlite3_mprintf("%d|%!.15g\n", all[i].second,
                          static_cast<double>(static_cast<float>(std::sqrt(static_cast<double>(all[i].first))))),
          &sqlite3_free);
      expected += distance.get();
    }
    EXPECT_EQ(answer, expected) << query;
  }
}

TEST(SqliteVec, AnswersAndRefusesAsItsLinuxBuildDoes) {
  NEED("vec0.dll");
  NEED("vec0.so");
  WindowsExtension windows;
  LinuxExtension linux_build;
  ASSERT_EQ(windows.ask("select vec_version()"), "v0.1.9\n");
  ASSERT_EQ(linux_build.ask("select vec_version()"), "v0.1.9\n");
  fill(windows);
  fill(linux_build);
  std::vector<std::string> questions = {
      "select vec_length('[1, 2, 3]'), hex(vec_f32('[1, -2.5, 3e10]')), hex(vec_int8('[1, -128, 127]'))",
      "select vec_to_json(vec_add('[1, 2]', '[3, 4]')), vec_to_json(vec_sub('[1, 2]', '[3, 5]'))",
      "select vec_distance_l2('[0, 3]', '[4, 0]'), vec_distance_l1('[0, 3]', '[4, 0]'), "
      "vec_distance_cosine('[0, 3]', '[4, 0]'), vec_distance_hamming(vec_bit(X'F0'), vec_bit(X'0F'))",
      "select hex(vec_quantize_binary('[1, -1, 1, 1, -1, -1, 1, 1]')), vec_type(vec_f32('[1]'))",
      "select vec_to_json(vec_slice('[1, 2, 3, 4]', 1, 3)), vec_to_json(vec_normalize('[3, 4]'))",
      "select rowid, value from vec_each('[1.5, 2.25, -3]')",
      "select vec_f32('[1, oops]')",
      "select vec_f32('[]')",
      "select vec_distance_l2('[1, 2]', '[1, 2, 3]')",
      "select vec_add(vec_f32('[1]'), vec_int8('[1]'))",
      "insert into points values (99999, 'k0', '[1, 2]', 1, 'short')",
      "insert into points values (1, 'k0', '" + as_json(1, coordinate) + "', 1, 'there already')",
      "create virtual table wrong using vec0(x float[0])",
      "create virtual table wrong using vec0(x double[3])",
      "select id from points where place match '[1]' and k = 3",
      "select id from points where place match '" + as_json(1, wanted) + "' and k = 1000000",
      "select count(*), sum(weight), min(note), max(kind) from points",
      "update points set place = '" + as_json(4000, coordinate) + "' where id = 17",
      "delete from points where id between 100 and 1500",
      "select vec_to_json(place), note from points where id = 17",
      "select count(*) from points",
      "select name from sqlite_schema where name like 'points%' order by name",
      "create virtual table bits using vec0(x bit[16], y int8[4] distance_metric=l1)",
      "insert into bits(rowid, x, y) select value, vec_bit(cast(char(value, 127 - value) as blob)), "
      "vec_int8('[1, 2, 3, ' || value || ']') from json_each('[1, 5, 9, 33, 77, 100]')",
      "select rowid, distance from bits where x match vec_bit(X'5555') and k = 3 order by distance, rowid",
      "select rowid, distance from bits where y match vec_int8('[1, 1, 1, 30]') and k = 3 order by distance, rowid",
      "alter table bits rename to more_bits",
      "drop table points",
  };
  for (int query = 0; query < 5; ++query) {
    const auto at = questions.begin() + 20;
    questions.insert(at, {nearest_sql(query, ""), nearest_sql(query, "and kind = 'k1'"),
                          nearest_sql(query, "and weight > 6"), nearest_sql(query, "and id in (3, 1700, 2500)")});
  }
  for (const std::string& sql : questions) EXPECT_EQ(windows.ask(sql), linux_build.ask(sql)) << sql;
}

}  // namespace
