// How a handle's values lie in the store. Byte table: docs/formats/identity.md.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wire/handle/value.h"

namespace lineshaft::identity {

/// The values of one handle as one record: a few bytes besides types and data.
std::string encode_record(const std::vector<handle::Value>& values);
/// Errors: corrupt.
Result<std::vector<handle::Value>> decode_record(std::string_view record);

/// The same value by value, nothing copied but references.
class RecordReader {
public:
    /// `record` outlives it. Errors: corrupt.
    static Result<RecordReader> open(std::string_view record);
    std::size_t left() const { return left_; }  ///< values
    /// The next one; its views hold until the call after. Errors: corrupt (also where bytes are
    /// left over behind the last one).
    Result<handle::ValueView> next();

private:
    const unsigned char* at_ = nullptr;
    const unsigned char* end_ = nullptr;
    std::size_t left_ = 0;
    std::vector<handle::Reference> references_;
};

// Keys of the family. Handles, prefixes and names are canonical (handle::canonical).
std::string record_key(std::string_view handle);
/// The key of a handle that is not canonical yet.
void append_record_key(std::string& out, std::string_view handle, bool is_case_sensitive);
std::string home_key(std::string_view prefix);
std::string count_key(std::string_view prefix, std::uint32_t shard);
std::string transaction_key(std::uint64_t number);
std::string followed_key(std::string_view origin);  ///< how far a mirror has followed
std::string node_key_key(std::string_view name);  ///< of the node's own keys, sealed
/// From <= key < until: all keys of one kind that begin so.
struct KeyRange {
    std::string from, until;
};
KeyRange keys_of_prefix(std::string_view prefix);
KeyRange all_homes();
KeyRange all_counts();
KeyRange all_transactions();

/// What happened to a handle or prefix, for those who follow along.
enum class Action : std::uint8_t { create = 1, remove = 2, update = 3, home = 4, unhome = 5 };
struct Transaction {
    std::uint64_t number = 0;
    Action action = Action::create;
    std::int64_t at_ms = 0;
    std::string handle;
    bool operator==(const Transaction&) const = default;
};
std::string encode_transaction(const Transaction& transaction);
Result<Transaction> decode_transaction(std::string_view key, std::string_view value);

}  // namespace lineshaft::identity
