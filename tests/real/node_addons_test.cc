// Add-ons for Node: DLLs that look for Node-API in their program, which is the host here (node_api.h).
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "node_api.h"
#include "real_dll.h"

namespace {

namespace fs = std::filesystem;

std::string sample() {
  std::string text;
  for (unsigned i = 0; i < 40000; ++i) text += "entry " + std::to_string(i * 2654435761u % 5000) + "\n";
  return text;
}

// Debian's libzstd.
template <typename Signature>
Signature* zstd(const char* name) {
  static void* const library = dlopen("libzstd.so.1", RTLD_NOW);
  return library == nullptr ? nullptr : reinterpret_cast<Signature*>(dlsym(library, name));
}

TEST(ZstdAddOn, CompressesAndDecompresses) {
  NEED("zstd.win32-x64-msvc.node");
  node::Environment node;
  node::Value* const exports = node.load(fs::path(REAL_DLLS) / "zstd.win32-x64-msvc.node");
  ASSERT_TRUE(exports->properties.contains("compress") && exports->properties.contains("decompress"));
  for (const std::string& text : {sample(), std::string("short"), std::string(3 << 20, 'x')})
    for (const double level : {1.0, 9.0}) {
      node::Value* const packed =
          node.await(node.call(exports->properties["compress"], {node.buffer(text), node.number(level)}));
      ASSERT_NE(packed, nullptr) << node.thrown();
      node::Value* const unpacked = node.await(node.call(exports->properties["decompress"], {packed}));
      ASSERT_NE(unpacked, nullptr) << node.thrown();
      EXPECT_EQ(unpacked->bytes(), text);

      auto* const decompress = zstd<std::size_t(void*, std::size_t, const void*, std::size_t)>("ZSTD_decompress");
      if (decompress == nullptr) continue;
      std::string read(text.size() + 1, '\0');
      const std::size_t size = decompress(read.data(), read.size(), packed->data, packed->size);
      ASSERT_EQ(size, text.size());
      EXPECT_EQ(read.substr(0, size), text);
    }
}

TEST(ZstdAddOn, ReadsWhatLibzstdWrites) {
  NEED("zstd.win32-x64-msvc.node");
  auto* const compress = zstd<std::size_t(void*, std::size_t, const void*, std::size_t, int)>("ZSTD_compress");
  if (compress == nullptr) GTEST_SKIP() << "libzstd.so.1 is not there";
  const std::string text = sample();
  std::string packed(text.size(), '\0');
  packed.resize(compress(packed.data(), packed.size(), text.data(), text.size(), 5));
  node::Environment node;
  node::Value* const exports = node.load(fs::path(REAL_DLLS) / "zstd.win32-x64-msvc.node");
  node::Value* const unpacked = node.await(node.call(exports->properties["decompress"], {node.buffer(packed)}));
  ASSERT_NE(unpacked, nullptr) << node.thrown();
  EXPECT_EQ(unpacked->bytes(), text);
}

TEST(ZstdAddOn, SaysWhatIsWrong) {
  NEED("zstd.win32-x64-msvc.node");
  node::Environment node;
  node::Value* const exports = node.load(fs::path(REAL_DLLS) / "zstd.win32-x64-msvc.node");
  EXPECT_EQ(node.await(node.call(exports->properties["decompress"], {node.buffer("no frame of zstd")})), nullptr);
  EXPECT_NE(node.thrown(), "");
  EXPECT_EQ(node.await(node.call(exports->properties["compress"], {node.number(7)})), nullptr);
  EXPECT_NE(node.exception, nullptr);  // a number is no buffer
}

}  // namespace
