// wingdi.h: bitmaps and device contexts in memory, which programs make to look at pixels. Nothing draws into them.
#include "module/builtin.h"
#include "win/winuser.h"
#include "winapi/common/answer.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr DWORD OBJ_PEN = 1, OBJ_BRUSH = 2, OBJ_PAL = 5, OBJ_FONT = 6, OBJ_BITMAP = 7, OBJ_MEMDC = 10;
constexpr std::int64_t kMostPixels = 1 << 28;

struct BITMAPINFOHEADER {
  DWORD biSize;
  LONG biWidth, biHeight;
  WORD biPlanes, biBitCount;
  DWORD biCompression, biSizeImage;
  LONG biXPelsPerMeter, biYPelsPerMeter;
  DWORD biClrUsed, biClrImportant;
};
static_assert(sizeof(BITMAPINFOHEADER) == 40);
struct BITMAP {
  LONG bmType, bmWidth, bmHeight, bmWidthBytes;
  WORD bmPlanes, bmBitsPixel;
  void* bmBits;
};
static_assert(sizeof(BITMAP) == 32);

// A bitmap, a memory DC, or a stock object, of which nothing is known but its kind.
struct GdiObject {
  DWORD kind;
  BITMAP bitmap = {};
  std::vector<std::byte> pixels = {};
  bool is_stock = false;
  HANDLE selected = nullptr;  // a DC's bitmap
  DWORD text_color = 0, background_color = 0xFFFFFF;
};

// Stock objects by the number of GetStockObject: five brushes and the empty one, three pens, fonts, a palette.
constexpr std::array<DWORD, 20> kStock = {OBJ_BRUSH, OBJ_BRUSH, OBJ_BRUSH, OBJ_BRUSH, OBJ_BRUSH, OBJ_BRUSH, OBJ_PEN,
                                          OBJ_PEN,   OBJ_PEN,   0,         OBJ_FONT,  OBJ_FONT,  OBJ_FONT,  OBJ_FONT,
                                          OBJ_FONT,  OBJ_PAL,   OBJ_FONT,  OBJ_FONT,  OBJ_BRUSH, OBJ_PEN};

class Table {
 public:
  std::mutex mutex;

  HANDLE add(GdiObject object) {
    next_ += 4;
    objects_.emplace(next_, std::move(object));
    return reinterpret_cast<HANDLE>(next_);
  }
  GdiObject* find(HANDLE handle, DWORD kind = 0) {
    const auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    return found == objects_.end() || (kind != 0 && found->second.kind != kind) ? nullptr : &found->second;
  }
  bool remove(HANDLE handle) {
    const auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    if (found == objects_.end()) return false;
    if (!found->second.is_stock) objects_.erase(found);
    return true;
  }
  bool is_selected(HANDLE bitmap) const {
    for (const auto& [handle, object] : objects_)
      if (object.selected == bitmap) return true;
    return false;
  }
  HANDLE stock(std::size_t number) {
    if (stock_[number] == nullptr) {
      GdiObject made = {kStock[number]};
      made.is_stock = true;
      stock_[number] = add(std::move(made));
    }
    return stock_[number];
  }
  // What a new DC has selected: one black pixel.
  HANDLE first_bitmap() {
    if (first_bitmap_ == nullptr) {
      GdiObject made = {OBJ_BITMAP};
      made.is_stock = true;
      made.bitmap = {0, 1, 1, 2, 1, 1, nullptr};
      made.pixels.resize(2);
      first_bitmap_ = add(std::move(made));
    }
    return first_bitmap_;
  }

 private:
  std::map<std::uintptr_t, GdiObject> objects_;
  std::uintptr_t next_ = 0x0100'0000;
  std::array<HANDLE, kStock.size()> stock_ = {};
  HANDLE first_bitmap_ = nullptr;
};
Table& table() {
  static auto* const all = new Table;
  return *all;
}

HM_WINAPI HANDLE GetStockObject(INT number) noexcept {
  if (number < 0 || static_cast<std::size_t>(number) >= kStock.size() || kStock[static_cast<std::size_t>(number)] == 0)
    return nullptr;
  const std::lock_guard lock(table().mutex);
  return table().stock(static_cast<std::size_t>(number));
}
HM_WINAPI DWORD GetObjectType(HANDLE handle) noexcept {
  const std::lock_guard lock(table().mutex);
  const GdiObject* const object = table().find(handle);
  if (object == nullptr) thread::set_last_error(ERROR_INVALID_HANDLE);
  return object == nullptr ? 0 : object->kind;
}
// A bitmap in a DC stays.
HM_WINAPI BOOL DeleteObject(HANDLE handle) noexcept {
  const std::lock_guard lock(table().mutex);
  const GdiObject* const object = table().find(handle);
  if (object == nullptr || object->kind == OBJ_MEMDC || table().is_selected(handle)) return FALSE;
  return table().remove(handle) ? TRUE : FALSE;
}

