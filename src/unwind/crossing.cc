// Two kinds of exceptions, two kinds of frames, one stack.
//
// *A Windows exception meets native frames* that a DLL called and that called a DLL: qsort of ntdll, a callback of the
// host. The first pass walks over them by their DWARF (native_frames.h), with all registers Windows code keeps. Native
// catch clauses are not asked. The second pass runs the frames' clean-ups, one landing pad after the other, as a forced
// unwinding would: a landing pad ends in _Unwind_Resume(), libgcc asks the exception's stop function first, and that
// one comes back to us. But a landing pad runs at its own frame's place on the stack, and what is below must survive
// it: the DLL's exception object is in the frame that threw, until its catch block, run below everything, ends
// (platform-facts §5.2 rule 4). So that part of the stack is put aside meanwhile.
// A catch (...) is such a landing pad, too. It must rethrow, as when a thread is cancelled: the frame that handles
//   the
// exception has been found already. A function that is noexcept lets nothing pass. Our own are the exception: they own
// nothing while they call back, so they are left without ceremony, and without asking their catch clauses.
//
// *A native exception meets DLL frames*. Its first pass goes over them by the DWARF made from their unwind data
// (native_unwinders.h). In its second pass, the first of them makes libgcc call the personality below. It does not
// return: the DLL frames up to the next native one are left in Windows' way, and what libgcc would do there is done
// with all registers that Windows code keeps, up to the next landing pad. The handlers of GCC's runtime pass over
// records that are not GCC's without running clean-ups, and those of Microsoft's, in a function made with /EHsc, over
// those that are not Microsoft's. So each is shown one of its own kind, whose object it does not look at in this pass.
// A catch (...) of GCC's catches the exception; one of Microsoft's does not, nor does __except: they are not asked
// before it is decided who catches.
#include "unwind/crossing.h"

#include "base/trace.h"
#include "thread/teb.h"
#include "unwind/context.h"
#include "unwind/function_table.h"
#include "unwind/native_frames.h"
#include "unwind/thrown.h"
#include "unwind/virtual_unwind.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <unwind.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

extern "C" __attribute__((weak)) void __asan_handle_no_return();

namespace hmodule::unwind {
namespace {

// The frames from here to there are left, or put aside, without a return.
void tell_sanitizer() {
  if (__asan_handle_no_return != nullptr) __asan_handle_no_return();
}

bool is_on_stack(std::uintptr_t rsp) {
  const NT_TIB& tib = thread::teb().NtTib;
  return rsp >= reinterpret_cast<std::uintptr_t>(tib.StackLimit) &&
         rsp < reinterpret_cast<std::uintptr_t>(tib.StackBase);
}

bool is_own_code(std::uintptr_t pc) {
  Dl_info here{}, there{};
  return dladdr(reinterpret_cast<const void*>(&pass_native_frame), &here) != 0 &&
         dladdr(reinterpret_cast<const void*>(pc), &there) != 0 && here.dli_fbase == there.dli_fbase;
}

}  // namespace

// --- Windows exceptions in native frames ---

extern "C" {

// crossing.S knows the order.
struct hm_crossing {
  std::uint64_t registers[7];  // rbx, rbp, r12-15, rsp
  std::byte* stack;            // from that rsp on
  std::uint64_t size;
  std::uint32_t mxcsr, x87;
  std::uint64_t end_of_frame;  // of the one with the landing pad
  alignas(16) _Unwind_Exception exception;
};
static_assert(offsetof(hm_crossing, stack) == 56 && offsetof(hm_crossing, mxcsr) == 72);

// Puts the stack below context->Rsp aside, continues at `context`, and returns when the other one is called.
void hm_run_landing_pad(hm_crossing* crossing, const CONTEXT* context);
[[noreturn]] void hm_back_from_landing_pad(hm_crossing* crossing);
}

namespace {

constexpr _Unwind_Exception_Class kForeign = 0x484D'4F44'554C'4500;  // "HMODULE\0"

// Asked at each frame: those below and at the landing pad's (a catch block rethrows with more to clean up around it)
// are libgcc's, what comes then is not.
_Unwind_Reason_Code come_back(int, _Unwind_Action, _Unwind_Exception_Class, _Unwind_Exception*, _Unwind_Context* frame,
                              void* argument) {
  auto* const crossing = static_cast<hm_crossing*>(argument);
  if (_Unwind_GetCFA(frame) < crossing->end_of_frame) return _URC_NO_REASON;
  hm_back_from_landing_pad(crossing);
}

void swallowed(_Unwind_Reason_Code, _Unwind_Exception*) {
  trace::warn(
      "a native catch (...) between frames of DLLs has ended an exception that an outer one handles: it must "
      "rethrow");
  std::abort();
}

// __cxa_eh_globals of the Itanium C++ ABI, §2.2.2.
struct EhGlobals {
  void* caught;
  unsigned uncaught;
};

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};

void run_landing_pad(const CONTEXT& frame, std::uintptr_t end_of_frame, std::uintptr_t landing_pad) {
  constexpr std::size_t kOwnFrame = 0x1000;
  const std::size_t room = frame.Rsp - reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + kOwnFrame;
  // The crossing must survive, so it is in the same block as the stack.
  const std::unique_ptr<std::byte, FreeMemory> block(
      static_cast<std::byte*>(std::aligned_alloc(64, (sizeof(hm_crossing) + room + 63) / 64 * 64)));
  if (block == nullptr) std::abort();
  auto* const crossing = new (block.get()) hm_crossing{};
  crossing->stack = block.get() + sizeof(hm_crossing);
  crossing->end_of_frame = end_of_frame;
  crossing->exception.exception_class = kForeign;
  crossing->exception.exception_cleanup = swallowed;
  crossing->exception.private_1 = reinterpret_cast<_Unwind_Word>(&come_back);  // as _Unwind_ForcedUnwind() does
  crossing->exception.private_2 = reinterpret_cast<_Unwind_Word>(crossing);
  CONTEXT there = frame;
  there.Rip = landing_pad;
  there.Rax = reinterpret_cast<ULONGLONG>(&crossing->exception);
  there.Rdx = 0;  // no catch clause: the clean-up
  // A rethrow adds one to the exceptions on their way, and a catch of a foreign one takes none off.
  unsigned& on_their_way = reinterpret_cast<EhGlobals*>(abi::__cxa_get_globals())->uncaught;
  const unsigned before = on_their_way;
  tell_sanitizer();
  hm_run_landing_pad(crossing, &there);
  on_their_way = before;
}

}  // namespace

