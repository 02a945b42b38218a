// Writes frames, grouped into few system calls.

#include "stages/reader/reply.h"

#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace ntt::reader {

namespace wire = stages::wire;

namespace {

constexpr std::size_t kFlushBytes = 256U << 10U;

std::int64_t now_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

}  // namespace

void Reply::send(wire::FrameType type, std::string_view payload) {
  wire::append_frame(out_, type, payload);
  flush_if_large();
}

bool Reply::send_content(std::size_t count, const std::function<bool(char*)>& fill) {
  content_.resize(count);
  if (!fill(content_.data())) return false;
  send(wire::FrameType::content, content_);
  return true;
}

void Reply::progress() {
  if (now_seconds() == last_flush_seconds_) return;
  send(wire::FrameType::progress, {});
  flush();
}

void Reply::flush_if_large() {
  if (out_.size() >= kFlushBytes) flush();
}

void Reply::flush() {
  std::string_view rest = out_;
  while (!rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(0);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  out_.clear();
  last_flush_seconds_ = now_seconds();
}

}  // namespace ntt::reader
