// Sending: a message goes straight to the procedure of a window of the own thread, and through the queue of another.
#pragma once

#include "window/queue.h"

namespace hmodule::window {

// Calls a window's procedure in its own thread, between the hooks that look at sent messages if it is a sent one.
LRESULT call_window(Queue& self, const Procedure& procedure, const Message& message, bool wide, bool sent);

struct SendOptions {
  UINT flags = 0;  // SMTO_
  nt::Timeout timeout;
};
// Waits for the result. ERROR_INVALID_WINDOW_HANDLE, ERROR_TIMEOUT.
Result<LRESULT> send(const Message& message, bool wide, const SendOptions& options = {});
// Does not wait when the window is another thread's.
Status send_notification(const Message& message, bool wide);
Status send_with_callback(const Message& message, bool wide, SENDASYNCPROC callback, ULONG_PTR data);

// To a window, or to the thread when there is none. ERROR_MESSAGE_SYNC_ONLY and what Queue::post gives.
Status post(const Message& message);
Status post_to_thread(DWORD thread_id, const Message& message);

// All windows that HWND_BROADCAST stands for.
std::vector<HWND> top_level_windows();

}  // namespace hmodule::window
