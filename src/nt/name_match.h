// Wildcards, as NT compares them.
//
// The kernel knows five: `*` and `?`, and three that MS-DOS needed. `<` (DOS_STAR) is `*` that stops before the
// name's last dot; `>` (DOS_QM) is `?` that may also match nothing before a dot or at the end; `"` (DOS_DOT) is a dot
// that may also match the end. Win32 turns what a program writes (`*.*`, `foo?.txt`, `*.`) into those, so that `*.*`
// finds names without a dot and `*.` finds only such names.
#pragma once

#include <string>
#include <string_view>

namespace hmodule::nt {

// FindFirstFile's last component as the kernel gets it.
std::u16string nt_pattern(std::u16string_view win32_pattern);

// FsRtlIsNameInExpression: without case unless `case_sensitive`. Linear in name times pattern.
bool name_matches(std::u16string_view pattern, std::u16string_view name, bool case_sensitive = false);

// True when `pattern` has one of the five.
bool has_wildcards(std::u16string_view pattern);

}  // namespace hmodule::nt
