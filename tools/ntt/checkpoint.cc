// ntt checkpoint: size and root of the log as a signed note.

#include <memory>

#include "events/emitter.h"
#include "events/log_signer.h"
#include "events/whole_file.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::Result;
using events::Sequence;
using events::SignedNote;

namespace {

struct CheckpointOptions {
  std::string out;
  bool json = false;
};

struct Signed {
  SignedNote note;
  events::CheckpointNote checkpoint;
  events::VerifierKey key;
  Sequence recorded;  // the checkpoint_signed event
};

// Signs what is in the log now, and only then records that it did: so the note covers every event
// in front of its own, and the log never names a checkpoint that does not exist.
Result<Signed> sign_and_record(Context& context) {
  if (auto there = open_log_for_reading(context.settings); !there) return std::move(there).error();
  auto log = open_log_for_writing(context);
  if (!log) return std::move(log).error();
  auto head = (*log)->head();
  if (!head) return std::move(head).error();
  auto signer = events::LogSigner::open(**log, context.settings.key_root);
  if (!signer) return std::move(signer).error();
  auto note = signer->sign(head->seq.value);
  if (!note) return std::move(note).error();
  auto checkpoint = events::parse_checkpoint(*note);
  if (!checkpoint) return std::move(checkpoint).error();

  events::CheckpointSigned payload;
  payload.size = checkpoint->size;
  payload.root = checkpoint->root.hex();
  payload.key_id = signer->verifier().id();
  payload.signed_note = events::to_bytes(*note);
  events::Emitter emitter(**log, context.clock, {}, {}, events::this_actor());
  auto recorded = emitter.emit(payload);
  if (!recorded) return std::move(recorded).error();
  return Signed{std::move(*note), std::move(*checkpoint), signer->verifier(), *recorded};
}

int run(Context& context, const CheckpointOptions& options) {
  auto done = sign_and_record(context);
  if (!done) {
    fail(done.error());
    return done.error().code == Errc::corruption ? kFound : kFailed;
  }
  const std::string bytes = events::to_bytes(done->note);
  if (!options.out.empty()) {
    auto written = events::write_whole_file(options.out, bytes, 0644, events::IfThere::replace);
    if (!written) return fail(written.error());
  }
  if (options.json) {
    print_json({{"origin", done->checkpoint.origin},
                {"size", done->checkpoint.size},
                {"root", done->checkpoint.root.hex()},
                {"key", done->key.text()},
                {"event", done->recorded.value},
                {"note", bytes},
                {"file", options.out.empty() ? Json(nullptr) : Json(options.out)}});
    return kDone;
  }
  if (options.out.empty()) {
    std::cout << bytes;
  } else {
    std::cout << "checkpoint of " << with_commas(done->checkpoint.size) << " events in "
              << options.out << "\nkey " << done->key.text() << "\n";
  }
  return kDone;
}

}  // namespace

Command checkpoint_command() {
  auto options = std::make_shared<CheckpointOptions>();
  Command command;
  command.name = "checkpoint";
  command.summary = "Signs the log's size and root, for others to keep";
  command.examples =
      "  ntt checkpoint                        a signed note (c2sp.org/tlog-checkpoint)\n"
      "  ntt checkpoint --out 2025-10-10.txt   and the key that checks it\n"
      "  ntt verify log --witness 2025-10-10.txt    later: is the log still what it was?";
  command.options = {
      {"-o,--out", &options->out, "FILE", "write the note there", false, {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
