// Attachments: a block of columns, compressed with zstd.

#include "events/batch_frame.h"

#include <zstd.h>

#include <memory>

#include "events/bytes.h"
#include "events/hash.h"
#include "events/limits.h"

namespace ntt::events {

namespace {

constexpr std::string_view kMagic = "NTTB";
constexpr std::uint8_t kFormat = 1;
constexpr int kLevel = 6;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

void append_block_head(std::string& block, BatchKind kind, std::size_t count) {
  append_u8(block, static_cast<std::uint8_t>(kind));
  append_varint(block, count);
}

EncodedBatch pack_block(std::string_view block) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> kContext(ZSTD_createCCtx());
  CHECK(kContext);
  ByteReader head(block);
  EncodedBatch out;
  out.records_digest = Blake3::of(block);
  out.attachment = kMagic;
  append_u8(out.attachment, kFormat);
  append_u8(out.attachment, head.u8());
  append_varint(out.attachment, head.varint());
  append_varint(out.attachment, block.size());
  const std::size_t frame = out.attachment.size();
  out.attachment.resize(frame + ZSTD_compressBound(block.size()));
  const std::size_t written =
      ZSTD_compressCCtx(kContext.get(), out.attachment.data() + frame,
                        out.attachment.size() - frame, block.data(), block.size(), kLevel);
  CHECK(!ZSTD_isError(written));
  out.attachment.resize(frame + written);
  out.attachment.shrink_to_fit();
  return out;
}

Result<std::string> unpack_block(std::string_view attachment, ExpectedDigest expected) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> kContext(ZSTD_createDCtx());
  CHECK(kContext);
  ByteReader in(attachment);
  const bool magic = in.take(kMagic.size()) == kMagic;
  const std::uint8_t format = in.u8();
  const std::uint8_t kind = in.u8();
  const std::uint64_t count = in.varint();
  const std::uint64_t length = in.varint();
  if (!in.ok() || !magic) return batch_error("it does not begin as a batch does");
  if (format != kFormat) {
    return batch_error("format " + std::to_string(format) + " is not known: use a newer ntt");
  }
  const std::string_view frame = in.take(in.remaining());
  if (length > kBatchBytesMax || ZSTD_getFrameContentSize(frame.data(), frame.size()) != length ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return batch_error("its length is not what its head says");
  }
  std::string block(length, '\0');
  const std::size_t read =
      ZSTD_decompressDCtx(kContext.get(), block.data(), block.size(), frame.data(), frame.size());
  if (read != length) return batch_error("it does not decompress");
  ByteReader head(block);
  if (head.u8() != kind || head.varint() != count || !head.ok()) {
    return batch_error("its two heads differ");
  }
  if (expected && Blake3::of(block) != *expected) return batch_error("its digest differs");
  return block;
}

Error batch_error(std::string_view what) {
  return {Errc::corruption, "a batch is damaged: " + std::string(what)};
}

}  // namespace ntt::events
