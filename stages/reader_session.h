// ReaderSession: an ntt-reader whenever one is needed, a fresh one after each that died.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "events/result.h"
#include "stages/reader_process.h"

namespace ntt::stages {

// How a conversation with the reader ended.
struct ReaderEnd {
  ReaderProcess::End end = ReaderProcess::End::running;  // running: it was answered
  std::string message;                                   // else why it was not

  [[nodiscard]] bool answered() const { return end == ReaderProcess::End::running; }
  // The word of VolumeOutcome::outcome.
  [[nodiscard]] std::string outcome() const {
    return end == ReaderProcess::End::stalled ? "stalled" : "reader_died";
  }
};

// What to do after a frame.
enum class FrameVerdict {
  more,       // the answer goes on
  finished,   // that was the last frame of the answer
  malformed,  // the reader sent what it must not
  abandon,    // the caller wants no more; the reader is ended
};

// Not thread-safe. `image` must stay open. Every reader is told first what of it is unreadable.
class ReaderSession {
 public:
  ReaderSession(ReaderLimits limits, int image, std::vector<ByteRange> unreadable)
      : limits_(std::move(limits)), image_(image), unreadable_(std::move(unreadable)) {}

  // Sends a request and hands over every frame of the answer. An error Result means that no
  // reader can be started at all; a reader that died is a ReaderEnd.
  events::Result<ReaderEnd> ask(wire::FrameType type, std::string_view payload,
                                const std::function<FrameVerdict(const wire::Frame&)>& on_frame);

 private:
  events::Status start();

  ReaderLimits limits_;
  int image_;
  std::vector<ByteRange> unreadable_;
  std::unique_ptr<ReaderProcess> process_;
};

}  // namespace ntt::stages
