#include "map/image_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "map/image_mapping.h"
#include "support/pe_builder.h"

namespace hmodule::map {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A DLL on disk, old enough to be known, and a cache beside it.
class ImageCacheTest : public testing::Test {
 protected:
  ImageCacheTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hmodule-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    test::PeBuilder dll = test::PeBuilder::minimal_dll();
    test::ByteVector data(ImageCache::kSmallest);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7);
    dll.add_section(".data", std::move(data), pe::kSectionRead | pe::kSectionWrite);
    write(dll.build());
  }
  ~ImageCacheTest() override { std::filesystem::remove_all(root_); }

  void write(test::ByteVector bytes) {
    bytes_ = std::move(bytes);
    std::ofstream(path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()));
    age();
  }
  // The times the file has are the file's; that they are past is only a matter of waiting.
  static void age() { std::this_thread::sleep_for(std::chrono::milliseconds(80)); }

  std::string path() const { return root_ + "/x.dll"; }
  std::string directory() const { return root_ + "/a/cache"; }
  pe::Image image() const { return *pe::Image::parse(Bytes(bytes_, "x.dll")); }
  int entry() const {
    struct stat info;
    EXPECT_EQ(::stat(path().c_str(), &info), 0);
    return ImageCache(directory()).entry_for(image(), info);
  }
  // Its inode; 0: there is no entry.
  ino_t entry_inode() const {
    const int file = entry();
    if (file < 0) return 0;
    struct stat info;
    EXPECT_EQ(::fstat(file, &info), 0);
    ::close(file);
    return info.st_ino;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& each : std::filesystem::directory_iterator(directory())) all.push_back(each.path().filename());
    return all;
  }

  std::string root_;
  test::ByteVector bytes_;
};

TEST_F(ImageCacheTest, AnImageFromItIsTheImageThatIsCopied) {
  const Mapping copied = *lay_out(image());
  const int file = entry();
  ASSERT_GE(file, 0);
  const Mapping cached = *lay_out(image(), file);
  ::close(file);
  ASSERT_NE(cached.base(), copied.base());
  for (const PageRun& run : page_runs(image()))
    EXPECT_EQ(std::memcmp(cached.base() + run.begin, copied.base() + run.begin, run.end - run.begin), 0) << run.begin;
}

TEST_F(ImageCacheTest, WritingToAnImageChangesNoEntry) {
  for (int round = 0; round < 2; ++round) {
    const int file = entry();
    const Mapping mapping = *lay_out(image(), file);
    ::close(file);
    std::byte& first = mapping.base()[image().sections().back().rva.value];
    EXPECT_EQ(first, std::byte{0});
    first = std::byte{0xFF};
  }
}

TEST_F(ImageCacheTest, AnEntryIsMadeOnceAndFoundAgain) {
  const ino_t made = entry_inode();
  EXPECT_NE(made, 0U);
  EXPECT_EQ(entry_inode(), made);
  EXPECT_THAT(names(), SizeIs(1));
}

TEST_F(ImageCacheTest, AFileThatChangesHasAnotherEntry) {
  const ino_t made = entry_inode();
  test::ByteVector changed = bytes_;
  changed.back() ^= std::byte{1};
  write(changed);
  EXPECT_NE(entry_inode(), made);
}

TEST_F(ImageCacheTest, AFileThatHasJustChangedHasNone) {
  struct stat info;
  ASSERT_EQ(::utimensat(AT_FDCWD, path().c_str(), nullptr, 0), 0);
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(ImageCache(directory()).entry_for(image(), info), -1);
}

TEST_F(ImageCacheTest, AnEntryOfTheWrongSizeIsNotUsed) {
  ASSERT_NE(entry_inode(), 0U);
  ASSERT_EQ(::truncate((directory() + '/' + names().front()).c_str(), 0x1000), 0);
  EXPECT_EQ(entry_inode(), 0U);
}

TEST_F(ImageCacheTest, OthersMayNotWriteToIt) {
  ASSERT_NE(entry_inode(), 0U);
  const std::string file = directory() + '/' + names().front();
  ASSERT_EQ(::chmod(file.c_str(), 0620), 0);
  EXPECT_EQ(entry_inode(), 0U);
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  ASSERT_EQ(::chmod(directory().c_str(), 0777), 0);
  EXPECT_EQ(entry_inode(), 0U);
  ASSERT_EQ(::chmod(directory().c_str(), 0700), 0);
  EXPECT_NE(entry_inode(), 0U);
}

TEST_F(ImageCacheTest, LinksAreNotFollowed) {
  ASSERT_NE(entry_inode(), 0U);
  const std::string file = directory() + '/' + names().front();
  std::filesystem::rename(file, root_ + "/elsewhere");
  std::filesystem::create_symlink(root_ + "/elsewhere", file);
  EXPECT_EQ(entry_inode(), 0U);
}

TEST_F(ImageCacheTest, WithoutAPlaceThereIsNone) {
  struct stat info;
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(ImageCache("").entry_for(image(), info), -1);
  EXPECT_EQ(ImageCache("/proc/none/such").entry_for(image(), info), -1);
  EXPECT_EQ(ImageCache(path()).entry_for(image(), info), -1);  // a file
}

TEST_F(ImageCacheTest, EntriesOfOtherBootsAndAbandonedDraftsGo) {
  std::filesystem::create_directories(directory());
  ASSERT_EQ(::chmod(directory().c_str(), 0700), 0);
  std::ofstream(directory() + "/000000000000-1-2-3-4-5.image") << "old";
  std::ofstream(directory() + "/notes.txt") << "somebody's own";
  ASSERT_NE(entry_inode(), 0U);
  EXPECT_THAT(names(), SizeIs(2));
  EXPECT_TRUE(std::filesystem::exists(directory() + "/notes.txt"));
}

TEST_F(ImageCacheTest, SmallImagesAreCopied) {
  write(test::PeBuilder::minimal_dll().build());
  EXPECT_EQ(entry_inode(), 0U);
  EXPECT_FALSE(std::filesystem::exists(directory()));
}

TEST_F(ImageCacheTest, ManyThreadsMakeOneEntry) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { good += entry_inode() != 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_THAT(names(), SizeIs(1));  // and no draft
}

TEST(ImageCacheDirectory, IsTheUsersUnlessSaidOtherwise) {
  const auto with = [](const char* cache, const char* caches, const char* home) {
    const auto set = [](const char* name, const char* value) {
      if (value == nullptr)
        ::unsetenv(name);
      else
        ::setenv(name, value, 1);
    };
    set("HMODULE_CACHE", cache);
    set("XDG_CACHE_HOME", caches);
    set("HOME", home);
    return ImageCache::default_directory();
  };
  const std::string home = ::getenv("HOME") != nullptr ? ::getenv("HOME") : "/";
  EXPECT_EQ(with(nullptr, nullptr, "/h"), "/h/.cache/hmodule");
  EXPECT_EQ(with(nullptr, "/c", "/h"), "/c/hmodule");
  EXPECT_EQ(with("/mine", "/c", "/h"), "/mine");
  EXPECT_THAT(with("off", "/c", "/h"), IsEmpty());
  EXPECT_THAT(with("", "/c", "/h"), IsEmpty());
  EXPECT_THAT(with(nullptr, nullptr, nullptr), IsEmpty());
  ::setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace hmodule::map
