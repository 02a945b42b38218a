// ntt prove: that an event is in the log, or that the log goes on from an earlier checkpoint.

#include <memory>

#include "events/log_signer.h"
#include "events/whole_file.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/proof_check.h"
#include "tools/ntt/terminal.h"
#include "tools/ntt/trust.h"

namespace ntt::tools {

using events::CheckpointNote;
using events::Errc;
using events::Error;
using events::Log;
using events::Result;
using events::Sequence;

namespace {

struct ProveOptions {
  std::uint64_t seq = 0;
  std::string since;
  std::uint64_t size = 0;
  std::string checkpoint;
  bool attachment = false;
  std::string out;
  bool json = false;
};

// The checkpoint that the proof ends at: the one given, or one signed for it.
Result<CheckpointFile> checkpoint_for(const Context& context, const Log& log,
                                      const ProveOptions& options) {
  if (!options.checkpoint.empty()) {
    auto given = read_checkpoint_file(options.checkpoint);
    if (!given) return given;
    if (auto same = events::check_contains(log, given->checkpoint); !same) {
      return std::move(same).error().within(options.checkpoint);
    }
    return given;
  }
  std::uint64_t size = options.size;
  if (size == 0) {
    auto head = log.head();
    if (!head) return std::move(head).error();
    size = head->seq.value;
  }
  auto signer = events::LogSigner::open(log, context.settings.key_root);
  if (!signer) return std::move(signer).error();
  auto note = signer->sign(size);
  if (!note) return std::move(note).error();
  auto checkpoint = events::parse_checkpoint(*note);
  if (!checkpoint) return std::move(checkpoint).error();
  return CheckpointFile{std::move(*note), std::move(*checkpoint)};
}

Result<Proof> prove_event(const Context& context, const Log& log, const ProveOptions& options) {
  auto record = log.record(Sequence{options.seq});
  if (!record) return std::move(record).error();
  auto checkpoint = checkpoint_for(context, log, options);
  if (!checkpoint) return std::move(checkpoint).error();
  const std::uint64_t size = checkpoint->checkpoint.size;
  if (options.seq > size) {
    return Error{Errc::invalid, "event " + std::to_string(options.seq) + " came after the first " +
                                    std::to_string(size) + " events: prove it in a larger log"};
  }
  InclusionProof proof;
  proof.envelope = std::move(record->envelope);
  proof.data_salt = record->data_salt;
  proof.data = std::move(record->data);
  if (options.attachment) {
    auto bytes = log.attachment(Sequence{options.seq});
    if (!bytes) return std::move(bytes).error();
    proof.attachment = ProvenAttachment{record->attachment_salt, std::move(*bytes)};
  }
  auto path = events::inclusion_path(events::nodes_of(log), options.seq - 1, size);
  if (!path) return std::move(path).error();
  proof.path = std::move(*path);
  proof.checkpoint = events::to_bytes(checkpoint->note);
  return Proof(std::move(proof));
}

Result<Proof> prove_growth(const Context& context, const Log& log, const ProveOptions& options) {
  auto from = read_checkpoint_file(options.since);
  if (!from) return std::move(from).error();
  if (auto same = events::check_contains(log, from->checkpoint); !same) {
    return std::move(same).error().within(options.since);
  }
  auto to = checkpoint_for(context, log, options);
  if (!to) return std::move(to).error();
  if (from->checkpoint.size > to->checkpoint.size) {
    return Error{Errc::invalid, options.since + " is of " + std::to_string(from->checkpoint.size) +
                                    " events, which is more than " +
                                    std::to_string(to->checkpoint.size)};
  }
  ConsistencyProof proof;
  proof.from_checkpoint = events::to_bytes(from->note);
  proof.checkpoint = events::to_bytes(to->note);
  auto path =
      events::consistency_path(events::nodes_of(log), from->checkpoint.size, to->checkpoint.size);
  if (!path) return std::move(path).error();
  proof.path = std::move(*path);
  return Proof(std::move(proof));
}

// No proof leaves this program that it would not accept itself: a damaged log cannot prove.
events::Status check_own(const Proof& proof) {
  Trust trust;
  const auto note =
      events::parse_note(std::visit([](const auto& p) { return p.checkpoint; }, proof));
  if (!note) return note.error();
  auto checkpoint = events::parse_checkpoint(*note);
  if (!checkpoint) return std::move(checkpoint).error();
  trust.checkpoint = std::move(*checkpoint);
  const ProofVerdict verdict = check_proof(proof, trust);
  for (const ProofCheck& check : verdict.checks) {
    if (check.outcome != CheckOutcome::fails) continue;
    return Error{Errc::corruption, "the log cannot prove this, for it is damaged: " + check.detail +
                                       "; `ntt verify log` tells where"};
  }
  return {};
}

void print_written(const Proof& proof, const ProveOptions& options) {
  const bool is_inclusion = std::holds_alternative<InclusionProof>(proof);
  const ProofVerdict verdict = check_proof(proof, {});
  const CheckpointNote& checkpoint = *verdict.checkpoint;
  if (options.json) {
    print_json({{"kind", verdict.kind},
                {"origin", checkpoint.origin},
                {"seq", is_inclusion ? Json(options.seq) : Json(nullptr)},
                {"from_size", verdict.from ? Json(verdict.from->size) : Json(nullptr)},
                {"size", checkpoint.size},
                {"root", checkpoint.root.hex()},
                {"file", options.out}});
    return;
  }
  std::cout << "proof in " << options.out << ": ";
  if (is_inclusion) {
    std::cout << "event " << options.seq << " is one of the first " << with_commas(checkpoint.size)
              << " events\n";
  } else {
    std::cout << "the first " << with_commas(verdict.from->size) << " of "
              << with_commas(checkpoint.size) << " events are what " << options.since << " saw\n";
  }
}

int run(const Context& context, const ProveOptions& options) {
  if ((options.seq == 0) == options.since.empty()) {
    return fail_usage("give either the number of an event or --since CHECKPOINT");
  }
  if (options.size != 0 && !options.checkpoint.empty()) {
    return fail_usage("--size and --checkpoint exclude each other");
  }
  if (options.attachment && options.seq == 0) {
    return fail_usage("--attachment goes with the number of an event");
  }
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto proof = options.seq != 0 ? prove_event(context, **log, options)
                                : prove_growth(context, **log, options);
  events::Status sound = proof ? check_own(*proof) : events::Status(proof.error());
  if (!sound) {
    fail(sound.error());
    return sound.error().code == Errc::corruption ? kFound : kFailed;
  }
  const std::string text = to_text(*proof);
  if (options.out.empty()) {
    std::cout << (options.json ? one_line(Json::parse(text)) + "\n" : text);
    return kDone;
  }
  auto written = events::write_whole_file(options.out, text, 0644, events::IfThere::replace);
  if (!written) return fail(written.error());
  print_written(*proof, options);
  return kDone;
}

}  // namespace

Command prove_command() {
  auto options = std::make_shared<ProveOptions>();
  Command command;
  command.name = "prove";
  command.summary = "Proves to others what the log holds, without showing them the rest";
  command.examples =
      "  ntt prove 13 --out event-13.json        event 13 is in the log as it is now\n"
      "  ntt prove 13 --checkpoint theirs.txt    in the log that a checkpoint saw\n"
      "  ntt prove --since 2025-10-10.txt        the log goes on from that checkpoint\n"
      "  ntt verify proof event-13.json --key KEY     what they do with it, without the log";
  command.options = {
      {"seq", &options->seq, "SEQ", "the event to prove", false, {}},
      {"--since", &options->since, "FILE", "prove that this checkpoint still holds", false, {}},
      {"--size", &options->size, "N", "in the log's first N events [all]", false, {}},
      {"--checkpoint", &options->checkpoint, "FILE", "in what this checkpoint saw", false, {}},
      {"--attachment", &options->attachment, "", "with what the event carries", false, {}},
      {"-o,--out", &options->out, "FILE", "write the proof there", false, {}},
      {"--json", &options->json, "", "one line; with --out, what was written", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
