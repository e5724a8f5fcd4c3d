#include "store/guard.h"

#include "base/bytes.h"
#include "store/batch_rep.h"

namespace lineshaft::store {

std::string guard_signature() {
    std::string operations;
    append_default_put(operations, guard_key, std::string(guard_value_bytes, '\0'));
    operations.resize(operations.size() - guard_value_bytes);
    return operations;
}

std::string encode(const Guard& guard) {
    std::string value;
    Writer writer(value);
    writer.put_le(guard.run);
    writer.put_le(guard.commit);
    writer.put_le(guard.tickets_end);
    return value;
}

std::optional<Guard> decode_guard(std::string_view value) {
    if (value.size() != guard_value_bytes) return std::nullopt;
    Reader reader(as_bytes(value));
    Guard guard;
    guard.run = *reader.take_le<std::uint64_t>();
    guard.commit = *reader.take_le<std::uint64_t>();
    guard.tickets_end = *reader.take_le<std::uint64_t>();
    return guard;
}

std::optional<Guard> guard_of_batch(std::string_view batch) {
    static const std::string signature = guard_signature();
    if (batch.size() < guarded_prefix_bytes()) return std::nullopt;
    if (batch.substr(batch_header_bytes, signature.size()) != signature) return std::nullopt;
    return decode_guard(batch.substr(batch_header_bytes + signature.size(), guard_value_bytes));
}

std::size_t guarded_prefix_bytes() {
    static const std::size_t bytes =
        batch_header_bytes + guard_signature().size() + guard_value_bytes;
    return bytes;
}

}  // namespace lineshaft::store
