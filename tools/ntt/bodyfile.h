// A line of the body file that The Sleuth Kit's mactime reads (TSK 3.x).

#pragma once

#include <string>

#include "events/batch.h"

namespace ntt::tools {

// 0|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime and a newline. The name is
// /<volume>/<path>, escaped as bytes.h says and with \x7c for '|'; a deleted entry's ends in
// " (deleted)". Times are whole seconds, rounded down; 0: there is none.
std::string bodyfile_line(events::VolumeIndex volume, const events::Entry& entry);

}  // namespace ntt::tools
