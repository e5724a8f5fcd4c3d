// Inside gate/influx: answers as InfluxDB words them, which clients act on.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "io/http/message.h"

namespace lineshaft::influx {

enum class Dialect : std::uint8_t { version_1, version_2 };

/// A line that was not stored.
struct Refused {
    std::size_t line = 0;
    std::string why;
};

/// Headers every answer carries: the version clients look for.
io::http::Response& branded(io::http::Response& response, std::string_view version);

/// Version 2: {"code","message"}; version 1: {"error"} and the header X-Influxdb-Error.
io::http::Response failure(Dialect dialect, unsigned status, std::string_view message);
/// 400: `count` lines were not stored, the first of them named; the others were, but for `values`
/// of them that a sentence tells of.
io::http::Response partial(Dialect dialect, std::size_t count, const std::vector<Refused>& first,
                           std::string_view values = {});

/// What /query answers to the statements clients send before they write. Errors: unsupported.
Result<std::string> answer_query(std::string_view statements);

}  // namespace lineshaft::influx
