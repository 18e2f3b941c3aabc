// What fork() means for the list of threads (HOST-05): only the calling thread goes on in the child.
#pragma once

#include <vector>

namespace hmodule::thread {

// In the thread that forks, which has its Windows side: before, and after in the parent.
void hold_for_fork();
void let_go_after_fork();
// After, in the child: the thread is alone, and has the numbers that Linux now knows it by. What the others'
// object_of() were.
std::vector<void*> stay_alone_after_fork();

}  // namespace hmodule::thread
