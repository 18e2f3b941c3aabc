#include "nt/names.h"

#include "base/utf.h"
#include "nt/event.h"
#include "nt/kernel_section.h"
#include "nt/mutant.h"
#include "nt/section.h"
#include "nt/semaphore.h"
#include "nt/session.h"
#include "nt/timer.h"

#include <unistd.h>

#include <atomic>
#include <mutex>

namespace hmodule::nt {
namespace {

constexpr unsigned kMaximumLinks = 32;
constexpr char16_t kUnnamed = u'\\';  // begins the session's names of objects without one; nobody can ask for these

KernelMutex& names_mutex() {
  static auto* mutex = new KernelMutex;
  return *mutex;
}

class NamesLock {
 public:
  NamesLock() { names_mutex().lock(); }
  ~NamesLock() { names_mutex().unlock(); }
  NamesLock(const NamesLock&) = delete;
  NamesLock& operator=(const NamesLock&) = delete;
};

}  // namespace

// The tree and the walk through it. All functions want the names lock held.
class NameSpace {
 public:
  struct Place {
    Ref<Directory> directory;
    std::u16string leaf;
  };

  static NameSpace& instance() {
    static auto* names = new NameSpace;
    return *names;
  }

  // Where `attributes` points: the last directory of the way, and the last name.
  Result<Place> walk(const ObjectAttributes& attributes) {
    std::u16string path(attributes.name);
    Ref<Directory> directory = root_;
    if (attributes.root != nullptr) {
      directory = TRY(object_of<Directory>(attributes.root, 0));
      if (path.starts_with(u'\\'))
        return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: absolute, but given with a root directory", utf8(path));
    } else {
      if (!path.starts_with(u'\\'))
        return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: not absolute, and there is no root directory", utf8(path));
      path.erase(0, 1);
    }
    const bool ignore_case = (attributes.attributes & OBJ_CASE_INSENSITIVE) != 0;
    for (unsigned links = 0; links < kMaximumLinks;) {
      const std::size_t end = path.find(u'\\');
      if (end == path.npos) return Place{std::move(directory), std::move(path)};
      Object* const next = directory->find(std::u16string_view(path).substr(0, end), ignore_case);
      path.erase(0, end + 1);
      if (next == nullptr) break;
      if (&next->type() == &Directory::kType) {
        directory = Ref<Directory>::share(static_cast<Directory&>(*next));
      } else if (&next->type() == &SymbolicLink::kType) {
        path = static_cast<SymbolicLink*>(next)->target().substr(1) + u'\\' + path;
        directory = root_;
        ++links;
      } else {
        break;
      }
    }
    return fail(STATUS_OBJECT_PATH_NOT_FOUND, "{}: no such object directory", utf8(attributes.name));
  }

  // The object at `place`, which follows symbolic links unless one is what is asked for.
  Result<Ref<Object>> find(Place& place, ULONG attributes, const ObjectType& type) {
    if (place.leaf.empty()) return Ref<Object>(place.directory);
    const bool ignore_case = (attributes & OBJ_CASE_INSENSITIVE) != 0;
    Object* const object = place.directory->find(place.leaf, ignore_case);
    if (object == nullptr) return TRY(find_shared(place, ignore_case));
    if (&object->type() == &SymbolicLink::kType && &type != &SymbolicLink::kType && (attributes & OBJ_OPENLINK) == 0) {
      place = TRY(walk({nullptr, static_cast<SymbolicLink*>(object)->target(), attributes}));
      return find(place, attributes | OBJ_OPENLINK, type);
    }
    return Ref<Object>::share(*object);
  }

  Result<Ref<Object>> find_in_session(std::u16string_view name) {
    Place place = {Ref<Directory>::share(*shared_), std::u16string(name)};
    if (Object* const known = shared_->find(name, false)) return Ref<Object>::share(*known);
    Ref<Object> object = TRY(find_shared(place, false));
    if (!object) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: not in the session", utf8(name));
    if (!name.starts_with(kUnnamed)) shared_->insert(name, *object);
    return object;
  }

  // False when another process has just made an object of that name.
  Result<bool> insert(const Place& place, Object& object, bool permanent) {
    if (shares(place) && !permanent) {
      if (const auto facts = object.facts_to_share()) {
        auto shared = TRY(session::publish(place.leaf, *facts));
        if (!shared) return false;
        object.share(std::move(shared));
      }
    }
    place.directory->insert(place.leaf, object);
    object.permanent_ = permanent;
    return true;
  }
  // Makes a handle, and counts it before the lock is gone, so that the name cannot be lost in between.
  // Who stands for an object of another process gets its name here: it goes with the last handle.
  static void reserve_handle(const Place& place, Object& object) {
    if (object.directory_ == nullptr && !place.leaf.empty()) place.directory->insert(place.leaf, object);
    object.handle_opened();
  }
  static Result<HANDLE> redeem_handle(const Ref<Object>& object, ACCESS_MASK access, ULONG attributes) {
    auto handle = handles().insert(object, access, attributes);
    object->handle_closed();
    return handle;
  }
  static void set_permanent(Object& object, bool permanent) { object.permanent_ = permanent; }
  HANDLE base_named_objects() const { return base_; }
  Directory& root() { return *root_; }

