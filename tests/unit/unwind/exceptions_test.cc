// Exceptions in machine code written here: functions with unwind data, one per test page, as a DLL has them.
#include "unwind/exceptions.h"

#include "support/death.h"
#include "thread/call.h"
#include "thread/hooks.h"
#include "thread/teb.h"
#include "unwind/faults.h"
#include "unwind/function_table.h"
#include "unwind/guard.h"
#include "unwind/vectored.h"
#include "win/status.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <initializer_list>

namespace hmodule::unwind {
namespace {

std::atomic<std::uintptr_t> image_begin{0};
constexpr std::size_t kImageSize = 0x1000;

// One page of code and unwind data. Offsets: functions at 0x000 and 0x100, their unwind data at 0x800 and 0x880.
class Image {
 public:
  Image() {
    page_ = static_cast<BYTE*>(
        mmap(nullptr, kImageSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    image_begin = base();
    // jmp [rip+0] to our handler, as an import thunk.
    put(0x700, {0xFF, 0x25, 0, 0, 0, 0});
    const void* handler = reinterpret_cast<const void*>(&c_specific_handler);
    std::memcpy(page_ + 0x706, &handler, sizeof handler);
    EXPECT_TRUE(add_image({base(), kImageSize, functions_, 2}));
  }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() {
    remove_image(base());
    image_begin = 0;
    munmap(page_, kImageSize);
  }

  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(page_); }
  void put(std::size_t at, std::initializer_list<unsigned> bytes) {
    for (unsigned byte : bytes) page_[at++] = static_cast<BYTE>(byte);
  }
  void put_address(std::size_t at, const void* address) { std::memcpy(page_ + at, &address, sizeof address); }

  struct Scope {
    ULONG begin, end, handler, jump;
  };
  // `sub rsp, 28h` at the start, four bytes; scopes for __C_specific_handler.
  void describe(int which, std::initializer_list<Scope> scopes) {
    std::size_t at = which == 0 ? 0x800 : 0x880;
    put(at, {scopes.size() != 0 ? 0x19U : 1U, 4, 1, 0, 4, 0x42, 0, 0});
    const ULONG handler = 0x700;
    std::memcpy(page_ + at + 8, &handler, 4);
    const auto count = static_cast<ULONG>(scopes.size());
    std::memcpy(page_ + at + 12, &count, 4);
    at += 16;
    for (const Scope& scope : scopes) {
      std::memcpy(page_ + at, &scope, sizeof scope);
      at += sizeof scope;
    }
  }

  template <typename Function>
  Function at(std::size_t offset) const {
    return reinterpret_cast<Function>(page_ + offset);
  }

 private:
  BYTE* page_;
  RUNTIME_FUNCTION functions_[2] = {{0, 0x80, 0x800}, {0x100, 0x180, 0x880}};
};

using Function = HM_WINAPI std::uint64_t (*)(void* argument);

class Exceptions : public ::testing::Test {
 protected:
  void SetUp() override {
    static const bool started = [] {
      thread::set_loader_hooks({.attach = nullptr, .detach = nullptr, .is_dll_code = [](std::uintptr_t ip) {
                                  return ip >= image_begin && ip < image_begin + kImageSize;
                                }});
      thread::start();
      claim_hardware_faults();
      return true;
    }();
    EXPECT_TRUE(started);
    thread::attach();
    notes = 0;
  }
  static inline std::uint64_t notes;

