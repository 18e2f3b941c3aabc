#include "nt/registry.h"

#include "base/utf.h"
#include "nt/event.h"
#include "nt/kernel_section.h"
#include "nt/registry_defaults.h"
#include "nt/sid.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

namespace hmodule::nt {
namespace {

constexpr unsigned kMaximumLinks = 64;
constexpr std::u16string_view kLinkValue = u"SymbolicLinkValue";

constexpr ULONG bytes_of(std::u16string_view text) {
  return static_cast<ULONG>(text.size() * sizeof(WCHAR));
}

// Whom a notification is for hears of it.
void tell(IoNotice& notice, const IoResult& result) {
  if (notice.status_block != nullptr) {
    notice.status_block->Information = result.information;
    __atomic_store_n(&notice.status_block->Status, result.status, __ATOMIC_RELEASE);
  }
  if (notice.event) notice.event->set();
  if (notice.apc == nullptr || !notice.thread) return;
  const auto word = [](auto* value) { return reinterpret_cast<ULONG_PTR>(value); };
  static_cast<void>(  // a thread that has ended hears nothing
      notice.thread->queue_apc({notice.apc, {word(notice.context), word(notice.status_block), 0}}));
}

Error deleted() {
  return fail(STATUS_KEY_DELETED, "the key has been deleted");
}

}  // namespace

// The store, what is remembered about it, and the lock around both.
class Registry {
 public:
  // Held by every operation.
  class Lock {
   public:
    Lock() : lock_(mutex()) {}

   private:
    static KernelMutex& mutex() {
      static auto* mutex = new KernelMutex;
      return *mutex;
    }
    const std::lock_guard<KernelMutex> lock_;
  };

  static Registry& instance() {
    static auto* registry = new Registry;  // never destroyed: threads may still use it while the process ends
    return *registry;
  }

  // Opened by the first use. SQLite takes back its locks on a file from a child process made by fork(), and does not
  // know it; so such a child may go on with a registry in memory only.
  Result<RegistryStore*> store(const Lock&) {
    if (store_ != nullptr && (in_memory_ || process_ == getpid())) return store_;
    if (store_ != nullptr)
      return fail(STATUS_REGISTRY_IO_FAILED, "the process was forked after it had opened the registry's file");
    const char* file = ::secure_getenv("HMODULE_REGISTRY");
    auto opened = TRY(RegistryStore::open(file == nullptr ? "" : file));
    const std::vector<LateDefaults> late = TRY(write_defaults(*opened));
    late_.clear();
    with_defaults_.clear();
    for (const LateDefaults& row : late) {
      late_.emplace(row.key, row.fill);
      if (!is_volatile(row.key)) with_defaults_.insert(row.key);
    }
    subkeys_ = values_ = {};
    in_memory_ = file == nullptr || *file == 0;
    process_ = getpid();
    store_ = opened.release();
    return store_;
  }

  // Before subkeys or values of `key` are looked at.
  Status complete_defaults(RegistryStore& store, KeyId key) {
    const auto late = late_.find(key);
    if (late == late_.end()) return ok;
    const auto fill = late->second;
    late_.erase(late);
    RegistryStore::Transaction filling = TRY(RegistryStore::Transaction::begin(store));
    TRY(fill(store, key));
    return filling.commit();
  }

  // Whether it is in memory for being a default, or below one.
  Result<bool> is_default(RegistryStore& store, KeyId key) {
    if (!is_volatile(key)) return false;
    while (is_volatile(key)) {
      const auto row = TRY(store.key(key));
      if (!row) return false;
      key = row->parent;
    }
    return with_defaults_.contains(key);
  }

  // --- names ---

  // Where a walk begins: asked for before the lock is taken, which a key's end wants too.
  struct Start {
    KeyId key = kRegistryRoot;
    std::u16string path;
  };
  static Result<Start> start(const ObjectAttributes& attributes) {
    if (attributes.root == nullptr) return Start{kRegistryRoot, TRY(below_registry(attributes.name))};
    const Ref<Key> root = TRY(object_of<Key>(attributes.root, 0));
    if (attributes.name.starts_with(u'\\'))
      return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: absolute, but given with a root key", utf8(attributes.name));
    return Start{root->id(), std::u16string(attributes.name)};
  }

