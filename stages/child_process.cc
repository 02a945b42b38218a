// posix_spawn, pipes and poll.

#include "stages/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "stages/file_descriptor.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::Result;

constexpr int kAskEveryMillis = 500;
constexpr std::size_t kOutputBytesMax = 64U << 10U;

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return events::errno_error("making a pipe", errno);
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<pid_t> spawn(const std::vector<std::string>& argv, int output, int error_output) {
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  CHECK(posix_spawn_file_actions_init(&actions) == 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, error_output, STDERR_FILENO);
  pid_t child = -1;
  const int error =
      posix_spawnp(&child, argv[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT)
    return Error{Errc::not_found, "the program " + argv[0] + " is not installed"};
  if (error != 0) return events::errno_error("starting " + argv[0], error);
  return child;
}

// Reads once; false at the end of the pipe. `tail` keeps the end rather than the beginning.
bool read_some(const FileDescriptor& pipe, std::string& text, bool tail) {
  char buffer[4096];
  const ssize_t bytes = ::read(pipe.get(), buffer, sizeof buffer);
  if (bytes < 0) return errno == EINTR;
  if (bytes == 0) return false;
  text.append(buffer, static_cast<std::size_t>(bytes));
  if (text.size() > kOutputBytesMax) {
    tail ? text.erase(0, text.size() - kOutputBytesMax) : text.erase(kOutputBytesMax);
  }
  return true;
}

// Until the child has closed both pipes, which its end does for it.
void listen(pid_t child, Pipe& output, Pipe& errors, const ChildOptions& options, ChildEnd& end) {
  bool asked_to_stop = false;
  while (output.read.is_open() || errors.read.is_open()) {
    pollfd polled[2] = {{errors.read.get(), POLLIN, 0}, {output.read.get(), POLLIN, 0}};
    const int ready = ::poll(polled, 2, kAskEveryMillis);
    if (ready > 0) {
      const auto has_news = [](const pollfd& one) { return one.fd >= 0 && one.revents != 0; };
      if (has_news(polled[0]) && !read_some(errors.read, end.error_output, true)) {
        errors.read.close();
      }
      if (has_news(polled[1]) && !read_some(output.read, end.output, false)) output.read.close();
    }
    if (!asked_to_stop && options.alive && !options.alive()) {
      ::kill(child, SIGINT);
      asked_to_stop = true;
    }
  }
}

}  // namespace

Result<ChildEnd> run_child(const std::vector<std::string>& argv, const ChildOptions& options) {
  auto errors = make_pipe();
  if (!errors) return std::move(errors).error();
  Pipe output;
  if (options.keep_output) {
    auto made = make_pipe();
    if (!made) return std::move(made).error();
    output = std::move(*made);
  }
  auto child = spawn(argv, output.write.get(), errors->write.get());
  if (!child) return std::move(child).error();
  errors->write.close();
  output.write.close();
  ChildEnd end;
  listen(*child, output, *errors, options, end);
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0) {
    if (errno != EINTR) return events::errno_error("waiting for " + argv[0], errno);
  }
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

}  // namespace ntt::stages
