// Spawns ntt-reader, talks to it in frames and ends it when it makes no progress.

#include "stages/reader_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <vector>

namespace ntt::stages {

namespace {

using events::Errc;
using events::errno_error;
using events::Error;
using events::Result;
using events::Status;

constexpr int kImageFd = 3;
constexpr int kResultFd = 4;
constexpr int kCommandFd = 5;
constexpr int kFirstFreeFd = 16;  // above every descriptor the child is given
constexpr int kExitOutOfMemory = 12;
constexpr int kPipeBytes = 1 << 20;
constexpr std::size_t kBufferBytes = 1U << 20U;

std::int64_t now_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The same file under a number so high that placing it at a fixed one cannot hit another.
FileDescriptor moved_up(FileDescriptor low) {
  return FileDescriptor(fcntl(low.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
}

struct SpawnActions {
  posix_spawn_file_actions_t actions;
  SpawnActions() { posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
};

Result<pid_t> spawn(const ReaderLimits& limits, int image, int results, int commands) {
  SpawnActions spawn_actions;
  auto* actions = &spawn_actions.actions;
  posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(actions, image, kImageFd);
  posix_spawn_file_actions_adddup2(actions, results, kResultFd);
  posix_spawn_file_actions_adddup2(actions, commands, kCommandFd);
  posix_spawn_file_actions_addclosefrom_np(actions, kCommandFd + 1);

  std::vector<std::string> words = {limits.program, "--memory",
                                    std::to_string(limits.memory_bytes_max), "--cpu",
                                    std::to_string(limits.cpu_seconds_max)};
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  // Nothing of our environment reaches code that works on hostile bytes; the time zone is fixed.
  std::string time_zone = "TZ=UTC";
  std::string locale = "LC_ALL=C.UTF-8";
  char* environment[] = {time_zone.data(), locale.data(), nullptr};
  pid_t pid = -1;
  const int failure =
      posix_spawn(&pid, limits.program.c_str(), actions, nullptr, argv.data(), environment);
  if (failure != 0) {
    return errno_error("cannot start the image reader " + limits.program, failure);
  }
  return pid;
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGXCPU) return "the image reader used up its CPU limit";
    return "the image reader was ended by signal " + std::to_string(number) + " (" +
           strsignal(number) + ")";
  }
  if (WEXITSTATUS(status) == kExitOutOfMemory) return "the image reader used up its memory limit";
  return "the image reader stopped by itself with exit status " +
         std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<std::unique_ptr<ReaderProcess>> ReaderProcess::start(const ReaderLimits& limits, int image) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return errno_error("cannot make a socket pair", errno);
  }
  FileDescriptor commands = moved_up(FileDescriptor(sockets[0]));
  const FileDescriptor commands_of_child = moved_up(FileDescriptor(sockets[1]));
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return errno_error("cannot make a pipe", errno);
  FileDescriptor results = moved_up(FileDescriptor(pipes[0]));
  const FileDescriptor results_of_child = moved_up(FileDescriptor(pipes[1]));
  const FileDescriptor image_of_child(fcntl(image, F_DUPFD_CLOEXEC, kFirstFreeFd));
  if (!commands.is_open() || !commands_of_child.is_open() || !results.is_open() ||
      !results_of_child.is_open() || !image_of_child.is_open()) {
    return errno_error("cannot duplicate a descriptor", errno);
  }
  fcntl(results.get(), F_SETPIPE_SZ, kPipeBytes);  // fewer switches; refused is no harm

  auto pid = spawn(limits, image_of_child.get(), results_of_child.get(), commands_of_child.get());
  if (!pid) return std::move(pid).error();
  return std::unique_ptr<ReaderProcess>(
      new ReaderProcess(*pid, std::move(commands), std::move(results), limits.stall_seconds_max));
}

ReaderProcess::~ReaderProcess() {
  if (pid_ > 0) kill_and_wait();
}

int ReaderProcess::kill_and_wait() {
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

Error ReaderProcess::stop(End end, std::string message) {
  if (pid_ > 0) kill_and_wait();
  end_ = end;
  why_ = std::move(message);
  return Error{Errc::unavailable, why_};
}

// The pipe was closed: the process is ending. Its own status, not that of our SIGKILL, is the news.
Error ReaderProcess::died() {
  const std::int64_t deadline = now_millis() + 1000;
  int status = 0;
  while (now_millis() < deadline) {
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      pid_ = -1;
      return stop(End::died, describe_end(status));
    }
    poll(nullptr, 0, 1);
  }
  return stop(End::died, describe_end(kill_and_wait()));
}

Error ReaderProcess::reject(std::string_view why) {
  return stop(End::garbage, "the image reader sent nonsense: " + std::string(why));
}

Status ReaderProcess::send(wire::FrameType type, std::string_view payload) {
  if (end_ != End::running) return Error{Errc::unavailable, why_};
  std::string bytes;
  bytes.reserve(payload.size() + wire::kHeaderBytes);
  wire::append_frame(bytes, type, payload);
  const std::int64_t deadline = now_millis() + std::int64_t{stall_seconds_max_} * 1000;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t sent =
        ::send(commands_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return died();
    const std::int64_t wait = deadline - now_millis();
    pollfd waiting{commands_.get(), POLLOUT, 0};
    if (wait <= 0 || poll(&waiting, 1, static_cast<int>(wait)) == 0) {
      return stop(End::stalled, "the image reader takes no requests and was ended");
    }
  }
  return {};
}

Status ReaderProcess::fill(std::size_t count, std::int64_t deadline_millis) {
  if (size_ - begin_ >= count) return {};
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, size_ - begin_);
    size_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < std::max(count, kBufferBytes)) buffer_.resize(std::max(count, kBufferBytes));
  while (size_ < count) {
    const std::int64_t wait = deadline_millis - now_millis();
    pollfd waiting{results_.get(), POLLIN, 0};
    const int ready = wait <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(wait));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      return stop(End::stalled, "the image reader made no progress for " +
                                    std::to_string(stall_seconds_max_) + " s and was ended");
    }
    const ssize_t got = read(results_.get(), buffer_.data() + size_, buffer_.size() - size_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return died();
    size_ += static_cast<std::size_t>(got);
  }
  return {};
}

Result<wire::Frame> ReaderProcess::receive() {
  if (end_ != End::running) return Error{Errc::unavailable, why_};
  const std::int64_t deadline = now_millis() + std::int64_t{stall_seconds_max_} * 1000;
  if (auto filled = fill(wire::kHeaderBytes, deadline); !filled) return std::move(filled).error();
  const auto header = wire::decode_header({buffer_.data() + begin_, wire::kHeaderBytes});
  if (!header) return reject(header.error().message);
  if (auto filled = fill(wire::kHeaderBytes + header->length, deadline); !filled) {
    return std::move(filled).error();
  }
  const std::string_view payload{buffer_.data() + begin_ + wire::kHeaderBytes, header->length};
  if (wire::frame_crc(header->type, payload) != header->crc) {
    return reject("a frame's checksum is wrong");
  }
  begin_ += wire::kHeaderBytes + header->length;
  return wire::Frame{header->type, payload};
}

}  // namespace ntt::stages
