// Site is one installation of ntt: a home of its own, used as its users do, through the program.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {

class Site {
 public:
  Site() = default;
  // Stops the private PostgreSQL server.
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  using Environment = std::map<std::string, std::string>;

  CommandResult ntt(const std::vector<std::string>& arguments, const Environment& more = {});
  // `ntt` that has to end with 0; its standard output.
  std::string must(const std::vector<std::string>& arguments, const Environment& more = {});
  // The same command line, for what starts it in another way.
  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& arguments) const;
  [[nodiscard]] CommandOptions options(const Environment& more = {}) const;

  // Runs SQL as the reader does. Unaligned rows, columns separated by '|', the last newline cut.
  std::string sql(const std::string& query);
  // The rows of every table that a medium fills, for comparing them before and after.
  std::string table_dump();
  // What of the tables does not depend on when and in how many attempts the work was done.
  std::string content_dump();

  // The only medium's id.
  std::string medium();
  // Names of the blobs in the store, sorted.
  std::vector<std::string> blobs();

  TempDir temp;

 private:
  bool used_ = false;
};

}  // namespace ntt::tests
