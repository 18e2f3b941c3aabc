// Times DuckDB's answers: queries LIBRARY FILE ROUNDS. FILE has a statement a line; those before the empty line
// prepare. Gives the least milliseconds of each of the others. One source for Windows and for Linux.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
static void* open_library(const char* path) {
  return LoadLibraryA(path);
}
static void* symbol(void* library, const char* name) {
  return (void*)GetProcAddress(library, name);
}
static double milliseconds(void) {
  LARGE_INTEGER count, frequency;
  QueryPerformanceCounter(&count);
  QueryPerformanceFrequency(&frequency);
  return (double)count.QuadPart * 1e3 / (double)frequency.QuadPart;
}
#else
#include <dlfcn.h>
#include <time.h>
static void* open_library(const char* path) {
  return dlopen(path, RTLD_NOW);
}
static void* symbol(void* library, const char* name) {
  return dlsym(library, name);
}
static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}
#endif

typedef int (*open_function)(const char*, void**);
typedef int (*connect_function)(void*, void**);
typedef int (*query_function)(void*, const char*, void* result);
typedef void (*destroy_function)(void* result);
typedef const char* (*error_function)(void* result);

static query_function query;
static destroy_function destroy;
static error_function error_of;

static double run(void* connection, const char* sql) {
  void* result[16] = {0};  // duckdb_result, with room
  const double start = milliseconds();
  if (query(connection, sql, result) != 0) {
    fprintf(stderr, "%s: %s\n", sql, error_of(result));
    exit(1);
  }
  const double end = milliseconds();
  destroy(result);
  return end - start;
}

int main(int count, char** arguments) {
  if (count != 4) return 2;
  void* const duckdb = open_library(arguments[1]);
  FILE* const statements = fopen(arguments[2], "r");
  if (duckdb == NULL || statements == NULL) return 2;
  const int rounds = atoi(arguments[3]);
  query = (query_function)symbol(duckdb, "duckdb_query");
  destroy = (destroy_function)symbol(duckdb, "duckdb_destroy_result");
  error_of = (error_function)symbol(duckdb, "duckdb_result_error");
  void *database = NULL, *connection = NULL;
  if (((open_function)symbol(duckdb, "duckdb_open"))(NULL, &database) != 0 ||
      ((connect_function)symbol(duckdb, "duckdb_connect"))(database, &connection) != 0)
    return 2;
  char line[4096];
  int prepared = 0;
  while (fgets(line, sizeof line, statements) != NULL) {
    line[strcspn(line, "\r\n")] = 0;
    if (line[0] == 0) {
      prepared = 1;
      continue;
    }
    double least = run(connection, line);
    if (!prepared) continue;
    for (int i = 1; i < rounds; ++i) {
      const double time = run(connection, line);
      if (time < least) least = time;
    }
    printf("%.3f\n", least);
  }
  return 0;
}
