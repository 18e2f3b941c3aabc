#include "pe/load_config.h"
#include "pe/tls.h"

#include "fuzz.h"

using namespace hmodule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::for_each_layout(data, size, [](const pe::Image& image) {
    const auto tls = pe::tls(image);
    if (tls && *tls && image.extent((*tls)->raw_data) < (*tls)->raw_size) __builtin_trap();
    pe::load_config(image).has_value();
  });
  return 0;
}
