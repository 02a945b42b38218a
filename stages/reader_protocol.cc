// Encoding and checked decoding of the frames between ntt and ntt-reader.

#include "stages/reader_protocol.h"

#include <zlib.h>

#include "events/bytes.h"
#include "events/limits.h"

namespace ntt::stages::wire {

namespace {

using events::append_varint;
using events::ByteReader;
using events::Errc;
using events::Error;

void append_text(std::string& out, std::string_view text, std::size_t bytes_max = kTextBytesMax) {
  text = text.substr(0, bytes_max);
  append_varint(out, text.size());
  out.append(text);
}

// Takes values off a payload; whatever is out of bounds makes ok() false.
class Decoder {
 public:
  explicit Decoder(std::string_view payload) : reader_(payload) {}

  std::uint64_t number() { return reader_.varint(); }
  std::uint64_t number_below(std::uint64_t bound) {
    const std::uint64_t value = reader_.varint();
    if (value < bound) return value;
    ok_ = false;
    return 0;
  }
  bool flag() { return number_below(2) == 1; }
  std::string text(std::size_t bytes_max = kTextBytesMax) {
    const std::uint64_t length = reader_.varint();
    if (length > bytes_max) ok_ = false;
    return ok_ ? std::string(reader_.take(length)) : std::string();
  }
  FileSystemId file_system() {
    FileSystemId id;
    id.kind = static_cast<Attempt>(number_below(static_cast<std::uint64_t>(Attempt::count)));
    id.offset = number();
    id.length = number();
    id.parameter = number();
    return id;
  }

  // The whole payload was well formed and is used up.
  template <class T>
  Result<T> finish(T value) const {
    if (!ok_ || !reader_.at_end()) {
      return Error{Errc::corruption, "a frame from the image reader is malformed"};
    }
    return value;
  }

 private:
  ByteReader reader_;
  bool ok_ = true;
};

void append_file_system(std::string& out, const FileSystemId& id) {
  append_varint(out, static_cast<std::uint64_t>(id.kind));
  append_varint(out, id.offset);
  append_varint(out, id.length);
  append_varint(out, id.parameter);
}

bool is_known(std::uint8_t type) {
  return (type >= static_cast<std::uint8_t>(FrameType::tables) &&
          type <= static_cast<std::uint8_t>(FrameType::unreadable)) ||
         (type >= static_cast<std::uint8_t>(FrameType::trying) &&
          type <= static_cast<std::uint8_t>(FrameType::progress));
}

}  // namespace

std::string_view to_string(Attempt attempt) {
  static constexpr std::string_view kNames[] = {"gpt",     "dos",     "mac", "bsd", "signatures",
                                                "ext",     "iso9660", "udf", "fat", "ntfs",
                                                "hfsplus", "ufs",     "apfs"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Attempt::count));
  const auto index = static_cast<std::size_t>(attempt);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

std::uint32_t frame_crc(FrameType type, std::string_view payload) {
  const auto type_byte = static_cast<Bytef>(type);
  const uLong crc = crc32(0, &type_byte, 1);
  if (payload.empty()) return static_cast<std::uint32_t>(crc);  // zlib takes null for "begin anew"
  return static_cast<std::uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(payload.data()), payload.size()));
}

void append_frame(std::string& out, FrameType type, std::string_view payload) {
  events::append_be32(out, static_cast<std::uint32_t>(payload.size()));
  events::append_be32(out, frame_crc(type, payload));
  events::append_u8(out, static_cast<std::uint8_t>(type));
  out.append(payload);
}

Result<Header> decode_header(std::string_view bytes) {
  ByteReader reader(bytes);
  Header header;
  header.length = reader.be32();
  header.crc = reader.be32();
  const std::uint8_t type = reader.u8();
  if (!reader.at_end() || header.length > kPayloadBytesMax || !is_known(type)) {
    return Error{Errc::corruption, "the image reader sent something that is not a frame"};
  }
  header.type = static_cast<FrameType>(type);
  return header;
}

std::string encode(const TablesRequest& request) {
  std::string out;
  append_varint(out, request.skip);
  return out;
}

template <>
Result<TablesRequest> decode(std::string_view payload) {
  Decoder in(payload);
  TablesRequest request;
  request.skip = static_cast<AttemptSet>(in.number_below(1ULL << 32U));
  return in.finish(request);
}

std::string encode(const ProbeRequest& request) {
  std::string out;
  append_varint(out, request.offset);
  append_varint(out, request.length);
  append_varint(out, request.unpartitioned ? 1 : 0);
  append_varint(out, request.skip);
  return out;
}

template <>
Result<ProbeRequest> decode(std::string_view payload) {
  Decoder in(payload);
  ProbeRequest request;
  request.offset = in.number();
  request.length = in.number();
  request.unpartitioned = in.flag();
  request.skip = static_cast<AttemptSet>(in.number_below(1ULL << 32U));
  return in.finish(request);
}

