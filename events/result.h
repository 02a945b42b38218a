// Result and Status carry either a value or the reason why there is none.
//
// A strict subset of std::expected, which neither supported compiler has. Reading the wrong side is
// a bug and stops the process. `throw` does not appear in ntt: adapters of libraries that throw
// catch and translate at their border.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "events/check.h"

namespace ntt::events {

// What the caller can do about a failure, never where it came from.
enum class Errc : std::uint8_t {
  invalid,      // the request or the input is wrong; the same call will fail again
  not_found,    // the thing named does not exist
  conflict,     // someone else got there first; read again, then decide
  unavailable,  // a server or a lock is away; the same call may succeed later
  in_doubt,     // a commit may or may not have happened; ask before doing anything else
  corruption,   // stored bytes are not what was stored
  io,           // the operating system refused; see the message
};

std::string_view to_string(Errc code);

struct Error {
  Errc code = Errc::io;
  std::string message;
  std::uint64_t event = 0;  // seq of the one event that cannot be read; 0: it is not that

  // The same error with what this layer knows put in front: "append at 1042: " + message.
  [[nodiscard]] Error within(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

// An Errc::io error whose message is `what` and the text of the errno value `number`.
Error errno_error(std::string_view what, int number);

template <class T>
class [[nodiscard]] Result {
 public:
  // Both convert, as in std::expected.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    CHECK(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& {
    CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    CHECK(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  [[nodiscard]] bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }

  [[nodiscard]] const Error& error() const& {
    CHECK(!ok_);
    return error_;
  }
  Error&& error() && {
    CHECK(!ok_);
    return std::move(error_);
  }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace ntt::events
