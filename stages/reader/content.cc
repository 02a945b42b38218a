// Streams runs of the image, stopping at the first byte that cannot be read.

#include "stages/reader/content.h"

#include <algorithm>
#include <cstring>

namespace ntt::reader {

namespace wire = stages::wire;
using events::FileErrorType;
using wire::ReadDone;

namespace {

constexpr std::size_t kChunkBytes = 256U << 10U;
constexpr std::size_t kSectorBytes = 512;
// Holes cost nothing on the medium; more than this is a damaged size field, not a sparse file.
constexpr std::uint64_t kSparseBytesMax = 1ULL << 40U;

std::size_t chunk_of(std::uint64_t rest) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(rest, kChunkBytes));
}

}  // namespace

ReadDone io_failure(std::string message) {
  return {FileErrorType::io_error, std::move(message)};
}

ReadDone check_size(std::uint64_t size, std::uint64_t mapped, std::uint64_t image_size,
                    bool holes) {
  if (mapped > image_size || (!holes && size > image_size) ||
      (size > image_size && size > kSparseBytesMax)) {
    return io_failure("the file claims " + std::to_string(size) + " bytes, more than a medium of " +
                      std::to_string(image_size) + " bytes can hold");
  }
  return {};
}

bool Content::send_zeros(std::uint64_t count) {
  while (count > 0) {
    const std::size_t piece = chunk_of(count);
    reply_.send_content(piece, [piece](char* out) {
      std::memset(out, 0, piece);
      return true;
    });
    count -= piece;
  }
  return true;
}

ReadDone Content::send_run(const Run& run, std::uint64_t length) {
  std::uint64_t done = 0;
  std::size_t step = kChunkBytes;
  while (done < length) {
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(length - done, step));
    const std::uint64_t at = run.image_offset + done;
    if (reply_.send_content(piece, [&](char* out) { return image_.read(at, out, piece); })) {
      done += piece;
    } else if (piece > kSectorBytes) {
      step = kSectorBytes;  // find the first bad sector
    } else {
      return io_failure("unreadable at file offset " + std::to_string(run.file_offset + done) +
                        ": " + describe(image_.last_failure()));
    }
  }
  return {};
}

ReadDone Content::send_runs(const std::vector<Run>& runs, std::uint64_t size, bool holes) {
  std::uint64_t mapped = 0;
  for (const Run& run : runs) mapped += run.zeros ? 0 : std::min(run.length, size);
  // The last run may reach to the end of its block.
  if (auto checked = check_size(size, std::min(mapped, size), image_.size(), holes);
      checked.error_type != FileErrorType::none) {
    return checked;
  }
  std::uint64_t position = 0;
  const auto hole_until = [&](std::uint64_t end) -> ReadDone {
    if (end <= position) return {};
    if (!holes) {
      return io_failure("no place on the medium is recorded for the bytes from file offset " +
                        std::to_string(position));
    }
    send_zeros(end - position);
    position = end;
    return {};
  };
  for (const Run& run : runs) {
    if (position >= size) break;
    if (run.file_offset >= size) break;
    if (run.file_offset < position) return io_failure("the file's block list overlaps itself");
    if (auto hole = hole_until(run.file_offset); hole.error_type != FileErrorType::none) {
      return hole;
    }
    const std::uint64_t length = std::min(run.length, size - position);
    if (run.zeros) {
      send_zeros(length);
    } else if (auto sent = send_run(run, length); sent.error_type != FileErrorType::none) {
      return sent;
    }
    position += length;
  }
  return hole_until(size);
}

ReadDone Content::send_filled(std::uint64_t size, const Fill& fill) {
  std::uint64_t position = 0;
  while (position < size) {
    const std::size_t piece = chunk_of(size - position);
    const std::uint64_t failures = image_.failures();
    const bool sent = reply_.send_content(piece, [&](char* out) {
      return fill(position, out, piece) && image_.failures() == failures;
    });
    if (!sent) {
      return io_failure("unreadable at file offset " + std::to_string(position) + ": " +
                        (image_.failures() == failures ? "the file system's library gives no data"
                                                       : describe(image_.last_failure())));
    }
    position += piece;
  }
  return {};
}

ReadDone Content::send_bytes(std::string_view bytes) {
  return send_filled(bytes.size(), [bytes](std::uint64_t offset, char* out, std::size_t count) {
    std::memcpy(out, bytes.data() + offset, count);
    return true;
  });
}

}  // namespace ntt::reader
