// The defaults: what programs and system DLLs have been seen to ask for. Names and values are those of Windows 10 22H2;
// where the machine, the user or the locale decides, the value is made from what Linux and ICU say.
#include "nt/registry_defaults.h"

#include "base/utf.h"
#include "nls/codepage.h"
#include "nls/locale.h"
#include "nls/timezone.h"
#include "nt/process_parameters.h"
#include "nt/registry.h"
#include "nt/system_information.h"
#include "nt/user_directories.h"
#include "path/volumes.h"
#include "thread/peb.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <variant>

namespace hmodule::nt {
namespace {

// --- writing ---

// The key at `path`, below `start`; made as far as it is missing, volatile if `in_memory`.
Result<KeyId> make_key(RegistryStore& store, KeyId start, std::u16string_view path, bool in_memory = false) {
  KeyId key = start;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(u'\\'), path.size());
    const std::u16string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    const auto found = TRY(store.child(key, name));
    key = found ? found->id : TRY(store.add_key(key, name, {}, in_memory || is_volatile(key), false));
  }
  return key;
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}
// With the terminator.
Status set_text(RegistryStore& store, KeyId key, std::u16string_view name, const std::u16string& text,
                ULONG type = REG_SZ) {
  return store.set_value(key, name, type, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}
Status set_number(RegistryStore& store, KeyId key, std::u16string_view name, ULONG value) {
  return store.set_value(key, name, REG_DWORD, bytes_of(value));
}
std::u16string decimal(std::uint64_t number) {
  return utf16(std::to_string(number));
}

// --- the table ---

std::u16string variable(std::u16string_view name) {
  return environment_variable(name).value_or(std::u16string());
}
std::u16string computer_name() {
  return upcase(utf16(host_name())).substr(0, 15);
}
std::u16string host() {
  return utf16(host_name());
}
std::u16string user_name() {
  return variable(u"USERNAME");
}
std::u16string build() {
  return decimal(thread::peb().OSBuildNumber);
}
std::u16string windows_directory() {
  return std::u16string(path::kWindowsDirectory);
}
// Windows makes one when it is installed, and so does systemd.
std::u16string machine_guid() {
  std::string id = read_small_file("/etc/machine-id");
  if (id.size() < 32) id.assign(32, '0');
  return utf16(fmt::format("{}-{}-{}-{}-{}", id.substr(0, 8), id.substr(8, 4), id.substr(12, 4), id.substr(16, 4),
                           id.substr(20, 12)));
}

struct Expandable {
  const char16_t* text;
};
using Made = std::u16string (*)();
struct Row {
  const char16_t* key;
  const char16_t* name = nullptr;                                      // nullptr: only the key
  std::variant<const char16_t*, Expandable, ULONG, Made> value = u"";  // REG_SZ, REG_EXPAND_SZ, REG_DWORD, REG_SZ
};

#define NT_VERSION u"MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define VERSION u"MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion"
#define CONTROL u"MACHINE\\SYSTEM\\ControlSet001\\Control"
#define ENVIRONMENT CONTROL u"\\Session Manager\\Environment"
#define TCPIP u"MACHINE\\SYSTEM\\ControlSet001\\Services\\Tcpip\\Parameters"

constexpr Row kMachine[] = {
    {NT_VERSION, u"CurrentBuild", build},
    {NT_VERSION, u"CurrentBuildNumber", build},
    {NT_VERSION, u"CurrentMajorVersionNumber", ULONG{10}},
    {NT_VERSION, u"CurrentMinorVersionNumber", ULONG{0}},
    {NT_VERSION, u"CurrentType", u"Multiprocessor Free"},
    {NT_VERSION, u"CurrentVersion", u"6.3"},  // where Windows 10 stopped counting
    {NT_VERSION, u"DisplayVersion", u"22H2"},
    {NT_VERSION, u"EditionID", u"Professional"},
    {NT_VERSION, u"InstallationType", u"Client"},
    {NT_VERSION, u"PathName", windows_directory},
    {NT_VERSION, u"ProductName", u"Windows 10 Pro"},
    {NT_VERSION, u"RegisteredOwner", user_name},
    {NT_VERSION, u"ReleaseId", u"2009"},
    {NT_VERSION, u"SoftwareType", u"System"},
    {NT_VERSION, u"SystemRoot", windows_directory},
    {NT_VERSION u"\\Fonts"},
    {NT_VERSION u"\\Image File Execution Options"},
    {NT_VERSION u"\\ProfileList"},
    {VERSION, u"CommonFilesDir", u"C:\\Program Files\\Common Files"},
    {VERSION, u"CommonW6432Dir", u"C:\\Program Files\\Common Files"},
    {VERSION, u"ProgramFilesDir", u"C:\\Program Files"},
    {VERSION, u"ProgramFilesPath", Expandable{u"%ProgramFiles%"}},
    {VERSION, u"ProgramW6432Dir", u"C:\\Program Files"},
    {VERSION u"\\App Paths"},
    {VERSION u"\\Policies"},
    {VERSION u"\\Run"},
    {VERSION u"\\Uninstall"},
    {u"MACHINE\\SOFTWARE\\Microsoft\\Cryptography", u"MachineGuid", machine_guid},
    {u"MACHINE\\SOFTWARE\\Microsoft\\OLE"},
    {u"MACHINE\\SOFTWARE\\Microsoft\\Rpc"},
    {u"MACHINE\\SOFTWARE\\Policies\\Microsoft"},
    {u"MACHINE\\SYSTEM\\Select", u"Current", ULONG{1}},
    {u"MACHINE\\SYSTEM\\Select", u"Default", ULONG{1}},
    {u"MACHINE\\SYSTEM\\Select", u"Failed", ULONG{0}},
    {u"MACHINE\\SYSTEM\\Select", u"LastKnownGood", ULONG{1}},
    {CONTROL u"\\ComputerName\\ComputerName", u"ComputerName", computer_name},
    {CONTROL u"\\FileSystem", u"LongPathsEnabled", ULONG{1}},
    {CONTROL u"\\Lsa"},
    {CONTROL u"\\ProductOptions", u"ProductType", u"WinNT"},
    {CONTROL u"\\Session Manager", u"ProtectionMode", ULONG{1}},
    {ENVIRONMENT, u"ComSpec", Expandable{u"%SystemRoot%\\system32\\cmd.exe"}},
    {ENVIRONMENT, u"NUMBER_OF_PROCESSORS", [] { return variable(u"NUMBER_OF_PROCESSORS"); }},
    {ENVIRONMENT, u"OS", u"Windows_NT"},
    {ENVIRONMENT, u"Path", Expandable{u"%SystemRoot%\\system32;%SystemRoot%"}},
    {ENVIRONMENT, u"PATHEXT", u".COM;.EXE;.BAT;.CMD"},
    {ENVIRONMENT, u"PROCESSOR_ARCHITECTURE", u"AMD64"},
    {ENVIRONMENT, u"TEMP", Expandable{u"%SystemRoot%\\TEMP"}},
    {ENVIRONMENT, u"TMP", Expandable{u"%SystemRoot%\\TEMP"}},
    {ENVIRONMENT, u"windir", Expandable{u"%SystemRoot%"}},
    {CONTROL u"\\Windows", u"CSDVersion", ULONG{0}},
    {CONTROL u"\\Windows", u"Directory", Expandable{u"%SystemRoot%"}},
    {CONTROL u"\\Windows", u"SystemDirectory", Expandable{u"%SystemRoot%\\system32"}},
    {u"MACHINE\\SYSTEM\\ControlSet001\\Hardware Profiles\\Current"},
    {u"MACHINE\\SYSTEM\\ControlSet001\\Services\\EventLog\\Application"},
    {TCPIP, u"DataBasePath", Expandable{u"%SystemRoot%\\System32\\drivers\\etc"}},
    {TCPIP, u"Domain", u""},
    {TCPIP, u"Hostname", host},
    {TCPIP, u"NV Hostname", host},
    {u"USER\\.DEFAULT\\Software"},
};

// Below the user's own key.
#define SHELL_FOLDERS u"Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Shell Folders"
constexpr Row kUser[] = {
    {u"Console"},
    {u"Control Panel\\Desktop"},
    {u"Environment", u"TEMP", [] { return variable(u"TEMP"); }},
    {u"Environment", u"TMP", [] { return variable(u"TMP"); }},
    {u"Software\\Classes"},
    {u"Software\\Policies"},
    {u"Software\\Microsoft\\Windows NT\\CurrentVersion"},
    {u"Software\\Microsoft\\Windows\\CurrentVersion\\Run"},
    {SHELL_FOLDERS, u"AppData", [] { return variable(u"APPDATA"); }},
    {SHELL_FOLDERS, u"Local AppData", [] { return variable(u"LOCALAPPDATA"); }},
    {SHELL_FOLDERS, u"Personal", [] { return user_directory("DOCUMENTS", u"Documents"); }},
};

Status write(RegistryStore& store, KeyId start, std::span<const Row> rows) {
  for (const Row& row : rows) {
    const KeyId key = TRY(make_key(store, start, row.key));
    if (row.name == nullptr) continue;
    if (const auto* text = std::get_if<const char16_t*>(&row.value))
      TRY(set_text(store, key, row.name, *text));
    else if (const auto* expandable = std::get_if<Expandable>(&row.value))
      TRY(set_text(store, key, row.name, expandable->text, REG_EXPAND_SZ));
    else if (const auto* number = std::get_if<ULONG>(&row.value))
      TRY(set_number(store, key, row.name, *number));
    else
      TRY(set_text(store, key, row.name, std::get<Made>(row.value)()));
  }
  return ok;
}

// CurrentControlSet leads to ControlSet001.
Status link_control_set(RegistryStore& store) {
  const KeyId system = TRY(make_key(store, kRegistryRoot, u"MACHINE\\SYSTEM"));
  const KeyId link = TRY(store.add_key(system, u"CurrentControlSet", {}, false, true));
  constexpr std::u16string_view kTarget = u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001";
  return store.set_value(link, u"SymbolicLinkValue", REG_LINK, std::as_bytes(std::span(kTarget)));
}

// --- made when they are asked for ---

// What /proc/cpuinfo says of each processor: "model name : ..." until the next empty line.
using Facts = std::map<std::string, std::string>;
std::vector<Facts> processors() {
  std::vector<Facts> all;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    std::string name = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    if (name == "processor") all.emplace_back();
    if (!all.empty()) all.back().emplace(std::move(name), line.substr(std::min(colon + 2, line.size())));
  }
  return all;
}

