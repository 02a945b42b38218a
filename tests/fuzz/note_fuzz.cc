// A signed note, a checkpoint or a key is written back as it was read, or refused.

#include "events/checkpoint_note.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = input(data, size);
  if (const auto note = parse_note(bytes)) {
    CHECK(to_bytes(*note) == bytes);
    const auto checkpoint = parse_checkpoint(*note);
    CHECK(!checkpoint || to_note_text(*checkpoint) == note->text);
  }
  const auto verifier = parse_verifier_key(bytes);
  CHECK(!verifier || verifier->text() == bytes);
  const auto signer = parse_signer_key(bytes);
  CHECK(!signer || signer->text() == bytes);
  return 0;
}
