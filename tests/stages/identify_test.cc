// Which medium is it: legacy names and recipes, content, and the cases in which ids once collided.

#include "stages/identify.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "stages/content_sample.h"
#include "stages/hardware.h"
#include "stages/recipe.h"
#include "stages/signature.h"
#include "tests/stages/log_bench.h"
#include "tests/support/command.h"

namespace ntt::tests {

namespace {

namespace fs = std::filesystem;
using events::Errc;
using stages::identify;
using stages::Identity;

Identity identity_of(const std::string& kind, const fs::path& path, const std::string& label = "") {
  auto identity = identify({kind, {path.string()}}, label);
  EXPECT_TRUE(identity.has_value()) << identity.error().message;
  return identity ? *identity : Identity{};
}

TEST(Recipe, OfDirectoriesGivesTheIdsThatUsersHave) {
  const std::pair<const char*, const char*> known[] = {{"/data/staging/unknown-tree", "236d5e0d"},
                                                       {"/data/staging/archives-2019", "2ae4eb92"},
                                                       {"/data/staging/dump-2019", "1d7c9dc8"},
                                                       {"/data/staging/osxgather", "983dbb7d"},
                                                       {"/mnt/ntt-partition3", "cff53715"}};
  for (const auto& [path, digits] : known) {
    const events::MediumId id = stages::directory_id(path);
    EXPECT_EQ(id.text.substr(0, 8), digits);
    EXPECT_EQ(id.text.size(), 32U);
  }
}

TEST(Recipe, OfInputsCanBeComputedByAnyone) {
  const events::MediumId id = stages::id_of_inputs("ntt/v1", {"size=5", "head=00"});
  CommandOptions options;
  options.input = "ntt/v1\nsize=5\nhead=00\n";
  EXPECT_EQ(output_of({"b3sum", "--no-names", "-"}, options).substr(0, 32), id.text);
}

TEST(Identify, ADirectoryIsItsAbsolutePath) {
  const TempDir directory;
  fs::create_directories(directory / "tree/sub");
  const Identity plain = identity_of("directory", directory / "tree");
  EXPECT_EQ(plain.medium, stages::directory_id((directory / "tree").string()));
  EXPECT_EQ(identity_of("directory", directory / "tree/sub/../").medium, plain.medium);
  EXPECT_EQ(plain.facts.recipe, "dir");
  EXPECT_EQ(plain.facts.medium_human, "tree");
  EXPECT_FALSE(plain.facts.size.has_value());
  write_file(directory / "file", "x");
  EXPECT_EQ(identify({"directory", {(directory / "file").string()}}, "").error().code,
            Errc::invalid);
  EXPECT_EQ(identify({"directory", {(directory / "none").string()}}, "").error().code,
            Errc::not_found);
}

TEST(Identify, AFileNamedByAHashIsThatMedium) {
  const TempDir directory;
  const std::string short_id = "bb226d2a00000000000000000000cafe";
  for (const std::string& id : {short_id, short_id + short_id}) {
    write_file(directory / (id + ".img"), "anything");
    const Identity identity = identity_of("image", directory / (id + ".img"));
    EXPECT_EQ(identity.medium.text, id);
    EXPECT_EQ(identity.facts.recipe, "img/name");
    EXPECT_EQ(identity.facts.size, 8U);
  }
  write_file(directory / (short_id + ".raw"), "anything");
  EXPECT_EQ(identity_of("raw", directory / (short_id + ".raw")).medium.text, short_id);
  write_file(directory / "bb226d2a.img", "anything");
  EXPECT_EQ(identity_of("image", directory / "bb226d2a.img").facts.recipe, "ntt/v1");
}

TEST(Identify, AnImageIsItsSizeAndBothEndsWhereverItLies) {
  const TempDir directory;
  fs::create_directories(directory / "elsewhere");
  const std::string content = some_bytes(3U << 20U, 1);
  write_file(directory / "disk.img", content);
  write_file(directory / "elsewhere/renamed", content);
  const Identity identity = identity_of("image", directory / "disk.img");
  EXPECT_EQ(identity_of("image", directory / "elsewhere/renamed").medium, identity.medium);
  EXPECT_EQ(identity.facts.inputs.size(), 3U);
  EXPECT_EQ(identity.facts.inputs[0], "size=3145728");
  const std::string head = output_of(
      {"sh", "-c", "head -c 1048576 \"$0\" | b3sum --no-names", (directory / "disk.img").string()});
  const std::string tail = output_of(
      {"sh", "-c", "tail -c 1048576 \"$0\" | b3sum --no-names", (directory / "disk.img").string()});
  EXPECT_EQ(identity.facts.inputs[1] + "\n", "head=" + head);
  EXPECT_EQ(identity.facts.inputs[2] + "\n", "tail=" + tail);
  EXPECT_EQ(identity.medium, stages::id_of_inputs("ntt/v1", identity.facts.inputs));

  for (const std::size_t changed : {std::size_t{0}, content.size() - 1}) {
    std::string other = content;
    other[changed] = static_cast<char>(other[changed] ^ 1);
    write_file(directory / "other.img", other);
    EXPECT_NE(identity_of("image", directory / "other.img").medium, identity.medium);
  }
  write_file(directory / "longer.img", content.substr(0, 1U << 20U) + content);
  EXPECT_NE(identity_of("image", directory / "longer.img").medium, identity.medium);
}

TEST(Identify, TwoBlankDisksAreTwoMedia) {
  const TempDir directory;
  for (const char fill : {'\0', '\xf6'}) {
    const std::string blank(2U << 20U, fill);
    write_file(directory / "one.img", blank);
    write_file(directory / "two.img", blank);
    const Identity one = identity_of("image", directory / "one.img");
    const Identity two = identity_of("image", directory / "two.img");
    EXPECT_NE(one.medium, two.medium);
    EXPECT_EQ(one.facts.blank, fill == '\0' ? "00" : "f6");
    EXPECT_EQ(identity_of("image", directory / "one.img").medium, one.medium);
    const Identity labelled = identity_of("image", directory / "one.img", "box 3, disk 2");
    EXPECT_NE(labelled.medium, one.medium);
    EXPECT_NE(labelled.medium, identity_of("image", directory / "one.img", "box 3, disk 1").medium);
    for (const char* known :
         {"488de202f73bd976de4e7048f4e1f39a", "f40a0868cc16fa730c6d232095d9bb5a",
          "af1349b9f5f9a1a6a0404dea36dcc949"}) {
      EXPECT_NE(one.medium.text, known);
    }
  }
}

TEST(Identify, ALabelDoesNotChangeAMediumThatHasContent) {
  const TempDir directory;
  write_file(directory / "disk.img", some_bytes(1000, 3));
  EXPECT_EQ(identity_of("image", directory / "disk.img", "a").medium,
            identity_of("image", directory / "disk.img", "b").medium);
}

TEST(Identify, RefusesAnEmptyImageAndWhatIsNoFile) {
  const TempDir directory;
  write_file(directory / "empty.img", "");
  const std::string named = "0123456789abcdef0123456789abcdef.img";
  write_file(directory / named, "");
  for (const std::string& name : {std::string("empty.img"), named}) {
    auto refused = identify({"image", {(directory / name).string()}}, "label");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::invalid);
    EXPECT_NE(refused.error().message.find("is empty (0 bytes)"), std::string::npos);
  }
  EXPECT_EQ(identify({"image", {directory.path().string()}}, "").error().code, Errc::invalid);
  EXPECT_EQ(identify({"image", {(directory / "none").string()}}, "").error().code, Errc::not_found);
  EXPECT_EQ(identify({"floppy", {(directory / "empty.img").string()}}, "").error().code,
            Errc::invalid);
}

TEST(Identify, NeverHashesWhatCouldNotBeRead) {
  // The memory of a process has a size of nothing and cannot be read at 0: as a dying disk.
  auto sample = stages::read_sample("/proc/self/mem");
  ASSERT_FALSE(sample.has_value());
}

TEST(Hardware, IsReadFromSysfs) {
  const TempDir directory;
  fs::create_directories(directory / "sda/device");
  fs::create_directories(directory / "sda/sda2");
  write_file(directory / "sda/device/vendor", "ATA     \n");
  write_file(directory / "sda/device/model", "WDC WD5000 \n");
  write_file(directory / "sda/device/vpd_pg80", std::string("\0\x80\0\x0c    WD-1234 ", 16));
  write_file(directory / "sda/sda2/partition", "2\n");
  const std::vector<std::string> disk = {"vendor=ATA", "model=WDC WD5000", "serial=WD-1234"};
  EXPECT_EQ(stages::read_hardware(directory / "sda").facts(), disk);
  std::vector<std::string> partition = disk;
  partition.push_back("partition=2");
  EXPECT_EQ(stages::read_hardware(directory / "sda/sda2").facts(), partition);
  EXPECT_TRUE(stages::read_hardware(directory / "none").facts().empty());
}

TEST(Signature, NamesWhatMkfsAndTarMake) {
  const TempDir directory;
  const std::string image = (directory / "image").string();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"mkfs.ext4", "-q", "-F", image}, "ext2/ext3/ext4 superblock"},
      {{"mkfs.vfat", image}, "FAT16 boot sector"},
      {{"mkfs.ntfs", "-q", "-F", image}, "NTFS boot sector"},
      {{"mkswap", image}, "Linux swap"},
      {{"tar", "-cf", image, "/etc/hostname"}, "tar archive"},
  };
  for (const auto& [make, words] : cases) {
    // mkfs is where an ordinary user's PATH does not look.
    std::vector<std::string> command = {"env", "PATH=/usr/sbin:/sbin:/usr/bin:/bin"};
    command.insert(command.end(), make.begin(), make.end());
    write_file(image, "");
    fs::resize_file(image, 16U << 20U);
    output_of(command);
    auto sample = stages::read_sample(image);
    ASSERT_TRUE(sample.has_value());
    const auto found = stages::signatures_of(sample->head, sample->tail);
    EXPECT_NE(std::find(found.begin(), found.end(), words), found.end()) << make[0];
  }
  EXPECT_TRUE(stages::signatures_of("", "").empty());
}

