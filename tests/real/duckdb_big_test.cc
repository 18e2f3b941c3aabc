// DuckDB with as much data as it is used for: tables in the manner of TPC-H, with ten million order lines.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "duckdb.h"
#include "real_dll.h"

namespace {

using namespace duck;

class DuckDbBig : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override { fs::remove_all(directory_); }
  std::string file(const std::string& name) const { return directory_ / name; }

 private:
  fs::path directory_ = fs::temp_directory_path() / ("hmodule-duckdb-big-" + std::to_string(getpid()));
};

// Sums of decimals are exact, so the order in which threads add them is nothing.
const char* const kTables[] = {
    "set threads = 8",
    "set memory_limit = '4GB'",
    "create table customer as select i as custkey, 'Customer#' || lpad(i::varchar, 9, '0') as name, "
    "(hash(i * 7) % 25)::integer as nation, ['BUILDING', 'MACHINERY', 'FURNITURE', 'HOUSEHOLD', 'AUTOMOBILE']"
    "[1 + (hash(i * 11) % 5)::integer] as segment from range(250000) r(i)",
    "create table orders as select i as orderkey, (hash(i * 13) % 250000)::bigint as custkey, "
    "date '1992-01-01' + (hash(i * 17) % 2406)::integer as ordered, "
    "['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'][1 + (hash(i * 19) % 5)::integer] as priority "
    "from range(2500000) r(i)",
    "create table lineitem as select (i // 4)::bigint as orderkey, (hash(i * 23) % 200000)::integer as partkey, "
    "(1 + hash(i * 29) % 50)::decimal(12, 2) as quantity, (900 + hash(i * 31) % 100000 / 1)::decimal(12, 2) as price, "
    "((hash(i * 37) % 11)::decimal(12, 2) / 100)::decimal(12, 2) as discount, "
    "((hash(i * 41) % 9)::decimal(12, 2) / 100)::decimal(12, 2) as tax, "
    "['A', 'N', 'R'][1 + (hash(i * 43) % 3)::integer] as returned, ['F', 'O'][1 + (hash(i * 47) % 2)::integer] as "
    "status, "
    "date '1992-01-01' + (hash(i * 53) % 2500)::integer as shipped, "
    "['AIR', 'MAIL', 'SHIP', 'RAIL', 'TRUCK', 'FOB', 'REG AIR'][1 + (hash(i * 59) % 7)::integer] as mode "
    "from range(10000000) r(i)",
};

const char* const kQueries[] = {
    "select returned, status, sum(quantity), sum(price), sum(price * (1 - discount)), "
    "sum(price * (1 - discount) * (1 + tax)), avg(quantity), avg(price), avg(discount), count(*) from lineitem "
    "where shipped <= date '1998-09-02' group by all order by all",
    "select l.orderkey, sum(price * (1 - discount)) as revenue, ordered from customer c join orders o using (custkey) "
    "join lineitem l using (orderkey) where segment = 'BUILDING' and ordered < date '1995-03-15' and "
    "shipped > date '1995-03-15' group by l.orderkey, ordered order by revenue desc, ordered, l.orderkey limit 10",
    "select priority, count(*) from orders o where ordered >= date '1993-07-01' and ordered < date '1993-10-01' and "
    "exists (select 1 from lineitem l where l.orderkey = o.orderkey and returned = 'R') group by all order by all",
    "select nation, sum(price * (1 - discount)) from customer join orders using (custkey) join lineitem using "
    "(orderkey) "
    "where ordered >= date '1994-01-01' and ordered < date '1995-01-01' group by nation order by 2 desc",
    "select sum(price * discount) from lineitem where shipped >= date '1994-01-01' and shipped < date '1995-01-01' and "
    "discount between 0.05 and 0.07 and quantity < 24",
    "select mode, sum(case when priority in ('1-URGENT', '2-HIGH') then 1 else 0 end), count(*) from orders "
    "join lineitem using (orderkey) where mode in ('MAIL', 'SHIP') and shipped > ordered group by mode order by mode",
    "select custkey, name, sum(quantity) as total from customer join orders using (custkey) join lineitem using "
    "(orderkey) group by custkey, name order by total desc, custkey limit 20",
    "select year(shipped) as y, mode, rank() over (partition by year(shipped) order by sum(price) desc) as place "
    "from lineitem group by y, mode order by y, place, mode",
    "select count(distinct partkey), approx_count_distinct(orderkey) > 0, min(shipped), max(shipped), "
    "quantile_disc(price, 0.5), mode(mode) from lineitem",
    "select left(name, 14) as head, count(*), string_agg(segment, ',' order by custkey)[:40] from customer "
    "where name like '%7_' group by head order by head limit 20",
};

