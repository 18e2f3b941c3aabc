// winuser.h: window stations and desktops. The process is on the one a service without a display has: it works, and
// nobody sees it. Further ones can be made and named; they are as empty as the first.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/names.h"
#include "nt/thread.h"
#include "winapi/common/answer.h"
#include "winapi/common/named_object.h"
#include "winapi/user32/args.h"

#include <cstring>
#include <mutex>

namespace hmodule::winapi {
namespace {

constexpr ACCESS_MASK kStationAccess = 0xF037F, kDesktopAccess = 0xF01FF;  // WINSTA_ALL_ACCESS, every DESKTOP_ right
constexpr INT UOI_FLAGS = 1, UOI_NAME = 2, UOI_TYPE = 3, UOI_USER_SID = 4, UOI_HEAPSIZE = 5, UOI_IO = 6;
constexpr char16_t kServiceStation[] = u"Service-0x0-3e7$", kDefaultDesktop[] = u"Default";

struct USEROBJECTFLAGS {
  BOOL fInherit, fReserved;
  DWORD dwFlags;  // WSF_VISIBLE 1
};

// Both kinds are a name and nothing else.
template <bool is_station>
class Place final : public nt::Object {
 public:
  static const nt::ObjectType kType;
  const nt::ObjectType& type() const override { return kType; }
  explicit Place(std::u16string name) : name_(std::move(name)) {}
  const std::u16string& place_name() const { return name_; }

 private:
  const std::u16string name_;
};
using Station = Place<true>;
using Desktop = Place<false>;
template <>
const nt::ObjectType Station::kType = {u"WindowStation", 0x20303, 0x2001C, 0x20060, kStationAccess};
template <>
const nt::ObjectType Desktop::kType = {u"Desktop", 0x20041, 0x200BE, 0x20100, kDesktopAccess};

// The handles of the process and, if they set their own, of its threads. They are not for closing.
struct Current {
  std::mutex mutex;
  HANDLE station = nullptr, desktop = nullptr;
};
Current& current() {
  static auto* const made = [] {
    auto* fresh = new Current;
    const auto handle_to = [](auto object, ACCESS_MASK access) {
      const auto handle = nt::handle_for(std::move(object), access);
      return handle ? *handle : nullptr;
    };
    fresh->station = handle_to(nt::make_object<Station>(kServiceStation), kStationAccess);
    fresh->desktop = handle_to(nt::make_object<Desktop>(kDefaultDesktop), kDesktopAccess);
    return fresh;
  }();
  return *made;
}

HM_WINAPI HANDLE GetProcessWindowStation() noexcept {
  Current& all = current();
  const std::lock_guard lock(all.mutex);
  return all.station;
}
HM_WINAPI BOOL SetProcessWindowStation(HANDLE station) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<Station>(station, 0));
    Current& all = current();
    const std::lock_guard lock(all.mutex);
    all.station = station;
    return ok;
  });
}
// All threads are on the same one; so the process's desktop is any thread's.
HM_WINAPI HANDLE GetThreadDesktop(DWORD thread_id) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    TRY(nt::thread_by_id(thread_id));
    Current& all = current();
    const std::lock_guard lock(all.mutex);
    return all.desktop;
  });
}