std::string encode(const Region& region) {
  std::string out;
  append_text(out, region.table);
  append_text(out, region.description);
  append_varint(out, region.offset);
  append_varint(out, region.length);
  return out;
}

template <>
Result<Region> decode(std::string_view payload) {
  Decoder in(payload);
  Region region;
  region.table = in.text();
  region.description = in.text();
  region.offset = in.number();
  region.length = in.number();
  return in.finish(std::move(region));
}

std::string encode(const FoundVolume& found) {
  std::string out;
  append_file_system(out, found.id);
  append_varint(out, found.readable ? 1 : 0);
  append_text(out, found.outcome);
  append_text(out, found.filesystem);
  append_varint(out, found.length);
  append_text(out, found.label);
  append_text(out, found.uuid);
  append_text(out, found.time_basis);
  append_text(out, found.message);
  return out;
}

template <>
Result<FoundVolume> decode(std::string_view payload) {
  Decoder in(payload);
  FoundVolume found;
  found.id = in.file_system();
  found.readable = in.flag();
  found.outcome = in.text();
  found.filesystem = in.text();
  found.length = in.number();
  found.label = in.text();
  found.uuid = in.text();
  found.time_basis = in.text();
  found.message = in.text();
  return in.finish(std::move(found));
}

std::string encode(const WalkRequest& request) {
  std::string out;
  append_file_system(out, request.id);
  append_varint(out, request.deleted_entries ? 1 : 0);
  append_varint(out, request.barred.size());
  for (const BarredDirectory& directory : request.barred) {
    append_text(out, directory.path, events::kPathBytesMax);
    append_text(out, directory.reason);
  }
  return out;
}

template <>
Result<WalkRequest> decode(std::string_view payload) {
  Decoder in(payload);
  WalkRequest request;
  request.id = in.file_system();
  request.deleted_entries = in.flag();
  for (std::uint64_t left = in.number_below(kBarredMax + 1); left > 0; --left) {
    BarredDirectory directory;
    directory.path = in.text(events::kPathBytesMax);
    directory.reason = in.text();
    request.barred.push_back(std::move(directory));
  }
  return in.finish(std::move(request));
}

std::string encode(const WalkDone& done) {
  std::string out;
  append_varint(out, done.failed ? 1 : 0);
  append_text(out, done.message);
  append_varint(out, done.other_streams);
  return out;
}

template <>
Result<WalkDone> decode(std::string_view payload) {
  Decoder in(payload);
  WalkDone done;
  done.failed = in.flag();
  done.message = in.text();
  done.other_streams = in.number();
  return in.finish(std::move(done));
}

std::string encode(const ReadRequest& request) {
  std::string out;
  append_file_system(out, request.id);
  append_varint(out, request.inode);
  append_varint(out, request.size);
  append_varint(out, request.allocated ? 1 : 0);
  append_text(out, request.path, events::kPathBytesMax);
  return out;
}

template <>
Result<ReadRequest> decode(std::string_view payload) {
  Decoder in(payload);
  ReadRequest request;
  request.id = in.file_system();
  request.inode = in.number();
  request.size = in.number();
  request.allocated = in.flag();
  request.path = in.text(events::kPathBytesMax);
  return in.finish(std::move(request));
}

std::string encode(const ReadDone& done) {
  std::string out;
  append_varint(out, static_cast<std::uint64_t>(done.error_type));
  append_text(out, done.message);
  return out;
}

template <>
Result<ReadDone> decode(std::string_view payload) {
  Decoder in(payload);
  ReadDone done;
  done.error_type = static_cast<events::FileErrorType>(
      in.number_below(static_cast<std::uint64_t>(events::FileErrorType::unknown) + 1));
  done.message = in.text();
  return in.finish(std::move(done));
}

std::string encode(Attempt attempt) {
  std::string out;
  append_varint(out, static_cast<std::uint64_t>(attempt));
  return out;
}

template <>
Result<Attempt> decode(std::string_view payload) {
  Decoder in(payload);
  const auto attempt =
      static_cast<Attempt>(in.number_below(static_cast<std::uint64_t>(Attempt::count)));
  return in.finish(attempt);
}

std::string encode(const UnreadableRanges& unreadable) {
  std::string out;
  append_varint(out, unreadable.ranges.size());
  for (const ByteRange& range : unreadable.ranges) {
    append_varint(out, range.offset);
    append_varint(out, range.length);
  }
  return out;
}

template <>
Result<UnreadableRanges> decode(std::string_view payload) {
  Decoder in(payload);
  UnreadableRanges unreadable;
  for (std::uint64_t left = in.number_below(kRangesMax + 1); left > 0; --left) {
    ByteRange range;
    range.offset = in.number();
    range.length = in.number();
    unreadable.ranges.push_back(range);
  }
  return in.finish(std::move(unreadable));
}

}  // namespace ntt::stages::wire
