#pragma once
#include <chrono>
#include <cstddef>

namespace lineshaft::sparkplug {

/// Everything this module bounds, in one place. Each is tested at the limit and one past it.
struct Limits {
    std::size_t payload_bytes_max = 1 << 20;    ///< one encoded payload
    std::size_t metrics_max = 20'000;           ///< metrics in one payload
    std::size_t properties_max = 100'000;       ///< properties in one payload, nested ones too
    std::size_t depth_max = 8;                  ///< property sets inside property sets
    std::size_t string_bytes_max = 64 * 1024;   ///< one name, text or UUID
    std::size_t opaque_bytes_max = 512 * 1024;  ///< one file, data set, template, array or body
    std::size_t id_bytes_max = 128;             ///< one group, node, device or host id

    std::size_t nodes_max = 10'000;                    ///< edge nodes one Host follows
    std::size_t devices_per_node_max = 1'000;          ///< devices one edge node may give birth to
    std::size_t metrics_per_machine_max = 10'000;      ///< metrics one birth may define
    std::size_t reorder_messages_max = 32;             ///< early messages held per node
    std::size_t reorder_bytes_max = 1 << 20;           ///< and the bytes they may hold together
    std::chrono::milliseconds reorder_timeout{2'000};  ///< how long a missing message may be late
    std::chrono::milliseconds rebirth_interval{
        10'000};  ///< least time between two requests to a node
};

}  // namespace lineshaft::sparkplug
