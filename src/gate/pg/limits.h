#pragma once
#include <cstddef>

#include "io/clock.h"
#include "query/query.h"
#include "wire/postgres/message.h"

namespace lineshaft::pg {

struct Limits {
    postgres::Limits wire;
    std::size_t connections_max = 100;  ///< signed in, over all shards; then 53300
    std::size_t arriving_max = 200;     ///< not signed in yet, over all shards; then closed at once
    io::Steady login_max{10'000};       ///< from accept to signed in, TLS and all
    io::Steady idle_max{3'600'000};     ///< without a word; then 57P05. Zero: no limit
    io::Steady cursor_idle_max{300'000};  ///< a portal nobody fetches from is closed; then 34000
    io::Steady write_stall_max{60'000};  ///< a client that takes nothing for so long is left
    std::size_t statements_max = 256;    ///< prepared and named, per connection; then 53400
    std::size_t statement_bytes_max = 1 << 20;  ///< texts of those, per connection; then 53400
    std::size_t portals_max = 16;               ///< open, per connection; then 53400
    std::size_t portal_bytes_max = 1 << 20;     ///< their parameters, per connection; then 53400
    std::size_t batch_rows = 1'000;      ///< asked of the engine at once, less where rows are large
    std::size_t output_bytes = 64 << 10;  ///< gathered before it is written
    query::Limits statement;
};

/// Which connections may go on without TLS.
struct PlainRule {
    bool loopback = true;    ///< both ends on this machine
    bool elsewhere = false;  ///< trust.plaintext_off_loopback
};

}  // namespace lineshaft::pg
