// Columns: how the values of many records are laid out as bytes. Only the batch codec uses this.
//
// A block of columns is a head (see ColumnWriter) and then columns in rising order of their ids,
// each as id (u8), length (varint) and bytes. A column whose values are all zero or empty is left
// out. Readers skip ids that they do not know.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "events/bytes.h"
#include "events/check.h"
#include "events/limits.h"

namespace ntt::events {

inline constexpr std::size_t kVarintBytesMax = 10;

std::uint32_t shared_prefix(std::string_view a, std::string_view b);

// The bytes of a block and where each part of it ends: the head, then each column.
struct Block {
  std::string bytes;
  std::vector<std::size_t> ends;
};

// Writes one block. Each put_ appends one column; `get(i)` gives the value of record i.
class ColumnWriter {
 public:
  // The records that the columns describe; at most kBatchRecordsMax.
  explicit ColumnWriter(std::size_t count) : count_(count) { CHECK(count <= kBatchRecordsMax); }

  // Complete before the first column.
  [[nodiscard]] std::string& head() { return block_.bytes; }
  [[nodiscard]] Block take() && {
    CHECK(block_.bytes.size() <= kBatchBytesMax);
    block_.ends.push_back(block_.bytes.size());
    return std::move(block_);
  }

  // One varint a record.
  template <class Get>
  void put_varints(std::uint8_t id, Get get) {
    begin();
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint64_t value = get(i);
      any |= value;
      put(value);
    }
    if (any != 0) end(id);
  }

  // The difference to the record before, modulo 2^64, in zigzag form.
  template <class Get>
  void put_deltas(std::uint8_t id, Get get) {
    std::uint64_t last = 0;
    put_varints(id, [&](std::size_t i) {
      const std::uint64_t value = get(i);
      const auto delta = static_cast<std::int64_t>(value - last);
      last = value;
      return zigzag(delta);
    });
  }

  // Runs of equal values: value, then length of the run.
  template <class Get>
  void put_runs(std::uint8_t id, Get get) {
    begin();
    std::uint64_t any = 0;
    std::size_t next = 0;
    for (std::size_t i = 0; i < count_; i = next) {
      const std::uint64_t value = get(i);
      for (next = i + 1; next < count_ && get(next) == value;) next += 1;
      any |= value;
      put(value);
      put(next - i);
    }
    if (any != 0) end(id);
  }

  // For columns that have values for some records only: begin(), put() for each, end().
  void begin() {
    cells_.resize(2 * count_ * kVarintBytesMax);
    end_ = cells_.data();
  }
  void put(std::uint64_t value) {
    while (value >= 0x80) {
      *end_++ = static_cast<char>(value | 0x80U);
      value >>= 7U;
    }
    *end_++ = static_cast<char>(value);
  }
  void end(std::uint8_t id) {
    put_bytes(id, {cells_.data(), static_cast<std::size_t>(end_ - cells_.data())});
  }

  // Strings: a column of lengths and, with the next id, a column of all their bytes.
  template <class Get>
  void put_strings(std::uint8_t id, Get get) {
    texts_.clear();
    put_varints(id, [&](std::size_t i) {
      const std::string& text = get(i);
      add_text(text.size());
      texts_ += text;
      return text.size();
    });
    put_bytes(static_cast<std::uint8_t>(id + 1), texts_);
  }

  // Front-coded strings: lengths of the prefix shared with the record before (as put_deltas),
  // lengths of the rest, bytes of the rest, with three ids in a row.
  template <class Get>
  void put_paths(std::uint8_t id, Get get) {
    std::string_view last;
    std::array<std::uint32_t, kBatchRecordsMax> prefix_lengths;
    put_deltas(id, [&](std::size_t i) {
      const std::string_view path = get(i);
      prefix_lengths[i] = shared_prefix(last, path);
      last = path;
      return prefix_lengths[i];
    });
    texts_.clear();
    put_varints(static_cast<std::uint8_t>(id + 1), [&](std::size_t i) {
      const std::string_view path = get(i);
      add_text(path.size());
      texts_ += path.substr(prefix_lengths[i]);
      return path.size() - prefix_lengths[i];
    });
    put_bytes(static_cast<std::uint8_t>(id + 2), texts_);
  }

  // A column that is made elsewhere; left out when empty.
  void put_bytes(std::uint8_t id, std::string_view bytes) {
    if (bytes.empty()) return;
    block_.ends.push_back(block_.bytes.size());
    append_u8(block_.bytes, id);
    append_varint(block_.bytes, bytes.size());
    block_.bytes.append(bytes);
  }

