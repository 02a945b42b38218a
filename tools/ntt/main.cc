// The ntt program, which answers to the name ntt-orchestrator as well.

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "tools/ntt/cli.h"
#include "tools/ntt/output_file.h"

int main(int argc, char** argv) {
  constexpr int kInternalError = 70;
  try {
    std::ios::sync_with_stdio(false);
    const std::vector<std::string> arguments(argv, argv + argc);
    const bool is_old = argc > 0 && std::filesystem::path(argv[0]).filename() == "ntt-orchestrator";
    const int code = ntt::tools::run_command_line(
        is_old ? ntt::tools::orchestrator_command() : ntt::tools::ntt_command(), arguments);
    std::cout.flush();
    // A reader that left (head) is no failure; a full disk is one.
    if (code == 0 && !std::cout) {
      if (!ntt::tools::reader_has_left())
        std::cerr << "ntt: standard output could not be written\n";
      return 1;
    }
    return code;
  } catch (const std::exception& error) {
    std::cerr << "ntt: internal error: " << error.what() << "\n";
  }
  return kInternalError;
}
