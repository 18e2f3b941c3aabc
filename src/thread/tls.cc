#include "thread/tls.h"

#include "thread/registry.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace hmodule::thread {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Block = std::unique_ptr<void, Free>;
using Vector = std::unique_ptr<void*, Free>;

// TLS-04. Null when there is no memory. A template that describes no data has a block too, so that "has the module a
// block here" and "is the entry set" are one question.
Block make_block(const TlsTemplate& from) {
  const std::size_t alignment = std::max<std::size_t>(from.alignment, 16);
  const std::size_t size = std::max<std::size_t>(from.size + from.zero_fill, 1);
  Block block(std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment));
  if (block == nullptr) return nullptr;
  if (from.size != 0) std::memcpy(block.get(), from.data, from.size);
  std::memset(static_cast<std::byte*>(block.get()) + from.size, 0, from.zero_fill);
  return block;
}

constexpr std::size_t capacity_for(std::size_t indices) {
  return std::max<std::size_t>(16, std::bit_ceil(indices));
}

Vector make_vector(std::size_t capacity) {
  return Vector(static_cast<void**>(std::calloc(capacity, sizeof(void*))));
}

// What one thread gets at an allocation, prepared before any thread is changed.
struct Growth {
  Thread* thread;
  Block block;
  Vector vector;  // null: the old one has room
};

void publish(Growth& growth, std::size_t index, std::size_t capacity) {
  Thread& thread = *growth.thread;
  if (growth.vector != nullptr) {
    void** const old = thread.teb.ThreadLocalStoragePointer;
    std::copy_n(old, thread.tls_capacity, growth.vector.get());
    thread.retired_vectors.push_back(old);  // room was reserved
    thread.tls_capacity = capacity;
    __atomic_store_n(&thread.teb.ThreadLocalStoragePointer, growth.vector.release(), __ATOMIC_RELEASE);
  }
  __atomic_store_n(&thread.teb.ThreadLocalStoragePointer[index], growth.block.release(), __ATOMIC_RELEASE);
}

}  // namespace

Result<std::uint32_t> allocate_tls(const TlsTemplate& tls_template) try {
  Registry& all = registry();
  const RegistryLock lock;
  const auto free_entry = std::find(all.templates.begin(), all.templates.end(), std::nullopt);
  const auto index = static_cast<std::size_t>(free_entry - all.templates.begin());
  const std::size_t capacity = capacity_for(index + 1);

  std::vector<Growth> growths;
  for (Thread* thread = all.first; thread != nullptr; thread = thread->next) {
    Growth growth{thread, make_block(tls_template), nullptr};
    if (index >= thread->tls_capacity) {
      growth.vector = make_vector(capacity);
      thread->retired_vectors.reserve(thread->retired_vectors.size() + 1);
      if (growth.vector == nullptr) throw std::bad_alloc();
    }
    if (growth.block == nullptr) throw std::bad_alloc();
    growths.push_back(std::move(growth));
  }
  if (index == all.templates.size()) all.templates.emplace_back();
  all.templates[index] = tls_template;
  for (Growth& growth : growths) publish(growth, index, capacity);
  return static_cast<std::uint32_t>(index);
} catch (const std::bad_alloc&) {
  return fail(STATUS_NO_MEMORY, "no memory for a thread-local block of {} bytes in every thread",
              tls_template.size + tls_template.zero_fill);
}

void release_tls(std::uint32_t index) {
  Registry& all = registry();
  const RegistryLock lock;
  all.templates[index].reset();
  for (Thread* thread = all.first; thread != nullptr; thread = thread->next)
    std::free(__atomic_exchange_n(&thread->teb.ThreadLocalStoragePointer[index], nullptr, __ATOMIC_ACQ_REL));
}

void make_tls_blocks(Thread& thread) {
  const std::vector<std::optional<TlsTemplate>>& templates = registry().templates;
  thread.tls_capacity = capacity_for(templates.size());
  Vector vector = make_vector(thread.tls_capacity);
  if (vector == nullptr) throw std::bad_alloc();
  for (std::size_t index = 0; index < templates.size(); ++index) {
    if (!templates[index]) continue;
    vector.get()[index] = make_block(*templates[index]).release();
    if (vector.get()[index] == nullptr) throw std::bad_alloc();
  }
  thread.teb.ThreadLocalStoragePointer = vector.release();
}

void free_tls_blocks(Thread& thread) {
  void** const vector = std::exchange(thread.teb.ThreadLocalStoragePointer, nullptr);
  for (std::size_t index = 0; index < thread.tls_capacity; ++index) std::free(vector[index]);
  std::free(vector);
  for (void** retired : thread.retired_vectors) std::free(retired);
  thread.retired_vectors.clear();
}

}  // namespace hmodule::thread
