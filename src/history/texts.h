#pragma once
#include <span>
#include <string>

#include "base/bytes.h"
#include "history/columns.h"

// Columns of strings: one for all, a dictionary with an index column when strings repeat, else
// lengths and bytes. Decoded strings that repeat share their bytes, so a small chunk stays small.
namespace lineshaft::history {

enum class TextEncoding : std::uint8_t { constant = 0, plain = 1, dictionary = 2 };

/// Appends the texts `where` points at in `from`.
TextEncoding put_texts(std::string& out, const Columns& from, std::span<const std::uint64_t> where);

/// Fills `where` and appends the bytes to `text`. Errors: invalid, unsupported.
Result<void> take_texts(std::uint8_t encoding, Reader& in, std::span<std::uint64_t> where,
                        std::string& text);

}  // namespace lineshaft::history
