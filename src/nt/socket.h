// Sockets as objects behind handles: a SOCKET of Windows is a handle.
#pragma once

#include "nt/handle_table.h"

namespace hmodule::nt {

class Socket final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() override;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace hmodule::nt