  // 0x000: __try { return *argument; } __except (filter) { return code; }
  void make_guarded_read(Image& image, ULONG filter) {
    image.put(0x000, {0x48, 0x83, 0xEC, 0x28,  // sub rsp, 28h
                      0x48, 0x8B, 0x01,        // 04 mov rax, [rcx]
                      0x90,                    // 07 nop
                      0x48, 0x83, 0xC4, 0x28,  // 08 add rsp, 28h
                      0xC3,                    // ret
                      0x48, 0x83, 0xC4, 0x28,  // 0D handler: the code is in eax
                      0xC3});
    image.describe(0, {{0x04, 0x08, filter, 0x0D}});
  }
  // 0x100: calls `function` with its argument, and cleans up by calling the function at 0x180 if it is left abnormally.
  void make_caller(Image& image, const void* function, bool clean_up) {
    image.put(0x100, {0x48, 0x83, 0xEC, 0x28,          // sub rsp, 28h
                      0xFF, 0x15, 0x76, 0, 0, 0,       // 104 call [180h]
                      0x90,                            // 10A nop
                      0x48, 0x83, 0xC4, 0x28, 0xC3});  // add rsp, 28h; ret
    image.put_address(0x180, function);
    if (clean_up)
      image.describe(1, {{0x104, 0x10B, 0x190, 0}});
    else
      image.describe(1, {});
    image.put(0x190, {0x48, 0xFF, 0x05, 0x09, 0, 0, 0, 0xC3});  // inc [1A0h]; ret
  }
  std::uint64_t clean_ups(const Image& image) { return *image.at<std::uint64_t*>(0x1A0); }
};

TEST_F(Exceptions, FaultIsHandledByTheFunctionItself) {
  Image image;
  make_guarded_read(image, 1);
  std::uint64_t value = 77;
  const auto read = image.at<Function>(0);
  EXPECT_EQ(read(&value), 77U);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(read(reinterpret_cast<void*>(0x10)), static_cast<std::uint32_t>(STATUS_ACCESS_VIOLATION));
}

TEST_F(Exceptions, FilterSeesTheRecordAndMayResume) {  // EH-39, EH-30
  Image image;
  static std::uint64_t good = 5;
  make_guarded_read(image, 0x40);
  image.put(0x40, {0xFF, 0x25, 0, 0, 0, 0});
  image.put_address(0x46, reinterpret_cast<const void*>(+[](EXCEPTION_POINTERS* exception, void*) HM_WINAPI -> LONG {
                      EXPECT_EQ(exception->ExceptionRecord->ExceptionCode, STATUS_ACCESS_VIOLATION);
                      EXPECT_EQ(exception->ExceptionRecord->NumberParameters, 2U);
                      EXPECT_EQ(exception->ExceptionRecord->ExceptionInformation[0], 0U);
                      EXPECT_EQ(exception->ExceptionRecord->ExceptionInformation[1], 0x10U);
                      EXPECT_EQ(exception->ContextRecord->Rip,
                                reinterpret_cast<std::uintptr_t>(exception->ExceptionRecord->ExceptionAddress));
                      exception->ContextRecord->Rcx = reinterpret_cast<std::uintptr_t>(&good);
                      return EXCEPTION_CONTINUE_EXECUTION;
                    }));
  EXPECT_EQ(image.at<Function>(0)(reinterpret_cast<void*>(0x10)), 5U);
}

TEST_F(Exceptions, RaisedOnePassesFramesAndTheirCleanUps) {  // EH-35
  Image image;
  make_caller(image, reinterpret_cast<const void*>(&hm_raise_exception), true);
  // 0x000: __try { f(argument); } __except (1) { return code; }
  image.put(0x000, {0x48, 0x83, 0xEC, 0x28, 0xE8, 0xF7, 0,    0,    0,    0x90,  // call 100h; nop
                    0x48, 0x83, 0xC4, 0x28, 0xC3, 0x48, 0x83, 0xC4, 0x28, 0xC3});
  image.describe(0, {{0x04, 0x0A, 1, 0x0F}});
  const auto run = image.at<HM_WINAPI std::uint64_t (*)(DWORD, DWORD, DWORD, void*)>(0);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    EXPECT_EQ(run(0xE0001234, 0, 0, nullptr), 0xE0001234U);
    EXPECT_EQ(clean_ups(image), i);
  }
}

TEST_F(Exceptions, GuardCatchesWhatLeavesTheDll) {  // DM-09, DM-10
  Image image;
  make_caller(image, reinterpret_cast<const void*>(&hm_raise_exception), true);
  const Result<BOOL> answer =
      call_entry_point(image.at<DllEntryPoint>(0x100), reinterpret_cast<void*>(0xE06D7363), 0, nullptr);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().status, static_cast<NTSTATUS>(0xE06D7363));
  EXPECT_EQ(answer.error().code(), 0xE06D7363U) << "ERR-03";
  EXPECT_EQ(clean_ups(image), 1U);

