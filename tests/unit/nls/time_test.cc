#include "nls/time.h"
#include "nls/timezone.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hmodule::nls {
namespace {

class Zone : public testing::Test {
 protected:
  explicit Zone(const char* name = "Europe/Berlin") { setenv("TZ", name, 1); }
  ~Zone() override { unsetenv("TZ"); }
};

TEST(Time, EpochsAndLeapDays) {
  const auto epoch = split(0);
  ASSERT_TRUE(epoch);
  EXPECT_EQ(epoch->wYear, 1601);
  EXPECT_EQ(epoch->wDayOfWeek, 1);  // a Monday
  EXPECT_EQ(join({1970, 1, 0, 1, 0, 0, 0, 0}), kUnixEpoch);
  EXPECT_EQ(join({1980, 1, 0, 1, 0, 0, 0, 0}), kEpoch1980);
  EXPECT_TRUE(join({2000, 2, 0, 29, 0, 0, 0, 0}));
  EXPECT_FALSE(join({1900, 2, 0, 29, 0, 0, 0, 0}));
}

TEST(Time, RefusesWhatDoesNotExist) {
  EXPECT_FALSE(split(-1));
  EXPECT_FALSE(join({1600, 12, 0, 31, 0, 0, 0, 0}));
  EXPECT_FALSE(join({30828, 1, 0, 1, 0, 0, 0, 0}));
  EXPECT_FALSE(join({2024, 13, 0, 1, 0, 0, 0, 0}));
  EXPECT_FALSE(join({2024, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(join({2024, 1, 0, 1, 24, 0, 0, 0}));
  EXPECT_FALSE(join({2024, 1, 0, 1, 0, 0, 60, 0}));
  EXPECT_FALSE(join({2024, 1, 0, 1, 0, 0, 0, 1000}));
}

TEST(Time, FieldsRoundTrip) {
  const SYSTEMTIME fields{2024, 2, 4, 29, 23, 59, 58, 999};
  const auto back = split(*join(fields));
  EXPECT_EQ(std::memcmp(&fields, &*back, sizeof fields), 0);
  const Ticks last = *join({30827, 12, 0, 31, 23, 59, 59, 999});
  EXPECT_EQ(split(last)->wYear, 30827);
}

TEST_F(Zone, BerlinHasTheRulesAndTheNameWindowsGivesIt) {
  const auto zone = local_zone(2023);
  EXPECT_EQ(std::u16string(zone.TimeZoneKeyName), u"W. Europe Standard Time");
  EXPECT_EQ(std::u16string(zone.DaylightName), u"W. Europe Daylight Time");
  EXPECT_EQ(zone.Bias, -60);
  EXPECT_EQ(zone.StandardBias, 0);
  EXPECT_EQ(zone.DaylightBias, -60);
  EXPECT_EQ(zone.DaylightDate.wMonth, 3);
  EXPECT_EQ(zone.DaylightDate.wDay, 5);
  EXPECT_EQ(zone.DaylightDate.wDayOfWeek, 0);
  EXPECT_EQ(zone.DaylightDate.wHour, 2);
  EXPECT_EQ(zone.StandardDate.wMonth, 10);
  EXPECT_EQ(zone.StandardDate.wHour, 3);
}

TEST_F(Zone, SummerAndWinterTime) {
  const auto zone = local_zone(2023);
  const Ticks summer = *join({2023, 7, 0, 1, 12, 0, 0, 0}), winter = *join({2023, 1, 0, 1, 12, 0, 0, 0});
  EXPECT_EQ(zone_id(zone, summer), TIME_ZONE_ID_DAYLIGHT);
  EXPECT_EQ(zone_id(zone, winter), TIME_ZONE_ID_STANDARD);
  EXPECT_EQ(split(*to_local(zone, summer))->wHour, 14);
  EXPECT_EQ(split(*to_local(zone, winter))->wHour, 13);
  EXPECT_EQ(to_utc(zone, *to_local(zone, summer)), summer);
  EXPECT_EQ(to_utc(zone, *to_local(zone, winter)), winter);
  // 2023-03-26 01:00 UTC is the change.
  const Ticks change = *join({2023, 3, 0, 26, 1, 0, 0, 0});
  EXPECT_EQ(zone_id(zone, change - 1), TIME_ZONE_ID_STANDARD);
  EXPECT_EQ(zone_id(zone, change), TIME_ZONE_ID_DAYLIGHT);
}

struct Sydney : Zone {
  Sydney() : Zone("Australia/Sydney") {}
};
TEST_F(Sydney, SummerIsInJanuary) {
  const auto zone = local_zone(2023);
  EXPECT_EQ(std::u16string(zone.TimeZoneKeyName), u"AUS Eastern Standard Time");
  EXPECT_EQ(zone_id(zone, *join({2023, 1, 0, 1, 12, 0, 0, 0})), TIME_ZONE_ID_DAYLIGHT);
  EXPECT_EQ(zone_id(zone, *join({2023, 7, 0, 1, 12, 0, 0, 0})), TIME_ZONE_ID_STANDARD);
}

struct Utc : Zone {
  Utc() : Zone("UTC") {}
};
TEST_F(Utc, HasNoDaylightSavingTime) {
  const auto zone = local_zone();
  EXPECT_EQ(std::u16string(zone.StandardName), u"Coordinated Universal Time");
  EXPECT_EQ(zone.Bias, 0);
  EXPECT_EQ(zone.DaylightDate.wMonth, 0);
  EXPECT_EQ(zone_id(zone, system_time()), TIME_ZONE_ID_UNKNOWN);
  EXPECT_EQ(local_bias(), 0);
}

TEST(ZoneNames, ByWindowsName) {
  EXPECT_EQ(named_zone(u"Tokyo Standard Time", 2020)->Bias, -540);
  EXPECT_FALSE(named_zone(u"Atlantis Standard Time", 2020));
  const auto keys = zone_keys();
  EXPECT_GT(keys.size(), 100U);
  EXPECT_TRUE(std::ranges::binary_search(keys, std::u16string(u"Eastern Standard Time")));
}

TEST(ZoneNames, SenselessDatesAreRefused) {
  TIME_ZONE_INFORMATION zone{};
  zone.StandardDate = {0, 10, 9, 5, 3, 0, 0, 0};
  zone.DaylightDate = {0, 3, 0, 5, 2, 0, 0, 0};
  EXPECT_EQ(zone_id(zone, kUnixEpoch), TIME_ZONE_ID_INVALID);
  EXPECT_FALSE(to_local(zone, kUnixEpoch));
}

}  // namespace
}  // namespace hmodule::nls