Status fill_processors(RegistryStore& store, KeyId key) {
  std::size_t index = 0;
  for (Facts& facts : processors()) {
    const KeyId processor = TRY(make_key(store, key, decimal(index++)));
    const std::string& vendor = facts["vendor_id"];
    const std::string maker = vendor == "GenuineIntel" ? "Intel64" : vendor == "AuthenticAMD" ? "AMD64" : "x64";
    const std::string identifier =
        fmt::format("{} Family {} Model {} Stepping {}", maker, facts["cpu family"], facts["model"], facts["stepping"]);
    TRY(set_number(store, processor, u"~MHz", static_cast<ULONG>(std::strtod(facts["cpu MHz"].c_str(), nullptr))));
    TRY(set_text(store, processor, u"Identifier", utf16(identifier)));
    TRY(set_text(store, processor, u"ProcessorNameString", utf16(facts["model name"])));
    TRY(set_text(store, processor, u"VendorIdentifier", utf16(vendor)));
  }
  return ok;
}

Status fill_bios(RegistryStore& store, KeyId key) {
  constexpr std::pair<const char16_t*, const char*> kFacts[] = {
      {u"BIOSReleaseDate", "bios_date"},     {u"BIOSVendor", "bios_vendor"},
      {u"BIOSVersion", "bios_version"},      {u"SystemFamily", "product_family"},
      {u"SystemManufacturer", "sys_vendor"}, {u"SystemProductName", "product_name"},
  };
  for (const auto& [name, file] : kFacts) {
    const std::string text = read_small_file(std::string("/sys/class/dmi/id/") + file);
    if (!text.empty()) TRY(set_text(store, key, name, utf16(text)));
  }
  return ok;
}

