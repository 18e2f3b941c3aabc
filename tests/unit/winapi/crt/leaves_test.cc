// Each function of each set that the processor can run beside a simple one, with its arguments at all alignments, and
// up against pages that cannot be read: behind the end, and before the beginning.
#include "winapi/crt/leaves.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr std::size_t kPage = 4096, kPages = 4, kLongest = 300;

// Pages between two that have no access.
class Island {
 public:
  Island() {
    void* all = mmap(nullptr, (kPages + 2) * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin_ = static_cast<char*>(all) + kPage;
    mprotect(begin_, kPages * kPage, PROT_READ | PROT_WRITE);
  }
  ~Island() { munmap(begin_ - kPage, (kPages + 2) * kPage); }
  Island(const Island&) = delete;
  Island& operator=(const Island&) = delete;

  char* begin() const { return begin_; }
  char* end() const { return begin_ + kPages * kPage; }
  void fill(int value) const { std::memset(begin_, value, kPages * kPage); }

 private:
  char* begin_;
};

class CrtLeaves : public testing::TestWithParam<const Leaves*> {
 protected:
  void SetUp() override {
    if (GetParam() == &avx2::leaves && !has_avx2()) GTEST_SKIP() << "the processor has no AVX2";
    if (GetParam() == &evex::leaves && !has_evex()) GTEST_SKIP() << "the processor has no AVX-512";
  }
  const Leaves& leaves = *GetParam();
  Island one, other;
};

// Where `bytes` bytes may stand: ending at an island's end, beginning at its beginning, across pages.
std::vector<char*> places(const Island& island, std::size_t bytes, std::size_t unit = 1) {
  std::vector<char*> all;
  for (std::size_t shift = 0; shift < 70; shift += unit) {
    all.push_back(island.begin() + shift);
    all.push_back(island.end() - bytes - shift);
    all.push_back(island.begin() + 2 * kPage - bytes / 2 / unit * unit - shift);
  }
  return all;
}

const std::size_t kSizes[] = {0,   1,   2,   3,   4,   5,   7,   8,   9,   15,  16,  17,   31,   32,  33,
                              47,  48,  63,  64,  65,  95,  96,  97,  127, 128, 129, 130,  159,  160, 161,
                              191, 192, 193, 200, 255, 256, 257, 258, 299, 300, 513, 1000, 4096, 5000};

// A byte for each place, none of which is zero.
char pattern(std::size_t at) {
  return static_cast<char>(at * 7 % 251 + 1);
}

TEST_P(CrtLeaves, MemmoveCopiesEverySizeAtEveryAlignment) {
  for (std::size_t size = 0; size <= kLongest; ++size)
    for (std::size_t shift = 0; shift < 66; shift += size % 3 + 1) {
      char *const from = one.end() - size - shift % 34, *const to = other.end() - size - shift;
      for (std::size_t i = 0; i < size; ++i) from[i] = pattern(i);
      std::memset(to - 40, 0, size + 40 + shift);
      ASSERT_EQ(leaves.memmove(to, from, size), to);
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(to[i], pattern(i)) << size << " bytes, at " << i;
      ASSERT_EQ(std::count(to - 40, to, 0), 40);
      ASSERT_EQ(std::count(to + size, to + size + shift, 0), static_cast<std::ptrdiff_t>(shift));
    }
}

TEST_P(CrtLeaves, MemmoveAllowsEveryOverlap) {
  std::vector<char> wanted(2 * kPage);
  for (const std::size_t size : kSizes)
    for (std::ptrdiff_t distance = -200; distance <= 200; distance += 1 + (size > 300) * 12) {
      char* const from = one.begin() + kPage + static_cast<std::ptrdiff_t>(size % 5);
      for (std::size_t i = 0; i < size; ++i) from[i] = wanted[i] = pattern(i);
      ASSERT_EQ(leaves.memmove(from + distance, from, size), from + distance);
      ASSERT_TRUE(std::equal(from + distance, from + distance + size, wanted.begin()))
          << size << " bytes by " << distance;
    }
}

TEST_P(CrtLeaves, MemmoveOfMoreThanTheCachesHold) {
  constexpr std::size_t kSize = (16 << 20) + 12345;
  std::vector<char> from(kSize + 1), to(kSize + 64, 'x');
  for (std::size_t i = 0; i < kSize; ++i) from[i] = pattern(i);
  leaves.memmove(to.data() + 3, from.data() + 1, kSize - 1);
  EXPECT_EQ(std::memcmp(to.data() + 3, from.data() + 1, kSize - 1), 0);
  EXPECT_EQ(to[2], 'x');
  EXPECT_EQ(to[kSize + 2], 'x');
  std::vector<char> moved = from;
  leaves.memmove(moved.data() + 100, moved.data(), kSize - 100);
  EXPECT_EQ(std::memcmp(moved.data() + 100, from.data(), kSize - 100), 0);
}

TEST_P(CrtLeaves, MemsetFillsExactly) {
  for (const std::size_t size : kSizes)
    for (char* const at : places(one, size)) {
      one.fill('.');
      ASSERT_EQ(leaves.memset(at, 0x1234AB, size), at);
      ASSERT_EQ(std::count(one.begin(), one.end(), '\xAB'), static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(std::count(at, at + size, '\xAB'), static_cast<std::ptrdiff_t>(size));
      leaves.RtlFillMemory(at, size, 0xCD);
      ASSERT_EQ(std::count(one.begin(), one.end(), '\xCD'), static_cast<std::ptrdiff_t>(size));
      leaves.RtlZeroMemory(at, size);
      ASSERT_EQ(std::count(one.begin(), one.end(), '\0'), static_cast<std::ptrdiff_t>(size));
    }
}

// Windows answers with -1, 0 and 1.
TEST_P(CrtLeaves, MemcmpFindsTheFirstDifference) {
  for (const std::size_t size : kSizes) {
    const std::vector<char*> there = places(one, size), here = places(other, size);
    for (std::size_t i = 0; i<there.size(); i += size> 300 ? 17 : 1) {
      char *const a = there[i], *const b = here[(i * 5 + size) % here.size()];
      for (std::size_t k = 0; k < size; ++k) a[k] = b[k] = pattern(k);
      ASSERT_EQ(leaves.memcmp(a, b, size), 0) << size;
      ASSERT_EQ(leaves.RtlCompareMemory(a, b, size), size);
      for (std::size_t k = i % 7; k < size; k += 7) {
        const char kept = a[k];
        a[k] = '\xFF';
        ASSERT_EQ(leaves.memcmp(a, b, size), 1) << size << " bytes, different at " << k;
        ASSERT_EQ(leaves.memcmp(b, a, size), -1) << size << " bytes, different at " << k;
        ASSERT_EQ(leaves.RtlCompareMemory(a, b, size), k) << size;
        if (k + 1 < size) {  // what comes later does not count
          a[size - 1] = 0;
          ASSERT_EQ(leaves.memcmp(a, b, size), 1);
          a[size - 1] = pattern(size - 1);
        }
        a[k] = kept;
      }
    }
  }
}

TEST_P(CrtLeaves, StrlenAndStrnlenStopAtTheTerminator) {
  for (const std::size_t length : kSizes)
    for (char* const at : places(one, length + 1)) {
      one.fill('.');
      at[length] = 0;
      ASSERT_EQ(leaves.strlen(at), length);
      for (const std::size_t limit : {std::size_t{0}, length / 2, length, length + 1, ~std::size_t{0}})
        ASSERT_EQ(leaves.strnlen(at, limit), std::min(length, limit));
    }
}

// A limit is not looked beyond, where nothing can be read.
TEST_P(CrtLeaves, LimitsHoldAtTheEndOfThePage) {
  one.fill('.');
  other.fill('.');
  for (std::size_t size = 0; size <= kLongest; ++size) {
    char *const a = one.end() - size, *const b = other.end() - size;
    ASSERT_EQ(leaves.strnlen(a, size), size);
    ASSERT_EQ(leaves.memchr(a, 0, size), nullptr);
    ASSERT_EQ(leaves.strncmp(a, b, size), 0);
    ASSERT_EQ(leaves.strncmp(a, b - size % 9, size), 0);
    const auto* const wide = reinterpret_cast<const char16_t*>(one.end()) - size;
    ASSERT_EQ(leaves.wcsnlen(wide, size), size);
    ASSERT_EQ(leaves.wcsncmp(wide, reinterpret_cast<const char16_t*>(other.end()) - size, size), 0);
  }
}

TEST_P(CrtLeaves, MemchrAndStrchrFindTheFirst) {
  for (const std::size_t length : kSizes)
    for (char* const at : places(one, length + 1)) {
      one.fill('.');
      at[length] = 0;
      ASSERT_EQ(leaves.strchr(at, 0), at + length);
      ASSERT_EQ(leaves.strchr(at, '?'), nullptr);
      ASSERT_EQ(leaves.memchr(at, 0x100, length + 1), at + length);
      ASSERT_EQ(leaves.memchr(at, 0, length), nullptr);
      if (length == 0) continue;
      at[length - 1] = at[length / 2] = '?';
      ASSERT_EQ(leaves.strchr(at, '?'), at + length / 2);
      ASSERT_EQ(leaves.memchr(at, '?', ~std::size_t{0}), at + length / 2);
    }
}

TEST_P(CrtLeaves, StrcmpAndStrncmpOrderAsWindowsDoes) {
  for (const std::size_t length : kSizes) {
    const std::vector<char*> there = places(one, length + 1), here = places(other, length + 1);
    for (std::size_t i = 0; i<there.size(); i += length> 300 ? 17 : 1) {
      char *const a = there[i], *const b = here[(i * 5 + length) % here.size()];
      one.fill('.');
      other.fill(':');
      for (std::size_t k = 0; k < length; ++k) a[k] = b[k] = pattern(k);
      a[length] = b[length] = 0;
      ASSERT_EQ(leaves.strcmp(a, b), 0) << length;
      ASSERT_EQ(leaves.strncmp(a, b, ~std::size_t{0}), 0) << length;
      for (std::size_t k = i % 7; k < length; k += 7) {
        a[k] = '\xFF';
        ASSERT_EQ(leaves.strcmp(a, b), 1) << length << " characters, different at " << k;
        ASSERT_EQ(leaves.strcmp(b, a), -1) << length << " characters, different at " << k;
        ASSERT_EQ(leaves.strncmp(a, b, k), 0);
        ASSERT_EQ(leaves.strncmp(a, b, k + 1), 1);
        a[k] = 0;
        ASSERT_EQ(leaves.strcmp(a, b), -1) << length << " characters, shorter at " << k;
        a[k] = pattern(k);
      }
    }
  }
}

TEST_P(CrtLeaves, StrcpyAndStrcatCopyTheTerminator) {
  for (const std::size_t length : kSizes)
    for (char* const from : places(one, length + 1)) {
      std::fill_n(from, length, 'a');
      from[length] = 0;
      char* const to = other.end() - length - 4;
      other.fill('.');
      std::strcpy(to, "xyz");
      ASSERT_EQ(leaves.strcat(to, from), to);
      ASSERT_EQ(std::string(to), "xyz" + std::string(length, 'a'));
      ASSERT_EQ(leaves.strcpy(to + 3, from), to + 3);
      ASSERT_EQ(std::string(to + 3), std::string(length, 'a'));
      ASSERT_EQ(leaves.strcpy(to, from), to);
      ASSERT_EQ(std::string(to), std::string(length, 'a'));
      ASSERT_EQ(to[-1], '.');
    }
}

// Also at odd addresses, where no vector's lanes have the characters.
TEST_P(CrtLeaves, WideStrings) {
  for (const std::size_t length : kSizes) {
    const std::size_t bytes = (length + 1) * 2;
    const std::vector<char*> there = places(one, bytes), here = places(other, bytes);
    for (std::size_t i = 0; i<there.size(); i += length> 300 ? 17 : 1) {
      one.fill('.');
      other.fill(':');
      std::vector<char16_t> text(length + 1, u'\xA00');
      text[length] = 0;
      char *const first = there[i], *const second = here[(i * 5 + length) % here.size()];
      auto *const a = reinterpret_cast<char16_t*>(first), *const b = reinterpret_cast<char16_t*>(second);
      std::memcpy(first, text.data(), bytes);
      std::memcpy(second, text.data(), bytes);
      ASSERT_EQ(leaves.wcslen(a), length);
      ASSERT_EQ(leaves.wcsnlen(a, length / 2), length / 2);
      ASSERT_EQ(leaves.wcsnlen(a, ~std::size_t{0}), length);
      ASSERT_EQ(leaves.wcscmp(a, b), 0) << length;
      ASSERT_EQ(leaves.wcsncmp(a, b, ~std::size_t{0}), 0);
      ASSERT_EQ(leaves.wcschr(a, 0), a + length);
      ASSERT_EQ(leaves.wcschr(a, u'\xA'), nullptr);
      ASSERT_EQ(leaves.wcschr(a, u'\xA00'), length == 0 ? nullptr : a);
      for (std::size_t k = i % 7; k < length; k += 7) {
        const char16_t larger = u'\xFF01';
        std::memcpy(first + 2 * k, &larger, 2);
        ASSERT_EQ(leaves.wcschr(a, larger), a + k);
        ASSERT_EQ(leaves.wcscmp(a, b), 1) << length << " characters, different at " << k;
        ASSERT_EQ(leaves.wcscmp(b, a), -1) << length << " characters, different at " << k;
        ASSERT_EQ(leaves.wcsncmp(a, b, k), 0);
        ASSERT_EQ(leaves.wcsncmp(b, a, k + 1), -1);
        std::memcpy(first + 2 * k, text.data(), 2);
      }
      ASSERT_EQ(leaves.wcscpy(b, a), b);
      ASSERT_EQ(std::memcmp(second, text.data(), bytes), 0);
      auto* const to = reinterpret_cast<char16_t*>(other.end() - bytes - 2);
      to[0] = u'x';
      to[1] = 0;
      ASSERT_EQ(leaves.wcscat(to, a), to);
      ASSERT_EQ(to[0], u'x');
      ASSERT_EQ(std::memcmp(to + 1, text.data(), bytes), 0);
    }
  }
}

// Two texts of every length: one at a page's end, and the other at many distances from one, or around the end of a page
// that goes on.
TEST_P(CrtLeaves, EveryLengthNearTheEndOfAPage) {
  for (std::size_t length = 0; length <= kLongest; ++length)
    for (std::size_t shift = 0; shift <= 2 * kLongest; shift += shift < 70 ? length % 3 + 1 : 41) {
      char* const a = one.end() - length - 1;
      char* const b = shift < kLongest ? other.end() - length - 1 - shift : other.begin() + kPage + kLongest - shift;
      for (char* text : {a, b}) {
        for (std::size_t i = 0; i < length; ++i) text[i] = pattern(i);
        text[length] = 0;
      }
      ASSERT_EQ(leaves.strlen(a), length);
      ASSERT_EQ(leaves.strlen(b), length);
      ASSERT_EQ(leaves.strnlen(b, length + 1), length);
      ASSERT_EQ(leaves.strchr(b, 0), b + length);
      ASSERT_EQ(leaves.memchr(a, 0, length + 1), a + length);
      ASSERT_EQ(leaves.memcmp(a, b, length + 1), 0);
      ASSERT_EQ(leaves.memcmp(b, a, length), 0);
      ASSERT_EQ(leaves.strcmp(a, b), 0) << length << " characters, shifted by " << shift;
      ASSERT_EQ(leaves.strcmp(b, a), 0) << length << " characters, shifted by " << shift;
      ASSERT_EQ(leaves.strncmp(b, a, length + 1), 0);
      a[length] = 'x';  // nothing ends it
      ASSERT_EQ(leaves.strcmp(a, b), 1) << length << " characters, shifted by " << shift;
      ASSERT_EQ(leaves.strcmp(b, a), -1) << length << " characters, shifted by " << shift;
      ASSERT_EQ(leaves.strncmp(a, b, length), 0);
      b[length] = 'x';
      ASSERT_EQ(leaves.strncmp(a, b, length + 1), 0) << length << " characters, shifted by " << shift;
      ASSERT_EQ(leaves.strncmp(b, a, length + 1), 0) << length << " characters, shifted by " << shift;
      ASSERT_EQ(leaves.strnlen(a, length + 1), length + 1);
      if (length == 0) continue;
      b[length - 1] ^= 1;
      const int order = (pattern(length - 1) & 1) != 0 ? 1 : -1;
      ASSERT_EQ(leaves.strncmp(a, b, length - 1), 0);
      ASSERT_EQ(leaves.strncmp(a, b, length + 1), order);
      ASSERT_EQ(leaves.memcmp(b, a, length), -order);
    }
}

// What the Windows convention lets a function use for something else only if it puts it back.
struct NonVolatile {
  std::array<std::array<std::uint64_t, 2>, 10> xmm;  // XMM6 to XMM15
  std::array<std::uint64_t, 8> general;              // RBX, RBP, RDI, RSI, R12 to R15
  bool operator==(const NonVolatile&) const = default;
};
extern "C" void hm_test_call_keeping(const void* function, const std::uint64_t (&arguments)[3], NonVolatile& registers);
asm(R"(
.text
.type hm_test_call_keeping, @function
hm_test_call_keeping:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $0x38, %rsp        # 32 bytes for the function, and the place of `registers`
  movq %rdx, 0x20(%rsp)
  movq %rdi, %rax
  movq %rdx, %r10
  movq (%rsi), %rcx
  movq 8(%rsi), %rdx
  movq 16(%rsi), %r8
  .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  movups (\n - 6) * 16(%r10), %xmm\n
  .endr
  movq 160(%r10), %rbx
  movq 168(%r10), %rbp
  movq 176(%r10), %rdi
  movq 184(%r10), %rsi
  movq 192(%r10), %r12
  movq 200(%r10), %r13
  movq 208(%r10), %r14
  movq 216(%r10), %r15
  call *%rax
  movq 0x20(%rsp), %r10
  .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  movups %xmm\n, (\n - 6) * 16(%r10)
  .endr
  movq %rbx, 160(%r10)
  movq %rbp, 168(%r10)
  movq %rdi, 176(%r10)
  movq %rsi, 184(%r10)
  movq %r12, 192(%r10)
  movq %r13, 200(%r10)
  movq %r14, 208(%r10)
  movq %r15, 216(%r10)
  addq $0x38, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  ret
)");

TEST_P(CrtLeaves, NonVolatileRegistersAreKept) {
  NonVolatile wanted;
  std::uint64_t next = 0x0123'4567'89AB'CDEF;
  for (auto& vector : wanted.xmm) vector = {next += 7, next += 7};
  for (auto& general : wanted.general) general = next += 7;
  const auto* const functions = reinterpret_cast<const void* const*>(&leaves);
  for (std::size_t i = 0; i < sizeof(Leaves) / sizeof(void*); ++i)
    for (const std::size_t size : kSizes)
      for (const std::size_t shift : {0U, 1U, 2U, 70U, 150U}) {
        one.fill('.');
        other.fill('.');
        char *const a = one.begin() + kPage - std::min(shift, size) * 2, *const b = other.begin() + kPage + shift;
        for (char* text : {a, b}) std::memset(text + size / 2 * 2, 0, 2);
        NonVolatile registers = wanted;
        const bool takes_one = functions + i >= reinterpret_cast<const void* const*>(&leaves.RtlFillMemory);
        const std::uint64_t second = takes_one ? size : reinterpret_cast<std::uint64_t>(b);
        hm_test_call_keeping(functions[i], {reinterpret_cast<std::uint64_t>(a), second, size}, registers);
        ASSERT_EQ(registers, wanted) << "function " << i << ", " << size << " bytes";
      }
}

INSTANTIATE_TEST_SUITE_P(Sets, CrtLeaves, testing::Values(&sse2::leaves, &avx2::leaves, &evex::leaves),
                         [](const auto& set) {
                           return set.param == &evex::leaves ? "Evex" : set.param == &avx2::leaves ? "Avx2" : "Sse2";
                         });

}  // namespace
}  // namespace hmodule::winapi
