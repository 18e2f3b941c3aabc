#include "nt/object_security.h"

#include "nt/access_check.h"
#include "nt/acl.h"
#include "nt/file.h"
#include "nt/file_facts.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "win/ntioapi.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>

namespace hmodule::nt {
namespace {

using Descriptor = std::shared_ptr<const std::vector<std::byte>>;

// Next to no object has one.
struct KeptDescriptors {
  KernelMutex mutex;
  std::map<const Object*, Descriptor> descriptors;
  std::atomic<std::size_t> count{0};
};
KeptDescriptors& kept() {
  static auto& table = *new KeptDescriptors;  // objects die after static destructors have run
  return table;
}
Descriptor kept_for(const Object& object) {
  KeptDescriptors& table = kept();
  if (table.count == 0) return nullptr;
  const std::lock_guard lock(table.mutex);
  const auto entry = table.descriptors.find(&object);
  return entry == table.descriptors.end() ? nullptr : entry->second;
}
void keep(const Object& object, std::vector<std::byte> descriptor) {
  KeptDescriptors& table = kept();
  const std::lock_guard lock(table.mutex);
  table.descriptors.insert_or_assign(&object, std::make_shared<const std::vector<std::byte>>(std::move(descriptor)));
  table.count = table.descriptors.size();
}

const SECURITY_DESCRIPTOR* as_descriptor(const std::vector<std::byte>& bytes) {
  return reinterpret_cast<const SECURITY_DESCRIPTOR*>(bytes.data());
}
ACL* as_acl(std::vector<std::byte>& bytes) {
  return bytes.empty() ? nullptr : reinterpret_cast<ACL*>(bytes.data());
}

// Takes the parts that `what` names from `source`, and leaves the others as they are in `target`.
void replace_parts(SecurityParts& target, const SecurityParts& source, SECURITY_INFORMATION what) {
  const auto take_control = [&](SECURITY_DESCRIPTOR_CONTROL bits) {
    target.control = static_cast<WORD>((target.control & ~bits) | (source.control & bits));
  };
  if ((what & OWNER_SECURITY_INFORMATION) != 0) {
    target.owner = source.owner;
    take_control(SE_OWNER_DEFAULTED);
  }
  if ((what & GROUP_SECURITY_INFORMATION) != 0) {
    target.group = source.group;
    take_control(SE_GROUP_DEFAULTED);
  }
  if ((what & DACL_SECURITY_INFORMATION) != 0) {
    target.dacl = source.dacl;
    take_control(SE_DACL_PRESENT | SE_DACL_DEFAULTED | SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED);
  }
  if ((what & (SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)) != 0) {
    target.sacl = source.sacl;
    take_control(SE_SACL_PRESENT | SE_SACL_DEFAULTED | SE_SACL_PROTECTED | SE_SACL_AUTO_INHERITED);
  }
}

// --- files ---

constexpr GENERIC_MAPPING kFileMapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};

// The rights that a permission bit (4, 2, 1) gives, and those of them that no other bit gives: what can be denied
// without taking anything from another bit. Who may write a file may delete it too: Linux asks the directory, which
// a file's list cannot say.
struct ModeRights {
  unsigned bit;
  ACCESS_MASK given, own;
};
constexpr ACCESS_MASK kReadData = 0x1, kWriteData = 0x2, kAppendData = 0x4, kReadEa = 0x8, kWriteEa = 0x10,
                      kExecute = 0x20, kDeleteChild = 0x40, kReadAttributes = 0x80, kWriteAttributes = 0x100;
constexpr ModeRights kModeRights[] = {
    {4, FILE_GENERIC_READ, kReadData | kReadEa},
    {2, FILE_GENERIC_WRITE | DELETE_ACCESS | kDeleteChild,
     kWriteData | kAppendData | kWriteEa | kWriteAttributes | kDeleteChild | DELETE_ACCESS},
    {1, FILE_GENERIC_EXECUTE, kExecute},
};

ACCESS_MASK rights_of(unsigned mode, ACCESS_MASK ModeRights::*member) {
  ACCESS_MASK rights = 0;
  for (const ModeRights& row : kModeRights)
    if ((mode & row.bit) != 0) rights |= row.*member;
  return rights;
}
unsigned mode_from(ACCESS_MASK rights) {
  unsigned mode = 0;
  if ((rights & kReadData) != 0) mode |= 4;
  if ((rights & kWriteData) != 0) mode |= 2;
  if ((rights & kExecute) != 0) mode |= 1;
  return mode;
}

Result<std::vector<std::byte>> dacl_of_mode(unsigned mode, const SID& owner, const SID& group) {
  const unsigned classes[] = {mode >> 6 & 7, mode >> 3 & 7, mode & 7};
  const SID* const sids[] = {&owner, &group, &kEveryone};
  // What each class gets in any case. The owner may change the mode (the list, that is), but give the file to nobody.
  const ACCESS_MASK always[] = {READ_CONTROL | SYNCHRONIZE | WRITE_DAC | kReadAttributes | kWriteAttributes,
                                READ_CONTROL, 0};
  AclBuilder list;
  for (int i = 0; i < 3; ++i) {
    unsigned later = 0;
    for (int j = i + 1; j < 3; ++j) later |= classes[j];
    if (const ACCESS_MASK denied = rights_of(later & ~classes[i], &ModeRights::own) & ~always[i]; denied != 0)
      list.add({.type = ACCESS_DENIED_ACE_TYPE, .mask = denied, .sid = sids[i]});
    ACCESS_MASK allowed = rights_of(classes[i], &ModeRights::given) | always[i];
    if (i == 0 && classes[i] == 7) allowed = FILE_ALL_ACCESS;
    if (allowed != 0) list.add({.mask = allowed, .sid = sids[i]});
  }
  return list.finish();
}

unsigned mode_of_dacl(const ACL* dacl, const SID& owner, const SID& group) {
  const auto bits = [dacl](std::initializer_list<SID> sids) {
    std::vector<Token::Group> who;
    for (const SID& sid : sids) who.push_back({sid, SE_GROUP_ENABLED});
    return mode_from(allowed_by(dacl, who, kFileMapping));
  };
  return bits({owner, kCreatorOwner, kEveryone, kAuthenticatedUsers, kUsers}) << 6 |
         bits({group, kCreatorGroup, kEveryone, kAuthenticatedUsers, kUsers}) << 3 |
         bits({kEveryone, kAuthenticatedUsers, kUsers});
}

struct stat stat_of(const File& file) {
  struct stat facts = {};
  // A directory that exists for Windows only is root's.
  if (file.descriptor() < 0 || fstat(file.descriptor(), &facts) != 0) facts.st_mode = S_IFDIR | 0755;
  return facts;
}

Result<std::vector<std::byte>> security_of_file(const File& file, SECURITY_INFORMATION what) {
  const struct stat facts = stat_of(file);
  SID owner = unix_user_sid(facts.st_uid), group = unix_group_sid(facts.st_gid);
  std::vector<std::byte> dacl = TRY(dacl_of_mode(facts.st_mode, owner, group));
  SecurityParts all = {.control = SE_DACL_PRESENT, .owner = &owner, .group = &group, .dacl = as_acl(dacl)}, chosen;
  replace_parts(chosen, all, what);
  return self_relative(chosen);
}

Status set_security_of_file(const File& file, SECURITY_INFORMATION what, const SecurityParts& wanted) {
  if ((what & (SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)) != 0)
    return fail(STATUS_PRIVILEGE_NOT_HELD, "Linux files have no audit list and no label");
  if (file.descriptor() < 0) return fail(STATUS_ACCESS_DENIED, "a directory that Linux does not have");
  const struct stat before = stat_of(file);
  uid_t uid = before.st_uid;
  gid_t gid = before.st_gid;
  if ((what & OWNER_SECURITY_INFORMATION) != 0) {
    const auto user = wanted.owner == nullptr ? std::nullopt : unix_user_of(*wanted.owner);
    if (!user) return fail(STATUS_INVALID_OWNER, "the owner is no Linux user");
    uid = *user;
  }
  if ((what & GROUP_SECURITY_INFORMATION) != 0) {
    const auto group = wanted.group == nullptr ? std::nullopt : unix_group_of(*wanted.group);
    if (!group) return fail(STATUS_INVALID_PRIMARY_GROUP, "the group is no Linux group");
    gid = *group;
  }
  const std::string path = descriptor_path(file.descriptor());  // it may be an O_PATH descriptor
  if ((uid != before.st_uid || gid != before.st_gid) && chown(path.c_str(), uid, gid) != 0)
    return fail_errno("chown", path);
  if ((what & DACL_SECURITY_INFORMATION) != 0) {
    const unsigned mode = mode_of_dacl(wanted.dacl, unix_user_sid(uid), unix_group_sid(gid));
    if (chmod(path.c_str(), (before.st_mode & 07000) | mode) != 0) return fail_errno("chmod", path);
  }
  return ok;
}

// --- all others ---

// Everything the object has, in memory that `storage` owns.
Result<SecurityParts> all_parts(Object& object, const Token::Facts& token, std::vector<std::byte>& storage) {
  if (const Descriptor set = kept_for(object)) {
    storage = *set;
  } else {
    std::vector<std::byte> dacl;
    Token::Facts facts = token;
    if (!facts.default_dacl.empty()) {
      const ObjectType& type = object.type();
      const GENERIC_MAPPING mapping = {type.read, type.write, type.execute, type.all};
      AclBuilder list;
      for (const ACE_HEADER* ace : entries_of(*as_acl(facts.default_dacl))) {
        const KnownAce entry = known(*ace);
        if (entry.sid != nullptr)
          list.add({.type = ace->AceType,
                    .flags = ace->AceFlags,
                    .mask = map_generic(entry.mask, mapping),
                    .sid = entry.sid});
      }
      dacl = TRY(list.finish());
    }
    storage = self_relative(
        {.control = SE_DACL_PRESENT, .owner = &facts.owner, .group = &facts.primary_group, .dacl = as_acl(dacl)});
  }
  return parts_of(as_descriptor(storage));
}

bool is_file(const Object& object) {
  return &object.type() == &File::kType;
}

}  // namespace

