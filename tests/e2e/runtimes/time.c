/* Calendar time: both ways, formats, time zones, limits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#ifdef _WIN32
#include <io.h>
#include <sys/stat.h>
#include <sys/timeb.h>
#include <sys/utime.h>
#include <windows.h>
#endif

static void show(const char* tag, const struct tm* at) {
  if (!at) {
    printf("%s: none\n", tag);
    return;
  }
  printf("%s: %d-%02d-%02d %02d:%02d:%02d w%d y%d dst%d\n", tag, at->tm_year + 1900, at->tm_mon + 1, at->tm_mday,
         at->tm_hour, at->tm_min, at->tm_sec, at->tm_wday, at->tm_yday, at->tm_isdst);
}

static void ways(void) {
  const long long moments[] = {0,          1,          951782400,    951868799,    1078012800,
                               1700000000, 2147483647, 2147483648LL, 4102444800LL, 32535215999LL};
  for (unsigned i = 0; i < sizeof moments / sizeof *moments; ++i) {
    const time_t moment = (time_t)moments[i];
    struct tm copy = *gmtime(&moment);
    show("gmtime", &copy);
    copy.tm_isdst = 0;
    printf("mktime: %d\n", mktime(&copy) == moment);
  }
  struct tm odd = {
      .tm_year = 99, .tm_mon = 13, .tm_mday = 32, .tm_hour = 25, .tm_min = -1, .tm_sec = 61, .tm_isdst = 0};
  printf("normalised: %lld\n", (long long)mktime(&odd));
  show("normalised-tm", &odd);
  struct tm leap = {.tm_year = 100, .tm_mon = 1, .tm_mday = 30};
  mktime(&leap);
  show("leap", &leap);
  printf("difftime: %.1f\n", difftime((time_t)100, (time_t)40));
  printf("clock: %d\n", clock() != (clock_t)-1);
  const time_t now = time(NULL);
  time_t again;
  printf("time: %d\n", now > 1600000000 && time(&again) - now <= 1 && again >= now);
}

static void formats(void) {
  const struct tm date = {
      .tm_year = 124, .tm_mon = 1, .tm_mday = 9, .tm_wday = 5, .tm_yday = 39, .tm_hour = 7, .tm_min = 5, .tm_sec = 3};
  char text[256];
  const char* const formats[] = {"%a %A %b %B", "%d %m %y %Y", "%H %I %M %S %p", "%j %w", "%U %W", "%%", "%c"};
  for (unsigned i = 0; i < sizeof formats / sizeof *formats; ++i) {
    const int size = (int)strftime(text, sizeof text, formats[i], &date);
    printf("strftime-%u: %d %s\n", i, size, text);
  }
  printf("strftime-small: %d\n", (int)strftime(text, 3, "%Y", &date));
  printf("asctime: %.24s\n", asctime(&date));
  const time_t moment = 1700000000;
  printf("ctime: %.24s\n", ctime(&moment));
  wchar_t wide[64];
  wcsftime(wide, 64, L"%Y-%m-%d", &date);
  printf("wcsftime: %ls\n", wide);
}

#ifdef _WIN32
static void zone(const char* tag, const char* name) {
  static char setting[64];
  snprintf(setting, sizeof setting, "TZ=%s", name);
  _putenv(setting);
  _tzset();
  printf("%s: %d %d %s %s\n", tag, (int)_timezone, _daylight, _tzname[0], _tzname[1]);
  const time_t summer = 1720000000, winter = 1705000000;
  show("summer", localtime(&summer));
  show("winter", localtime(&winter));
  struct tm there = {.tm_year = 124, .tm_mon = 6, .tm_mday = 3, .tm_hour = 12, .tm_isdst = -1};
  printf("there: %lld\n", (long long)mktime(&there));
}

static void windows(void) {
  zone("EST5EDT", "EST5EDT");
  zone("CET", "CET-1CES");
  zone("UTC", "UTC0");
  struct tm text = {.tm_year = 124, .tm_mon = 1, .tm_mday = 9, .tm_wday = 5, .tm_hour = 7, .tm_yday = 39};
  char to[128];
  strftime(to, sizeof to, "%#d %#m %#H %#j|%#x|%#c", &text);
  printf("strftime-sharp: %s\n", to);
  strftime(to, sizeof to, "%x %X %Z", &text);
  printf("strftime-zone: %s\n", to);
#ifdef _UCRT
  strftime(to, sizeof to, "%D %e %F %g %G %h %n%R %t%T %u %V %C %r", &text);
  for (char* at = to; *at; ++at)
    if (*at == '\n' || *at == '\t') *at = '_';
  printf("strftime-C99: %s\n", to);
  struct timespec spec;
  printf("timespec_get: %d", timespec_get(&spec, 1));
  printf(" %d\n", spec.tv_nsec >= 0 && spec.tv_nsec < 1000000000);
#endif
  struct tm beyond;
  const __time64_t last = 32535215999LL, late = last + 864000;
  printf("gmtime64: %d %d\n", _gmtime64_s(&beyond, &last), _gmtime64_s(&beyond, &late) == EINVAL);
  struct tm before = {.tm_year = 69, .tm_mon = 0, .tm_mday = 1};
  printf("mktime64: %lld\n", (long long)_mktime64(&before));
  struct tm gm = {.tm_year = 70, .tm_mday = 2};
  printf("mkgmtime: %lld\n", (long long)_mkgmtime64(&gm));
  struct __timeb64 base;
  _ftime64(&base);
  printf("ftime: %d %d %d\n", base.time > 1600000000, base.millitm < 1000, base.timezone);
  FILE* file = fopen("stamped", "wb");
  fclose(file);
  struct __utimbuf64 times = {1500000001, 1600000003};
  printf("utime: %d", _utime64("stamped", &times));
  struct _stat64 status;
  _stat64("stamped", &status);
  printf(" %lld %lld\n", (long long)status.st_atime, (long long)status.st_mtime);
  printf("strdate: %d\n", (int)(strlen(_strdate(to)) * 10 + strlen(_strtime(to + 64))));
  asctime_s(to, sizeof to, &text);
  printf("asctime_s: %.24s\n", to);
}
#endif

int main(void) {
  ways();
  formats();
#ifdef _WIN32
  _tzset();
  windows();
#endif
  return 0;
}
