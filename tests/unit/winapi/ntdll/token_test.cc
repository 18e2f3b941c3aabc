// Tokens, access checks, and the security of objects.
#include "nt/token.h"
#include "nt/acl.h"
#include "nt/event.h"
#include "nt/sid.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
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

const HANDLE kProcess = nt::current_process_handle(), kThread = nt::current_thread_handle();
constexpr BOOLEAN kNo = 0, kYes = 1;

class Tokens : public testing::Test {
 protected:
  Tokens() { EXPECT_EQ(status("NtOpenProcessToken", kProcess, TOKEN_ALL_ACCESS, &token_), STATUS_SUCCESS); }
  ~Tokens() override {
    status("NtClose", token_);
    HANDLE none = nullptr;
    status("NtSetInformationThread", kThread, 5u, &none, ULONG{sizeof none});
  }

  static std::vector<std::byte> query(HANDLE token, ULONG information_class) {
    ULONG needed = 0;
    EXPECT_EQ(status("NtQueryInformationToken", token, information_class, static_cast<void*>(nullptr), 0u, &needed),
              STATUS_BUFFER_TOO_SMALL);
    std::vector<std::byte> out(needed);
    EXPECT_EQ(status("NtQueryInformationToken", token, information_class, out.data(), needed, &needed), STATUS_SUCCESS);
    return out;
  }
  static ULONG number(HANDLE token, ULONG information_class) {
    const auto bytes = query(token, information_class);
    EXPECT_EQ(bytes.size(), sizeof(ULONG));
    return *reinterpret_cast<const ULONG*>(bytes.data());
  }
  static bool in_group(HANDLE token, const SID& sid, DWORD attributes = SE_GROUP_ENABLED) {
    const auto bytes = query(token, TokenGroups);
    const auto& groups = *reinterpret_cast<const TOKEN_GROUPS*>(bytes.data());
    for (DWORD i = 0; i < groups.GroupCount; ++i) {
      const auto* entry = groups.Groups + i;
      if (nt::equal(*entry->Sid, sid) && (entry->Attributes & attributes) == attributes) return true;
    }
    return false;
  }
  HANDLE duplicate(ULONG type, SECURITY_IMPERSONATION_LEVEL level, NTSTATUS expected = STATUS_SUCCESS,
                   HANDLE of = nullptr) {
    SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, level, 0, 0};
    OBJECT_ATTRIBUTES attributes = {sizeof attributes, nullptr, nullptr, 0, nullptr, &quality};
    HANDLE made = nullptr;
    EXPECT_EQ(status("NtDuplicateToken", of == nullptr ? token_ : of, TOKEN_ALL_ACCESS, &attributes, kNo, type, &made),
              expected);
    return made;
  }

  HANDLE token_ = nullptr;
};

TEST_F(Tokens, SayWhoTheLinuxUserIs) {
  const auto user = query(token_, TokenUser);
  EXPECT_TRUE(nt::equal(*reinterpret_cast<const SID_AND_ATTRIBUTES*>(user.data())->Sid, nt::unix_user_sid(geteuid())));
  EXPECT_TRUE(in_group(token_, nt::unix_group_sid(getegid())));
  EXPECT_TRUE(in_group(token_, nt::kEveryone));
  EXPECT_EQ(in_group(token_, nt::kAdministrators), geteuid() == 0);
  EXPECT_EQ(number(token_, TokenElevation), geteuid() == 0 ? 1u : 0u);
  const auto label = query(token_, TokenIntegrityLevel);
  EXPECT_EQ(reinterpret_cast<const SID_AND_ATTRIBUTES*>(label.data())->Sid->SubAuthority[0],
            geteuid() == 0 ? 0x3000u : 0x2000u);
  const auto group = query(token_, TokenPrimaryGroup);
  EXPECT_TRUE(nt::equal(**reinterpret_cast<SID* const*>(group.data()), nt::unix_group_sid(getegid())));
  EXPECT_EQ(number(token_, TokenType), 1u);
  EXPECT_EQ(number(token_, TokenSessionId), 1u);
  EXPECT_EQ(number(token_, TokenRestrictedSids), 0u);
  EXPECT_EQ(number(token_, TokenIsAppContainer), 0u);
  const auto dacl = query(token_, TokenDefaultDacl);
  EXPECT_TRUE(nt::is_valid(*reinterpret_cast<ACL* const*>(dacl.data())));
  const auto statistics = query(token_, TokenStatistics);
  EXPECT_EQ(reinterpret_cast<const TOKEN_STATISTICS*>(statistics.data())->TokenType, TOKEN_TYPE::TokenPrimary);
}