 private:
  void add_text(std::size_t bytes) {
    text_bytes_ += bytes;
    CHECK(bytes <= kPathBytesMax && text_bytes_ <= kBatchTextBytesMax);
  }

  std::size_t count_;
  Block block_;
  std::string cells_;  // the column in the making; a value and a run length fit for every record
  char* end_ = nullptr;
  std::string texts_;
  std::size_t text_bytes_ = 0;
};

// Stores into an unsigned integer what fits into it.
template <class T>
bool assign(T& member, std::uint64_t value) {
  member = static_cast<T>(value);
  return member == value;
}

// Takes one block apart. Every get_ of a column that is not there leaves the records as they are,
// which is: default values. After the first get_ that does not fit, ok() is false.
class ColumnReader {
 public:
  // `columns`: the block after its head.
  ColumnReader(std::string_view columns, std::size_t count);

  [[nodiscard]] bool ok() const { return ok_; }
  void fail() { ok_ = false; }
  [[nodiscard]] bool has(std::uint8_t id) const { return columns_[id].data() != nullptr; }
  [[nodiscard]] std::string_view bytes(std::uint8_t id) const { return columns_[id]; }

  // `set(i, value)` stores the value of record i and says whether it is in range.
  template <class Set>
  void get_varints(std::uint8_t id, Set set) {
    if (!has(id)) return;
    ByteReader in(columns_[id]);
    for (std::size_t i = 0; i < count_ && ok_; ++i) ok_ = set(i, in.varint()) && in.ok();
    ok_ = ok_ && in.at_end();
  }

  template <class Set>
  void get_deltas(std::uint8_t id, Set set) {
    std::uint64_t last = 0;
    get_varints(id, [&](std::size_t i, std::uint64_t delta) {
      last += static_cast<std::uint64_t>(unzigzag(delta));
      return set(i, last);
    });
  }

  template <class Set>
  void get_runs(std::uint8_t id, Set set) {
    if (!has(id)) return;
    ByteReader in(columns_[id]);
    std::size_t i = 0;
    while (i < count_ && ok_) {
      const std::uint64_t value = in.varint();
      const std::uint64_t length = in.varint();
      ok_ = in.ok() && length >= 1 && length <= count_ - i;
      for (const std::size_t end = ok_ ? i + length : i; i < end && ok_; ++i) ok_ = set(i, value);
    }
    ok_ = ok_ && in.at_end();
  }

  // `get(i)` gives the string to fill.
  template <class Get>
  void get_strings(std::uint8_t id, Get get) {
    ByteReader texts(bytes(static_cast<std::uint8_t>(id + 1)));
    get_varints(id, [&](std::size_t i, std::uint64_t length) {
      if (!add_text(length)) return false;
      get(i) = texts.take(length);
      return texts.ok();
    });
    ok_ = ok_ && texts.at_end();
  }

  template <class Get>
  void get_paths(std::uint8_t id, Get get) {
    std::array<std::uint32_t, kBatchRecordsMax> prefix_lengths{};
    get_deltas(
        id, [&](std::size_t i, std::uint64_t length) { return assign(prefix_lengths[i], length); });
    ByteReader texts(bytes(static_cast<std::uint8_t>(id + 2)));
    std::string_view last;
    const auto rest_id = static_cast<std::uint8_t>(id + 1);
    const auto read = [&](std::size_t i, std::uint64_t length) {
      if (prefix_lengths[i] > last.size() || !add_text(length) || !add_text(prefix_lengths[i])) {
        return false;
      }
      std::string& path = get(i);
      const std::string_view rest = texts.take(length);
      path.reserve(prefix_lengths[i] + rest.size());
      path.append(last.substr(0, prefix_lengths[i])).append(rest);
      last = path;
      return texts.ok() && path.size() <= kPathBytesMax;
    };
    if (has(rest_id)) {
      get_varints(rest_id, read);
    } else {
      for (std::size_t i = 0; i < count_ && ok_; ++i) ok_ = read(i, 0);
    }
    ok_ = ok_ && texts.at_end();
  }

 private:
  bool add_text(std::uint64_t bytes) {
    if (bytes > kPathBytesMax) return false;
    text_bytes_ += bytes;
    return text_bytes_ <= kBatchTextBytesMax;
  }

  std::size_t count_;
  std::size_t text_bytes_ = 0;
  std::array<std::string_view, 256> columns_{};
  bool ok_ = true;
};

}  // namespace ntt::events
