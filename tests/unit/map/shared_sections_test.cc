#include "map/shared_sections.h"

#include "map/image_mapping.h"
#include "support/matchers.h"
#include "support/pe_builder.h"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

namespace hmodule::map {
namespace {

using test::bytes_of;
using test::ByteVector;
using test::PeBuilder;

constexpr std::uint32_t kReadWrite = pe::kSectionRead | pe::kSectionWrite;

class SharedSectionsOf : public testing::Test {
 protected:
  SharedSectionsOf()
      : shared_rva_(dll_.add_section(".shared", bytes_of({7}), kReadWrite | pe::kSectionShared, 0x2000)) {
    info_.st_ino = static_cast<ino_t>(getpid());
    info_.st_mtim.tv_sec = static_cast<time_t>(std::hash<std::string>{}(name()) % 1000000);
    info_.st_size = 1;
  }

  // A file of this test's own: no real one has its inode.
  struct stat info_ {};

  static std::string name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }

  struct Loaded {
    Mapping mapping;
    SharedSections shared;
    int* value;
  };
  Loaded load() {
    const ByteVector file = dll_.build();
    const auto image = pe::Image::parse(Bytes(file, "shared.dll"));
    Loaded loaded{*lay_out(*image), {}, nullptr};
    EXPECT_TRUE(relocate(image->in_memory(loaded.mapping.span())));
    auto shared = SharedSections::map(*image, loaded.mapping.span(), info_, PROT_READ | PROT_WRITE);
    if (!shared) throw std::runtime_error(shared.error().reason);
    loaded.shared = std::move(*shared);
    loaded.value = reinterpret_cast<int*>(loaded.mapping.base() + shared_rva_);
    return loaded;
  }

  // Runs in another process, which ends or is killed without leaving.
  template <typename Body>
  static void in_a_process_that_dies(Body body) {
    const pid_t child = fork();
    if (child == 0) {
      body();
      kill(getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }

  std::vector<std::string> files() const {
    std::vector<std::string> found;
    const std::string inode = fmt::format("-0-{:x}-", info_.st_ino);
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
      if (entry.path().string().find(inode) != std::string::npos) found.push_back(entry.path());
    return found;
  }

  PeBuilder dll_ = PeBuilder::minimal_dll();
  const std::uint32_t shared_rva_;
};

TEST_F(SharedSectionsOf, Map09OneFileAreOneInAllProcesses) {
  const Loaded first = load(), second = load();
  EXPECT_EQ(*first.value, 7);
  *first.value = 8;
  EXPECT_EQ(*second.value, 8);
  in_a_process_that_dies([&] {
    const Loaded third = load();
    *third.value += 100;
    third.value[0x1000 / sizeof(int)] = 5;
  });
  EXPECT_EQ(*first.value, 108);
  EXPECT_EQ(second.value[0x1000 / sizeof(int)], 5);
}

TEST_F(SharedSectionsOf, Map09DifferentFilesAreDifferent) {
  const Loaded first = load();
  *first.value = 8;
  info_.st_size += 1;
  EXPECT_EQ(*load().value, 7);
}

TEST_F(SharedSectionsOf, Map09TheFileLastsAsLongAsSomebodyHasThem) {
  {
    const Loaded first = load();
    *first.value = 8;
    { const Loaded second = load(); }
    EXPECT_EQ(files().size(), 1U);
    EXPECT_EQ(*load().value, 8);
  }
  EXPECT_THAT(files(), testing::IsEmpty());
  EXPECT_EQ(*load().value, 7);
}

TEST_F(SharedSectionsOf, Map09ACrashedProcessLeavesNothingToOthers) {
  in_a_process_that_dies([&] { *load().value = 8; });
  in_a_process_that_dies([&] {
    const Loaded loaded = load();
    *loaded.value = 8;
    kill(getpid(), SIGKILL);
  });
  {
    const Loaded anew = load();
    EXPECT_EQ(*anew.value, 7);
  }
  EXPECT_THAT(files(), testing::IsEmpty());
}

TEST_F(SharedSectionsOf, Map09WhatACrashedProcessLeftIsSweptByTheNext) {
  in_a_process_that_dies([&] {
    const Loaded loaded = load();
    kill(getpid(), SIGKILL);
  });
  const std::vector<std::string> left = files();  // unless another process has swept already
  info_.st_size += 1;
  const Loaded other = load();
  for (const std::string& file : left) EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(SharedSectionsOf, Map09HoldNothingRelocated) {
  dll_.fixups.push_back({shared_rva_ + 8});
  dll_.optional.ImageBase = 0x10000;  // which nobody gets
  dll_.add_relocations();
  EXPECT_EQ(load().value[2], 0);
}

TEST_F(SharedSectionsOf, Map09TheImportDirectorysPagesStayPrivate) {
  dll_.set_directory(pe::kDirectoryImport, shared_rva_ + 0x100, 20);
  const Loaded first = load(), second = load();
  *first.value = 8;
  first.value[0x1000 / sizeof(int)] = 8;
  EXPECT_EQ(*second.value, 7);
  EXPECT_EQ(second.value[0x1000 / sizeof(int)], 8);
}

TEST_F(SharedSectionsOf, Map09WithoutWriteTheBitMeansNothing) {
  dll_.section(".shared").header.Characteristics &= ~pe::kSectionWrite;
  const Loaded loaded = load();
  EXPECT_THAT(files(), testing::IsEmpty());
}

TEST_F(SharedSectionsOf, Map09OthersFilesAreNotTrusted) {
  const Loaded loaded = load();
  ASSERT_EQ(chmod(files().at(0).c_str(), 0666), 0);
  EXPECT_THROW(load(), std::runtime_error);
}

}  // namespace
}  // namespace hmodule::map
