// Lists of structures that point at each other, in one buffer of the caller's. They are made twice: first beside it, to
// learn the size, and then in it.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace hmodule::winapi {

class Arena {
 public:
  Arena() = default;
  explicit Arena(void* buffer) : next_(static_cast<std::byte*>(buffer)) {}

  // Zeroed room for one T.
  template <typename T>
  T* make() {
    return reinterpret_cast<T*>(take(sizeof(T)));
  }
  // A terminated string.
  template <typename Char>
  Char* copy(const std::basic_string<Char>& text) {
    auto* const room = reinterpret_cast<Char*>(take((text.size() + 1) * sizeof(Char)));
    std::copy(text.begin(), text.end(), room);
    return room;
  }
  std::byte* take(std::size_t size) {
    size = (size + 7) & ~std::size_t{7};
    used_ += size;
    if (next_ == nullptr) return beside_.emplace_back(size).data();
    std::byte* const room = next_;
    next_ += size;
    std::fill_n(room, size, std::byte{0});
    return room;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* next_ = nullptr;
  std::size_t used_ = 0;
  std::deque<std::vector<std::byte>> beside_;
};

}  // namespace hmodule::winapi
