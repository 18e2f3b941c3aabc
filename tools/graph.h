// What a load of a file would bring in, found without loading anything: the same names, search order and rules for
// what may be missing as loader/ and bind/ have them.
#pragma once

#include "module/builtin.h"
#include "pe/exports.h"
#include "pe/imports.h"
#include "search/search.h"
#include "tools/image_file.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace hmodule::tools {

enum class Server : std::uint8_t {
  native,    // a builtin DLL of this library
  pe,        // a system DLL in PE form
  file,      // any other file
  nobody,    // a system DLL that nobody serves: the load goes on, its functions are traps
  missing,   // not found: the load fails
  unusable,  // found, but it cannot be loaded
};
std::string_view word_for(Server server);

struct Dll;

struct Need {
  std::string name;  // as the importer spells it
  Dll* dll;
  bool delayed;
  std::vector<pe::Import> functions;
};

struct Dll {
  std::string name;  // base name of what serves
  Server server = Server::missing;
  std::string path;     // of the file, if it is one
  std::string problem;  // a sentence, for missing and unusable
  std::vector<Need> needs;
  bool loads_files() const { return server == Server::pe || server == Server::file; }

  // For answers about its functions.
  std::unordered_map<std::string_view, const Export*> natives;
  // The file; of a native DLL, its PE build, which serves what the table lacks.
  std::optional<ImageFile> image;
  pe::ExportTable exports;
};

enum class Answer : std::uint8_t { full, partial, missing };
struct Function {
  Answer answer;
  std::string_view note = {};  // what is missing of a partial one
};

class Graph {
 public:
  // The file and everything it needs, delayed imports included.
  static Result<Graph> of(const std::string& path);

  const Dll& root() const { return *root_; }
  // What an import gets from the DLL it names, forwarders followed (wherever they lead).
  Function function(const Dll& dll, const pe::Import& import);

 private:
  using Symbol = std::variant<std::string_view, std::uint32_t>;
  Graph(ImageFile file);
  Dll& find(std::string_view dll_name, std::u16string_view importer);
  Dll& locate(const search::DllName& name);
  Dll& add(std::u16string_view name, Server server);
  void add_needs(Dll& dll);
  Function function(const Dll& dll, const Symbol& symbol, int forwards_left);

  std::unique_ptr<search::Surroundings> surroundings_;
  search::LoadPath directories_;
  std::map<std::u16string, std::unique_ptr<Dll>> dlls_;  // by upper-case base name
  std::vector<Dll*> unread_;
  Dll* root_ = nullptr;
};

}  // namespace hmodule::tools
