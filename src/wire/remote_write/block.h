#pragma once
#include <string>

#include "base/bytes.h"

namespace lineshaft::remote_write {

/// Undoes snappy's block format (not the framed one), as remote write 1.0 sends it. The size it
/// will have stands in its first bytes and is checked before anything is allocated. Errors:
/// exhausted (over bytes_max), invalid (damaged). Who unpacks often lends `room`: a string whose
/// memory is used where it is enough.
Result<std::string> unpack(Bytes packed, std::size_t bytes_max, std::string room = {});

}  // namespace lineshaft::remote_write
