// ReaderProcess: one running ntt-reader, its pipes, its limits and its watchdog.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "events/result.h"
#include "stages/file_descriptor.h"
#include "stages/reader_protocol.h"

namespace ntt::stages {

struct ReaderLimits {
  std::string program;
  std::uint64_t memory_bytes_max = 0;
  std::uint64_t cpu_seconds_max = 0;  // 0: no limit
  std::uint32_t stall_seconds_max = 10;
};

// Not thread-safe. Destroying it kills the process. After the first failure every call fails; the
// process is gone by then and end() says how it went.
class ReaderProcess {
 public:
  enum class End { running, died, stalled, garbage };

  // `image` is inherited by the child and stays the caller's.
  static events::Result<std::unique_ptr<ReaderProcess>> start(const ReaderLimits& limits,
                                                              int image);
  ~ReaderProcess();
  ReaderProcess(const ReaderProcess&) = delete;
  ReaderProcess& operator=(const ReaderProcess&) = delete;

  events::Status send(wire::FrameType type, std::string_view payload);

  // The next frame; its payload is valid until the next call. Blocks for at most
  // stall_seconds_max.
  events::Result<wire::Frame> receive();

  // Ends the process because of what it said.
  events::Error reject(std::string_view why);

  [[nodiscard]] End end() const { return end_; }

 private:
  ReaderProcess(pid_t pid, FileDescriptor commands, FileDescriptor results,
                std::uint32_t stall_seconds_max)
      : pid_(pid),
        commands_(std::move(commands)),
        results_(std::move(results)),
        stall_seconds_max_(stall_seconds_max) {}

  events::Error stop(End end, std::string message);
  events::Error died();
  int kill_and_wait();  // the wait status
  // Makes at least `count` bytes available in the buffer.
  events::Status fill(std::size_t count, std::int64_t deadline_millis);

  pid_t pid_;
  FileDescriptor commands_;
  FileDescriptor results_;
  std::uint32_t stall_seconds_max_;
  End end_ = End::running;
  std::string why_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is not used yet
  std::size_t size_ = 0;   // end of what was received
};

}  // namespace ntt::stages