// --- device contexts ---

HM_WINAPI HANDLE CreateCompatibleDC(HANDLE like) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    const std::lock_guard lock(table().mutex);
    if (like != nullptr && table().find(like, OBJ_MEMDC) == nullptr)
      return fail(STATUS_INVALID_HANDLE, "{} is no device context", like);
    GdiObject made = {OBJ_MEMDC};
    made.selected = table().first_bitmap();
    return table().add(std::move(made));
  });
}
HM_WINAPI BOOL DeleteDC(HANDLE handle) noexcept {
  const std::lock_guard lock(table().mutex);
  return table().find(handle, OBJ_MEMDC) != nullptr && table().remove(handle) ? TRUE : FALSE;
}
// The bitmap before.
HM_WINAPI HANDLE SelectObject(HANDLE dc, HANDLE handle) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    const std::lock_guard lock(table().mutex);
    GdiObject* const context = table().find(dc, OBJ_MEMDC);
    if (context == nullptr || table().find(handle, OBJ_BITMAP) == nullptr)
      return fail(STATUS_INVALID_HANDLE, "{} is no bitmap, or {} no device context", handle, dc);
    if (handle != table().first_bitmap() && table().is_selected(handle) && context->selected != handle)
      return fail(STATUS_INVALID_PARAMETER, "{} is in another device context", handle);
    return std::exchange(context->selected, handle);
  });
}
HM_WINAPI HANDLE GetCurrentObject(HANDLE dc, UINT kind) noexcept {
  const std::lock_guard lock(table().mutex);
  const GdiObject* const context = table().find(dc, OBJ_MEMDC);
  return context != nullptr && kind == OBJ_BITMAP ? context->selected : nullptr;
}
template <DWORD GdiObject::*color>
HM_WINAPI DWORD set_color(HANDLE dc, DWORD to) noexcept {
  const std::lock_guard lock(table().mutex);
  GdiObject* const context = table().find(dc, OBJ_MEMDC);
  return context == nullptr ? 0xFFFFFFFF : std::exchange(context->*color, to);
}
template <DWORD GdiObject::*color>
HM_WINAPI DWORD get_color(HANDLE dc) noexcept {
  const std::lock_guard lock(table().mutex);
  GdiObject* const context = table().find(dc, OBJ_MEMDC);
  return context == nullptr ? 0xFFFFFFFF : context->*color;
}
// A memory DC is a raster of 32 bits and 96 dots per inch, without a size.
HM_WINAPI INT GetDeviceCaps(HANDLE dc, INT index) noexcept {
  constexpr INT TECHNOLOGY = 2, BITSPIXEL = 12, PLANES = 14, NUMCOLORS = 24, LOGPIXELSX = 88, LOGPIXELSY = 90;
  const std::lock_guard lock(table().mutex);
  if (table().find(dc, OBJ_MEMDC) == nullptr) return 0;
  switch (index) {
    case TECHNOLOGY:
    case PLANES:
      return 1;  // DT_RASDISPLAY
    case BITSPIXEL:
      return 32;
    case NUMCOLORS:
      return -1;
    case LOGPIXELSX:
    case LOGPIXELSY:
      return 96;
    default:
      return 0;
  }
}

// --- bitmaps ---

Result<HANDLE> add_bitmap(LONG width, LONG height, WORD bits, LONG alignment, const void* pixels, void** memory,
                          bool is_section) {
  const std::int64_t pixel_count = std::int64_t{width} * height;
  if (width <= 0 || height <= 0 || pixel_count > kMostPixels ||
      (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32))
    return fail_win32(ERROR_INVALID_PARAMETER, "a bitmap of {} by {} pixels of {} bits", width, height, bits);
  const std::int64_t unit = std::int64_t{alignment} * 8;
  const auto row = static_cast<LONG>((std::int64_t{width} * bits + unit - 1) / unit * alignment);
  GdiObject made = {OBJ_BITMAP};
  made.pixels.resize(static_cast<std::size_t>(row) * static_cast<std::size_t>(height));
  if (pixels != nullptr) std::memcpy(made.pixels.data(), pixels, made.pixels.size());
  made.bitmap = {0, width, height, row, 1, bits, is_section ? made.pixels.data() : nullptr};
  if (memory != nullptr) *memory = made.pixels.data();
  const std::lock_guard lock(table().mutex);
  return table().add(std::move(made));
}

