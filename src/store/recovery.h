#pragma once
// Inside store only: what opening and repairing share.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/engine.h"

namespace lineshaft::store {

/// What stands in the directory before anybody touches it.
struct Contents {
    bool has_current = false;
    std::string stray;  ///< a file with data in it, though there may be no CURRENT
    std::vector<std::pair<std::uint64_t, std::string>> logs;  ///< number and path, ascending
};
Result<Contents> list_files(const std::string& directory);

struct OpenRequest {
    const std::string& directory;
    const Limits& limits;
    const Surroundings& surroundings;
};

enum class Mode : std::uint8_t {
    write,
    read_only,     ///< damaged logs are replaced by what is whole in them
    without_logs,  ///< what the sorted files hold, only for looking
    rescue,        ///< as read_only, and families may be missing: their handles are null
};
using Texts = std::map<std::string, std::string>;  // by path
Result<Database> open_database(const OpenRequest& request, Mode mode, Texts replaced = {});

/// What the sorted files hold, before any log is replayed.
struct Sorted {
    std::uint64_t commit = 0;     ///< the last one that is wholly in them
    std::uint64_t logs_from = 0;  ///< number of the first log that is still needed
    std::string damage;
};
Result<Sorted> look_at_sorted_files(const OpenRequest& request, const Contents& contents);

/// The version of everything in the directory, as FORMAT says; no such file means 1. Errors:
/// unsupported (a newer program's), corrupt (FORMAT says nothing that makes sense).
Result<void> check_format(const std::string& directory);
inline constexpr std::string_view format_name = "FORMAT";

/// The file's whole content. Errors name it.
Result<std::string> read_whole(const std::string& path);

}  // namespace lineshaft::store
