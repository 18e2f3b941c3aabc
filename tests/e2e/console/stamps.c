/* Times and attributes of files, identities, sizes beyond 4 GB, sparse ends, and the conversions of times. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static HANDLE open_it(const char* name, DWORD access, DWORD how) {
  return CreateFileA(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, how,
                     FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

int main(void) {
  HANDLE file = open_it("f", GENERIC_READ | GENERIC_WRITE, CREATE_NEW);
  SYSTEMTIME then = {
      .wYear = 2001, .wMonth = 9, .wDay = 9, .wHour = 1, .wMinute = 46, .wSecond = 40, .wMilliseconds = 123};
  FILETIME stamp, read, zero = {0, 0};
  SystemTimeToFileTime(&then, &stamp);
  say("SystemTimeToFileTime", "%08lx%08lx", stamp.dwHighDateTime, stamp.dwLowDateTime);
  stamp.dwLowDateTime += 4567;
  say("SetFileTime", "%d", ERROR_OF(SetFileTime(file, NULL, &stamp, &stamp)));
  FILETIME created, accessed, written;
  GetFileTime(file, &created, &accessed, &written);
  say("written", "%ld", CompareFileTime(&written, &stamp));
  say("accessed", "%ld", CompareFileTime(&accessed, &stamp));
  SYSTEMTIME back;
  FileTimeToSystemTime(&written, &back);
  say("back", "%d-%d-%d %d:%d:%d.%d w%d", back.wYear, back.wMonth, back.wDay, back.wHour, back.wMinute, back.wSecond,
      back.wMilliseconds, back.wDayOfWeek);
  FILETIME local;
  FileTimeToLocalFileTime(&written, &local);
  say("local-is-utc", "%ld", CompareFileTime(&local, &written));
  WORD date = 0, time = 0;
  FileTimeToDosDateTime(&written, &date, &time);
  say("dos", "%x %x", date, time);
  DosDateTimeToFileTime(date, time, &read);
  FileTimeToSystemTime(&read, &back);
  say("dos-back", "%d:%d:%d", back.wHour, back.wMinute, back.wSecond);
  back.wMonth = 13;
  say("bad-month", "%d", ERROR_OF(SystemTimeToFileTime(&back, &read)));
  FILETIME huge = {0, 0x80000000};
  say("bad-time", "%d", ERROR_OF(FileTimeToSystemTime(&huge, &back)));
  FileTimeToSystemTime(&zero, &back);
  say("epoch", "%d %d", back.wYear, back.wDayOfWeek);

  say("readonly", "%d", ERROR_OF(SetFileAttributesA("f", FILE_ATTRIBUTE_READONLY)));
  say("attributes", "%lx", GetFileAttributesA("f") & ~FILE_ATTRIBUTE_ARCHIVE);
  say("delete-readonly", "%d", ERROR_OF(DeleteFileA("f")));
  say("open-readonly", "%d", ERROR_OF(open_it("f", GENERIC_WRITE, OPEN_EXISTING) != INVALID_HANDLE_VALUE));
  SetFileAttributesA("f", FILE_ATTRIBUTE_NORMAL);
  say("missing", "%d", ERROR_OF(GetFileAttributesA("nosuch") != INVALID_FILE_ATTRIBUTES));
  say("bad-path", "%d", ERROR_OF(GetFileAttributesA("nosuch\\x") != INVALID_FILE_ATTRIBUTES));
  WIN32_FILE_ATTRIBUTE_DATA data;
  say("GetFileAttributesEx", "%d %d", GetFileAttributesExA("f", GetFileExInfoStandard, &data),
      CompareFileTime(&data.ftLastWriteTime, &stamp) == 0);

  BY_HANDLE_FILE_INFORMATION first, second;
  GetFileInformationByHandle(file, &first);
  const HANDLE again = open_it("F", GENERIC_READ, OPEN_EXISTING);
  GetFileInformationByHandle(again, &second);
  say("identity", "%d %lu",
      first.nFileIndexLow == second.nFileIndexLow && first.dwVolumeSerialNumber == second.dwVolumeSerialNumber,
      first.nNumberOfLinks);
  CreateHardLinkA("g", "f", NULL);
  GetFileInformationByHandle(file, &first);
  say("links", "%lu", first.nNumberOfLinks);
  DeleteFileA("g");

  LARGE_INTEGER distance = {.QuadPart = 5LL << 30}, position;
  say("SetFilePointerEx", "%d", ERROR_OF(SetFilePointerEx(file, distance, &position, FILE_BEGIN)));
  say("SetEndOfFile", "%d", ERROR_OF(SetEndOfFile(file)));
  DWORD high = 0;
  const DWORD low = GetFileSize(file, &high);
  say("size", "%lu %lu", high, low);
  DWORD count = 0;
  char text[8] = "x";
  distance.QuadPart -= 4;
  SetFilePointerEx(file, distance, NULL, FILE_BEGIN);
  ReadFile(file, text, 8, &count, NULL);
  say("zeros-at-the-end", "%lu %d", count, text[0]);
  distance.QuadPart = -5;
  say("negative", "%d", ERROR_OF(SetFilePointerEx(file, distance, NULL, FILE_BEGIN)));
  LONG upper = 0;
  say("low-only", "%lx", SetFilePointer(file, 100, NULL, FILE_BEGIN));
  say("two-parts", "%lx %ld", SetFilePointer(file, -1, &upper, FILE_END), upper);
  say("upper", "%ld", upper);
  FILE_STANDARD_INFO standard;
  say("standard", "%d", ERROR_OF(GetFileInformationByHandleEx(file, FileStandardInfo, &standard, sizeof standard)));
  say("standard-is", "%lld %lu %d", standard.EndOfFile.QuadPart, standard.NumberOfLinks, standard.Directory);
  FILE_DISPOSITION_INFO gone = {TRUE};
  const HANDLE doomed = open_it("doomed", DELETE | GENERIC_WRITE, CREATE_NEW);
  say("disposition", "%d", ERROR_OF(SetFileInformationByHandle(doomed, FileDispositionInfo, &gone, sizeof gone)));
  say("pending", "%d", ERROR_OF(open_it("doomed", GENERIC_READ, OPEN_EXISTING) != INVALID_HANDLE_VALUE));
  CloseHandle(doomed);
  say("deleted", "%d", ERROR_OF(GetFileAttributesA("doomed") != INVALID_FILE_ATTRIBUTES));
  CreateDirectoryA("dir", NULL);
  const HANDLE directory = open_it("dir", GENERIC_READ, OPEN_EXISTING);
  say("directory", "%d %lx", directory != INVALID_HANDLE_VALUE, GetFileAttributesA("dir"));
  SetFileTime(file, NULL, NULL, &zero);
  GetFileTime(file, NULL, NULL, &written);
  say("zero-changes-nothing", "%d", written.dwHighDateTime != 0);
  return 0;
}
