// A proof holds as it was made, for those who trust its root, and in no other form.

#include "tools/ntt/proof_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "events/ed25519.h"
#include "events/emitter.h"
#include "events/log_signer.h"
#include "events/rocks_log.h"
#include "tests/support/temp_dir.h"
#include "tools/ntt/proof_check.h"

namespace ntt::tools {
namespace {

class ProofFileTest : public testing::Test {
 protected:
  void SetUp() override {
    log_ = events::open_rocks_log({temp_ / "log"}, clock_).value();
    events::Emitter emitter(*log_, clock_, events::MediumId{"aa"}, {}, events::this_actor());
    for (int i = 0; i < 11; ++i) {
      ASSERT_TRUE(emitter.emit(events::Note{"note " + std::to_string(i)}, {},
                               i == 4 ? std::string("\0columns\xff", 9) : ""));
    }
    trust_.key = signer().verifier();
  }
  events::LogSigner signer() { return events::LogSigner::open(*log_, temp_ / "key").value(); }
  std::string signed_at(std::uint64_t size) {
    return events::to_bytes(signer().sign(size).value());
  }

  InclusionProof inclusion(std::uint64_t seq, std::uint64_t size, bool attachment = false) {
    const auto record = log_->record({seq}).value();
    InclusionProof proof;
    proof.envelope = record.envelope;
    proof.data_salt = record.data_salt;
    proof.data = record.data;
    if (attachment) proof.attachment = {record.attachment_salt, log_->attachment({seq}).value()};
    proof.path = events::inclusion_path(events::nodes_of(*log_), seq - 1, size).value();
    proof.checkpoint = signed_at(size);
    return proof;
  }
  ConsistencyProof consistency(std::uint64_t from, std::uint64_t to) {
    return {signed_at(from), events::consistency_path(events::nodes_of(*log_), from, to).value(),
            signed_at(to)};
  }
  bool holds(const Proof& proof) { return check_proof(proof, trust_).holds; }
  // Whether the text is read as a proof at all, and holds.
  bool holds_as_text(const std::string& text) {
    const auto proof = parse_proof(text);
    return proof && holds(*proof);
  }

