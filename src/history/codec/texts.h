#pragma once
#include <span>
#include <string>

#include "history/codec/numbers.h"
#include "history/columns.h"

// Columns of strings: one for all, a dictionary with a column of indexes when strings repeat, else
// lengths and bytes; bytes through zstd where that pays. Decoded strings that repeat share their
// bytes, so a small chunk stays small. Layout: docs/formats/chunk.md.
namespace lineshaft::history::codec {

// Ids of the format, for ever.
enum class TextForm : std::uint8_t { constant = 0, plain = 1, dictionary = 2 };

inline constexpr std::size_t text_bytes_max = 32 << 20;  ///< of one column, expanded

class Texts {
public:
    explicit Texts(Numbers& numbers) : numbers_(numbers) {}

    /// Appends the texts `where` (at least one) points at in `from`; together at most
    /// text_bytes_max.
    void put(std::string& out, const Columns& from, std::span<const std::uint64_t> where);
    /// Fills `where`, at least one, and appends the bytes to `text`. Errors: invalid, unsupported.
    Result<void> take(Reader& in, std::span<std::uint64_t> where, std::string& text);

private:
    void put_strings(std::string& out, std::span<const std::string_view> strings);
    Result<void> take_strings(Reader& in, std::span<std::uint64_t> where, std::string& text);
    Result<void> take_dictionary(Reader& in, std::span<std::uint64_t> where, std::string& text);
    void put_bytes(std::string& out, std::string_view bytes);
    /// Appends to `text`; returns how many.
    Result<std::size_t> take_bytes(Reader& in, std::string& text);

    Numbers& numbers_;
};

}  // namespace lineshaft::history::codec
