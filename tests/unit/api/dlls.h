// DLLs made on the spot in a directory of their own.
#pragma once

#include <filesystem>
#include <string>

#include "support/pe_builder.h"

namespace hmodule::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hmodule-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Exports `answer`, which returns `value`, and `variable`, which holds it; DllMain answers `attach`.
inline PeBuilder answering_dll(std::string_view name, std::uint32_t value, bool attach = true) {
  PeBuilder dll;
  ByteVector code = bytes_of({0xB8, attach ? 1U : 0U, 0, 0, 0, 0xC3, 0x90, 0x90});  // mov eax, attach; ret
  const std::size_t answer = code.size();
  append(code, std::uint8_t{0xB8});
  append(code, value);
  append(code, std::uint8_t{0xC3});
  align(code, 16);
  const std::size_t call = code.size();  // call(f, x): tail call of f(x)
  for (const unsigned byte : {0x48U, 0x89U, 0xC8U, 0x89U, 0xD1U, 0xFFU, 0xE0U})
    append(code, static_cast<std::uint8_t>(byte));
  const std::uint32_t text = dll.add_code(code);
  ByteVector data;
  append(data, value);
  const std::uint32_t variable = dll.add_data(data);
  dll.optional.AddressOfEntryPoint = text;
  dll.add_exports(name, {{"answer", static_cast<std::uint32_t>(text + answer), {}, 7},
                         {"call", static_cast<std::uint32_t>(text + call)},
                         {"variable", variable}});
  dll.add_pointer(variable);
  dll.add_relocations();
  return dll;
}

// The same, importing from others.
inline PeBuilder importing_dll(std::string_view name, const std::vector<PeImports>& imports, bool attach = true) {
  PeBuilder dll = answering_dll(name, 1, attach);
  dll.add_imports(imports);
  return dll;
}

}  // namespace hmodule::test
