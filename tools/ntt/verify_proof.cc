// ntt verify proof: checks a proof without a log or a database, and says what it shows.

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "events/bytes.h"
#include "events/whole_file.h"
#include "tools/ntt/context.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/proof_check.h"
#include "tools/ntt/terminal.h"
#include "tools/ntt/trust.h"

namespace ntt::tools {

using events::Result;

namespace {

// A payload and an attachment at their largest, as base64.
constexpr std::size_t kProofBytesMax = 256U << 20U;

struct ProofOptions {
  std::string file;
  std::string key;
  std::string checkpoint;
  bool json = false;
};

// The key given, or the one that is kept here for the log that the proof is about.
Result<Trust> trust_of(const Context& context, const ProofOptions& options, const Proof& proof) {
  Trust trust;
  if (!options.checkpoint.empty()) {
    auto file = read_checkpoint_file(options.checkpoint);
    if (!file) return std::move(file).error();
    trust.checkpoint = std::move(file->checkpoint);
  }
  if (!options.key.empty()) {
    auto key = read_verifier_key(options.key);
    if (!key) return std::move(key).error();
    trust.key = std::move(*key);
    return trust;
  }
  const auto note =
      events::parse_note(std::visit([](const auto& p) { return p.checkpoint; }, proof));
  auto checkpoint =
      note ? events::parse_checkpoint(*note) : Result<events::CheckpointNote>(note.error());
  if (!checkpoint) return trust;
  auto known = known_key(context.settings, checkpoint->origin);
  if (!known) return std::move(known).error();
  trust.key = std::move(*known);
  return trust;
}

// Whoever made the proof chose the payload: one that is nested without end is shown as text.
Json event_json(const events::Event& event) {
  constexpr int kDepthMax = 64;
  int deepest = 0;
  const auto watch = [&deepest](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    deepest = std::max(deepest, depth);
    return deepest <= kDepthMax;
  };
  const Json ignored = Json::parse(event.data, watch, /*allow_exceptions=*/false);
  if (deepest <= kDepthMax) return json_of(event);
  events::Event flat = event;
  flat.data = "null";
  Json json = json_of(flat);
  json["data"] = events::escape_bytes(event.data);
  return json;
}

Json verdict_json(const ProofVerdict& verdict) {
  Json checks = Json::array();
  for (const ProofCheck& check : verdict.checks) {
    checks.push_back({{"check", check.name},
                      {"outcome", to_string(check.outcome)},
                      {"detail", events::escape_bytes(check.detail)}});
  }
  const auto& checkpoint = verdict.checkpoint;
  return {{"holds", verdict.holds},
          {"kind", verdict.kind},
          {"origin", checkpoint ? Json(checkpoint->origin) : Json(nullptr)},
          {"from_size", verdict.from ? Json(verdict.from->size) : Json(nullptr)},
          {"size", checkpoint ? Json(checkpoint->size) : Json(nullptr)},
          {"root", checkpoint ? Json(checkpoint->root.hex()) : Json(nullptr)},
          {"checks", checks},
          {"proven", verdict.proven},
          {"not_proven", verdict.not_proven},
          {"event", verdict.event ? event_json(*verdict.event) : Json(nullptr)}};
}

void print_verdict(const ProofVerdict& verdict, bool color) {
  Table table({"check", "", ""});
  for (const ProofCheck& check : verdict.checks) {
    std::string outcome(to_string(check.outcome));
    std::replace(outcome.begin(), outcome.end(), '_', ' ');
    table.add({check.name, outcome, events::escape_bytes(check.detail)});
  }
  std::cout << table.text(color);
  if (verdict.event) {
    std::cout << (verdict.holds ? "\nthe event:\n" : "\nthe event that it claims:\n");
    const Json event = event_json(*verdict.event);
    for (const auto& [name, value] : event.items()) {
      std::string padded = name;
      padded.resize(std::max<std::size_t>(padded.size(), 18), ' ');
      std::cout << "  " << padded
                << (value.is_string() ? value.get<std::string>() : one_line(value)) << "\n";
    }
  }
  std::cout << "\n" << (verdict.holds ? "The proof holds." : "The proof does NOT hold.") << "\n";
  for (const std::string& sentence : verdict.proven) {
    std::cout << "It shows: " << events::escape_bytes(sentence) << ".\n";
  }
  std::cout << "It does not show:\n";
  for (const std::string& sentence : verdict.not_proven) {
    std::cout << "  - " << events::escape_bytes(sentence) << "\n";
  }
}

int run(const Context& context, const ProofOptions& options) {
  auto text = events::read_whole_file(options.file, kProofBytesMax);
  if (!text) return fail(text.error());
  auto proof = parse_proof(*text);
  if (!proof) return fail(std::move(proof).error().within(options.file));
  auto trust = trust_of(context, options, *proof);
  if (!trust) return fail(trust.error());
  const ProofVerdict verdict = check_proof(*proof, *trust);
  if (options.json) {
    print_json(verdict_json(verdict));
  } else {
    print_verdict(verdict, wants_color(context.settings.color, STDOUT_FILENO));
  }
  return verdict.holds ? kDone : kFound;
}

}  // namespace

Command verify_proof_command() {
  auto options = std::make_shared<ProofOptions>();
  Command command;
  command.name = "proof";
  command.summary = "Checks a proof of `ntt prove`, without the log";
  command.examples =
      "  ntt verify proof event-13.json --key 'ntt/0190...+1a2b3c4d+AQ...'\n"
      "  ntt verify proof event-13.json --checkpoint mine.txt    one that you kept\n"
      "Exit code 3 when it does not hold, or nobody that you trust vouches for it.";
  command.options = {
      {"file", &options->file, "FILE", "the proof", true, {}},
      {"--key", &options->key, "FILE", "the log's verifier key, or a file with it", false, {}},
      {"--checkpoint", &options->checkpoint, "FILE", "a checkpoint that you trust", false, {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
