#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lineshaft::store {

/// What every commit writes first, under one key of the default family: so the log can be checked
/// for holes, and a recovered store knows its last commit and which tickets may have been given.
struct Guard {
    std::uint64_t run = 0;          ///< random, one for each time the store was open for writing
    std::uint64_t commit = 0;       ///< 1, 2, 3 … over all runs, without a hole
    std::uint64_t tickets_end = 0;  ///< no ticket at or above this was ever given

    bool operator==(const Guard&) const = default;
};

inline constexpr std::string_view guard_key = "commit";
inline constexpr std::size_t guard_value_bytes = 24;

/// The write batch's bytes from its header on up to the guard's value; constant.
std::string guard_signature();

std::string encode(const Guard& guard);
std::optional<Guard> decode_guard(std::string_view value);

/// The guard of a whole write batch as it stands in the log; nullopt: the batch is not ours.
std::optional<Guard> guard_of_batch(std::string_view batch);

/// Bytes of a write batch needed by guard_of_batch.
std::size_t guarded_prefix_bytes();

}  // namespace lineshaft::store
