// fileapi.h: drives and volumes.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/file_facts.h"
#include "nt/handle_table.h"
#include "nt/volume.h"
#include "path/volumes.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"
#include "winapi/kernel32/file_args.h"

#include <array>
#include <atomic>

namespace hmodule::winapi {
namespace {

// Where a directory or root is on the host; NULL means the current drive's root. A directory that exists for Windows
// only is on the volume of `/`.
Result<std::string> host_directory(const WCHAR* name) {
  std::u16string full = name == nullptr ? TRY(nt::full_path(u"\\")) : TRY(dos_path(name));
  const path::HostPath place = TRY(path::volumes().to_host(full));
  if (!place.exists()) return fail(STATUS_OBJECT_PATH_NOT_FOUND, "{} does not exist", utf8(full));
  if (!place.is_directory()) return fail(STATUS_NOT_A_DIRECTORY, "{} is not a directory", utf8(full));
  return place.path.empty() ? std::string("/") : place.path;
}

template <typename T>
Result<T> volume_info(const std::string& host, FSINFOCLASS what) {
  alignas(T) std::array<std::byte, sizeof(T) + 128> buffer = {};
  TRY(nt::query_host_volume(what, host, buffer));
  T value;
  std::memcpy(&value, buffer.data(), sizeof value);
  return value;
}

// --- GetDiskFreeSpace ---

Status disk_free_space_ex(const WCHAR* name, ULARGE_INTEGER* available, ULARGE_INTEGER* total, ULARGE_INTEGER* free) {
  const std::string host = TRY(host_directory(name));
  const auto sizes = TRY(volume_info<FILE_FS_FULL_SIZE_INFORMATION>(host, FileFsFullSizeInformation));
  const std::uint64_t unit = std::uint64_t{sizes.SectorsPerAllocationUnit} * sizes.BytesPerSector;
  if (available != nullptr) *available = static_cast<std::uint64_t>(sizes.CallerAvailableAllocationUnits) * unit;
  if (total != nullptr) *total = static_cast<std::uint64_t>(sizes.TotalAllocationUnits) * unit;
  if (free != nullptr) *free = static_cast<std::uint64_t>(sizes.ActualAvailableAllocationUnits) * unit;
  return ok;
}
HM_WINAPI BOOL GetDiskFreeSpaceExW(const WCHAR* name, ULARGE_INTEGER* available, ULARGE_INTEGER* total,
                                   ULARGE_INTEGER* free) noexcept {
  return succeed([&] { return disk_free_space_ex(name, available, total, free); });
}
HM_WINAPI BOOL GetDiskFreeSpaceExA(const CHAR* name, ULARGE_INTEGER* available, ULARGE_INTEGER* total,
                                   ULARGE_INTEGER* free) noexcept {
  return succeed([&] { return disk_free_space_ex(Wide(name).get(), available, total, free); });
}

Status disk_free_space(const WCHAR* name, DWORD* sectors, DWORD* bytes, DWORD* free, DWORD* total) {
  const std::string host = TRY(host_directory(name));
  const auto sizes = TRY(volume_info<FILE_FS_SIZE_INFORMATION>(host, FileFsSizeInformation));
  // The counts have 32 bits: larger volumes are told in larger units.
  auto all = static_cast<std::uint64_t>(sizes.TotalAllocationUnits);
  auto available = static_cast<std::uint64_t>(sizes.AvailableAllocationUnits);
  DWORD per_unit = sizes.SectorsPerAllocationUnit;
  while (all > 0xFFFF'FFFF && per_unit < 0x8000'0000) all /= 2, available /= 2, per_unit *= 2;
  if (sectors != nullptr) *sectors = per_unit;
  if (bytes != nullptr) *bytes = sizes.BytesPerSector;
  if (free != nullptr) *free = static_cast<DWORD>(available);
  if (total != nullptr) *total = static_cast<DWORD>(all);
  return ok;
}
HM_WINAPI BOOL GetDiskFreeSpaceW(const WCHAR* name, DWORD* sectors, DWORD* bytes, DWORD* free, DWORD* total) noexcept {
  return succeed([&] { return disk_free_space(name, sectors, bytes, free, total); });
}
HM_WINAPI BOOL GetDiskFreeSpaceA(const CHAR* name, DWORD* sectors, DWORD* bytes, DWORD* free, DWORD* total) noexcept {
  return succeed([&] { return disk_free_space(Wide(name).get(), sectors, bytes, free, total); });
}

// --- Drives ---

HM_WINAPI DWORD GetLogicalDrives() noexcept {
  return nt::logical_drives();
}

// "C:\" NUL "Z:\" NUL NUL.
template <typename Char>
DWORD drive_strings(DWORD size, Char* buffer) {
  std::basic_string<Char> text;
  for (const char16_t letter : path::volumes().drives()) {
    const Char root[] = {static_cast<Char>(letter), ':', '\\', 0};
    text.append(root, 4);
  }
  return give<Char>(std::basic_string_view<Char>(text), buffer, size);
}
HM_WINAPI DWORD GetLogicalDriveStringsW(DWORD size, WCHAR* buffer) noexcept {
  return drive_strings(size, buffer);
}
HM_WINAPI DWORD GetLogicalDriveStringsA(DWORD size, CHAR* buffer) noexcept {
  return drive_strings(size, buffer);
}

// Only a root has a type.
UINT drive_type(const WCHAR* root) {
  const Result<std::u16string> full = root == nullptr ? nt::full_path(u"\\") : dos_path(root);
  if (!full) return DRIVE_NO_ROOT_DIR;
  std::u16string name = *full;
  if (name.size() == 2 && name[1] == u':') name += u'\\';
  if (name.size() != path::root_length(name)) return DRIVE_NO_ROOT_DIR;
  const auto place = path::volumes().to_host(name);
  if (!place || !place->is_directory()) return DRIVE_NO_ROOT_DIR;
  if (place->path.empty()) return DRIVE_FIXED;
  const auto kind = nt::volume_kind(place->path);
  return kind ? kind->drive_type : DRIVE_UNKNOWN;
}
HM_WINAPI UINT GetDriveTypeW(const WCHAR* root) noexcept {
  return answer<UINT>(DRIVE_UNKNOWN, [&]() -> Result<UINT> { return drive_type(root); });
}
HM_WINAPI UINT GetDriveTypeA(const CHAR* root) noexcept {
  return answer<UINT>(DRIVE_UNKNOWN, [&]() -> Result<UINT> { return drive_type(Wide(root).get()); });
}

// --- GetVolumeInformation ---

struct VolumeDescription {
  DWORD serial, maximum_component, flags;
  std::u16string file_system;
};

Result<VolumeDescription> describe(const std::string& host) {
  alignas(8) std::array<std::byte, 256> buffer = {};
  const auto volume = TRY(volume_info<FILE_FS_VOLUME_INFORMATION>(host, FileFsVolumeInformation));
  TRY(nt::query_host_volume(FileFsAttributeInformation, host, buffer));
  FILE_FS_ATTRIBUTE_INFORMATION attributes;
  std::memcpy(&attributes, buffer.data(), sizeof attributes);
  std::u16string name(attributes.FileSystemNameLength / 2, u'\0');
  std::memcpy(name.data(), buffer.data() + offsetof(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName), name.size() * 2);
  return VolumeDescription{volume.VolumeSerialNumber, static_cast<DWORD>(attributes.MaximumComponentNameLength),
                           attributes.FileSystemAttributes, std::move(name)};
}

template <typename Char>
Status give_name(std::basic_string_view<Char> name, Char* buffer, DWORD size) {
  if (buffer != nullptr && give<Char>(name, buffer, size) != name.size())
    return fail_win32(ERROR_BAD_LENGTH, "a name of {} characters does not fit in {}", name.size(), size);
  return ok;
}

template <typename Char>
Status volume_information(const VolumeDescription& volume, Char* label, DWORD label_size, DWORD* serial,
                          DWORD* maximum_component, DWORD* flags, Char* file_system, DWORD file_system_size) {
  if (serial != nullptr) *serial = volume.serial;
  if (maximum_component != nullptr) *maximum_component = volume.maximum_component;
  if (flags != nullptr) *flags = volume.flags;
  TRY(give_name<Char>({}, label, label_size));
  if constexpr (sizeof(Char) == 1)
    return give_name<Char>(nls::to_ansi(volume.file_system), file_system, file_system_size);
  else
    return give_name<Char>(volume.file_system, file_system, file_system_size);
}

// The root must end with a backslash.
Result<VolumeDescription> describe_root(const WCHAR* root) {
  if (root != nullptr) {
    const std::u16string_view given(root);
    if (given.empty() || !path::is_separator(given.back()))
      return fail(STATUS_OBJECT_NAME_INVALID, "{} is not a volume's root", utf8(given));
    const std::u16string full = TRY(dos_path(root));
    if (full.size() != path::root_length(full))
      return fail_win32(ERROR_DIR_NOT_ROOT, "{} is not a volume's root", utf8(given));
  }
  return describe(TRY(host_directory(root)));
}

HM_WINAPI BOOL GetVolumeInformationW(const WCHAR* root, WCHAR* label, DWORD label_size, DWORD* serial,
                                     DWORD* maximum_component, DWORD* flags, WCHAR* file_system,
                                     DWORD file_system_size) noexcept {
  return succeed([&]() -> Status {
    return volume_information(TRY(describe_root(root)), label, label_size, serial, maximum_component, flags,
                              file_system, file_system_size);
  });
}
HM_WINAPI BOOL GetVolumeInformationA(const CHAR* root, CHAR* label, DWORD label_size, DWORD* serial,
                                     DWORD* maximum_component, DWORD* flags, CHAR* file_system,
                                     DWORD file_system_size) noexcept {
  return succeed([&]() -> Status {
    return volume_information(TRY(describe_root(Wide(root).get())), label, label_size, serial, maximum_component, flags,
                              file_system, file_system_size);
  });
}
HM_WINAPI BOOL GetVolumeInformationByHandleW(HANDLE handle, WCHAR* label, DWORD label_size, DWORD* serial,
                                             DWORD* maximum_component, DWORD* flags, WCHAR* file_system,
                                             DWORD file_system_size) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    if (file->device_type() != FILE_DEVICE_DISK) return fail(STATUS_INVALID_DEVICE_REQUEST, "not on a volume");
    const std::string host = file->descriptor() < 0 ? "/" : nt::descriptor_path(file->descriptor());
    return volume_information(TRY(describe(host)), label, label_size, serial, maximum_component, flags, file_system,
                              file_system_size);
  });
}

