// Windows, their classes and their messages: what Windows keeps in win32k, for a process without a display.
//
// One lock guards all of it. Holding a DesktopLock is holding it, and what needs it takes it as a parameter. Window
// procedures and hooks are foreign code and run without it, so whoever called one looks everything up again: pointers
// to windows and classes are good only while the lock is held. The dispatcher lock of nt may be taken inside it, never
// the other way round.
#pragma once

namespace hmodule::window {

class DesktopLock {
 public:
  DesktopLock();
  ~DesktopLock();
  DesktopLock(const DesktopLock&) = delete;
  DesktopLock& operator=(const DesktopLock&) = delete;
};

}  // namespace hmodule::window