 private:
  NameSpace() {
    Directory& sessions = directory(*root_, u"Sessions");
    Directory& session = directory(sessions, u"1");
    Directory& base = directory(session, u"BaseNamedObjects");
    Directory& global = directory(*root_, u"BaseNamedObjects");
    for (const char16_t* name : {u"KernelObjects", u"Device", u"Driver", u"KnownDlls", u"RPC Control", u"Windows"})
      directory(*root_, name);
    // Both prefixes lead to one directory: one session is all there is in one process.
    for (const char16_t* prefix : {u"Local", u"Global"}) link(global, prefix, u"\\BaseNamedObjects");
    for (const char16_t* prefix : {u"Local", u"Global"}) link(base, prefix, u"\\BaseNamedObjects");
    shared_ = &global;
    base_ = *handles().insert(Ref<Directory>::share(global), Directory::kType.all);
  }

  // Names directly below \BaseNamedObjects are the user's, not the process's.
  bool shares(const Place& place) const { return place.directory.get() == shared_ && session::join(); }
  // An object that another process has made gets one here that stands for it.
  Result<Ref<Object>> find_shared(const Place& place, bool ignore_case) {
    if (!shares(place)) return Ref<Object>();
    auto shared = session::open(place.leaf, ignore_case);
    if (!shared) return Ref<Object>();
    Ref<Object> object = TRY(object_for(*shared));
    object->share(std::move(shared));
    return object;
  }
  static Result<Ref<Object>> object_for(const SharedObject& shared) {
    const SharedFacts facts = shared.facts();
    switch (facts.kind) {
      case SharedKind::event:
        return Ref<Object>(
            make_object<Event>(facts.variant == 1 ? Event::Kind::synchronization : Event::Kind::notification, false));
      case SharedKind::mutant:
        return Ref<Object>(make_object<Mutant>(nullptr));
      case SharedKind::semaphore:
        return Ref<Object>(make_object<Semaphore>(0, static_cast<LONG>(facts.maximum)));
      case SharedKind::timer:
        return Ref<Object>(
            make_object<Timer>(facts.variant == 1 ? Timer::Kind::synchronization : Timer::Kind::notification));
      case SharedKind::section:
        return Ref<Object>(TRY(Section::of_other_process(shared)));
    }
    return fail(STATUS_INTERNAL_ERROR, "a shared object of kind {}", static_cast<unsigned>(facts.kind));
  }

  // The fixed part of the tree keeps its references for ever.
  static Directory& directory(Directory& parent, std::u16string_view name) {
    Directory& child = *make_object<Directory>().detach();
    parent.insert(name, child);
    return child;
  }
  static void link(Directory& parent, std::u16string_view name, std::u16string_view target) {
    parent.insert(name, *make_object<SymbolicLink>(target).detach());
  }

