#pragma once
#include <string>

#include "base/result.h"

namespace lineshaft::app {

struct RepairWords {
    std::string data;
    bool apply = false;
};
/// Looks at every byte a stopped node keeps in `data`, says what is damaged and what was lost
/// (commits of the log; machine, tag, time and number of samples of a chunk; rows of the catalog),
/// and with `apply` puts whole databases in place of the damaged ones, which stay beside them.
/// False: damage was found and nothing changed. Errors: conflict (a node runs), not_found, corrupt
/// (beyond repair), exhausted (no room for the copy).
Result<bool> repair(const RepairWords& words);

}  // namespace lineshaft::app
