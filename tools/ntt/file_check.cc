// lstat and BLAKE3.

#include "tools/ntt/file_check.h"

#include <sys/stat.h>

#include <cerrno>

#include "events/result.h"
#include "stages/file_digest.h"

namespace ntt::tools {

FileProblem problem_of_errno(int error_number) {
  using Kind = FileProblem::Kind;
  if (error_number == ENOENT || error_number == ENOTDIR) return {Kind::missing, "is missing"};
  if (error_number == EISDIR) return {Kind::not_regular, "is not a regular file"};
  return {Kind::unreadable, events::errno_error("cannot be read", error_number).message};
}

FileProblem check_size(std::uint64_t found, std::uint64_t recorded) {
  if (found == recorded) return {};
  return {FileProblem::Kind::size,
          "has " + std::to_string(found) + " bytes, the log says " + std::to_string(recorded)};
}

FileProblem check_file(const std::string& path, std::uint64_t size) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return problem_of_errno(errno);
  if (!S_ISREG(facts.st_mode)) return problem_of_errno(EISDIR);
  return check_size(static_cast<std::uint64_t>(facts.st_size), size);
}

FileProblem check_content(const std::string& path, const std::string& blake3,
                          std::vector<char>& buffer,
                          const std::function<bool(std::uint64_t)>& go_on) {
  const auto found = stages::digest_of(path, buffer, go_on);
  if (found.error_number == ECANCELED) return {};
  if (found.error_number != 0) return problem_of_errno(found.error_number);
  if (found.digest.hex() == blake3) return {};
  return {FileProblem::Kind::content, "has other content: its BLAKE3 is " + found.digest.hex()};
}

}  // namespace ntt::tools
