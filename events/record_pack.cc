// One zstd frame with its length in front.

#include "events/record_pack.h"

#include <zstd.h>

#include <memory>

#include "events/bytes.h"
#include "events/limits.h"

namespace ntt::events {

namespace {

constexpr std::uint8_t kPackFormat = 2;  // 1 begins a single record: never reuse a number
constexpr int kPackLevel = 1;

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

bool is_pack(std::string_view bytes) {
  return !bytes.empty() && static_cast<std::uint8_t>(bytes.front()) == kPackFormat;
}

Error pack_error(std::string_view what) {
  return {Errc::corruption, "the pack of records is damaged: " + std::string(what)};
}

}  // namespace

std::string encode_pack(std::size_t count, std::string_view records) {
  if (count == 1) return std::string(records);
  CHECK(count <= kPackRecordsMax && records.size() <= kPackBytesMax);
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  CHECK(context);
  std::string out;
  append_u8(out, kPackFormat);
  append_u8(out, static_cast<std::uint8_t>(count));
  append_be32(out, static_cast<std::uint32_t>(records.size()));
  const std::size_t head = out.size();
  out.resize(head + ZSTD_compressBound(records.size()));
  const std::size_t written = ZSTD_compressCCtx(context.get(), out.data() + head, out.size() - head,
                                                records.data(), records.size(), kPackLevel);
  CHECK(!ZSTD_isError(written));
  out.resize(head + written);
  return out;
}

Result<std::vector<Record>> decode_pack(std::string_view pack) {
  std::vector<Record> records;
  if (!is_pack(pack)) {
    auto record = decode_record(pack);
    if (!record) return std::move(record).error();
    records.push_back(std::move(*record));
    return records;
  }
  ByteReader head(pack.substr(1));
  const std::size_t count = head.u8();
  const std::size_t length = head.be32();
  const std::string_view frame = head.take(head.remaining());
  if (count < 2 || count > kPackRecordsMax || length > kPackBytesMax ||
      ZSTD_getFrameContentSize(frame.data(), frame.size()) != length ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return pack_error("its length is not what its head says");
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  CHECK(context);
  std::string bytes(length, '\0');
  const std::size_t read =
      ZSTD_decompressDCtx(context.get(), bytes.data(), length, frame.data(), frame.size());
  if (read != length) return pack_error("it does not decompress");
  ByteReader reader(bytes);
  records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto record = take_record(reader);
    if (!record) return std::move(record).error();
    records.push_back(std::move(*record));
  }
  if (!reader.at_end()) return pack_error("it has more records than its head says");
  return records;
}

std::size_t records_in_pack(std::string_view pack) {
  if (!is_pack(pack) || pack.size() < 2) return 1;
  return std::max<std::size_t>(1, static_cast<std::uint8_t>(pack[1]));
}

}  // namespace ntt::events