Status fill_code_pages(RegistryStore& store, KeyId key) {
  for (const auto& page : nls::code_pages())
    TRY(set_text(store, key, decimal(page.id), u"c_" + decimal(page.id) + u".nls"));
  TRY(set_text(store, key, u"ACP", decimal(nls::kAnsiCodePage)));
  TRY(set_text(store, key, u"MACCP", decimal(nls::find_code_page(CP_MACCP)->id)));
  return set_text(store, key, u"OEMCP", decimal(nls::kOemCodePage));
}

Status fill_language(RegistryStore& store, KeyId key) {
  const std::u16string id = utf16(fmt::format("{:04X}", nls::user_locale().id & 0xFFFF));
  TRY(set_text(store, key, u"Default", id));
  return set_text(store, key, u"InstallLanguage", id);
}

Status fill_international(RegistryStore& store, KeyId key) {
  const nls::Locale& locale = nls::user_locale();
  TRY(set_text(store, key, u"Locale", utf16(fmt::format("{:08X}", locale.id))));
  TRY(set_text(store, key, u"LocaleName", locale.name));
  constexpr std::pair<const char16_t*, LCTYPE> kTexts[] = {
      {u"s1159", nls::LOCALE_S1159},
      {u"s2359", nls::LOCALE_S2359},
      {u"sCurrency", nls::LOCALE_SCURRENCY},
      {u"sDecimal", nls::LOCALE_SDECIMAL},
      {u"sGrouping", nls::LOCALE_SGROUPING},
      {u"sList", nls::LOCALE_SLIST},
      {u"sLongDate", nls::LOCALE_SLONGDATE},
      {u"sShortDate", nls::LOCALE_SSHORTDATE},
      {u"sShortTime", nls::LOCALE_SSHORTTIME},
      {u"sThousand", nls::LOCALE_STHOUSAND},
      {u"sTimeFormat", nls::LOCALE_STIMEFORMAT},
  };
  for (const auto& [name, type] : kTexts) {
    const std::u16string text = TRY(nls::locale_text(locale, type));
    TRY(set_text(store, key, name, text));
  }
  return ok;
}

