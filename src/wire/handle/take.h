// Inside wire/handle: the primitives, checked before anything is allocated.
#pragma once
#include "wire/handle/value.h"

namespace lineshaft::handle {

/// int4 length and so many bytes.
Result<Bytes> take_block(Reader& in);
/// The same, as UTF-8 text of at most `bytes_max`.
Result<std::string> take_text(Reader& in, std::size_t bytes_max);
/// An item count that the bytes left can hold at `item_bytes_min` each.
Result<std::size_t> take_count(Reader& in, std::size_t count_max, std::size_t item_bytes_min);
Result<Reference> take_reference(Reader& in, const Limits& limits);
Result<std::vector<std::uint32_t>> take_indexes(Reader& in, const Limits& limits);
Result<std::vector<Value>> take_values(Reader& in, const Limits& limits);
/// Errors: invalid when bytes are left.
Result<void> at_end(const Reader& in);

void put_u16(std::string& out, std::uint16_t number);
void put_u32(std::string& out, std::uint32_t number);
void put_block(std::string& out, std::string_view bytes);
void put_reference(std::string& out, const Reference& reference);
void put_indexes(std::string& out, const std::vector<std::uint32_t>& indexes);
void put_values(std::string& out, const std::vector<Value>& values);

}  // namespace lineshaft::handle