bool pass_native_frame(CONTEXT& walk) {
  NativeFrame frame;
  if (!unwind_native_frame(walk, frame) || !is_on_stack(frame.caller.Rsp)) return false;
  if (clean_up_of(frame, walk.Rip).kind == CleanUp::Kind::forbidden && !is_own_code(walk.Rip)) {
    trace::warn("an exception of a DLL stops at {:#x}, a native function that is noexcept", walk.Rip);
    return false;
  }
  walk = frame.caller;
  return true;
}

bool leave_native_frame(CONTEXT& walk) {
  NativeFrame frame;
  if (!unwind_native_frame(walk, frame) || !is_on_stack(frame.caller.Rsp)) return false;
  const CleanUp clean_up = clean_up_of(frame, walk.Rip);
  const bool runs =
      clean_up.kind == CleanUp::Kind::code || (clean_up.kind == CleanUp::Kind::clauses && !is_own_code(walk.Rip));
  if (runs) run_landing_pad(walk, frame.caller.Rsp, clean_up.landing_pad);
  walk = frame.caller;
  return true;
}

// --- native exceptions in DLL frames ---

// GCC's _Unwind_Exception for Windows, to which its handlers must find the pointer in a record; and what is behind it.
struct alignas(16) NativeException {
  std::uint64_t exception_class = kForeign;
  HM_WINAPI void (*exception_cleanup)(int reason, NativeException* exception) = nullptr;
  std::uint64_t private_[6] = {};  // target frame and address of RtlUnwindEx() among them: 0, up to a native frame

  _Unwind_Exception* native = nullptr;
  bool anew = false;
  EXCEPTION_RECORD record{};
};
static_assert(offsetof(NativeException, native) == 64);

