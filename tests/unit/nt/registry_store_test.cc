// The store on disk: several processes, and processes that are killed.
#include "nt/registry_store.h"

#include "unit/nt/temporary_directory.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>

namespace hmodule::nt {
namespace {

class RegistryStoreOnDisk : public testing::Test {
 protected:
  std::unique_ptr<RegistryStore> open() {
    auto store = RegistryStore::open(file());
    EXPECT_TRUE(store) << store.error().reason;
    return *std::move(store);
  }
  std::string file() const { return directory_.host("registry"); }

  static std::uint64_t number(RegistryStore& store, KeyId key, std::u16string_view name) {
    const auto value = store.value(key, name);
    EXPECT_TRUE(value && *value);
    std::uint64_t number = 0;
    std::memcpy(&number, (*value)->data.data(), sizeof number);
    return number;
  }
  static Status set_number(RegistryStore& store, KeyId key, std::u16string_view name, std::uint64_t number) {
    return store.set_value(key, name, 11, std::as_bytes(std::span(&number, 1)));
  }
  // A key in a transaction of its own.
  static KeyId add_key(RegistryStore& store, KeyId parent, std::u16string_view name, bool in_memory = false) {
    auto making = RegistryStore::Transaction::begin(store);
    const auto key = store.add_key(parent, name, u"class", in_memory, false);
    EXPECT_TRUE(key) << key.error().reason;
    EXPECT_TRUE(making->commit());
    return key ? *key : 0;
  }

  TemporaryDirectory directory_;
};

TEST_F(RegistryStoreOnDisk, KeepsStableKeysAndForgetsVolatileOnes) {
  {
    const auto store = open();
    const KeyId stable = add_key(*store, 0, u"Stable"), gone = add_key(*store, stable, u"Gone", true);
    EXPECT_TRUE(set_number(*store, stable, u"n", 7));
    EXPECT_TRUE(set_number(*store, gone, u"n", 8));
    EXPECT_EQ(store->children(stable)->size(), 1u);
    EXPECT_TRUE(store->flush());
  }
  const auto store = open();
  const auto key = *store->child(0, u"STABLE");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, u"Stable");
  EXPECT_EQ(key->class_name, u"class");
  EXPECT_EQ(number(*store, key->id, u"N"), 7u);
  EXPECT_TRUE(store->children(key->id)->empty());
}

TEST_F(RegistryStoreOnDisk, ATransactionIsTakenBackUnlessCommitted) {
  const auto store = open();
  {
    const auto making = RegistryStore::Transaction::begin(*store);
    EXPECT_TRUE(store->add_key(0, u"a", {}, false, false));
    EXPECT_TRUE(store->add_key(0, u"b", {}, true, false));
  }
  EXPECT_TRUE(store->children(0)->empty());
}

TEST_F(RegistryStoreOnDisk, TwoConnectionsSeeEachOther) {
  const auto one = open(), other = open();
  const auto before = *other->generation();
  const KeyId key = add_key(*one, 0, u"Shared");
  EXPECT_NE(*other->generation(), before);
  EXPECT_TRUE(set_number(*other, key, u"n", 1));
  EXPECT_EQ(number(*one, key, u"n"), 1u);
}

TEST_F(RegistryStoreOnDisk, OtherFilesAreRefusedAndLeftAlone) {
  std::ofstream(file()) << "this is no database at all, and long enough to be looked at as one............";
  const auto store = RegistryStore::open(file());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().status, STATUS_REGISTRY_CORRUPT) << store.error().reason;
  const auto absent = RegistryStore::open(directory_.host("no/such/directory"));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().status, STATUS_REGISTRY_IO_FAILED) << absent.error().reason;
}

TEST_F(RegistryStoreOnDisk, ProcessesCountTogether) {
  constexpr int kProcesses = 4, kSteps = 50;
  const KeyId key = add_key(*open(), 0, u"Counter");
  ASSERT_TRUE(set_number(*open(), key, u"n", 0));
  pid_t children[kProcesses];
  for (pid_t& child : children) {
    child = fork();
    if (child != 0) continue;
    const auto store = open();
    bool good = true;
    for (int i = 0; i < kSteps; ++i) {
      auto step = RegistryStore::Transaction::begin(*store);
      good = good && step && set_number(*store, key, u"n", number(*store, key, u"n") + 1) && step->commit();
    }
    _exit(good ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(number(*open(), key, u"n"), std::uint64_t{kProcesses * kSteps});
}

TEST_F(RegistryStoreOnDisk, AKilledWriterLeavesWholeTransactions) {
  const KeyId key = add_key(*open(), 0, u"Pair");
  ASSERT_TRUE(set_number(*open(), key, u"a", 0));
  ASSERT_TRUE(set_number(*open(), key, u"b", 0));
  for (int round = 0; round < 10; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto store = open();
      for (std::uint64_t n = number(*store, key, u"a") + 1;; ++n) {
        auto step = RegistryStore::Transaction::begin(*store);
        if (!step || !set_number(*store, key, u"a", n) || !set_number(*store, key, u"b", n) || !step->commit())
          _exit(1);
        if (write(progress[1], "+", 1) != 1) _exit(1);
      }
    }
    char done[7] = {};
    for (char& byte : done) ASSERT_EQ(read(progress[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(progress[0]);
    close(progress[1]);
    const auto store = open();
    EXPECT_GE(number(*store, key, u"a"), 7u * static_cast<unsigned>(round + 1));
    EXPECT_EQ(number(*store, key, u"a"), number(*store, key, u"b"));
    EXPECT_TRUE(set_number(*store, key, u"c", 1));  // no lock stayed behind
  }
}

}  // namespace
}  // namespace hmodule::nt
