// imm32.dll: there is no input, so no input method.
#include "winapi/imm32/exports.h"

namespace hmodule::winapi {

extern const ExportTable imm_exports;

namespace {

const ExportTable* const kTables[] = {&imm_exports};

}  // namespace

const BuiltinDll imm32_dll = {"imm32.dll", kTables};

}  // namespace hmodule::winapi
