// One insert of a message: "%3!-8.4s!".
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace hmodule::winapi {

// Formats by a printf specification without its '%' ("-8.4s", "*.*s", "I64x"). `first` is the argument's number,
// from 0; each '*' takes one more before the value.
Result<std::u16string> format_insert(std::u16string_view specification, const ULONG_PTR* arguments, unsigned first,
                                     bool ansi);

}  // namespace hmodule::winapi
