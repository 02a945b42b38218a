// recorded_files: what a medium's events say lies where, retracted and later deleted files left
// out.

#include "tools/ntt/recorded_files.h"

#include <gtest/gtest.h>

#include "events/payload.h"

namespace ntt::tools {
namespace {

class RecordedFilesTest : public testing::Test {
 protected:
  template <class Payload>
  events::Sequence add(const Payload& payload) {
    events::Event event;
    event.seq = {events_.size() + 1};
    event.type = Payload::kType;
    event.version = Payload::kVersion;
    event.medium = {"beef"};
    event.occurred_at = {static_cast<std::int64_t>(1'000'000 + events_.size())};
    event.data = events::to_data(payload);
    events_.push_back(event);
    return event.seq;
  }
  void identified(const std::string& kind, const std::string& path, std::uint64_t size) {
    events::MediumIdentified facts;
    facts.source = {kind, {path}};
    facts.size = size;
    add(facts);
  }
  events::Sequence loaded_from(const std::string& kind, const std::string& path,
                               bool has_entries = true) {
    events::EnumSuccess enumerated;
    enumerated.source = {kind, {path}};
    enumerated.manifest = has_entries ? events_.size() + 1 : 0;
    const events::Sequence seq = add(enumerated);
    events::LoadSuccess load;
    load.manifest = enumerated.manifest;
    add(load);
    return seq;
  }
  events::Sequence archived(const std::string& path, std::uint64_t bytes) {
    events::ArchiveSuccess archive;
    archive.path = {path};
    archive.bytes = bytes;
    return add(archive);
  }
  void deleted(const std::string& kind, const std::string& path) {
    add(events::CleanupDone{kind, {path}, 0, "test"});
  }
  [[nodiscard]] RecordedFiles files() const {
    auto found = recorded_files(events_);
    EXPECT_TRUE(found.has_value());
    return *found;
  }

  std::vector<events::Event> events_;
};

TEST_F(RecordedFilesTest, AMediumOfADirectoryHasNoFiles) {
  identified("directory", "/data/tree", 0);
  loaded_from("directory", "/data/tree");
  EXPECT_FALSE(files().archive.has_value());
  EXPECT_FALSE(files().source.has_value());
}

TEST_F(RecordedFilesTest, TheSourceIsThatOfTheCurrentGenerationWithTheSizeItWasIdentifiedBy) {
  identified("image", "/img/old.img", 5);
  loaded_from("image", "/img/old.img");
  identified("image", "/img/new.img", 7);
  const auto seq = loaded_from("image", "/img/new.img");
  ASSERT_TRUE(files().source.has_value());
  EXPECT_EQ(files().source->path, "/img/new.img");
  EXPECT_EQ(files().source->kind, "image");
  EXPECT_EQ(files().source->size, 7U);
  EXPECT_EQ(files().source->seq, seq);
  EXPECT_TRUE(files().source->has_entries);
  // The new generation is withdrawn: the old one counts again.
  add(events::Retraction{events_.size(), "test"});
  EXPECT_EQ(files().source->path, "/img/old.img");
}

TEST_F(RecordedFilesTest, AnImageThatWasMadeAndNotYetReadIsASource) {
  events::ImageSuccess imaged;
  imaged.image_path = {"/img/disk.img"};
  add(imaged);
  ASSERT_TRUE(files().source.has_value());
  EXPECT_EQ(files().source->path, "/img/disk.img");
  EXPECT_FALSE(files().source->size.has_value());
}

TEST_F(RecordedFilesTest, AnImportedLoadHasASourceWhoseEntriesTheLogLacks) {
  loaded_from("raw", "/raw/beef.raw", false);
  ASSERT_TRUE(files().source.has_value());
  EXPECT_FALSE(files().source->has_entries);
}

TEST_F(RecordedFilesTest, TheLatestArchiveCountsAndEarlierOnesElsewhereAreFormer) {
  archived("/old/beef.tar.zst", 5);
  const auto seq = archived("/new/beef.tar.zst", 6);
  EXPECT_EQ(files().archive->path, "/new/beef.tar.zst");
  EXPECT_EQ(files().archive->bytes, 6U);
  EXPECT_EQ(files().former_archives.at("/old/beef.tar.zst"), seq);
  add(events::Retraction{seq.value, "test"});
  EXPECT_EQ(files().archive->path, "/old/beef.tar.zst");
  EXPECT_TRUE(files().former_archives.empty());
}

TEST_F(RecordedFilesTest, WhatTheLogSaysWasDeletedIsNotExpectedUntilItIsMadeAgain) {
  loaded_from("image", "/img/a.img");
  archived("/archives/beef.tar.zst", 5);
  deleted("image", "/img/a.img");
  deleted("archive", "/archives/beef.tar.zst");
  EXPECT_FALSE(files().source.has_value());
  EXPECT_FALSE(files().archive.has_value());
  EXPECT_TRUE(files().former_archives.contains("/archives/beef.tar.zst"));
  loaded_from("image", "/img/a.img");
  archived("/archives/beef.tar.zst", 5);
  EXPECT_TRUE(files().source.has_value());
  EXPECT_TRUE(files().archive.has_value());
  EXPECT_TRUE(files().former_archives.empty());
}

}  // namespace
}  // namespace ntt::tools
