// wincrypt.h and ntsecapi.h: contexts of the older crypto functions, and random numbers.
#include "winapi/advapi32/wincrypt.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "nt/random.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace hmodule::winapi {
namespace capi {
namespace {

constexpr DWORD CRYPT_VERIFYCONTEXT = 0xF0000000;
constexpr NTSTATUS NTE_PROV_TYPE_NOT_DEF = static_cast<NTSTATUS>(0x80090017);
constexpr NTSTATUS NTE_KEYSET_NOT_DEF = static_cast<NTSTATUS>(0x80090019);

struct ProviderName {
  DWORD type;
  const char* name;
};
// They differ in their names only: each has every algorithm.
constexpr ProviderName kProviders[] = {
    {1, "Microsoft Base Cryptographic Provider v1.0"},
    {1, "Microsoft Enhanced Cryptographic Provider v1.0"},
    {1, "Microsoft Strong Cryptographic Provider"},
    {12, "Microsoft RSA SChannel Cryptographic Provider"},
    {24, "Microsoft Enhanced RSA and AES Cryptographic Provider"},
};

const char* default_name(DWORD type) {
  return type == 1 ? "Microsoft Strong Cryptographic Provider"
                   : std::ranges::find(kProviders, type, &ProviderName::type)->name;
}

BOOL acquire(void** handle, std::string_view name, DWORD type, DWORD flags) {
  return security_succeed([&]() -> Status {
    if (handle == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    if (type == 0 || type > 999) return fail(NTE_BAD_PROV_TYPE, "no type {} of providers", type);
    if (std::ranges::find(kProviders, type, &ProviderName::type) == std::end(kProviders))
      return fail(NTE_PROV_TYPE_NOT_DEF, "no provider of type {}", type);
    const auto named = [&](const ProviderName& each) { return each.type == type && each.name == name; };
    // "... (Prototype)" is the name of one on Windows XP.
    if (!name.empty() && std::ranges::none_of(kProviders, named) && !name.ends_with("(Prototype)"))
      return fail(NTE_KEYSET_NOT_DEF, "no provider {} of type {}", name, type);
    if ((flags & CRYPT_VERIFYCONTEXT) != CRYPT_VERIFYCONTEXT)
      return fail(NTE_BAD_KEYSET, "there are no key containers");
    *handle = handle_of(std::make_unique<Context>(type));
    return ok;
  });
}
HM_WINAPI BOOL CryptAcquireContextA(void** context, const char*, const char* provider, DWORD type,
                                    DWORD flags) noexcept {
  return acquire(context, provider == nullptr ? "" : provider, type, flags);
}
HM_WINAPI BOOL CryptAcquireContextW(void** context, const WCHAR*, const WCHAR* provider, DWORD type,
                                    DWORD flags) noexcept {
  return acquire(context, provider == nullptr ? "" : utf8(std::u16string_view(provider)), type, flags);
}

HM_WINAPI BOOL CryptContextAddRef(void* handle, DWORD*, DWORD) noexcept {
  return security_succeed([&]() -> Status {
    ++TRY(object<Context>(handle))->holders;
    return ok;
  });
}

HM_WINAPI BOOL CryptReleaseContext(void* handle, DWORD flags) noexcept {
  return security_succeed([&]() -> Status {
    if (handle == nullptr) return fail(STATUS_INVALID_PARAMETER, "no context");
    Context* const context = TRY(object<Context>(handle));
    if (--context->holders == 0) delete context;
    if (flags != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    return ok;
  });
}

HM_WINAPI BOOL CryptGetProvParam(void* handle, DWORD parameter, BYTE* buffer, DWORD* size, DWORD) noexcept {
  return security_succeed([&]() -> Status {
    enum : DWORD { PP_IMPTYPE = 3, PP_NAME = 4, PP_VERSION = 5, PP_PROVTYPE = 16 };
    const Context* const context = TRY(object<Context>(handle));
    const auto number = [&](DWORD value) { return give(crypto::data(&value, sizeof value), buffer, size); };
    switch (parameter) {
      case PP_NAME: {
        const char* const name = default_name(context->type);
        return give(crypto::data(name, std::strlen(name) + 1), buffer, size);
      }
      case PP_IMPTYPE:
        return number(2);  // CRYPT_IMPL_SOFTWARE
      case PP_VERSION:
        return number(0x200);
      case PP_PROVTYPE:
        return number(context->type);
      default:
        return fail(NTE_BAD_TYPE, "no parameter {}", parameter);
    }
  });
}

template <typename Char>
BOOL enumerate(DWORD index, DWORD flags, DWORD* type, Char* name, DWORD* size) {
  return security_succeed([&]() -> Status {
    if (type == nullptr || size == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    if (flags != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    if (index >= std::size(kProviders)) return fail_win32(ERROR_NO_MORE_ITEMS, "no provider {}", index);
    *type = kProviders[index].type;
    const std::string_view text = kProviders[index].name;
    const std::basic_string<Char> wide(text.begin(), text.end());
    return give(crypto::data(wide.c_str(), (wide.size() + 1) * sizeof(Char)), name, size);
  });
}
HM_WINAPI BOOL CryptEnumProvidersA(DWORD index, DWORD*, DWORD flags, DWORD* type, char* name, DWORD* size) noexcept {
  return enumerate(index, flags, type, name, size);
}
HM_WINAPI BOOL CryptEnumProvidersW(DWORD index, DWORD*, DWORD flags, DWORD* type, WCHAR* name, DWORD* size) noexcept {
  return enumerate(index, flags, type, name, size);
}

HM_WINAPI BOOL CryptGenRandom(void* handle, DWORD size, BYTE* buffer) noexcept {
  return security_succeed([&]() -> Status {
    if (buffer == nullptr) return fail(STATUS_INVALID_PARAMETER, "no buffer");
    TRY(object<Context>(handle));
    nt::fill_random(buffer, size);
    return ok;
  });
}

// RtlGenRandom by its real name.
HM_WINAPI BOOLEAN SystemFunction036(void* buffer, ULONG size) noexcept {
  nt::fill_random(buffer, size);
  return TRUE;
}

const Export kRows[] = {
    {"CryptAcquireContextA", proc(CryptAcquireContextA), Support::partial, "CRYPT_VERIFYCONTEXT only; RSA providers"},
    {"CryptAcquireContextW", proc(CryptAcquireContextW), Support::partial, "CRYPT_VERIFYCONTEXT only; RSA providers"},
    {"CryptContextAddRef", proc(CryptContextAddRef)},
    {"CryptEnumProvidersA", proc(CryptEnumProvidersA)},
    {"CryptEnumProvidersW", proc(CryptEnumProvidersW)},
    {"CryptGenRandom", proc(CryptGenRandom)},
    {"CryptGetProvParam", proc(CryptGetProvParam), Support::partial, "name, type and version"},
    {"CryptReleaseContext", proc(CryptReleaseContext)},
    {"SystemFunction036", proc(SystemFunction036)},
};

}  // namespace

}  // namespace capi

extern const ExportTable wincrypt_exports = capi::kRows;

}  // namespace hmodule::winapi