// A volume here is a drive: whatever else is mounted below it is part of it.
Result<std::u16string> volume_path(const WCHAR* name) {
  const std::u16string full = TRY(dos_path(name));
  const std::size_t root = path::root_length(full);
  if (root == 0) return fail(STATUS_OBJECT_NAME_INVALID, "{} is on no volume", utf8(full));
  std::u16string volume = full.substr(0, root);
  if (!path::is_separator(volume.back())) volume += u'\\';
  return volume;
}
HM_WINAPI BOOL GetVolumePathNameW(const WCHAR* name, WCHAR* buffer, DWORD size) noexcept {
  return succeed([&]() -> Status {
    const std::u16string volume = TRY(volume_path(name));
    if (give<WCHAR>(volume, buffer, size) != volume.size())
      return fail(STATUS_NAME_TOO_LONG, "{} characters do not fit in {}", volume.size(), size);
    return ok;
  });
}
HM_WINAPI BOOL GetVolumePathNameA(const CHAR* name, CHAR* buffer, DWORD size) noexcept {
  return succeed([&]() -> Status {
    const std::string volume = nls::to_ansi(TRY(volume_path(Wide(name).get())));
    if (give<CHAR>(volume, buffer, size) != volume.size())
      return fail(STATUS_NAME_TOO_LONG, "{} characters do not fit in {}", volume.size(), size);
    return ok;
  });
}

