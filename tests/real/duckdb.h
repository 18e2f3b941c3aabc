// DuckDB's Windows and Linux builds, through the same C API.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <string>
#include <utility>

namespace duck {

namespace fs = std::filesystem;
using hmodule::u64;

struct DuckResult {  // duckdb_result
  u64 deprecated[3];
  void *deprecated_columns, *deprecated_message, *internal;
};

class WindowsBuild {
 public:
  template <typename Signature>
  auto get(const char* name) const {
    return library_.get<Signature>(name);
  }

 private:
  hmodule::library library_{fs::path(REAL_DLLS) / "duckdb.dll"};
};

class LinuxBuild {
 public:
  template <typename Signature>
  Signature* get(const char* name) const {
    return reinterpret_cast<Signature*>(dlsym(handle_, name));
  }

 private:
  void* handle_ = dlopen((fs::path(REAL_DLLS) / "libduckdb.so").c_str(), RTLD_NOW | RTLD_LOCAL);
};

// A database with one connection.
template <typename Build>
class Duck {
 public:
  explicit Duck(const char* path = nullptr) {
    opened_ = open_(path, &database_) == 0;
    if (opened_) connection_ = new_connection();
  }
  Duck(const Duck&) = delete;
  Duck& operator=(const Duck&) = delete;
  ~Duck() {
    if (opened_) end(connection_);
    close_(&database_);
  }

  bool opened() const { return opened_; }
  void* new_connection() {
    void* connection = nullptr;
    EXPECT_EQ(connect_(database_, &connection), 0);
    return connection;
  }
  void end(void* connection) { disconnect_(&connection); }

  // The values, separated by bars and line ends; or the error message.
  std::string ask(const std::string& sql, void* connection = nullptr) {
    DuckResult result{};
    std::string text;
    if (query_(connection != nullptr ? connection : connection_, sql.c_str(), &result) != 0) {
      text = error_(&result);
    } else {
      const u64 rows = rows_(&result), columns = columns_(&result);
      for (u64 row = 0; row < rows; ++row) {
        for (u64 column = 0; column < columns; ++column) {
          char* const value = value_(&result, column, row);
          if (column != 0) text += '|';
          text += value != nullptr ? value : "NULL";
          free_(value);
        }
        text += '\n';
      }
    }
    destroy_(&result);
    return text;
  }

 private:
  template <typename Signature>
  using Function = decltype(std::declval<Build>().template get<Signature>(""));

  Build build_;
  Function<int(const char*, void**)> open_ = build_.template get<int(const char*, void**)>("duckdb_open");
  Function<int(void*, void**)> connect_ = build_.template get<int(void*, void**)>("duckdb_connect");
  Function<int(void*, const char*, DuckResult*)> query_ =
      build_.template get<int(void*, const char*, DuckResult*)>("duckdb_query");
  Function<const char*(DuckResult*)> error_ = build_.template get<const char*(DuckResult*)>("duckdb_result_error");
  Function<u64(DuckResult*)> rows_ = build_.template get<u64(DuckResult*)>("duckdb_row_count");
  Function<u64(DuckResult*)> columns_ = build_.template get<u64(DuckResult*)>("duckdb_column_count");
  Function<char*(DuckResult*, u64, u64)> value_ =
      build_.template get<char*(DuckResult*, u64, u64)>("duckdb_value_varchar");
  Function<void(void*)> free_ = build_.template get<void(void*)>("duckdb_free");
  Function<void(DuckResult*)> destroy_ = build_.template get<void(DuckResult*)>("duckdb_destroy_result");
  Function<void(void**)> disconnect_ = build_.template get<void(void**)>("duckdb_disconnect");
  Function<void(void**)> close_ = build_.template get<void(void**)>("duckdb_close");
  void *database_ = nullptr, *connection_ = nullptr;
  bool opened_ = false;
};

}  // namespace duck
