// wc, sort and uniq over files whose names are in several scripts: std::filesystem and file streams.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace fs = std::filesystem;

int main() {
  const fs::path root = fs::path("texts") / fs::path(u8"größe") / fs::path(u8"中文");
  fs::create_directories(root);
  const std::map<std::u8string, std::string> texts = {
      {u8"один.txt", "the quick brown fox\njumps over the lazy dog\n"},
      {u8"δύο.txt", "pack my box with five dozen liquor jugs\n\nthe end"},
      {u8"three.txt", ""}};
  for (const auto& [name, text] : texts) std::ofstream(root / fs::path(name), std::ios::binary) << text;
  std::map<std::string, int> counts;
  std::vector<std::string> reports;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator("texts")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    std::size_t lines = 0, words = 0, characters = 0;
    for (std::string line; std::getline(file, line); ++lines) {
      characters += line.size() + 1;
      std::size_t at = 0;
      while ((at = line.find_first_not_of(' ', at)) != line.npos) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        ++counts[line.substr(at, end - at)];
        ++words;
        at = end;
      }
    }
    const std::u8string name = entry.path().filename().u8string();
    reports.push_back(std::string(name.begin(), name.end()) + " " + std::to_string(lines) + " " +
                      std::to_string(words) + " " + std::to_string(characters) + " " +
                      std::to_string(entry.file_size()));
  }
  std::sort(reports.begin(), reports.end());
  for (const std::string& report : reports) std::cout << "wc: " << report << '\n';
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [word, count] : counts) order.emplace_back(-count, word);
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < 4; ++i) std::cout << "top: " << order[i].second << ' ' << -order[i].first << '\n';
  std::cout << "removed: " << fs::remove_all("texts") << '\n';
}
