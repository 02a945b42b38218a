// OutputFile: standard output, or a file that takes its name when all of it has been written.

#pragma once

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include "events/result.h"

namespace ntt::tools {

// Whether whoever read standard output has left (`| head`): no failure, and nobody to tell.
bool reader_has_left();

class OutputFile {
 public:
  // `path` empty or "-": standard output. What is there and is no file (a pipe, a device) is
  // written to directly.
  static events::Result<OutputFile> open(const std::string& path);
  // A file that was not finished is removed.
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] std::ostream& stream();
  // Errc::io when something could not be written and somebody waits for it.
  events::Status finish();

 private:
  OutputFile() = default;
  std::filesystem::path path_;       // empty: standard output
  std::filesystem::path temporary_;  // empty: nothing to remove
  std::ofstream file_;
};

}  // namespace ntt::tools
