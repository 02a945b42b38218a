// The frames that ntt and its child process ntt-reader exchange.
//
// A frame is: payload length (u32), CRC-32 of type and payload (u32), type (u8), payload. Integers
// are big-endian, inside payloads LEB128 varints; strings have their length in front. The reader
// works on hostile bytes and may be taken over by them, so the parent trusts nothing it says:
// every decoder here checks every bound and gives Errc::corruption for anything else.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "events/batch.h"
#include "events/result.h"
#include "stages/byte_range.h"

namespace ntt::stages::wire {

using events::Result;

inline constexpr std::size_t kHeaderBytes = 9;
inline constexpr std::size_t kPayloadBytesMax = 8U << 20U;
inline constexpr std::size_t kTextBytesMax = 4096;          // a label, a description, a message
inline constexpr std::size_t kContentBytesMax = 1U << 20U;  // content in one frame
inline constexpr std::size_t kEntriesMax = 1024;            // entries in one frame
inline constexpr std::size_t kBarredMax = 8;                // directories barred in one walk
inline constexpr std::size_t kRangesMax = 65536;            // unreadable ranges in one frame

enum class FrameType : std::uint8_t {
  // To the reader.
  tables = 1,      // TablesRequest: Trying*, Region*, Done
  probe = 2,       // ProbeRequest: Trying*, FoundVolume*, Done
  walk = 3,        // WalkRequest: (Directory | entry columns | Progress)*, WalkDone
  read = 4,        // ReadRequest: (content | Progress)*, ReadDone
  unreadable = 5,  // UnreadableRanges: no answer; they add up
  // To the parent.
  trying = 16,     // an Attempt begins: what to blame if the reader dies
  region = 17,     // one line of a partition table
  found = 18,      // a file system, or something else that has a name
  done = 19,       // the request is finished
  directory = 20,  // the path of the directory that is read from now on
  entries = 21,    // events::encode_entry_columns
  walk_done = 22,
  content = 23,  // bytes of a file
  read_done = 24,
  progress = 25,  // nothing to say, but there was real progress
};

// What a survey can attempt. A crash in one is not tried again.
enum class Attempt : std::uint8_t {
  gpt = 0,
  dos = 1,
  mac = 2,
  bsd = 3,
  signatures = 4,
  ext = 5,
  iso = 6,
  udf = 7,
  fat = 8,
  ntfs = 9,
  hfsplus = 10,
  ufs = 11,
  apfs = 12,
  count = 13,
};
std::string_view to_string(Attempt attempt);

using AttemptSet = std::uint32_t;  // bit (1 << attempt)
constexpr AttemptSet bit(Attempt attempt) {
  return 1U << static_cast<unsigned>(attempt);
}

struct TablesRequest {
  AttemptSet skip = 0;
};

struct ProbeRequest {
  std::uint64_t offset = 0;  // bytes from the start of the image
  std::uint64_t length = 0;
  bool unpartitioned = false;  // the whole of a carrier without a partition table
  AttemptSet skip = 0;
};

struct Region {
  std::string table;  // "gpt", "dos", "mac", "bsd"
  std::string description;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// How to open one file system again.
struct FileSystemId {
  Attempt kind = Attempt::ext;
  std::uint64_t offset = 0;     // bytes from the start of the image
  std::uint64_t length = 0;     // of the region it lies in
  std::uint64_t parameter = 0;  // apfs: block of the volume; ext: block of the superblock
  bool operator==(const FileSystemId&) const = default;
};

struct FoundVolume {
  FileSystemId id;
  bool readable = false;     // false: named only
  std::string outcome;       // of a volume that is only named: "swap", "encrypted", ...
  std::string filesystem;    // "ext4", ...
  std::uint64_t length = 0;  // bytes that the file system claims; 0: unknown
  std::string label;
  std::string uuid;
  std::string time_basis;  // "utc" or "local"
  std::string message;
};

// A directory in which a reader died or hung before: it gets an error instead of a listing.
struct BarredDirectory {
  std::string path;
  std::string reason;
};

struct WalkRequest {
  FileSystemId id;
  bool deleted_entries = false;
  std::vector<BarredDirectory> barred;  // at most kBarredMax
};

struct WalkDone {
  bool failed = false;  // could not go on; `message` says why
  std::string message;
  std::uint64_t other_streams = 0;
};

struct ReadRequest {
  FileSystemId id;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  bool allocated = true;
  std::string path;
};

// Stretches of the image that hold nothing of the medium, whatever bytes are there.
struct UnreadableRanges {
  std::vector<ByteRange> ranges;  // at most kRangesMax, rising
};

struct ReadDone {
  events::FileErrorType error_type = events::FileErrorType::none;
  std::string message;
};

struct Frame {
  FrameType type = FrameType::progress;
  std::string_view payload;
};

// Appends one frame to `out`.
void append_frame(std::string& out, FrameType type, std::string_view payload);

// The header of a frame, checked: payload length and type are within their bounds.
struct Header {
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
  FrameType type = FrameType::progress;
};
Result<Header> decode_header(std::string_view bytes);  // exactly kHeaderBytes
std::uint32_t frame_crc(FrameType type, std::string_view payload);

std::string encode(const TablesRequest& request);
std::string encode(const ProbeRequest& request);
std::string encode(const Region& region);
std::string encode(const FoundVolume& found);
std::string encode(const WalkRequest& request);
std::string encode(const WalkDone& done);
std::string encode(const ReadRequest& request);
std::string encode(const ReadDone& done);
std::string encode(const UnreadableRanges& unreadable);
std::string encode(Attempt attempt);

// decode<T>(encode(x)) == x for every T above; Errc::corruption for all other bytes. Texts longer
// than kTextBytesMax are cut by encode.
template <class T>
Result<T> decode(std::string_view payload);

}  // namespace ntt::stages::wire
