// ntt verify: integrity of what is stored.

#include <algorithm>
#include <memory>

#include "events/bytes.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/signals.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"
#include "tools/ntt/witness.h"

namespace ntt::tools {

namespace {

struct VerifyOptions {
  std::vector<std::string> witnesses;
  std::string key;
  bool json = false;
};

Json json_of_witness(const WitnessReport& witness) {
  const auto seq_or_null = [](events::Sequence seq) {
    return seq ? Json(seq.value) : Json(nullptr);
  };
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  return {{"witness", witness.name},
          {"kind", witness.kind},
          {"seq", witness.seq.value},
          {"root", witness.root.hex()},
          {"signature", text_or_null(witness.signature)},
          {"key", text_or_null(witness.key)},
          {"agrees", witness.agrees},
          {"problem", text_or_null(witness.problem)},
          {"differs_from", seq_or_null(witness.first)},
          {"differs_to", seq_or_null(witness.last)}};
}

Json json_of_witnesses(const std::vector<WitnessReport>& witnesses) {
  Json out = Json::array();
  for (const WitnessReport& witness : witnesses) out.push_back(json_of_witness(witness));
  return out;
}

Json json_of_report(const events::VerifyReport& report) {
  return {{"intact", report.problem.empty()},
          {"checked", report.checked},
          {"head_seq", report.head.seq.value},
          {"head_file", report.witnessed},
          {"root", report.head.root.hex()},
          {"first_bad", report.first_bad ? Json(report.first_bad->value) : Json(nullptr)},
          {"problem", report.problem.empty() ? Json(nullptr) : Json(report.problem)}};
}

// A database that cannot even be opened: some of its own files are damaged.
int report_unopened(const events::Error& error, bool json) {
  events::VerifyReport report;
  report.problem = error.message;
  if (json) {
    print_json(json_of_report(report));
  } else {
    std::cout << "the log is damaged: " << error.message
              << "\nits files are not to be mended in place: restore them from a copy\n";
  }
  return kFound;
}

void print_report(const events::VerifyReport& report) {
  if (report.problem.empty()) {
    std::cout << "the log is whole: " << with_commas(report.checked) << " events, root "
              << report.head.root.hex() << "\n";
    if (!report.witnessed && report.checked != 0) {
      std::cout << "there is no head file to say whether events are missing from its end\n";
    }
    return;
  }
  std::cout << "the log is damaged";
  if (report.first_bad) std::cout << ", first at event " << report.first_bad->value;
  std::cout << ": " << report.problem << "\n";
}

std::string signature_words(const WitnessReport& witness) {
  if (witness.signature == "verified") return ", signed by " + witness.key;
  if (witness.signature == "not_checked") return ", signature not checked: its key is not known";
  return "";
}

void print_witness(const WitnessReport& witness) {
  const std::string name = "witness " + events::escape_bytes(witness.name) + ": ";
  if (witness.agrees) {
    std::cout << name << "the log's first " << with_commas(witness.seq.value)
              << " events are what it saw" << signature_words(witness) << "\n";
    return;
  }
  std::cout << name << witness.problem << signature_words(witness) << "\n";
  if (!witness.first) return;
  std::cout << "  the log differs between events " << witness.first.value << " and "
            << witness.last.value << "\n";
}

int verify_log(Context& context, const VerifyOptions& options) {
  end_on_signals();
  std::optional<events::VerifierKey> key;
  if (!options.key.empty()) {
    auto given = read_verifier_key(options.key);
    if (!given) return fail(given.error());
    key = std::move(*given);
  }
  auto log = open_log_for_reading(context.settings);
  if (!log && log.error().code == events::Errc::corruption) {
    return report_unopened(log.error(), options.json);
  }
  if (!log) return fail(log.error());
  auto report = [&] {
    LiveProgress progress(progress_style(context.settings.progress));
    return (*log)->verify([&progress](std::uint64_t done, std::uint64_t total) {
      progress.update("verify", "events", done, total, 0, 0);
    });
  }();
  if (!report) return fail(report.error());
  auto witnesses = compare_witnesses(context, **log, options.witnesses, key);
  if (!witnesses) return fail(witnesses.error());
  if (options.json) {
    Json json = json_of_report(*report);
    json["witnesses"] = json_of_witnesses(*witnesses);
    print_json(json);
  } else {
    print_report(*report);
    for (const WitnessReport& witness : *witnesses) print_witness(witness);
  }
  const bool agree = std::all_of(witnesses->begin(), witnesses->end(),
                                 [](const WitnessReport& witness) { return witness.agrees; });
  return report->problem.empty() && agree ? kDone : kFound;
}

}  // namespace

Command verify_command() {
  auto options = std::make_shared<VerifyOptions>();
  Command log;
  log.name = "log";
  log.summary = "Recomputes every digest and the Merkle tree of the log";
  log.examples =
      "  ntt verify log            exit code 3 and the first bad event when something is wrong\n"
      "  ntt verify log --witness 2025-10-10.txt    and it still is what that checkpoint saw\n"
      "  ntt verify log --witness db --json         and what the tables were made from";
  log.options = {
      {"--witness",
       &options->witnesses,
       "FILE",
       "what was seen of it: a checkpoint, a copy of its head file, or db for the tables",
       false,
       {}},
      {"--key",
       &options->key,
       "FILE",
       "the verifier key for checkpoints, or a file with it",
       false,
       {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  log.run = [options](Context& context) { return verify_log(context, *options); };
  Command tables;
  tables.name = "tables";
  tables.summary = "Proves that the tables are the fold of the log's prefix, row by row";
  tables.examples = "  ntt verify tables         exit code 3 when they are not";
  tables.options = {{"--json", &options->json, "", "one JSON object", false, {}}};
  tables.run = [options](Context& context) { return verify_tables(context, options->json); };
  Command command;
  command.name = "verify";
  command.summary = "Integrity of what is stored";
  command.examples =
      "  ntt verify log\n"
      "  ntt verify tables\n"
      "  ntt verify blobs\n"
      "  ntt verify proof event-13.json --key KEY";
  command.subcommands = {log, tables, verify_blobs_command(), verify_proof_command()};
  return command;
}

}  // namespace ntt::tools
