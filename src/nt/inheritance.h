// Handles that a Windows program inherits from the one that starts it. They have the values there that they have here.
//
// The parent writes them down in a memory file, which the child finds by its environment. Descriptors of files, pipes
// and sockets go along and keep their numbers; the end of a named pipe goes as a socket (pipe_bridge.h); events and
// their kin are found again in the session, where those that are inheritable are from their birth (names.h); processes
// by their ids. What is none of these is not inherited: threads, keys, tokens, completion ports.
#pragma once

#include "base/result.h"
#include "nt/unique_fd.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hmodule::nt {

// What STARTUPINFO says to a program, apart from its handles.
struct StartInfo {
  std::array<ULONG, 9> window = {};  // StartingX to ShowWindowFlags, as the process parameters have them
  std::u16string title = {};         // empty: the program's name
  std::string runtime_data = {};     // lpReserved2: where C runtimes hand on their own descriptors
};

class Inheritance {
 public:
  // `only`: PROC_THREAD_ATTRIBUTE_HANDLE_LIST. `standard`: what stands behind the child's descriptors 0 to 2.
  // INVALID_PARAMETER: a handle of the list is not inheritable.
  static Result<Inheritance> prepare(bool all, const std::optional<std::vector<HANDLE>>& only,
                                     const std::array<HANDLE, 3>& standard, const StartInfo& info);
  Inheritance(Inheritance&&) = default;
  Inheritance& operator=(Inheritance&&) = delete;
  // Not before the child has taken what is its own.
  ~Inheritance();

  // The memory file, and what else the child needs at the same number.
  int list() const { return list_.get(); }
  const std::vector<UniqueFd>& descriptors() const { return descriptors_; }

 private:
  Inheritance() = default;
  Status add_standard(HANDLE handle, int descriptor);
  Status add(HANDLE handle);

  UniqueFd list_;
  std::string records_;
  std::vector<UniqueFd> descriptors_;
  std::vector<HANDLE> held_;  // duplicates of handles to what is only found again while somebody has it
};

// In the child, before anything else opens a handle. The process parameters get the standard handles and the rest of
// the start information. What cannot be taken is missing, as it would be if it had not been inheritable.
void take_inheritance(int list);

}  // namespace hmodule::nt
