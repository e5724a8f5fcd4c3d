#include "wire/handle/take.h"

namespace lineshaft::handle {

Result<Bytes> take_block(Reader& in) {
    TRY(const auto size, in.take_be<std::uint32_t>());
    return in.take(size);
}

Result<std::string> take_text(Reader& in, std::size_t bytes_max) {
    TRY(const Bytes bytes, take_block(in));
    if (bytes.size() > bytes_max) return fail(Code::exhausted, "a text is too long");
    const auto text = as_text(bytes);
    if (!is_utf8(text)) return fail(Code::invalid, "a text is no UTF-8");
    return std::string(text);
}

Result<std::size_t> take_count(Reader& in, std::size_t count_max, std::size_t item_bytes_min) {
    TRY(const std::size_t count, in.take_be<std::uint32_t>());
    if (count > in.left() / item_bytes_min) return fail(Code::invalid, "short: a list");
    if (count > count_max) return fail(Code::exhausted, "a list is too long");
    return count;
}

Result<Reference> take_reference(Reader& in, const Limits& limits) {
    Reference out;
    TRY(out.handle, take_text(in, limits.handle_bytes_max));
    TRY(out.index, in.take_be<std::uint32_t>());
    return out;
}

Result<std::vector<std::uint32_t>> take_indexes(Reader& in, const Limits& limits) {
    TRY(const auto count, take_count(in, limits.array_max, 4));
    std::vector<std::uint32_t> out;
    out.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        TRY(const auto index, in.take_be<std::uint32_t>());
        out.push_back(index);
    }
    return out;
}

Result<std::vector<Value>> take_values(Reader& in, const Limits& limits) {
    constexpr std::size_t smallest = 4 + 4 + 1 + 4 + 1 + 4 + 4 + 4;
    TRY(const auto count, take_count(in, limits.values_max, smallest));
    std::vector<Value> out;
    out.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        TRY(auto value, take_value(in, limits));
        out.push_back(std::move(value));
    }
    return out;
}

Result<void> at_end(const Reader& in) {
    if (!in.at_end()) return fail(Code::invalid, "bytes are left over");
    return {};
}

void put_u16(std::string& out, std::uint16_t number) {
    Writer(out).put_be(number);
}

void put_u32(std::string& out, std::uint32_t number) {
    Writer(out).put_be(number);
}

void put_block(std::string& out, std::string_view bytes) {
    append_filled(out, 4 + bytes.size(), [bytes](Filler& to) { to.block(bytes); });
}

void put_reference(std::string& out, const Reference& reference) {
    put_block(out, reference.handle);
    put_u32(out, reference.index);
}

void put_indexes(std::string& out, const std::vector<std::uint32_t>& indexes) {
    put_u32(out, static_cast<std::uint32_t>(indexes.size()));
    for (const auto index : indexes) put_u32(out, index);
}

void put_values(std::string& out, const std::vector<Value>& values) {
    put_u32(out, static_cast<std::uint32_t>(values.size()));
    for (const Value& value : values) put(out, value);
}

}  // namespace lineshaft::handle