TEST(RecordIdentity, AppendsOnlyWhatIsNew) {
  const TempDir directory;
  write_file(directory / "disk.img", some_bytes(1000, 3));
  const Identity identity = identity_of("image", directory / "disk.img");
  LogBench bench(identity.medium.text);
  const auto record = [&](const std::string& label) {
    auto recorded = stages::record_identity(bench.context, identity, label);
    EXPECT_TRUE(recorded.has_value());
  };
  record("");
  record("");
  EXPECT_EQ(bench.types(), (std::vector<std::string>{"medium_identified"}));
  record("box 1");
  record("box 1");
  record("");
  EXPECT_EQ(bench.types(), (std::vector<std::string>{"medium_identified", "medium_labelled"}));
  record("box 2");
  bench.emit(events::Retraction{3, "a slip"});
  record("box 1");  // is the label again, now that "box 2" is withdrawn
  record("box 2");
  EXPECT_EQ(bench.types(),
            (std::vector<std::string>{"medium_identified", "medium_labelled", "medium_labelled",
                                      "retraction", "medium_labelled"}));
  EXPECT_EQ(bench.last<events::MediumLabelled>().label, "box 2");
  EXPECT_EQ(bench.last<events::MediumIdentified>(), identity.facts);
}

}  // namespace

}  // namespace ntt::tests
