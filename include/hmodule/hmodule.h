/* The C API, in the shape of dlopen: run-time dynamic linking of Windows x86-64 DLLs in a native Linux process.
 * Usable from C11 and C++20; hmodule.hpp is a C++ layer over it.
 *
 * Conventions. Text is UTF-8. All functions are thread-safe. A function that fails says so by its result (NULL, or -1)
 * and keeps the reason for the calling thread: hmodule_error() has the sentence, hmodule_error_code() the Windows code
 * (winerror.h). Code of a DLL has the Windows calling convention: write HM_WINAPI into the function types you cast to,
 *
 *     typedef unsigned long long(HM_WINAPI* crc_function)(unsigned long long, const void*, unsigned);
 *     crc_function crc = (crc_function)hmodule_sym(module, "crc32_z");
 *
 * and mind that Windows' long has 32 bits and its wchar_t 16 (char16_t here). */
#ifndef HMODULE_HMODULE_H
#define HMODULE_HMODULE_H

#include "windef.h"
#include "winerror.h"

#ifndef HM_EXPORT
#define HM_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, "major.minor.patch". */
HM_EXPORT const char* hmodule_version(void);

/* ---- Loading ---- */

/* Loads a DLL, or counts one more reference to a loaded one, and runs its DllMain in the calling thread.
 *
 * path: a name with a '/' is a Linux path, relative to the current directory unless it starts with '/'; a Windows path
 *   (Z:\opt\x\foo.dll, where Z: is the root directory) is taken too; a bare name ("foo", "foo.dll") is searched for.
 * flags: LOAD_LIBRARY_* and LOAD_* as in libloaderapi.h; 0 means LOAD_LIBRARY_SEARCH_DEFAULT_DIRS, and for a path
 *   LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR too, so that dependencies beside the DLL are found and the current directory is
 *   not searched. HMODULE_PATH adds directories in the manner of LD_LIBRARY_PATH.
 * Returns the handle, which is the address of the image, or NULL. Codes: ERROR_MOD_NOT_FOUND (it or a DLL it needs is
 *   not there), ERROR_BAD_EXE_FORMAT (no 64-bit Windows DLL), ERROR_PROC_NOT_FOUND, ERROR_INVALID_ORDINAL (an import
 *   is missing), ERROR_DLL_INIT_FAILED (DllMain refused), and what opening a file can meet. */
HM_EXPORT HMODULE hmodule_open(const char* path, unsigned flags);

/* The same from `size` bytes of a DLL file in memory, which are copied, or from an open file descriptor, which the
 * caller keeps. `name` is the module's base name, by which it can then be found ("foo.dll"); NULL gives "memory.dll",
 * or the file's own path. Its dependencies are searched for as for a bare name. */
HM_EXPORT HMODULE hmodule_open_memory(const void* image, size_t size, const char* name, unsigned flags);
HM_EXPORT HMODULE hmodule_open_fd(int fd, const char* name, unsigned flags);

/* Gives one reference back; with the last one the DLL is told and unmapped. 0, or -1. */
HM_EXPORT int hmodule_close(HMODULE module);

/* The address of an exported function or variable by name (compared byte by byte) or by ordinal; NULL if there is none
 * (ERROR_PROC_NOT_FOUND). */
HM_EXPORT void* hmodule_sym(HMODULE module, const char* name);
HM_EXPORT void* hmodule_sym_ordinal(HMODULE module, unsigned ordinal);

/* What failed last in this thread: a sentence naming the file, what was wrong with it and where was looked, and the
 * Windows code. NULL and 0 if nothing has failed since the last hmodule_error() of the thread (as with dlerror). The
 * text is valid until the thread's next call of this API. */
HM_EXPORT const char* hmodule_error(void);
HM_EXPORT unsigned hmodule_error_code(void);

/* ---- Calling what may raise ---- */

/* An exception that a DLL does not handle (a fault, RaiseException, a C++ throw) ends the process when it gets to the
 * host's frames: those are not Windows'. This call ends it instead. */
struct hmodule_result {
  unsigned long long integer; /* of a function that returns an integer or a pointer; small ones need a cast */
  double number;              /* of one that returns double; a float is in its first four bytes */
};

/* Calls a DLL's `function` with `count` arguments (at most 16) of 64 bits each: integers and pointers as they are, a
 * double as its bytes, a float as its bytes in the lower half.
 * 0, or -1 if an exception came out of it: its frames have been unwound, their clean-ups have run, and
 * hmodule_last_exception() tells about it. (ERROR_INVALID_PARAMETER, without an exception: too many arguments.) */
HM_EXPORT int hmodule_call(const void* function, const unsigned long long* arguments, size_t count,
                           struct hmodule_result* result);

struct hmodule_exception {
  unsigned code;      /* 0xC0000005: access violation; 0xE06D7363, 0x20474343: C++ exceptions of MSVC and of GCC; ... */
  void* address;      /* where it happened; of a C++ exception, behind the call that threw it */
  HMODULE module;     /* the module that is in; NULL: none */
  const char* name;   /* the module's base name; NULL: none */
  size_t rva;         /* the address as an offset in it */
  const char* symbol; /* the nearest export at or below the address; NULL: none with a name */
  size_t offset;      /* the address as an offset from that export */
  const char* type;   /* the type of the C++ object, as C++ writes it if we know how; NULL: unknown, or none */
  const char* what;   /* its what(), if it is a std::exception that keeps its text where we know; NULL: unknown */
  const char* message; /* all of this as a sentence; hmodule_error() has it too */
};

