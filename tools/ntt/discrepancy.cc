// The kinds of discrepancies and what to do about each.

#include "tools/ntt/discrepancy.h"

#include <array>

#include "events/check.h"

namespace ntt::tools {

namespace {

using Kind = DiscrepancyKind;

constexpr std::array<DiscrepancyFacts, 22> kDiscrepancyKinds = {{
    {Kind::blob_missing, "blob_missing", false,
     "restore it from a backup; or `ntt find --blob ID` says which media hold it, and `ntt run "
     "--force` on one of them stores it anew"},
    {Kind::blob_size, "blob_size", false, "move it away, then as blob_missing"},
    {Kind::blob_content, "blob_content", false, "move it away, then as blob_missing"},
    {Kind::blob_unreadable, "blob_unreadable", false,
     "see to the disk or the permissions; if it is lost, as blob_missing"},
    {Kind::blob_unnamed, "blob_unnamed", false,
     "nothing urgent: no event that counts needs it. It came from another log, or from before this "
     "one"},
    {Kind::blob_unrecorded, "blob_unrecorded", false,
     "`ntt status` names the interrupted copy; running its medium again records it"},
    {Kind::blob_in_progress, "blob_in_progress", true,
     "nothing: a copy at work records it with its next batch"},
    {Kind::store_stray, "store_stray", false,
     "look what it is, and move it out of the store, or to the place where it belongs"},
    {Kind::store_unlisted, "store_unlisted", false,
     "make it readable and reconcile again: what is in it was not compared"},
    {Kind::store_temporary, "store_temporary", false,
     "nothing: the next copy into this store removes it"},
    {Kind::archive_missing, "archive_missing", false,
     "restore it from a backup, or run its medium again, which archives the image anew"},
    {Kind::archive_size, "archive_size", false, "move it away, then as archive_missing"},
    {Kind::archive_content, "archive_content", false, "move it away, then as archive_missing"},
    {Kind::archive_unreadable, "archive_unreadable", false,
     "see to the disk or the permissions; if it is lost, as archive_missing"},
    {Kind::archive_unrecorded, "archive_unrecorded", false,
     "run its medium again: an archive that holds the image is adopted"},
    {Kind::archive_superseded, "archive_superseded", false,
     "nothing urgent: the log needs another file in its place, or none"},
    {Kind::archive_of_no_medium, "archive_of_no_medium", false,
     "take its image in, if it ought to be known; else move it away"},
    {Kind::archive_temporary, "archive_temporary", false,
     "nothing: archiving this medium again begins it anew"},
    {Kind::source_missing, "source_missing", false,
     "restore it, or take the medium in again from where it is now"},
    {Kind::source_size, "source_size", false,
     "compare it with a backup; if it is right as it is, take it in again with `ntt run --force`"},
    {Kind::source_kept_elsewhere, "source_kept_elsewhere", true,
     "nothing: the archive, or the log, has what was in it"},
    {Kind::event_unreadable, "event_unreadable", false,
     "what it names was not compared: `ntt show SEQ` shows it, `ntt retract SEQ --why TEXT` "
     "withdraws it, or a newer ntt may read it"},
}};

}  // namespace

std::span<const DiscrepancyFacts> all_discrepancy_kinds() {
  return kDiscrepancyKinds;
}

const DiscrepancyFacts& facts_of(DiscrepancyKind kind) {
  const DiscrepancyFacts& facts = kDiscrepancyKinds[static_cast<std::size_t>(kind)];
  CHECK(facts.kind == kind);
  return facts;
}

Discrepancy unreadable_event(events::Sequence seq, std::string medium, std::string message) {
  Discrepancy out;
  out.kind = Kind::event_unreadable;
  out.path = "event " + std::to_string(seq.value);
  out.message = std::move(message);
  out.medium = std::move(medium);
  out.event = seq;
  return out;
}

}  // namespace ntt::tools
