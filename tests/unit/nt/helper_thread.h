// A host thread with a Windows side, joined at the end.
#pragma once

#include "thread/teb.h"

#include <thread>

namespace hmodule::nt {

class Helper {
 public:
  template <typename Body>
  explicit Helper(Body body)
      : thread_([body] {
          thread::attach();
          body();
        }) {}
  ~Helper() { thread_.join(); }

 private:
  std::thread thread_;
};

}  // namespace hmodule::nt
