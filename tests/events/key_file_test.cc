// A signing key is made once, kept to its owner, and signs one history of one log.

#include "events/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>

#include "events/emitter.h"
#include "events/log_signer.h"
#include "events/rocks_log.h"
#include "events/whole_file.h"
#include "tests/support/temp_dir.h"

namespace ntt::events {
namespace {

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777U;
}

class KeyFileTest : public testing::Test {
 protected:
  Result<SignerKey> load() { return load_or_make_key(directory(), "aa", "ntt/aa"); }
  [[nodiscard]] fs::path directory() const { return temp_ / "home/key"; }
  [[nodiscard]] fs::path secret() const { return directory() / "aa.key"; }
  [[nodiscard]] fs::path verifier() const { return directory() / "aa.vkey"; }
  // What is said when the key cannot be used; "" if it can.
  std::string refusal() {
    const auto key = load();
    return key ? "" : key.error().message;
  }

  tests::TempDir temp_;
};

TEST_F(KeyFileTest, IsMadeOnFirstUseForItsOwnerAlone) {
  const auto key = load();
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(mode_of(directory()), 0700U);
  EXPECT_EQ(mode_of(secret()), 0600U);
  EXPECT_EQ(mode_of(verifier()), 0644U);
  EXPECT_EQ(tests::read_file(verifier()), key->verifier().text() + "\n");
  EXPECT_EQ(find_verifier_key(directory(), "aa").value(), key->verifier());
  EXPECT_EQ(find_verifier_key(directory(), "bb").value(), std::nullopt);
  EXPECT_EQ(load().value().seed, key->seed);
  std::size_t files = 0;
  for (const auto& file : fs::directory_iterator(directory())) files += file.exists() ? 1 : 0;
  EXPECT_EQ(files, 2U) << "nothing temporary is left";
}

TEST_F(KeyFileTest, ProcessesThatMakeItAtTheSameTimeEndWithOne) {
  constexpr int kProcesses = 8;
  int out[2];
  ASSERT_EQ(pipe(out), 0);
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    const auto key = load();
    const std::string text = (key ? key->text() : key.error().message) + "\n";
    const bool written = write(out[1], text.data(), text.size()) > 0;
    _exit(written ? 0 : 1);
  }
  close(out[1]);
  for (int i = 0; i < kProcesses; ++i) wait(nullptr);
  const std::string all = read_whole_fd(out[0], "pipe", 1U << 20U).value();
  close(out[0]);
  std::set<std::string> keys;
  std::size_t lines = 0;
  for (std::size_t begin = 0; begin < all.size(); ++lines) {
    const std::size_t end = all.find('\n', begin);
    keys.insert(all.substr(begin, end - begin));
    begin = end + 1;
  }
  EXPECT_EQ(lines, kProcesses);
  EXPECT_EQ(keys, std::set<std::string>{load().value().text()});
}

