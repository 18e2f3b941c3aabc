// Texts of messages and the inserts in them: what FormatMessage and RtlFormatMessage share.
#pragma once

#include "base/result.h"
#include "pe/image.h"

#include <optional>
#include <string>
#include <string_view>

namespace hmodule::winapi {

// The entry of a message table (RT_MESSAGETABLE 1): MESSAGE_RESOURCE_ENTRY, inside the mapping. MR_MID_NOT_FOUND when
// the table lacks the number; the resource errors of RES-05 when there is no table.
struct MESSAGE_RESOURCE_ENTRY {
  WORD Length, Flags;  // Length with this header; Flags 1: UTF-16
};
Result<const MESSAGE_RESOURCE_ENTRY*> find_message(const pe::Image& image, std::uint16_t type, std::uint16_t name,
                                                   DWORD id, LANGID language);
std::u16string text_of(const MESSAGE_RESOURCE_ENTRY& entry);

// The English text of an error code, with its line break; the Win32 code inside an HRESULT counts. nullopt: not known.
std::optional<std::u16string> system_message(DWORD id);

// The arguments of a message: 64-bit slots, as an array and as the caller's stack alike.
struct MessageStyle {
  const ULONG_PTR* arguments = nullptr;  // nullptr: there are none
  bool ignore_inserts = false;
  bool ansi = false;   // "%s" inserts are CHAR strings
  unsigned width = 0;  // 0: lines as the text has them; 255: only the hard ones; else wrapped at that many characters
};
Result<std::u16string> expand_message(std::u16string_view text, const MessageStyle& style);

}  // namespace hmodule::winapi
