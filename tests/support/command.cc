// Child processes for tests: output goes to memory files, so that no pipe can fill and block.

#include "tests/support/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "events/check.h"

namespace ntt::tests {

namespace {

std::string contents_of(int fd) {
  struct stat status {};
  CHECK(fstat(fd, &status) == 0);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

int memory_file(const std::string& bytes) {
  const int fd = memfd_create("ntt-test", MFD_CLOEXEC);
  CHECK(fd >= 0);
  CHECK(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  CHECK(lseek(fd, 0, SEEK_SET) == 0);
  return fd;
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, const CommandOptions& options) {
  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int in = memory_file(options.input);
  out_ = memory_file("");
  err_ = memory_file("");
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ == 0) {
    for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
    const bool ready = dup2(in, 0) == 0 && dup2(out_, 1) == 1 && dup2(err_, 2) == 2 &&
                       (options.directory.empty() || chdir(options.directory.c_str()) == 0);
    if (ready) execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(in);
}

Process::~Process() {
  if (!ended_) {
    signal(SIGKILL);
    wait();
  }
  close(out_);
  close(err_);
}

void Process::signal(int number) const {
  kill(pid_, number);
}

bool Process::is_running() {
  if (!ended_ && waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
  return !ended_;
}

std::string Process::out_so_far() const {
  return contents_of(out_);
}
std::string Process::err_so_far() const {
  return contents_of(err_);
}

CommandResult Process::wait() {
  if (!ended_) {
    CHECK(waitpid(pid_, &status_, 0) == pid_);
    ended_ = true;
  }
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return {code, contents_of(out_), contents_of(err_)};
}

CommandResult run_command(const std::vector<std::string>& argv, const CommandOptions& options) {
  return Process(argv, options).wait();
}

std::string output_of(const std::vector<std::string>& argv, const CommandOptions& options) {
  CommandResult result = run_command(argv, options);
  if (result.exit_code != 0) {
    std::string command;
    for (const auto& argument : argv) command += argument + ' ';
    ADD_FAILURE() << command << "ended with " << result.exit_code << "\n"
                  << result.out << result.err;
  }
  return result.out;
}

std::vector<std::string> lines_of(const std::string& text, char separator) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find(separator, begin);
    if (end == std::string::npos) end = text.size();
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace ntt::tests
