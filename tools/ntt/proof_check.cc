// One check after the other, each said out loud.

#include "tools/ntt/proof_check.h"

#include <algorithm>

#include "events/merkle.h"

namespace ntt::tools {

using events::CheckpointNote;
using events::Result;
using events::SignedNote;

namespace {

std::string size_and_root(const CheckpointNote& checkpoint) {
  return std::to_string(checkpoint.size) + " events, root " + checkpoint.root.hex();
}

// Collects what the checks of one proof find.
class Checker {
 public:
  Checker(std::string kind, const Trust& trust) : trust_(trust) { verdict_.kind = std::move(kind); }

  void add(std::string name, bool holds, std::string detail) {
    add(std::move(name), holds ? CheckOutcome::holds : CheckOutcome::fails, std::move(detail));
  }
  void add(std::string name, CheckOutcome outcome, std::string detail) {
    verdict_.checks.push_back({std::move(name), outcome, std::move(detail)});
  }

  // Reads a checkpoint and, if the key is known, checks its signature.
  std::optional<CheckpointNote> read_checkpoint(const std::string& prefix,
                                                const std::string& text) {
    auto note = events::parse_note(text);
    auto checkpoint = note ? events::parse_checkpoint(*note) : Result<CheckpointNote>(note.error());
    if (!checkpoint) {
      add(prefix + "checkpoint", false, checkpoint.error().message);
      return std::nullopt;
    }
    add(prefix + "checkpoint", true, checkpoint->origin + " at " + size_and_root(*checkpoint));
    check_signature(prefix + "signature", *note, *checkpoint);
    return *checkpoint;
  }

  // Whether the checkpoint that the verifier trusts is one of these.
  void check_trusted(const std::vector<const std::optional<CheckpointNote>*>& candidates) {
    if (!trust_.checkpoint) return;
    const bool found =
        std::any_of(candidates.begin(), candidates.end(), [&](const auto* candidate) {
          return *candidate && (*candidate)->is_same_tree(*trust_.checkpoint);
        });
    vouched_ |= found;
    add("trusted_checkpoint", found,
        found ? "it is the one that was given: " + size_and_root(*trust_.checkpoint)
              : "the one that was given is another: " + trust_.checkpoint->origin + " at " +
                    size_and_root(*trust_.checkpoint));
  }

  // Ends the checks. `proven` is what they show if all of them hold.
  ProofVerdict finish(std::vector<std::string> proven) {
    if (!vouched_) {
      add("trust", false,
          "nobody that you trust vouches for this root: give the verifier key of the log (--key) "
          "or a checkpoint that you have from elsewhere (--checkpoint)");
    }
    verdict_.holds =
        std::none_of(verdict_.checks.begin(), verdict_.checks.end(),
                     [](const ProofCheck& check) { return check.outcome == CheckOutcome::fails; });
    if (verdict_.holds) verdict_.proven = std::move(proven);
    if (!trust_.key) verdict_.not_proven.emplace_back("who made the checkpoint: no key was given");
    verdict_.not_proven.emplace_back(
        "that nobody was shown another history of this log: compare its checkpoints with those "
        "that others keep");
    return std::move(verdict_);
  }

  ProofVerdict& verdict() { return verdict_; }
  // Whose root it is, in words.
  [[nodiscard]] std::string root_words(const std::string& without_key) const {
    if (trust_.key) return "the root that " + trust_.key->id() + " has signed";
    return "the root of the checkpoint " + without_key;
  }

 private:
  void check_signature(const std::string& name, const SignedNote& note,
                       const CheckpointNote& checkpoint) {
    if (!trust_.key) {
      add(name, CheckOutcome::not_checked, "no key was given");
      return;
    }
    if (trust_.key->name != checkpoint.origin) {
      add(name, false,
          "the key is of " + trust_.key->name + ", the checkpoint of " + checkpoint.origin);
      return;
    }
    const auto verified = events::verify_note(note, *trust_.key);
    add(name, verified.has_value(), verified ? "by " + trust_.key->id() : verified.error().message);
    vouched_ |= verified.has_value();
  }

