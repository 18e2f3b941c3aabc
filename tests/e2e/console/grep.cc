// grep with ECMAScript, replacement, tokens; and containers, algorithms and random numbers that the standard fixes.
#include <algorithm>
#include <bitset>
#include <charconv>
#include <deque>
#include <functional>
#include <iomanip>
#include <iostream>
#include <list>
#include <map>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

int main() {
  std::string line;
  int number = 0;
  const std::regex pattern("(\\w+) (line)|unended$");
  while (std::getline(std::cin, line)) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::smatch match;
    if (std::regex_search(line, match, pattern))
      std::cout << "match: " << number << ' ' << match[0] << '|' << match[1] << '\n';
  }
  const std::string text = "2024-01-31, 1999-12-01 and 12-1-1";
  const std::regex date("(\\d{4})-(\\d\\d)-(\\d\\d)");
  std::cout << "replace: " << std::regex_replace(text, date, "$3.$2.$1") << '\n';
  std::cout << "tokens:";
  for (std::sregex_token_iterator at(text.begin(), text.end(), date, {1, 3}), end; at != end; ++at)
    std::cout << ' ' << *at;
  std::cout << "\nno-case: " << std::regex_match("HELLO", std::regex("h[a-z]+o", std::regex::icase)) << '\n';
  try {
    const std::regex broken("(unclosed");
  } catch (const std::regex_error& error) {
    std::cout << "error: " << (error.code() == std::regex_constants::error_paren) << '\n';
  }
  std::mt19937 random(12345);
  std::mt19937_64 wide(1);
  random.discard(1000);
  std::cout << "random: " << random() << ' ' << random() << ' ' << wide() << '\n';
  std::minstd_rand small;
  std::vector<int> numbers(20);
  for (int& each : numbers) each = static_cast<int>(small() % 100);
  std::cout << "minstd:";
  for (const int each : numbers) std::cout << ' ' << each;
  std::sort(numbers.begin(), numbers.end());
  std::cout << "\nmedian: " << numbers[10] << ' ' << std::accumulate(numbers.begin(), numbers.end(), 0) << ' '
            << std::distance(numbers.begin(), std::lower_bound(numbers.begin(), numbers.end(), 50)) << '\n';
  std::pmr::monotonic_buffer_resource buffer;
  std::pmr::vector<std::pmr::string> strings(&buffer);
  for (int i = 0; i < 100; ++i) strings.emplace_back("a string that is too long for its own room " + std::to_string(i));
  std::cout << "pmr: " << strings.size() << ' ' << strings[99].size() << '\n';
  std::unordered_map<std::string, int> counts;
  for (int i = 0; i < 1000; ++i) ++counts[std::to_string(i % 37)];
  std::cout << "map: " << counts.size() << ' ' << counts["7"] << '\n';
  std::variant<int, std::string> either = "text";
  std::cout << "variant: " << either.index() << ' ' << std::get<std::string>(either) << '\n';
  try {
    (void)std::get<int>(either);
  } catch (const std::bad_variant_access&) {
    std::cout << "variant-error: caught\n";
  }
  double value = 0;
  const std::string_view digits = "3.25e2rest";
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  char shortest[32];
  const auto written = std::to_chars(shortest, shortest + 32, 0.1);
  std::cout << "charconv: " << value << ' ' << read.ptr << ' ' << std::string_view(shortest, written.ptr - shortest)
            << '\n';
  std::ostringstream out;
  out << std::setw(8) << std::setfill('*') << std::left << 42 << std::hex << std::showbase << 255 << std::dec << ' '
      << std::setprecision(3) << std::fixed << 2.0 / 3 << ' ' << std::quoted("a \"q\"") << ' ' << std::bitset<8>(0xA5)
      << ' ' << std::put_money("123");
  std::cout << "stream: " << out.str() << '\n';
  std::istringstream in("12 0x1f 7.5 word 077");
  int decimal = 0, hexadecimal = 0;
  double floating = 0;
  std::string word;
  int octal = 0;
  in >> decimal >> std::hex >> hexadecimal >> std::dec >> floating >> word >> std::oct >> octal;
  std::cout << "input: " << decimal << ' ' << hexadecimal << ' ' << floating << ' ' << word << ' ' << octal << ' '
            << in.eof() << '\n';
  std::vector<int> permutation{1, 2, 3, 4};
  int permutations = 0;
  do ++permutations;
  while (std::next_permutation(permutation.begin(), permutation.end()));
  std::cout << "permutations: " << permutations << '\n';
}
