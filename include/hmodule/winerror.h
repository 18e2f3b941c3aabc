/* Windows error codes, as GetLastError() gives them. Values: Microsoft Learn, "System Error Codes". */
#ifndef HMODULE_WINERROR_H
#define HMODULE_WINERROR_H

enum {
#define HM_E(name, value) name = value,
#include "winerror.inc"
#undef HM_E
};

#endif