  tests::TempDir temp_;
  events::SystemClock clock_;
  std::unique_ptr<events::Log> log_;
  Trust trust_;
};

TEST_F(ProofFileTest, EveryEventIsProvenInEveryLargerLogAndReadsBackTheSame) {
  for (std::uint64_t size = 1; size <= 11; ++size) {
    for (std::uint64_t seq = 1; seq <= size; ++seq) {
      const Proof proof = inclusion(seq, size);
      EXPECT_TRUE(holds(proof)) << seq << " of " << size;
      EXPECT_EQ(parse_proof(to_text(proof)).value(), proof);
    }
    for (std::uint64_t from = 0; from <= size; ++from) {
      const Proof proof = consistency(from, size);
      EXPECT_TRUE(holds(proof)) << from << " to " << size;
      EXPECT_EQ(parse_proof(to_text(proof)).value(), proof);
    }
  }
}

TEST_F(ProofFileTest, ForWhoTrustsNobodyNothingHolds) {
  EXPECT_FALSE(check_proof(inclusion(3, 11), {}).holds);
  EXPECT_FALSE(check_proof(consistency(3, 11), {}).holds);
}

TEST_F(ProofFileTest, ACheckpointFromElsewhereIsEnoughIfItIsTheSame) {
  const auto given = [](const std::string& text) {
    Trust trust;
    trust.checkpoint = events::parse_checkpoint(events::parse_note(text).value()).value();
    return trust;
  };
  EXPECT_TRUE(check_proof(inclusion(3, 11), given(signed_at(11))).holds);
  EXPECT_FALSE(check_proof(inclusion(3, 11), given(signed_at(10))).holds);
  EXPECT_TRUE(check_proof(consistency(3, 11), given(signed_at(3))).holds);
  EXPECT_TRUE(check_proof(consistency(3, 11), given(signed_at(11))).holds);
  EXPECT_FALSE(check_proof(consistency(3, 11), given(signed_at(4))).holds);
}

TEST_F(ProofFileTest, AnotherKeyIsRefusedWhateverItsName) {
  const Proof proof = inclusion(3, 11);
  const events::SignerKey stranger{trust_.key->name, events::new_ed25519_seed()};
  trust_.key = stranger.verifier();
  EXPECT_FALSE(holds(proof));
  trust_.key->name = "ntt/other";
  EXPECT_FALSE(holds(proof));
}

// Every member of the object, and of the object in it, taken away, set to null, emptied.
TEST_F(ProofFileTest, NoneHoldsWithAFieldMissing) {
  for (const Proof& proof : {Proof(inclusion(5, 11, true)), Proof(consistency(3, 11))}) {
    const auto whole = nlohmann::ordered_json::parse(to_text(proof));
    ASSERT_TRUE(holds_as_text(whole.dump()));
    const auto without = [&](const std::string& outer, const std::string& inner,
                             const std::function<void(nlohmann::ordered_json&, std::string)>& how) {
      auto json = whole;
      how(inner.empty() ? json : json[outer], inner.empty() ? outer : inner);
      EXPECT_FALSE(holds_as_text(json.dump())) << outer << " " << inner << "\n" << json.dump(1);
    };
    const auto all = [&](const std::string& outer, const std::string& inner) {
      without(outer, inner, [](auto& json, const auto& key) { json.erase(key); });
      without(outer, inner, [](auto& json, const auto& key) { json[key] = ""; });
      without(outer, inner, [](auto& json, const auto& key) { json[key] = 1.5; });
      without(outer, inner,
              [](auto& json, const auto& key) { json[key] = nlohmann::ordered_json::array(); });
      if (outer != "attachment" || !inner.empty()) {  // which may be left out, and says so
        without(outer, inner, [](auto& json, const auto& key) { json[key] = nullptr; });
      }
    };
    for (const auto& item : whole.items()) {
      all(item.key(), "");
      if (!item.value().is_object()) continue;
      for (const auto& part : item.value().items()) all(item.key(), part.key());
    }
    auto more = whole;
    more["verified"] = true;
    EXPECT_FALSE(holds_as_text(more.dump())) << "a member that is not checked";
    std::string twice = whole.dump();
    twice.insert(1, R"("kind":"inclusion",)");
    EXPECT_FALSE(holds_as_text(twice)) << "a member twice";
  }
}

TEST_F(ProofFileTest, NoneHoldsWithAByteFlippedOrCutOff) {
  for (const Proof& proof : {Proof(inclusion(5, 11, true)), Proof(consistency(3, 11))}) {
    const std::string whole = to_text(proof);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const int bit : {0x01, 0x04, 0x20}) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ bit);
        const auto read = parse_proof(changed);
        // White space may be exchanged for other white space.
        EXPECT_TRUE(!read || *read == proof || !holds(*read)) << at << "\n" << changed;
      }
      EXPECT_FALSE(parse_proof(whole.substr(0, at)) && at + 1 != whole.size()) << at;
    }
  }
}

TEST_F(ProofFileTest, AnAttachmentLeftOutIsNotShownAndAForeignOneIsRefused) {
  const auto without = check_proof(inclusion(5, 11), trust_);
  EXPECT_TRUE(without.holds);
  EXPECT_EQ(without.checks[2].name, "attachment");
  EXPECT_EQ(without.checks[2].outcome, CheckOutcome::not_checked);
  EXPECT_EQ(check_proof(inclusion(5, 11, true), trust_).checks[2].outcome, CheckOutcome::holds);
  InclusionProof foreign = inclusion(4, 11);
  foreign.attachment = inclusion(5, 11, true).attachment;
  EXPECT_FALSE(holds(foreign)) << "the event carries none";
}

TEST_F(ProofFileTest, PartsOfTwoProofsMakeNone) {
  InclusionProof mixed = inclusion(3, 11);
  mixed.data = inclusion(4, 11).data;
  EXPECT_FALSE(holds(mixed));
  mixed = inclusion(3, 11);
  mixed.checkpoint = signed_at(10);
  EXPECT_FALSE(holds(mixed));
  mixed = inclusion(3, 11);
  mixed.path = inclusion(4, 11).path;
  EXPECT_FALSE(holds(mixed));
  ConsistencyProof growth = consistency(3, 11);
  std::swap(growth.from_checkpoint, growth.checkpoint);
  EXPECT_FALSE(holds(growth));
}

}  // namespace
}  // namespace ntt::tools
