// Brings the thread folder into a process by dlopen(), as a plug-in would.
#include "thread/gs.h"
#include "thread/hooks.h"
#include "thread/teb.h"

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED void plugin_start() {
  hmodule::thread::start();
}
EXPORTED bool plugin_thread_has_gs() {
  return hmodule::thread::gs_base() != 0;
}
EXPORTED bool plugin_thread_gets_its_own_teb() {
  hmodule::TEB& own = hmodule::thread::attach();
  return &own == &hmodule::thread::teb();
}
EXPORTED unsigned long plugin_threads() {
  return hmodule::thread::thread_ids().size();
}
EXPORTED unsigned long long plugin_start_order() {
  return hmodule::thread::start_order(hmodule::thread::attach());
}
