// A proof file is read, checked without harm and written back to the same proof, or refused.

#include "tests/fuzz/fuzz.h"
#include "tools/ntt/proof_check.h"

using namespace ntt;  // NOLINT(google-build-using-namespace)

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto proof = tools::parse_proof(events::input(data, size));
  if (!proof) {
    CHECK(proof.error().code == events::Errc::invalid);
    return 0;
  }
  CHECK(tools::parse_proof(tools::to_text(*proof)).value() == *proof);
  CHECK(!tools::check_proof(*proof, {}).holds);  // nobody is trusted
  return 0;
}
