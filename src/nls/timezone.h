// Time zones. The zone is the host's (TZ, /etc/localtime); its rules, and the name Windows has for it, are ICU's.
#pragma once

#include "nls/time.h"

#include <string>
#include <string_view>
#include <vector>

namespace hmodule::nls {

// The zone as Windows describes it: one pair of rules, those in force in `year`.
DYNAMIC_TIME_ZONE_INFORMATION local_zone(int year);
DYNAMIC_TIME_ZONE_INFORMATION local_zone();  // this year
// By its Windows name ("W. Europe Standard Time"); nothing for an unknown one.
std::optional<DYNAMIC_TIME_ZONE_INFORMATION> named_zone(std::u16string_view key, int year);
std::vector<std::u16string> zone_keys();  // sorted

// Which half of the year `utc` lies in: TIME_ZONE_ID_UNKNOWN for a zone without daylight saving time.
DWORD zone_id(const TIME_ZONE_INFORMATION& zone, Ticks utc);
// Nothing where the zone's dates make no sense.
std::optional<Ticks> to_local(const TIME_ZONE_INFORMATION& zone, Ticks utc);
std::optional<Ticks> to_utc(const TIME_ZONE_INFORMATION& zone, Ticks local);

// UTC minus local time, now. File times are shown with the present bias, whatever their own date
// (FileTimeToLocalFileTime).
Ticks local_bias();

}  // namespace hmodule::nls
