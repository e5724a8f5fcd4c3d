#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::io {

// Small files read and written whole (settings, keys, secrets). They block: call them at start, or
// on a worker. Every error names the path.

/// Errors: not_found, denied, invalid (a directory), exhausted (longer than `bytes_max`),
/// unavailable (the disk failed).
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// Replaces `path` as a whole: temporary file beside it with mode 0600, synced, renamed, directory
/// synced. After a crash the old or the new content is there. Errors: not_found (no such
/// directory), denied, exhausted (disk full), unavailable.
Result<void> write_private_file(const std::string& path, std::string_view content);

/// Makes the directory with mode 0700, its parents as the umask says. One that exists is left as
/// it is when it is the caller's own. Errors: conflict (no directory), denied, unavailable.
Result<void> make_private_dir(const std::string& path);

/// denied: others than the owner may read or write `path`; says what to do. not_found.
Result<void> check_private(const std::string& path);

}  // namespace lineshaft::io
