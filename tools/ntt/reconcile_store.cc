// Claims sorted, shelves walked, the two merged; then the rest looked at once more.

#include "tools/ntt/reconcile_store.h"

#include <bitset>
#include <cstring>
#include <optional>
#include <vector>

#include "stages/blob_store.h"
#include "stages/external_sort.h"
#include "stages/store_session.h"
#include "stages/store_walk.h"
#include "tools/ntt/blob_claims.h"
#include "tools/ntt/blob_merge.h"
#include "tools/ntt/file_check.h"

namespace ntt::tools {

using events::BlobId;
using events::Errc;
using events::Error;
using events::Result;
using events::Sequence;
using events::Status;
using stages::StoredBlob;

namespace {

using ClaimSort = stages::ExternalSort<BlobClaim, ClaimBefore>;

constexpr std::size_t kClaimBytesMax = 64U << 20U;
constexpr std::size_t kLeftoverBytesMax = 16U << 20U;
constexpr std::size_t kReadBytes = 1U << 20U;
constexpr std::size_t kRememberedClaims = 1U << 19U;  // 28 MiB
constexpr std::uint64_t kTellEvery = 4096;

// In the store and named by no event that counts.
struct Leftover {
  BlobId id;
  std::uint64_t size = 0;
  std::uint64_t retracted_claim = 0;  // an event that names it and does not count; 0: none
};
struct LeftoverBefore {
  bool operator()(const Leftover& a, const Leftover& b) const { return a.id < b.id; }
};

// How blobs come to be in the store before an event names them.
enum PendingSource : std::uint64_t { kDeadSession = 1, kLiveSession = 2, kLaterEvent = 3 };

// Remembers some of the claims that count, each in the one place its id has. One that says the same
// of a blob again, later in the log, need not be sorted.
class RepeatFilter {
 public:
  bool is_repeat(const BlobClaim& claim) {
    std::uint32_t place = 0;
    std::memcpy(&place, claim.id.bytes.data(), sizeof place);
    BlobClaim& known = claims_[place % claims_.size()];
    const bool adds_nothing = claim.retracted || known.size == claim.size;
    if (known.seq != 0 && known.id == claim.id && adds_nothing) return true;
    if (!claim.retracted) known = claim;
    return false;
  }

 private:
  std::vector<BlobClaim> claims_ = std::vector<BlobClaim>(kRememberedClaims);
};

class StoreReconciler {
 public:
  StoreReconciler(const events::Log& log, const StoreRequest& request, stages::Progress& progress,
                  const std::atomic<bool>& cancelled, const TellDiscrepancy& tell)
      : log_(log),
        request_(request),
        progress_(progress),
        cancelled_(cancelled),
        tell_(tell),
        leftovers_(request.temporary_directory, kLeftoverBytesMax),
        buffer_(request.rehash ? kReadBytes : 0) {}

  Result<StoreCounts> run();

 private:
  Status collect(ClaimSort& claims);
  Status merge(ClaimSort& claims);
  Result<std::optional<StoredBlob>> next_stored();
  Status visit(const NamedBlob* named, const StoredBlob* stored);
  void check(const NamedBlob& named, const StoredBlob& stored);
  bool check_readable(const StoredBlob& stored, Sequence event);
  Status settle_leftovers();
  Status collect_pending(ClaimSort& pending);
  Status settle(const Leftover& leftover, std::uint64_t pending);
  void tell_sessions(const std::vector<stages::StoreSession>& sessions);
  void tell_stray(const stages::Stray& stray);
  [[nodiscard]] std::function<void(const events::Event&, const Error&)> tell_unreadable() const {
    return [this](const events::Event& event, const Error& error) {
      tell_(unreadable_event(event.seq, event.medium.text, error.message));
    };
  }
  void tell(DiscrepancyKind kind, const BlobId& id, std::string message, Sequence event,
            std::optional<std::uint64_t> recorded, std::optional<std::uint64_t> found);
  [[nodiscard]] std::string path_of(const BlobId& id) const {
    return request_.store + "/" + stages::blob_path(id);
  }
  [[nodiscard]] Status stop_if_cancelled() const {
    if (!cancelled_.load()) return {};
    return Error{Errc::unavailable, "interrupted"};
  }

