// Wine's cabinet.dll packs a file with MSZIP and unpacks it again: through callbacks into this program all the way.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <hmodule/hmodule.hpp>
#include <iterator>
#include <string>

namespace {

using hmodule::library;

std::string directory;  // of the test

// What FCI and FDI call. FCI wants an error and its own parameter besides.
HM_WINAPI void* allocate(unsigned size) {
  return std::malloc(size);
}
HM_WINAPI void release(void* block) {
  std::free(block);
}
int host_flags(int flags) {  // of Microsoft's C runtime
  return ((flags & 3) == 0   ? O_RDONLY
          : (flags & 3) == 1 ? O_WRONLY
                             : O_RDWR) |
         ((flags & 0x100) != 0 ? O_CREAT : 0) | ((flags & 0x200) != 0 ? O_TRUNC : 0) |
         ((flags & 0x400) != 0 ? O_EXCL : 0);
}
HM_WINAPI std::intptr_t open_file(const char* name, int flags, int) {
  return open(name, host_flags(flags), 0600);
}
HM_WINAPI unsigned read_file(std::intptr_t file, void* buffer, unsigned size) {
  return static_cast<unsigned>(read(static_cast<int>(file), buffer, size));
}
HM_WINAPI unsigned write_file(std::intptr_t file, void* buffer, unsigned size) {
  return static_cast<unsigned>(write(static_cast<int>(file), buffer, size));
}
HM_WINAPI int close_file(std::intptr_t file) {
  return close(static_cast<int>(file));
}
HM_WINAPI int seek_file(std::intptr_t file, int distance, int origin) {
  return static_cast<int>(lseek(static_cast<int>(file), distance, origin));
}
HM_WINAPI std::intptr_t fci_open(const char* name, int flags, int mode, int*, void*) {
  return open_file(name, flags, mode);
}
HM_WINAPI unsigned fci_read(std::intptr_t file, void* buffer, unsigned size, int*, void*) {
  return read_file(file, buffer, size);
}
HM_WINAPI unsigned fci_write(std::intptr_t file, void* buffer, unsigned size, int*, void*) {
  return write_file(file, buffer, size);
}
HM_WINAPI int fci_close(std::intptr_t file, int*, void*) {
  return close_file(file);
}
HM_WINAPI int fci_seek(std::intptr_t file, int distance, int origin, int*, void*) {
  return seek_file(file, distance, origin);
}
HM_WINAPI int fci_delete(const char* name, int*, void*) {
  return unlink(name);
}
HM_WINAPI int placed(void*, const char*, int, int, void*) {
  return 0;
}
HM_WINAPI int temporary_name(char* name, int, void*) {
  const std::string made = directory + "/XXXXXX";
  std::strcpy(name, made.c_str());
  const int file = mkstemp(name);
  if (file < 0) return 0;
  close(file);
  return unlink(name) == 0;
}
HM_WINAPI std::intptr_t file_to_pack(const char* name, std::uint16_t* date, std::uint16_t* time,
                                     std::uint16_t* attributes, int*, void*) {
  *date = 0x5821;
  *time = *attributes = 0;
  return open(name, O_RDONLY);
}
HM_WINAPI int no_next_cabinet(void*, unsigned, void*) {
  return 0;
}
HM_WINAPI int status(unsigned, unsigned, unsigned, void*) {
  return 0;
}

struct Cabinet {  // CCAB
  unsigned cb = 0x7FFF'FFFF, cbFolderThresh = 0x7FFF'FFFF, cbReserveCFHeader = 0, cbReserveCFFolder = 0,
           cbReserveCFData = 0;
  int iCab = 1, iDisk = 1, fFailOnIncompressible = 0;
  std::uint16_t setID = 7;
  char szDisk[256] = {}, szCab[256] = "packed.cab", szCabPath[256] = {};
};
struct Notification {  // FDINOTIFICATION
  int cb;
  char *psz1, *psz2, *psz3;
  void* pv;
  std::intptr_t hf;
  std::uint16_t date, time, attribs, setID, iCabinet, iFolder;
  int fdie;
};
HM_WINAPI std::intptr_t notify(int kind, Notification* what) {
  constexpr int kCopyFile = 2, kCloseFile = 3;
  if (kind == kCopyFile) return open((directory + "/unpacked").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (kind == kCloseFile) return close(static_cast<int>(what->hf)) == 0;
  return 0;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(SystemDlls, CabinetPacksAndUnpacks) {
  if (!std::filesystem::exists(std::string(SYSTEM32) + "/cabinet.dll"))
    GTEST_SKIP() << "cabinet.dll is not in System32";
  char pattern[] = "/tmp/hmodule-cabinet-XXXXXX";
  directory = mkdtemp(pattern);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i * 7919 % 1000) + "\n";
  std::ofstream(directory + "/plain", std::ios::binary) << text;

  const library cabinet("cabinet.dll");
  struct {
    int operation, type, error;
  } errors = {};
  Cabinet target;
  std::strcpy(target.szCabPath, (directory + "/").c_str());
  void* const packer =
      cabinet.get<void*(void*, void*, void*, void*, void*, void*, void*, void*, void*, void*, void*, Cabinet*, void*)>(
          "FCICreate")(&errors, reinterpret_cast<void*>(placed), reinterpret_cast<void*>(allocate),
                       reinterpret_cast<void*>(release), reinterpret_cast<void*>(fci_open),
                       reinterpret_cast<void*>(fci_read), reinterpret_cast<void*>(fci_write),
                       reinterpret_cast<void*>(fci_close), reinterpret_cast<void*>(fci_seek),
                       reinterpret_cast<void*>(fci_delete), reinterpret_cast<void*>(temporary_name), &target, nullptr);
  ASSERT_NE(packer, nullptr);
  constexpr std::uint16_t kMszip = 1;
  ASSERT_EQ(cabinet.get<int(void*, const char*, const char*, int, void*, void*, void*, std::uint16_t)>("FCIAddFile")(
                packer, (directory + "/plain").c_str(), "plain", 0, reinterpret_cast<void*>(no_next_cabinet),
                reinterpret_cast<void*>(status), reinterpret_cast<void*>(file_to_pack), kMszip),
            1)
      << errors.operation;
  ASSERT_EQ(cabinet.get<int(void*, int, void*, void*)>("FCIFlushCabinet")(
                packer, 0, reinterpret_cast<void*>(no_next_cabinet), reinterpret_cast<void*>(status)),
            1)
      << errors.operation;
  EXPECT_EQ(cabinet.get<int(void*)>("FCIDestroy")(packer), 1);
  const std::string packed = contents(directory + "/packed.cab");
  EXPECT_EQ(packed.substr(0, 4), "MSCF");
  EXPECT_LT(packed.size(), text.size() / 2);

  void* const unpacker = cabinet.get<void*(void*, void*, void*, void*, void*, void*, void*, int, void*)>("FDICreate")(
      reinterpret_cast<void*>(allocate), reinterpret_cast<void*>(release), reinterpret_cast<void*>(open_file),
      reinterpret_cast<void*>(read_file), reinterpret_cast<void*>(write_file), reinterpret_cast<void*>(close_file),
      reinterpret_cast<void*>(seek_file), -1, &errors);
  ASSERT_NE(unpacker, nullptr);
  std::string path = directory + "/";
  EXPECT_EQ(cabinet.get<int(void*, char*, char*, int, void*, void*, void*)>("FDICopy")(
                unpacker, target.szCab, path.data(), 0, reinterpret_cast<void*>(notify), nullptr, nullptr),
            1)
      << errors.operation;
  EXPECT_EQ(cabinet.get<int(void*)>("FDIDestroy")(unpacker), 1);
  EXPECT_EQ(contents(directory + "/unpacked"), text);
  std::filesystem::remove_all(directory);
}

}  // namespace