namespace {

// A catch (...) of the DLL is done with it.
HM_WINAPI void end_native_exception(int, NativeException* exception) {
  abi::__cxa_begin_catch(exception->native);
  abi::__cxa_end_catch();
  delete exception;
}

// The registers of the frame that libgcc is at, all of them, found by walking from here.
bool find_frame(_Unwind_Context* wanted, CONTEXT& walk) {
  const std::uintptr_t ip = _Unwind_GetIP(wanted), rsp = _Unwind_GetCFA(wanted);
  hm_capture_context(&walk);
  while (walk.Rsp <= rsp) {
    if (walk.Rsp == rsp && walk.Rip == ip) return true;
    const FunctionEntry entry = find_function(walk.Rip);
    NativeFrame frame;
    if (entry.image_base != 0)
      virtual_unwind(kNoHandler, entry.image_base, walk.Rip, entry.function, walk);
    else if (unwind_native_frame(walk, frame))
      walk = frame.caller;
    else
      return false;
  }
  return false;
}

_Unwind_Reason_Code personality(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception* native,
                                _Unwind_Context* frame) {
  if ((actions & _UA_CLEANUP_PHASE) == 0) return _URC_CONTINUE_UNWIND;
  thread::attach();
  CONTEXT start;
  if (!find_frame(frame, start)) return _URC_CONTINUE_UNWIND;
  auto* const exception = new (std::nothrow) NativeException;
  if (exception == nullptr) return _URC_FATAL_PHASE2_ERROR;
  exception->exception_cleanup = end_native_exception;
  exception->native = native;
  exception->record.ExceptionCode = kGccThrow;
  exception->record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
  exception->record.ExceptionAddress = reinterpret_cast<void*>(start.Rip);
  exception->record.NumberParameters = 4;
  exception->record.ExceptionInformation[0] = reinterpret_cast<ULONG_PTR>(exception);
  leave_dll_frames(exception->record, start);
}

[[noreturn]] void resume(_Unwind_Exception* native) {
  _Unwind_Resume(native);
  std::abort();
}
[[noreturn]] void raise_anew(_Unwind_Exception* native) {
  _Unwind_Resume_or_Rethrow(native);
  abi::__cxa_begin_catch(native);  // as for a throw that nobody catches
  std::terminate();
}

// As if the native frame at `caller` had called the function.
[[noreturn]] void call_from(const CONTEXT& caller, void (*function)(_Unwind_Exception*), _Unwind_Exception* native) {
  CONTEXT call = caller;
  call.Rsp -= sizeof call.Rip;
  std::memcpy(reinterpret_cast<void*>(call.Rsp), &call.Rip, sizeof call.Rip);
  call.Rip = reinterpret_cast<ULONGLONG>(function);
  call.Rdi = reinterpret_cast<ULONGLONG>(native);
  tell_sanitizer();
  hm_restore_context(&call);
}

// One step of libgcc's second pass, at a native frame.
struct Question {
  CONTEXT& frame;  // its registers, which the answer changes
  _Unwind_Exception* native;
  const void* personality;
  _Unwind_Reason_Code answer = _URC_CONTINUE_UNWIND;
};

_Unwind_Reason_Code ask_personality(_Unwind_Context* frame, void* argument) {
  auto& question = *static_cast<Question*>(argument);
  if (_Unwind_GetCFA(frame) != question.frame.Rsp) return _URC_NO_REASON;  // our own frame still
  _Unwind_Exception* const native = question.native;
  unsigned flags = _UA_CLEANUP_PHASE;
  if (native->private_1 != 0) {  // a thread's end, or another forced unwinding: private_2 is the argument
    flags |= _UA_FORCE_UNWIND;
    reinterpret_cast<_Unwind_Stop_Fn>(native->private_1)(1, static_cast<_Unwind_Action>(flags), native->exception_class,
                                                         native, frame, reinterpret_cast<void*>(native->private_2));
  } else if (_Unwind_GetCFA(frame) == native->private_2) {  // the first pass has found the catch clause here
    flags |= _UA_HANDLER_FRAME;
  }
  if (question.personality != nullptr)
    question.answer = reinterpret_cast<_Unwind_Personality_Fn>(const_cast<void*>(question.personality))(
        1, static_cast<_Unwind_Action>(flags), native->exception_class, native, frame);
  question.frame.Rip = _Unwind_GetIP(frame);
  return _URC_END_OF_STACK;
}

}  // namespace

const void* dll_personality() {
  return reinterpret_cast<const void*>(&personality);
}

NativeException* native_exception_of(const EXCEPTION_RECORD& record) {
  if (record.ExceptionCode != kGccThrow || record.NumberParameters < 1) return nullptr;
  auto* const exception = reinterpret_cast<NativeException*>(record.ExceptionInformation[0]);
  return exception->exception_class == kForeign ? exception : nullptr;
}

// GCC's language data begins with "no base of landing pads", the form of its table of types with a ULEB128 if there is
// one, and "ULEB128" for call sites. Behind other handlers are RVAs, of something aligned, or scopes and their number.
bool is_gcc_data(const BYTE* data) {
  if (*data++ != 0xFF) return false;
  if (*data++ != 0xFF)
    while ((*data++ & 0x80) != 0) {
    }
  return *data == 0x01;
}

EXCEPTION_RECORD disguise(const EXCEPTION_RECORD& record, const void* handler_data) {
  if (is_gcc_data(static_cast<const BYTE*>(handler_data))) return record;
  EXCEPTION_RECORD shown = record;
  shown.ExceptionCode = kMsvcThrow;
  shown.NumberParameters = 4;
  shown.ExceptionInformation[0] = 0x1993'0520;  // EH-44
  for (unsigned i = 1; i < 4; ++i) shown.ExceptionInformation[i] = 0;
  return shown;
}

void begin_anew(NativeException& exception) {
  exception.anew = true;
}

// What libgcc would do, with all registers: a compiler may keep values in RSI, RDI and XMM6-15 across a call of a DLL
// (Clang does), and libgcc would land in the catch clause without them.
void go_on_natively(NativeException& exception, const CONTEXT& caller) {
  _Unwind_Exception* const native = exception.native;
  if (exception.anew) {
    delete &exception;
    call_from(caller, raise_anew, native);
  }
  CONTEXT at = caller;
  while (find_function(at.Rip).image_base == 0) {
    NativeFrame frame;
    if (!unwind_native_frame(at, frame)) {
      delete &exception;
      call_from(at, resume, native);
    }
    Question question{at, native, frame.personality};
    hm_native_backtrace(&at, ask_personality, &question);
    if (question.answer == _URC_INSTALL_CONTEXT) {
      delete &exception;
      tell_sanitizer();
      hm_restore_context(&at);
    }
    at = frame.caller;
  }
  leave_dll_frames(exception.record, at);
}

}  // namespace hmodule::unwind
