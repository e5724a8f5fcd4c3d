#pragma once
#include <string>
#include <string_view>

#include "io/http/message.h"
#include "io/task.h"

namespace lineshaft::io::http {

/// The body as it was before its Content-Encoding: identity, gzip (one or more members) or deflate
/// (zlib). Takes the body out of `request`. At most `bytes_max` come out, whatever goes in; lets
/// others run between pieces. Errors: exhausted (more than bytes_max: 413), unsupported (another
/// coding, or several: 415), invalid (damaged or cut short: 400).
Task<Result<std::string>> decoded_body(Request& request, std::size_t bytes_max);

/// Counts a body in work against its shard's room as long as it lives.
class BodyRoom {
public:
    BodyRoom(std::size_t& held, std::size_t bytes) : held_(held), bytes_(bytes) { held_ += bytes_; }
    ~BodyRoom() { held_ -= bytes_; }
    BodyRoom(const BodyRoom&) = delete;
    /// What it became is smaller or larger.
    void resize(std::size_t bytes) {
        held_ += bytes - bytes_;
        bytes_ = bytes;
    }

private:
    std::size_t& held_;
    std::size_t bytes_;
};

/// The same for bytes at once; `coding` as the header says it.
Result<std::string> decode(std::string_view coding, std::string body, std::size_t bytes_max);

}  // namespace lineshaft::io::http
