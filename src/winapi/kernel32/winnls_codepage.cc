// winnls.h, code pages.
#include "base/trace.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/text_args.h"

#include <fmt/format.h>

namespace hmodule::winapi {
namespace {

HM_WINAPI UINT GetACP() noexcept {
  return nls::kAnsiCodePage;
}
HM_WINAPI UINT GetOEMCP() noexcept {
  return nls::kOemCodePage;
}

HM_WINAPI BOOL IsValidCodePage(UINT id) noexcept {
  // The pseudo pages and the one of symbol fonts convert, but are no code pages.
  return id > CP_THREAD_ACP && id != CP_SYMBOL && nls::find_code_page(id) != nullptr;
}

Result<const nls::CodePage*> known_page(UINT id) {
  const nls::CodePage* page = nls::find_code_page(id);
  if (page == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no code page {}", id);
  return page;
}

template <typename Info>
void describe(const nls::CodePage& page, Info& info) {
  info = {};
  info.MaxCharSize = page.max_char_size;
  const std::string replacement = nls::default_char(page);
  std::copy_n(replacement.data(), replacement.size(), info.DefaultChar);
  std::copy_n(page.lead_bytes.data(), page.lead_bytes.size(), info.LeadByte);
}

HM_WINAPI BOOL GetCPInfo(UINT id, CPINFO* info) noexcept {
  return succeed([&]() -> Status {
    if (info == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no structure");
    describe(*TRY(known_page(id)), *info);
    return ok;
  });
}

template <typename Char>
BOOL describe_fully(UINT id, DWORD flags, CPINFOEX<Char>* info, const char* function) {
  return succeed(
      [&]() -> Status {
        if (info == nullptr || flags != 0) return fail_win32(ERROR_INVALID_PARAMETER, "flags {:#x}", flags);
        const nls::CodePage& page = *TRY(known_page(id));
        describe(page, *info);
        info->UnicodeDefaultChar = page.unicode_default;
        info->CodePage = page.id;
        const std::string number = fmt::format("{:<5} (", page.id);
        Char* end = std::copy(number.begin(), number.end(), info->CodePageName);
        for (const char16_t* text = page.description; *text != 0; ++text) *end++ = static_cast<Char>(*text);
        *end = ')';
        return ok;
      },
      function);
}
HM_WINAPI BOOL GetCPInfoExW(UINT id, DWORD flags, CPINFOEXW* info) noexcept {
  return describe_fully(id, flags, info, "GetCPInfoExW");
}
HM_WINAPI BOOL GetCPInfoExA(UINT id, DWORD flags, CPINFOEXA* info) noexcept {
  return describe_fully(id, flags, info, "GetCPInfoExA");
}

HM_WINAPI BOOL IsDBCSLeadByteEx(UINT id, BYTE byte) noexcept {
  const nls::CodePage* page = nls::find_code_page(id);
  return page != nullptr && nls::is_lead_byte(*page, byte);
}
HM_WINAPI BOOL IsDBCSLeadByte(BYTE byte) noexcept {
  return IsDBCSLeadByteEx(CP_ACP, byte);
}

// The callback may leave by an exception: nothing is owned while it runs.
template <typename Char>
HM_WINAPI BOOL enumerate_code_pages(HM_WINAPI BOOL (*callback)(Char*), DWORD) noexcept {
  for (const nls::CodePage& page : nls::code_pages()) {
    if (page.id == CP_SYMBOL) continue;
    char digits[8];
    *fmt::format_to(digits, "{}", page.id) = '\0';
    Char text[8];
    std::copy_n(digits, 8, text);
    if (callback(text) == FALSE) break;
  }
  return TRUE;
}

const Export kRows[] = {
    {"EnumSystemCodePagesA", proc(enumerate_code_pages<CHAR>)},
    {"EnumSystemCodePagesW", proc(enumerate_code_pages<WCHAR>)},
    {"GetACP", proc(GetACP)},
    {"GetCPInfo", proc(GetCPInfo)},
    {"GetCPInfoExA", proc(GetCPInfoExA)},
    {"GetCPInfoExW", proc(GetCPInfoExW)},
    {"GetOEMCP", proc(GetOEMCP)},
    {"IsDBCSLeadByte", proc(IsDBCSLeadByte)},
    {"IsDBCSLeadByteEx", proc(IsDBCSLeadByteEx)},
    {"IsValidCodePage", proc(IsValidCodePage)},
};

}  // namespace

extern const ExportTable winnls_codepage_exports = kRows;

}  // namespace hmodule::winapi
