#pragma once
#include <span>
#include <string>

#include "base/bytes.h"
#include "history/columns.h"

// Columns of strings in chunks of version 1: one for all, lengths and bytes, or a dictionary.
// Layout: docs/formats/chunk-1.md.
namespace lineshaft::history {

enum class TextEncoding : std::uint8_t { constant = 0, plain = 1, dictionary = 2 };

/// Fills `where` and appends the bytes to `text`. Errors: invalid, unsupported.
Result<void> take_texts(std::uint8_t encoding, Reader& in, std::span<std::uint64_t> where,
                        std::string& text);

}  // namespace lineshaft::history
