/* The C API, in the shape of dlopen. Usable from C11 and C++20. */
#ifndef HMODULE_HMODULE_H
#define HMODULE_HMODULE_H

#include "windef.h"

#ifndef HM_EXPORT
#define HM_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, "major.minor.patch". */
HM_EXPORT const char* hmodule_version(void);

#ifdef __cplusplus
}
#endif

#endif
