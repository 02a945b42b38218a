// PayloadWriter: payloads as JSON text, written straight from their structs: keys sorted, no
// spaces, and in strings nothing escaped but what JSON demands.

#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "events/bytes.h"
#include "events/types.h"

namespace ntt::events {

class PayloadWriter {
 public:
  explicit PayloadWriter(std::string& out) : out_(out) {}

  template <class T>
  requires requires { T::fields(); }
  void write(const T& value) {
    out_ += '{';
    bool first = true;
    for (const auto put : members_in_order<T>()) put(*this, value, first);
    out_ += '}';
  }

 private:
  template <class T>
  using Put = void (*)(PayloadWriter&, const T&, bool& first);

  // Writes the member at Index of T's list, unless it is absent.
  template <class T, std::size_t Index>
  static void put(PayloadWriter& writer, const T& value, bool& first) {
    static constexpr auto kField = std::get<Index>(T::fields());
    if (is_absent(value.*(kField.member))) return;
    writer.key(kField.name, first);
    writer.write(value.*(kField.member));
  }

  // The members of T, sorted by their keys.
  template <class T>
  static const auto& members_in_order() {
    static const auto order = []<std::size_t... Index>(std::index_sequence<Index...>) {
      using Named = std::pair<std::string_view, Put<T>>;
      std::array<Named, sizeof...(Index)> named = {
          Named{std::get<Index>(T::fields()).name, &put<T, Index>}...};
      std::sort(named.begin(), named.end());
      return std::array{named[Index].second...};
    }
    (std::make_index_sequence<std::tuple_size_v<decltype(T::fields())>>());
    return order;
  }

  template <class T>
  static bool is_absent(const T& /*member*/) {
    return false;
  }
  template <class T>
  static bool is_absent(const std::optional<T>& member) {
    return !member.has_value();
  }

  void key(std::string_view name, bool& first) {
    if (!first) out_ += ',';
    first = false;
    quoted(name);
    out_ += ':';
  }

  void write(bool value) { out_ += value ? "true" : "false"; }

  template <std::integral T>
  void write(T value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
  }

  // A text member holds UTF-8. What is not (an operating system's message, a label read from a
  // disk) goes in escaped, so that no payload can fail to be written.
  void write(const std::string& text) { quoted_text(text); }
  void write(const ByteString& bytes) {
    needs_escape(bytes.bytes) ? quoted(escape_bytes(bytes.bytes)) : quoted(bytes.bytes);
  }

  void write(const std::map<std::string, std::string>& map) {
    // Keys that are not UTF-8 change their places when they are escaped.
    if (std::any_of(map.begin(), map.end(),
                    [](const auto& item) { return !is_valid_utf8(item.first); })) {
      std::map<std::string, std::string> escaped;
      for (const auto& [name, text] : map) {
        escaped[is_valid_utf8(name) ? name : escape_bytes(name)] = text;
      }
      return write(escaped);
    }
    out_ += '{';
    bool first = true;
    for (const auto& [name, text] : map) {
      key(name, first);
      write(text);
    }
    out_ += '}';
  }

  template <class T>
  void write(const std::optional<T>& value) {
    write(*value);
  }

  template <class T>
  void write(const std::vector<T>& list) {
    out_ += '[';
    bool first = true;
    for (const T& item : list) {
      if (!first) out_ += ',';
      first = false;
      write(item);
    }
    out_ += ']';
  }

  void quoted_text(const std::string& text) {
    is_valid_utf8(text) ? quoted(text) : quoted(escape_bytes(text));
  }

  // `text` is UTF-8.
  void quoted(std::string_view text) {
    out_ += '"';
    while (true) {
      const auto plain = static_cast<std::size_t>(
          std::find_if(text.begin(), text.end(), [](char c) { return is_escaped(c); }) -
          text.begin());
      out_.append(text, 0, plain);
      if (plain == text.size()) break;
      escaped(static_cast<unsigned char>(text[plain]));
      text.remove_prefix(plain + 1);
    }
    out_ += '"';
  }

  // JSON demands it. A table, because most of a payload is looked at by it.
  static bool is_escaped(char c) {
    static constexpr auto kTable = [] {
      std::array<bool, 256> table{};
      std::fill_n(table.begin(), 0x20, true);
      table['"'] = table['\\'] = true;
      return table;
    }();
    return kTable[static_cast<unsigned char>(c)];
  }

  void escaped(unsigned char byte) {
    constexpr std::string_view kPlain = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    constexpr std::string_view kDigits = "0123456789abcdef";
    out_ += '\\';
    const auto found = kPlain.find(static_cast<char>(byte));
    if (found != std::string_view::npos) {
      out_ += kNames[found];
      return;
    }
    out_ += "u00";
    out_ += kDigits[byte >> 4U];
    out_ += kDigits[byte & 0x0FU];
  }

  std::string& out_;
};

}  // namespace ntt::events