TEST_F(Tokens, RefuseWhatHasNoAnswer) {
  ULONG needed = 0, value = 0;
  const auto ask = [&](HANDLE token, ULONG what) {
    return status("NtQueryInformationToken", token, what, &value, ULONG{sizeof value}, &needed);
  };
  EXPECT_EQ(ask(token_, 999), STATUS_INVALID_INFO_CLASS);
  EXPECT_EQ(ask(token_, TokenImpersonationLevel), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(ask(token_, TokenLinkedToken), STATUS_NO_SUCH_LOGON_SESSION);
  EXPECT_EQ(ask(kProcess, TokenType), STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(ask(nullptr, TokenType), STATUS_INVALID_HANDLE);
  HANDLE blind = nullptr;
  ASSERT_EQ(status("NtOpenProcessTokenEx", kProcess, TOKEN_DUPLICATE, 0u, &blind), STATUS_SUCCESS);
  EXPECT_EQ(ask(blind, TokenType), STATUS_ACCESS_DENIED);
  status("NtClose", blind);
}

TEST_F(Tokens, PseudoHandlesAnswerQuestionsOnly) {
  const auto pseudo = [](std::intptr_t number) { return reinterpret_cast<HANDLE>(number); };
  EXPECT_EQ(number(pseudo(-4), TokenType), 1u);
  EXPECT_EQ(number(pseudo(-6), TokenType), 1u);
  ULONG value = 0, needed = 0;
  EXPECT_EQ(status("NtQueryInformationToken", pseudo(-5), ULONG{TokenType}, &value, 4u, &needed), STATUS_NO_TOKEN);
  EXPECT_EQ(status("NtAdjustPrivilegesToken", pseudo(-4), kYes, static_cast<void*>(nullptr), 0u,
                   static_cast<void*>(nullptr), static_cast<ULONG*>(nullptr)),
            STATUS_ACCESS_DENIED);
}

TEST_F(Tokens, DuplicatesNeverGainPower) {
  const HANDLE identify = duplicate(2, SecurityIdentification);
  EXPECT_EQ(number(identify, TokenType), 2u);
  EXPECT_EQ(number(identify, TokenImpersonationLevel), 1u);
  duplicate(2, SecurityImpersonation, STATUS_BAD_IMPERSONATION_LEVEL, identify);
  duplicate(1, SecurityAnonymous, STATUS_BAD_IMPERSONATION_LEVEL, identify);
  duplicate(3, SecurityAnonymous, STATUS_INVALID_PARAMETER);
  const HANDLE full = duplicate(2, SecurityImpersonation);
  const HANDLE primary = duplicate(1, SecurityAnonymous, STATUS_SUCCESS, full);
  EXPECT_EQ(number(primary, TokenType), 1u);
  for (const HANDLE handle : {identify, full, primary}) status("NtClose", handle);
}

TEST_F(Tokens, PrivilegesAreSwitchedAndTheOldStateIsTold) {
  const HANDLE copy = duplicate(1, SecurityAnonymous);  // the process keeps its own
  constexpr ULONG kChangeNotify = 23, kTcb = 7;
  struct {
    DWORD count;
    LUID_AND_ATTRIBUTES rows[2];
  } wanted = {2, {{{kChangeNotify, 0}, 0}, {{kTcb, 0}, SE_PRIVILEGE_ENABLED}}}, previous = {};
  const auto held = [&](ULONG privilege) {
    PRIVILEGE_SET set = {1, PRIVILEGE_SET_ALL_NECESSARY, {{{privilege, 0}, 0}}};
    BOOLEAN result = 9;
    EXPECT_EQ(status("NtPrivilegeCheck", copy, &set, &result), STATUS_SUCCESS);
    return result != 0;
  };
  EXPECT_TRUE(held(kChangeNotify));
  ULONG needed = 0;
  EXPECT_EQ(status("NtAdjustPrivilegesToken", copy, kNo, &wanted, 4u, &previous, &needed), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(needed, 16u);
  EXPECT_TRUE(held(kChangeNotify)) << "nothing is changed when the old state finds no room";
  EXPECT_EQ(status("NtAdjustPrivilegesToken", copy, kNo, &wanted, ULONG{sizeof previous}, &previous, &needed),
            STATUS_NOT_ALL_ASSIGNED);
  EXPECT_EQ(previous.count, 1u);
  EXPECT_EQ(previous.rows[0].Luid.LowPart, kChangeNotify);
  EXPECT_FALSE(held(kChangeNotify));
  EXPECT_FALSE(held(kTcb));
  EXPECT_EQ(status("NtAdjustPrivilegesToken", copy, kNo, &previous, 0u, static_cast<void*>(nullptr),
                   static_cast<ULONG*>(nullptr)),
            STATUS_SUCCESS);
  EXPECT_TRUE(held(kChangeNotify));
  status("NtClose", copy);
}

TEST_F(Tokens, MandatoryGroupsStay) {
  SID everyone = nt::kEveryone, stranger = nt::unix_group_sid(4'000'000'000);
  TOKEN_GROUPS wanted = {1, {{&everyone, 0}}};
  const auto adjust = [&] {
    return status("NtAdjustGroupsToken", token_, kNo, &wanted, 0u, static_cast<void*>(nullptr),
                  static_cast<ULONG*>(nullptr));
  };
  EXPECT_EQ(adjust(), STATUS_CANT_DISABLE_MANDATORY);
  wanted = {1, {{&everyone, SE_GROUP_ENABLED}}};
  EXPECT_EQ(adjust(), STATUS_SUCCESS);
  wanted = {1, {{&stranger, SE_GROUP_ENABLED}}};
  EXPECT_EQ(adjust(), STATUS_NOT_ALL_ASSIGNED);
}

TEST_F(Tokens, OwnerAndGroupMustBeTheUsers) {
  SID me = nt::unix_user_sid(geteuid()), everyone = nt::kEveryone;
  const auto set = [&](ULONG what, void* value) {
    return status("NtSetInformationToken", token_, what, &value, ULONG{sizeof value});
  };
  EXPECT_EQ(set(TokenOwner, &me), STATUS_SUCCESS);
  EXPECT_EQ(set(TokenOwner, &everyone), STATUS_INVALID_OWNER);
  SID stranger = nt::unix_group_sid(4'000'000'000), group = nt::unix_group_sid(getegid());
  EXPECT_EQ(set(TokenPrimaryGroup, &stranger), STATUS_INVALID_PRIMARY_GROUP);
  EXPECT_EQ(set(TokenPrimaryGroup, &group), STATUS_SUCCESS);
  EXPECT_EQ(set(TokenIntegrityLevel, &group), STATUS_INVALID_INFO_CLASS);
}

TEST_F(Tokens, AThreadImpersonatesItselfAndNobodyElse) {
  HANDLE own = nullptr;
  EXPECT_EQ(status("NtOpenThreadToken", kThread, TOKEN_QUERY, kNo, &own), STATUS_NO_TOKEN);
  ASSERT_EQ(status("RtlImpersonateSelf", ULONG{SecurityImpersonation}), STATUS_SUCCESS);
  ASSERT_EQ(status("NtOpenThreadToken", kThread, TOKEN_QUERY, kNo, &own), STATUS_SUCCESS);
  EXPECT_EQ(number(own, TokenType), 2u);
  status("NtClose", own);
  std::thread([] {
    process();
    HANDLE none = nullptr;
    EXPECT_EQ(status("NtOpenThreadToken", kThread, TOKEN_QUERY, kNo, &none), STATUS_NO_TOKEN);
    EXPECT_EQ(status("RtlImpersonateSelf", ULONG{SecurityAnonymous}), STATUS_SUCCESS);
    EXPECT_EQ(status("NtOpenThreadToken", kThread, TOKEN_QUERY, kNo, &none), STATUS_CANT_OPEN_ANONYMOUS);
  }).join();  // and its token goes with it

  const auto assign = [](HANDLE token) {
    return status("NtSetInformationThread", kThread, 5u, &token, ULONG{sizeof token});
  };
  EXPECT_EQ(assign(token_), STATUS_BAD_TOKEN_TYPE);
  HANDLE filtered = nullptr;
  ASSERT_EQ(status("NtFilterToken", token_, ULONG{DISABLE_MAX_PRIVILEGE}, static_cast<void*>(nullptr),
                   static_cast<void*>(nullptr), static_cast<void*>(nullptr), &filtered),
            STATUS_SUCCESS);
  const HANDLE weaker = duplicate(2, SecurityImpersonation, STATUS_SUCCESS, filtered);
  EXPECT_EQ(assign(weaker), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(assign(nullptr), STATUS_SUCCESS);
  EXPECT_EQ(status("NtOpenThreadToken", kThread, TOKEN_QUERY, kNo, &own), STATUS_NO_TOKEN);
  EXPECT_EQ(status("NtImpersonateAnonymousToken", kThread), STATUS_ACCESS_DENIED);
  status("NtClose", weaker);
  status("NtClose", filtered);
}

// --- access checks ---

class AccessChecks : public Tokens {
 protected:
  AccessChecks() {
    client_ = duplicate(2, SecurityIdentification);
    status("RtlCreateAcl", acl(), ULONG{sizeof room_}, 2u);
    status("RtlCreateSecurityDescriptor", &descriptor_, 1u);
    descriptor_.Owner = &stranger_;
    descriptor_.Group = &stranger_;
    descriptor_.Dacl = acl();
    descriptor_.Control = SE_DACL_PRESENT;
  }
  ~AccessChecks() override { status("NtClose", client_); }
  ACL* acl() { return reinterpret_cast<ACL*>(room_); }
  void allow(ACCESS_MASK mask, SID* sid) { status("RtlAddAccessAllowedAce", acl(), 2u, mask, sid); }
  void deny(ACCESS_MASK mask, SID* sid) { status("RtlAddAccessDeniedAce", acl(), 2u, mask, sid); }

  struct Answer {
    NTSTATUS call, status;
    ACCESS_MASK granted;
    bool operator==(const Answer&) const = default;
  };
  Answer check(ACCESS_MASK desired, HANDLE token = nullptr) {
    PRIVILEGE_SET privileges;
    ULONG size = sizeof privileges;
    Answer answer = {0, 0, 0};
    answer.call = status("NtAccessCheck", &descriptor_, token == nullptr ? client_ : token, desired, &mapping_,
                         &privileges, &size, &answer.granted, &answer.status);
    return answer;
  }
  static constexpr Answer granted(ACCESS_MASK mask) { return {STATUS_SUCCESS, STATUS_SUCCESS, mask}; }
  static constexpr Answer kDenied = {STATUS_SUCCESS, STATUS_ACCESS_DENIED, 0};

  HANDLE client_ = nullptr;
  SID stranger_ = nt::unix_user_sid(4'000'000'000), everyone_ = nt::kEveryone, me_ = nt::unix_user_sid(geteuid());
  alignas(4) std::byte room_[300] = {};
  SECURITY_DESCRIPTOR descriptor_;
  GENERIC_MAPPING mapping_ = {0x20001, 0x20002, 0x20004, 0xF00FF};
};

TEST_F(AccessChecks, TheFirstEntryThatSpeaksOfARightDecides) {
  deny(2, &me_);
  allow(3, &everyone_);
  EXPECT_EQ(check(1), granted(1));
  EXPECT_EQ(check(2), kDenied);
  EXPECT_EQ(check(3), kDenied);
  EXPECT_EQ(check(0x2000000), granted(1));  // MAXIMUM_ALLOWED
  EXPECT_EQ(check(0x2000002), kDenied);
}

TEST_F(AccessChecks, AnEmptyListAllowsNothingAndANullListEverything) {
  EXPECT_EQ(check(1), kDenied);
  EXPECT_EQ(check(0x2000000), kDenied);
  descriptor_.Dacl = nullptr;
  EXPECT_EQ(check(1), granted(1));
  EXPECT_EQ(check(0x2000000), granted(0xF00FF));
}

TEST_F(AccessChecks, OwnersReadAndChangeTheList) {
  descriptor_.Owner = &me_;
  EXPECT_EQ(check(0x60000), granted(0x60000));
  EXPECT_EQ(check(1), kDenied);
  SID owner_rights = nt::kOwnerRights;
  allow(0x20000, &owner_rights);
  EXPECT_EQ(check(0x20000), granted(0x20000));
  EXPECT_EQ(check(0x40000), kDenied);
}

TEST_F(AccessChecks, GenericRightsAreMappedInTheListAndRefusedInTheQuestion) {
  allow(0x80000000, &everyone_);
  EXPECT_EQ(check(0x20001), granted(0x20001));
  EXPECT_EQ(check(0x80000000).call, STATUS_GENERIC_NOT_MAPPED);
}

TEST_F(AccessChecks, QuestionsThatMakeNoSenseAreRefused) {
  allow(1, &everyone_);
  EXPECT_EQ(check(1, token_).call, STATUS_NO_IMPERSONATION_TOKEN);
  const HANDLE anonymous = duplicate(2, SecurityAnonymous);
  EXPECT_EQ(check(1, anonymous).call, STATUS_BAD_IMPERSONATION_LEVEL);
  status("NtClose", anonymous);
  descriptor_.Group = nullptr;
  EXPECT_EQ(check(1).call, STATUS_INVALID_SECURITY_DESCR);
  descriptor_.Group = &stranger_;
  PRIVILEGE_SET privileges;
  ULONG size = 8;
  ACCESS_MASK mask = 0;
  NTSTATUS result = 0;
  EXPECT_EQ(status("NtAccessCheck", &descriptor_, client_, 1u, &mapping_, &privileges, &size, &mask, &result),
            STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, sizeof privileges);
  EXPECT_EQ(check(0x1000001), (Answer{STATUS_SUCCESS, STATUS_PRIVILEGE_NOT_HELD, 0}));  // the SACL
}

TEST_F(AccessChecks, RestrictedTokensAreAskedTwice) {
  allow(3, &me_);
  allow(1, &everyone_);
  TOKEN_GROUPS restricting = {1, {{&everyone_, 0}}};
  HANDLE restricted = nullptr;
  ASSERT_EQ(status("NtFilterToken", client_, 0u, static_cast<void*>(nullptr), static_cast<void*>(nullptr), &restricting,
                   &restricted),
            STATUS_SUCCESS);
  EXPECT_EQ(check(3), granted(3));
  EXPECT_EQ(check(1, restricted), granted(1));
  EXPECT_EQ(check(2, restricted), kDenied);
  status("NtClose", restricted);
}

TEST_F(AccessChecks, DenyOnlyGroupsDenyAndAllowNothing) {
  TOKEN_GROUPS disabled = {1, {{&everyone_, 0}}};
  HANDLE filtered = nullptr;
  ASSERT_EQ(status("NtFilterToken", client_, 0u, &disabled, static_cast<void*>(nullptr), static_cast<void*>(nullptr),
                   &filtered),
            STATUS_SUCCESS);
  EXPECT_TRUE(in_group(filtered, nt::kEveryone, SE_GROUP_USE_FOR_DENY_ONLY));
  deny(2, &everyone_);
  allow(1, &everyone_);
  allow(2, &me_);
  EXPECT_EQ(check(1), granted(1));
  EXPECT_EQ(check(1, filtered), kDenied);
  EXPECT_EQ(check(2, filtered), kDenied);
  status("NtClose", filtered);
}

TEST_F(AccessChecks, ALabelAboveTheTokenForbidsWriting) {
  allow(3, &everyone_);
  SID system_label = nt::integrity_sid(0x4000);
  alignas(4) std::byte labels[64] = {};
  auto* const sacl = reinterpret_cast<ACL*>(labels);
  status("RtlCreateAcl", sacl, ULONG{sizeof labels}, 2u);
  ASSERT_EQ(status("RtlAddMandatoryAce", sacl, 2u, 0u, 1u, 0x11u, &system_label), STATUS_SUCCESS);
  descriptor_.Sacl = sacl;
  descriptor_.Control |= SE_SACL_PRESENT;
  EXPECT_EQ(check(1), granted(1));
  EXPECT_EQ(check(2), kDenied);
}

// --- descriptors of new objects ---

using NewObjects = AccessChecks;

TEST_F(NewObjects, InheritWhatTheirDirectoryPassesOn) {
  SID creator_owner = nt::kCreatorOwner;
  status("RtlAddAccessAllowedAceEx", acl(), 2u, 0x3u, 0x80000000u, &creator_owner);  // to files and directories
  status("RtlAddAccessAllowedAceEx", acl(), 2u, 0x2u, 1u, &everyone_);               // to directories
  status("RtlAddAccessAllowedAceEx", acl(), 2u, 0x0u, 2u, &everyone_);               // to nobody
  const auto make = [&](BOOLEAN container, ULONG flags) {
    SECURITY_DESCRIPTOR* made = nullptr;
    EXPECT_EQ(status("RtlNewSecurityObjectEx", &descriptor_, static_cast<void*>(nullptr), &made,
                     static_cast<GUID*>(nullptr), container, flags, token_, &mapping_),
              STATUS_SUCCESS);
    return made;
  };
  SECURITY_DESCRIPTOR* file = make(kNo, SEF_DACL_AUTO_INHERIT);
  BOOLEAN present = 0, defaulted = 0;
  ACL* list = nullptr;
  ASSERT_EQ(status("RtlGetDaclSecurityDescriptor", file, &present, &list, &defaulted), STATUS_SUCCESS);
  EXPECT_TRUE((file->Control & SE_DACL_AUTO_INHERITED) != 0);
  auto entries = nt::entries_of(*list);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0]->AceFlags, INHERITED_ACE);
  EXPECT_EQ(nt::known(*entries[0]).mask, 0x20001u);
  EXPECT_TRUE(nt::equal(*nt::known(*entries[0]).sid, me_));
  status("RtlDeleteSecurityObject", &file);
  EXPECT_EQ(file, nullptr);

  SECURITY_DESCRIPTOR* directory = make(kYes, 0);
  ASSERT_EQ(status("RtlGetDaclSecurityDescriptor", directory, &present, &list, &defaulted), STATUS_SUCCESS);
  entries = nt::entries_of(*list);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0]->AceFlags, 0);                                                              // for itself
  EXPECT_EQ(entries[1]->AceFlags, INHERIT_ONLY_ACE | OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);  // for its children
  EXPECT_TRUE(nt::equal(*nt::known(*entries[1]).sid, creator_owner));
  EXPECT_EQ(entries[2]->AceFlags, CONTAINER_INHERIT_ACE);
  status("RtlDeleteSecurityObject", &directory);
}

TEST_F(NewObjects, HaveTheTokensDefaultsWhenNobodySaysAnything) {
  SECURITY_DESCRIPTOR* made = nullptr;
  ASSERT_EQ(status("RtlNewSecurityObject", static_cast<void*>(nullptr), static_cast<void*>(nullptr), &made, kNo, token_,
                   &mapping_),
            STATUS_SUCCESS);
  SID* owner = nullptr;
  BOOLEAN defaulted = 0;
  status("RtlGetOwnerSecurityDescriptor", made, &owner, &defaulted);
  EXPECT_TRUE(nt::equal(*owner, me_));
  EXPECT_TRUE((made->Control & SE_DACL_PRESENT) != 0);
  status("RtlDeleteSecurityObject", &made);
  made = nullptr;
  ASSERT_EQ(
      status("RtlNewSecurityObjectWithMultipleInheritance", static_cast<void*>(nullptr), static_cast<void*>(nullptr),
             &made, static_cast<const GUID* const*>(nullptr), ULONG{0}, kNo, ULONG{0}, token_, &mapping_),
      STATUS_SUCCESS);
  status("RtlGetOwnerSecurityDescriptor", made, &owner, &defaulted);
  EXPECT_TRUE(nt::equal(*owner, me_));
  status("RtlDeleteSecurityObject", &made);
  descriptor_.Revision = 7;
  EXPECT_EQ(status("RtlNewSecurityObject", &descriptor_, static_cast<void*>(nullptr), &made, kNo, token_, &mapping_),
            STATUS_UNKNOWN_REVISION);
}

TEST_F(NewObjects, CanBeToldApartFromWhatTheyInherited) {
  status("RtlAddAccessAllowedAceEx", acl(), 2u, 0x1u, 1u, &everyone_);
  alignas(4) std::byte own_room[100] = {};
  auto* const own = reinterpret_cast<ACL*>(own_room);
  status("RtlCreateAcl", own, ULONG{sizeof own_room}, 2u);
  status("RtlAddAccessAllowedAce", own, 2u, 1u, &everyone_);
  status("RtlAddAccessAllowedAce", own, 2u, 2u, &me_);
  SECURITY_DESCRIPTOR child = descriptor_;
  child.Dacl = own;
  const auto convert = [&](SECURITY_DESCRIPTOR** result) {
    return status("RtlConvertToAutoInheritSecurityObject", &descriptor_, &child, result, static_cast<GUID*>(nullptr),
                  kNo, &mapping_);
  };
  SECURITY_DESCRIPTOR* made = nullptr;
  ASSERT_EQ(convert(&made), STATUS_SUCCESS);
  BOOLEAN present = 0, defaulted = 0;
  ACL* list = nullptr;
  status("RtlGetDaclSecurityDescriptor", made, &present, &list, &defaulted);
  auto entries = nt::entries_of(*list);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]->AceFlags, 0);  // its own first
  EXPECT_EQ(entries[1]->AceFlags, INHERITED_ACE);
  EXPECT_FALSE((made->Control & SE_DACL_PROTECTED) != 0);
  status("RtlDeleteSecurityObject", &made);
  status("RtlDeleteAce", own, 0u);  // no heir any more
  ASSERT_EQ(convert(&made), STATUS_SUCCESS);
  EXPECT_TRUE((made->Control & SE_DACL_PROTECTED) != 0);
  status("RtlDeleteSecurityObject", &made);
}

// --- the security of objects ---

class ObjectSecurity : public Tokens {
 protected:
  static std::vector<std::byte> security(HANDLE handle, SECURITY_INFORMATION what) {
    ULONG needed = 0;
    EXPECT_EQ(status("NtQuerySecurityObject", handle, what, static_cast<void*>(nullptr), 0u, &needed),
              STATUS_BUFFER_TOO_SMALL);
    std::vector<std::byte> out(needed);
    EXPECT_EQ(status("NtQuerySecurityObject", handle, what, out.data(), needed, &needed), STATUS_SUCCESS);
    return out;
  }
};

TEST_F(ObjectSecurity, OfAnEventIsWhatWasSet) {
  const HANDLE event =
      *nt::handles().insert(nt::make_object<nt::Event>(nt::Event::Kind::notification, false), nt::EVENT_ALL_ACCESS);
  auto before = security(event, 7);
  auto* const descriptor = reinterpret_cast<SECURITY_DESCRIPTOR*>(before.data());
  SID* owner = nullptr;
  BOOLEAN flag = 0;
  status("RtlGetOwnerSecurityDescriptor", descriptor, &owner, &flag);
  EXPECT_TRUE(nt::equal(*owner, nt::unix_user_sid(geteuid())));

  SECURITY_DESCRIPTOR open_to_all;
  status("RtlCreateSecurityDescriptor", &open_to_all, 1u);
  status("RtlSetDaclSecurityDescriptor", &open_to_all, kYes, static_cast<ACL*>(nullptr), kNo);
  ASSERT_EQ(status("NtSetSecurityObject", event, ULONG{DACL_SECURITY_INFORMATION}, &open_to_all), STATUS_SUCCESS);
  EXPECT_EQ(status("NtSetSecurityObject", event, ULONG{OWNER_SECURITY_INFORMATION}, &open_to_all),
            STATUS_INVALID_OWNER);
  EXPECT_EQ(status("NtSetSecurityObject", event, ULONG{SACL_SECURITY_INFORMATION}, &open_to_all), STATUS_ACCESS_DENIED);
  const auto after = security(event, 7);
  BOOLEAN present = 0;
  ACL* list = nullptr;
  status("RtlGetDaclSecurityDescriptor", after.data(), &present, &list, &flag);
  EXPECT_TRUE(present);
  EXPECT_EQ(list, nullptr);
  status("NtClose", event);

  const HANDLE poor =
      *nt::handles().insert(nt::make_object<nt::Event>(nt::Event::Kind::notification, false), nt::SYNCHRONIZE);
  ULONG needed = 0;
  EXPECT_EQ(status("NtQuerySecurityObject", poor, 7u, static_cast<void*>(nullptr), 0u, &needed), STATUS_ACCESS_DENIED);
  status("NtClose", poor);
}

TEST_F(ObjectSecurity, OfAFileIsItsModeInBothDirections) {
  const auto path = std::filesystem::temp_directory_path() / ("hmodule_security_" + std::to_string(getpid()));
  std::ofstream(path) << "x";
  const std::u16string name = u"\\??\\Z:" + path.u16string();
  std::u16string native = name;
  for (auto& unit : native)
    if (unit == u'/') unit = u'\\';
  UNICODE_STRING string = {static_cast<USHORT>(native.size() * 2), static_cast<USHORT>(native.size() * 2),
                           native.data()};
  OBJECT_ATTRIBUTES attributes = {sizeof attributes, nullptr, &string, nt::OBJ_CASE_INSENSITIVE, nullptr, nullptr};
  HANDLE file = nullptr;
  IO_STATUS_BLOCK io;
  ASSERT_EQ(status("NtOpenFile", &file, 0x60000u /* READ_CONTROL | WRITE_DAC */, &attributes, &io, 7u, 0u),
            STATUS_SUCCESS);
  for (const mode_t mode : {0644u, 0600u, 0755u, 0604u, 0070u, 0007u, 0462u, 0777u, 0000u}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    auto bytes = security(file, 7);
    EXPECT_TRUE(call<BOOLEAN>("RtlValidSecurityDescriptor", bytes.data()));
    ASSERT_EQ(chmod(path.c_str(), 0444), 0);
    ASSERT_EQ(status("NtSetSecurityObject", file, ULONG{DACL_SECURITY_INFORMATION}, bytes.data()), STATUS_SUCCESS);
    struct stat facts = {};
    stat(path.c_str(), &facts);
    EXPECT_EQ(facts.st_mode & 0777, mode) << std::oct << mode;
  }
  auto bytes = security(file, OWNER_SECURITY_INFORMATION);
  SID* owner = nullptr;
  BOOLEAN flag = 0;
  status("RtlGetOwnerSecurityDescriptor", bytes.data(), &owner, &flag);
  EXPECT_TRUE(nt::equal(*owner, nt::unix_user_sid(geteuid())));
  EXPECT_EQ(status("NtSetSecurityObject", file, ULONG{OWNER_SECURITY_INFORMATION}, bytes.data()), STATUS_ACCESS_DENIED);
  status("NtClose", file);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace hmodule::winapi
