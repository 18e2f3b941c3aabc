// A table in CSV, with quotes and line ends inside, becomes JSON.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using Row = std::vector<std::string>;

static std::vector<Row> parse(std::istream& in) {
  std::vector<Row> rows(1, Row(1));
  bool quoted = false;
  for (int c; (c = in.get()) != EOF;) {
    if (quoted) {
      if (c == '"' && in.peek() == '"')
        rows.back().back() += static_cast<char>(in.get());
      else if (c == '"')
        quoted = false;
      else
        rows.back().back() += static_cast<char>(c);
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\n') {
      rows.emplace_back(1);
    } else {
      rows.back().back() += static_cast<char>(c);
    }
  }
  if (rows.back() == Row(1)) rows.pop_back();
  return rows;
}

static std::string escaped(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

static std::string value(const std::string& text) {
  if (text == "true" || text == "false") return text;
  if (text.empty()) return "null";
  std::size_t used = 0;
  try {
    const double number = std::stod(text, &used);
    if (used == text.size() && std::isfinite(number)) {
      std::ostringstream out;
      out.precision(12);
      out << number;
      return out.str();
    }
  } catch (const std::exception&) {
  }
  return escaped(text);
}

int main() {
  {
    std::ofstream file("table.csv");
    file << "id,name,price,note,active\n1,plain,9.50,,true\n2,\"with, comma\",1e3,\"said \"\"hi\"\"\",false\n"
         << "3,\"two\nlines\",-0.125,back\\slash,maybe\n4,\xC3\xA4\xC3\xB6,0x10,1.5.2,\n";
  }
  std::ifstream file("table.csv");
  const std::vector<Row> rows = parse(file);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::cout << "json: {";
    for (std::size_t j = 0; j < rows[0].size(); ++j)
      std::cout << (j ? ", " : "") << escaped(rows[0][j]) << ": " << value(j < rows[i].size() ? rows[i][j] : "");
    std::cout << "}\n";
  }
  file.clear();
  file.seekg(0);
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) ++lines;
  std::cout << "lines: " << lines << ' ' << rows.size() << '\n';
}
