// The list is as long as schema/tables.sql; a test compares them.

#include "projector/table_key.h"

namespace ntt::projector {

const std::vector<TableKey>& all_tables() {
  static const std::vector<TableKey> tables = {
      {"schema_version", {"version"}, false, ""},
      {"projection_checkpoint", {"projection"}, false, "seq"},
      {"medium", {"medium_hash"}},
      {"stage_attempt", {"start_seq"}},
      {"volume", {"medium_hash", "volume"}},
      {"queue_stats", {"medium_hash"}},
      {"find_filter", {"medium_hash"}},
      {"event", {"seq"}, false, "seq"},
      {"retracted_event", {"seq"}, false, "retracted_by"},
      {"unfolded_event", {"seq", "lacking"}, false, "seq"},
      {"blobs", {"blobid"}},
      {"inode", {"medium_hash", "id"}, true},
      {"path", {"medium_hash", "inode_id", "path", "nth"}, true},
  };
  return tables;
}

}  // namespace ntt::projector
