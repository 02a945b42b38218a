// Proofs that this format began with hold for ever, here and under tools that are not ours.

#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(NTT_SOURCE_DIR) / "tests/golden";
const fs::path kProofs = kGolden / "proof-1";

// The key that signed them: its seed is that of RFC 8032's first test, so it protects nothing.
const char* const kSigner =
    "PRIVATE+KEY+ntt/01a20a4e4d237628bcf56cc23933f90b+aec6f65a+"
    "AZ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n";
const char* const kLogId = "01a20a4e4d237628bcf56cc23933f90b";

class ProofGoldenTest : public testing::Test {
 protected:
  CommandResult ntt(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), NTT_PROGRAM);
    return run_command(arguments, {{{"NTT_HOME", (temp_ / "home").string()},
                                    {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
                                   "",
                                   ""});
  }
  void unpack_log_and_key() {
    fs::create_directories(temp_ / "home/key");
    fs::permissions(temp_ / "home/key", fs::perms::owner_all);
    output_of({"sh", "-c", R"(zstd -dc "$0" | tar -x -C "$1")", kGolden / "log-1.tar.zst",
               temp_ / "home"});
    const fs::path secret = temp_ / "home/key" / (kLogId + std::string(".key"));
    write_file(secret, kSigner);
    fs::permissions(secret, fs::perms::owner_read | fs::perms::owner_write);
  }
  static std::string golden(const std::string& name) { return (kProofs / name).string(); }
  static std::string key() { return lines_of(read_file(kProofs / "key.vkey")).at(0); }

  TempDir temp_;
};

TEST_F(ProofGoldenTest, WhatWasProvenOnceHoldsForEver) {
  for (const char* proof : {"inclusion.json", "consistency.json"}) {
    const auto verified = ntt({"verify", "proof", golden(proof), "--key", golden("key.vkey"),
                               "--checkpoint", golden("checkpoint.txt")});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  }
  unpack_log_and_key();
  const auto witnessed = ntt({"verify", "log", "--key", key(), "--witness",
                              golden("checkpoint.txt"), "--witness", golden("older.txt")});
  EXPECT_EQ(witnessed.exit_code, 0) << witnessed.out << witnessed.err;
}

TEST_F(ProofGoldenTest, TheSameLogAndKeyGiveTheSameBytes) {
  unpack_log_and_key();
  EXPECT_EQ(ntt({"prove", "20", "--attachment", "--size", "38"}).out,
            read_file(kProofs / "inclusion.json"));
  EXPECT_EQ(ntt({"prove", "--since", golden("older.txt"), "--size", "38"}).out,
            read_file(kProofs / "consistency.json"));
  EXPECT_EQ(ntt({"checkpoint"}).out, read_file(kProofs / "checkpoint.txt"));
}

// The first block of docs/proofs.md in that language.
std::string code_of_page(const std::string& language) {
  const std::string page = read_file(fs::path(NTT_SOURCE_DIR) / "docs/proofs.md");
  const std::string fence = "\n```" + language + "\n";
  const std::size_t begin = page.find(fence);
  EXPECT_NE(begin, page.npos) << language;
  if (begin == page.npos) return "";
  const std::size_t code = begin + fence.size();
  return page.substr(code, page.find("\n```\n", code) + 1 - code);
}

TEST_F(ProofGoldenTest, StandardToolsFindThemSoundAsThePageSays) {
  const auto check = [this](const std::string& proof, const std::string& with) {
    return run_command({"python3", (temp_ / "check.py").string(), proof, with});
  };
  write_file(temp_ / "check.py", code_of_page("python"));
  for (const char* name : {"inclusion.json", "consistency.json"}) {
    const auto sound = check(golden(name), key());
    EXPECT_EQ(sound.exit_code, 0) << sound.out << sound.err;
    EXPECT_NE(sound.out.find("holds"), std::string::npos) << sound.out;
    EXPECT_NE(check(golden(name), "ntt/x+00000000+AQ==").exit_code, 0);
    // What ntt refuses, they refuse.
    const std::string whole = read_file(kProofs / name);
    for (std::size_t at = whole.find("path") + 12; at < whole.size(); at += 97) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      write_file(temp_ / "changed.json", changed);
      const int ours = ntt({"verify", "proof", temp_ / "changed.json", "--key", key()}).exit_code;
      const int theirs = check((temp_ / "changed.json").string(), key()).exit_code;
      EXPECT_EQ(theirs == 0, ours == 0) << at << "\n" << changed;
    }
  }
}

TEST_F(ProofGoldenTest, ByHandThePayloadAndTheLeafComeOutAsThePageSays) {
  fs::copy(kProofs / "inclusion.json", temp_ / "event.json");
  const auto lines =
      lines_of(output_of({"bash", "-c", code_of_page("sh")}, {{}, "", temp_.path().string()}));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].substr(0, 64), lines[1]) << "the payload's digest is the envelope's";
  EXPECT_EQ(lines[2].substr(64), "  -");
}

}  // namespace
}  // namespace ntt::tests
