// BLAKE3-256 and SHA-256, incremental and in one go.
//
// BLAKE3 names content (the reference implementation, from LLVM's Support archive); SHA-256 builds
// the Merkle tree (RFC 6962) and the salted digests (OpenSSL). Not thread-safe; one object a
// thread.

#pragma once

#include <memory>
#include <string_view>

#include "events/types.h"

namespace ntt::events {

class Blake3 {
 public:
  Blake3();
  ~Blake3();
  Blake3(Blake3&&) noexcept;
  Blake3& operator=(Blake3&&) noexcept;
  Blake3(const Blake3&) = delete;
  Blake3& operator=(const Blake3&) = delete;

  void update(std::string_view bytes);
  [[nodiscard]] Blake3Digest digest() const;  // of all bytes so far; more may follow
  void reset();

  static Blake3Digest of(std::string_view bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  Sha256Digest finish();  // leaves the object ready for the next message

  static Sha256Digest of(std::string_view bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ntt::events
