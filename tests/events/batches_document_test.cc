// BATCHES.md's example is what the program writes, and programs that are not ours can read it.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "events/batch.h"
#include "events/bytes.h"

namespace ntt::events {
namespace {

// The three entries that the document describes.
EntryBatch example() {
  constexpr Nanos kTime = 1'000'000'000'000'000'000;
  constexpr Nanos kLater = kTime + 60'000'000'000;
  Entry directory;
  directory.type = EntryType::directory;
  directory.inode = 2;
  directory.link_count = 3;
  directory.size = 4096;
  directory.mode = 0755;
  directory.modify_time = directory.change_time = kTime;
  Entry file;
  file.type = EntryType::file;
  file.inode = 12;
  file.link_count = 1;
  file.size = 5;
  file.mode = 0644;
  file.uid = file.gid = 1000;
  file.modify_time = kLater;
  file.change_time = kLater + 250;
  file.path = "notes";
  Entry symlink = file;
  symlink.type = EntryType::symlink;
  symlink.inode = 13;
  symlink.mode = 0777;
  symlink.change_time = kLater;
  symlink.path = "notes.txt";
  symlink.symlink_target = "notes";
  return {{1}, {0}, {directory, file, symlink}};
}

struct Document {
  std::string text;
  std::string columns;  // of the block of hex, comments removed
};

Document read_document() {
  std::ifstream file(NTT_SOURCE_DIR "/events/BATCHES.md");
  EXPECT_TRUE(file);
  Document out;
  std::string hex;
  bool in_hex = false;
  for (std::string line; std::getline(file, line);) {
    out.text += line + "\n";
    if (line.starts_with("```")) {
      in_hex = line == "```hex";
    } else if (in_hex) {
      for (const char c : line.substr(0, line.find('#'))) hex += c == ' ' ? "" : std::string(1, c);
    }
  }
  out.columns = from_hex(hex).value_or("");
  return out;
}

// What a command writes when `input` is its standard input.
std::string output_of(const std::string& command, const std::string& input) {
  std::string path = testing::TempDir() + "batches-XXXXXX";
  const int descriptor = mkstemp(path.data());
  EXPECT_GE(descriptor, 0);
  close(descriptor);
  std::ofstream(path, std::ios::binary) << input;
  FILE* pipe = popen((command + " < '" + path + "'").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string out;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) out += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0) << command;
  unlink(path.c_str());
  return out;
}

TEST(BatchesDocumentTest, ItsExampleIsWhatTheProgramWrites) {
  const Document document = read_document();
  EXPECT_EQ(to_hex(encode_entry_columns(example())), to_hex(document.columns));
  const auto decoded = decode_entry_columns(document.columns);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, example());
  const EncodedBatch encoded = encode_entry_batch(example());
  EXPECT_NE(document.text.find("`" + encoded.records_digest.hex() + "`"), std::string::npos);
  EXPECT_NE(document.text.find("`" + to_hex(encoded.attachment.substr(0, 8)) + "`"),
            std::string::npos);
}

TEST(BatchesDocumentTest, OtherProgramsReadTheFrameAndTheDigest) {
  const EncodedBatch encoded = encode_entry_batch(example());
  const std::string columns = output_of("zstd -dc", encoded.attachment.substr(8));
  EXPECT_EQ(columns, encode_entry_columns(example()));
  EXPECT_EQ(output_of("b3sum --no-names", columns), encoded.records_digest.hex() + "\n");
}

}  // namespace
}  // namespace ntt::events
