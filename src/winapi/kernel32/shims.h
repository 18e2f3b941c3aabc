// What a known program needs that Windows does not give it, as Windows' own compatibility shims have it.
#pragma once

namespace hmodule::winapi {

// The programs in System32, cmd.exe first, are Wine's: they give WideCharToMultiByte a default character whatever the
// console's code page is, and would print nothing where that is UTF-8's error.
bool program_names_default_characters();

}  // namespace hmodule::winapi
