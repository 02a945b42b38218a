// Batches: up to 8192 records in the attachment of one event, stored as compressed columns.
//
// A batch is encoded from, and decoded into, plain record vectors; one batch at a time is in
// memory. The byte format (columns, delta and front coding, zstd) is in BATCHES.md.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/types.h"

namespace ntt::events {

enum class EntryType : char {  // find's %y letters; part of the format
  file = 'f',
  directory = 'd',
  symlink = 'l',
  block_device = 'b',
  char_device = 'c',
  fifo = 'p',
  socket = 's',
  unknown = 'u',
};

// Nanoseconds since 1970-01-01 (the zone is the volume's: see VolumeOutcome::time_basis).
using Nanos = std::int64_t;
constexpr Nanos kNanosPerSecond = 1'000'000'000;

// One directory entry. A path is relative to the root of its volume, without a leading slash; the
// root directory itself is the empty path.
struct Entry {
  EntryType type = EntryType::unknown;
  bool allocated = true;     // false: a deleted entry, found in an image
  std::uint64_t device = 0;  // st_dev of the entry; a mount point's differs; 0 from images
  std::uint64_t inode = 0;
  std::uint32_t link_count = 0;
  std::uint64_t size = 0;  // bytes
  std::uint32_t mode = 0;  // permission bits, 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<Nanos> modify_time;
  std::optional<Nanos> access_time;
  std::optional<Nanos> change_time;
  std::optional<Nanos> birth_time;
  std::string path;
  std::string symlink_target;
  // What went wrong with this entry: a directory that could not be listed whole, an entry that
  // could not be examined. 0 and empty: nothing.
  std::uint32_t error_number = 0;  // errno value
  std::string error_message;

  bool operator==(const Entry&) const = default;
};

// enum_batch: entries in walk order. All belong to one volume.
struct EntryBatch {
  VolumeIndex volume;
  Ordinal first_ordinal;
  std::vector<Entry> entries;
  bool operator==(const EntryBatch&) const = default;
};

// load_batch: what load decided, one record for each entry about which there is something to say.
// An entry without a record is included and the first of its inode.
struct LoadDecision {
  Ordinal ordinal;                       // rising within and across batches
  std::optional<std::uint32_t> rule;     // excluded by this rule of load_success.rules (from 0)
  std::optional<Ordinal> same_inode_as;  // the entry that stands for this entry's inode
  bool operator==(const LoadDecision&) const = default;
};

struct LoadBatch {
  std::vector<LoadDecision> decisions;
  bool operator==(const LoadBatch&) const = default;
};

enum class CopyOutcome : std::uint8_t {  // part of the format
  copied = 1,                            // stored now
  duplicate = 2,                         // the store already had this content
  partial = 3,                           // some bytes could not be read: no hash, nothing stored
  failed = 4,                            // nothing could be read, or it could not be stored
};
std::string_view to_string(CopyOutcome outcome);

enum class FileErrorType : std::uint8_t {  // domain words of inode.error_type; part of the format
  none = 0,
  path_error = 1,
  io_error = 2,
  hash_error = 3,
  permission_error = 4,
  unknown = 5,
};
std::string_view to_string(FileErrorType type);

struct CopyRecord {
  Ordinal ordinal;  // of the entry that stands for the inode; rising within and across batches
  CopyOutcome outcome = CopyOutcome::failed;
  BlobId blob;                  // copied and duplicate only
  std::uint64_t size_read = 0;  // bytes that reads returned
  FileErrorType error_type = FileErrorType::none;
  std::string error_message;
  // What the table of an earlier system says beside; absent and empty for what is copied now.
  std::optional<Timestamp> processed_at{};
  std::string mime_type{};
  bool operator==(const CopyRecord&) const = default;
};

struct CopyBatch {
  std::vector<CopyRecord> records;
  bool operator==(const CopyBatch&) const = default;
};

enum class VerifyOutcome : std::uint8_t {  // part of the format
  intact = 1,
  mismatched = 2,
  missing = 3,
  unreadable = 4,
};
std::string_view to_string(VerifyOutcome outcome);

struct VerifyRecord {
  BlobId blob;  // rising within and across batches
  VerifyOutcome outcome = VerifyOutcome::missing;
  std::uint64_t size = 0;  // bytes read
  std::string error_message;
  bool operator==(const VerifyRecord&) const = default;
};

struct VerifyBatch {
  std::vector<VerifyRecord> records;
  bool operator==(const VerifyBatch&) const = default;
};

// Attachments. At most kBatchRecordsMax records with at most kBatchTextBytesMax bytes of paths,
// targets and messages; more is a bug of the caller (CHECK), and so are records out of order.
// Encoding is deterministic: equal records give equal bytes before compression.
struct EncodedBatch {
  std::string attachment;       // what the log stores
  Blake3Digest records_digest;  // of the columns before compression: the batch event's `digest`
};
EncodedBatch encode_entry_batch(const EntryBatch& batch);
EncodedBatch encode_load_batch(const LoadBatch& batch);
EncodedBatch encode_copy_batch(const CopyBatch& batch);
EncodedBatch encode_verify_batch(const VerifyBatch& batch);

// Decoding checks every length and every bound: any bytes give a batch or Errc::corruption, in
// memory bounded by kBatchBytesMax. Columns that a later version added are skipped. With `expected`
// (the batch event's `digest`), the columns must have that digest, else Errc::corruption.
using ExpectedDigest = std::optional<Blake3Digest>;
Result<EntryBatch> decode_entry_batch(std::string_view attachment, ExpectedDigest expected = {});
Result<LoadBatch> decode_load_batch(std::string_view attachment, ExpectedDigest expected = {});
Result<CopyBatch> decode_copy_batch(std::string_view attachment, ExpectedDigest expected = {});
Result<VerifyBatch> decode_verify_batch(std::string_view attachment, ExpectedDigest expected = {});

// The same columns without compression, for the pipe between ntt-reader and its parent.
std::string encode_entry_columns(const EntryBatch& batch);
Result<EntryBatch> decode_entry_columns(std::string_view columns);

}  // namespace ntt::events
