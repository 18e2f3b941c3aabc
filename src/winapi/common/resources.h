// Resources of modules and of datafile views, found through their handles (loader-semantics §13).
#pragma once

#include "base/result.h"
#include "pe/resources.h"

#include <string_view>
#include <vector>

namespace hmodule::winapi {

// Predefined resource types (winuser.h).
inline constexpr std::uint16_t kTypeString = 6, kTypeMessageTable = 11, kTypeVersion = 16;

// The image behind a handle of either kind (FLAG-16); nullptr is the main executable. It refers to the mapping: the
// caller keeps the module loaded meanwhile, as it has to anyway.
Result<pe::Image> image_of(HMODULE module);

// RES-03: a number below 0x10000, "#123", or a name.
bool is_resource_id(const void* name);
Result<pe::ResourceKey> resource_key(const WCHAR* name);
Result<pe::ResourceKey> resource_key(const CHAR* name);

// RES-04, RES-05: the best match for a language.
Result<pe::ResourceLeaf> find_resource(const pe::Image& image, const pe::ResourceKey& type, const pe::ResourceKey& name,
                                       LANGID language);
// The languages to try, best first; whether any other will do.
struct LanguageChoice {
  std::vector<LANGID> candidates;
  bool any;
};
LanguageChoice language_choice(LANGID requested);

// The address of a resource's data entry: the HRSRC (RES-07).
Result<HRSRC> handle_of(const pe::Image& image, const pe::ResourceLeaf& leaf);
// What an HRSRC of this module says (RES-06).
Result<Bytes> resource_bytes(const pe::Image& image, HRSRC resource);

// LoadString's text, inside the mapping (RES-10).
Result<std::u16string_view> find_string(HMODULE module, UINT id);
// LoadString itself, which user32 and kernelbase both export (RES-11).
int load_string(HMODULE module, UINT id, WCHAR* buffer, int size) noexcept;
int load_string(HMODULE module, UINT id, CHAR* buffer, int size) noexcept;

}  // namespace hmodule::winapi
