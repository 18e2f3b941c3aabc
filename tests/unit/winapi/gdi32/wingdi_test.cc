#include "unit/winapi/process.h"
#include "winapi/gdi32/exports.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> gdi(std::string_view name) {
  return function<R, Args...>(gdi32_dll, name);
}

struct Header {
  DWORD size = 40;
  LONG width = 0, height = 0;
  WORD planes = 1, bits = 32;
  DWORD compression = 0, image_size = 0;
  LONG x = 0, y = 0;
  DWORD used = 0, important = 0;
};
struct Bitmap {
  LONG type, width, height, row;
  WORD planes, bits;
  void* pixels;
};

TEST(Gdi, SectionsHavePixelsThatTheProgramWrites) {
  Header header;
  header.width = 3;
  header.height = -2;  // from the top
  header.bits = 24;
  void* pixels = nullptr;
  const HANDLE section = gdi<HANDLE, HANDLE, const Header*, UINT, void**, HANDLE, DWORD>("CreateDIBSection")(
      nullptr, &header, 0, &pixels, nullptr, 0);
  ASSERT_NE(section, nullptr);
  ASSERT_NE(pixels, nullptr);
  Bitmap bitmap = {};
  EXPECT_EQ((gdi<INT, HANDLE, INT, void*>("GetObjectW")(section, sizeof bitmap, &bitmap)), 32);
  EXPECT_EQ(bitmap.width, 3);
  EXPECT_EQ(bitmap.height, 2);
  EXPECT_EQ(bitmap.row, 12);  // 9 bytes, to the next multiple of 4
  EXPECT_EQ(bitmap.pixels, pixels);
  std::memset(pixels, 7, 24);
  char copy[24] = {};
  EXPECT_EQ((gdi<LONG, HANDLE, LONG, void*>("GetBitmapBits")(section, 24, copy)), 24);
  EXPECT_EQ(copy[23], 7);
  EXPECT_EQ((gdi<DWORD, HANDLE>("GetObjectType")(section)), 7U);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteObject")(section)), TRUE);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteObject")(section)), FALSE);
  EXPECT_EQ((gdi<DWORD, HANDLE>("GetObjectType")(section)), 0U);
  header.bits = 7;
  EXPECT_EQ((gdi<HANDLE, HANDLE, const Header*, UINT, void**, HANDLE, DWORD>("CreateDIBSection")(nullptr, &header, 0,
                                                                                                 &pixels, nullptr, 0)),
            nullptr);
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

TEST(Gdi, BitmapsGoIntoOneMemoryDcAtATime) {
  const HANDLE bitmap = gdi<HANDLE, INT, INT, UINT, UINT, const void*>("CreateBitmap")(4, 4, 1, 32, nullptr);
  const Bitmap like = {0, 2, 2, 4, 1, 16, nullptr};
  const HANDLE other = gdi<HANDLE, const Bitmap*>("CreateBitmapIndirect")(&like);
  ASSERT_NE(bitmap, nullptr);
  ASSERT_NE(other, nullptr);
  const HANDLE dc = gdi<HANDLE, HANDLE>("CreateCompatibleDC")(nullptr);
  const HANDLE second = gdi<HANDLE, HANDLE>("CreateCompatibleDC")(dc);
  const HANDLE first = gdi<HANDLE, HANDLE, HANDLE>("SelectObject")(dc, bitmap);
  EXPECT_NE(first, nullptr);
  EXPECT_EQ((gdi<HANDLE, HANDLE, UINT>("GetCurrentObject")(dc, 7)), bitmap);
  EXPECT_EQ((gdi<HANDLE, HANDLE, HANDLE>("SelectObject")(second, bitmap)), nullptr);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteObject")(bitmap)), FALSE);
  EXPECT_EQ((gdi<HANDLE, HANDLE, HANDLE>("SelectObject")(dc, first)), bitmap);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteObject")(bitmap)), TRUE);
  const DWORD pixels[2] = {1, 2};
  EXPECT_EQ((gdi<LONG, HANDLE, DWORD, const void*>("SetBitmapBits")(other, 8, pixels)), 8);
  EXPECT_EQ((gdi<INT, HANDLE, INT, void*>("GetObjectA")(other, 0, nullptr)), 32);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteObject")(other)), TRUE);
  EXPECT_EQ((gdi<INT, HANDLE, INT>("GetDeviceCaps")(dc, 12)), 32);
  EXPECT_EQ((gdi<INT, HANDLE, INT>("GetDeviceCaps")(nullptr, 12)), 0);
  EXPECT_EQ((gdi<DWORD, HANDLE, DWORD>("SetTextColor")(dc, 5)), 0U);
  EXPECT_EQ((gdi<DWORD, HANDLE>("GetTextColor")(dc)), 5U);
  EXPECT_EQ((gdi<DWORD, HANDLE, DWORD>("SetBkColor")(dc, 6)), 0xFFFFFFU);
  EXPECT_EQ((gdi<DWORD, HANDLE>("GetBkColor")(dc)), 6U);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteDC")(dc)), TRUE);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteDC")(second)), TRUE);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteDC")(second)), FALSE);
}

TEST(Gdi, StockObjectsStay) {
  const HANDLE brush = gdi<HANDLE, INT>("GetStockObject")(0);
  ASSERT_NE(brush, nullptr);
  EXPECT_EQ((gdi<BOOL, HANDLE>("DeleteObject")(brush)), TRUE);
  EXPECT_EQ((gdi<HANDLE, INT>("GetStockObject")(0)), brush);
  EXPECT_EQ((gdi<DWORD, HANDLE>("GetObjectType")(brush)), 2U);
  EXPECT_EQ((gdi<HANDLE, INT>("GetStockObject")(9)), nullptr);
  EXPECT_EQ(gdi<BOOL>("GdiFlush")(), TRUE);
}

}  // namespace
}  // namespace hmodule::winapi
