// The out-of-line parts of Result, Error and CHECK.

#include "events/result.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ntt::events {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "ntt: bug: CHECK(%s) failed at %s:%d\n", condition, file, line);
  std::abort();
}

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::not_found:
      return "not_found";
    case Errc::conflict:
      return "conflict";
    case Errc::unavailable:
      return "unavailable";
    case Errc::in_doubt:
      return "in_doubt";
    case Errc::corruption:
      return "corruption";
    case Errc::io:
      return "io";
  }
  return "unknown";
}

Error errno_error(std::string_view what, int number) {
  char buffer[128];
  return {Errc::io, std::string(what) + ": " + strerror_r(number, buffer, sizeof buffer)};
}

}  // namespace ntt::events