/* What the thread's last hmodule_call() failed with; NULL if it was no exception. Valid until its next one. */
HM_EXPORT const struct hmodule_exception* hmodule_last_exception(void);

/* ---- Looking around ---- */

struct hmodule_module {
  HMODULE handle;
  size_t size;         /* bytes of address space */
  const char* name;    /* Windows path, as GetModuleFileName gives it */
  const char* path;    /* Linux path of the file; "" if there is none */
  unsigned load_count; /* 0xFFFF: never unloaded */
};

/* Calls `callback` for each loaded module, the program first, then in load order, until it returns something else than
 * 0, and returns that, or 0. The strings are valid during the call only. */
HM_EXPORT int hmodule_iterate(int (*callback)(const struct hmodule_module* module, void* context), void* context);

struct hmodule_symbol {
  HMODULE module;
  const char* name; /* NULL: exported by ordinal only */
  unsigned ordinal;
  void* address;         /* NULL: forwarded */
  const char* forwarder; /* "OTHER.Symbol", or NULL */
};

/* The same for each export of `module`. The strings are valid while the module is loaded. */
HM_EXPORT int hmodule_exports(HMODULE module, int (*callback)(const struct hmodule_symbol* symbol, void* context),
                              void* context);

/* The module that `address` is in, and its nearest export at or below the address (name NULL and ordinal 0 if there is
 * none), in the manner of dladdr. 0, or -1 if no module is there. */
HM_EXPORT int hmodule_addr(const void* address, struct hmodule_symbol* symbol);

/* ---- The host's own part ---- */

struct hmodule_export {
  const char* name; /* may be NULL with an ordinal */
  void* function;   /* with the Windows calling convention */
  unsigned ordinal; /* 0: given by the library */
};

/* Makes a module of the host's functions, known by the base name `name`: DLLs that import from it get them. Returns
 * its handle (hmodule_close() takes it away), or NULL: ERROR_ALREADY_EXISTS, ERROR_INVALID_PARAMETER. The rows are
 * copied.
 * A name that ends in ".exe" says which program the host stands for ("node.exe"): add-ons that ask GetProcAddress for
 * functions of their program, GetModuleHandle(NULL), get them too. */
HM_EXPORT HMODULE hmodule_register(const char* name, const struct hmodule_export* exports, size_t count);

/* Decides who serves the DLL of that base name from now on: "builtin" (this library), "pe" (the system DLLs in PE form
 * beside it), "file" (whatever the search finds elsewhere), or NULL for the usual order. Loaded modules stay.
 * HMODULE_OVERRIDES="name=file,other=pe" in the environment says the same. 0, or -1.
 * "pe" also takes back what is native of a C runtime: its functions for memory and strings. */
HM_EXPORT int hmodule_override(const char* name, const char* provider);

/* Gives the calling thread its Windows side now. Not needed for threads made by pthread_create, std::thread and the
 * like; docs/architecture.md says when it is. Always 0. */
HM_EXPORT int hmodule_attach_thread(void);

/* Puts the library's handler for SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP back, where the program has installed
 * another one since the library started. What is no fault of a DLL still reaches that one. Without this call, and if
 * that handler does not pass on what it does not know, faults in DLLs are the program's: no __except and no catch of
 * the DLL sees them, and a thread that the library has not seen starting cannot enter one. Always 0. */
HM_EXPORT int hmodule_claim_faults(void);

/* Gives the names of all loaded DLLs' functions, and how to walk through their frames, to the debugger. Loading does so
 * by itself when a debugger is there; one that has been attached since can call this: docs/debugging.md. 0, or -1. */
HM_EXPORT int hmodule_show_to_debugger(void);

/* A function pointer with the Windows calling convention that runs a closure.
 *
 * signature: the result's letter, ':', the parameters' letters. v void, b int8, B uint8, h int16, H uint16, i int32,
 *   I uint32, q int64, Q uint64, p pointer, f float, d double.
 * invoke: called with `context`, where the result goes (8 bytes; integers widened to 64 bits), and the addresses of
 *   the arguments.
 * Returns the pointer, valid until hmodule_callback_free(), or NULL: ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY.
 */
HM_EXPORT void* hmodule_callback_new(const char* signature,
                                     void (*invoke)(void* context, void* result, void** arguments), void* context);
HM_EXPORT void hmodule_callback_free(void* callback);

/* Runs a Windows console program in this process, as `hmodule run` does: argv[0] is what it sees as its name. `path` is
 * the host's, or Windows': "C:\\Windows\\System32\\cmd.exe". Does not return if the program starts: the process exits
 * with its exit code. -1 if it cannot be loaded. Only before any other use of the library. */
HM_EXPORT int hmodule_run(const char* path, int argc, char** argv);

#ifdef __cplusplus
}
#endif

#endif
