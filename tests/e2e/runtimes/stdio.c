/* stdio on files and pipes: modes, positions, buffers, errors; the formats of printf and scanf. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

static void hex(const char* tag, const void* data, size_t size) {
  printf("%s: ", tag);
  for (size_t i = 0; i < size; ++i) printf("%02x", ((const unsigned char*)data)[i]);
  printf("\n");
}

/* The bytes of a file, as they are. */
static void bytes_of(const char* tag, const char* name) {
  char bytes[256];
  FILE* file = fopen(name, "rb");
  if (!file) {
    printf("%s: cannot be opened\n", tag);
    return;
  }
  hex(tag, bytes, fread(bytes, 1, sizeof bytes, file));
  fclose(file);
}

static int format(char* to, size_t room, const char* text, ...) {
  va_list arguments;
  va_start(arguments, text);
  const int size = vsnprintf(to, room, text, arguments);
  va_end(arguments);
  return size;
}

static void reading(void) {
  char line[64];
  int lines = 0;
  while (fgets(line, sizeof line, stdin)) printf("stdin-%d: %d\n", ++lines, (int)strlen(line));
  printf("stdin-end: %d %d\n", feof(stdin) != 0, ferror(stdin) != 0);
  clearerr(stdin);
  printf("stdin-clear: %d", feof(stdin) != 0);
  printf(" %d\n", getchar());
}

static void files(void) {
  FILE* file = fopen("bin.dat", "w+b");
  for (int i = 0; i < 100000; ++i) putc(i & 0xFF, file);
  printf("position: %d\n", (int)ftell(file));
  fseek(file, -16, SEEK_END);
  printf("getc: %d", getc(file));
  printf(" %d\n", getc(file));
  ungetc('X', file);
  printf("ungetc: %d", getc(file));
  printf(" at %d\n", (int)ftell(file));
  fseek(file, 50000, SEEK_SET);
  fputs("between", file);
  fflush(file);
  fseek(file, 49998, SEEK_SET);
  char some[12];
  printf("fread: %d\n", (int)fread(some, 1, sizeof some, file));
  hex("overwritten", some, sizeof some);
  fpos_t place;
  fgetpos(file, &place);
  rewind(file);
  printf("rewind: %d\n", getc(file));
  fsetpos(file, &place);
  printf("fsetpos: %d\n", (int)ftell(file));
  fseek(file, 0, SEEK_END);
  printf("at-end: %d", getc(file));
  printf(" %d\n", feof(file) != 0);
  errno = 0;
  printf("bad-seek: %d\n", fseek(file, -1, SEEK_SET) != 0);
  printf("fclose: %d\n", fclose(file));

  file = fopen("app.txt", "wb");
  fputs("one", file);
  fclose(file);
  file = fopen("app.txt", "a+b");
  fputs("two", file);
  rewind(file);
  fputs("three", file);
  rewind(file);
  printf("append: %s\n", fgets(some, sizeof some, file));
  fclose(file);
  file = fopen("app.txt", "r+b");
  fseek(file, 3, SEEK_SET);
  putc('T', file);
  fclose(file);
  bytes_of("updated", "app.txt");
  printf("exclusive: %d\n", fopen("app.txt", "rb") != NULL && fopen("nosuch/app.txt", "wb") == NULL);

  errno = 0;
  printf("missing: %d", fopen("nosuch.txt", "r") == NULL);
  printf(" %d\n", errno == ENOENT);
  errno = 0;
  printf("remove: %d", remove("nosuch.txt"));
  printf(" %d\n", errno == ENOENT);
  file = fopen("one.txt", "wb");
  printf("reading-a-writer: %d", getc(file));
  printf(" %d\n", ferror(file) != 0);
  fclose(file);
  printf("rename: %d\n", rename("one.txt", "other.txt"));
  printf("renamed: %d\n", fopen("one.txt", "rb") == NULL);

  static char buffer[4096];
  file = fopen("buffered", "wb");
  setvbuf(file, buffer, _IOFBF, sizeof buffer);
  fputs("kept back", file);
  bytes_of("unflushed", "buffered");
  fflush(file);
  bytes_of("flushed", "buffered");
  setvbuf(file, NULL, _IONBF, 0);
  fputs("!", file);
  bytes_of("unbuffered", "buffered");
  fclose(file);
  file = tmpfile();
  fprintf(file, "%d %s", 12, "temporary");
  rewind(file);
  int number = 0;
  char word[16];
  printf("tmpfile: %d", fscanf(file, "%d %15s", &number, word));
  printf(" %d %s\n", number, word);
  fclose(file);
  file = freopen("reopened.txt", "wb", fopen("app.txt", "rb"));
  fputs("x", file);
  fclose(file);
  bytes_of("freopen", "reopened.txt");
}

