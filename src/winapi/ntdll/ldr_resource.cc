// The resource functions of ntdll; the levels of the tree are counted: 1 type, 2 name, 3 language.
#include "module/builtin.h"
#include "win/status.h"
#include "winapi/common/answer.h"
#include "winapi/common/resources.h"

namespace hmodule::winapi {
namespace {

struct LDR_RESOURCE_INFO {
  ULONG_PTR Type, Name, Language;
};

Result<pe::ResourceKey> key(ULONG_PTR id) {
  return resource_key(reinterpret_cast<const WCHAR*>(id));
}

Status find_entry(HMODULE module, const LDR_RESOURCE_INFO* info, ULONG level, const void** entry) {
  if (info == nullptr || entry == nullptr || level == 0 || level > 3)
    return fail(STATUS_INVALID_PARAMETER, "LdrFindResource_U: level {}", level);
  const pe::Image image = TRY(image_of(module));
  const pe::ResourceKey type = TRY(key(info->Type));
  const pe::ResourceKey name = level >= 2 ? TRY(key(info->Name)) : pe::ResourceKey(std::uint16_t{0});
  const LANGID language = level >= 3 ? static_cast<LANGID>(info->Language) : LANGID{0};
  const pe::ResourceLeaf leaf = TRY(find_resource(image, type, name, language));
  *entry = TRY(handle_of(image, leaf));
  return ok;
}

// RtlFindResource's directories: the root, a type's, a name's.
Status find_directory(HMODULE module, const LDR_RESOURCE_INFO* info, ULONG level, const void** directory) {
  if (directory == nullptr || level > 2 || (info == nullptr && level != 0))
    return fail(STATUS_INVALID_PARAMETER, "LdrFindResourceDirectory_U: level {}", level);
  const pe::Image image = TRY(image_of(module));
  const pe::Resources resources = TRY(pe::Resources::open(image));
  pe::ResourceNode node = resources.root();
  const ULONG_PTR ids[] = {level >= 1 ? info->Type : 0, level >= 2 ? info->Name : 0};
  constexpr NTSTATUS kMissing[] = {STATUS_RESOURCE_TYPE_NOT_FOUND, STATUS_RESOURCE_NAME_NOT_FOUND};
  for (ULONG i = 0; i < level; ++i) {
    const pe::ResourceKey wanted = TRY(key(ids[i]));
    const auto item = resources.find(node, wanted);
    if (!item || !item->is_directory)
      return fail(kMissing[i], "LdrFindResourceDirectory_U: level {} of the path does not exist", i + 1);
    node = item->node();
  }
  const pe::Rva rva = {image.directory(pe::kDirectoryResource).rva.value + node.offset};
  const Bytes header = TRY(image.at(rva, sizeof(pe::ResourceDirectory)));
  *directory = header.data();
  return ok;
}

HM_WINAPI NTSTATUS LdrFindResource_U(HMODULE module, const LDR_RESOURCE_INFO* info, ULONG level,
                                     const void** entry) noexcept {
  return status_of([&] { return find_entry(module, info, level, entry); });
}

HM_WINAPI NTSTATUS LdrFindResourceDirectory_U(HMODULE module, const LDR_RESOURCE_INFO* info, ULONG level,
                                              const void** directory) noexcept {
  return status_of([&] { return find_directory(module, info, level, directory); });
}

HM_WINAPI NTSTATUS LdrAccessResource(HMODULE module, HRSRC entry, const void** data, ULONG* size) noexcept {
  return status_of([&]() -> Status {
    const pe::Image image = TRY(image_of(module));
    const Bytes bytes = TRY(resource_bytes(image, entry));
    if (data != nullptr) *data = bytes.data();
    if (size != nullptr) *size = static_cast<ULONG>(bytes.size());
    return ok;
  });
}

const Export kRows[] = {
    {"LdrAccessResource", proc(LdrAccessResource)},
    {"LdrFindResourceDirectory_U", proc(LdrFindResourceDirectory_U)},
    {"LdrFindResource_U", proc(LdrFindResource_U)},
};

}  // namespace

extern const ExportTable ldr_resource_exports = kRows;

}  // namespace hmodule::winapi
