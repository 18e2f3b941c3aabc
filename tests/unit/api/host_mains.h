// DLLs made on the spot whose entry point is a function of the test: it sees what DLL code sees, when DLL code does.
#pragma once

#include <functional>
#include <hmodule/hmodule.hpp>

#include "unit/api/dlls.h"

namespace hmodule::test {

using Main = std::function<int(HMODULE base, unsigned reason, void* reserved)>;
inline Main mains[3];

template <int index>
HM_WINAPI int call_main(HMODULE base, unsigned reason, void* reserved) {
  return mains[index] ? mains[index](base, reason, reserved) : 1;
}

// Sets what the entry points of hosted_dll(…, 0) and on do, as long as it lives.
class Mains {
 public:
  explicit Mains(Main first, Main second = {}, Main third = {}) {
    static const hmodule_export kRows[] = {{"main_0", reinterpret_cast<void*>(&call_main<0>), 0},
                                           {"main_1", reinterpret_cast<void*>(&call_main<1>), 0},
                                           {"main_2", reinterpret_cast<void*>(&call_main<2>), 0}};
    static HMODULE host = hmodule_register("host_mains.dll", kRows, 3);
    (void)host;
    mains[0] = std::move(first);
    mains[1] = std::move(second);
    mains[2] = std::move(third);
  }
  Mains(const Mains&) = delete;
  Mains& operator=(const Mains&) = delete;
  ~Mains() {
    for (Main& main : mains) main = {};
  }
};

// Adds code that jumps to main `index`; an entry point or a TLS callback.
inline std::uint32_t add_jump(PeBuilder& dll, std::uint32_t slot) {
  ByteVector code = bytes_of({0xFF, 0x25});  // jmp [rip + the distance from the next instruction]
  append(code, slot - (dll.next_rva() + 6));
  return dll.add_section(".jump", std::move(code), pe::kSectionCode | pe::kSectionRead | pe::kSectionExecute);
}

inline PeBuilder hosted_dll(std::string_view name, int index, std::vector<PeImports> imports = {}) {
  PeBuilder dll = answering_dll(name, 1);
  const std::string main = "main_" + std::to_string(index);
  imports.insert(imports.begin(), {"host_mains.dll", {main.c_str()}});
  const auto slots = dll.add_imports(imports);
  dll.optional.AddressOfEntryPoint = add_jump(dll, slots[0][0]);
  return dll;
}

}  // namespace hmodule::test
