// BlobStore: each content once, under its name, durable before it is named.

#include "stages/blob_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "tests/stages/stage_fixture.h"

namespace ntt::stages {
namespace {

namespace fs = std::filesystem;

class BlobStoreTest : public testing::Test {
 protected:
  std::unique_ptr<BlobStore> open() {
    auto store = BlobStore::open(root.string());
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return std::move(*store);
  }
  // Puts one content through a writer.
  static Result<Deposit> put(BlobStore& store, const std::string& content) {
    BlobWriter writer(store);
    writer.begin();
    for (std::size_t at = 0; at < content.size(); at += 300'000) {
      if (auto written = writer.write(std::string_view(content).substr(at, 300'000)); !written) {
        return std::move(written).error();
      }
    }
    return writer.finish();
  }
  static void publish(BlobStore& store, const std::vector<BlobId>& ids) {
    ASSERT_TRUE(store.close_group(ids).has_value());
    auto group = store.publish();
    ASSERT_TRUE(group.has_value()) << group.error().message;
    ASSERT_TRUE(store.sync().has_value());
    ASSERT_TRUE(store.recorded(*group).has_value());
  }

  ScratchDirectory scratch;
  fs::path root = scratch.path() / "by-hash";
};

TEST_F(BlobStoreTest, KeepsContentUnderItsHashWithModeReadOnlyWhateverTheUmask) {
  const mode_t before = ::umask(077);
  {
    auto store = open();
    auto small = put(*store, "hello");
    auto large = put(*store, std::string(5'000'000, 'x'));
    ASSERT_TRUE(small.has_value() && large.has_value());
    EXPECT_TRUE(small->fresh && large->fresh);
    publish(*store, {small->id, large->id});
  }
  ::umask(before);
  EXPECT_EQ(blobs_in(root).size(), 2U);
  expect_sound_store(root);
}

TEST_F(BlobStoreTest, LongZerosTakeNoRoomAndReadAsZeros) {
  const std::string zeros(8U << 20U, '\0');
  const std::string content = "begin" + zeros + "middle" + zeros;
  {
    auto store = open();
    auto deposit = put(*store, content);
    ASSERT_TRUE(deposit.has_value());
    publish(*store, {deposit->id});
  }
  const fs::path blob = blobs_in(root).front();
  EXPECT_TRUE(read_file(blob) == content);
  expect_sound_store(root);
  struct stat facts {};
  ASSERT_EQ(::stat(blob.c_str(), &facts), 0);
  EXPECT_LT(facts.st_blocks * 512, static_cast<blkcnt_t>(zeros.size()));
}

TEST_F(BlobStoreTest, NamesTheEmptyContentByTheBlake3OfNothing) {
  {
    auto store = open();
    auto empty = put(*store, "");
    ASSERT_TRUE(empty.has_value());
    publish(*store, {empty->id});
  }
  const std::string name = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
  EXPECT_EQ(fs::file_size(root / "af" / "13" / name), 0U);
}

TEST_F(BlobStoreTest, PublishesNothingBeforeTheGroupEnds) {
  auto store = open();
  ASSERT_TRUE(put(*store, "one").has_value());
  EXPECT_TRUE(blobs_in(root).empty());
}

TEST_F(BlobStoreTest, DropsContentsOfTheGroupThatAreNotWanted) {
  {
    auto store = open();
    auto one = put(*store, "one");
    auto two = put(*store, "two");
    ASSERT_TRUE(one.has_value() && two.has_value());
    publish(*store, {two->id});
  }
  ASSERT_EQ(blobs_in(root).size(), 1U);
  EXPECT_EQ(read_file(blobs_in(root)[0]), "two");
  expect_sound_store(root);
}

TEST_F(BlobStoreTest, WritesEqualContentsOnce) {
  auto store = open();
  auto first = put(*store, "same");
  auto second = put(*store, "same");
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_TRUE(first->fresh && second->fresh);  // of the same group
  publish(*store, {first->id});
  auto third = put(*store, "same");
  ASSERT_TRUE(third.has_value());
  EXPECT_FALSE(third->fresh);
  EXPECT_EQ(blobs_in(root).size(), 1U);
}

TEST_F(BlobStoreTest, AContentOfTheGroupThatIsBeingPublishedIsADuplicateToTheNextGroup) {
  auto store = open();
  auto first = put(*store, "same");
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(store->close_group(std::vector<BlobId>{first->id}).has_value());
  auto second = put(*store, "same");
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(second->fresh);
  ASSERT_TRUE(store->publish().has_value());
  EXPECT_EQ(blobs_in(root).size(), 1U);
}

TEST_F(BlobStoreTest, NeverReplacesABlobOfAnotherSize) {
  auto store = open();
  auto first = put(*store, "content");
  ASSERT_TRUE(first.has_value());
  publish(*store, {first->id});
  const fs::path path = root / blob_path(first->id);
  fs::permissions(path, fs::perms::owner_all);
  write_file(path, "cut");
  auto again = put(*store, "content");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, events::Errc::conflict);
  EXPECT_NE(again.error().message.find(first->id.hex()), std::string::npos);
  EXPECT_EQ(read_file(path), "cut");
}

TEST_F(BlobStoreTest, TakesADirectoryInTheBlobsPlaceForDamage) {
  auto store = open();
  fs::create_directories(root /
                         "af/13/af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  auto empty = put(*store, "");
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().code, events::Errc::conflict);
}

TEST_F(BlobStoreTest, AcceptsABlobThatAnotherProcessPublishedMeanwhile) {
  auto ours = open();
  auto theirs = open();
  auto a = put(*ours, "shared");
  auto b = put(*theirs, "shared");
  ASSERT_TRUE(a.has_value() && b.has_value());
  publish(*theirs, {b->id});
  publish(*ours, {a->id});
  ours.reset();
  theirs.reset();
  EXPECT_EQ(blobs_in(root).size(), 1U);
  expect_sound_store(root);
}

TEST_F(BlobStoreTest, WritersInThreadsShareOneGroup) {
  std::vector<BlobId> ids;
  auto store = open();
  {
    std::vector<std::vector<BlobId>> found(4);
    std::vector<std::jthread> threads;
    for (auto& list : found) {
      threads.emplace_back([&store, &list] {
        for (int i = 0; i < 300; ++i) {
          auto deposit = put(*store, "content " + std::to_string(i));
          ASSERT_TRUE(deposit.has_value());
          list.push_back(deposit->id);
        }
      });
    }
    threads.clear();
    ids = found[0];
    for (const auto& list : found) EXPECT_EQ(list, ids);
  }
  publish(*store, ids);
  store.reset();
  EXPECT_EQ(blobs_in(root).size(), 300U);
  expect_sound_store(root);
}

// Ends a child process as kill -9 does, with the store that `work` returns open.
template <class Work>
void die_after(const Work& work) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::unique_ptr<BlobStore> store = work();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST_F(BlobStoreTest, RemovesWhatADeadProcessLeftUnpublished) {
  die_after([this] {
    auto store = open();
    (void)put(*store, "unfinished");
    (void)put(*store, std::string(3'000'000, 'y'));
    return store;
  });
  EXPECT_NE(shell("find " + quoted(root / ".tmp") + " -type f"), "");
  open().reset();
  EXPECT_EQ(shell("find " + quoted(root / ".tmp") + " -mindepth 1"), "");
}

TEST_F(BlobStoreTest, LeavesTheTemporaryFilesOfALivingProcessAlone) {
  auto living = open();
  auto deposit = put(*living, "mine");
  ASSERT_TRUE(deposit.has_value());
  open().reset();
  publish(*living, {deposit->id});
  EXPECT_EQ(blobs_in(root).size(), 1U);
}

TEST_F(BlobStoreTest, WhatADeadProcessPublishedButNobodyRecordedIsNewToTheNextRun) {
  die_after([this] {
    auto store = open();
    auto deposit = put(*store, "published");
    (void)store->close_group(std::vector<BlobId>{deposit->id});
    (void)store->publish();
    return store;
  });
  ASSERT_EQ(blobs_in(root).size(), 1U);
  {
    auto store = open();
    EXPECT_TRUE(store->has_taken_over());
    auto deposit = put(*store, "published");
    ASSERT_TRUE(deposit.has_value());
    EXPECT_TRUE(deposit->fresh);
    publish(*store, {deposit->id});
    auto again = put(*store, "published");
    ASSERT_TRUE(again.has_value());
    EXPECT_FALSE(again->fresh);
  }
  expect_sound_store(root);
  EXPECT_FALSE(open()->has_taken_over());
}

TEST_F(BlobStoreTest, KeepsWhatItTookOverForTheRunAfterIfThisOneDoesNotRecordIt) {
  die_after([this] {
    auto store = open();
    auto deposit = put(*store, "published");
    (void)store->close_group(std::vector<BlobId>{deposit->id});
    (void)store->publish();
    return store;
  });
  open().reset();
  die_after([this] { return open(); });
  EXPECT_TRUE(open()->has_taken_over());
}

TEST_F(BlobStoreTest, AFileTooLargeForTheFileSystemConcernsThatContentOnly) {
  auto store = open();
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4'000'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  auto large = put(*store, std::string(6'000'000, 'z'));
  auto fitting = put(*store, std::string(3'000'000, 'z'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, events::Errc::invalid);
  ASSERT_TRUE(fitting.has_value());
  publish(*store, {fitting->id});
  store.reset();
  expect_sound_store(root);
}

}  // namespace
}  // namespace ntt::stages