Result<std::vector<std::byte>> security_of(Object& object, SECURITY_INFORMATION what, const Token::Facts& token) {
  if (is_file(object)) return security_of_file(static_cast<File&>(object), what);
  std::vector<std::byte> storage;
  const SecurityParts all = TRY(all_parts(object, token, storage));
  SecurityParts chosen;
  replace_parts(chosen, all, what);
  return self_relative(chosen);
}

Status set_security(Object& object, SECURITY_INFORMATION what, const SECURITY_DESCRIPTOR* descriptor,
                    const Token::Facts& token) {
  const SecurityParts wanted = TRY(parts_of(descriptor));
  if (!is_valid(descriptor)) return fail(STATUS_INVALID_SECURITY_DESCR, "a part of the descriptor is invalid");
  if (is_file(object)) return set_security_of_file(static_cast<File&>(object), what, wanted);
  if ((what & OWNER_SECURITY_INFORMATION) != 0 && wanted.owner == nullptr)
    return fail(STATUS_INVALID_OWNER, "no owner to set");
  if ((what & GROUP_SECURITY_INFORMATION) != 0 && wanted.group == nullptr)
    return fail(STATUS_INVALID_PRIMARY_GROUP, "no group to set");
  std::vector<std::byte> storage;
  SecurityParts all = TRY(all_parts(object, token, storage));
  replace_parts(all, wanted, what);
  keep(object, self_relative(all));
  return ok;
}

void forget_security(const Object& object) {
  KeptDescriptors& table = kept();
  if (table.count == 0) return;
  const std::lock_guard lock(table.mutex);
  table.descriptors.erase(&object);
  table.count = table.descriptors.size();
}

}  // namespace hmodule::nt