  const events::Log& log_;
  const StoreRequest& request_;
  stages::Progress& progress_;
  const std::atomic<bool>& cancelled_;
  const TellDiscrepancy& tell_;
  StoreCounts counts_;
  std::optional<stages::StoreWalk> walk_;
  stages::Shelf shelf_;
  unsigned shelves_read_ = 0;  // the shelf at hand is the one before
  std::size_t next_in_shelf_ = 0;
  std::bitset<65536> unlisted_;  // by the first two bytes, of the shelves read so far
  stages::ExternalSort<Leftover, LeftoverBefore> leftovers_;
  std::uint64_t leftover_count_ = 0;
  std::uint64_t rehashed_bytes_ = 0;
  std::vector<char> buffer_;
};

void StoreReconciler::tell(DiscrepancyKind kind, const BlobId& id, std::string message,
                           Sequence event, std::optional<std::uint64_t> recorded,
                           std::optional<std::uint64_t> found) {
  tell_({kind, path_of(id), std::move(message), "", id, event, recorded, found});
}

void StoreReconciler::tell_stray(const stages::Stray& stray) {
  const bool unlisted = stray.error_number != 0;
  std::string message = "is no blob";
  if (unlisted) {
    message = events::errno_error("cannot be listed", stray.error_number).message;
  } else if (!stray.belongs.empty()) {
    message = "is named as a blob and lies in the wrong place: it would be " + stray.belongs;
  }
  tell_({unlisted ? DiscrepancyKind::store_unlisted : DiscrepancyKind::store_stray,
         request_.store + "/" + stray.path,
         std::move(message),
         "",
         {},
         {},
         {},
         {}});
}

Status StoreReconciler::collect(ClaimSort& claims) {
  std::uint64_t read = 0;
  RepeatFilter repeats;
  return visit_blob_claims(
      log_, Sequence{1}, counts_.last,
      [&](const BlobClaim& claim) -> Status {
        if (++read % kTellEvery == 0) {
          progress_.update("reconcile", "blobs in the log", read, 0, 0, 0);
          if (auto going = stop_if_cancelled(); !going) return going;
        }
        return repeats.is_repeat(claim) ? Status() : claims.add(claim);
      },
      tell_unreadable());
}

Result<std::optional<StoredBlob>> StoreReconciler::next_stored() {
  while (next_in_shelf_ == shelf_.blobs.size()) {
    if (shelves_read_ == stages::kShelves) return std::optional<StoredBlob>{};
    if (auto going = stop_if_cancelled(); !going) return std::move(going).error();
    shelf_ = walk_->shelf(shelves_read_++);
    next_in_shelf_ = 0;
    for (unsigned second = 0; shelf_.unlisted.any() && second < 256; ++second) {
      if (shelf_.unlisted.test(second)) unlisted_.set((shelves_read_ - 1) * 256 + second);
    }
    for (const stages::Stray& stray : shelf_.strays) tell_stray(stray);
    progress_.update("reconcile", "shelves of the store", shelves_read_, stages::kShelves,
                     rehashed_bytes_, 0);
  }
  return std::optional<StoredBlob>(shelf_.blobs[next_in_shelf_++]);
}

// False: nothing can be said of its content.
bool StoreReconciler::check_readable(const StoredBlob& stored, Sequence event) {
  if (stored.error_number == 0) return true;
  tell(DiscrepancyKind::blob_unreadable, stored.id, problem_of_errno(stored.error_number).message,
       event, {}, {});
  return false;
}

void StoreReconciler::check(const NamedBlob& named, const StoredBlob& stored) {
  for (const std::optional<BlobClaim>& claim : {std::optional(named.first), named.other}) {
    if (!claim) continue;
    const FileProblem problem = check_size(stored.size, claim->size);
    if (!problem) continue;
    tell(DiscrepancyKind::blob_size, stored.id, problem.message, {claim->seq}, claim->size,
         stored.size);
    return;
  }
}

Status StoreReconciler::visit(const NamedBlob* named, const StoredBlob* stored) {
  const bool counts = named != nullptr && !named->first.retracted;
  const Sequence event{named != nullptr ? named->first.seq : 0};
  counts_.named += counts ? 1 : 0;
  if (stored == nullptr) {
    CHECK(named != nullptr);
    const BlobId& id = named->first.id;
    if (unlisted_.test(id.bytes[0] * 256U + id.bytes[1])) {
      counts_.unexamined += 1;
      return {};
    }
    tell(DiscrepancyKind::blob_missing, id, "is missing", event, named->first.size, {});
    return {};
  }
  counts_.stored += 1;
  counts_.stored_bytes += stored->size;
  if (!check_readable(*stored, counts ? event : Sequence{})) return {};
  if (counts) check(*named, *stored);
  if (!counts) {
    leftover_count_ += 1;
    if (auto kept = leftovers_.add({stored->id, stored->size, event.value}); !kept) return kept;
  }
  if (!request_.rehash) return {};
  const FileProblem problem = check_content(path_of(stored->id), stored->id.hex(), buffer_,
                                            [this](std::uint64_t) { return !cancelled_.load(); });
  if (auto going = stop_if_cancelled(); !going) return going;
  counts_.rehashed += 1;
  rehashed_bytes_ += stored->size;
  progress_.update("reconcile", "shelves of the store", shelves_read_, stages::kShelves,
                   rehashed_bytes_, 0);
  if (!problem) return {};
  tell(problem.kind == FileProblem::Kind::content ? DiscrepancyKind::blob_content
                                                  : DiscrepancyKind::blob_unreadable,
       stored->id, problem.message, counts ? event : Sequence{}, {}, stored->size);
  return {};
}

Status StoreReconciler::merge(ClaimSort& claims) {
  BlobMerge merge(
      [this]() -> Result<std::optional<StoredBlob>> {
        if (!walk_) return std::optional<StoredBlob>{};
        return next_stored();
      },
      [this](const NamedBlob* named, const StoredBlob* stored) { return visit(named, stored); });
  std::uint64_t added = 0;
  auto done = claims.for_each([&](const BlobClaim& claim) -> Status {
    if (!walk_ && !claim.retracted)
      return Error{Errc::not_found, "the log names blobs, and there is no store at " +
                                        request_.store + "; --by-hash-root or " +
                                        "NTT_BY_HASH_ROOT says where it is"};
    if (++added % kTellEvery == 0) {
      if (auto going = stop_if_cancelled(); !going) return going;
    }
    return merge.add(claim);
  });
  return done ? merge.finish() : done;
}

void StoreReconciler::tell_sessions(const std::vector<stages::StoreSession>& sessions) {
  for (const stages::StoreSession& session : sessions) {
    if (session.is_live || session.temporary_files == 0) continue;
    tell_({DiscrepancyKind::store_temporary,
           request_.store + "/" + session.path,
           "was left by a process that died: temporary files: " +
               std::to_string(session.temporary_files),
           "",
           {},
           {},
           {},
           session.temporary_bytes});
  }
}

// The sessions before the log: what has left its list by then is in the log already.
Status StoreReconciler::collect_pending(ClaimSort& pending) {
  auto sessions = stages::read_store_sessions(request_.store);
  if (!sessions) return std::move(sessions).error();
  tell_sessions(*sessions);
  if (leftover_count_ == 0) return {};
  for (const stages::StoreSession& session : *sessions) {
    const auto source = session.is_live ? kLiveSession : kDeadSession;
    for (const BlobId& id : session.unrecorded) {
      if (auto added = pending.add({id, 0, source, false}); !added) return added;
    }
  }
  auto head = log_.head();
  if (!head) return std::move(head).error();
  return visit_blob_claims(
      log_, Sequence{counts_.last.value + 1}, head->seq,
      [&pending](const BlobClaim& claim) {
        return pending.add({claim.id, 0, kLaterEvent, false});
      },
      tell_unreadable());
}

Status StoreReconciler::settle(const Leftover& leftover, std::uint64_t pending) {
  const Sequence event{leftover.retracted_claim};
  switch (pending) {
    case kLaterEvent:
      counts_.named += 1;
      return {};
    case kLiveSession:
      tell(DiscrepancyKind::blob_in_progress, leftover.id, "was stored by a copy at work", event,
           {}, leftover.size);
      return {};
    case kDeadSession:
      tell(DiscrepancyKind::blob_unrecorded, leftover.id,
           "was stored by a copy that was interrupted before it recorded it", event, {},
           leftover.size);
      return {};
    default:
      tell(DiscrepancyKind::blob_unnamed, leftover.id,
           event ? "is named only by an event that is retracted" : "is named by no event", event,
           {}, leftover.size);
      return {};
  }
}

// Both streams rise; of what is known of one blob the most certain comes last and counts.
Status StoreReconciler::settle_leftovers() {
  ClaimSort pending(request_.temporary_directory, kLeftoverBytesMax);
  if (auto collected = collect_pending(pending); !collected) return collected;
  auto claim = pending.next();
  if (!claim) return std::move(claim).error();
  return leftovers_.for_each([&](const Leftover& leftover) -> Status {
    std::uint64_t known = 0;
    while (*claim != nullptr && !(leftover.id < (*claim)->id)) {
      if ((*claim)->id == leftover.id) known = (*claim)->seq;
      claim = pending.next();
      if (!claim) return std::move(claim).error();
    }
    return settle(leftover, known);
  });
}

Result<StoreCounts> StoreReconciler::run() {
  auto head = log_.head();
  if (!head) return std::move(head).error();
  counts_.last = head->seq;
  {
    ClaimSort claims(request_.temporary_directory, kClaimBytesMax);
    if (auto collected = collect(claims); !collected) return std::move(collected).error();
    auto walk = stages::StoreWalk::open(request_.store);
    if (walk) {
      walk_.emplace(std::move(*walk));
      for (const stages::Stray& stray : walk_->strays()) tell_stray(stray);
    } else if (walk.error().code != Errc::not_found) {
      return std::move(walk).error();
    }
    if (auto merged = merge(claims); !merged) return std::move(merged).error();
  }
  if (!walk_) return counts_;
  if (auto settled = settle_leftovers(); !settled) return std::move(settled).error();
  return counts_;
}

}  // namespace

Result<StoreCounts> reconcile_store(const events::Log& log, const StoreRequest& request,
                                    stages::Progress& progress, const std::atomic<bool>& cancelled,
                                    const TellDiscrepancy& tell) {
  return StoreReconciler(log, request, progress, cancelled, tell).run();
}

}  // namespace ntt::tools