template <typename Kind, typename Char>
Result<HANDLE> make_place(const Char* name, ACCESS_MASK access, const SECURITY_ATTRIBUTES* security) {
  std::u16string text = name == nullptr ? std::u16string(kServiceStation) : wide_text<Char>(name);
  if (text.find(u'\\') != text.npos)
    return fail(STATUS_OBJECT_PATH_NOT_FOUND, "a name with a backslash: {}", utf8(text));
  return nt::handle_for(nt::make_object<Kind>(std::move(text)), access, handle_attributes(security));
}
template <typename Char>
HM_WINAPI HANDLE CreateWindowStation(const Char* name, DWORD, ACCESS_MASK access,
                                     const SECURITY_ATTRIBUTES* security) noexcept {
  return answer<HANDLE>(nullptr, [&] { return make_place<Station>(name, access, security); });
}
template <typename Char>
HM_WINAPI HANDLE CreateDesktop(const Char* name, const void* device, void* mode, DWORD, ACCESS_MASK access,
                               const SECURITY_ATTRIBUTES* security) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (name == nullptr || device != nullptr || mode != nullptr)
      return fail_win32(ERROR_INVALID_PARAMETER, "a desktop without a name, or on a device");
    return make_place<Desktop>(name, access, security);
  });
}
template <typename Kind>
HM_WINAPI BOOL close_place(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<Kind>(handle, 0));
    Current& all = current();
    const std::lock_guard lock(all.mutex);
    if (handle == all.station || handle == all.desktop) return fail_win32(ERROR_BUSY, "the process is on {}", handle);
    return nt::handles().close(handle);
  });
}
// Input goes nowhere.
HM_WINAPI HANDLE OpenInputDesktop(DWORD, BOOL, ACCESS_MASK) noexcept {
  return answer<HANDLE>(
      nullptr, [&]() -> Result<HANDLE> { return fail_win32(ERROR_INVALID_FUNCTION, "no desktop receives input"); });
}

struct Facts {
  std::u16string name, type;
};
Result<Facts> facts_of(HANDLE handle) {
  if (auto station = nt::object_of<Station>(handle, 0)) return Facts{(*station)->place_name(), u"WindowStation"};
  return Facts{TRY(nt::object_of<Desktop>(handle, 0))->place_name(), u"Desktop"};
}
template <typename Char>
HM_WINAPI BOOL GetUserObjectInformation(HANDLE handle, INT what, void* buffer, DWORD size, DWORD* needed) noexcept {
  return succeed([&]() -> Status {
    const Facts facts = TRY(facts_of(handle));
    const auto give = [&](const void* data, std::size_t length) -> Status {
      if (needed != nullptr) *needed = static_cast<DWORD>(length);
      if (length > size) return fail_win32(ERROR_INSUFFICIENT_BUFFER, "{} bytes do not fit in {}", length, size);
      if (length != 0) std::memcpy(buffer, data, length);
      return ok;
    };
    const auto give_text = [&](std::u16string_view text) {
      const auto given = text_for<Char>(text);
      return give(given.c_str(), (given.size() + 1) * sizeof(Char));
    };
    switch (what) {
      case UOI_FLAGS: {
        const USEROBJECTFLAGS flags = {};
        return give(&flags, sizeof flags);
      }
      case UOI_NAME:
        return give_text(facts.name);
      case UOI_TYPE:
        return give_text(facts.type);
      case UOI_USER_SID:
        return give(nullptr, 0);  // nobody is at the display
      case UOI_IO: {
        const BOOL receives_input = FALSE;
        return give(&receives_input, sizeof receives_input);
      }
      case UOI_HEAPSIZE:
      default:
        return fail_win32(ERROR_INVALID_PARAMETER, "information {}", what);
    }
  });
}

constexpr std::string_view kNameOnly = "a name; windows are in one place, wherever they are made";
const Export kRows[] = {
    {"CloseDesktop", proc(close_place<Desktop>)},
    {"CloseWindowStation", proc(close_place<Station>)},
    {"CreateDesktopA", proc(CreateDesktop<CHAR>), Support::partial, kNameOnly},
    {"CreateDesktopW", proc(CreateDesktop<WCHAR>), Support::partial, kNameOnly},
    {"CreateWindowStationA", proc(CreateWindowStation<CHAR>), Support::partial, kNameOnly},
    {"CreateWindowStationW", proc(CreateWindowStation<WCHAR>), Support::partial, kNameOnly},
    {"GetProcessWindowStation", proc(GetProcessWindowStation)},
    {"GetThreadDesktop", proc(GetThreadDesktop)},
    {"GetUserObjectInformationA", proc(GetUserObjectInformation<CHAR>)},
    {"GetUserObjectInformationW", proc(GetUserObjectInformation<WCHAR>)},
    {"OpenInputDesktop", proc(OpenInputDesktop), Support::partial, "always refused: no desktop receives input"},
    {"SetProcessWindowStation", proc(SetProcessWindowStation), Support::partial, kNameOnly},
};

}  // namespace

extern const ExportTable winuser_stations_exports = kRows;

}  // namespace hmodule::winapi
