// Unpacking by libarchive's filters, and cutting what comes into lines.

#include "stages/log_lines.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "events/hash.h"
#include "stages/file_descriptor.h"

namespace ntt::stages {

using events::Errc;
using events::Error;

constexpr std::size_t kLogPieceBytes = 256U << 10U;

struct FreeLogArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

// What libarchive reads from.
struct LogInput {
  FileDescriptor file;
  const std::atomic<bool>* cancelled = nullptr;
  std::array<char, kLogPieceBytes> buffer{};
  std::uint64_t bytes = 0;
};

namespace {

constexpr std::size_t kLongLineKeptBytes = 64U << 10U;

la_ssize_t read_piece(archive* a, void* client, const void** buffer) {
  auto& input = *static_cast<LogInput*>(client);
  while (!*input.cancelled) {
    const ssize_t count = ::read(input.file.get(), input.buffer.data(), input.buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      archive_set_error(a, errno, "%s", std::strerror(errno));
      return -1;
    }
    input.bytes += static_cast<std::uint64_t>(count);
    *buffer = input.buffer.data();
    return count;
  }
  return 0;
}

Error archive_error(archive* a, const std::string& file) {
  const char* message = archive_error_string(a);
  const bool is_io = archive_errno(a) > 0 && archive_errno(a) < 256;
  return {is_io ? Errc::io : Errc::corruption,
          "reading " + file + ": " + (message != nullptr ? message : "it is damaged")};
}

}  // namespace

struct LogLines::State {
  std::string file;
  LogInput input;
  std::unique_ptr<archive, FreeLogArchive> reader;  // freed before what it reads from
  std::uint64_t total = 0;
  std::string buffer;      // [used, size): read and not yet given out
  std::size_t used = 0;    // of buffer
  std::size_t looked = 0;  // there is no newline in [used, looked)
  bool at_end = false;
  std::uint64_t number = 0;
};

LogLines::LogLines(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogLines::~LogLines() = default;
LogLines::LogLines(LogLines&&) noexcept = default;
LogLines& LogLines::operator=(LogLines&&) noexcept = default;

std::uint64_t LogLines::bytes_read() const {
  return state_->input.bytes;
}
std::uint64_t LogLines::bytes_total() const {
  return state_->total;
}

Result<LogLines> LogLines::open(const std::string& file, const std::atomic<bool>& cancelled) {
  auto state = std::make_unique<State>();
  state->file = file == "-" ? "standard input" : file;
  const int number = file == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) return events::errno_error("open " + state->file, errno);
  state->input.file = FileDescriptor(number);
  state->input.cancelled = &cancelled;
  struct stat facts {};
  if (::fstat(number, &facts) != 0) return events::errno_error("stat " + state->file, errno);
  if (S_ISDIR(facts.st_mode)) return events::errno_error("read " + state->file, EISDIR);
  if (S_ISREG(facts.st_mode)) state->total = static_cast<std::uint64_t>(facts.st_size);
  state->reader.reset(archive_read_new());
  archive* const a = state->reader.get();
  archive_entry* entry = nullptr;
  const bool ready =
      archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
      archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
      archive_read_support_format_raw(a) == ARCHIVE_OK &&
      archive_read_support_format_empty(a) == ARCHIVE_OK &&
      archive_read_open(a, &state->input, nullptr, read_piece, nullptr) == ARCHIVE_OK;
  if (!ready) return archive_error(a, state->file);
  const int begun = archive_read_next_header(a, &entry);
  if (begun == ARCHIVE_EOF) {
    state->at_end = true;
  } else if (begun != ARCHIVE_OK) {
    return archive_error(a, state->file);
  }
  return LogLines(std::move(state));
}

Status LogLines::read_more() {
  State& s = *state_;
  s.buffer.erase(0, s.used);
  s.used = 0;
  s.looked = s.buffer.size();
  // By blocks: what was unpacked before the damage of a file comes before the error.
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int got = archive_read_data_block(s.reader.get(), &block, &size, &offset);
  if (got != ARCHIVE_OK && got != ARCHIVE_EOF) return archive_error(s.reader.get(), s.file);
  s.at_end = got == ARCHIVE_EOF;
  if (!s.at_end) s.buffer.append(static_cast<const char*>(block), size);
  return {};
}

// The buffer has more of a line than a line may have, and not its end.
Result<std::optional<LogLine>> LogLines::long_line() {
  State& s = *state_;
  std::string kept = s.buffer.substr(s.used, kLongLineKeptBytes);
  LogLine::Whole whole;
  events::Blake3 hasher;
  std::size_t end = std::string::npos;
  while (true) {
    end = s.buffer.find('\n', s.used);
    const std::size_t until = std::min(end, s.buffer.size());
    hasher.update(std::string_view(s.buffer).substr(s.used, until - s.used));
    whole.length += until - s.used;
    s.used = until;
    if (end != std::string::npos || s.at_end) break;
    if (auto more = read_more(); !more) return std::move(more).error();
  }
  if (end != std::string::npos) s.used += 1;
  whole.digest = hasher.digest();
  // The kept beginning takes the place of what was read, in front of what was not given out yet.
  s.buffer.replace(0, s.used, kept);
  s.used = kept.size();
  s.looked = s.used;
  return std::optional(
      LogLine{std::string_view(s.buffer).substr(0, kept.size()), ++s.number, whole});
}

Result<std::optional<LogLine>> LogLines::next() {
  State& s = *state_;
  while (true) {
    const std::size_t found = s.buffer.find('\n', s.looked);
    const std::size_t end = std::min(found, s.buffer.size());
    const std::string_view line = std::string_view(s.buffer).substr(s.used, end - s.used);
    if (line.size() > kLogLineBytesMax) return long_line();
    if (found != std::string::npos || (s.at_end && !line.empty())) {
      s.used = std::min(end + 1, s.buffer.size());
      s.looked = s.used;
      return std::optional(LogLine{line, ++s.number, {}});
    }
    if (s.at_end) return std::optional<LogLine>{};
    if (auto more = read_more(); !more) return std::move(more).error();
  }
}

}  // namespace ntt::stages
