// Operations on files that end later.
#pragma once

#include "nt/file.h"

#include <span>
#include <vector>

namespace hmodule::nt {

// An operation whose end somebody will be told of; told only after all locks are released.
struct PendingIo {
  Ref<File> file;
  IoNotice notice;
  std::span<std::byte> buffer = {};
};
class FinishedIo {
 public:
  ~FinishedIo() {
    for (Finished& each : list_) each.operation.file->complete(each.operation.notice, each.result, true);
  }
  void add(PendingIo operation, IoResult result) { list_.push_back({std::move(operation), result}); }

 private:
  struct Finished {
    PendingIo operation;
    IoResult result;
  };
  std::vector<Finished> list_;
};

}  // namespace hmodule::nt