// "(UTC+01:00) W. Europe Standard Time"; Windows names cities after the bias, which ICU does not know.
std::u16string display_name(const DYNAMIC_TIME_ZONE_INFORMATION& zone, const std::u16string& key) {
  const int minutes = std::abs(zone.Bias);
  const std::string bias =
      zone.Bias == 0 ? "" : fmt::format("{}{:02}:{:02}", zone.Bias < 0 ? '+' : '-', minutes / 60, minutes % 60);
  return utf16("(UTC" + bias + ") ") + key;
}

Status fill_time_zones(RegistryStore& store, KeyId key) {
  struct {
    LONG Bias, StandardBias, DaylightBias;
    SYSTEMTIME StandardDate, DaylightDate;
  } tzi;
  static_assert(sizeof tzi == 44);
  const int year = nls::split(nls::system_time())->wYear;
  for (const std::u16string& name : nls::zone_keys()) {
    const auto zone = nls::named_zone(name, year);
    if (!zone) continue;
    const KeyId child = TRY(make_key(store, key, name));
    tzi = {zone->Bias, zone->StandardBias, zone->DaylightBias, zone->StandardDate, zone->DaylightDate};
    TRY(set_text(store, child, u"Display", display_name(*zone, name)));
    TRY(set_text(store, child, u"Dlt", zone->DaylightName));
    TRY(set_text(store, child, u"Std", zone->StandardName));
    TRY(store.set_value(child, u"TZI", REG_BINARY, bytes_of(tzi)));
  }
  return ok;
}

// Here dates have the weekday last.
TIME_FIELDS fields(const SYSTEMTIME& date) {
  const auto number = [](WORD word) { return static_cast<SHORT>(word); };
  return {number(date.wYear),   number(date.wMonth),  number(date.wDay),          number(date.wHour),
          number(date.wMinute), number(date.wSecond), number(date.wMilliseconds), number(date.wDayOfWeek)};
}
Status fill_local_zone(RegistryStore& store, KeyId key) {
  const DYNAMIC_TIME_ZONE_INFORMATION zone = nls::local_zone();
  const auto minutes = static_cast<ULONG>(nls::local_bias() / nls::kTicksPerMinute);
  TRY(set_number(store, key, u"ActiveTimeBias", minutes));
  TRY(set_number(store, key, u"Bias", static_cast<ULONG>(zone.Bias)));
  TRY(set_number(store, key, u"DaylightBias", static_cast<ULONG>(zone.DaylightBias)));
  TRY(set_text(store, key, u"DaylightName", zone.DaylightName));
  TRY(store.set_value(key, u"DaylightStart", REG_BINARY, bytes_of(fields(zone.DaylightDate))));
  TRY(set_number(store, key, u"DynamicDaylightTimeDisabled", zone.DynamicDaylightTimeDisabled));
  TRY(set_number(store, key, u"StandardBias", static_cast<ULONG>(zone.StandardBias)));
  TRY(set_text(store, key, u"StandardName", zone.StandardName));
  TRY(store.set_value(key, u"StandardStart", REG_BINARY, bytes_of(fields(zone.StandardDate))));
  return set_text(store, key, u"TimeZoneKeyName", zone.TimeZoneKeyName);
}

