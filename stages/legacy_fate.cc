// The state of an inode was spread over copied, blobid, status and claimed_by, and "gave up" looked
// like "done". Only a row that names a blob stands for a stored file.

#include "stages/legacy_fate.h"

#include "events/hash.h"

namespace ntt::stages {

namespace {

using events::FileErrorType;

// The earlier system named the content of an empty file by its SHA-256.
constexpr std::string_view kEmptyBySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

LegacyFate pending(std::string why) {
  LegacyFate fate;
  fate.message = std::move(why);
  return fate;
}

FileErrorType error_of(std::string_view word) {
  for (const FileErrorType type : {FileErrorType::path_error, FileErrorType::io_error,
                                   FileErrorType::hash_error, FileErrorType::permission_error}) {
    if (word == to_string(type)) return type;
  }
  return FileErrorType::unknown;
}

// Marks with which a file was passed over by hand or by the copier.
std::optional<FileErrorType> skipped_as(std::string_view claimed_by) {
  if (claimed_by == "IO_ERROR_SKIP" || claimed_by == "FAT_ERROR_SKIP" ||
      claimed_by.starts_with("DIAGNOSTIC_SKIP")) {
    return FileErrorType::io_error;
  }
  if (claimed_by == "BACKSLASH_SKIP") return FileErrorType::path_error;
  if (claimed_by == "MAX_RETRIES_EXCEEDED") return FileErrorType::unknown;
  return std::nullopt;
}

// "EXCLUDED" stood for what patterns left out, but also for what could not be read and for whole
// media that were never mounted. Only the first is an exclusion.
LegacyFate fate_of_excluded(const LegacyInode& inode) {
  const std::string& mark = inode.claimed_by;
  LegacyFate fate;
  fate.message = mark;
  if (mark == "EXCLUDED" || mark.find("pattern") != std::string::npos) {
    fate.state = LegacyState::excluded;
  } else if (mark.find("persistent_failure") != std::string::npos) {
    fate.state = LegacyState::failed;
    fate.error = inode.error_type.empty() ? FileErrorType::unknown : error_of(inode.error_type);
  }
  return fate;
}

LegacyFate fate_without_blob(const LegacyInode& inode) {
  if (inode.claimed_by.starts_with("EXCLUDED")) return fate_of_excluded(inode);
  if (!inode.copied) return pending("not copied");
  const auto skipped = skipped_as(inode.claimed_by);
  if (!skipped && !inode.status.starts_with("failed")) {
    return pending(inode.status == "success" ? "success without a blob" : "copied without a blob");
  }
  std::string message = inode.error;
  if (skipped) message += (message.empty() ? "" : "; ") + inode.claimed_by;
  if (message.empty()) message = inode.status;
  const FileErrorType error = inode.error_type.empty() ? skipped.value_or(FileErrorType::unknown)
                                                       : error_of(inode.error_type);
  LegacyFate fate;
  fate.state = LegacyState::failed;
  fate.error = error;
  fate.message = std::move(message);
  return fate;
}

}  // namespace

LegacyFate legacy_fate(const LegacyInode& inode) {
  LegacyFate fate;
  if (inode.type != 'f') {
    fate.state = LegacyState::no_file;
    return fate;
  }
  if (inode.blob.empty()) return fate_without_blob(inode);
  if (!inode.copied) return pending("not copied");
  const auto blob = events::BlobId::from_hex(inode.blob);
  if (!blob) return pending("a blob id of another form");
  fate.state = LegacyState::stored;
  fate.blob = *blob;
  if (inode.size == 0 && blob->hex() == kEmptyBySha256) {
    fate.blob = *events::BlobId::from_bytes(events::Blake3::of("").view());
    fate.is_renamed_empty = true;
  }
  return fate;
}

}  // namespace ntt::stages
