// Kernel objects: what stands behind a handle (DESIGN D14).
//
// An object lives as long as somebody holds a Ref to it; every handle holds one. Apart from that it counts its
// handles: when the last one is closed the object loses its name and hears of it (last_handle_closed), even while a
// waiting thread still keeps the memory alive.
#pragma once

#include "base/result.h"
#include "nt/shared_object.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hmodule::nt {

class Directory;
class EventWord;
class HandleTable;
class Waitable;

// A kind of object; types are compared by address. The masks are the generic mapping of winnt.h.
struct ObjectType {
  std::u16string_view name;  // as NtQueryObject reports it: "Event"
  ACCESS_MASK read, write, execute, all;
};

// Standard and generic rights (winnt.h).
inline constexpr ACCESS_MASK DELETE_ACCESS = 0x10000, READ_CONTROL = 0x20000, SYNCHRONIZE = 0x100000,
                             STANDARD_RIGHTS_REQUIRED = 0xF0000, MAXIMUM_ALLOWED = 0x2000000, GENERIC_ALL = 0x10000000,
                             GENERIC_EXECUTE = 0x20000000, GENERIC_WRITE = 0x40000000, GENERIC_READ = 0x80000000;

// The specific rights that `wanted` asks for: generic rights and MAXIMUM_ALLOWED replaced by what they mean.
ACCESS_MASK map_access(const ObjectType& type, ACCESS_MASK wanted);

class Object {
 public:
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  virtual const ObjectType& type() const = 0;
  // Objects a thread can wait for return themselves.
  virtual Waitable* waitable() { return nullptr; }
  // An event's state, which its handles lead to without a lock.
  virtual EventWord* event_word() { return nullptr; }
  // The last handle is gone; references may remain. Called without any lock of the object manager.
  virtual void last_handle_closed() {}
  // What processes share of the object if it gets a name (session.h); nothing: it stays this process's own. The object
  // gives up its own state for `shared` then. Called with the names lock held.
  virtual std::optional<SharedFacts> facts_to_share() { return std::nullopt; }
  virtual void share(std::unique_ptr<SharedObject>) {}
  virtual const SharedObject* session_part() const { return nullptr; }
  // The process's last handle is gone, and so is its claim to the name.
  virtual void name_lost() {}
  // `port` receives a packet with `key` for every completed operation (FileCompletionInformation). `port` is an
  // IoCompletion; only objects with asynchronous operations accept it.
  virtual Status attach_completion_port(Object& port, ULONG_PTR key);

  // The name given at creation, without its directory; empty for an unnamed object or one that lost its name.
  std::u16string name() const;
  // The whole name: \BaseNamedObjects\x.
  std::u16string full_name() const;

  std::uint32_t handle_count() const { return handles_.load(std::memory_order_relaxed); }
  std::uint32_t reference_count() const { return references_.load(std::memory_order_relaxed); }

  void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  Object() = default;
  virtual ~Object();

 private:
  friend class HandleTable;
  friend class Directory;
  friend class NameSpace;
  void handle_opened() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void handle_closed() noexcept;

  std::atomic<std::uint32_t> references_{1}, handles_{0};
  Directory* directory_ = nullptr;  // where the name is; guarded by the name space's lock, like the next two
  std::u16string name_;
  bool permanent_ = false;  // OBJ_PERMANENT: the name outlives the handles
};

// A counted pointer to an object.
template <typename T>
class Ref {
 public:
  Ref() = default;
  // Takes over the reference the caller has.
  static Ref adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  // Adds a reference of its own.
  static Ref share(T& object) {
    object.add_ref();
    return adopt(&object);
  }
  Ref(const Ref& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) object_->add_ref();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <typename Derived>
  Ref(Ref<Derived> other) noexcept : object_(other.detach()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  // Gives the reference to the caller.
  T* detach() { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

template <typename T, typename... Args>
Ref<T> make_object(Args&&... args) {
  return Ref<T>::adopt(new T(std::forward<Args>(args)...));
}

}  // namespace hmodule::nt