  Guard guard;
  image.put(0x000, {0x48, 0x83, 0xEC, 0x28, 0x48, 0x8B, 0x01, 0x48, 0x83, 0xC4, 0x28, 0xC3});
  image.describe(0, {});
  EXPECT_EQ(call_guarded(guard, image.at<Function>(0), nullptr), 0U);
  EXPECT_TRUE(guard.caught);
  EXPECT_EQ(guard.record.ExceptionCode, STATUS_ACCESS_VIOLATION);
}

TEST_F(Exceptions, VectoredHandlersComeFirstAndMayRemoveThemselves) {  // EH-30
  Image image;
  make_guarded_read(image, 1);
  static std::uint64_t good;
  static void* self;
  good = 9;
  self = add_vectored_handler(VectoredList::exception, true, [](EXCEPTION_POINTERS* exception) HM_WINAPI -> LONG {
    EXPECT_TRUE(remove_vectored_handler(VectoredList::exception, self));
    exception->ContextRecord->Rcx = reinterpret_cast<std::uintptr_t>(&good);
    return EXCEPTION_CONTINUE_EXECUTION;
  });
  const auto read = image.at<Function>(0);
  EXPECT_EQ(read(nullptr), 9U);
  EXPECT_EQ(read(nullptr), static_cast<std::uint32_t>(STATUS_ACCESS_VIOLATION)) << "only once";
  EXPECT_FALSE(remove_vectored_handler(VectoredList::exception, self));
}

TEST_F(Exceptions, EachFaultHasItsCode) {  // §14.5
  struct Row {
    const char* what;
    std::initializer_list<unsigned> bytes;
    NTSTATUS code;
  };
  const Row rows[] = {
      {"ud2", {0x0F, 0x0B}, STATUS_ILLEGAL_INSTRUCTION},
      {"int3", {0xCC}, STATUS_BREAKPOINT},
      {"hlt", {0xF4}, STATUS_PRIVILEGED_INSTRUCTION},
      {"int 2ch", {0xCD, 0x2C}, STATUS_ASSERTION_FAILURE},
      {"divide by zero", {0x31, 0xC9, 0x31, 0xD2, 0xF7, 0xF1}, STATUS_INTEGER_DIVIDE_BY_ZERO},
      {"overflow", {0xBA, 0xFF, 0, 0, 0, 0xB9, 1, 0, 0, 0, 0xF7, 0xF1}, STATUS_INTEGER_OVERFLOW},
      {"non-canonical", {0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x48, 0x8B, 0x00}, STATUS_ACCESS_VIOLATION},
      {"call of NULL", {0x31, 0xC0, 0xFF, 0xD0}, STATUS_ACCESS_VIOLATION},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    Image image;
    image.put(0x000, {0x48, 0x83, 0xEC, 0x28});
    image.put(0x004, row.bytes);
    const auto after = static_cast<unsigned>(4 + row.bytes.size());
    image.put(after, {0x90, 0x48, 0x83, 0xC4, 0x28, 0xC3, 0x48, 0x83, 0xC4, 0x28, 0xC3});
    image.describe(0, {{0x04, after + 1, 1, after + 6}});
    EXPECT_EQ(image.at<Function>(0)(nullptr), static_cast<std::uint32_t>(row.code));
  }
}

TEST_F(Exceptions, MappedFileThatHasBecomeShorterIsAnInPageError) {  // §14.5
  Image image;
  make_guarded_read(image, 0x40);
  static EXCEPTION_RECORD record;
  image.put(0x40, {0xFF, 0x25, 0, 0, 0, 0});
  image.put_address(0x46, reinterpret_cast<const void*>(+[](EXCEPTION_POINTERS* exception, void*) HM_WINAPI -> LONG {
                      record = *exception->ExceptionRecord;
                      return EXCEPTION_EXECUTE_HANDLER;
                    }));
  const int file = memfd_create("shrinks", 0);
  ASSERT_EQ(ftruncate(file, 0x2000), 0);
  void* const view = mmap(nullptr, 0x2000, PROT_READ, MAP_SHARED, file, 0);
  ASSERT_EQ(ftruncate(file, 0x1000), 0);
  void* const lost = static_cast<std::byte*>(view) + 0x1010;
  EXPECT_EQ(image.at<Function>(0)(lost), static_cast<std::uint32_t>(STATUS_IN_PAGE_ERROR));
  EXPECT_EQ(record.NumberParameters, 3U);
  EXPECT_EQ(record.ExceptionInformation[0], 0U);
  EXPECT_EQ(record.ExceptionInformation[1], reinterpret_cast<std::uintptr_t>(lost));
  EXPECT_EQ(record.ExceptionInformation[2], 0xC000009AU);
  munmap(view, 0x2000);
  close(file);
}

TEST_F(Exceptions, FilterMayChangeVectorRegistersBehindTheContext) {  // CONTEXT_XSTATE
  if (!__builtin_cpu_supports("avx")) GTEST_SKIP() << "no AVX here";
  Image image;
  static std::uint64_t good = 5;
  make_guarded_read(image, 0x40);
  image.put(0x007, {0xEB, 0x57});                        // jmp 60h
  image.put(0x060, {0xC4, 0xE3, 0x7D, 0x19, 0xC0, 0x01,  // vextractf128 xmm0, ymm0, 1
                    0xC4, 0xE1, 0xF9, 0x7E, 0xC0,        // vmovq rax, xmm0
                    0xC5, 0xF8, 0x77,                    // vzeroupper
                    0x48, 0x83, 0xC4, 0x28, 0xC3});      // add rsp, 28h; ret
  image.put(0x40, {0xFF, 0x25, 0, 0, 0, 0});
  image.put_address(0x46, reinterpret_cast<const void*>(+[](EXCEPTION_POINTERS* exception, void*) HM_WINAPI -> LONG {
                      CONTEXT& context = *exception->ContextRecord;
                      EXPECT_EQ(context.ContextFlags & CONTEXT_XSTATE, CONTEXT_XSTATE);
                      auto* const extended = reinterpret_cast<CONTEXT_EX*>(&context + 1);
                      EXPECT_EQ(extended->All.Offset, -static_cast<LONG>(sizeof(CONTEXT)));
                      EXPECT_EQ(extended->Legacy.Length, sizeof(CONTEXT));
                      auto* const header = reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::byte*>(extended) +
                                                                            extended->XState.Offset);
                      header[0] |= 4;          // AVX
                      header[8] = 0x1234ABCD;  // the upper half of ymm0, behind the header of 64 bytes
                      context.Rcx = reinterpret_cast<std::uintptr_t>(&good);
                      return EXCEPTION_CONTINUE_EXECUTION;
                    }));
  EXPECT_EQ(image.at<Function>(0)(reinterpret_cast<void*>(0x10)), 0x1234ABCDU);
}

