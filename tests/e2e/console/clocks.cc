// chrono and its friends: calendars, durations, clocks that go forward, sleeps, formatted times, random seeds.
#include <chrono>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <locale>
#include <random>
#include <sstream>
#include <thread>

using namespace std::chrono;

int main() {
  constexpr year_month_day day = 2024y / February / 29;
  std::cout << "days: " << day.ok() << ' ' << sys_days(day).time_since_epoch().count() << ' '
            << weekday(day).c_encoding() << '\n';
  const year_month_day next(sys_days(day) + days(366));
  std::cout << "next: " << static_cast<int>(next.year()) << '-' << static_cast<unsigned>(next.month()) << '-'
            << static_cast<unsigned>(next.day()) << '\n';
  std::cout << "last: " << static_cast<unsigned>((2023y / February / last).day()) << ' ' << (2023y / February / 29).ok()
            << '\n';
  const hh_mm_ss parts(3725678ms);
  std::cout << "parts: " << parts.hours().count() << ':' << parts.minutes().count() << ':' << parts.seconds().count()
            << '.' << parts.subseconds().count() << '\n';
  std::cout << "durations: " << duration_cast<seconds>(90min).count() << ' ' << floor<minutes>(-30s).count() << ' '
            << round<seconds>(1500ms).count() << '\n';
  const auto steady = steady_clock::now();
  const auto wall = system_clock::now();
  std::this_thread::sleep_until(steady + 30ms);  // mingw-w64 cuts it to whole milliseconds
  std::cout << "slept: " << (steady_clock::now() - steady >= 29ms) << '\n';
  std::cout << "since: " << (system_clock::to_time_t(wall) > 1600000000) << ' '
            << (system_clock::from_time_t(86400) == system_clock::time_point(24h)) << '\n';
  const std::time_t moment = 1700000000;
  std::tm* const utc = std::gmtime(&moment);
  std::cout << "put_time: " << std::put_time(utc, "%Y-%m-%d %H:%M:%S %j %a %B") << '\n';
  std::tm read = {};
  std::istringstream in("2024-02-29 13:14:15");
  in >> std::get_time(&read, "%Y-%m-%d %H:%M:%S");
  std::cout << "get_time: " << read.tm_year << ' ' << read.tm_mon << ' ' << read.tm_mday << ' ' << read.tm_hour << ' '
            << read.tm_sec << ' ' << in.fail() << '\n';
  std::random_device device;
  const unsigned a = device(), b = device(), c = device();
  std::cout << "random_device: " << (a != b || b != c) << '\n';
  std::ostringstream grouped;
  struct Grouping : std::numpunct<char> {
    char do_thousands_sep() const override { return '\''; }
    std::string do_grouping() const override { return "\3"; }
    char do_decimal_point() const override { return ','; }
    std::string do_truename() const override { return "ja"; }
  };
  grouped.imbue(std::locale(std::locale::classic(), new Grouping));
  grouped << std::boolalpha << 1234567 << ' ' << 1234.5 << ' ' << true;
  std::cout << "facet: " << grouped.str() << '\n';
  std::cout << "locale: " << std::locale().name() << ' ' << std::isalpha('a', std::locale::classic()) << '\n';
  std::clock_t before = std::clock();
  volatile double sum = 0;
  while (std::clock() - before < CLOCKS_PER_SEC / 50) sum = sum + 1;
  std::cout << "clock: " << (std::clock() > before) << '\n';
}
