// Security identifiers, access control lists and security descriptors: what is refused, and with which status.
#include "win/security.h"
#include "nt/sid.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
R call(std::string_view name, Args... args) {
  return function<R, Args...>(ntdll_dll, name)(args...);
}
template <typename... Args>
NTSTATUS status(std::string_view name, Args... args) {
  return call<NTSTATUS>(name, args...);
}

SID everyone = nt::kEveryone, users = nt::kUsers, administrators = nt::kAdministrators, owner = nt::unix_user_sid(1000),
    group = nt::unix_group_sid(100);

// --- security identifiers ---

TEST(Sids, AreMadeCopiedAndCompared) {
  SID_IDENTIFIER_AUTHORITY authority = {{0, 0, 0, 0, 0, 5}};
  SID* sid = nullptr;
  ASSERT_EQ(status("RtlAllocateAndInitializeSid", &authority, 2u, 32u, 544u, 0u, 0u, 0u, 0u, 0u, 0u, &sid),
            STATUS_SUCCESS);
  EXPECT_EQ(call<ULONG>("RtlLengthSid", sid), 16u);
  EXPECT_EQ(call<ULONG>("RtlLengthRequiredSid", 2u), 16u);
  EXPECT_TRUE(call<BOOLEAN>("RtlEqualSid", sid, &administrators));
  EXPECT_FALSE(call<BOOLEAN>("RtlEqualSid", sid, &users));
  EXPECT_TRUE(call<BOOLEAN>("RtlEqualPrefixSid", sid, &users));
  EXPECT_FALSE(call<BOOLEAN>("RtlEqualPrefixSid", sid, &everyone));
  SID copy;
  EXPECT_EQ(status("RtlCopySid", 15u, &copy, sid), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(status("RtlCopySid", 16u, &copy, sid), STATUS_SUCCESS);
  EXPECT_EQ(*call<ULONG*>("RtlSubAuthoritySid", &copy, 1u), 544u);
  EXPECT_EQ(*call<BYTE*>("RtlSubAuthorityCountSid", &copy), 2);
  EXPECT_EQ(call<SID_IDENTIFIER_AUTHORITY*>("RtlIdentifierAuthoritySid", &copy)->Value[5], 5);
  EXPECT_EQ(call<void*>("RtlFreeSid", sid), nullptr);
  EXPECT_EQ(status("RtlAllocateAndInitializeSid", &authority, 9u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, &sid),
            STATUS_INVALID_SID);
}

TEST(Sids, HaveRevisionOneAndAtMostFifteenNumbers) {
  SID_IDENTIFIER_AUTHORITY authority = {{0, 0, 0, 0, 0, 5}};
  SID sid;
  EXPECT_EQ(status("RtlInitializeSid", &sid, &authority, 15u), STATUS_SUCCESS);
  EXPECT_TRUE(call<BOOLEAN>("RtlValidSid", &sid));
  EXPECT_EQ(status("RtlInitializeSid", &sid, &authority, 16u), STATUS_INVALID_PARAMETER);
  sid.SubAuthorityCount = 16;
  EXPECT_FALSE(call<BOOLEAN>("RtlValidSid", &sid));
  sid.SubAuthorityCount = 1;
  sid.Revision = 2;
  EXPECT_FALSE(call<BOOLEAN>("RtlValidSid", &sid));
  EXPECT_FALSE(call<BOOLEAN>("RtlEqualSid", &sid, &sid));
}

TEST(Sids, AreWrittenInDecimalAndWideAuthoritiesInHexadecimal) {
  WCHAR room[40];
  UNICODE_STRING text = {0, sizeof room, room};
  ASSERT_EQ(status("RtlConvertSidToUnicodeString", &text, &administrators, 0u), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(room), u"S-1-5-32-544");
  EXPECT_EQ(text.Length, 24);
  text.MaximumLength = 22;
  EXPECT_EQ(status("RtlConvertSidToUnicodeString", &text, &administrators, 0u), STATUS_BUFFER_OVERFLOW);
  text.MaximumLength = 24;  // the terminator is not needed
  EXPECT_EQ(status("RtlConvertSidToUnicodeString", &text, &administrators, 0u), STATUS_SUCCESS);
  SID wide = {1, 0, {{1, 2, 3, 4, 5, 6}}, {}};
  ASSERT_EQ(status("RtlConvertSidToUnicodeString", &text, &wide, 1u), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(text.Buffer), u"S-1-0x10203040506");
  call<void>("RtlFreeUnicodeString", &text);
  wide.Revision = 3;
  EXPECT_EQ(status("RtlConvertSidToUnicodeString", &text, &wide, 1u), STATUS_INVALID_SID);
}

// --- access control lists ---

class Acls : public testing::Test {
 protected:
  Acls() { EXPECT_EQ(status("RtlCreateAcl", acl(), ULONG{sizeof room_}, 2u), STATUS_SUCCESS); }
  ACL* acl() { return reinterpret_cast<ACL*>(room_); }
  KNOWN_ACE* ace(ULONG index) {
    void* found = nullptr;
    EXPECT_EQ(status("RtlGetAce", acl(), index, &found), STATUS_SUCCESS);
    return static_cast<KNOWN_ACE*>(found);
  }
  alignas(4) std::byte room_[200] = {};
};

TEST_F(Acls, AreRefusedWithoutRoomOrWithAnUnknownRevision) {
  EXPECT_EQ(status("RtlCreateAcl", acl(), 7u, 2u), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(status("RtlCreateAcl", acl(), 8u, 1u), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlCreateAcl", acl(), 8u, 5u), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlCreateAcl", acl(), 0x10000u, 2u), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlCreateAcl", acl(), 8u, 2u), STATUS_SUCCESS);
  EXPECT_EQ(status("RtlAddAccessAllowedAce", acl(), 2u, 1u, &everyone), STATUS_ALLOTTED_SPACE_EXCEEDED);
}

TEST_F(Acls, KeepTheirEntriesInOrder) {
  ASSERT_EQ(status("RtlAddAccessAllowedAce", acl(), 2u, 0x1234u, &everyone), STATUS_SUCCESS);
  ASSERT_EQ(status("RtlAddAccessDeniedAceEx", acl(), 2u, ULONG{CONTAINER_INHERIT_ACE}, 0x5u, &users), STATUS_SUCCESS);
  EXPECT_EQ(ace(0)->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
  EXPECT_EQ(ace(0)->Header.AceSize, 20);
  EXPECT_EQ(ace(0)->Mask, 0x1234u);
  EXPECT_EQ(ace(1)->Header.AceType, ACCESS_DENIED_ACE_TYPE);
  EXPECT_EQ(ace(1)->Header.AceFlags, CONTAINER_INHERIT_ACE);
  EXPECT_TRUE(nt::equal(*reinterpret_cast<SID*>(ace(1) + 1), users));
  ACL_SIZE_INFORMATION size = {};
  ASSERT_EQ(status("RtlQueryInformationAcl", acl(), &size, ULONG{sizeof size}, 2u), STATUS_SUCCESS);
  EXPECT_EQ(size.AceCount, 2u);
  EXPECT_EQ(size.AclBytesInUse, 8u + 20 + 24);
  EXPECT_EQ(size.AclBytesFree, 200u - 52);
  EXPECT_EQ(status("RtlQueryInformationAcl", acl(), &size, 11u, 2u), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(status("RtlQueryInformationAcl", acl(), &size, 12u, 3u), STATUS_INVALID_INFO_CLASS);

  KNOWN_ACE* const second = ace(1);
  ASSERT_EQ(status("RtlDeleteAce", acl(), 0u), STATUS_SUCCESS);
  EXPECT_NE(ace(0), second);
  EXPECT_EQ(ace(0)->Header.AceType, ACCESS_DENIED_ACE_TYPE);
  EXPECT_EQ(status("RtlDeleteAce", acl(), 1u), STATUS_INVALID_PARAMETER);
  void* none;
  EXPECT_EQ(status("RtlGetAce", acl(), 1u, &none), STATUS_INVALID_PARAMETER);
}

TEST_F(Acls, TakeWholeEntriesAtAPlace) {
  alignas(4) std::byte other_room[100] = {};
  auto* const other = reinterpret_cast<ACL*>(other_room);
  status("RtlCreateAcl", other, 100u, 2u);
  status("RtlAddAccessAllowedAce", other, 2u, 1u, &everyone);
  status("RtlAddAccessAllowedAce", other, 2u, 2u, &everyone);
  status("RtlAddAccessAllowedAce", acl(), 2u, 3u, &everyone);
  ASSERT_EQ(status("RtlAddAce", acl(), 2u, 0u, other_room + 8, 40u), STATUS_SUCCESS);
  EXPECT_EQ(ace(0)->Mask, 1u);
  EXPECT_EQ(ace(1)->Mask, 2u);
  EXPECT_EQ(ace(2)->Mask, 3u);
  ASSERT_EQ(status("RtlAddAce", acl(), 2u, 0xFFFFFFFFu, other_room + 8, 20u), STATUS_SUCCESS);
  EXPECT_EQ(ace(3)->Mask, 1u);
  EXPECT_EQ(status("RtlAddAce", acl(), 2u, 0u, other_room + 8, 39u), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlAddAce", acl(), 9u, 0u, other_room + 8, 20u), STATUS_REVISION_MISMATCH);
  acl()->AclSize = 8 + 80;
  EXPECT_EQ(status("RtlAddAce", acl(), 2u, 0u, other_room + 8, 20u), STATUS_BUFFER_TOO_SMALL);
}

TEST_F(Acls, EntriesThatLeaveTheListMakeItInvalid) {
  status("RtlAddAccessAllowedAce", acl(), 2u, 1u, &everyone);
  EXPECT_TRUE(call<BOOLEAN>("RtlValidAcl", acl()));
  ACE_HEADER* free = nullptr;
  EXPECT_TRUE(call<BOOLEAN>("RtlFirstFreeAce", acl(), &free));
  EXPECT_EQ(reinterpret_cast<std::byte*>(free), room_ + 28);
  acl()->AclSize = 28;  // full
  EXPECT_TRUE(call<BOOLEAN>("RtlFirstFreeAce", acl(), &free));
  EXPECT_EQ(free, nullptr);
  for (const WORD bad : {WORD{27}, WORD{11}, WORD{7}}) {
    acl()->AclSize = bad;
    EXPECT_FALSE(call<BOOLEAN>("RtlValidAcl", acl())) << bad;
    if (bad >= 8) {
      EXPECT_FALSE(call<BOOLEAN>("RtlFirstFreeAce", acl(), &free));
    }
  }
  acl()->AclSize = 200;
  reinterpret_cast<ACE_HEADER*>(room_ + 8)->AceSize = 3;
  EXPECT_FALSE(call<BOOLEAN>("RtlValidAcl", acl()));
  EXPECT_EQ(status("RtlAddAccessAllowedAce", acl(), 2u, 1u, &everyone), STATUS_INVALID_ACL);
  EXPECT_FALSE(call<BOOLEAN>("RtlValidAcl", static_cast<ACL*>(nullptr)));
}

TEST_F(Acls, ObjectEntriesCarryTheGuidsTheyHave) {
  GUID type = {1, 2, 3, {4}};
  EXPECT_EQ(status("RtlAddAccessAllowedObjectAce", acl(), 2u, 0u, 1u, &type, static_cast<GUID*>(nullptr), &everyone),
            STATUS_REVISION_MISMATCH);
  ASSERT_EQ(status("RtlAddAccessAllowedObjectAce", acl(), 4u, 0u, 1u, &type, static_cast<GUID*>(nullptr), &everyone),
            STATUS_SUCCESS);
  EXPECT_EQ(acl()->AclRevision, 4);
  const auto* object = reinterpret_cast<KNOWN_OBJECT_ACE*>(ace(0));
  EXPECT_EQ(object->Header.AceType, ACCESS_ALLOWED_OBJECT_ACE_TYPE);
  EXPECT_EQ(object->Flags, ACE_OBJECT_TYPE_PRESENT);
  EXPECT_EQ(object->Header.AceSize, 12 + 16 + 12);
  EXPECT_EQ(std::memcmp(object + 1, &type, sizeof type), 0);
  ASSERT_EQ(status("RtlAddAccessDeniedObjectAce", acl(), 4u, 0u, 1u, &type, &type, &everyone), STATUS_SUCCESS);
  EXPECT_EQ(ace(1)->Header.AceSize, 12 + 32 + 12);
  ASSERT_EQ(status("RtlAddAuditAccessObjectAce", acl(), 4u, 0u, 1u, static_cast<GUID*>(nullptr),
                   static_cast<GUID*>(nullptr), &everyone, 1u, 0u),
            STATUS_SUCCESS);
  EXPECT_EQ(ace(2)->Header.AceType, SYSTEM_AUDIT_ACE_TYPE);
  EXPECT_EQ(ace(2)->Header.AceFlags, SUCCESSFUL_ACCESS_ACE_FLAG);
}

TEST_F(Acls, AuditFlagsAndLabelsAreChecked) {
  ASSERT_EQ(status("RtlAddAuditAccessAce", acl(), 2u, 1u, &everyone, 1u, 1u), STATUS_SUCCESS);
  EXPECT_EQ(ace(0)->Header.AceFlags, 0xC0);
  ASSERT_EQ(status("RtlAddAuditAccessAceEx", acl(), 2u, 3u, 1u, &everyone, 0u, 1u), STATUS_SUCCESS);
  EXPECT_EQ(ace(1)->Header.AceFlags, 0x83);
  SID label = nt::integrity_sid(nt::kMediumIntegrity);
  EXPECT_EQ(status("RtlAddMandatoryAce", acl(), 2u, 0u, 8u, 0x11u, &label), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlAddMandatoryAce", acl(), 2u, 0u, 1u, 0x10u, &label), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlAddMandatoryAce", acl(), 2u, 0u, 1u, 0x11u, &label), STATUS_SUCCESS);
  EXPECT_EQ(status("RtlAddAccessDeniedAce", acl(), 2u, 1u, static_cast<SID*>(nullptr)), STATUS_INVALID_SID);
  EXPECT_EQ(status("RtlAddAccessAllowedAceEx", acl(), 2u, 0x40u, 1u, &everyone), STATUS_INVALID_PARAMETER);
}

TEST(Rights, GenericOnesAreMappedAndComparisonsAreExact) {
  const GENERIC_MAPPING mapping = {1, 2, 4, 0xFF};
  ACCESS_MASK mask = 0x80000000 | 0x40000000 | 0x100;
  call<void>("RtlMapGenericMask", &mask, &mapping);
  EXPECT_EQ(mask, 0x103u);
  EXPECT_TRUE(call<BOOLEAN>("RtlAreAllAccessesGranted", 7u, 3u));
  EXPECT_FALSE(call<BOOLEAN>("RtlAreAllAccessesGranted", 7u, 11u));
  EXPECT_TRUE(call<BOOLEAN>("RtlAreAnyAccessesGranted", 7u, 9u));
  EXPECT_FALSE(call<BOOLEAN>("RtlAreAnyAccessesGranted", 7u, 8u));
}

// --- security descriptors ---

class Descriptors : public Acls {
 protected:
  Descriptors() {
    EXPECT_EQ(status("RtlCreateSecurityDescriptor", &descriptor_, 1u), STATUS_SUCCESS);
    status("RtlAddAccessAllowedAce", acl(), 2u, 1u, &everyone);
    acl()->AclSize = 28;
  }
  void fill() {
    EXPECT_EQ(status("RtlSetOwnerSecurityDescriptor", &descriptor_, &owner, 1u), STATUS_SUCCESS);
    EXPECT_EQ(status("RtlSetGroupSecurityDescriptor", &descriptor_, &group, 0u), STATUS_SUCCESS);
    EXPECT_EQ(status("RtlSetDaclSecurityDescriptor", &descriptor_, 1u, acl(), 0u), STATUS_SUCCESS);
  }
  SECURITY_DESCRIPTOR descriptor_;
};

TEST_F(Descriptors, HaveRevisionOne) {
  EXPECT_EQ(status("RtlCreateSecurityDescriptor", &descriptor_, 2u), STATUS_UNKNOWN_REVISION);
  descriptor_.Revision = 2;
  SID* sid = nullptr;
  BOOLEAN defaulted = 0;
  EXPECT_EQ(status("RtlGetOwnerSecurityDescriptor", &descriptor_, &sid, &defaulted), STATUS_UNKNOWN_REVISION);
  EXPECT_FALSE(call<BOOLEAN>("RtlValidSecurityDescriptor", &descriptor_));
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  ULONG revision = 0;
  EXPECT_EQ(status("RtlGetControlSecurityDescriptor", &descriptor_, &control, &revision), STATUS_UNKNOWN_REVISION);
  EXPECT_EQ(revision, 2u);
}

TEST_F(Descriptors, GiveBackWhatTheyWereGiven) {
  fill();
  SID* sid = nullptr;
  BOOLEAN defaulted = 0, present = 0;
  ASSERT_EQ(status("RtlGetOwnerSecurityDescriptor", &descriptor_, &sid, &defaulted), STATUS_SUCCESS);
  EXPECT_EQ(sid, &owner);
  EXPECT_TRUE(defaulted);
  ASSERT_EQ(status("RtlGetGroupSecurityDescriptor", &descriptor_, &sid, &defaulted), STATUS_SUCCESS);
  EXPECT_EQ(sid, &group);
  EXPECT_FALSE(defaulted);
  ACL* list = nullptr;
  ASSERT_EQ(status("RtlGetDaclSecurityDescriptor", &descriptor_, &present, &list, &defaulted), STATUS_SUCCESS);
  EXPECT_TRUE(present);
  EXPECT_EQ(list, acl());
  ASSERT_EQ(status("RtlGetSaclSecurityDescriptor", &descriptor_, &present, &list, &defaulted), STATUS_SUCCESS);
  EXPECT_FALSE(present);
  EXPECT_EQ(list, nullptr);
  EXPECT_EQ(call<ULONG>("RtlLengthSecurityDescriptor", &descriptor_), 40u + 16 + 16 + 28);
  ASSERT_EQ(status("RtlSetDaclSecurityDescriptor", &descriptor_, 0u, static_cast<ACL*>(nullptr), 0u), STATUS_SUCCESS);
  ASSERT_EQ(status("RtlGetDaclSecurityDescriptor", &descriptor_, &present, &list, &defaulted), STATUS_SUCCESS);
  EXPECT_FALSE(present);
}

TEST_F(Descriptors, ControlBitsThatMirrorPartsCannotBeSet) {
  EXPECT_EQ(status("RtlSetControlSecurityDescriptor", &descriptor_, 0x4u, 0x4u), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlSetControlSecurityDescriptor", &descriptor_, 0x1000u, 0x3000u), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlSetControlSecurityDescriptor", &descriptor_, 0x3000u, 0x1000u), STATUS_SUCCESS);
  EXPECT_EQ(descriptor_.Control, SE_DACL_PROTECTED);
}

TEST_F(Descriptors, SurviveTheWayToSelfRelativeAndBack) {
  fill();
  ULONG size = 0;
  EXPECT_EQ(status("RtlMakeSelfRelativeSD", &descriptor_, static_cast<void*>(nullptr), &size), STATUS_BUFFER_TOO_SMALL);
  ASSERT_EQ(size, 20u + 16 + 16 + 28);
  std::vector<std::byte> bytes(size);
  auto* const relative = reinterpret_cast<SECURITY_DESCRIPTOR*>(bytes.data());
  ASSERT_EQ(status("RtlMakeSelfRelativeSD", &descriptor_, relative, &size), STATUS_SUCCESS);
  EXPECT_TRUE(call<BOOLEAN>("RtlValidSecurityDescriptor", relative));
  EXPECT_EQ(call<ULONG>("RtlLengthSecurityDescriptor", relative), size);
  EXPECT_EQ(relative->Control, SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_OWNER_DEFAULTED);
  EXPECT_EQ(status("RtlSetOwnerSecurityDescriptor", relative, &owner, 0u), STATUS_INVALID_SECURITY_DESCR);
  EXPECT_EQ(status("RtlAbsoluteToSelfRelativeSD", relative, bytes.data(), &size), STATUS_BAD_DESCRIPTOR_FORMAT);

  SECURITY_DESCRIPTOR absolute = {};
  alignas(4) std::byte list[28];
  SID own, its_group;
  ULONG sizes[5] = {};
  const auto convert = [&](SECURITY_DESCRIPTOR* from) {
    return status("RtlSelfRelativeToAbsoluteSD", from, &absolute, &sizes[0], reinterpret_cast<ACL*>(list), &sizes[1],
                  static_cast<ACL*>(nullptr), &sizes[2], &own, &sizes[3], &its_group, &sizes[4]);
  };
  EXPECT_EQ(convert(relative), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ((std::array{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]}), (std::array{40u, 28u, 0u, 16u, 16u}));
  ASSERT_EQ(convert(relative), STATUS_SUCCESS);
  EXPECT_EQ(absolute.Dacl, reinterpret_cast<ACL*>(list));
  EXPECT_EQ(absolute.Sacl, nullptr);
  EXPECT_TRUE(nt::equal(*absolute.Owner, owner));
  EXPECT_EQ(absolute.Control, SE_DACL_PRESENT | SE_OWNER_DEFAULTED);
  EXPECT_EQ(convert(&absolute), STATUS_BAD_DESCRIPTOR_FORMAT);
}

}  // namespace
}  // namespace hmodule::winapi
