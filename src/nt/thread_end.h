// Folders above that keep something for each thread hear of its end.
#pragma once

namespace hmodule::nt {

// `ended` is called in every thread that ends after it had a thread object, with the TEB still in place and without a
// lock of ours. For one folder: src/window.
void set_thread_end_hook(void (*ended)());

}  // namespace hmodule::nt
