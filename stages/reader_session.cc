// One request and its answer, with a reader that is started when there is none.

#include "stages/reader_session.h"

#include <algorithm>
#include <cstddef>

namespace ntt::stages {

events::Status ReaderSession::start() {
  auto started = ReaderProcess::start(limits_, image_);
  if (!started) return std::move(started).error();
  process_ = std::move(*started);
  for (std::size_t at = 0; at < unreadable_.size(); at += wire::kRangesMax) {
    const auto begin = unreadable_.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = std::min(unreadable_.size() - at, wire::kRangesMax);
    const wire::UnreadableRanges piece{{begin, begin + static_cast<std::ptrdiff_t>(count)}};
    // A reader that dies of it is found by the request that follows.
    if (!process_->send(wire::FrameType::unreadable, encode(piece))) break;
  }
  return {};
}

events::Result<ReaderEnd> ReaderSession::ask(
    wire::FrameType type, std::string_view payload,
    const std::function<FrameVerdict(const wire::Frame&)>& on_frame) {
  if (process_ == nullptr) {
    if (auto started = start(); !started) return std::move(started).error();
  }
  const auto ended = [this](const events::Error& error) {
    ReaderEnd end{process_->end(), error.message};
    process_.reset();
    return end;
  };
  if (auto sent = process_->send(type, payload); !sent) return ended(sent.error());
  while (true) {
    const auto frame = process_->receive();
    if (!frame) return ended(frame.error());
    switch (on_frame(*frame)) {
      case FrameVerdict::more:
        break;
      case FrameVerdict::finished:
        return ReaderEnd{};
      case FrameVerdict::malformed:
        return ended(process_->reject("a frame that does not belong here or is malformed"));
      case FrameVerdict::abandon:
        process_.reset();
        return ReaderEnd{};
    }
  }
}

}  // namespace ntt::stages