  struct Place {
    KeyId parent;
    std::u16string leaf;        // of a key that is not there, or
    std::optional<KeyRow> key;  // the key that is
    bool through_link = false;  // the last name was a link
  };
  Result<Place> walk(RegistryStore& store, const Start& start, bool open_link) {
    KeyId current = start.key;
    std::u16string path = start.path;
    const std::optional<KeyRow> row = TRY(store.key(current));
    if (!row) return deleted();
    Place place = {row->parent, {}, row};
    for (unsigned links = 0;;) {
      path.erase(0, path.find_first_not_of(u'\\'));  // several separators are one; npos: nothing is left
      if (path.empty()) return place;
      const std::size_t end = std::min(path.find(u'\\'), path.size());
      std::u16string name = path.substr(0, end);
      path.erase(0, end);
      if (name.size() > kMaximumKeyName)
        return fail(STATUS_INVALID_PARAMETER, "a key's name has {} characters, not {} at most", name.size(),
                    kMaximumKeyName);
      const bool last = path.find_first_not_of(u'\\') == path.npos;
      TRY(complete_defaults(store, current));
      std::optional<KeyRow> next = TRY(store.child(current, name));
      if (!next && !last) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no such key", utf8(name));
      if (!next) return Place{current, std::move(name), {}, place.through_link};
      if (next->link && !(last && open_link)) {
        if (++links > kMaximumLinks)
          return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: a symbolic link that leads nowhere", utf8(next->name));
        const std::u16string target = TRY(link_target(store, *next));
        path.insert(0, TRY(below_registry(target)));
        next = TRY(store.key(kRegistryRoot));
        place.through_link = last;
      }
      current = next->id;
      place = {next->parent, {}, next, place.through_link};
    }
  }

  // --- changes ---

  // Runs `work` in a transaction, on a key that must be there; then tells who waits for a change of that kind to the
  // key that `work` returns.
  template <typename Work>
  Status change(KeyId id, ULONG kind, Work&& work) {
    const Lock lock;
    RegistryStore& open = *TRY(store(lock));
    TRY(complete_defaults(open, id));
    RegistryStore::Transaction changing = TRY(RegistryStore::Transaction::begin(open));
    const std::optional<KeyRow> row = TRY(open.key(id));
    if (!row) return deleted();
    const KeyId changed = TRY(work(open, *row));
    TRY(changing.commit());
    return report(open, changed, kind);
  }

  // --- listings: indices stay what they are until something changes ---

  struct Listing {
    KeyId key = 0;
    std::uint64_t generation = 0;
    std::vector<std::int64_t> rows;
  };
  template <typename List>
  Result<std::optional<std::int64_t>> at(Listing& listing, RegistryStore& store, KeyId key, ULONG index, List&& list) {
    const std::uint64_t generation = TRY(store.generation());
    if (listing.key != key || listing.generation != generation) {
      auto rows = TRY(list());
      listing = {key, generation, std::move(rows)};
    }
    return index < listing.rows.size() ? std::optional(listing.rows[index]) : std::nullopt;
  }
  Listing& subkeys() { return subkeys_; }
  Listing& values() { return values_; }

  // --- notifications ---

  void add_watcher(const Lock&, Key& key) { watchers_.push_back(&key); }
  // Ends the watch of one handle's key, or all watches of a key that is gone.
  void stop_watching(const Lock&, Key& key);
  void stop_watching(KeyId id);
  Status report(RegistryStore& store, KeyId id, ULONG kind);

 private:
  // The part of a full path below \Registry.
  static Result<std::u16string> below_registry(std::u16string_view path) {
    constexpr std::u16string_view kRoot = u"\\REGISTRY";
    if (!path.starts_with(u'\\'))
      return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: neither absolute nor given with a root key", utf8(path));
    const std::u16string_view first = path.substr(0, path.find(u'\\', 1));
    if (!equal_ignoring_case(first, kRoot))
      return fail(first.size() == path.size() ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND,
                  "{}: not below \\Registry", utf8(path));
    return std::u16string(path.substr(first.size()));
  }

  static Result<std::u16string> link_target(RegistryStore& store, const KeyRow& link) {
    const auto value = TRY(store.value(link.id, kLinkValue));
    if (!value || value->type != REG_LINK)
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: a symbolic link without a target", utf8(link.name));
    std::u16string target(value->data.size() / sizeof(WCHAR), u'\0');
    std::memcpy(target.data(), value->data.data(), target.size() * sizeof(WCHAR));
    return target;
  }

