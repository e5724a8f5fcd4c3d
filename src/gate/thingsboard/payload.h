// The JSON of ThingsBoard's device topics. Pure: bytes in, values out.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "history/types.h"

namespace lineshaft::thingsboard {

struct PayloadLimits {
    std::size_t bytes_max = 64 * 1024;
    std::size_t members_max = 1'000;
};

/// A name and its JSON text.
struct Member {
    std::string name, value;
    bool operator==(const Member&) const = default;
};

/// The members of an object, values as they stand. Errors: invalid.
Result<std::vector<Member>> parse_members(Bytes payload, const PayloadLimits& limits);

/// `{"clientKeys":"a,b","sharedKeys":"c"}`. With neither, everything is wanted. Errors: invalid.
struct AttributesWanted {
    bool everything = false;
    std::vector<std::string> client, shared;
};
Result<AttributesWanted> parse_attributes_request(Bytes payload, const PayloadLimits& limits);

/// `{"method":"getTime","params":{}}`; the method. Errors: invalid.
Result<std::string> parse_method(Bytes payload, const PayloadLimits& limits);

/// `{"a":1,"b":"x"}`.
std::string object_of(const std::vector<Member>& members);
/// `{"client":{…},"shared":{…}}`, empty ones left out.
std::string attributes_answer(const std::vector<Member>& client, const std::vector<Member>& shared);
/// `{"method":"setValue","params":{"speed":5}}`.
std::string set_value(std::string_view tag, const history::Value& value);

}  // namespace lineshaft::thingsboard
