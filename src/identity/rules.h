// What a change makes of a handle's values, and which rights it takes. Pure: no store, no clock.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/handle/bodies.h"
#include "wire/handle/value.h"

namespace lineshaft::identity {

struct Limits {
    std::size_t record_bytes_max = 240'000;  ///< one handle's values: they fit one message
    std::size_t values_max = 2'048;
    std::size_t waiting_per_handle_max = 256;  ///< changes of one handle that wait for each other
    std::size_t waiting_max = 65'536;          ///< changes under way on one shard
    unsigned groups_depth_max = 8;             ///< HS_VLIST inside HS_VLIST
    unsigned lookups_max = 64;                 ///< records read to judge one change
    std::size_t page_max = 1'000;              ///< names of one list
};

/// A wish to change one handle.
struct Change {
    enum class Kind : std::uint8_t {
        create,         ///< with `overwrites`: replaces what is there
        remove,         ///< the whole handle
        add_values,     ///< with `overwrites`: replaces values of the same index
        remove_values,  ///< `indexes`
        modify_values,
        replace_values,  ///< creates the handle when there is none, as the HTTP API's PUT
    };
    Kind kind = Kind::create;
    std::string handle;
    std::vector<handle::Value> values{};
    std::vector<std::uint32_t> indexes{};
    bool overwrites = false;
    bool mints_suffix = false;  ///< create: the handle's text is completed by the node
    bool keeps_same = false;    ///< create, replace_values: a handle with these values stays as it
                                ///< is, and that is a success
    bool keeps_times = false;   ///< the values' timestamps are those given: of a mirror
    bool signs = false;         ///< the node signs the outcome, whatever it does usually
};

/// What became of it, in the protocol's words.
struct Outcome {
    handle::Answer answer = handle::Answer::success;
    std::string message{};                 ///< of a refusal
    std::vector<std::uint32_t> indexes{};  ///< what the refusal is about
    std::string handle{};                  ///< canonical; a new one's name
    bool is_new = false;                   ///< the handle was not there before
    std::uint64_t transaction = 0;
    bool was_kept = false;  ///< nothing was written: it is as wished already
    bool is_good() const { return answer == handle::Answer::success; }
};

/// Rights that a change takes: from the admins of the handle, and from those of its prefix.
struct Needed {
    std::uint16_t own = 0;
    std::uint16_t at_prefix = 0;
};
struct Decision {
    Outcome outcome;  ///< a refusal whoever asks, else success
    Needed needed;
    std::vector<handle::Value> values{};  ///< afterwards, ascending by index; empty: no handle
};
/// `before` nothing: no such handle. Every value written gets `now_s` as its timestamp; HS_SECKEY
/// is made unreadable for the public whatever was asked for.
Decision decide(const std::optional<std::vector<handle::Value>>& before, const Change& change,
                std::uint32_t now_s, const Limits& limits);

/// The part of `values` that was asked for: all of it, and what the public may read of it.
struct View {
    std::vector<handle::Value> values;  ///< readable by the public
    bool hides = false;                 ///< something that was asked for is not
};
View public_view(std::vector<handle::Value> values, const handle::Resolution& asked);
/// The same of a record as it lies in the store, written into an answer. True: something that was
/// asked for is not readable by the public. Errors: corrupt; then part of it may be written.
Result<bool> show_public(std::string_view record, const handle::Resolution& asked,
                         handle::HandleValuesWriter& out);
/// The same for who has the right to read: all but HS_SECKEY's data, which never leaves.
std::vector<handle::Value> admin_view(std::vector<handle::Value> values,
                                      const handle::Resolution& asked);

/// Index 100, every right for "300:0.NA/PREFIX": what a handle gets that names no admin.
handle::Value default_admin(std::string_view prefix, std::uint32_t now_s);

}  // namespace lineshaft::identity