  RegistryStore* store_ = nullptr;
  bool in_memory_ = true;
  pid_t process_ = 0;
  std::map<KeyId, Status (*)(RegistryStore&, KeyId)> late_;
  std::set<KeyId> with_defaults_;  // keys that may be on the disk, with defaults in memory below them
  Listing subkeys_, values_;
  std::vector<Key*> watchers_;
};

const ObjectType Key::kType = {u"Key", KEY_READ, KEY_WRITE, KEY_READ, KEY_ALL_ACCESS};

// --- opening ---

namespace {

Result<HANDLE> handle_of(const Ref<Key>& key, ACCESS_MASK access, ULONG attributes) {
  return handle_for(key, access & ~(KEY_WOW64_32KEY | KEY_WOW64_64KEY), attributes);
}

}  // namespace

Result<HANDLE> open_key(const ObjectAttributes& attributes, ACCESS_MASK access, ULONG options) {
  const bool open_link = (attributes.attributes & OBJ_OPENLINK) != 0 || (options & REG_OPTION_OPEN_LINK) != 0;
  const Registry::Start start = TRY(Registry::start(attributes));
  Ref<Key> key;
  {
    const Registry::Lock lock;
    Registry& registry = Registry::instance();
    RegistryStore& store = *TRY(registry.store(lock));
    const Registry::Place place = TRY(registry.walk(store, start, open_link));
    if (!place.key) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no such key", utf8(attributes.name));
    key = make_object<Key>(place.key->id);
  }
  return handle_of(key, access, attributes.attributes);
}

Result<Ref<Key>> open_key(std::u16string_view path) {
  const Registry::Start start = TRY(Registry::start({nullptr, path, 0}));
  const Registry::Lock lock;
  Registry& registry = Registry::instance();
  RegistryStore& store = *TRY(registry.store(lock));
  const Registry::Place place = TRY(registry.walk(store, start, false));
  if (!place.key) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no such key", utf8(path));
  return make_object<Key>(place.key->id);
}

Result<Created> create_key(const ObjectAttributes& attributes, ACCESS_MASK access, std::u16string_view class_name,
                           ULONG options) {
  constexpr ULONG kKnown =
      REG_OPTION_VOLATILE | REG_OPTION_CREATE_LINK | REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK;
  if ((options & ~kKnown) != 0) return fail(STATUS_INVALID_PARAMETER, "options {:#x} for a new key", options);
  const bool as_link = (options & REG_OPTION_CREATE_LINK) != 0;
  const bool open_link =
      as_link || (attributes.attributes & OBJ_OPENLINK) != 0 || (options & REG_OPTION_OPEN_LINK) != 0;
  const Registry::Start start = TRY(Registry::start(attributes));
  Ref<Key> key;
  bool existed = false;
  {
    const Registry::Lock lock;
    Registry& registry = Registry::instance();
    RegistryStore& store = *TRY(registry.store(lock));
    Registry::Place place = TRY(registry.walk(store, start, open_link));
    if (!place.key) {
      if (place.through_link)
        return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: a symbolic link that leads nowhere", utf8(attributes.name));
      RegistryStore::Transaction making = TRY(RegistryStore::Transaction::begin(store));
      // Another process may have been here since the walk.
      place.key = TRY(store.child(place.parent, place.leaf));
      if (!place.key) {
        if (!TRY(store.key(place.parent))) return deleted();
        bool in_memory = (options & REG_OPTION_VOLATILE) != 0;
        // Nobody can know that a default is in memory; what he adds to it is, too.
        if (!in_memory) in_memory = TRY(registry.is_default(store, place.parent));
        if (is_volatile(place.parent) && !in_memory)
          return fail(STATUS_CHILD_MUST_BE_VOLATILE, "{}: below a volatile key", utf8(attributes.name));
        key = make_object<Key>(TRY(store.add_key(place.parent, place.leaf, class_name, in_memory, as_link)));
        TRY(store.touch(place.parent));
        TRY(making.commit());
        TRY(registry.report(store, place.parent, REG_NOTIFY_CHANGE_NAME));
      }
    }
    if (place.key) {
      if (as_link)
        return fail(STATUS_OBJECT_NAME_COLLISION, "{}: exists, and a link was to be made", utf8(attributes.name));
      existed = true;
      key = make_object<Key>(place.key->id);
    }
  }
  return Created{TRY(handle_of(key, access, attributes.attributes)), existed};
}

Status flush_registry() {
  const Registry::Lock lock;
  return TRY(Registry::instance().store(lock))->flush();
}

std::u16string current_user_key() {
  return utf16("\\REGISTRY\\USER\\" + sid_text(unix_user_sid(geteuid())));
}

// --- what a key says of itself ---

std::u16string Key::path() const {
  const Registry::Lock lock;
  const auto store = Registry::instance().store(lock);
  std::u16string path;
  for (KeyId id = id_; store && id != 0;) {
    const auto row = (*store)->key(id);
    if (!row || !*row) return {};
    path = u'\\' + (*row)->name + path;
    id = (*row)->parent;
  }
  return path;
}

Result<KeyRow> Key::row() const {
  const Registry::Lock lock;
  RegistryStore& store = *TRY(Registry::instance().store(lock));
  const auto row = TRY(store.key(id_));
  if (!row) return deleted();
  return *row;
}

Result<KeyCounts> Key::counts_of(KeyId id) {
  const Registry::Lock lock;
  Registry& registry = Registry::instance();
  RegistryStore& store = *TRY(registry.store(lock));
  if (!TRY(store.key(id))) return deleted();
  TRY(registry.complete_defaults(store, id));
  KeyCounts counts = {};
  for (const KeyId child : TRY(store.children(id))) {
    const auto row = TRY(store.key(child));
    if (!row) continue;
    ++counts.subkeys;
    counts.longest_subkey = std::max(counts.longest_subkey, bytes_of(row->name));
    counts.longest_class = std::max(counts.longest_class, bytes_of(row->class_name));
  }
  const RegistryStore::ValueLengths lengths = TRY(store.value_lengths(id));
  counts.values = lengths.count;
  counts.longest_value_name = lengths.longest_name;
  counts.longest_value = lengths.longest_data;
  return counts;
}

Status Key::remove() {
  const Status removed = Registry::instance().change(
      id_, REG_NOTIFY_CHANGE_NAME, [&](RegistryStore& store, const KeyRow& row) -> Result<KeyId> {
        if (row.parent == 0 || row.parent == kRegistryRoot)
          return fail(STATUS_CANNOT_DELETE, "{}: the roots of the registry stay", utf8(row.name));
        if (!TRY(store.children(id_)).empty()) return fail(STATUS_CANNOT_DELETE, "{}: has subkeys", utf8(row.name));
        TRY(store.remove_key(id_));
        TRY(store.touch(row.parent));
        return row.parent;
      });
  if (removed) Registry::instance().stop_watching(id_);
  return removed;
}

Status Key::rename(std::u16string_view name) {
  if (name.empty() || name.size() > kMaximumKeyName || name.find(u'\\') != name.npos)
    return fail(STATUS_INVALID_PARAMETER, "'{}' is no name for a key", utf8(name));
  return Registry::instance().change(
      id_, REG_NOTIFY_CHANGE_NAME, [&](RegistryStore& store, const KeyRow& row) -> Result<KeyId> {
        if (row.parent == 0 || row.parent == kRegistryRoot)
          return fail(STATUS_ACCESS_DENIED, "{}: the roots of the registry stay", utf8(row.name));
        const auto other = TRY(store.child(row.parent, name));
        if (other && other->id != id_) return fail(STATUS_CANNOT_DELETE, "{}: exists", utf8(name));
        TRY(store.rename_key(id_, name));
        TRY(store.touch(id_));
        TRY(store.touch(row.parent));
        return row.parent;
      });
}

Result<KeyRow> Key::subkey(ULONG index) const {
  const Registry::Lock lock;
  Registry& registry = Registry::instance();
  RegistryStore& store = *TRY(registry.store(lock));
  if (!TRY(store.key(id_))) return deleted();
  TRY(registry.complete_defaults(store, id_));
  const auto child = TRY(registry.at(registry.subkeys(), store, id_, index, [&] { return store.children(id_); }));
  const auto row = child ? TRY(store.key(*child)) : std::nullopt;
  if (!row) return fail(STATUS_NO_MORE_ENTRIES, "there is no subkey {}", index);
  return *row;
}

// --- values ---

Result<RegistryValue> Key::value(ULONG index) const {
  const Registry::Lock lock;
  Registry& registry = Registry::instance();
  RegistryStore& store = *TRY(registry.store(lock));
  if (!TRY(store.key(id_))) return deleted();
  TRY(registry.complete_defaults(store, id_));
  const auto row = TRY(registry.at(registry.values(), store, id_, index, [&] { return store.values(id_); }));
  auto value = row ? TRY(store.value_by_row(id_, *row)) : std::nullopt;
  if (!value) return fail(STATUS_NO_MORE_ENTRIES, "there is no value {}", index);
  return *std::move(value);
}

Result<RegistryValue> Key::value(std::u16string_view name) const {
  const Registry::Lock lock;
  Registry& registry = Registry::instance();
  RegistryStore& store = *TRY(registry.store(lock));
  TRY(registry.complete_defaults(store, id_));
  auto value = TRY(store.value(id_, name));
  if (value) return *std::move(value);
  if (!TRY(store.key(id_))) return deleted();
  return fail(STATUS_OBJECT_NAME_NOT_FOUND, "there is no value '{}'", utf8(name));
}

Status Key::set_value(std::u16string_view name, ULONG type, std::span<const std::byte> data) {
  if (name.size() > kMaximumValueName)
    return fail(STATUS_INVALID_PARAMETER, "a value's name has {} characters, not {} at most", name.size(),
                kMaximumValueName);
  return Registry::instance().change(
      id_, REG_NOTIFY_CHANGE_LAST_SET, [&](RegistryStore& store, const KeyRow& row) -> Result<KeyId> {
        if (row.link && (type != REG_LINK || !equal_ignoring_case(name, kLinkValue)))
          return fail(STATUS_ACCESS_DENIED, "{}: a symbolic link has its target for a value, and no other",
                      utf8(row.name));
        TRY(store.set_value(id_, name, type, data));
        TRY(store.touch(id_));
        return id_;
      });
}

Status Key::remove_value(std::u16string_view name) {
  return Registry::instance().change(
      id_, REG_NOTIFY_CHANGE_LAST_SET, [&](RegistryStore& store, const KeyRow&) -> Result<KeyId> {
        if (!TRY(store.remove_value(id_, name)))
          return fail(STATUS_OBJECT_NAME_NOT_FOUND, "there is no value '{}'", utf8(name));
        TRY(store.touch(id_));
        return id_;
      });
}

// --- notifications ---

Result<NTSTATUS> Key::notify(IoNotice notice, ULONG filter, bool subtree) {
  constexpr ULONG kKinds =
      REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_ATTRIBUTES | REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_SECURITY;
  if ((filter & kKinds) == 0) return fail(STATUS_INVALID_PARAMETER, "a filter of {:#x} waits for nothing", filter);
  const Registry::Lock lock;
  Registry& registry = Registry::instance();
  RegistryStore& store = *TRY(registry.store(lock));
  if (!TRY(store.key(id_))) return deleted();
  if (!watch_) {
    watch_.emplace(Watch{filter, subtree, false, {}});
    registry.add_watcher(lock, *this);
  }
  if (std::exchange(watch_->changed, false)) {
    tell(notice, {STATUS_NOTIFY_ENUM_DIR, 0});
    return STATUS_NOTIFY_ENUM_DIR;
  }
  watch_->waiting.push_back(std::move(notice));
  return STATUS_PENDING;
}

void Key::last_handle_closed() {
  const Registry::Lock lock;
  Registry::instance().stop_watching(lock, *this);
}
Key::~Key() {
  if (watch_) last_handle_closed();  // a call was still on its way when the handle went
}

void Registry::stop_watching(const Lock&, Key& key) {
  if (!key.watch_) return;
  std::erase(watchers_, &key);
  for (IoNotice& notice : key.watch_->waiting) tell(notice, {STATUS_NOTIFY_CLEANUP, 0});
  key.watch_.reset();
}
void Registry::stop_watching(KeyId id) {
  const Lock lock;
  for (Key* const watcher : std::vector<Key*>(watchers_))
    if (watcher->id() == id) stop_watching(lock, *watcher);
}

Status Registry::report(RegistryStore& store, KeyId id, ULONG kind) {
  if (watchers_.empty()) return ok;
  std::vector<KeyId> way = {id};  // from the key up to the root
  for (auto row = TRY(store.key(id)); row && row->parent != 0; row = TRY(store.key(row->parent)))
    way.push_back(row->parent);
  for (Key* const watcher : watchers_) {
    Key::Watch& watch = *watcher->watch_;
    if ((watch.filter & kind) == 0) continue;
    if (watch.subtree ? std::ranges::find(way, watcher->id()) == way.end() : watcher->id() != id) continue;
    watch.changed = watch.waiting.empty();
    for (IoNotice& notice : std::exchange(watch.waiting, {})) tell(notice, {STATUS_NOTIFY_ENUM_DIR, 0});
  }
  return ok;
}

}  // namespace hmodule::nt
