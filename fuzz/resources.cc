#include "pe/resources.h"

#include "fuzz.h"

using namespace hmodule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::for_each_layout(data, size, [](const pe::Image& image) {
    const auto resources = pe::Resources::open(image);
    if (!resources) return;
    resources->find(std::uint16_t{6}, std::uint16_t{1}, 0x409).has_value();
    resources->find(u"CUSTOM", u"FIRST", 0x409).has_value();
    const auto all = pe::all_resources(image);
    if (!all) return;
    for (const pe::ResourcePath& path : *all) resources->data(path.leaf).has_value();
  });
  return 0;
}
