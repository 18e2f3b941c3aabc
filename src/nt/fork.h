// What fork() means for threads and waits (HOST-05): in the child the calling thread alone goes on. Waits of others are
// over, and so are the others' threads, pool workers and the alarm thread among them. Objects stay as they are.
#pragma once

#include <span>

namespace hmodule::nt {

void hold_for_fork();
void let_go_after_fork();  // in the parent
// In the child, with the answer of thread::stay_alone_after_fork().
void stay_alone_after_fork(std::span<void* const> others);

}  // namespace hmodule::nt