static void formats(void) {
  printf("d: %d|%5d|%-5d|%05d|%+d|% d|%.3d|%8.3d|%i\n", 42, 42, 42, 42, 42, 42, 7, 7, -2147483647 - 1);
  printf("x: %x|%X|%#x|%#o|%o|%08x|%u\n", 255, 255, 255, 8, 8, 0xBEEF, 4294967295u);
  printf("ll: %lld|%llu|%llx|%020lld\n", -9223372036854775807LL - 1, 18446744073709551615ULL, 0x123456789abcdefULL,
         -5LL);
  printf("h: %hd|%hu|%hx\n", (short)-1, (unsigned short)65535, (unsigned short)0xABCD);
  printf("c: %c|%5c|%-5c|%%\n", 'a', 'b', 'c');
  printf("s: %s|%10s|%-10s|%.2s|%10.2s|%*s|%.*s\n", "text", "text", "text", "text", "text", 6, "star", 3, "precision");
  printf("f: %f|%.0f|%.3f|%10.2f|%-10.2f|%+.1f|%010.3f|%#.0f\n", 3.14159, 2.5, 2.0005, -1.005, 1.5, 9.95, -3.14159,
         3.0);
  printf("f-big: %.3f|%.10f|%.20f\n", 1e15, 1.0 / 3, 0.1);
  printf("g: %g|%g|%g|%#g|%.10g|%.3g\n", 100000.0, 1234.5, 0.0001, 1.0, 1.0 / 3, 99999.0);
  printf("e: %e|%.2E|%g|%g\n", 12345.678, 0.00012, 1e100, 1e-5);
  printf("a: %a|%A|%.3a\n", 1.0, 0.5, 3.14159);
  printf("special: %f|%f|%g\n", (double)INFINITY, -(double)INFINITY, (double)NAN);
  char text[8];
  printf("snprintf: %d", format(text, sizeof text, "%s", "0123456789"));
  printf(" %.8s\n", text);
}

static void scans(void) {
  int a = 0, b = 0, used = 0;
  unsigned u = 0;
  double d = 0;
  float f = 0;
  char word[16] = "", set[16] = "", c[4] = "";
  long long big = 0;
  short h = 0;
  printf("scan-d: %d", sscanf("12 -34 0x1f", "%d%d%x", &a, &b, &u));
  printf(" %d %d %u\n", a, b, u);
  printf("scan-i: %d", sscanf("010 0x10 10", "%i %i %u", &a, &b, &u));
  printf(" %d %d %u\n", a, b, u);
  printf("scan-f: %d", sscanf("1.5e3 -.25", "%lf%f", &d, &f));
  printf(" %.3f %.3f\n", d, f);
  printf("scan-s: %d", sscanf("alpha beta12]", "%s %[a-z]%2c", word, set, c));
  printf(" %s %s %.2s\n", word, set, c);
  printf("scan-not: %d", sscanf("key=value", "%[^=]=%s%n", word, set, &used));
  printf(" %s %s %d\n", word, set, used);
  printf("scan-skip: %d", sscanf("1 2 3", "%*d %d%n", &a, &used));
  printf(" %d %d\n", a, used);
  printf("scan-width: %d", sscanf("123456", "%3d%2hd", &a, &h));
  printf(" %d %d\n", a, h);
  printf("scan-ll: %d", sscanf("9223372036854775807", "%lld", &big));
  printf(" %lld\n", big);
  printf("scan-mismatch: %d %d %d\n", sscanf("x", "%d", &a), sscanf("", "%d", &a), sscanf("5,", "%d;%d", &a, &b));
}

#ifdef _WIN32
static int invalid_parameters;
static void invalid_parameter(const wchar_t* expression, const wchar_t* function, const wchar_t* file, unsigned line,
                              uintptr_t reserved) {
  (void)expression, (void)function, (void)file, (void)line, (void)reserved;
  ++invalid_parameters;
}