TEST_F(KeyFileTest, OneThatOthersMayReadIsRefused) {
  ASSERT_TRUE(load());
  for (const mode_t mode : {0640, 0604, 0660, 0644}) {
    ASSERT_EQ(chmod(secret().c_str(), mode), 0);
    EXPECT_NE(refusal().find("is open to others"), std::string::npos) << mode;
  }
  ASSERT_EQ(chmod(secret().c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "");
  ASSERT_EQ(chmod(directory().c_str(), 0722), 0);
  EXPECT_NE(refusal().find("others may put a key into"), std::string::npos);
}

TEST_F(KeyFileTest, DamagedExchangedOrLinkedFilesAreRefused) {
  const std::string mine = load().value().text();
  const std::string vkey = tests::read_file(verifier());
  const auto with = [&](const fs::path& file, const std::string& content) {
    const std::string before = tests::read_file(file);
    tests::write_file(file, content);
    std::string said = refusal();
    tests::write_file(file, before);
    return said;
  };
  EXPECT_NE(with(secret(), "").find("damaged"), std::string::npos);
  EXPECT_NE(with(secret(), mine).find("damaged"), std::string::npos) << "no newline: cut short";
  EXPECT_NE(with(secret(), mine.substr(0, 60) + "\n").find("damaged"), std::string::npos);
  EXPECT_NE(with(secret(), mine + "x\n").find("damaged"), std::string::npos);
  EXPECT_NE(with(verifier(), "x\n").find("damaged"), std::string::npos);
  const auto other = load_or_make_key(directory(), "bb", "ntt/aa").value();
  EXPECT_NE(with(secret(), other.text() + "\n").find("do not belong together"), std::string::npos);
  const auto foreign = load_or_make_key(directory(), "cc", "ntt/cc").value();
  EXPECT_NE(with(secret(), foreign.text() + "\n").find("is the key of ntt/cc"), std::string::npos);
  EXPECT_EQ(refusal(), "");
  fs::rename(secret(), temp_ / "elsewhere");
  EXPECT_NE(refusal().find("is gone"), std::string::npos);
  fs::create_symlink(temp_ / "elsewhere", secret());
  EXPECT_NE(refusal(), "");
  fs::remove(secret());
  fs::remove(verifier());
  EXPECT_EQ(refusal(), "") << "with both away, a new one is made";
  EXPECT_NE(load().value().text(), mine);
}

class LogSignerTest : public testing::Test {
 protected:
  class TickingClock final : public Clock {
   public:
    Timestamp now() override { return {1'700'000'000'000'000 + ticks_++}; }

   private:
    std::atomic<std::int64_t> ticks_ = 0;
  };

  void SetUp() override { open("log"); }
  void open(const char* name) {
    log_.reset();
    log_ = open_rocks_log({temp_ / name, std::chrono::milliseconds(0)}, clock_).value();
  }
  void append(int count) {
    Emitter emitter(*log_, clock_, MediumId{"aa"}, {}, this_actor());
    for (int i = 0; i < count; ++i) ASSERT_TRUE(emitter.emit(Note{"x"}));
  }
  Result<SignedNote> sign(std::uint64_t size) {
    auto signer = LogSigner::open(*log_, temp_ / "key");
    if (!signer) return std::move(signer).error();
    return signer->sign(size);
  }

  tests::TempDir temp_;
  TickingClock clock_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogSignerTest, SignsWhatTheLogHasUnderTheLogsOwnName) {
  append(5);
  const auto note = sign(5);
  ASSERT_TRUE(note) << note.error().message;
  const auto checkpoint = parse_checkpoint(*note).value();
  EXPECT_EQ(checkpoint.origin, "ntt/" + log_->log_id().value());
  EXPECT_EQ(checkpoint.size, 5U);
  EXPECT_EQ(checkpoint.root, log_->head().value().root);
  const auto key = LogSigner::open(*log_, temp_ / "key").value().verifier();
  EXPECT_EQ(key.name, checkpoint.origin);
  EXPECT_TRUE(verify_note(*note, key));
  EXPECT_EQ(parse_checkpoint(sign(3).value()).value().root, log_->root_at(3).value());
  EXPECT_EQ(sign(6).error().code, Errc::not_found);
  EXPECT_TRUE(check_contains(*log_, checkpoint));
}

TEST_F(LogSignerTest, AnEmptyLogCanBeSigned) {
  EXPECT_EQ(parse_checkpoint(sign(0).value()).value().root.hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(LogSignerTest, ALogThatContradictsWhatItsKeySignedGetsNoSignature) {
  append(3);
  log_.reset();
  fs::copy(temp_ / "log", temp_ / "old", fs::copy_options::recursive);
  open("log");
  append(3);
  ASSERT_TRUE(sign(6));
  open("old");  // the same log, as it was before
  auto refused = sign(3);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corruption);
  EXPECT_NE(refused.error().message.find("cut short"), std::string::npos);
  append(9);  // and continued another way
  refused = sign(12);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("not the one it was"), std::string::npos);
  open("log");
  EXPECT_TRUE(sign(6));
}

TEST_F(LogSignerTest, ASpoiledLastCheckpointIsRefused) {
  append(2);
  ASSERT_TRUE(sign(2));
  const fs::path last = temp_ / "key" / (log_->log_id().value() + ".checkpoint");
  const std::string whole = tests::read_file(last);
  tests::write_file(last, whole.substr(0, whole.size() / 2));
  EXPECT_FALSE(sign(2));
  std::string changed = whole;
  changed[whole.find("\n2\n") + 1] = '1';
  tests::write_file(last, changed);
  EXPECT_EQ(sign(2).error().code, Errc::corruption);
  tests::write_file(last, whole);
  EXPECT_TRUE(sign(2));
}

TEST(WholeFile, IsTheOldOneOrTheNewOneAndPipesAreWrittenInto) {
  const tests::TempDir temp;
  ASSERT_TRUE(write_whole_file(temp / "a", "old", 0640, IfThere::replace));
  EXPECT_EQ(mode_of(temp / "a"), 0640U);
  EXPECT_EQ(write_whole_file(temp / "a", "new", 0644, IfThere::keep).error().code, Errc::conflict);
  EXPECT_EQ(read_whole_file(temp / "a", 100).value(), "old");
  ASSERT_TRUE(write_whole_file(temp / "a", "new", 0644, IfThere::replace));
  EXPECT_EQ(read_whole_file(temp / "a", 100).value(), "new");
  EXPECT_EQ(read_whole_file(temp / "a", 2).error().code, Errc::invalid);
  EXPECT_EQ(read_whole_file(temp / "b", 2).error().code, Errc::not_found);
  fs::create_symlink(temp / "a", temp / "link");
  ASSERT_TRUE(write_whole_file(temp / "link", "linked", 0644, IfThere::replace));
  EXPECT_TRUE(fs::is_symlink(temp / "link"));
  EXPECT_EQ(read_whole_file(temp / "a", 100).value(), "linked");
  EXPECT_TRUE(write_whole_file("/dev/null", "gone", 0644, IfThere::replace));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_FALSE(write_whole_file(temp / "no/such", "x", 0644, IfThere::replace));
}

}  // namespace
}  // namespace ntt::events
