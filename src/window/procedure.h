// Window procedures come in two kinds: those that want text in UTF-16, and those that want it in the ANSI code page.
// Which one a procedure is was said when it was set, by an "A" or a "W" function. Messages with text in them are
// translated when caller and procedure differ.
//
// A program that asks an "A" function for a "W" procedure gets a handle, not an address, since it would call it with
// the wrong kind of text. CallWindowProc and SetWindowLongPtr know such handles.
#pragma once

#include "win/winuser.h"

namespace hmodule::window {

struct Message {
  HWND window = nullptr;
  UINT message = 0;
  WPARAM wParam = 0;
  LPARAM lParam = 0;
};

struct Procedure {
  WNDPROC address = nullptr;
  bool wide = true;
  friend bool operator==(const Procedure&, const Procedure&) = default;
};

// Its address for callers of its own kind, else a handle.
LONG_PTR show_procedure(const Procedure& procedure, bool to_wide_caller);
// The inverse: an address is one of the caller's kind.
Procedure procedure_from(LONG_PTR shown, bool from_wide_caller);

// Calls it, with the message's text translated when `wide`, the kind of the sender, is not the procedure's.
LRESULT call_procedure(const Procedure& procedure, const Message& message, bool wide);

// Messages whose parameters point to something of the sender's, or ask for an answer: they can be sent, not posted.
bool is_sent_only(UINT message);

}  // namespace hmodule::window
