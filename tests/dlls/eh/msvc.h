// What Microsoft's headers would declare of the C++ runtime. Link msvc.cc too.
#pragma once

#include "eh.h"

extern "C" char __ImageBase[];

extern "C" IMPORT void (*set_terminate(void (*)(void)))(void);
namespace std {
using ::set_terminate;
int uncaught_exceptions();
}  // namespace std

using Translator = void (*)(unsigned code, EXCEPTION_POINTERS*);
extern "C" IMPORT Translator _set_se_translator(Translator);

void __ExceptionPtrCreate(void*);
void __ExceptionPtrDestroy(void*);
void __ExceptionPtrCurrentException(void*);
void __ExceptionPtrRethrow(const void*);

// std::exception_ptr is these two words.
struct ExceptionPtr {
  void* words[2];
  ExceptionPtr() { __ExceptionPtrCreate(this); }
  ~ExceptionPtr() { __ExceptionPtrDestroy(this); }
  void take_current() { __ExceptionPtrCurrentException(this); }
  void rethrow() const { __ExceptionPtrRethrow(this); }
};

// translate.cc
void translates_faults();
