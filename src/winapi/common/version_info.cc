// A block is {wLength, wValueLength, wType} and the key with its NUL; the value and every child begin at a multiple of
// four from the start of the resource. All lengths are the file's word only, so each is cut to what is there.
#include "winapi/common/version_info.h"

#include "base/utf.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr std::size_t kHeader = 6;

std::size_t aligned(std::size_t offset) {
  return (offset + 3) & ~std::size_t{3};
}

std::uint16_t word(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint16_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::span<const std::byte> from(std::span<const std::byte> bytes, std::size_t offset) {
  return bytes.subspan(std::min(offset, bytes.size()));
}

std::optional<VersionBlock> find_child(const VersionBlock& parent, std::u16string_view key) {
  for (auto rest = parent.children; rest.size() >= kHeader;) {
    const auto child = read_version_block(rest);
    if (!child) return std::nullopt;
    if (equal_ignoring_case(child->key, key)) return child;
    rest = from(rest, aligned(word(rest, 0)));
  }
  return std::nullopt;
}

// Writes such trees: the length of a block is known when it ends.
class Writer {
 public:
  std::size_t begin(std::u16string_view key, bool is_text) {
    align();
    const std::size_t start = bytes_.size();
    put_word(0);
    put_word(0);
    put_word(is_text ? 1 : 0);
    put_text(key);
    align();
    return start;
  }
  void value(std::size_t block, const void* data, std::size_t size, std::size_t stored_length) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
    set_word(block + 2, stored_length);
  }
  void end(std::size_t block) { set_word(block, bytes_.size() - block); }
  void text(std::u16string_view key, std::u16string_view content) {
    const std::size_t block = begin(key, true);
    const std::u16string terminated(content);
    value(block, terminated.c_str(), (terminated.size() + 1) * 2, terminated.size() + 1);
    end(block);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void align() { bytes_.resize(aligned(bytes_.size())); }
  void put_word(std::uint16_t value) {
    bytes_.resize(bytes_.size() + 2);
    set_word(bytes_.size() - 2, value);
  }
  void set_word(std::size_t offset, std::size_t value) {
    const auto narrow = static_cast<std::uint16_t>(value);
    std::memcpy(bytes_.data() + offset, &narrow, sizeof narrow);
  }
  void put_text(std::u16string_view text) {
    for (const char16_t c : text) put_word(c);
    put_word(0);
  }

  std::vector<std::byte> bytes_;
};

struct VS_FIXEDFILEINFO {
  DWORD dwSignature, dwStrucVersion, dwFileVersionMS, dwFileVersionLS, dwProductVersionMS, dwProductVersionLS;
  DWORD dwFileFlagsMask, dwFileFlags, dwFileOS, dwFileType, dwFileSubtype, dwFileDateMS, dwFileDateLS;
};
static_assert(sizeof(VS_FIXEDFILEINFO) == 52);

}  // namespace

std::optional<VersionBlock> read_version_block(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeader + 2) return std::nullopt;
  const std::size_t length = word(bytes, 0);
  if (length < kHeader + 2 || length > bytes.size()) return std::nullopt;
  bytes = bytes.first(length);
  VersionBlock block;
  block.value_length = word(bytes, 2);
  block.is_text = word(bytes, 4) == 1;
  std::size_t end = kHeader;
  while (end + 2 <= length && word(bytes, end) != 0) end += 2;
  if (end + 2 > length) return std::nullopt;
  block.key = {reinterpret_cast<const char16_t*>(bytes.data() + kHeader), (end - kHeader) / 2};
  const auto rest = from(bytes, aligned(end + 2));
  const std::size_t size = block.is_text ? block.value_length * std::size_t{2} : block.value_length;
  block.value = rest.first(std::min(size, rest.size()));
  block.children = from(rest, aligned(block.value.size()));
  return block;
}

std::optional<VersionBlock> find_version_block(std::span<const std::byte> bytes, std::u16string_view path) {
  auto block = read_version_block(bytes);
  while (block && !path.empty()) {
    if (path.starts_with(u'\\') || path.starts_with(u'/')) {
      path.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(path.find_first_of(u"\\/"), path.size());
    block = find_child(*block, path.substr(0, end));
    path.remove_prefix(end);
  }
  return block;
}

std::vector<std::byte> builtin_version_info(std::u16string_view file_name) {
  constexpr DWORD kVersionMs = 10U << 16, kVersionLs = 19041U << 16 | 1;
  VS_FIXEDFILEINFO fixed = {};
  fixed.dwSignature = 0xFEEF04BD;
  fixed.dwStrucVersion = 0x10000;
  fixed.dwFileVersionMS = fixed.dwProductVersionMS = kVersionMs;
  fixed.dwFileVersionLS = fixed.dwProductVersionLS = kVersionLs;
  fixed.dwFileFlagsMask = 0x3F;
  fixed.dwFileOS = 0x40004;  // VOS_NT_WINDOWS32
  fixed.dwFileType = 2;      // VFT_DLL
  Writer writer;
  const std::size_t root = writer.begin(u"VS_VERSION_INFO", false);
  writer.value(root, &fixed, sizeof fixed, sizeof fixed);
  const std::size_t strings = writer.begin(u"StringFileInfo", true);
  const std::size_t english = writer.begin(u"040904B0", true);
  writer.text(u"CompanyName", u"hmodule");
  writer.text(u"FileVersion", u"10.0.19041.1");
  writer.text(u"OriginalFilename", file_name);
  writer.text(u"ProductVersion", u"10.0.19041.1");
  writer.end(english);
  writer.end(strings);
  const std::size_t variables = writer.begin(u"VarFileInfo", true);
  const std::size_t translation = writer.begin(u"Translation", false);
  const std::uint16_t pair[] = {0x0409, 1200};
  writer.value(translation, pair, sizeof pair, sizeof pair);
  writer.end(translation);
  writer.end(variables);
  writer.end(root);
  return writer.take();
}

}  // namespace hmodule::winapi
