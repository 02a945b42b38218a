// PayloadReader: payloads as this program writes them, read straight into their structs.
//
// It takes JSON without spaces and escapes, keys in any order but each once and all of them known,
// and refuses everything else, right or wrong: the caller then asks a reader that knows all of
// JSON, and reports errors. What it takes it reads as that reader does; a test and a fuzzer compare
// them. Folds read a few payloads of every medium, so this is most of what folding costs.

#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "events/bytes.h"
#include "events/types.h"

namespace ntt::events {

class PayloadReader {
 public:
  explicit PayloadReader(std::string_view data) : rest_(data) {}

  // Whether the whole of the data is an object that fits T. If not, `out` is in any state.
  template <class T>
  bool read_all(T& out) {
    return read(out) && rest_.empty();
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  // A string without escapes, as a part of the data.
  std::optional<std::string_view> text() {
    if (!take('"')) return std::nullopt;
    bool ascii = true;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      if (byte == '\\' || byte < 0x20) return std::nullopt;
      if (byte >= 0x80) ascii = false;
      if (byte != '"') continue;
      const std::string_view found = rest_.substr(0, i);
      rest_.remove_prefix(i + 1);
      if (!ascii && !is_valid_utf8(found)) return std::nullopt;
      return found;
    }
    return std::nullopt;
  }

  bool read(bool& out) {
    out = rest_.starts_with("true");
    return take_word(out ? "true" : "false");
  }

  bool read(std::string& out) {
    const auto found = text();
    if (found) out.assign(*found);
    return found.has_value();
  }

  // Without escapes a byte string is its own text.
  bool read(ByteString& out) { return read(out.bytes); }

  bool read(std::map<std::string, std::string>& out) {
    return list('{', '}', [&] {
      std::string key;
      return read(key) && !out.contains(key) && take(':') && read(out[key]);
    });
  }

  template <std::integral T>
  bool read(T& out) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc()) return false;
    const std::string_view digits(rest_.data(), static_cast<std::size_t>(end - rest_.data()));
    rest_.remove_prefix(digits.size());
    // Leading zeros and "-0" are left to the other reader, fractions and exponents too: what
    // follows must end the value.
    if (digits.size() > 1 && (digits.front() == '0' || digits.starts_with("-0"))) return false;
    return !rest_.empty() && (rest_.front() == ',' || rest_.front() == '}' || rest_.front() == ']');
  }

  template <class T>
  bool read(std::optional<T>& out) {
    return read(out.emplace());
  }

  template <class T>
  bool read(std::vector<T>& out) {
    return list('[', ']', [&] { return read(out.emplace_back()); });
  }

  template <class T>
  requires requires { T::fields(); }
  bool read(T& out) {
    std::uint64_t seen = 0;
    const bool whole = list('{', '}', [&] {
      const auto key = text();
      return key && take(':') && read_member(out, *key, seen);
    });
    return whole && all_required(out, seen);
  }

  // Reads the member that `key` names.
  template <class T>
  bool read_member(T& out, std::string_view key, std::uint64_t& seen) {
    bool done = false;
    std::uint64_t bit = 1;
    const auto try_field = [&](const auto& field) {
      if (key == field.name) {
        done = (seen & bit) == 0 && read(out.*(field.member));
        seen |= bit;
      }
      bit <<= 1U;
    };
    std::apply([&](const auto&... fields) { (try_field(fields), ...); }, T::fields());
    return done;
  }

  template <class T>
  static bool is_optional(const T& /*member*/) {
    return false;
  }
  template <class T>
  static bool is_optional(const std::optional<T>& /*member*/) {
    return true;
  }

  template <class T>
  static bool all_required(const T& out, std::uint64_t seen) {
    return std::apply(
        [&](const auto&... fields) {
          std::uint64_t bit = 1;
          const auto is_there = [&](const auto& field) {
            const bool there = (seen & bit) != 0 || is_optional(out.*(field.member));
            bit <<= 1U;
            return there;
          };
          return (is_there(fields) && ...);
        },
        T::fields());
  }

  // Calls `item` for each of the comma-separated items between the brackets.
  template <class Item>
  bool list(char open, char close, const Item& item) {
    if (!take(open)) return false;
    if (take(close)) return true;
    do {
      if (!item()) return false;
    } while (take(','));
    return take(close);
  }

  std::string_view rest_;
};

}  // namespace ntt::events
