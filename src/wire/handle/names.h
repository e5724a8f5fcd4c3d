// The names themselves: prefix, suffix, case, and which server of a site has one.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/handle/value.h"

namespace lineshaft::handle {

/// ASCII letters become capitals, everything else stays.
std::string fold(std::string_view text);

struct Name {
    std::string prefix;
    std::string suffix;
};
/// What stands before and after the first slash; without one, "0.NA" and the whole.
Name split_name(std::string_view handle);
/// As it is stored and compared: the prefix in capitals; the suffix as well, unless the server
/// cares for case and the handle is not under "0.". Adds "0.NA/" when there is no slash.
std::string canonical(std::string_view handle, bool is_case_sensitive);
/// The same, appended.
void append_canonical(std::string& out, std::string_view handle, bool is_case_sensitive);
/// Errors: invalid (empty, too long, no UTF-8, control characters).
Result<void> check_name(std::string_view handle, const Limits& limits);

/// "0.NA/88.101" for "88.101".
std::string prefix_handle(std::string_view prefix);
/// "88" for "88.101"; empty for what has no dot.
std::string_view parent_prefix(std::string_view prefix);
/// Whether `prefix` is `ancestor` or derived from it. Both folded.
bool is_under(std::string_view prefix, std::string_view ancestor);

/// The hash by which a site's handles are dealt out to its servers (MD5, RFC 3651 3.2.2 as peers
/// do it): the absolute value of the last four bytes; 0x80000000 for the one that has none.
std::uint32_t partition_hash(std::string_view handle, HashOption by);
/// The server of `site` for a handle, nothing when the site has none.
const Server* server_for(const Site& site, std::string_view handle);

/// RFC 1321. For the hash above and the oldest peers; no protection of anything.
std::string md5(std::string_view bytes);

}  // namespace lineshaft::handle