static void windows(void) {
  _set_invalid_parameter_handler(invalid_parameter);
  FILE* file = fopen("text.txt", "wt");
  fputs("one\ntwo\n", file);
  fclose(file);
  bytes_of("text-written", "text.txt");
  char line[64];
  file = fopen("text.txt", "rt");
  fgets(line, sizeof line, file);
  hex("text-read", line, strlen(line));
  printf("text-position: %d\n", (int)ftell(file));
  fclose(file);
  file = fopen("ctrlz.txt", "wb");
  fwrite(
      "a\x1a"
      "b\r\n",
      1, 5, file);
  fclose(file);
  file = fopen("ctrlz.txt", "r");
  const int first = getc(file), second = getc(file);
  printf("ctrl-z: %d %d %d\n", first, second, feof(file) != 0);
  fclose(file);
  file = fopen("mixed.txt", "wb");
  fwrite("a\rb\r\nc\n\r\nd\r", 1, 11, file);
  fclose(file);
  file = fopen("mixed.txt", "r");
  hex("mixed", line, fread(line, 1, sizeof line, file));
  fclose(file);

  /* low-level I/O */
  int fd = _open("low.txt", _O_CREAT | _O_TRUNC | _O_RDWR | _O_BINARY, _S_IREAD | _S_IWRITE);
  printf("write: %d\n", _write(fd, "0123456789", 10));
  printf("lseek: %d", (int)_lseek(fd, 4, SEEK_SET));
  printf(" %d\n", (int)_tell(fd));
  printf("read: %d", _read(fd, line, 3));
  printf(" %.3s\n", line);
  printf("chsize: %d", _chsize(fd, 20));
  printf(" %d\n", (int)_filelength(fd));
  printf("eof: %d\n", _eof(fd));
  const int copy = _dup(fd);
  printf("dup: %d\n", (int)_lseek(copy, 0, SEEK_CUR));
  _close(copy);
  printf("setmode: %d", _setmode(fd, _O_TEXT) == _O_BINARY);
  printf(" %d\n", _setmode(fd, _O_BINARY) == _O_TEXT);
  struct _stat64 status;
  printf("fstat: %d", _fstat64(fd, &status));
  printf(" %d %d\n", (int)status.st_size, (status.st_mode & _S_IFREG) != 0);
  _close(fd);
  printf("open-exclusive: %d", _open("low.txt", _O_CREAT | _O_EXCL | _O_RDWR, _S_IREAD));
  printf(" %d\n", errno == EEXIST);
  printf("access: %d %d\n", _access("low.txt", 0), _access("nosuch", 0));
  printf("chmod: %d", _chmod("low.txt", _S_IREAD));
  printf(" %d\n", _access("low.txt", 2));
  printf("read-only: %d", fopen("low.txt", "r+b") == NULL);
  printf(" %d\n", errno == EACCES);
  _chmod("low.txt", _S_IREAD | _S_IWRITE);
  printf("unlink: %d\n", _unlink("low.txt"));

  /* a pipe */
  int ends[2];
  printf("pipe: %d\n", _pipe(ends, 4096, _O_BINARY));
  printf("pipe-write: %d\n", _write(ends[1], "through the pipe", 16));
  printf("pipe-read: %d", _read(ends[0], line, 7));
  printf(" %.7s\n", line);
  FILE* reader = _fdopen(ends[0], "rb");
  _close(ends[1]);
  printf("pipe-fgets: %s\n", fgets(line, sizeof line, reader));
  printf("pipe-end: %d", getc(reader));
  printf(" %d\n", feof(reader) != 0);
  printf("pipe-seek: %d\n", fseek(reader, 0, SEEK_SET) != 0);
  fclose(reader);
  printf("isatty: %d %d\n", _isatty(0), _isatty(1));

  printf("fileno: %d %d %d\n", _fileno(stdin), _fileno(stdout), _fileno(stderr));
  printf("osfhandle: %d\n", _get_osfhandle(1) == (intptr_t)GetStdHandle(STD_OUTPUT_HANDLE));
  const HANDLE handle = CreateFileA("handle.txt", GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
  fd = _open_osfhandle((intptr_t)handle, _O_TEXT);
  file = _fdopen(fd, "w");
  fputs("by handle\n", file);
  fclose(file);
  bytes_of("open_osfhandle", "handle.txt");
  printf("closed-with-it: %d\n", CloseHandle(handle));
  printf("bad-fd: %d", _close(77));
  printf(" %d\n", errno == EBADF);
  printf("I64: %I64d|%I32d|%p\n", 1234567890123LL, 5, (void*)0x1234);
  printf("wide-in-narrow: %S|%ls|%hs\n", L"wide", L"wide", "narrow");
#ifdef _UCRT
  printf("zu: %zu|%td|%jd\n", (size_t)5, (ptrdiff_t)-6, (intmax_t)7);
#endif
  printf("e-digits: %e\n", 1.0);
  char small[4] = "zzz";
  printf("_snprintf: %d", _snprintf(small, 4, "%s", "123456"));
  printf(" %.4s\n", small);
  printf("_scprintf: %d\n", _scprintf("%d-%s", 100, "abc"));
  printf("tempnam: %d\n", strlen(_tempnam("C:\\nosuch", "hm")) > 3);
  printf("fcloseall: %d\n", _fcloseall() > 0);
}
#endif

int main(void) {
  reading();
  files();
  formats();
  scans();
#ifdef _WIN32
  windows();
#endif
  printf("end: %d\n", fflush(NULL));
  return 0;
}
