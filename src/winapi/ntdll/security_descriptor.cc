// Security descriptors: reading, changing, converting, and those of new objects.
#include "nt/security_descriptor.h"

#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/sid.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>
#include <utility>

namespace hmodule::winapi {
namespace {

HM_WINAPI NTSTATUS RtlCreateSecurityDescriptor(SECURITY_DESCRIPTOR* descriptor, ULONG revision) noexcept {
  if (revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  *descriptor = {};
  descriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
  return STATUS_SUCCESS;
}
HM_WINAPI BOOLEAN RtlValidSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor) noexcept {
  return nt::is_valid(descriptor);
}
HM_WINAPI ULONG RtlLengthSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor) noexcept {
  return nt::size_of(*descriptor);
}

// --- the parts ---

HM_WINAPI NTSTATUS RtlGetControlSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor,
                                                   SECURITY_DESCRIPTOR_CONTROL* control, ULONG* revision) noexcept {
  *revision = descriptor->Revision;  // told even of those we do not know
  return status_of([&]() -> Status {
    TRY(nt::parts_of(descriptor));
    *control = descriptor->Control;
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlSetControlSecurityDescriptor(SECURITY_DESCRIPTOR* descriptor, SECURITY_DESCRIPTOR_CONTROL mask,
                                                   SECURITY_DESCRIPTOR_CONTROL bits) noexcept {
  constexpr SECURITY_DESCRIPTOR_CONTROL kChangeable =
      SE_DACL_UNTRUSTED | SE_SERVER_SECURITY | SE_DACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERIT_REQ |
      SE_DACL_AUTO_INHERITED | SE_SACL_AUTO_INHERITED | SE_DACL_PROTECTED | SE_SACL_PROTECTED;
  return status_of([&]() -> Status {
    TRY(nt::parts_of(descriptor));
    if (((mask | bits) & ~kChangeable) != 0 || (bits & ~mask) != 0)
      return fail(STATUS_INVALID_PARAMETER, "control bits {:#x} of {:#x}", bits, mask);
    descriptor->Control = static_cast<WORD>((descriptor->Control & ~mask) | bits);
    return ok;
  });
}

// Owner and group, each with the bit that says it is a default.
NTSTATUS get_sid(const SECURITY_DESCRIPTOR* descriptor, SID* nt::SecurityParts::*part, WORD default_bit, SID** sid,
                 BOOLEAN* defaulted) noexcept {
  return status_of([&]() -> Status {
    const auto parts = TRY(nt::parts_of(descriptor));
    *sid = parts.*part;
    *defaulted = (parts.control & default_bit) != 0;
    return ok;
  });
}
NTSTATUS set_sid(SECURITY_DESCRIPTOR* descriptor, SID* SECURITY_DESCRIPTOR::*part, WORD default_bit, SID* sid,
                 BOOLEAN defaulted) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_absolute(descriptor));
    descriptor->*part = sid;
    descriptor->Control = static_cast<WORD>((descriptor->Control & ~default_bit) | (defaulted ? default_bit : 0));
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlGetOwnerSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor, SID** owner,
                                                 BOOLEAN* defaulted) noexcept {
  return get_sid(descriptor, &nt::SecurityParts::owner, SE_OWNER_DEFAULTED, owner, defaulted);
}
HM_WINAPI NTSTATUS RtlGetGroupSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor, SID** group,
                                                 BOOLEAN* defaulted) noexcept {
  return get_sid(descriptor, &nt::SecurityParts::group, SE_GROUP_DEFAULTED, group, defaulted);
}
HM_WINAPI NTSTATUS RtlSetOwnerSecurityDescriptor(SECURITY_DESCRIPTOR* descriptor, SID* owner,
                                                 BOOLEAN defaulted) noexcept {
  return set_sid(descriptor, &SECURITY_DESCRIPTOR::Owner, SE_OWNER_DEFAULTED, owner, defaulted);
}
HM_WINAPI NTSTATUS RtlSetGroupSecurityDescriptor(SECURITY_DESCRIPTOR* descriptor, SID* group,
                                                 BOOLEAN defaulted) noexcept {
  return set_sid(descriptor, &SECURITY_DESCRIPTOR::Group, SE_GROUP_DEFAULTED, group, defaulted);
}