TEST_F(DuckDbBig, TenQueriesOnTenMillionRowsAsItsLinuxBuild) {
  NEED("duckdb.dll");
  NEED("libduckdb.so");
  Duck<WindowsBuild> windows(file("windows.db").c_str());
  Duck<LinuxBuild> linux_build(file("linux.db").c_str());
  ASSERT_TRUE(windows.opened() && linux_build.opened());
  for (const auto* sql : kTables) ASSERT_EQ(windows.ask(sql), linux_build.ask(sql)) << sql;
  EXPECT_EQ(windows.ask("select count(*) from lineitem"), "10000000\n");
  for (const auto* sql : kQueries) {
    const std::string answer = windows.ask(sql);
    EXPECT_EQ(answer.find("Error"), std::string::npos) << sql << ": " << answer;
    EXPECT_EQ(answer, linux_build.ask(sql)) << sql;
  }
  // What one writes the other reads.
  for (const std::string format : {"parquet", "csv"}) {
    const std::string ours = file("ours." + format), theirs = file("theirs." + format);
    const std::string copy = "copy (select * from lineitem where orderkey % 5 = 0) to '";
    EXPECT_EQ(windows.ask(copy + ours + "' (format " + format + ")"), "2000000\n");
    EXPECT_EQ(linux_build.ask(copy + theirs + "' (format " + format + ")"), "2000000\n");
    // CSV has no decimals of its own, and sums of doubles depend on the order.
    const std::string sums =
        "select count(*), sum(price::decimal(12, 2)), sum(quantity::decimal(12, 2) * tax::decimal(12, 2)), "
        "min(shipped), max(mode), bit_xor(hash(orderkey * 100 + quantity::integer)) from '";
    const std::string expected = linux_build.ask(sums + theirs + "'");
    EXPECT_EQ(expected.find("2000000|"), 0U) << expected;
    EXPECT_EQ(windows.ask(sums + ours + "'"), expected);
    EXPECT_EQ(windows.ask(sums + theirs + "'"), expected);
    EXPECT_EQ(linux_build.ask(sums + ours + "'"), expected);
  }
}

constexpr int kBatch = 100000;

// Adds a batch in each transaction, tells after each that it is committed, and never ends by itself.
[[noreturn]] void write_until_killed(const std::string& database, int told) {
  Duck<WindowsBuild> duck(database.c_str());
  duck.ask("create table t(batch integer, i bigint, text varchar)");
  for (int batch = 0;; ++batch) {
    const std::string result =
        duck.ask("insert into t select " + std::to_string(batch) + ", i, 'row ' || i || ' of ' || hash(i) from range(" +
                 std::to_string(kBatch) + ") r(i)");
    if (result != std::to_string(kBatch) + "\n") _exit(1);
    if (write(told, "x", 1) != 1) _exit(2);
  }
}

TEST_F(DuckDbBig, WhatWasCommittedSurvivesAKill) {
  NEED("duckdb.dll");
  NEED("libduckdb.so");
  const std::string database = file("killed.db");
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t writer = fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) write_until_killed(database, told[1]);
  close(told[1]);
  int committed = 0;
  for (char one = 0; committed < 7 && read(told[0], &one, 1) == 1;) ++committed;
  EXPECT_EQ(committed, 7);
  usleep(20000);  // in the middle of the next one
  kill(writer, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(writer, &status, 0), writer);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  for (char one = 0; read(told[0], &one, 1) == 1;) ++committed;
  close(told[0]);

  fs::create_directories(file("copy"));
  for (const auto& entry : fs::directory_iterator(fs::path(database).parent_path()))
    if (entry.is_regular_file()) fs::copy_file(entry.path(), file("copy") / entry.path().filename());
  const char* const kSums = "select count(*), count(distinct batch), sum(i), bit_xor(hash(text)) from t";
  const char* const kUneven = "select count(*) from (select batch from t group by batch having count(*) <> 100000)";
  Duck<WindowsBuild> windows(database.c_str());
  Duck<LinuxBuild> linux_build((file("copy") + "/killed.db").c_str());
  ASSERT_TRUE(windows.opened() && linux_build.opened());
  EXPECT_EQ(windows.ask(kUneven), "0\n");
  EXPECT_EQ(windows.ask(kSums), linux_build.ask(kSums));
  const int batches = std::stoi(windows.ask("select count(distinct batch) from t"));
  EXPECT_GE(batches, committed);
  EXPECT_LE(batches, committed + 1);  // committed, and killed before it was told
  EXPECT_EQ(windows.ask("insert into t values (-1, 0, 'after')"), "1\n");
}

}  // namespace
