// fileapi.h and winbase.h, the times of files: local and DOS form.
#include "module/builtin.h"
#include "nls/timezone.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI LONG CompareFileTime(const FILETIME* a, const FILETIME* b) noexcept {
  const auto x = static_cast<std::uint64_t>(nls::ticks(*a)), y = static_cast<std::uint64_t>(nls::ticks(*b));
  return x < y ? -1 : x > y ? 1 : 0;
}

HM_WINAPI BOOL FileTimeToLocalFileTime(const FILETIME* time, FILETIME* local) noexcept {
  return succeed([&]() -> Status {
    *local = nls::filetime(nls::ticks(*time) - nls::local_bias());
    return ok;
  });
}
HM_WINAPI BOOL LocalFileTimeToFileTime(const FILETIME* local, FILETIME* time) noexcept {
  return succeed([&]() -> Status {
    *time = nls::filetime(nls::ticks(*local) + nls::local_bias());
    return ok;
  });
}

// DOS: year since 1980 in 7 bits, month 4, day 5; hour 5, minute 6, half seconds 5.
HM_WINAPI BOOL DosDateTimeToFileTime(WORD date, WORD clock, FILETIME* time) noexcept {
  return succeed([&]() -> Status {
    const auto bits = [](unsigned value, unsigned shift, unsigned mask) {
      return static_cast<WORD>(value >> shift & mask);
    };
    const SYSTEMTIME fields{static_cast<WORD>(1980 + bits(date, 9, 0x7F)),
                            bits(date, 5, 0xF),
                            0,
                            bits(date, 0, 0x1F),
                            bits(clock, 11, 0x1F),
                            bits(clock, 5, 0x3F),
                            static_cast<WORD>(2 * bits(clock, 0, 0x1F)),
                            0};
    const auto ticks = nls::join(fields);
    if (!ticks) return fail_win32(ERROR_INVALID_PARAMETER, "no such DOS time: {:#x} {:#x}", date, clock);
    *time = nls::filetime(*ticks);
    return ok;
  });
}

HM_WINAPI BOOL FileTimeToDosDateTime(const FILETIME* time, WORD* date, WORD* clock) noexcept {
  return succeed([&]() -> Status {
    if (time == nullptr || date == nullptr || clock == nullptr)
      return fail_win32(ERROR_INVALID_PARAMETER, "a null pointer");
    const auto fields = nls::split(nls::ticks(*time));
    if (!fields || fields->wYear < 1980 || fields->wYear > 2107)
      return fail_win32(ERROR_INVALID_PARAMETER, "a time that DOS cannot write");
    *date = static_cast<WORD>((fields->wYear - 1980) << 9 | fields->wMonth << 5 | fields->wDay);
    *clock = static_cast<WORD>(fields->wHour << 11 | fields->wMinute << 5 | fields->wSecond / 2);
    return ok;
  });
}

const Export kRows[] = {
    {"CompareFileTime", proc(CompareFileTime)},
    {"DosDateTimeToFileTime", proc(DosDateTimeToFileTime)},
    {"FileTimeToDosDateTime", proc(FileTimeToDosDateTime)},
    {"FileTimeToLocalFileTime", proc(FileTimeToLocalFileTime)},
    {"LocalFileTimeToFileTime", proc(LocalFileTimeToFileTime)},
};

}  // namespace

extern const ExportTable fileapi_time_exports = kRows;

}  // namespace hmodule::winapi
