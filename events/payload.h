// The payload of every event type: one struct a type, one member a JSON key.
//
// Each struct names its type, its schema version and its fields once (`fields`); encoding, decoding
// and the check of EVENTS.md all use that list. A payload states what was observed; judgements
// belong to folds. Absent facts are absent keys (std::optional), never invented values. Members
// added later must be optional or have a default, and a changed meaning is a new version with an
// upcaster in payload.cc.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "events/event.h"

namespace ntt::events {

// A member and its JSON key.
template <class Struct, class Member>
struct Field {
  const char* name;
  Member Struct::*member;
};
template <class Struct, class Member>
constexpr Field<Struct, Member> field(const char* name, Member Struct::*member) {
  return {name, member};
}

// -- Parts shared by several payloads -------------------------------------------------------------

// Where the bytes of a medium come from. kind: "image", "device", "directory", "raw", "tar" or
// "legacy" (the tables of an earlier system).
struct SourceInfo {
  std::string kind;
  ByteString path;
  static constexpr auto fields() {
    return std::tuple{field("kind", &SourceInfo::kind), field("path", &SourceInfo::path)};
  }
  bool operator==(const SourceInfo&) const = default;
};

// What became of one volume of a medium when it was enumerated.
struct VolumeOutcome {
  std::uint32_t volume = 0;  // VolumeIndex
  std::uint64_t offset = 0;  // bytes from the start of the medium
  std::uint64_t length = 0;  // bytes, as the partition table or the file system claims
  std::string table;         // "dos", "gpt", "mac", "bsd", or "none"
  std::string description;   // the table's own words for the partition
  std::string filesystem;    // "ext4", "ntfs", ...; "" when unknown
  std::string label;
  std::string uuid;
  // enumerated | truncated | unknown | encrypted | empty | container (LVM or RAID member) | swap |
  // failed (the reader could not go on) | reader_died | stalled
  std::string outcome;
  std::string message;     // what was found or what went wrong, for people
  std::string time_basis;  // "utc", or "local" for times of unknown zone (FAT, some ISO 9660)
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;       // sum of the sizes of regular files
  std::uint64_t unreadable = 0;  // entries with an error
  // Named streams, resource forks and the like, which are counted and not stored.
  std::uint64_t other_streams = 0;
  static constexpr auto fields() {
    using V = VolumeOutcome;
    return std::tuple{field("volume", &V::volume),
                      field("offset", &V::offset),
                      field("length", &V::length),
                      field("table", &V::table),
                      field("description", &V::description),
                      field("filesystem", &V::filesystem),
                      field("label", &V::label),
                      field("uuid", &V::uuid),
                      field("outcome", &V::outcome),
                      field("message", &V::message),
                      field("time_basis", &V::time_basis),
                      field("entries", &V::entries),
                      field("bytes", &V::bytes),
                      field("unreadable", &V::unreadable),
                      field("other_streams", &V::other_streams)};
  }
  bool operator==(const VolumeOutcome&) const = default;
};

struct Region {
  std::uint64_t offset = 0;  // bytes
  std::uint64_t length = 0;  // bytes
  std::string
      status;  // ddrescue's letter: "-" bad, "?" non-tried, "*" non-trimmed, "/" non-scraped
  static constexpr auto fields() {
    return std::tuple{field("offset", &Region::offset), field("length", &Region::length),
                      field("status", &Region::status)};
  }
  bool operator==(const Region&) const = default;
};

struct ArchiveMember {
  ByteString name;
  std::uint64_t size = 0;  // bytes
  std::string blake3;      // hex
  static constexpr auto fields() {
    return std::tuple{field("name", &ArchiveMember::name), field("size", &ArchiveMember::size),
                      field("blake3", &ArchiveMember::blake3)};
  }
  bool operator==(const ArchiveMember&) const = default;
};

// -- Evidence: what a backfilled event was inferred from
// -------------------------------------------

// One time that could date a fact, and what became of it.
struct EvidenceTime {
  std::string source;   // legacy_log | processed_at | table | copy | archive_file | table_batch
  std::string at;       // RFC 3339, UTC, microseconds
  std::string verdict;  // chosen | confirms | bound | refused | unused: see EVENTS.md
  std::string why;      // in words; may be empty
  static constexpr auto fields() {
    using T = EvidenceTime;
    return std::tuple{field("source", &T::source), field("at", &T::at),
                      field("verdict", &T::verdict), field("why", &T::why)};
  }
  bool operator==(const EvidenceTime&) const = default;
};

// A file that was looked at.
struct EvidenceFile {
  ByteString path;
  std::string found;                    // whole | present | damaged | missing
  std::optional<std::uint64_t> bytes;   // that it has
  std::optional<std::string> modified;  // RFC 3339
  static constexpr auto fields() {
    using T = EvidenceFile;
    return std::tuple{field("path", &T::path), field("found", &T::found), field("bytes", &T::bytes),
                      field("modified", &T::modified)};
  }
  bool operator==(const EvidenceFile&) const = default;
};

struct Evidence {
  std::string database;                       // its name
  std::map<std::string, std::string> counts;  // what was counted: how many
  std::vector<EvidenceFile> files;
  std::vector<EvidenceTime> times;     // that were considered, best first
  std::string dated_by;                // source of the chosen time; "": nothing dates the fact
  std::string time_is;                 // exact | upper_bound | unknown: what occurred_at is
  std::vector<std::string> conflicts;  // where the table, the log and the rows contradict
  static constexpr auto fields() {
    using T = Evidence;
    return std::tuple{field("database", &T::database),  field("counts", &T::counts),
                      field("files", &T::files),        field("times", &T::times),
                      field("dated_by", &T::dated_by),  field("time_is", &T::time_is),
                      field("conflicts", &T::conflicts)};
  }
  bool operator==(const Evidence&) const = default;
};

// -- The medium -----------------------------------------------------------------------------------

struct MediumIdentified {
  static constexpr const char* kType = "medium_identified";
  static constexpr std::uint16_t kVersion = 1;
  std::string recipe;               // how the medium id was made: "ntt/v1", "img/name", "dir", ...
  std::vector<std::string> inputs;  // what went into it, e.g. "size=1474560", "head=<hex>"
  std::string medium_human;
  SourceInfo source;
  std::optional<std::uint64_t> size;    // bytes; absent for a directory
  std::vector<std::string> signatures;  // what the first sectors look like, in words
  std::optional<std::string> blank;  // the fill byte in hex when the hashed content is all one byte
  static constexpr auto fields() {
    using T = MediumIdentified;
    return std::tuple{field("recipe", &T::recipe),
                      field("inputs", &T::inputs),
                      field("medium_human", &T::medium_human),
                      field("source", &T::source),
                      field("size", &T::size),
                      field("signatures", &T::signatures),
                      field("blank", &T::blank)};
  }
  bool operator==(const MediumIdentified&) const = default;
};

struct MediumLabelled {
  static constexpr const char* kType = "medium_labelled";
  static constexpr std::uint16_t kVersion = 1;
  std::string label;
  static constexpr auto fields() { return std::tuple{field("label", &MediumLabelled::label)}; }
  bool operator==(const MediumLabelled&) const = default;
};

struct Note {
  static constexpr const char* kType = "note";
  static constexpr std::uint16_t kVersion = 1;
  std::string text;
  static constexpr auto fields() { return std::tuple{field("text", &Note::text)}; }
  bool operator==(const Note&) const = default;
};

struct MapfileObserved {
  static constexpr const char* kType = "mapfile_observed";
  static constexpr std::uint16_t kVersion = 1;
  ByteString path;
  std::string blake3;  // of the mapfile's bytes, hex
  std::uint64_t total_bytes = 0;
  std::uint64_t rescued_bytes = 0;
  std::uint64_t bad_bytes = 0;
  std::uint64_t non_tried_bytes = 0;
  std::uint64_t non_trimmed_bytes = 0;
  std::uint64_t non_scraped_bytes = 0;
  std::uint64_t bad_regions = 0;
  std::vector<Region> regions;  // the first 1000 that are not rescued, in order of offset
  static constexpr auto fields() {
    using T = MapfileObserved;
    return std::tuple{field("path", &T::path),
                      field("blake3", &T::blake3),
                      field("total_bytes", &T::total_bytes),
                      field("rescued_bytes", &T::rescued_bytes),
                      field("bad_bytes", &T::bad_bytes),
                      field("non_tried_bytes", &T::non_tried_bytes),
                      field("non_trimmed_bytes", &T::non_trimmed_bytes),
                      field("non_scraped_bytes", &T::non_scraped_bytes),
                      field("bad_regions", &T::bad_regions),
                      field("regions", &T::regions)};
  }
  bool operator==(const MapfileObserved&) const = default;
};

// -- Stages ---------------------------------------------------------------------------------------
// Every <stage>_success, _error and _skip that ends an attempt has the seq of its <stage>_start as
// `cause`. A skip that follows no start means that there was nothing to do.

struct StageErrorFields {
  std::string error;                   // a short word to count by: "no_space", "reader_died", ...
  std::string message;                 // what happened, to what, and what to do
  std::optional<Evidence> evidence{};  // of a backfilled one
  static constexpr auto fields() {
    return std::tuple{field("error", &StageErrorFields::error),
                      field("message", &StageErrorFields::message),
                      field("evidence", &StageErrorFields::evidence)};
  }
  bool operator==(const StageErrorFields&) const = default;
};

struct StageSkipFields {
  std::string reason;  // a short word: "already_done", "no_image", "not_requested", ...
  std::string message;
  std::uint64_t done_by = 0;  // seq of the event that makes the work unnecessary; 0: none
  static constexpr auto fields() {
    return std::tuple{field("reason", &StageSkipFields::reason),
                      field("message", &StageSkipFields::message),
                      field("done_by", &StageSkipFields::done_by)};
  }
  bool operator==(const StageSkipFields&) const = default;
};

struct ImageStart {
  static constexpr const char* kType = "image_start";
  static constexpr std::uint16_t kVersion = 1;
  SourceInfo source;
  ByteString image_path;
  ByteString mapfile_path;
  std::string tool;  // name and version
  static constexpr auto fields() {
    using T = ImageStart;
    return std::tuple{field("source", &T::source), field("image_path", &T::image_path),
                      field("mapfile_path", &T::mapfile_path), field("tool", &T::tool)};
  }
  bool operator==(const ImageStart&) const = default;
};

struct ImageSuccess {
  static constexpr const char* kType = "image_success";
  static constexpr std::uint16_t kVersion = 1;
  ByteString image_path;
  std::uint64_t rescued_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::int64_t exit_code = 0;         // ddrescue's last
  std::vector<std::string> commands;  // each pass as it was run
  static constexpr auto fields() {
    using T = ImageSuccess;
    return std::tuple{field("image_path", &T::image_path),
                      field("rescued_bytes", &T::rescued_bytes),
                      field("total_bytes", &T::total_bytes), field("exit_code", &T::exit_code),
                      field("commands", &T::commands)};
  }
  bool operator==(const ImageSuccess&) const = default;
};

struct ImageError : StageErrorFields {
  static constexpr const char* kType = "image_error";
  static constexpr std::uint16_t kVersion = 1;
};
struct ImageSkip : StageSkipFields {
  static constexpr const char* kType = "image_skip";
  static constexpr std::uint16_t kVersion = 1;
};

struct EnumStart {
  static constexpr const char* kType = "enum_start";
  static constexpr std::uint16_t kVersion = 1;
  SourceInfo source;
  bool deleted_entries = false;        // were deleted entries asked for
  bool cross_filesystems = false;      // directories: were mount points crossed
  std::uint64_t manifest = 0;          // resumed: seq of the enum_start that began it; 0: this one
  std::uint64_t resumed_entries = 0;   // entries of it already in the log
  std::optional<Evidence> evidence{};  // of a backfilled one
  static constexpr auto fields() {
    using T = EnumStart;
    return std::tuple{field("source", &T::source),
                      field("deleted_entries", &T::deleted_entries),
                      field("cross_filesystems", &T::cross_filesystems),
                      field("manifest", &T::manifest),
                      field("resumed_entries", &T::resumed_entries),
                      field("evidence", &T::evidence)};
  }
  bool operator==(const EnumStart&) const = default;
};

struct EnumBatchData {
  static constexpr const char* kType = "enum_batch";
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t manifest = 0;  // seq of the enum_start that began the manifest
  std::uint32_t volume = 0;
  std::uint64_t first_ordinal = 0;
  std::uint64_t count = 0;
  std::string digest;  // BLAKE3 of the columns before compression, hex
  static constexpr auto fields() {
    using T = EnumBatchData;
    return std::tuple{field("manifest", &T::manifest), field("volume", &T::volume),
                      field("first_ordinal", &T::first_ordinal), field("count", &T::count),
                      field("digest", &T::digest)};
  }
  bool operator==(const EnumBatchData&) const = default;
};

struct EnumSuccess {
  static constexpr const char* kType = "enum_success";
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t manifest = 0;
  std::string manifest_digest;  // BLAKE3 over the batches' digests (raw bytes) in order, hex
  SourceInfo source;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // sum of the sizes of regular files, each link counted
  std::uint64_t batches = 0;
  std::uint64_t unreadable_entries = 0;
  std::vector<VolumeOutcome> volumes;
  static constexpr auto fields() {
    using T = EnumSuccess;
    return std::tuple{field("manifest", &T::manifest),
                      field("manifest_digest", &T::manifest_digest),
                      field("source", &T::source),
                      field("entries", &T::entries),
                      field("bytes", &T::bytes),
                      field("batches", &T::batches),
                      field("unreadable_entries", &T::unreadable_entries),
                      field("volumes", &T::volumes)};
  }
  bool operator==(const EnumSuccess&) const = default;
};

struct EnumError {
  static constexpr const char* kType = "enum_error";
  static constexpr std::uint16_t kVersion = 1;
  std::string error;
  std::string message;
  std::vector<VolumeOutcome> volumes;  // what was found all the same
  static constexpr auto fields() {
    using T = EnumError;
    return std::tuple{field("error", &T::error), field("message", &T::message),
                      field("volumes", &T::volumes)};
  }
  bool operator==(const EnumError&) const = default;
};
struct EnumSkip : StageSkipFields {
  static constexpr const char* kType = "enum_skip";
  static constexpr std::uint16_t kVersion = 1;
};

struct LoadStart {
  static constexpr const char* kType = "load_start";
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t manifest = 0;
  std::string rules_digest;  // BLAKE3 of the rules joined by newlines, hex
  static constexpr auto fields() {
    using T = LoadStart;
    return std::tuple{field("manifest", &T::manifest), field("rules_digest", &T::rules_digest)};
  }
  bool operator==(const LoadStart&) const = default;
};

struct LoadBatchData {
  static constexpr const char* kType = "load_batch";
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t load = 0;  // seq of the load_start
  std::uint64_t count = 0;
  std::string digest;
  static constexpr auto fields() {
    using T = LoadBatchData;
    return std::tuple{field("load", &T::load), field("count", &T::count),
                      field("digest", &T::digest)};
  }
  bool operator==(const LoadBatchData&) const = default;
};

struct LoadSuccess {
  static constexpr const char* kType = "load_success";
  static constexpr std::uint16_t kVersion = 1;
  std::uint32_t generation = 0;
  std::uint64_t load = 0;  // seq of the load_start that the load_batch events name
  std::uint64_t manifest = 0;
  std::string manifest_digest;
  std::uint64_t inode_count = 0;
  std::uint64_t path_count = 0;
  std::uint64_t excluded_count = 0;  // paths
  std::uint64_t file_count = 0;      // inodes to copy: regular, allocated, not excluded
  std::uint64_t file_bytes = 0;      // their sizes
  std::uint64_t non_file_count = 0;  // inodes that are not regular files
  std::vector<std::string> rules;    // exclusion rules, escaped (bytes.h), in order
  std::string rules_digest;
  std::optional<Evidence> evidence{};  // of a backfilled one
  static constexpr auto fields() {
    using T = LoadSuccess;
    return std::tuple{field("generation", &T::generation),
                      field("load", &T::load),
                      field("manifest", &T::manifest),
                      field("manifest_digest", &T::manifest_digest),
                      field("inode_count", &T::inode_count),
                      field("path_count", &T::path_count),
                      field("excluded_count", &T::excluded_count),
                      field("file_count", &T::file_count),
                      field("file_bytes", &T::file_bytes),
                      field("non_file_count", &T::non_file_count),
                      field("rules", &T::rules),
                      field("rules_digest", &T::rules_digest),
                      field("evidence", &T::evidence)};
  }
  bool operator==(const LoadSuccess&) const = default;
};

struct LoadError : StageErrorFields {
  static constexpr const char* kType = "load_error";
  static constexpr std::uint16_t kVersion = 1;
};
struct LoadSkip : StageSkipFields {
  static constexpr const char* kType = "load_skip";
  static constexpr std::uint16_t kVersion = 1;
};

struct CopyStart {
  static constexpr const char* kType = "copy_start";
  static constexpr std::uint16_t kVersion = 1;
  std::uint32_t generation = 0;
  std::uint64_t load = 0;  // seq of the load_success
  SourceInfo source;
  ByteString store;                    // the by-hash root
  std::uint64_t resumed_files = 0;     // files of this generation that already have an outcome
  std::optional<Evidence> evidence{};  // of a backfilled one
  static constexpr auto fields() {
    using T = CopyStart;
    return std::tuple{field("generation", &T::generation),
                      field("load", &T::load),
                      field("source", &T::source),
                      field("store", &T::store),
                      field("resumed_files", &T::resumed_files),
                      field("evidence", &T::evidence)};
  }
  bool operator==(const CopyStart&) const = default;
};

struct CopyBatchData {
  static constexpr const char* kType = "copy_batch";
  static constexpr std::uint16_t kVersion = 1;
  std::uint32_t generation = 0;
  std::uint64_t load = 0;  // seq of the load_success
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;  // read
  std::string digest;
  static constexpr auto fields() {
    using T = CopyBatchData;
    return std::tuple{field("generation", &T::generation), field("load", &T::load),
                      field("count", &T::count), field("bytes", &T::bytes),
                      field("digest", &T::digest)};
  }
  bool operator==(const CopyBatchData&) const = default;
};

// Counts are of the whole generation, whatever the number of attempts it took.
struct CopySuccess {
  static constexpr const char* kType = "copy_success";
  static constexpr std::uint16_t kVersion = 1;
  std::uint32_t generation = 0;
  std::uint64_t load = 0;
  std::uint64_t files = 0;  // with an outcome
  std::uint64_t bytes = 0;  // read
  std::uint64_t new_blobs = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t partial = 0;
  std::uint64_t failed = 0;
  std::optional<Evidence> evidence{};  // of a backfilled one
  static constexpr auto fields() {
    using T = CopySuccess;
    return std::tuple{field("generation", &T::generation), field("load", &T::load),
                      field("files", &T::files),           field("bytes", &T::bytes),
                      field("new_blobs", &T::new_blobs),   field("duplicate", &T::duplicate),
                      field("partial", &T::partial),       field("failed", &T::failed),
                      field("evidence", &T::evidence)};
  }
  bool operator==(const CopySuccess&) const = default;
};

struct CopyError : StageErrorFields {
  static constexpr const char* kType = "copy_error";
  static constexpr std::uint16_t kVersion = 1;
};
struct CopySkip : StageSkipFields {
  static constexpr const char* kType = "copy_skip";
  static constexpr std::uint16_t kVersion = 1;
};

struct ArchiveStart {
  static constexpr const char* kType = "archive_start";
  static constexpr std::uint16_t kVersion = 1;
  ByteString image_path;
  ByteString archive_path;
  static constexpr auto fields() {
    return std::tuple{field("image_path", &ArchiveStart::image_path),
                      field("archive_path", &ArchiveStart::archive_path)};
  }
  bool operator==(const ArchiveStart&) const = default;
};

struct ArchiveSuccess {
  static constexpr const char* kType = "archive_success";
  static constexpr std::uint16_t kVersion = 1;
  ByteString path;
  std::uint64_t bytes = 0;  // of the archive file
  std::string blake3;       // of the archive file, hex
  std::uint64_t image_bytes = 0;
  std::string image_blake3;  // of the whole image, hex
  std::string image_sha256;
  std::vector<ArchiveMember> members;  // as read back and compared
  std::optional<Evidence> evidence{};  // of a backfilled one
  static constexpr auto fields() {
    using T = ArchiveSuccess;
    return std::tuple{field("path", &T::path),
                      field("bytes", &T::bytes),
                      field("blake3", &T::blake3),
                      field("image_bytes", &T::image_bytes),
                      field("image_blake3", &T::image_blake3),
                      field("image_sha256", &T::image_sha256),
                      field("members", &T::members),
                      field("evidence", &T::evidence)};
  }
  bool operator==(const ArchiveSuccess&) const = default;
};

struct ArchiveError : StageErrorFields {
  static constexpr const char* kType = "archive_error";
  static constexpr std::uint16_t kVersion = 1;
};
struct ArchiveSkip : StageSkipFields {
  static constexpr const char* kType = "archive_skip";
  static constexpr std::uint16_t kVersion = 1;
};

struct VerifyStart {
  static constexpr const char* kType = "verify_start";
  static constexpr std::uint16_t kVersion = 1;
  std::uint32_t generation = 0;
  std::uint64_t copy = 0;     // seq of the copy_success whose blobs are checked
  std::uint64_t archive = 0;  // seq of the archive_success that is checked; 0: none
  // The first verify_start of the series of interrupted attempts that this one goes on with.
  std::optional<std::uint64_t> resumes;
  std::optional<ByteString> store;  // where the blobs are read
  static constexpr auto fields() {
    using T = VerifyStart;
    return std::tuple{field("generation", &T::generation), field("copy", &T::copy),
                      field("archive", &T::archive), field("resumes", &T::resumes),
                      field("store", &T::store)};
  }
  bool operator==(const VerifyStart&) const = default;
};

struct VerifyBatchData {
  static constexpr const char* kType = "verify_batch";
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t verify = 0;  // seq of the verify_start, the first one of a series
  std::uint64_t count = 0;
  std::string digest;
  static constexpr auto fields() {
    using T = VerifyBatchData;
    return std::tuple{field("verify", &T::verify), field("count", &T::count),
                      field("digest", &T::digest)};
  }
  bool operator==(const VerifyBatchData&) const = default;
};

struct VerifySuccess {
  static constexpr const char* kType = "verify_success";
  static constexpr std::uint16_t kVersion = 1;
  std::uint32_t generation = 0;
  std::uint64_t copy = 0;
  std::uint64_t archive = 0;
  std::uint64_t checked = 0;  // distinct blobs
  std::uint64_t bytes = 0;    // read
  std::uint64_t mismatched = 0;
  std::uint64_t missing = 0;
  std::uint64_t unreadable = 0;
  std::optional<bool> archive_intact;  // the archive file's digest is the one recorded
  static constexpr auto fields() {
    using T = VerifySuccess;
    return std::tuple{field("generation", &T::generation),
                      field("copy", &T::copy),
                      field("archive", &T::archive),
                      field("checked", &T::checked),
                      field("bytes", &T::bytes),
                      field("mismatched", &T::mismatched),
                      field("missing", &T::missing),
                      field("unreadable", &T::unreadable),
                      field("archive_intact", &T::archive_intact)};
  }
  bool operator==(const VerifySuccess&) const = default;
};

struct VerifyError : StageErrorFields {
  static constexpr const char* kType = "verify_error";
  static constexpr std::uint16_t kVersion = 1;
};
struct VerifySkip : StageSkipFields {
  static constexpr const char* kType = "verify_skip";
  static constexpr std::uint16_t kVersion = 1;
};

// -- Runs and corrections -------------------------------------------------------------------------

struct PipelineStart {
  static constexpr const char* kType = "pipeline_start";
  static constexpr std::uint16_t kVersion = 1;
  SourceInfo source;
  std::vector<std::string> command_line;  // escaped (bytes.h)
  std::string until;                      // the last stage asked for
  bool force = false;
  static constexpr auto fields() {
    using T = PipelineStart;
    return std::tuple{field("source", &T::source), field("command_line", &T::command_line),
                      field("until", &T::until), field("force", &T::force)};
  }
  bool operator==(const PipelineStart&) const = default;
};

struct PipelineDone {
  static constexpr const char* kType = "pipeline_done";
  static constexpr std::uint16_t kVersion = 1;
  std::map<std::string, std::string> outcomes;  // stage -> "success", "skip"
  static constexpr auto fields() { return std::tuple{field("outcomes", &PipelineDone::outcomes)}; }
  bool operator==(const PipelineDone&) const = default;
};

struct PipelineAbort {
  static constexpr const char* kType = "pipeline_abort";
  static constexpr std::uint16_t kVersion = 1;
  std::string failed_stage;
  std::string message;
  static constexpr auto fields() {
    return std::tuple{field("failed_stage", &PipelineAbort::failed_stage),
                      field("message", &PipelineAbort::message)};
  }
  bool operator==(const PipelineAbort&) const = default;
};

struct Retraction {
  static constexpr const char* kType = "retraction";
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t retracts = 0;  // seq of the event that folds treat as absent from now on
  std::string why;
  static constexpr auto fields() {
    return std::tuple{field("retracts", &Retraction::retracts), field("why", &Retraction::why)};
  }
  bool operator==(const Retraction&) const = default;
};

struct CleanupStart {
  static constexpr const char* kType = "cleanup_start";
  static constexpr std::uint16_t kVersion = 1;
  std::string kind;  // as in CleanupDone
  ByteString path;
  std::uint64_t bytes = 0;
  std::string blake3;                   // of the file as it was read just before, hex
  std::string why;                      // why it is safe to delete
  std::vector<std::uint64_t> evidence;  // seqs of the events that this rests on
  static constexpr auto fields() {
    using T = CleanupStart;
    return std::tuple{field("kind", &T::kind),   field("path", &T::path),
                      field("bytes", &T::bytes), field("blake3", &T::blake3),
                      field("why", &T::why),     field("evidence", &T::evidence)};
  }
  bool operator==(const CleanupStart&) const = default;
};

struct CleanupDone {
  static constexpr const char* kType = "cleanup_done";
  static constexpr std::uint16_t kVersion = 1;
  std::string kind;  // "image", "mapfile", "raw", "archive"
  ByteString path;
  std::uint64_t bytes = 0;
  std::string why;
  static constexpr auto fields() {
    using T = CleanupDone;
    return std::tuple{field("kind", &T::kind), field("path", &T::path), field("bytes", &T::bytes),
                      field("why", &T::why)};
  }
  bool operator==(const CleanupDone&) const = default;
};

struct CleanupError : StageErrorFields {
  static constexpr const char* kType = "cleanup_error";
  static constexpr std::uint16_t kVersion = 1;
};

struct CheckpointSigned {
  static constexpr const char* kType = "checkpoint_signed";
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t size = 0;  // events under the root
  std::string root;        // RFC 6962 tree head, hex
  std::string key_id;
  std::string signed_note;  // C2SP signed note
  static constexpr auto fields() {
    using T = CheckpointSigned;
    return std::tuple{field("size", &T::size), field("root", &T::root), field("key_id", &T::key_id),
                      field("signed_note", &T::signed_note)};
  }
  bool operator==(const CheckpointSigned&) const = default;
};

// -- The past -------------------------------------------------------------------------------------
// Lines of the earlier system's logs. Origin imported; their ids come from the lines (EVENTS.md).

// What both kinds of line have: where it stood, and what dates it.
struct LegacyFields {
  ByteString file;         // as it was named at the import; "-": standard input
  std::uint64_t line = 0;  // in that file, from 1
  ByteString text;         // without its newline; of a very long line the first part
  std::string time_basis;  // offset | local | preceding | none: what occurred_at is, EVENTS.md
  std::optional<std::string> time;               // as the line has it
  std::optional<std::uint64_t> time_resolution;  // microseconds: what its last digit counts
  std::optional<std::string> medium_from;        // the key that names the medium, or "start"
  bool operator==(const LegacyFields&) const = default;
};

// A line of a known form: what a program of the earlier system said.
struct LegacyClaim : LegacyFields {
  static constexpr const char* kType = "legacy_claim";
  static constexpr std::uint16_t kVersion = 1;
  std::string stage;  // the line's own word for what happened: "load_success"
  // Its members: strings as they are, other values as the JSON that stands there.
  std::map<std::string, std::string> says;
  static constexpr auto fields() {
    using T = LegacyClaim;
    return std::tuple{field("file", &T::file),
                      field("line", &T::line),
                      field("medium_from", &T::medium_from),
                      field("says", &T::says),
                      field("stage", &T::stage),
                      field("text", &T::text),
                      field("time", &T::time),
                      field("time_basis", &T::time_basis),
                      field("time_resolution", &T::time_resolution)};
  }
  bool operator==(const LegacyClaim&) const = default;
};

// Any other line.
struct LegacyLine : LegacyFields {
  static constexpr const char* kType = "legacy_line";
  static constexpr std::uint16_t kVersion = 1;
  std::string reason;  // why it is not a claim: "null", "truncated", "unknown_stage", ...
  std::optional<std::uint64_t> length;  // bytes of the whole line, where `text` has not all of it
  static constexpr auto fields() {
    using T = LegacyLine;
    return std::tuple{field("file", &T::file),
                      field("length", &T::length),
                      field("line", &T::line),
                      field("medium_from", &T::medium_from),
                      field("reason", &T::reason),
                      field("text", &T::text),
                      field("time", &T::time),
                      field("time_basis", &T::time_basis),
                      field("time_resolution", &T::time_resolution)};
  }
  bool operator==(const LegacyLine&) const = default;
};

// The medium's row in the table `medium` of the earlier system. Origin backfilled.
struct LegacyMedium {
  static constexpr const char* kType = "legacy_medium";
  static constexpr std::uint16_t kVersion = 1;
  std::string database;                     // its name
  std::map<std::string, std::string> says;  // its columns: texts as they are, others as JSON
  static constexpr auto fields() {
    using T = LegacyMedium;
    return std::tuple{field("database", &T::database), field("says", &T::says)};
  }
  bool operator==(const LegacyMedium&) const = default;
};

// -- All of them ----------------------------------------------------------------------------------

template <class... Payload>
struct PayloadList {};

using AllPayloads =
    PayloadList<MediumIdentified, MediumLabelled, Note, MapfileObserved,                //
                ImageStart, ImageSuccess, ImageError, ImageSkip,                        //
                EnumStart, EnumBatchData, EnumSuccess, EnumError, EnumSkip,             //
                LoadStart, LoadBatchData, LoadSuccess, LoadError, LoadSkip,             //
                CopyStart, CopyBatchData, CopySuccess, CopyError, CopySkip,             //
                ArchiveStart, ArchiveSuccess, ArchiveError, ArchiveSkip,                //
                VerifyStart, VerifyBatchData, VerifySuccess, VerifyError, VerifySkip,   //
                PipelineStart, PipelineDone, PipelineAbort,                             //
                Retraction, CleanupStart, CleanupDone, CleanupError, CheckpointSigned,  //
                LegacyClaim, LegacyLine, LegacyMedium>;

// The payload as canonical JSON bytes (keys sorted, no spaces).
template <class Payload>
std::string to_data(const Payload& payload);

// Reads a payload of any version ever written. Missing optional keys stay absent; a missing
// required key or a wrong type is Errc::corruption; unknown keys are ignored.
template <class Payload>
Result<Payload> from_data(std::uint16_t version, std::string_view data);

// from_data of an event, checking that it is of the payload's type (CHECK). An error names the
// event in Error::event.
template <class Payload>
Result<Payload> payload_of(const Event& event) {
  CHECK(event.type == Payload::kType);
  auto payload = from_data<Payload>(event.version, event.data);
  if (payload) return payload;
  Error error = std::move(payload).error();
  error.event = event.seq.value;
  return error;
}

// Whether the payload fits its type's schema, for any type. What this version of the program does
// not know fits.
Status check_payload(const Event& event);

// Whether this version of the program knows the type at all.
bool is_known_type(std::string_view type);

}  // namespace ntt::events
