// DuckDB, through its C API: a large C++ program whose queries throw through dozens of frames, on all its threads. Its
// Linux build, where that is there too, says what the answers and the messages are.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "duckdb.h"
#include "real_dll.h"

namespace {

using namespace duck;

class DuckDbQueries : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override { fs::remove_all(directory_); }
  std::string file(const std::string& name) const { return directory_ / name; }

 private:
  fs::path directory_ = fs::temp_directory_path() / ("hmodule-duckdb-" + std::to_string(getpid()));
};

const char* const kWrong[] = {
    "selec 1",                           // parser
    "select 'no end",                    // its lexer
    "select nosuch from t",              // binder
    "select * from nosuch",              // catalog
    "select substr(1, 2, 3, 4, 5)",      // no such overload
    "select cast('abc' as integer)",     // conversion, while the plan is made
    "select cast(s as integer) from t",  // conversion, in a thread that runs it
    "insert into t values (1, 'dup')",   // constraint
    "insert into t values (-1, null)",   // another
    "select 2147483647::integer + i::integer from t where i = 1",
    "select error('own ' || i) from t where i = 500",
    "select regexp_matches(s, '(') from t",
    "select * from read_csv('/no/such/file.csv')",
    "commit",
};

const char* const kRight[] = {
    "select count(*), sum(i), max(s) from t",
    "select a.i, b.s from t a join t b on a.i = b.i where a.i % 100 = 7 order by a.i",
    "select i % 10 as k, count(*), avg(i) from t group by k order by k",
    "select string_agg(s, ',' order by i) from t where i < 5",
    "select try_cast('x' as integer), round(1.5, 0), strftime(date '2024-02-29', '%d.%m.%Y'), 1 / 0",
    "select * from (values (1, 'a'), (2, null)) v(x, y)",
    "select count(*) from range(300000) r(x) where hash(x) % 7 = 3",
    "select json_extract('{\"a\": [1, 2]}', '$.a[1]')",
};

const char* const kSetUp[] = {"create table t(i integer primary key, s varchar not null)",
                              "insert into t select i, 'v' || i from range(1000) r(i)"};

TEST_F(DuckDbQueries, AnswersAndRefusesAsItsLinuxBuildDoes) {
  NEED("duckdb.dll");
  NEED("libduckdb.so");
  Duck<WindowsBuild> windows;
  Duck<LinuxBuild> linux_build;
  ASSERT_TRUE(windows.opened() && linux_build.opened());
  ASSERT_EQ(windows.ask("select version()"), linux_build.ask("select version()"));
  for (const auto* sql : kSetUp) EXPECT_EQ(windows.ask(sql), linux_build.ask(sql)) << sql;
  for (const auto* sql : kRight) EXPECT_EQ(windows.ask(sql), linux_build.ask(sql)) << sql;
  for (const auto* sql : kWrong) {
    const std::string message = windows.ask(sql);
    EXPECT_NE(message.find("Error: "), std::string::npos) << sql << ": " << message;
    EXPECT_EQ(message, linux_build.ask(sql)) << sql;
  }
}

TEST_F(DuckDbQueries, KeepsTablesInAFileAndReadsCsvAndParquet) {
  NEED("duckdb.dll");
  std::ofstream(file("in.csv")) << "a,b\n1,x\n2,y\n";
  {
    Duck<WindowsBuild> duck(file("x.db").c_str());
    ASSERT_TRUE(duck.opened());
    for (const auto* sql : kSetUp) duck.ask(sql);
    EXPECT_EQ(duck.ask("select * from read_csv('" + file("in.csv") + "')"), "1|x\n2|y\n");
    EXPECT_EQ(duck.ask("copy t to '" + file("t.parquet") + "' (format parquet)"), "1000\n");
    EXPECT_EQ(duck.ask("copy t to '" + file("t.csv") + "'"), "1000\n");
  }
  Duck<WindowsBuild> again(file("x.db").c_str());
  ASSERT_TRUE(again.opened());
  const std::string sums = "1000|499500|v999\n";
  EXPECT_EQ(again.ask("select count(*), sum(i), max(s) from t"), sums);
  EXPECT_EQ(again.ask("select count(*), sum(i), max(s) from read_parquet('" + file("t.parquet") + "')"), sums);
  EXPECT_EQ(again.ask("select count(*), sum(i), max(s) from '" + file("t.csv") + "'"), sums);
  EXPECT_EQ(again.ask("begin"), "");
  EXPECT_EQ(again.ask("delete from t where i < 10"), "10\n");
  EXPECT_EQ(again.ask("rollback"), "");
  EXPECT_EQ(again.ask("select count(*), sum(i), max(s) from t"), sums);
}

// It asks the restart manager who has the file.
TEST_F(DuckDbQueries, SaysThatAFileCannotBeOpened) {
  NEED("duckdb.dll");
  Duck<WindowsBuild> duck;
  const std::string message = duck.ask("attach '" + file("no/such/x.db") + "' as x");
  EXPECT_EQ(message.find("IO Error: Cannot open file"), 0U) << message;
  EXPECT_EQ(duck.ask("select 1"), "1\n");
}

// Opens a database, asks it that many wrong queries, mixed with as many right ones, on eight threads of the host, and
// closes it.
void ask_on_eight_threads(int wrong_queries) {
  const int per_thread = wrong_queries / 8 * 2;
  Duck<WindowsBuild> duck;
  ASSERT_TRUE(duck.opened());
  for (const auto* sql : kSetUp) duck.ask(sql);
  std::vector<std::pair<std::string, std::string>> expected;
  for (std::size_t i = 0; i < std::size(kWrong); ++i) {
    expected.emplace_back(kWrong[i], duck.ask(kWrong[i]));
    const char* const right = kRight[i % std::size(kRight)];
    expected.emplace_back(right, duck.ask(right));
  }
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&duck, &expected, per_thread, number] {
      void* const connection = duck.new_connection();
      for (int i = 0; i < per_thread; ++i) {
        const auto& [sql, answer] = expected[static_cast<std::size_t>(i * 5 + number * 3) % expected.size()];
        EXPECT_EQ(duck.ask(sql, connection), answer) << sql;
      }
      duck.end(connection);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// HMODULE_DUCKDB_ERRORS of them (10000). An open database keeps a little of each query, on Linux too; so what counts is
// what is left when it is closed.
TEST_F(DuckDbQueries, EightThreadsAskWrongOnesAndRightOnesAndLeaveNothing) {
  NEED("duckdb.dll");
  const hmodule::library loaded(fs::path(REAL_DLLS) / "duckdb.dll");
  const char* const wanted = std::getenv("HMODULE_DUCKDB_ERRORS");
  ask_on_eight_threads(1000);
  const std::size_t before = mallinfo2().uordblks;
  ask_on_eight_threads(wanted != nullptr ? std::atoi(wanted) : 10000);
  EXPECT_LE(mallinfo2().uordblks, before + (std::size_t{1} << 20));
  RecordProperty("growth", static_cast<int>(mallinfo2().uordblks - before));
}

}  // namespace