Status fill_computer_name(RegistryStore& store, KeyId key) {
  return set_text(store, key, u"ComputerName", computer_name());
}

Status fill_volatile_environment(RegistryStore& store, KeyId key) {
  for (const char16_t* name : {u"APPDATA", u"HOMEDRIVE", u"HOMEPATH", u"LOCALAPPDATA", u"USERNAME", u"USERPROFILE"})
    TRY(set_text(store, key, name, variable(name)));
  return ok;
}

// Below keys that may be on the disk, in memory; what is there already stays.
struct ComClass {
  const char *id, *name, *dll, *threading_model;
};
struct ComProgId {
  const char *name, *id;
};
struct ComTypeLibrary {
  const char *id, *version, *name, *file;
};
struct ComInterface {
  const char *id, *name, *proxy_class;
};
struct ComDefaults {
  std::vector<ComClass> classes;
  std::vector<ComProgId> prog_ids;
  std::vector<ComTypeLibrary> type_libraries;
  std::vector<ComInterface> interfaces;
};
ComDefaults com_defaults() {
  ComDefaults all;
#define HM_COM_CLASS(...) all.classes.push_back({__VA_ARGS__});
#define HM_COM_PROG_ID(...) all.prog_ids.push_back({__VA_ARGS__});
#define HM_COM_TYPE_LIBRARY(...) all.type_libraries.push_back({__VA_ARGS__});
#define HM_COM_INTERFACE(...) all.interfaces.push_back({__VA_ARGS__});
#include "nt/registry_com.inc"
#undef HM_COM_CLASS
#undef HM_COM_PROG_ID
#undef HM_COM_TYPE_LIBRARY
#undef HM_COM_INTERFACE
  return all;
}

std::u16string braced(const char* id) {
  return u"{" + utf16(id) + u"}";
}

Status fill_com_classes(RegistryStore& store, KeyId key) {
  for (const ComClass& each : com_defaults().classes) {
    const std::u16string id = braced(each.id);
    if (TRY(store.child(key, id))) continue;
    const KeyId made = TRY(make_key(store, key, id, true));
    TRY(set_text(store, made, u"", utf16(each.name)));
    const KeyId server = TRY(make_key(store, made, u"InprocServer32"));
    TRY(set_text(store, server, u"", windows_directory() + u"\\System32\\" + utf16(each.dll) + u".dll"));
    TRY(set_text(store, server, u"ThreadingModel", utf16(each.threading_model)));
  }
  return ok;
}

Status fill_com_prog_ids(RegistryStore& store, KeyId key) {
  for (const ComProgId& each : com_defaults().prog_ids) {
    const std::u16string name = utf16(each.name);
    if (TRY(store.child(key, name))) continue;
    const KeyId made = TRY(make_key(store, key, name, true));
    const KeyId id = TRY(make_key(store, made, u"CLSID"));
    TRY(set_text(store, id, u"", braced(each.id)));
  }
  return ok;
}

Status fill_com_type_libraries(RegistryStore& store, KeyId key) {
  for (const ComTypeLibrary& each : com_defaults().type_libraries) {
    const KeyId library = TRY(make_key(store, key, braced(each.id), true));
    const std::u16string version = utf16(each.version);
    if (TRY(store.child(library, version))) continue;
    const KeyId made = TRY(make_key(store, library, version, true));
    TRY(set_text(store, made, u"", utf16(each.name)));
    const KeyId flags = TRY(make_key(store, made, u"FLAGS")), file = TRY(make_key(store, made, u"0\\win64"));
    TRY(set_text(store, flags, u"", u"0"));
    TRY(set_text(store, file, u"", windows_directory() + u"\\System32\\" + utf16(each.file)));
  }
  return ok;
}

