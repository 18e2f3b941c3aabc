// netioapi.h: interfaces by number, LUID, GUID and name.
#include "base/utf.h"
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"
#include "winapi/iphlpapi/interfaces.h"

#include <net/if.h>

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr DWORD kFileNotFound = 2, kNotEnoughMemory = 8, kInvalidParameter = 87, kInvalidName = 123;

// An answer for the interface that `matches`, or `otherwise`.
template <typename Matches, typename Give>
DWORD look(Matches matches, Give give, DWORD otherwise) {
  for (const Interface& interface : interfaces())
    if (matches(interface)) return give(interface);
  return otherwise;
}
auto with_index(unsigned index) {
  return [=](const Interface& each) { return each.index == index; };
}
auto with_luid(std::uint64_t luid) {
  return [=](const Interface& each) { return each.luid() == luid; };
}
auto with_name(const std::string& name) {
  return [=](const Interface& each) { return each.name == name; };
}
auto luid_into(std::uint64_t* luid) {
  return [=](const Interface& each) {
    *luid = each.luid();
    return DWORD{0};
  };
}
template <typename Char>
auto name_into(Char* buffer, SIZE_T size) {
  return [=](const Interface& each) -> DWORD {
    if (size <= each.name.size()) return kNotEnoughMemory;
    *std::copy(each.name.begin(), each.name.end(), buffer) = 0;
    return 0;
  };
}

HM_WINAPI ULONG if_nametoindex_windows(const char* name) noexcept {
  return name == nullptr ? 0 : if_nametoindex(name);
}
HM_WINAPI char* if_indextoname_windows(ULONG index, char* name) noexcept {
  return name == nullptr ? nullptr : if_indextoname(index, name);
}

HM_WINAPI DWORD ConvertInterfaceIndexToLuid(ULONG index, std::uint64_t* luid) noexcept {
  if (luid == nullptr) return kInvalidParameter;
  *luid = 0;
  return look(with_index(index), luid_into(luid), kFileNotFound);
}
HM_WINAPI DWORD ConvertInterfaceLuidToIndex(const std::uint64_t* luid, ULONG* index) noexcept {
  if (luid == nullptr || index == nullptr) return kInvalidParameter;
  *index = 0;
  const auto give = [&](const Interface& each) { return *index = each.index, DWORD{0}; };
  return look(with_luid(*luid), give, kFileNotFound);
}
HM_WINAPI DWORD ConvertInterfaceLuidToGuid(const std::uint64_t* luid, GUID* guid) noexcept {
  if (luid == nullptr || guid == nullptr) return kInvalidParameter;
  const auto give = [&](const Interface& each) { return *guid = each.guid(), DWORD{0}; };
  return look(with_luid(*luid), give, kFileNotFound);
}
HM_WINAPI DWORD ConvertInterfaceGuidToLuid(const GUID* guid, std::uint64_t* luid) noexcept {
  if (guid == nullptr || luid == nullptr) return kInvalidParameter;
  const auto matches = [&](const Interface& each) {
    const GUID id = each.guid();
    return std::memcmp(&id, guid, sizeof id) == 0;
  };
  return look(matches, luid_into(luid), kFileNotFound);
}
HM_WINAPI DWORD ConvertInterfaceLuidToNameA(const std::uint64_t* luid, char* name, SIZE_T size) noexcept {
  if (luid == nullptr || name == nullptr || size == 0) return kInvalidParameter;
  return look(with_luid(*luid), name_into(name, size), kInvalidParameter);
}
HM_WINAPI DWORD ConvertInterfaceLuidToNameW(const std::uint64_t* luid, WCHAR* name, SIZE_T size) noexcept {
  if (luid == nullptr || name == nullptr || size == 0) return kInvalidParameter;
  return look(with_luid(*luid), name_into(name, size), kInvalidParameter);
}
HM_WINAPI DWORD ConvertInterfaceNameToLuidA(const char* name, std::uint64_t* luid) noexcept {
  if (name == nullptr) return kInvalidName;
  if (luid == nullptr) return kInvalidParameter;
  return look(with_name(name), luid_into(luid), kInvalidName);
}
HM_WINAPI DWORD ConvertInterfaceNameToLuidW(const WCHAR* name, std::uint64_t* luid) noexcept {
  return ConvertInterfaceNameToLuidA(name == nullptr ? nullptr : utf8(name).c_str(), luid);
}
// The alias is what a user calls it; the host's name is.
HM_WINAPI DWORD ConvertInterfaceLuidToAlias(const std::uint64_t* luid, WCHAR* alias, SIZE_T size) noexcept {
  if (luid == nullptr || alias == nullptr) return kInvalidParameter;
  return look(with_luid(*luid), name_into(alias, size), kInvalidParameter);
}
HM_WINAPI DWORD ConvertInterfaceAliasToLuid(const WCHAR* alias, std::uint64_t* luid) noexcept {
  if (alias == nullptr || luid == nullptr) return kInvalidParameter;
  return look(with_name(utf8(alias)), luid_into(luid), kInvalidParameter);
}
HM_WINAPI DWORD ConvertLengthToIpv4Mask(ULONG length, ULONG* mask) noexcept {
  if (mask == nullptr) return kInvalidParameter;
  *mask = 0xFFFF'FFFF;
  if (length > 32) return kInvalidParameter;
  *mask = length == 0 ? 0 : htonl(~0U << (32 - length));
  return 0;
}
HM_WINAPI DWORD GetAdapterIndex(const WCHAR* adapter, ULONG* index) noexcept {
  if (adapter == nullptr || index == nullptr) return kInvalidParameter;
  std::string name = utf8(adapter);
  if (const std::size_t brace = name.find('{'); brace != std::string::npos)
    name.erase(0, brace);  // \DEVICE\TCPIP_{...}
  const auto matches = [&](const Interface& each) { return each.guid_text() == name; };
  const auto give = [&](const Interface& each) { return *index = each.index, DWORD{0}; };
  return look(matches, give, kFileNotFound);
}

const Export kRows[] = {
    {"ConvertInterfaceAliasToLuid", proc(ConvertInterfaceAliasToLuid)},
    {"ConvertInterfaceGuidToLuid", proc(ConvertInterfaceGuidToLuid)},
    {"ConvertInterfaceIndexToLuid", proc(ConvertInterfaceIndexToLuid)},
    {"ConvertInterfaceLuidToAlias", proc(ConvertInterfaceLuidToAlias)},
    {"ConvertInterfaceLuidToGuid", proc(ConvertInterfaceLuidToGuid)},
    {"ConvertInterfaceLuidToIndex", proc(ConvertInterfaceLuidToIndex)},
    {"ConvertInterfaceLuidToNameA", proc(ConvertInterfaceLuidToNameA)},
    {"ConvertInterfaceLuidToNameW", proc(ConvertInterfaceLuidToNameW)},
    {"ConvertInterfaceNameToLuidA", proc(ConvertInterfaceNameToLuidA)},
    {"ConvertInterfaceNameToLuidW", proc(ConvertInterfaceNameToLuidW)},
    {"ConvertLengthToIpv4Mask", proc(ConvertLengthToIpv4Mask)},
    {"GetAdapterIndex", proc(GetAdapterIndex)},
    {"if_indextoname", proc(if_indextoname_windows)},
    {"if_nametoindex", proc(if_nametoindex_windows)},
};

}  // namespace

extern const ExportTable interface_names_exports = kRows;

}  // namespace hmodule::winapi
