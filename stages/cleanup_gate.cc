// Each condition that does not hold adds a reason; no reason, no lock.

#include "stages/cleanup_gate.h"

#include <algorithm>

namespace ntt::stages {

namespace {

using events::ArchiveMember;
using events::ArchiveSuccess;
using events::Origin;
using events::Sequence;

using Reasons = std::vector<std::string>;

std::string event_text(Sequence seq) {
  return "event " + std::to_string(seq.value);
}

bool holds_content(const ArchiveSuccess& archive, const std::string& blake3) {
  return std::any_of(archive.members.begin(), archive.members.end(),
                     [&blake3](const ArchiveMember& m) { return m.blake3 == blake3; });
}

void check_generation(const History& history, Reasons& lacking) {
  if (history.enum_start && !history.enum_ended) {
    lacking.push_back("an enumeration (" + event_text(history.enum_start->seq) + ") is not over");
  }
  if (!history.loaded) {
    lacking.emplace_back("nothing is loaded");
    return;
  }
  const auto& load = history.loaded->payload;
  if (load.manifest == 0) {
    lacking.emplace_back("the log does not have the entries of the current generation");
  }
  if (history.enumerated && history.enumerated->payload.manifest != load.manifest) {
    lacking.push_back("what was enumerated last (" + event_text(history.enumerated->seq) +
                      ") is not loaded");
  }
  if (!history.copied) {
    lacking.emplace_back("the files of the current generation are not copied");
    return;
  }
  const auto& copy = history.copied->payload;
  if (copy.files != load.file_count) {
    lacking.push_back("of " + std::to_string(load.file_count) + " files only " +
                      std::to_string(copy.files) + " have an outcome");
  }
}

void check_archived(const History& history, Reasons& lacking) {
  if (!history.archived) {
    lacking.emplace_back("it is not archived");
    return;
  }
  const ArchiveSuccess& archive = history.archived->payload;
  const bool has_image = std::any_of(
      archive.members.begin(), archive.members.end(), [&archive](const ArchiveMember& m) {
        return m.blake3 == archive.image_blake3 && m.size == archive.image_bytes;
      });
  if (archive.blake3.empty() || archive.image_blake3.empty() || !has_image) {
    lacking.push_back("the archive was not read back and compared with the image (" +
                      event_text(history.archived->seq) + ")");
  }
  if (history.mapfile && !holds_content(archive, history.mapfile->payload.blake3)) {
    lacking.push_back("the archive does not hold the mapfile as " +
                      event_text(history.mapfile->seq) + " has it");
  }
}

void check_verified(const History& history, Reasons& lacking) {
  if (!history.copied || !history.archived) return;  // that is said already
  if (!history.verified) {
    lacking.emplace_back("copy and archive are not verified");
    return;
  }
  const auto& verify = history.verified->payload;
  const std::string name = "the last verify (" + event_text(history.verified->seq) + ")";
  if (history.verified->origin != Origin::native) {
    lacking.push_back(name + " is a claim that ntt did not see: run the medium again");
  }
  if (verify.copy != history.copied->seq.value) {
    lacking.push_back(name + " is not of the current copy");
  }
  if (verify.archive != history.archived->seq.value) {
    lacking.push_back(name + " is not of the current archive");
  }
  if (const auto bad = verify.mismatched + verify.missing + verify.unreadable; bad != 0) {
    lacking.push_back(name + " found " + std::to_string(bad) + " blobs damaged");
  }
  if (!verify.archive_intact.value_or(false)) {
    lacking.push_back(name + " did not find the archive intact");
  }
  const auto& copy = history.copied->payload;
  if (verify.checked == 0 && copy.new_blobs + copy.duplicate != 0) {
    lacking.push_back(name + " read no blob");
  }
}

Reasons all_lacking(const History& history) {
  Reasons lacking;
  check_generation(history, lacking);
  check_archived(history, lacking);
  check_verified(history, lacking);
  return lacking;
}

CleanupVerdict refused(const Reasons& lacking) {
  CleanupVerdict verdict;
  for (const std::string& reason : lacking) {
    verdict.why += (verdict.why.empty() ? "" : "; ") + reason;
  }
  return verdict;
}

// What everything rests on, once nothing is lacking.
CleanupVerdict granted(const History& history) {
  CleanupVerdict verdict;
  verdict.may = true;
  verdict.evidence = {history.loaded->seq, history.copied->seq, history.archived->seq,
                      history.verified->seq};
  verdict.why = "generation " + std::to_string(history.loaded->payload.generation) + " (" +
                event_text(history.loaded->seq) + ") is copied (" +
                event_text(history.copied->seq) + ") and archived (" +
                event_text(history.archived->seq) + "), all verified in " +
                event_text(history.verified->seq);
  const auto& copy = history.copied->payload;
  if (copy.partial + copy.failed != 0) {
    verdict.why += "; " + std::to_string(copy.partial + copy.failed) +
                   " files could not be read: what there is of them is only in the archive";
  }
  return verdict;
}

}  // namespace

CleanupVerdict may_delete_image(const History& history) {
  const Reasons lacking = all_lacking(history);
  return lacking.empty() ? granted(history) : refused(lacking);
}

CleanupVerdict may_delete_mapfile(const History& history, bool image_stays) {
  if (image_stays) return refused({"it says what of the image was rescued, and the image stays"});
  return may_delete_image(history);
}

CleanupVerdict may_delete_archive(const History& history,
                                  const Recorded<events::ArchiveSuccess>& archive) {
  CHECK(history.archived);
  if (archive.payload.path == history.archived->payload.path) {
    return refused({"it is the evidence copy of the image"});
  }
  const auto& members = archive.payload.members;
  const bool is_contained =
      !members.empty() && std::all_of(members.begin(), members.end(), [&](const auto& member) {
        return holds_content(history.archived->payload, member.blake3);
      });
  Reasons lacking = all_lacking(history);
  if (!is_contained) {
    lacking.push_back("the newer archive (" + event_text(history.archived->seq) +
                      ") does not hold all that this one holds");
  }
  if (!lacking.empty()) return refused(lacking);
  CleanupVerdict verdict = granted(history);
  verdict.evidence.push_back(archive.seq);
  verdict.why = "a newer archive holds the same; " + verdict.why;
  return verdict;
}

CleanupVerdict may_delete_raw(const History& history) {
  const bool has_entries = history.loaded && history.loaded->payload.manifest != 0;
  const std::string entries = has_entries ? "its entries are in the log (" +
                                                event_text(history.loaded->seq) +
                                                "), but no digest of the whole file is"
                                          : "the log does not have its entries";
  return refused({entries + ": nothing proves that it is what was read"});
}

}  // namespace ntt::stages