// --- QueryDosDevice ---

// What the drives are called below \Device; without a name, all of them.
Result<std::u16string> dos_devices(const WCHAR* name) {
  std::u16string answer_text;
  const std::u16string drives = path::volumes().drives();
  if (name == nullptr) {
    for (const char16_t letter : drives) (answer_text += letter) += std::u16string_view(u":\0", 2);
    answer_text += std::u16string_view(u"NUL\0PIPE\0CON\0", 13);
    return answer_text;
  }
  const std::u16string wanted = upcase(std::u16string_view(name));
  if (wanted.size() == 2 && wanted[1] == u':' && drives.find(wanted[0]) != drives.npos)
    return u"\\Device\\HarddiskVolume" + utf16(std::to_string(wanted[0] - u'A' + 1)) + u'\0';
  if (wanted == u"NUL") return std::u16string(u"\\Device\\Null\0", 13);
  if (wanted == u"PIPE") return std::u16string(u"\\Device\\NamedPipe\0", 18);
  return fail(STATUS_OBJECT_NAME_NOT_FOUND, "there is no device {}", utf8(wanted));
}
template <typename Char>
Result<DWORD> give_devices(std::basic_string<Char> devices, Char* buffer, DWORD size) {
  devices += Char{};
  if (devices.size() > size)
    return fail_win32(ERROR_INSUFFICIENT_BUFFER, "{} characters do not fit in {}", devices.size(), size);
  std::copy(devices.begin(), devices.end(), buffer);
  return static_cast<DWORD>(devices.size());
}
HM_WINAPI DWORD QueryDosDeviceW(const WCHAR* name, WCHAR* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> { return give_devices(TRY(dos_devices(name)), buffer, size); });
}
HM_WINAPI DWORD QueryDosDeviceA(const CHAR* name, CHAR* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    return give_devices(nls::to_ansi(TRY(dos_devices(Wide(name).get()))), buffer, size);
  });
}

