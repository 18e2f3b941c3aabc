// UNICODE_STRING, ANSI_STRING and OEM_STRING: RtlInitUnicodeString and its kin. ANSI and OEM are both UTF-8, so each
// pair of functions is one. What they allocate comes from the process heap.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nls/ctype.h"
#include "nls/text.h"
#include "nt/heap.h"
#include "win/status.h"
#include "winapi/crt/callers_text.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace hmodule::winapi {
namespace {

constexpr std::size_t kMaxBytes = 0xFFFF;

std::u16string_view view(const UNICODE_STRING& text) {
  return {text.Buffer, text.Length / sizeof(WCHAR)};
}
std::string_view view(const ANSI_STRING& text) {
  return {text.Buffer, text.Length};
}

// --- Making and releasing ---

template <typename String, typename Char>
bool init(String* target, const Char* source, bool refuse_long) {
  constexpr SIZE_T kMost = kMaxBytes / sizeof(Char) - 1;  // characters, leaving room for the terminator
  String made = {};
  const SIZE_T length = source == nullptr ? 0 : callers::length(source), kept = std::min(length, kMost);
  if (refuse_long && length != kept) return false;
  if (source != nullptr)
    made = {static_cast<USHORT>(kept * sizeof(Char)), static_cast<USHORT>((kept + 1) * sizeof(Char)),
            const_cast<Char*>(source)};
  callers::put(target, made);
  return true;
}

HM_WINAPI void RtlInitUnicodeString(UNICODE_STRING* target, const WCHAR* source) noexcept {
  init(target, source, false);
}
HM_WINAPI void RtlInitAnsiString(ANSI_STRING* target, const CHAR* source) noexcept {
  init(target, source, false);
}
HM_WINAPI NTSTATUS RtlInitUnicodeStringEx(UNICODE_STRING* target, const WCHAR* source) noexcept {
  return init(target, source, true) ? STATUS_SUCCESS : STATUS_NAME_TOO_LONG;
}
HM_WINAPI NTSTATUS RtlInitAnsiStringEx(ANSI_STRING* target, const CHAR* source) noexcept {
  return init(target, source, true) ? STATUS_SUCCESS : STATUS_NAME_TOO_LONG;
}

// A terminated copy on the process heap.
template <typename String, typename Char>
NTSTATUS allocate(String& target, std::basic_string_view<Char> text) {
  const std::size_t bytes = text.size() * sizeof(Char);
  if (bytes + sizeof(Char) > kMaxBytes) return STATUS_INVALID_PARAMETER_2;
  auto* buffer = static_cast<Char*>(nt::heap_allocate(bytes + sizeof(Char)));
  if (buffer == nullptr) return STATUS_NO_MEMORY;
  std::copy_n(text.data(), text.size(), buffer);
  buffer[text.size()] = Char{};
  target.Length = static_cast<USHORT>(bytes);
  target.MaximumLength = static_cast<USHORT>(bytes + sizeof(Char));
  target.Buffer = buffer;
  return STATUS_SUCCESS;
}

HM_WINAPI BOOLEAN RtlCreateUnicodeString(UNICODE_STRING* target, const WCHAR* source) noexcept {
  return nt_success(allocate(*target, callers::text(source)));
}
HM_WINAPI BOOLEAN RtlCreateUnicodeStringFromAsciiz(UNICODE_STRING* target, const CHAR* source) noexcept {
  const std::u16string text = nls::from_ansi(callers::text(source));
  return nt_success(allocate(*target, std::u16string_view(text)));
}

constexpr ULONG kAddTerminator = 1, kAllocateEmpty = 2;  // RTL_DUPLICATE_UNICODE_STRING_...

HM_WINAPI NTSTATUS RtlDuplicateUnicodeString(ULONG flags, const UNICODE_STRING* source,
                                             UNICODE_STRING* target) noexcept {
  if (source == nullptr || target == nullptr || source->Length > source->MaximumLength ||
      (source->Length == 0 && source->MaximumLength > 0 && source->Buffer == nullptr) || flags == kAllocateEmpty ||
      flags > (kAddTerminator | kAllocateEmpty))
    return STATUS_INVALID_PARAMETER;
  *target = {};
  if (source->Length == 0 && (flags & kAllocateEmpty) == 0) return STATUS_SUCCESS;
  if (const NTSTATUS status = allocate(*target, view(*source)); !nt_success(status))
    return status == STATUS_NO_MEMORY ? status : STATUS_NAME_TOO_LONG;
  if ((flags & kAddTerminator) == 0) target->MaximumLength = target->Length;
  return STATUS_SUCCESS;
}

template <typename String>
void release(String* text) {
  if (text->Buffer == nullptr) return;
  nt::heap_free(text->Buffer);
  *text = {};
}
HM_WINAPI void RtlFreeUnicodeString(UNICODE_STRING* text) noexcept {
  release(text);
}
HM_WINAPI void RtlFreeAnsiString(ANSI_STRING* text) noexcept {
  release(text);
}

HM_WINAPI void RtlEraseUnicodeString(UNICODE_STRING* text) noexcept {
  if (text->Buffer == nullptr) return;
  std::memset(text->Buffer, 0, text->MaximumLength);
  text->Length = 0;
}

HM_WINAPI NTSTATUS RtlValidateUnicodeString(ULONG flags, const UNICODE_STRING* text) noexcept {
  if (flags != 0) return STATUS_INVALID_PARAMETER;
  if (text == nullptr) return STATUS_SUCCESS;
  const bool sound = text->Length % 2 == 0 && text->MaximumLength % 2 == 0 && text->Length <= text->MaximumLength &&
                     (text->Buffer != nullptr || text->MaximumLength == 0);
  return sound ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// --- Copying and appending ---

// As much as fits; terminated where there is room.
template <typename String>
void copy(String& target, const String* source) {
  using Char = std::remove_pointer_t<decltype(target.Buffer)>;
  target.Length = source == nullptr ? 0 : std::min(source->Length, target.MaximumLength);
  if (target.Length != 0) std::memmove(target.Buffer, source->Buffer, target.Length);
  if (sizeof(Char) > 1 && source != nullptr && target.Length + sizeof(Char) <= target.MaximumLength)
    target.Buffer[target.Length / sizeof(Char)] = Char{};
}
HM_WINAPI void RtlCopyUnicodeString(UNICODE_STRING* target, const UNICODE_STRING* source) noexcept {
  copy(*target, source);
}
HM_WINAPI void RtlCopyString(ANSI_STRING* target, const ANSI_STRING* source) noexcept {
  copy(*target, source);
}

template <typename String, typename Char>
NTSTATUS append(String& target, std::basic_string_view<Char> text) {
  const std::size_t bytes = text.size() * sizeof(Char);
  if (bytes == 0) return STATUS_SUCCESS;
  const std::size_t length = target.Length + bytes;
  if (length > target.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
  std::memmove(target.Buffer + target.Length / sizeof(Char), text.data(), bytes);
  target.Length = static_cast<USHORT>(length);
  if (sizeof(Char) > 1 && length + sizeof(Char) <= target.MaximumLength) target.Buffer[length / sizeof(Char)] = Char{};
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlAppendUnicodeToString(UNICODE_STRING* target, const WCHAR* text) noexcept {
  return text == nullptr ? STATUS_SUCCESS : append(*target, std::u16string_view(text));
}
HM_WINAPI NTSTATUS RtlAppendUnicodeStringToString(UNICODE_STRING* target, const UNICODE_STRING* text) noexcept {
  return append(*target, view(*text));
}
HM_WINAPI NTSTATUS RtlAppendAsciizToString(ANSI_STRING* target, const CHAR* text) noexcept {
  return text == nullptr ? STATUS_SUCCESS : append(*target, std::string_view(text));
}
HM_WINAPI NTSTATUS RtlAppendStringToString(ANSI_STRING* target, const ANSI_STRING* text) noexcept {
  return append(*target, view(*text));
}

// --- Comparing ---

CHAR upper_ascii(CHAR c) {
  return c >= 'a' && c <= 'z' ? static_cast<CHAR>(c - 0x20) : c;
}
char16_t fold(char16_t unit) {
  return upcase(unit);
}
BYTE fold(CHAR c) {
  return static_cast<BYTE>(upper_ascii(c));
}
BYTE unit_value(CHAR c) {
  return static_cast<BYTE>(c);
}
char16_t unit_value(char16_t unit) {
  return unit;
}

// The difference of the first units that differ, else of the lengths.
template <typename Char>
LONG compare(std::basic_string_view<Char> a, std::basic_string_view<Char> b, bool ignore_case) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    const LONG difference = ignore_case ? fold(a[i]) - fold(b[i]) : unit_value(a[i]) - unit_value(b[i]);
    if (difference != 0) return difference;
  }
  return static_cast<LONG>(a.size()) - static_cast<LONG>(b.size());
}

template <typename Char>
bool starts_with(std::basic_string_view<Char> text, std::basic_string_view<Char> prefix, bool ignore_case) {
  return prefix.size() <= text.size() && compare(text.substr(0, prefix.size()), prefix, ignore_case) == 0;
}

HM_WINAPI LONG RtlCompareUnicodeStrings(const WCHAR* a, SIZE_T a_length, const WCHAR* b, SIZE_T b_length,
                                        BOOLEAN ignore_case) noexcept {
  return compare(std::u16string_view(a, a_length), std::u16string_view(b, b_length), ignore_case != 0);
}
HM_WINAPI LONG RtlCompareUnicodeString(const UNICODE_STRING* a, const UNICODE_STRING* b, BOOLEAN ignore_case) noexcept {
  return compare(view(*a), view(*b), ignore_case != 0);
}
HM_WINAPI LONG RtlCompareString(const ANSI_STRING* a, const ANSI_STRING* b, BOOLEAN ignore_case) noexcept {
  return compare(view(*a), view(*b), ignore_case != 0);
}
HM_WINAPI BOOLEAN RtlEqualUnicodeString(const UNICODE_STRING* a, const UNICODE_STRING* b,
                                        BOOLEAN ignore_case) noexcept {
  return a->Length == b->Length && compare(view(*a), view(*b), ignore_case != 0) == 0;
}
HM_WINAPI BOOLEAN RtlEqualString(const ANSI_STRING* a, const ANSI_STRING* b, BOOLEAN ignore_case) noexcept {
  return a->Length == b->Length && compare(view(*a), view(*b), ignore_case != 0) == 0;
}
HM_WINAPI BOOLEAN RtlPrefixUnicodeString(const UNICODE_STRING* prefix, const UNICODE_STRING* text,
                                         BOOLEAN ignore_case) noexcept {
  return starts_with(view(*text), view(*prefix), ignore_case != 0);
}
HM_WINAPI BOOLEAN RtlPrefixString(const ANSI_STRING* prefix, const ANSI_STRING* text, BOOLEAN ignore_case) noexcept {
  return starts_with(view(*text), view(*prefix), ignore_case != 0);
}

constexpr ULONG HASH_STRING_ALGORITHM_X65599 = 1;  // and the default, 0

HM_WINAPI NTSTATUS RtlHashUnicodeString(const UNICODE_STRING* text, BOOLEAN ignore_case, ULONG algorithm,
                                        ULONG* hash) noexcept {
  if (text == nullptr || hash == nullptr || algorithm > HASH_STRING_ALGORITHM_X65599) return STATUS_INVALID_PARAMETER;
  *hash = 0;
  for (const char16_t unit : view(*text)) *hash = *hash * 65599 + (ignore_case != 0 ? fold(unit) : unit);
  return STATUS_SUCCESS;
}

constexpr ULONG kFromEnd = 1, kComplement = 2, kIgnoreCase = 4;  // RTL_FIND_CHAR_IN_UNICODE_STRING_...

HM_WINAPI NTSTATUS RtlFindCharInUnicodeString(ULONG flags, const UNICODE_STRING* text, const UNICODE_STRING* set,
                                              USHORT* position) noexcept {
  if ((flags & ~(kFromEnd | kComplement | kIgnoreCase)) != 0) {
    *position = 0;
    return STATUS_INVALID_PARAMETER;
  }
  const std::u16string_view units = view(*text), wanted = view(*set);
  const auto matches = [&](char16_t unit) {
    const bool found = std::ranges::any_of(
        wanted, [&](char16_t one) { return one == unit || ((flags & kIgnoreCase) != 0 && fold(one) == fold(unit)); });
    return found != ((flags & kComplement) != 0);
  };
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t at = (flags & kFromEnd) != 0 ? units.size() - 1 - i : i;
    if (!matches(units[at])) continue;
    // From the start: the bytes up to and with the character; from the end: the bytes before it.
    *position = static_cast<USHORT>(((flags & kFromEnd) != 0 ? at : at + 1) * sizeof(WCHAR));
    return STATUS_SUCCESS;
  }
  *position = 0;
  return STATUS_NOT_FOUND;
}

// --- Case ---

HM_WINAPI WCHAR RtlUpcaseUnicodeChar(WCHAR unit) noexcept {
  return upcase(unit);
}
HM_WINAPI WCHAR RtlDowncaseUnicodeChar(WCHAR unit) noexcept {
  return nls::downcase(unit);
}
HM_WINAPI CHAR RtlUpperChar(CHAR c) noexcept {
  return upper_ascii(c);
}
HM_WINAPI void RtlUpperString(ANSI_STRING* target, const ANSI_STRING* source) noexcept {
  target->Length = std::min(source->Length, target->MaximumLength);
  std::transform(source->Buffer, source->Buffer + target->Length, target->Buffer, upper_ascii);
}

// Into the target's buffer, or into a new one when `fresh`.
NTSTATUS store(UNICODE_STRING& target, std::u16string_view text, bool fresh) {
  if (fresh) return allocate(target, text);
  const std::size_t bytes = text.size() * sizeof(WCHAR);
  if (bytes > target.MaximumLength) return STATUS_BUFFER_OVERFLOW;
  std::memmove(target.Buffer, text.data(), bytes);
  target.Length = static_cast<USHORT>(bytes);
  if (bytes + sizeof(WCHAR) <= target.MaximumLength) target.Buffer[text.size()] = 0;
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS RtlUpcaseUnicodeString(UNICODE_STRING* target, const UNICODE_STRING* source,
                                          BOOLEAN fresh) noexcept {
  return store(*target, upcase(view(*source)), fresh != 0);
}
HM_WINAPI NTSTATUS RtlDowncaseUnicodeString(UNICODE_STRING* target, const UNICODE_STRING* source,
                                            BOOLEAN fresh) noexcept {
  return store(*target, nls::downcase(view(*source)), fresh != 0);
}

// --- Bytes and UTF-16: counted strings ---

HM_WINAPI NTSTATUS RtlAnsiStringToUnicodeString(UNICODE_STRING* target, const ANSI_STRING* source,
                                                BOOLEAN fresh) noexcept {
  const std::u16string text = nls::from_ansi(view(*source));
  if ((text.size() + 1) * sizeof(WCHAR) > kMaxBytes) return STATUS_INVALID_PARAMETER_2;
  if (fresh == 0 && (text.size() + 1) * sizeof(WCHAR) > target->MaximumLength) return STATUS_BUFFER_OVERFLOW;
  return store(*target, text, fresh != 0);
}

// "Counted" strings have no terminator, but where they are fresh.
NTSTATUS narrow(ANSI_STRING& target, std::u16string_view source, bool fresh, bool counted = false) {
  const std::string bytes = nls::to_ansi(source);
  if (fresh) return allocate(target, std::string_view(bytes));
  const std::size_t terminator = counted ? 0 : 1;
  if (target.MaximumLength < terminator) return STATUS_BUFFER_OVERFLOW;
  const std::size_t kept = nls::cut(std::string_view(bytes), target.MaximumLength - terminator);
  std::memcpy(target.Buffer, bytes.data(), kept);
  if (!counted) target.Buffer[kept] = '\0';
  target.Length = static_cast<USHORT>(kept);
  return kept == bytes.size() ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
HM_WINAPI NTSTATUS RtlUnicodeStringToAnsiString(ANSI_STRING* target, const UNICODE_STRING* source,
                                                BOOLEAN fresh) noexcept {
  return narrow(*target, view(*source), fresh != 0);
}
HM_WINAPI NTSTATUS RtlUpcaseUnicodeStringToAnsiString(ANSI_STRING* target, const UNICODE_STRING* source,
                                                      BOOLEAN fresh) noexcept {
  return narrow(*target, upcase(view(*source)), fresh != 0);
}

HM_WINAPI NTSTATUS RtlUnicodeStringToCountedOemString(ANSI_STRING* target, const UNICODE_STRING* source,
                                                      BOOLEAN fresh) noexcept {
  return narrow(*target, view(*source), fresh != 0, true);
}
HM_WINAPI NTSTATUS RtlUpcaseUnicodeStringToCountedOemString(ANSI_STRING* target, const UNICODE_STRING* source,
                                                            BOOLEAN fresh) noexcept {
  return narrow(*target, upcase(view(*source)), fresh != 0, true);
}

// Bytes, with the terminator.
HM_WINAPI ULONG RtlUnicodeStringToAnsiSize(const UNICODE_STRING* text) noexcept {
  return static_cast<ULONG>(nls::to_ansi(view(*text)).size() + 1);
}
HM_WINAPI ULONG RtlAnsiStringToUnicodeSize(const ANSI_STRING* text) noexcept {
  return static_cast<ULONG>((nls::from_ansi(view(*text)).size() + 1) * sizeof(WCHAR));
}

// --- Bytes and UTF-16: plain buffers. Sizes are bytes; what does not fit is cut off in silence. ---

void store_size(ULONG* size, std::size_t value) {
  if (size != nullptr) *size = static_cast<ULONG>(value);
}

HM_WINAPI NTSTATUS RtlMultiByteToUnicodeN(WCHAR* target, ULONG target_size, ULONG* result_size, const CHAR* source,
                                          ULONG source_size) noexcept {
  const std::u16string text = nls::from_ansi({source, source_size});
  const std::size_t kept = nls::cut(std::u16string_view(text), target_size / sizeof(WCHAR));
  std::copy_n(text.data(), kept, target);
  store_size(result_size, kept * sizeof(WCHAR));
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlMultiByteToUnicodeSize(ULONG* size, const CHAR* source, ULONG source_size) noexcept {
  *size = static_cast<ULONG>(nls::from_ansi({source, source_size}).size() * sizeof(WCHAR));
  return STATUS_SUCCESS;
}

void narrow_bytes(CHAR* target, ULONG target_size, ULONG* result_size, std::u16string_view text) {
  const std::string bytes = nls::to_ansi(text);
  const std::size_t kept = nls::cut(std::string_view(bytes), target_size);
  std::memcpy(target, bytes.data(), kept);
  store_size(result_size, kept);
}
HM_WINAPI NTSTATUS RtlUnicodeToMultiByteN(CHAR* target, ULONG target_size, ULONG* result_size, const WCHAR* source,
                                          ULONG source_size) noexcept {
  narrow_bytes(target, target_size, result_size, {source, source_size / sizeof(WCHAR)});
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlUpcaseUnicodeToMultiByteN(CHAR* target, ULONG target_size, ULONG* result_size,
                                                const WCHAR* source, ULONG source_size) noexcept {
  narrow_bytes(target, target_size, result_size, upcase(std::u16string_view(source, source_size / sizeof(WCHAR))));
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlUnicodeToMultiByteSize(ULONG* size, const WCHAR* source, ULONG source_size) noexcept {
  *size = static_cast<ULONG>(nls::to_ansi({source, source_size / sizeof(WCHAR)}).size());
  return STATUS_SUCCESS;
}

// --- UTF-8: unlike the others, these say what they replaced and what did not fit ---

template <typename Char>
NTSTATUS convert_utf8(Char* target, ULONG target_size, ULONG* result_size, const nls::Conversion& needed,
                      auto&& convert) {
  NTSTATUS status = needed.substituted ? STATUS_SOME_NOT_MAPPED : STATUS_SUCCESS;
  std::basic_string<Char> text(needed.length, Char{});
  convert(text);
  std::size_t kept = text.size();
  if (target != nullptr) {
    kept = nls::cut(std::basic_string_view<Char>(text), target_size / sizeof(Char));
    std::copy_n(text.data(), kept, target);
    if (kept < text.size()) status = STATUS_BUFFER_TOO_SMALL;
  }
  store_size(result_size, kept * sizeof(Char));
  return status;
}

HM_WINAPI NTSTATUS RtlUTF8ToUnicodeN(WCHAR* target, ULONG target_size, ULONG* result_size, const CHAR* source,
                                     ULONG source_size) noexcept {
  if (source == nullptr) return STATUS_INVALID_PARAMETER_4;
  if (target == nullptr && result_size == nullptr) return STATUS_INVALID_PARAMETER;
  const nls::CodePage& page = *nls::find_code_page(CP_UTF8);
  const std::string_view bytes(source, source_size);
  return convert_utf8(target, target_size, result_size, nls::to_wide(page, bytes, {}),
                      [&](std::u16string& text) { nls::to_wide(page, bytes, text); });
}
HM_WINAPI NTSTATUS RtlUnicodeToUTF8N(CHAR* target, ULONG target_size, ULONG* result_size, const WCHAR* source,
                                     ULONG source_size) noexcept {
  if (source == nullptr) return STATUS_INVALID_PARAMETER_4;
  if (target == nullptr && result_size == nullptr) return STATUS_INVALID_PARAMETER;
  if (target != nullptr && source_size % sizeof(WCHAR) != 0) return STATUS_INVALID_PARAMETER_5;
  const nls::CodePage& page = *nls::find_code_page(CP_UTF8);
  const std::u16string_view units(source, source_size / sizeof(WCHAR));
  return convert_utf8(target, target_size, result_size, nls::to_bytes(page, units, {}, false),
                      [&](std::string& text) { nls::to_bytes(page, units, text, false); });
}

const Export kRows[] = {
    {"RtlAnsiStringToUnicodeSize", proc(RtlAnsiStringToUnicodeSize)},
    {"RtlAnsiStringToUnicodeString", proc(RtlAnsiStringToUnicodeString)},
    {"RtlAppendAsciizToString", proc(RtlAppendAsciizToString)},
    {"RtlAppendStringToString", proc(RtlAppendStringToString)},
    {"RtlAppendUnicodeStringToString", proc(RtlAppendUnicodeStringToString)},
    {"RtlAppendUnicodeToString", proc(RtlAppendUnicodeToString)},
    {"RtlCompareString", proc(RtlCompareString)},
    {"RtlCompareUnicodeString", proc(RtlCompareUnicodeString)},
    {"RtlCompareUnicodeStrings", proc(RtlCompareUnicodeStrings)},
    {"RtlConsoleMultiByteToUnicodeN", proc(RtlMultiByteToUnicodeN)},
    {"RtlCopyString", proc(RtlCopyString)},
    {"RtlCopyUnicodeString", proc(RtlCopyUnicodeString)},
    {"RtlCreateUnicodeString", proc(RtlCreateUnicodeString)},
    {"RtlCreateUnicodeStringFromAsciiz", proc(RtlCreateUnicodeStringFromAsciiz)},
    {"RtlDowncaseUnicodeChar", proc(RtlDowncaseUnicodeChar)},
    {"RtlDowncaseUnicodeString", proc(RtlDowncaseUnicodeString)},
    {"RtlDuplicateUnicodeString", proc(RtlDuplicateUnicodeString)},
    {"RtlEqualString", proc(RtlEqualString)},
    {"RtlEqualUnicodeString", proc(RtlEqualUnicodeString)},
    {"RtlEraseUnicodeString", proc(RtlEraseUnicodeString)},
    {"RtlFindCharInUnicodeString", proc(RtlFindCharInUnicodeString)},
    {"RtlFreeAnsiString", proc(RtlFreeAnsiString)},
    {"RtlFreeOemString", proc(RtlFreeAnsiString)},
    {"RtlFreeUTF8String", proc(RtlFreeAnsiString)},
    {"RtlFreeUnicodeString", proc(RtlFreeUnicodeString)},
    {"RtlHashUnicodeString", proc(RtlHashUnicodeString)},
    {"RtlInitAnsiString", proc(RtlInitAnsiString)},
    {"RtlInitAnsiStringEx", proc(RtlInitAnsiStringEx)},
    {"RtlInitString", proc(RtlInitAnsiString)},
    {"RtlInitStringEx", proc(RtlInitAnsiStringEx)},
    {"RtlInitUTF8String", proc(RtlInitAnsiString)},
    {"RtlInitUTF8StringEx", proc(RtlInitAnsiStringEx)},
    {"RtlInitUnicodeString", proc(RtlInitUnicodeString)},
    {"RtlInitUnicodeStringEx", proc(RtlInitUnicodeStringEx)},
    {"RtlMultiByteToUnicodeN", proc(RtlMultiByteToUnicodeN)},
    {"RtlMultiByteToUnicodeSize", proc(RtlMultiByteToUnicodeSize)},
    {"RtlOemStringToUnicodeSize", proc(RtlAnsiStringToUnicodeSize)},
    {"RtlOemStringToUnicodeString", proc(RtlAnsiStringToUnicodeString)},
    {"RtlOemToUnicodeN", proc(RtlMultiByteToUnicodeN)},
    {"RtlPrefixString", proc(RtlPrefixString)},
    {"RtlPrefixUnicodeString", proc(RtlPrefixUnicodeString)},
    {"RtlUTF8StringToUnicodeString", proc(RtlAnsiStringToUnicodeString)},
    {"RtlUTF8ToUnicodeN", proc(RtlUTF8ToUnicodeN)},
    {"RtlUnicodeStringToAnsiSize", proc(RtlUnicodeStringToAnsiSize)},
    {"RtlUnicodeStringToAnsiString", proc(RtlUnicodeStringToAnsiString)},
    {"RtlUnicodeStringToCountedOemString", proc(RtlUnicodeStringToCountedOemString)},
    {"RtlUnicodeStringToOemSize", proc(RtlUnicodeStringToAnsiSize)},
    {"RtlUnicodeStringToOemString", proc(RtlUnicodeStringToAnsiString)},
    {"RtlUnicodeStringToUTF8String", proc(RtlUnicodeStringToAnsiString)},
    {"RtlUnicodeToMultiByteN", proc(RtlUnicodeToMultiByteN)},
    {"RtlUnicodeToMultiByteSize", proc(RtlUnicodeToMultiByteSize)},
    {"RtlUnicodeToOemN", proc(RtlUnicodeToMultiByteN)},
    {"RtlUnicodeToUTF8N", proc(RtlUnicodeToUTF8N)},
    {"RtlUpcaseUnicodeChar", proc(RtlUpcaseUnicodeChar)},
    {"RtlUpcaseUnicodeString", proc(RtlUpcaseUnicodeString)},
    {"RtlUpcaseUnicodeStringToAnsiString", proc(RtlUpcaseUnicodeStringToAnsiString)},
    {"RtlUpcaseUnicodeStringToCountedOemString", proc(RtlUpcaseUnicodeStringToCountedOemString)},
    {"RtlUpcaseUnicodeStringToOemString", proc(RtlUpcaseUnicodeStringToAnsiString)},
    {"RtlUpcaseUnicodeToMultiByteN", proc(RtlUpcaseUnicodeToMultiByteN)},
    {"RtlUpcaseUnicodeToOemN", proc(RtlUpcaseUnicodeToMultiByteN)},
    {"RtlUpperChar", proc(RtlUpperChar)},
    {"RtlUpperString", proc(RtlUpperString)},
    {"RtlValidateUnicodeString", proc(RtlValidateUnicodeString)},
    {"RtlxAnsiStringToUnicodeSize", proc(RtlAnsiStringToUnicodeSize)},
    {"RtlxOemStringToUnicodeSize", proc(RtlAnsiStringToUnicodeSize)},
    {"RtlxUnicodeStringToAnsiSize", proc(RtlUnicodeStringToAnsiSize)},
    {"RtlxUnicodeStringToOemSize", proc(RtlUnicodeStringToAnsiSize)},
};

}  // namespace

extern const ExportTable strings_exports = kRows;

}  // namespace hmodule::winapi
