// Two rising streams in step.

#include "tools/ntt/blob_merge.h"

namespace ntt::tools {

using events::Status;

Status BlobMerge::add(const BlobClaim& claim) {
  if (named_ && named_->first.id == claim.id) {
    const bool differs = !claim.retracted && claim.size != named_->first.size;
    if (differs && !named_->other) named_->other = claim;
    return {};
  }
  CHECK(!named_ || named_->first.id < claim.id);
  if (auto settled = settle(); !settled) return settled;
  named_ = NamedBlob{claim, std::nullopt};
  return {};
}

Status BlobMerge::finish() {
  if (auto settled = settle(); !settled) return settled;
  return visit_stored_before(nullptr);
}

Status BlobMerge::advance() {
  auto next = next_();
  if (!next) return std::move(next).error();
  CHECK(!stored_ || !*next || stored_->id < (*next)->id);
  stored_ = *next;
  return {};
}

// All that is left, without a limit.
Status BlobMerge::visit_stored_before(const events::BlobId* limit) {
  if (!begun_) {
    begun_ = true;
    if (auto advanced = advance(); !advanced) return advanced;
  }
  while (stored_ && (limit == nullptr || stored_->id < *limit)) {
    if (auto visited = visit_(nullptr, &*stored_); !visited) return visited;
    if (auto advanced = advance(); !advanced) return advanced;
  }
  return {};
}

// Visits the blob that the claims so far are about, and what the store has before it.
Status BlobMerge::settle() {
  if (!named_) return {};
  if (auto visited = visit_stored_before(&named_->first.id); !visited) return visited;
  Status visited;
  if (stored_ && stored_->id == named_->first.id) {
    visited = visit_(&*named_, &*stored_);
    if (visited) visited = advance();
  } else if (!named_->first.retracted) {
    visited = visit_(&*named_, nullptr);
  }
  named_.reset();
  return visited;
}

}  // namespace ntt::tools
