// Partition tables by libtsk: every type is tried, for a carrier can have several.

#include "stages/reader/survey.h"
#include "stages/reader/tsk_image.h"

namespace ntt::reader {

namespace wire = stages::wire;
using wire::Attempt;

namespace {

constexpr unsigned kSectorSizes[] = {512, 2048, 4096};
constexpr TSK_PNUM_T kPartitionsMax = 4096;

struct Table {
  Attempt attempt;
  TSK_VS_TYPE_ENUM type;
};
constexpr Table kTables[] = {{Attempt::gpt, TSK_VS_TYPE_GPT},
                             {Attempt::dos, TSK_VS_TYPE_DOS},
                             {Attempt::mac, TSK_VS_TYPE_MAC},
                             {Attempt::bsd, TSK_VS_TYPE_BSD}};

// Sends the partitions; false: there is no such table.
bool send_table(Image& image, Reply& reply, const Table& table, unsigned sector_bytes) {
  tsk_error_reset();
  const TskImage tsk_image(image, sector_bytes);
  const TskVs vs(tsk_vs_open(tsk_image.get(), 0, table.type));
  if (vs == nullptr) return false;
  const TSK_PNUM_T count = std::min(vs->part_count, kPartitionsMax);
  for (TSK_PNUM_T i = 0; i < count; ++i) {
    const TSK_VS_PART_INFO* part = tsk_vs_part_get(vs.get(), i);
    // Extended-partition containers and the tables themselves are marked META.
    if (part == nullptr || (part->flags & TSK_VS_PART_FLAG_ALLOC) == 0 ||
        (part->flags & TSK_VS_PART_FLAG_META) != 0) {
      continue;
    }
    wire::Region region;
    region.table = to_string(table.attempt);
    region.description = part->desc == nullptr ? "" : part->desc;
    region.offset = static_cast<std::uint64_t>(vs->offset) + part->start * vs->block_size;
    region.length = part->len * vs->block_size;
    reply.send(wire::FrameType::region, encode(region));
  }
  return true;
}

}  // namespace

void send_tables(Image& image, Reply& reply, const wire::TablesRequest& request) {
  for (const Table& table : kTables) {
    if ((request.skip & bit(table.attempt)) != 0) continue;
    reply.send(wire::FrameType::trying, encode(table.attempt));
    reply.flush();
    for (const unsigned sector_bytes : kSectorSizes) {
      if (send_table(image, reply, table, sector_bytes)) break;
    }
  }
  reply.send(wire::FrameType::done, {});
}

}  // namespace ntt::reader