using ExceptionsDeathTest = Exceptions;

TEST_F(ExceptionsDeathTest, FaultNobodyWantsKillsAsItWould) {  // EH-51
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto run = [] {
    Image image;
    image.put(0x000, {0x48, 0x83, 0xEC, 0x28, 0x48, 0x8B, 0x01, 0x48, 0x83, 0xC4, 0x28, 0xC3});
    image.describe(0, {});
    image.at<Function>(0)(nullptr);
  };
  EXPECT_EXIT(run(), test::KilledByFault(SIGSEGV), "");
}

TEST_F(ExceptionsDeathTest, SoftwareExceptionNobodyWantsEndsTheProcessWithASentence) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(hm_raise_exception(0xE0000001, 0, 0, nullptr), ::testing::KilledBySignal(SIGABRT), "0xe0000001");
}

TEST_F(ExceptionsDeathTest, FastFailAsksNobody) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto run = [this] {
    Image image;
    make_guarded_read(image, 1);
    image.put(0x004, {0xCD, 0x29, 0x90});
    image.at<Function>(0)(reinterpret_cast<void*>(7));
  };
  EXPECT_EXIT(run(), ::testing::KilledBySignal(SIGABRT), "fast fail.*code 0x7");
}

}  // namespace
}  // namespace hmodule::unwind