  const Ref<Directory> root_ = make_object<Directory>();
  Directory* shared_ = nullptr;
  HANDLE base_ = nullptr;
};

const ObjectType Directory::kType = {u"Directory", 0x20003, 0x2000C, 0x20003, 0xF000F};
const ObjectType SymbolicLink::kType = {u"SymbolicLink", 0x20001, 0x20000, 0x20001, 0xF0001};

Object* Directory::find(std::u16string_view name, bool ignore_case) const {
  if (!ignore_case) {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : found->second;
  }
  for (const auto& [entry, object] : entries_)
    if (equal_ignoring_case(entry, name)) return object;
  return nullptr;
}

void Directory::insert(std::u16string_view name, Object& object) {
  entries_.emplace(name, &object);
  object.name_ = name;
  object.directory_ = Ref<Directory>::share(*this).detach();
}

void Directory::remove(Object& object) {
  entries_.erase(object.name_);
  object.name_.clear();
  object.directory_ = nullptr;
}

std::vector<Directory::Listing> Directory::list() const {
  const NamesLock lock;
  std::vector<Listing> listing;
  for (const auto& [name, object] : entries_) listing.push_back({name, std::u16string(object->type().name)});
  return listing;
}

std::u16string Object::name() const {
  const NamesLock lock;
  return name_;
}

std::u16string Object::full_name() const {
  const NamesLock lock;
  std::u16string path;
  for (const Object* object = this; object != nullptr && object->directory_ != nullptr; object = object->directory_)
    path = u'\\' + object->name_ + path;
  return path;
}

// The count and the name go in one step, so that nobody opens by name what is being taken down.
void Object::handle_closed() noexcept {
  Directory* directory = nullptr;
  {
    const NamesLock lock;
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    directory = directory_;
    if (directory != nullptr && permanent_) return;
    if (directory != nullptr) {
      directory->remove(*this);
      name_lost();
    }
  }
  last_handle_closed();
  if (directory != nullptr) directory->release();
}

Result<ObjectAttributes> attributes_from(const OBJECT_ATTRIBUTES* attributes) {
  if (attributes == nullptr) return ObjectAttributes{};
  if (attributes->Length != sizeof(OBJECT_ATTRIBUTES))
    return fail(STATUS_INVALID_PARAMETER, "OBJECT_ATTRIBUTES of {} bytes, not {}", attributes->Length,
                sizeof(OBJECT_ATTRIBUTES));
  ObjectAttributes result{attributes->RootDirectory, {}, attributes->Attributes};
  if (const UNICODE_STRING* const name = attributes->ObjectName; name != nullptr && name->Length != 0) {
    if (name->Buffer == nullptr) return fail(STATUS_ACCESS_VIOLATION, "the object's name has no buffer");
    if (name->Length % 2 != 0) return fail(STATUS_OBJECT_NAME_INVALID, "the object's name has half a character");
    result.name = {name->Buffer, name->Length / sizeof(WCHAR)};
  }
  return result;
}

namespace {

// An object that gets a child is in the session from its birth: later there may be waiters. What finds no place there
// stays with its process.
void share_with_children(Object& object) {
  static std::atomic<unsigned> count{0};
  const auto facts = object.facts_to_share();
  if (!facts || !session::join()) return;
  const std::string name = fmt::format("{}.{}", ::getpid(), count.fetch_add(1));
  auto shared = session::publish(kUnnamed + utf16(name), *facts);
  if (shared && *shared) object.share(*std::move(shared));
}

}  // namespace

Result<Created> create_object(const ObjectType& type, const ObjectAttributes& attributes, ACCESS_MASK access,
                              const std::function<Ref<Object>()>& make) {
  Ref<Object> object = make();  // before the lock: it may be dear, and it may be for nothing
  if (attributes.name.empty()) {
    if ((attributes.attributes & OBJ_INHERIT) != 0) share_with_children(*object);
    return Created{TRY(handles().insert(std::move(object), access, attributes.attributes)), false};
  }

  bool existed = false;
  {
    NameSpace& names = NameSpace::instance();
    const NamesLock lock;
    NameSpace::Place place = TRY(names.walk(attributes));
    do {
      if (Ref<Object> other = TRY(names.find(place, attributes.attributes, type))) {
        if (&other->type() != &type)
          return fail(
              (attributes.attributes & OBJ_OPENIF) != 0 ? STATUS_OBJECT_TYPE_MISMATCH : STATUS_OBJECT_NAME_COLLISION,
              "{}: exists, and is of another type", utf8(attributes.name));
        if ((attributes.attributes & OBJ_OPENIF) == 0)
          return fail(STATUS_OBJECT_NAME_COLLISION, "{}: exists", utf8(attributes.name));
        existed = true;
        object = std::move(other);
      }
    } while (!existed && !TRY(names.insert(place, *object, (attributes.attributes & OBJ_PERMANENT) != 0)));
    NameSpace::reserve_handle(place, *object);
  }
  return Created{TRY(NameSpace::redeem_handle(object, access, attributes.attributes)), existed};
}

Result<Ref<Object>> object_in_session(std::u16string_view name) {
  NameSpace& names = NameSpace::instance();
  const NamesLock lock;
  return names.find_in_session(name);
}

Result<HANDLE> open_object(const ObjectType& type, const ObjectAttributes& attributes, ACCESS_MASK access) {
  if (attributes.name.empty() && attributes.root == nullptr)
    return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "an object without a name cannot be opened");
  Ref<Object> object;
  {
    NameSpace& names = NameSpace::instance();
    const NamesLock lock;
    NameSpace::Place place = TRY(names.walk(attributes));
    object = TRY(names.find(place, attributes.attributes, type));
    if (!object) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no such object", utf8(attributes.name));
    if (&object->type() != &type)
      return fail(STATUS_OBJECT_TYPE_MISMATCH, "{}: is of another type", utf8(attributes.name));
    NameSpace::reserve_handle(place, *object);
  }
  return NameSpace::redeem_handle(object, access, attributes.attributes);
}

Status set_permanent(HANDLE handle, bool permanent) {
  const HandleTable::Entry entry = TRY(handles().find(handle));
  const NamesLock lock;
  NameSpace::set_permanent(*entry.object, permanent);
  return ok;
}

HANDLE base_named_objects() {
  return NameSpace::instance().base_named_objects();
}

}  // namespace hmodule::nt
