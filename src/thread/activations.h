// Where unwind keeps its list of exceptions being handled on the running stack. It is here because a fiber switch
// changes it with the stack.
#pragma once

namespace hmodule::thread {

extern __thread void* exception_activations __attribute__((tls_model("initial-exec"), visibility("hidden")));

}  // namespace hmodule::thread
