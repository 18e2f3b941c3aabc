/* shlwapi's strings and paths, as programs with no time for kernel32 use them. */
#include <windows.h>

#include <shlwapi.h>
#include <string.h>

#include "support/say.h"

int main(void) {
  char path[MAX_PATH];
  say("combine", "%s", PathCombineA(path, "C:\\one\\two", "..\\three\\.\\file.txt"));
  say("combine-root", "%s", PathCombineA(path, "C:\\one", "\\x"));
  say("combine-full", "%s", PathCombineA(path, "C:\\one", "D:\\x"));
  strcpy(path, "C:\\a");
  say("append", "%d %s", PathAppendA(path, "b\\..\\c"), path);
  say("canonical", "%d %s", PathCanonicalizeA(path, "C:\\a\\.\\b\\..\\..\\c\\"), path);
  say("file-name", "%s", PathFindFileNameA("C:\\dir\\name.ext"));
  say("extension", "%s", PathFindExtensionA("C:\\d.ir\\name.tar.gz"));
  strcpy(path, "C:\\dir\\name.ext");
  PathRemoveExtensionA(path);
  say("no-extension", "%s", path);
  PathAddExtensionA(path, ".new");
  say("new-extension", "%s", path);
  PathRenameExtensionA(path, ".other");
  say("renamed", "%s", path);
  say("no-file", "%d %s", PathRemoveFileSpecA(path), path);
  PathAddBackslashA(path);
  say("backslash", "%s", path);
  PathRemoveBackslashA(path);
  say("no-backslash", "%s", path);
  strcpy(path, "\"C:\\with quotes\"");
  PathUnquoteSpacesA(path);
  say("unquoted", "%s", path);
  PathQuoteSpacesA(path);
  say("quoted", "%s", path);
  say("relative", "%d %d %d", PathIsRelativeA("a\\b"), PathIsRelativeA("C:\\a"), PathIsRelativeA("\\a"));
  say("root", "%d %d %d", PathIsRootA("C:\\"), PathIsRootA("C:\\a"), PathIsRootA("\\\\server\\share"));
  say("unc", "%d %d", PathIsUNCA("\\\\server\\x"), PathIsUNCA("C:\\"));
  say("exists", "%d %d", PathFileExistsA("."), PathFileExistsA("nosuch"));
  say("directory", "%d", PathIsDirectoryA(".") != 0);
  say("match", "%d %d %d", PathMatchSpecA("name.txt", "*.TXT"), PathMatchSpecA("name.txt", "n?me.*"),
      PathMatchSpecA("a.c", "*.h;*.c"));
  say("prefix", "%d", PathCommonPrefixA("C:\\one\\two\\x", "c:\\ONE\\twelve", path));
  say("common", "%s", path);
  say("relative-to", "%d %s", PathRelativePathToA(path, "C:\\a\\b", FILE_ATTRIBUTE_DIRECTORY, "C:\\a\\c\\d.txt", 0),
      path);
  say("args", "%s", PathGetArgsA("\"C:\\prog dir\\x.exe\" one two"));
  say("drive", "%d", PathGetDriveNumberA("d:\\x"));
  char compact[32];
  say("compact", "%d %s", PathCompactPathExA(compact, "C:\\a long directory\\and another\\name.txt", 24, 0), compact);
  strcpy(path, "  trimmed\t ");
  say("trim", "%d [%s]", StrTrimA(path, " \t"), path);
  say("StrToInt", "%d", StrToIntA("-42x"));
  int number = 0;
  say("StrToIntEx", "%d %d", StrToIntExA("0x1F", STIF_SUPPORT_HEX, &number), number);
  say("StrStrI", "%s", StrStrIA("The Quick Fox", "qUICK"));
  say("StrChr", "%s", StrChrA("a=b=c", '='));
  say("StrRChr", "%s", StrRChrA("a=b=c", NULL, '='));
  say("StrCmpN", "%d", StrCmpNIA("ABCx", "abcy", 3));
  say("StrCmpLogical", "%d %d", StrCmpLogicalW(L"file9", L"file10"), StrCmpLogicalW(L"b", L"a"));
  say("StrCSpn", "%d", StrCSpnA("value;rest", ";,"));
  say("bytes", "%s", StrFormatByteSizeA(1536, path, MAX_PATH));
  WCHAR wide[64];
  StrFromTimeIntervalW(wide, 64, 3725000, 3);
  say("interval", "%d", StrStrW(wide, L"1 hr") != NULL);
  say("wnsprintf", "%d %s", wnsprintfA(path, MAX_PATH, "%s-%d-%x", "x", 5, 255), path);
  say("wnsprintf-cut", "%d", wnsprintfA(compact, 4, "%s", "0123456789"));
  DWORD size = 64;
  say("url", "%lx", UrlCanonicalizeA("http://host/a/../b c", path, &size, URL_ESCAPE_UNSAFE));
  say("url-is", "%s", path);
  size = MAX_PATH;
  say("url-path", "%lx", PathCreateFromUrlA("file:///C:/dir/a%20b.txt", path, &size, 0));
  say("path-is", "%s", path);
  unsigned char hash[4];
  HashData((BYTE*)"abc", 3, hash, 4);
  say("hash", "%d", hash[0] != 0 || hash[1] != 0);
  return 0;
}