Status fill_com_interfaces(RegistryStore& store, KeyId key) {
  for (const ComInterface& each : com_defaults().interfaces) {
    const std::u16string id = braced(each.id);
    if (TRY(store.child(key, id))) continue;
    const KeyId made = TRY(make_key(store, key, id, true));
    TRY(set_text(store, made, u"", utf16(each.name)));
    const KeyId proxy = TRY(make_key(store, made, u"ProxyStubClsid32"));
    TRY(set_text(store, proxy, u"", braced(each.proxy_class)));
  }
  return ok;
}

struct LateRow {
  const char16_t* key;
  Status (*fill)(RegistryStore& store, KeyId key);  // nullptr: only the key
};
constexpr LateRow kLateMachine[] = {
    {u"MACHINE\\HARDWARE\\DESCRIPTION\\System\\BIOS", fill_bios},
    {u"MACHINE\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor", fill_processors},
    {u"MACHINE\\HARDWARE\\DEVICEMAP\\SERIALCOMM", nullptr},
    {NT_VERSION u"\\Time Zones", fill_time_zones},
    {CONTROL u"\\ComputerName\\ActiveComputerName", fill_computer_name},
    {CONTROL u"\\Nls\\CodePage", fill_code_pages},
    {CONTROL u"\\Nls\\Language", fill_language},
    {CONTROL u"\\TimeZoneInformation", fill_local_zone},
};
// These keys may be on the disk; what is filled in below them is not.
constexpr LateRow kLateClasses[] = {
    {u"MACHINE\\SOFTWARE\\Classes", fill_com_prog_ids},
    {u"MACHINE\\SOFTWARE\\Classes\\CLSID", fill_com_classes},
    {u"MACHINE\\SOFTWARE\\Classes\\Interface", fill_com_interfaces},
    {u"MACHINE\\SOFTWARE\\Classes\\TypeLib", fill_com_type_libraries},
};
constexpr LateRow kLateUser[] = {
    {u"Control Panel\\International", fill_international},
    {u"Volatile Environment", fill_volatile_environment},
};

}  // namespace

Result<std::vector<LateDefaults>> write_defaults(RegistryStore& store) {
  RegistryStore::Transaction writing = TRY(RegistryStore::Transaction::begin(store));
  if (!TRY(store.key(kRegistryRoot))) {
    const KeyId root = TRY(store.add_key(0, u"REGISTRY", {}, false, false));
    if (root != kRegistryRoot) return fail(STATUS_REGISTRY_CORRUPT, "the root of a new registry has number {}", root);
    TRY(write(store, root, kMachine));
    TRY(link_control_set(store));
  }
  // A file may be shared by several users; each finds his own key.
  const std::u16string user_path = current_user_key().substr(std::u16string_view(u"\\REGISTRY\\").size());
  const std::u16string sid = user_path.substr(user_path.find(u'\\') + 1);
  const KeyId users = TRY(make_key(store, kRegistryRoot, u"USER"));
  const bool known = TRY(store.child(users, sid)).has_value();
  const KeyId user = TRY(make_key(store, users, sid));
  if (!known) TRY(write(store, user, kUser));

  std::vector<LateDefaults> late;
  const auto add = [&](KeyId start, std::span<const LateRow> rows) -> Status {
    for (const LateRow& row : rows) {
      const std::u16string_view path = row.key;
      const auto name = path.rfind(u'\\');
      const auto parent = path.substr(0, name == path.npos ? 0 : name);
      const bool machine_only = path.starts_with(u"MACHINE\\HARDWARE");
      const KeyId above = TRY(make_key(store, start, parent, machine_only));
      const KeyId key = TRY(make_key(store, above, path.substr(name + 1), true));
      // What somebody has put in its place on the disk stays his.
      if (is_volatile(key) && row.fill != nullptr) late.push_back({key, row.fill});
    }
    return ok;
  };
  TRY(add(kRegistryRoot, kLateMachine));
  for (const LateRow& row : kLateClasses) late.push_back({TRY(make_key(store, kRegistryRoot, row.key)), row.fill});
  TRY(add(user, kLateUser));
  TRY(writing.commit());
  return late;
}

}  // namespace hmodule::nt
