// ntt-reader: reads one image for ntt, in a process that may crash, loop or be ended.
//
// Descriptor 3 is the image, 4 takes the results, 5 brings requests. It is started by ntt and of no
// use by hand. The options after --cpu make it fail on purpose, for tests.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

#include "stages/reader/content.h"
#include "stages/reader/file_system.h"
#include "stages/reader/image.h"
#include "stages/reader/limits.h"
#include "stages/reader/reply.h"
#include "stages/reader/survey.h"
#include "stages/reader/walk.h"

namespace ntt::reader {

namespace wire = stages::wire;
using wire::FrameType;

namespace {

constexpr int kImageFd = 3;
constexpr int kResultFd = 4;
constexpr int kRequestFd = 5;
constexpr int kExitUsage = 2;
constexpr std::size_t kRequestBytesUsual = 512;
constexpr std::uint64_t kMemoryBytesDefault = 1ULL << 30U;

struct Options {
  std::uint64_t memory_bytes = kMemoryBytesDefault;
  std::uint64_t cpu_seconds = 0;
  std::vector<ByteRange> fail;
  Fault fault;
};

// "KIND:PATH"
bool parse_fault(std::string_view text, Fault& fault) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view kind = text.substr(0, colon);
  fault.path = text.substr(colon + 1);
  fault.kind = kind == "crash"     ? Fault::Kind::crash
               : kind == "hang"    ? Fault::Kind::hang
               : kind == "memory"  ? Fault::Kind::exhaust_memory
               : kind == "garbage" ? Fault::Kind::garbage
                                   : Fault::Kind::none;
  return fault.kind != Fault::Kind::none;
}

std::optional<Options> parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    char* rest = nullptr;
    const std::uint64_t number = std::strtoull(argv[i + 1], &rest, 10);
    if (name == "--memory") {
      options.memory_bytes = number;
    } else if (name == "--cpu") {
      options.cpu_seconds = number;
    } else if (name == "--fail-range" && *rest == ':') {
      options.fail.push_back({number, std::strtoull(rest + 1, nullptr, 10)});
    } else if (name != "--fault" || !parse_fault(argv[i + 1], options.fault)) {
      return std::nullopt;
    }
  }
  return argc % 2 == 1 ? std::optional(options) : std::nullopt;
}

// Requests from the parent, which is trusted; at the end of the stream the process ends.
class Requests {
 public:
  // Valid until the next call.
  wire::Frame next() {
    buffer_.erase(0, used_);
    fill(wire::kHeaderBytes);
    const auto header = wire::decode_header({buffer_.data(), wire::kHeaderBytes});
    if (!header) _exit(kExitUsage);
    used_ = wire::kHeaderBytes + header->length;
    fill(used_);
    return {header->type, {buffer_.data() + wire::kHeaderBytes, header->length}};
  }

 private:
  // At least `count` bytes; one system call takes a whole request where it can.
  void fill(std::size_t count) {
    while (buffer_.size() < count) {
      const std::size_t had = buffer_.size();
      buffer_.resize(std::max(count, had + kRequestBytesUsual));
      const ssize_t got = read(kRequestFd, buffer_.data() + had, buffer_.size() - had);
      buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got == 0 || (got < 0 && errno != EINTR)) _exit(0);
    }
  }

  std::string buffer_;
  std::size_t used_ = 0;  // by the frame that next() gave last
};

class Reader {
 public:
  explicit Reader(Options options)
      : options_(std::move(options)), reply_(kResultFd), image_(kImageFd, reply_) {
    image_.add_unreadable(options_.fail);
  }

  [[noreturn]] void run() {
    Requests requests;
    while (true) {
      reply_.flush();
      answer(requests.next());
    }
  }

 private:
  void answer(const wire::Frame& frame) {
    switch (frame.type) {
      case FrameType::tables:
        if (const auto request = wire::decode<wire::TablesRequest>(frame.payload); request) {
          return send_tables(image_, reply_, *request);
        }
        break;
      case FrameType::probe:
        if (const auto request = wire::decode<wire::ProbeRequest>(frame.payload); request) {
          return send_probe(image_, reply_, *request);
        }
        break;
      case FrameType::walk:
        if (const auto request = wire::decode<wire::WalkRequest>(frame.payload); request) {
          return answer_walk(*request);
        }
        break;
      case FrameType::read:
        if (const auto request = wire::decode<wire::ReadRequest>(frame.payload); request) {
          return answer_read(*request);
        }
        break;
      case FrameType::unreadable:
        if (auto more = wire::decode<wire::UnreadableRanges>(frame.payload); more) {
          return image_.add_unreadable(std::move(more->ranges));
        }
        break;
      default:
        break;
    }
    _exit(kExitUsage);
  }

  // Opens what `id` names unless it is open already; null: `message` says why not.
  FileSystem* open(const wire::FileSystemId& id, const OpenOptions& options, std::string& message) {
    if (open_ != nullptr && open_id_ == id &&
        open_options_.deleted_entries == options.deleted_entries) {
      return open_.get();
    }
    open_.reset();
    auto opened = open_file_system(image_, id, options);
    if (!opened) {
      message = opened.error().message;
      return nullptr;
    }
    open_ = std::move(*opened);
    open_id_ = id;
    open_options_ = options;
    return open_.get();
  }

  void answer_walk(const wire::WalkRequest& request) {
    wire::WalkDone done;
    FileSystem* file_system = open(request.id, {request.deleted_entries}, done.message);
    if (file_system == nullptr) {
      done.failed = true;
    } else {
      done = walk(*file_system, reply_, request.barred, options_.fault);
    }
    reply_.send(FrameType::walk_done, encode(done));
  }

  void answer_read(const wire::ReadRequest& request) {
    wire::ReadDone done;
    std::string message;
    FileSystem* file_system = open(request.id, {!request.allocated}, message);
    options_.fault.strike(request.path, reply_);
    if (file_system == nullptr) {
      done = io_failure(message);
    } else {
      Content content(image_, reply_);
      done = file_system->read(request, content);
    }
    reply_.send(FrameType::read_done, encode(done));
  }

  Options options_;
  Reply reply_;
  Image image_;
  std::unique_ptr<FileSystem> open_;
  wire::FileSystemId open_id_;
  OpenOptions open_options_;
};

}  // namespace
}  // namespace ntt::reader

int main(int argc, char** argv) {
  auto options = ntt::reader::parse_options(argc, argv);
  if (!options) return ntt::reader::kExitUsage;
  ntt::reader::limit_this_process(options->memory_bytes, options->cpu_seconds);
  ntt::reader::Reader(std::move(*options)).run();
}