// --- FindFirstVolume: a volume for each drive. Its name is the drive's, in the form that needs no letter to be free.
// ---

class VolumeSearch final : public nt::Object {
 public:
  static const nt::ObjectType kType;
  const nt::ObjectType& type() const override { return kType; }

  std::atomic<std::size_t> next = 0;
};
const nt::ObjectType VolumeSearch::kType = {u"FindVolume", 0, 0, 0, 0};

Status give_volume(VolumeSearch& search, WCHAR* buffer, DWORD size) {
  const std::u16string drives = path::volumes().drives();
  const std::size_t index = search.next++;
  if (index >= drives.size()) return fail(STATUS_NO_MORE_FILES, "there are {} volumes", drives.size());
  const std::u16string name = std::u16string(u"\\\\?\\") + drives[index] + u":\\";
  if (give<WCHAR>(std::u16string_view(name), buffer, size) != name.size())
    return fail_win32(ERROR_FILENAME_EXCED_RANGE, "a volume's name has {} characters", name.size());
  return ok;
}
HM_WINAPI HANDLE FindFirstVolumeW(WCHAR* buffer, DWORD size) noexcept {
  return answer<HANDLE>(INVALID_HANDLE_VALUE, [&]() -> Result<HANDLE> {
    auto search = nt::make_object<VolumeSearch>();
    TRY(give_volume(*search, buffer, size));
    return nt::handle_for(std::move(search), 0);
  });
}
HM_WINAPI BOOL FindNextVolumeW(HANDLE handle, WCHAR* buffer, DWORD size) noexcept {
  return succeed([&]() -> Status { return give_volume(*TRY(nt::object_of<VolumeSearch>(handle, 0)), buffer, size); });
}
HM_WINAPI BOOL FindVolumeClose(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<VolumeSearch>(handle, 0));
    return nt::handles().close(handle);
  });
}
constexpr std::string_view kDriveNames = "volumes are named by their drives, \\\\?\\Z:\\";

const Export kRows[] = {
    {"FindFirstVolumeW", proc(FindFirstVolumeW), Support::partial, kDriveNames},
    {"FindNextVolumeW", proc(FindNextVolumeW), Support::partial, kDriveNames},
    {"FindVolumeClose", proc(FindVolumeClose)},
    {"GetDiskFreeSpaceA", proc(GetDiskFreeSpaceA)},
    {"GetDiskFreeSpaceExA", proc(GetDiskFreeSpaceExA)},
    {"GetDiskFreeSpaceExW", proc(GetDiskFreeSpaceExW)},
    {"GetDiskFreeSpaceW", proc(GetDiskFreeSpaceW)},
    {"GetDriveTypeA", proc(GetDriveTypeA)},
    {"GetDriveTypeW", proc(GetDriveTypeW)},
    {"GetLogicalDriveStringsA", proc(GetLogicalDriveStringsA)},
    {"GetLogicalDriveStringsW", proc(GetLogicalDriveStringsW)},
    {"GetLogicalDrives", proc(GetLogicalDrives)},
    {"GetVolumeInformationA", proc(GetVolumeInformationA)},
    {"GetVolumeInformationByHandleW", proc(GetVolumeInformationByHandleW)},
    {"GetVolumeInformationW", proc(GetVolumeInformationW)},
    {"GetVolumePathNameA", proc(GetVolumePathNameA)},
    {"GetVolumePathNameW", proc(GetVolumePathNameW)},
    {"QueryDosDeviceA", proc(QueryDosDeviceA), Support::partial, "drives, NUL, PIPE and CON"},
    {"QueryDosDeviceW", proc(QueryDosDeviceW), Support::partial, "drives, NUL, PIPE and CON"},
};

}  // namespace

extern const ExportTable fileapi_volumes_exports = kRows;

}  // namespace hmodule::winapi
