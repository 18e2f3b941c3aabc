// Hooks on the messages a thread gets.
#pragma once

#include "window/queue.h"

namespace hmodule::winapi {

// WH_GETMESSAGE: they may change the message.
void call_get_message_hooks(window::Queue& queue, MSG& message, bool removed);

}  // namespace hmodule::winapi
