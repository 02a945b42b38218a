// What ntt-reader says is frames, whenever the clock makes it say that work went on.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "stages/reader/reply.h"

namespace ntt::tests {
namespace {

namespace wire = stages::wire;
using wire::FrameType;

using Frames = std::vector<std::pair<FrameType, std::string>>;

// A pipe that holds what these tests say.
class Heard {
 public:
  Heard() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Heard() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Heard(const Heard&) = delete;
  Heard& operator=(const Heard&) = delete;

  [[nodiscard]] int fd() const { return ends_[1]; }

  // All frames that were flushed; what is not a frame ends the list with a failure.
  [[nodiscard]] Frames frames() const {
    std::string bytes(1U << 16U, '\0');
    const ssize_t count = read(ends_[0], bytes.data(), bytes.size());
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    Frames heard;
    std::string_view rest = bytes;
    while (rest.size() >= wire::kHeaderBytes) {
      const auto header = wire::decode_header(rest.substr(0, wire::kHeaderBytes));
      if (!header || rest.size() < wire::kHeaderBytes + header->length) break;
      const std::string_view payload = rest.substr(wire::kHeaderBytes, header->length);
      EXPECT_EQ(wire::frame_crc(header->type, payload), header->crc);
      heard.emplace_back(header->type, payload);
      rest.remove_prefix(wire::kHeaderBytes + header->length);
    }
    EXPECT_EQ(rest.size(), 0U) << "bytes that are not a frame";
    return heard;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// A reply's first word of progress is always due: it has flushed nothing yet.
TEST(ReaderReply, ProgressWhileAContentIsReadIsAFrameOfItsOwn) {
  const Heard heard;
  reader::Reply reply(heard.fd());
  EXPECT_TRUE(reply.send_content(5000, [&](char* out) {
    reply.progress();
    std::fill_n(out, 5000, 'x');
    return true;
  }));
  reply.flush();
  EXPECT_EQ(heard.frames(),
            (Frames{{FrameType::progress, ""}, {FrameType::content, std::string(5000, 'x')}}));
}

TEST(ReaderReply, AContentThatCouldNotBeReadIsNoFrameThoughItsReadingWasProgress) {
  const Heard heard;
  reader::Reply reply(heard.fd());
  reply.send(FrameType::done, "before");
  EXPECT_FALSE(reply.send_content(5000, [&](char*) {
    reply.progress();
    return false;
  }));
  reply.send(FrameType::done, "after");
  reply.flush();
  EXPECT_EQ(
      heard.frames(),
      (Frames{{FrameType::done, "before"}, {FrameType::progress, ""}, {FrameType::done, "after"}}));
}

}  // namespace
}  // namespace ntt::tests
