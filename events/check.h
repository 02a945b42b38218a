// CHECK stops the process when the program itself is wrong: a broken invariant, an impossible case.
//
// It stays on in release builds. Bad input, absent files and full disks are never checked with it:
// those are Results.

#pragma once

namespace ntt::events {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::ntt::events::check_failed(#condition, __FILE__, __LINE__))
