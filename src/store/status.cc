#include "store/status.h"

namespace lineshaft::store {

Error error_of(const rocksdb::Status& status, const std::string& doing) {
    const std::string why = doing + ": " + status.ToString();
    if (status.IsCorruption()) return {Code::corrupt, why};
    if (status.IsNoSpace()) return {Code::exhausted, why};
    if (status.IsNotFound()) return {Code::not_found, why};
    if (status.IsInvalidArgument()) return {Code::invalid, why};
    if (status.IsIOError() && why.find("Permission denied") != std::string::npos) {
        return {Code::denied, why};
    }
    return {Code::unavailable, why};
}

bool is_damage(const rocksdb::Status& status) {
    if (status.IsCorruption()) return true;
    // env/io_posix.cc words a failed read this way: a bad sector, which no restart mends.
    return status.IsIOError() && !status.IsNoSpace() &&
           status.ToString().find("While pread") != std::string::npos;
}

}  // namespace lineshaft::store
