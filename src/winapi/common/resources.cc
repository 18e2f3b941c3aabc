#include "winapi/common/resources.h"

#include "base/utf.h"
#include "loader/datafile.h"
#include "nls/codepage.h"
#include "nls/locale.h"
#include "runtime/runtime.h"
#include "thread/peb.h"
#include "thread/teb.h"
#include "winapi/common/answer.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

constexpr LANGID kNeutral = 0, kEnglishUs = 0x0409, kSublangSysDefault = 2;

constexpr LANGID primary(LANGID language) {
  return language & 0x3FF;
}
constexpr LANGID sublanguage(LANGID language) {
  return static_cast<LANGID>(language >> 10);
}

Result<pe::ResourceKey> key_of_text(std::u16string_view name) {
  if (name.empty() || name[0] != u'#') return pe::ResourceKey(upcase(name));
  std::uint32_t id = 0;
  for (const char16_t c : name.substr(1)) {
    if (c < u'0' || c > u'9') break;
    id = id * 10 + (c - u'0');
    if (id > 0xFFFF) return fail(STATUS_INVALID_PARAMETER, "resource id {} is too large", utf8(name));
  }
  return pe::ResourceKey(static_cast<std::uint16_t>(id));
}

// RES-05 says which of the three levels failed.
Result<pe::ResourceLeaf> best_language(const pe::Resources& resources, pe::ResourceNode languages, LANGID wanted) {
  const LanguageChoice choice = language_choice(wanted);
  for (const LANGID candidate : choice.candidates)
    if (const auto found = resources.find(languages, pe::ResourceKey(candidate))) return resources.leaf(*found);
  if (choice.any) {
    const auto items = TRY(resources.items(languages));
    if (!items.empty()) return resources.leaf(items.front());
  }
  return fail(STATUS_RESOURCE_LANG_NOT_FOUND, "the resource does not exist in language {:#06x}", wanted);
}

}  // namespace

Result<pe::Image> image_of(HMODULE module) {
  if (module == nullptr) module = static_cast<HMODULE>(thread::peb().ImageBaseAddress);
  const auto bytes = TRY(runtime().loader().bytes_of(module));
  const bool raw = (reinterpret_cast<std::uintptr_t>(module) & 1) != 0;
  const pe::Image image = TRY(pe::Image::inspect(Bytes(bytes, "the module")));
  return raw || image.size_of_image() > bytes.size() ? image : image.in_memory(bytes);
}

bool is_resource_id(const void* name) {
  return reinterpret_cast<std::uintptr_t>(name) <= 0xFFFF;
}

Result<pe::ResourceKey> resource_key(const WCHAR* name) {
  if (is_resource_id(name)) return pe::ResourceKey(static_cast<std::uint16_t>(reinterpret_cast<std::uintptr_t>(name)));
  return key_of_text(name);
}
Result<pe::ResourceKey> resource_key(const CHAR* name) {
  if (is_resource_id(name)) return pe::ResourceKey(static_cast<std::uint16_t>(reinterpret_cast<std::uintptr_t>(name)));
  return key_of_text(nls::from_ansi(name));
}

LanguageChoice language_choice(LANGID requested) {
  const auto thread_language = static_cast<LANGID>(thread::teb().CurrentLocale);
  const auto user = static_cast<LANGID>(nls::user_locale().id), system = user;
  LanguageChoice choice = {{requested, primary(requested), kNeutral}, primary(requested) == kNeutral};
  if (choice.any) {
    if (sublanguage(requested) != kSublangSysDefault)
      for (const LANGID language : {thread_language, user, primary(user)}) choice.candidates.push_back(language);
    for (const LANGID language : {system, primary(system), kEnglishUs}) choice.candidates.push_back(language);
  }
  return choice;
}

Result<pe::ResourceLeaf> find_resource(const pe::Image& image, const pe::ResourceKey& type, const pe::ResourceKey& name,
                                       LANGID language) {
  const pe::Resources resources = TRY(pe::Resources::open(image));
  const pe::ResourceNode languages = TRY(resources.languages(type, name));
  return best_language(resources, languages, language);
}

Result<HRSRC> handle_of(const pe::Image& image, const pe::ResourceLeaf& leaf) {
  const Bytes entry = TRY(image.at(leaf.entry, sizeof(pe::ResourceDataEntry)));
  return static_cast<HRSRC>(const_cast<std::byte*>(entry.data()));
}

Result<Bytes> resource_bytes(const pe::Image& image, HRSRC resource) {
  const auto offset =
      reinterpret_cast<std::uintptr_t>(resource) - reinterpret_cast<std::uintptr_t>(image.bytes().data());
  const auto entry = image.bytes().read<pe::ResourceDataEntry>(offset);
  if (resource == nullptr || !entry)
    return fail(STATUS_INVALID_PARAMETER, "{} is no resource of this module", static_cast<void*>(resource));
  const pe::Rva data = {entry->OffsetToData};
  const std::uint32_t size = entry->Size;
  return image.at(data, size);
}

Result<std::u16string_view> find_string(HMODULE module, UINT id) {
  const pe::Image image = TRY(image_of(module));
  const auto number = static_cast<std::uint16_t>(id);
  const auto block = static_cast<std::uint16_t>(number / 16 + 1);
  const auto leaf = TRY(find_resource(image, pe::ResourceKey(kTypeString), pe::ResourceKey(block), kNeutral));
  const Bytes data = TRY(image.at(leaf.data, leaf.size));
  std::uint64_t at = 0;
  for (unsigned skipped = 0; skipped < number % 16U; ++skipped)
    at += 2 + 2 * std::uint64_t{TRY(data.read<std::uint16_t>(at))};
  const std::uint16_t length = TRY(data.read<std::uint16_t>(at));
  const Bytes text = TRY(data.slice(at + 2, 2 * std::uint64_t{length}));
  return std::u16string_view(reinterpret_cast<const char16_t*>(text.data()), length);
}

int load_string(HMODULE module, UINT id, WCHAR* buffer, int size) noexcept {
  if (buffer == nullptr || size < 0) return 0;
  if (size == 1) return buffer[0] = 0;  // RES-11: without a look at the module
  return answer<int>(
      0,
      [&]() -> Result<int> {
        if (size > 0) buffer[0] = 0;
        const std::u16string_view text = TRY(find_string(module, id));
        if (size == 0) {
          const WCHAR* inside = text.data();
          std::memcpy(buffer, &inside, sizeof inside);
          return static_cast<int>(text.size());
        }
        const std::size_t copied = std::min<std::size_t>(text.size(), static_cast<std::size_t>(size) - 1);
        std::copy_n(text.data(), copied, buffer);
        buffer[copied] = 0;
        return static_cast<int>(copied);
      },
      "LoadStringW");
}

int load_string(HMODULE module, UINT id, CHAR* buffer, int size) noexcept {
  if (size == 0) return -1;
  if (buffer == nullptr || size < 0) return 0;
  if (size == 1) return buffer[0] = 0;
  return answer<int>(
      0,
      [&]() -> Result<int> {
        buffer[0] = 0;
        std::string text = nls::to_ansi(TRY(find_string(module, id)));
        std::size_t copied = std::min(text.size(), static_cast<std::size_t>(size) - 1);
        // A character cut in the middle is left out.
        while (copied < text.size() && copied > 0 && (static_cast<unsigned char>(text[copied]) & 0xC0) == 0x80)
          --copied;
        std::copy_n(text.data(), copied, buffer);
        buffer[copied] = 0;
        return static_cast<int>(copied);
      },
      "LoadStringA");
}

}  // namespace hmodule::winapi