HM_WINAPI HANDLE CreateBitmap(INT width, INT height, UINT planes, UINT bits, const void* pixels) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (planes != 1) return fail_win32(ERROR_INVALID_PARAMETER, "a bitmap of {} planes", planes);
    return add_bitmap(width, height, static_cast<WORD>(bits), 2, pixels, nullptr, false);
  });
}
HM_WINAPI HANDLE CreateBitmapIndirect(const BITMAP* given) noexcept {
  return CreateBitmap(given->bmWidth, given->bmHeight, given->bmPlanes, given->bmBitsPixel, given->bmBits);
}
// Rows of four bytes' multiples, which the caller may write to. Sections in a file mapping are refused.
HM_WINAPI HANDLE CreateDIBSection(HANDLE, const BITMAPINFOHEADER* info, UINT, void** memory, HANDLE mapping,
                                  DWORD) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (memory != nullptr) *memory = nullptr;
    if (info == nullptr || info->biSize < sizeof *info || mapping != nullptr)
      return fail_win32(ERROR_INVALID_PARAMETER, "no description of the bitmap, or a file mapping");
    const std::int64_t height = std::abs(std::int64_t{info->biHeight});
    if (height > kMostPixels) return fail_win32(ERROR_INVALID_PARAMETER, "a bitmap of {} rows", height);
    return add_bitmap(info->biWidth, static_cast<LONG>(height), info->biBitCount, 4, nullptr, memory, true);
  });
}

// Of a bitmap section all, if there is room for it; how much was written. Without a buffer: how much there is.
HM_WINAPI INT GetObject(HANDLE handle, INT size, void* buffer) noexcept {
  const std::lock_guard lock(table().mutex);
  const GdiObject* const object = table().find(handle, OBJ_BITMAP);
  if (object == nullptr) return 0;
  if (buffer == nullptr) return sizeof(BITMAP);
  if (size < static_cast<INT>(sizeof(BITMAP))) return 0;
  std::memcpy(buffer, &object->bitmap, sizeof object->bitmap);
  return sizeof(BITMAP);
}
HM_WINAPI LONG GetBitmapBits(HANDLE handle, LONG size, void* buffer) noexcept {
  const std::lock_guard lock(table().mutex);
  const GdiObject* const object = table().find(handle, OBJ_BITMAP);
  if (object == nullptr) return 0;
  const auto all = static_cast<LONG>(object->pixels.size());
  if (buffer == nullptr) return all;
  const LONG copied = std::min(std::max(size, 0), all);
  std::memcpy(buffer, object->pixels.data(), static_cast<std::size_t>(copied));
  return copied;
}
HM_WINAPI LONG SetBitmapBits(HANDLE handle, DWORD size, const void* buffer) noexcept {
  const std::lock_guard lock(table().mutex);
  GdiObject* const object = table().find(handle, OBJ_BITMAP);
  if (object == nullptr || buffer == nullptr) return 0;
  const std::size_t copied = std::min<std::size_t>(size, object->pixels.size());
  std::memcpy(object->pixels.data(), buffer, copied);
  return static_cast<LONG>(copied);
}
// There is nothing that waits to be drawn.
HM_WINAPI BOOL GdiFlush() noexcept {
  return TRUE;
}

constexpr std::string_view kInMemory = "bitmaps in memory only; nothing draws";
const Export kRows[] = {
    {"CreateBitmap", proc(CreateBitmap)},
    {"CreateBitmapIndirect", proc(CreateBitmapIndirect)},
    {"CreateCompatibleDC", proc(CreateCompatibleDC), Support::partial, kInMemory},
    {"CreateDIBSection", proc(CreateDIBSection), Support::partial, "no file mappings, no colour tables"},
    {"DeleteDC", proc(DeleteDC)},
    {"DeleteObject", proc(DeleteObject)},
    {"GdiFlush", proc(GdiFlush)},
    {"GetBitmapBits", proc(GetBitmapBits)},
    {"GetBkColor", proc(get_color<&GdiObject::background_color>)},
    {"GetCurrentObject", proc(GetCurrentObject), Support::partial, kInMemory},
    {"GetDeviceCaps", proc(GetDeviceCaps), Support::partial, "colours and resolution"},
    {"GetObjectA", proc(GetObject), Support::partial, "bitmaps"},
    {"GetObjectType", proc(GetObjectType)},
    {"GetObjectW", proc(GetObject), Support::partial, "bitmaps"},
    {"GetStockObject", proc(GetStockObject)},
    {"GetTextColor", proc(get_color<&GdiObject::text_color>)},
    {"SelectObject", proc(SelectObject), Support::partial, kInMemory},
    {"SetBitmapBits", proc(SetBitmapBits)},
    {"SetBkColor", proc(set_color<&GdiObject::background_color>)},
    {"SetTextColor", proc(set_color<&GdiObject::text_color>)},
};

}  // namespace

extern const ExportTable wingdi_exports = kRows;

}  // namespace hmodule::winapi