NTSTATUS get_acl(const SECURITY_DESCRIPTOR* descriptor, ACL* nt::SecurityParts::*part, WORD present_bit,
                 WORD default_bit, BOOLEAN* present, ACL** acl, BOOLEAN* defaulted) noexcept {
  return status_of([&]() -> Status {
    const auto parts = TRY(nt::parts_of(descriptor));
    *present = (parts.control & present_bit) != 0;
    *acl = parts.*part;
    *defaulted = *present && (parts.control & default_bit) != 0;
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlGetDaclSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor, BOOLEAN* present, ACL** acl,
                                                BOOLEAN* defaulted) noexcept {
  return get_acl(descriptor, &nt::SecurityParts::dacl, SE_DACL_PRESENT, SE_DACL_DEFAULTED, present, acl, defaulted);
}
HM_WINAPI NTSTATUS RtlGetSaclSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor, BOOLEAN* present, ACL** acl,
                                                BOOLEAN* defaulted) noexcept {
  return get_acl(descriptor, &nt::SecurityParts::sacl, SE_SACL_PRESENT, SE_SACL_DEFAULTED, present, acl, defaulted);
}
HM_WINAPI NTSTATUS RtlSetDaclSecurityDescriptor(SECURITY_DESCRIPTOR* descriptor, BOOLEAN present, ACL* acl,
                                                BOOLEAN defaulted) noexcept {
  return status_of([&] { return nt::set_dacl(descriptor, present != 0, acl, defaulted != 0); });
}
HM_WINAPI NTSTATUS RtlSetSaclSecurityDescriptor(SECURITY_DESCRIPTOR* descriptor, BOOLEAN present, ACL* acl,
                                                BOOLEAN defaulted) noexcept {
  return status_of([&] { return nt::set_sacl(descriptor, present != 0, acl, defaulted != 0); });
}

// --- the two forms ---

Status make_self_relative(const SECURITY_DESCRIPTOR* descriptor, void* out, ULONG* size) {
  const std::vector<std::byte> bytes = nt::self_relative(TRY(nt::parts_of(descriptor)));
  const ULONG room = std::exchange(*size, static_cast<ULONG>(bytes.size()));
  if (room < bytes.size()) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes of {}", room, bytes.size());
  TRY(require(out));
  std::memcpy(out, bytes.data(), bytes.size());
  return ok;
}
HM_WINAPI NTSTATUS RtlMakeSelfRelativeSD(const SECURITY_DESCRIPTOR* descriptor, void* out, ULONG* size) noexcept {
  return status_of([&] { return make_self_relative(descriptor, out, size); });
}
HM_WINAPI NTSTATUS RtlAbsoluteToSelfRelativeSD(const SECURITY_DESCRIPTOR* descriptor, void* out, ULONG* size) noexcept {
  return status_of([&]() -> Status {
    if (nt::is_self_relative(*descriptor))
      return fail(STATUS_BAD_DESCRIPTOR_FORMAT, "the descriptor is self-relative already");
    return make_self_relative(descriptor, out, size);
  });
}

// Each part goes to a buffer of its own; all sizes are told, whichever buffer is too small.
HM_WINAPI NTSTATUS RtlSelfRelativeToAbsoluteSD(const SECURITY_DESCRIPTOR* descriptor, SECURITY_DESCRIPTOR* out,
                                               ULONG* size, ACL* dacl, ULONG* dacl_size, ACL* sacl, ULONG* sacl_size,
                                               SID* owner, ULONG* owner_size, SID* group, ULONG* group_size) noexcept {
  return status_of([&]() -> Status {
    const auto parts = TRY(nt::parts_of(descriptor));
    if (!nt::is_self_relative(*descriptor))
      return fail(STATUS_BAD_DESCRIPTOR_FORMAT, "the descriptor is not self-relative");
    struct Part {
      const void* from;
      SIZE_T needed;
      void* to;
      ULONG* room;
    };
    const auto acl_part = [](const ACL* acl, ACL* to, ULONG* room) {
      return Part{acl, acl == nullptr ? 0 : SIZE_T{acl->AclSize}, to, room};
    };
    const auto sid_part = [](const SID* sid, SID* to, ULONG* room) {
      return Part{sid, sid == nullptr ? 0 : nt::sid_size(*sid), to, room};
    };
    const Part all[] = {{nullptr, sizeof *out, out, size},
                        acl_part(parts.dacl, dacl, dacl_size),
                        acl_part(parts.sacl, sacl, sacl_size),
                        sid_part(parts.owner, owner, owner_size),
                        sid_part(parts.group, group, group_size)};
    bool fits = true;
    for (const Part& part : all)
      if (std::exchange(*part.room, static_cast<ULONG>(part.needed)) < part.needed) fits = false;
    if (!fits) return fail(STATUS_BUFFER_TOO_SMALL, "a buffer is too small for its part of the descriptor");
    for (const Part& part : all)
      if (part.from != nullptr) std::memcpy(part.to, part.from, part.needed);
    *out = {SECURITY_DESCRIPTOR_REVISION,
            0,
            parts.control,
            parts.owner != nullptr ? owner : nullptr,
            parts.group != nullptr ? group : nullptr,
            parts.sacl != nullptr ? sacl : nullptr,
            parts.dacl != nullptr ? dacl : nullptr};
    return ok;
  });
}

const Export kRows[] = {
    {"RtlAbsoluteToSelfRelativeSD", proc(RtlAbsoluteToSelfRelativeSD)},
    {"RtlCreateSecurityDescriptor", proc(RtlCreateSecurityDescriptor)},
    {"RtlGetControlSecurityDescriptor", proc(RtlGetControlSecurityDescriptor)},
    {"RtlGetDaclSecurityDescriptor", proc(RtlGetDaclSecurityDescriptor)},
    {"RtlGetGroupSecurityDescriptor", proc(RtlGetGroupSecurityDescriptor)},
    {"RtlGetOwnerSecurityDescriptor", proc(RtlGetOwnerSecurityDescriptor)},
    {"RtlGetSaclSecurityDescriptor", proc(RtlGetSaclSecurityDescriptor)},
    {"RtlLengthSecurityDescriptor", proc(RtlLengthSecurityDescriptor)},
    {"RtlMakeSelfRelativeSD", proc(RtlMakeSelfRelativeSD)},
    {"RtlSelfRelativeToAbsoluteSD", proc(RtlSelfRelativeToAbsoluteSD)},
    {"RtlSetControlSecurityDescriptor", proc(RtlSetControlSecurityDescriptor)},
    {"RtlSetDaclSecurityDescriptor", proc(RtlSetDaclSecurityDescriptor)},
    {"RtlSetGroupSecurityDescriptor", proc(RtlSetGroupSecurityDescriptor)},
    {"RtlSetOwnerSecurityDescriptor", proc(RtlSetOwnerSecurityDescriptor)},
    {"RtlSetSaclSecurityDescriptor", proc(RtlSetSaclSecurityDescriptor)},
    {"RtlValidSecurityDescriptor", proc(RtlValidSecurityDescriptor)},
};

}  // namespace

extern const ExportTable security_descriptor_exports = kRows;

}  // namespace hmodule::winapi
