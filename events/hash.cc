// BLAKE3 by LLVM's copy of the reference implementation, SHA-256 by OpenSSL.

#include "events/hash.h"

#include <llvm-c/blake3.h>
#include <openssl/evp.h>

#include <array>

namespace ntt::events {

struct Blake3::State {
  llvm_blake3_hasher hasher;
};

Blake3::Blake3() : state_(std::make_unique<State>()) {
  reset();
}
Blake3::~Blake3() = default;
Blake3::Blake3(Blake3&&) noexcept = default;
Blake3& Blake3::operator=(Blake3&&) noexcept = default;

void Blake3::update(std::string_view bytes) {
  llvm_blake3_hasher_update(&state_->hasher, bytes.data(), bytes.size());
}

Blake3Digest Blake3::digest() const {
  Blake3Digest out;
  llvm_blake3_hasher_finalize(&state_->hasher, out.bytes.data(), out.bytes.size());
  return out;
}

void Blake3::reset() {
  llvm_blake3_hasher_init(&state_->hasher);
}

Blake3Digest Blake3::of(std::string_view bytes) {
  llvm_blake3_hasher hasher;
  llvm_blake3_hasher_init(&hasher);
  llvm_blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  Blake3Digest out;
  llvm_blake3_hasher_finalize(&hasher, out.bytes.data(), out.bytes.size());
  return out;
}

namespace {
// Looked up once: OpenSSL takes longer to find an algorithm by its name than to hash an envelope.
const EVP_MD* sha256() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}
}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { CHECK(context != nullptr && EVP_DigestInit_ex(context, sha256(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest out;
  CHECK(EVP_DigestFinal_ex(state_->context, out.bytes.data(), nullptr) == 1);
  CHECK(EVP_DigestInit_ex(state_->context, nullptr, nullptr) == 1);
  return out;
}

Sha256Digest Sha256::of(std::string_view bytes) {
  Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace ntt::events
