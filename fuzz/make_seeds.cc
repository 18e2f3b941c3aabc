// make_seeds DIRECTORY writes the fuzzers' first inputs: valid files that have every table, together and alone.
#include "support/pe_builder.h"

#include <algorithm>
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
// A function for each kind of unwind data: all codes of version 1 with a frame register, epilogs that are listed, a
// chained piece, an indirect entry, a machine frame.
void add_unwind_data(PeBuilder& dll) {
  // push rbx; sub rsp, 20h; lea rbp, [rsp+10h]; nop; add rsp, 20h; pop rbx; ret
  const auto function = bytes_of({0x53, 0x48, 0x83, 0xEC, 0x20, 0x48, 0x8D, 0x6C, 0x24, 0x10,
                                  0x90, 0x48, 0x83, 0xC4, 0x20, 0x5B, 0xC3, 0xCC, 0xCC, 0xCC});
  const auto size = static_cast<std::uint32_t>(function.size());
  test::ByteVector code;
  for (int i = 0; i < 5; ++i) code.insert(code.end(), function.begin(), function.end());
  const std::uint32_t begin = dll.add_code(std::move(code)), info = dll.next_rva();
  std::vector<pe::RuntimeFunction> functions;
  for (std::uint32_t i = 0; i < 5; ++i) functions.push_back({begin + i * size, begin + i * size + 17, info + i * 0x40});
  test::ByteVector data;
  const auto at = [&data](std::size_t offset, std::initializer_list<unsigned> values) {
    const test::ByteVector bytes = bytes_of(values);
    data.resize(std::max(data.size(), offset + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), data.begin() + static_cast<std::ptrdiff_t>(offset));
  };
  at(0x00, {0x19, 10, 20, 0x15, 10, 0x68, 1, 0, 10, 0x79, 0, 1, 0, 0, 10, 0x34, 2, 0, 10, 0x65, 0,    1, 0,
            10,   3,  5,  0x32, 5,  1,    2, 0, 5,  0x11, 8, 0, 0, 0, 1,  0x30, 0, 0, 0,  0,    0x10, 0, 0});
  at(0x40, {0x0A, 5, 4, 0, 2, 0x16, 3, 0x06, 5, 0x32, 1, 0x30});
  at(0x80, {0x21, 0, 2, 0, 0, 0x34, 0, 0});
  test::put(data, 0x88, functions[0]);
  at(0xC0, {0x01, 0, 1, 0, 0, 0x1A, 0, 0});
  test::put(data, 0x100, functions[1]);
  functions[3].UnwindData = info + 0x101;
  functions[4].UnwindData = info + 0xC0;
  dll.add_section(".xdata", std::move(data), pe::kSectionInitializedData | pe::kSectionRead);
  dll.add_exception_table(functions);
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
                           {"unwind_data", add_unwind_data},
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
