// make_seeds DIRECTORY writes the fuzzers' first inputs: valid files that have every table, together and alone.
#include "support/pe_builder.h"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

using namespace hmodule;
using test::bytes_of;
using test::PeBuilder;

namespace {

void add_exports(PeBuilder& dll) {
  dll.add_exports("seed.dll",
                  {{"alpha", 0x1000},
                   {"beta", 0x1001},
                   {"", 0x1002},
                   {"", 0},
                   {"moved", 0, "other.target"},
                   {"numbered", 0, "other.#12"}},
                  10);
}
void add_imports(PeBuilder& dll) {
  dll.add_imports({{"kernel32.dll", {{"Sleep", 3}, "GetLastError"}}, {"ws2_32.dll", {115, "send"}}});
}
void add_delay_imports(PeBuilder& dll) {
  dll.add_delay_imports({{"user32.dll", {"MessageBoxW", 42}}, {"gdi32.dll", {"LineTo"}}});
}
void add_relocations(PeBuilder& dll) {
  dll.add_pointer(0x1000);
  dll.add_relocations({{0x1000}, {0x1008, pe::kRelocHighLow}, {0x100C, pe::kRelocHigh}, {0x100E, pe::kRelocLow}});
}
void add_tls(PeBuilder& dll) {
  dll.add_tls({.data = bytes_of("template"), .zero_fill = 16, .characteristics = 5U << 20, .callbacks = {0x1000}});
}
void add_load_config(PeBuilder& dll) {
  dll.add_security_cookie();
}
void add_exceptions(PeBuilder& dll) {
  dll.add_exception_table({{0x1000, 0x1004, 0x1000}, {0x1004, 0x1006, 0x1001}});
}
void add_resources(PeBuilder& dll) {
  dll.add_resources({{std::uint16_t{6}, std::uint16_t{1}, 0x409, bytes_of("strings")},
                     {std::uint16_t{6}, std::uint16_t{2}, 0x407, bytes_of("Zeichen")},
                     {u"CUSTOM", u"FIRST", 0x409, bytes_of("one")}});
}

struct Part {
  const char* name;
  void (*add)(PeBuilder&);
};
constexpr Part kParts[] = {{"exports", add_exports},
                           {"imports", add_imports},
                           {"delay_imports", add_delay_imports},
                           {"tls", add_tls},
                           {"load_config", add_load_config},
                           {"exceptions", add_exceptions},
                           {"resources", add_resources},
                           {"relocations", add_relocations}};

PeBuilder low_alignment() {
  PeBuilder dll;
  dll.optional.SectionAlignment = dll.optional.FileAlignment = 0x200;
  dll.add_code(bytes_of({0xC3}));
  add_imports(dll);
  return dll;
}

void write_seeds(const std::string& directory) {
  std::filesystem::create_directories(directory);
  PeBuilder all = PeBuilder::minimal_dll();
  all.write(directory + "/minimal");
  for (const Part& part : kParts) {
    PeBuilder alone = PeBuilder::minimal_dll();
    part.add(alone);
    alone.write(directory + "/" + part.name);
    part.add(all);
  }
  all.write(directory + "/everything");
  all.file.Machine = pe::kMachineArm64;
  all.write(directory + "/arm64");
  low_alignment().write(directory + "/low_alignment");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_seeds DIRECTORY\n");
    return 2;
  }
  try {
    write_seeds(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