  const Trust& trust_;
  ProofVerdict verdict_;
  bool vouched_ = false;
};

// Envelope, payload and attachment: that they belong together.
void check_event(const InclusionProof& proof, Checker& checker) {
  auto envelope = events::decode_envelope(proof.envelope);
  checker.add("event", envelope.has_value(),
              envelope ? std::to_string(envelope->seq.value) + ", " + envelope->type +
                             (envelope->medium.empty() ? "" : " of " + envelope->medium.text)
                       : envelope.error().message);
  if (!envelope) return;
  const bool same = events::salted_digest(proof.data_salt, proof.data) == envelope->data_digest;
  checker.add("payload", same,
              same ? std::to_string(proof.data.size()) + " bytes, as they were recorded"
                   : "it is not what the event was recorded with");
  if (!proof.attachment && envelope->has_attachment()) {
    checker.add("attachment", CheckOutcome::not_checked,
                std::to_string(envelope->attachment_bytes) + " bytes that the proof leaves out");
    checker.verdict().not_proven.emplace_back(
        "what the attachment holds: the proof leaves it out, and has its digest only");
  } else if (proof.attachment) {
    const bool fits = envelope->has_attachment() &&
                      proof.attachment->bytes.size() == envelope->attachment_bytes &&
                      events::salted_digest(proof.attachment->salt, proof.attachment->bytes) ==
                          envelope->attachment_digest;
    checker.add("attachment", fits,
                fits ? std::to_string(envelope->attachment_bytes) + " bytes, as they were recorded"
                     : "it is not what the event was recorded with");
  }
  events::Event event;
  static_cast<events::Envelope&>(event) = std::move(*envelope);
  event.data = proof.data;
  checker.verdict().event = std::move(event);
}

ProofVerdict check(const InclusionProof& proof, const Trust& trust) {
  Checker checker("inclusion", trust);
  check_event(proof, checker);
  const auto checkpoint = checker.read_checkpoint("", proof.checkpoint);
  checker.verdict().checkpoint = checkpoint;
  std::vector<std::string> proven;
  const auto& event = checker.verdict().event;
  checker.verdict().not_proven.emplace_back(
      "that what the event says is true, or that its times are: the log shows what was recorded");
  checker.verdict().not_proven.emplace_back("that no other event withdraws or corrects this one");
  if (event && checkpoint) {
    const std::string seq = std::to_string(event->seq.value);
    const std::string size = std::to_string(checkpoint->size);
    // Sequence 0 wraps to an index that is in no tree.
    const bool included =
        events::is_included(events::merkle_leaf_hash(proof.envelope), event->seq.value - 1,
                            checkpoint->size, proof.path, checkpoint->root);
    checker.add("inclusion", included,
                included ? "event " + seq + " of " + size + " under this root"
                         : "the path does not lead from this event to the root");
    proven.push_back("event " + seq + " of " + checkpoint->origin +
                     " was recorded as shown, and is one of the " + size + " events under " +
                     checker.root_words("that was given"));
    checker.verdict().not_proven.emplace_back("anything about events after " + size);
  }
  checker.check_trusted({&checkpoint});
  return checker.finish(std::move(proven));
}

ProofVerdict check(const ConsistencyProof& proof, const Trust& trust) {
  Checker checker("consistency", trust);
  const auto from = checker.read_checkpoint("from_", proof.from_checkpoint);
  const auto to = checker.read_checkpoint("", proof.checkpoint);
  checker.verdict().from = from;
  checker.verdict().checkpoint = to;
  std::vector<std::string> proven;
  if (from && to) {
    checker.add("origin", from->origin == to->origin,
                from->origin == to->origin ? "both are of " + to->origin
                                           : "the checkpoints are of two logs");
    const bool consistent =
        events::is_consistent(from->size, to->size, proof.path, from->root, to->root);
    const std::string sizes =
        "the first " + std::to_string(from->size) + " of " + std::to_string(to->size) + " events";
    checker.add("consistency", consistent,
                consistent ? sizes + " are those of the older checkpoint"
                           : "the path does not show that " + sizes + " are as they were");
    proven.push_back(
        "of the " + std::to_string(to->size) + " events of " + to->origin + " under " +
        checker.root_words("in the proof") + ", the first " + std::to_string(from->size) +
        " are those that the older checkpoint saw: " + "none was changed, removed or put in");
  }
  checker.verdict().not_proven.emplace_back("what the events say");
  checker.check_trusted({&from, &to});
  return checker.finish(std::move(proven));
}

}  // namespace

std::string_view to_string(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::holds:
      return "holds";
    case CheckOutcome::fails:
      return "fails";
    case CheckOutcome::not_checked:
      return "not_checked";
  }
  return "";
}

ProofVerdict check_proof(const Proof& proof, const Trust& trust) {
  return std::visit([&trust](const auto& kind) { return check(kind, trust); }, proof);
}

}  // namespace ntt::tools
