#include "history/texts.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "history/pack.h"

namespace lineshaft::history {
namespace {

std::uint64_t place(std::size_t offset, std::size_t length) {
    return static_cast<std::uint64_t>(offset) << 32 | length;
}

// Lengths as a nested integer column, then the bytes behind each other. Fills `where`.
Result<void> take_strings(Reader& in, std::span<std::uint64_t> where, std::string& text) {
    std::vector<std::int64_t> lengths(where.size());
    TRY_VOID(take_nested_integers(in, lengths));
    std::size_t offset = text.size();
    const std::size_t end = offset + in.left();
    if (end > UINT32_MAX) return fail(Code::invalid, "text: over 4 GiB");
    for (std::size_t index = 0; index < where.size(); ++index) {
        const auto length = static_cast<std::uint64_t>(lengths[index]);
        if (length > end - offset) return fail(Code::invalid, "text: lengths");
        where[index] = place(offset, length);
        offset += length;
    }
    TRY(const Bytes bytes, in.take(offset - text.size()));
    text.append(as_text(bytes));
    return {};
}

Result<void> take_dictionary(Reader& in, std::span<std::uint64_t> where, std::string& text) {
    TRY(const auto count, in.take_varint());
    if (count < 1 || count > where.size()) return fail(Code::invalid, "dictionary: entries");
    std::vector<std::uint64_t> entries(count);
    TRY_VOID(take_strings(in, entries, text));
    std::vector<std::int64_t> indexes(where.size());
    TRY_VOID(take_nested_integers(in, indexes));
    for (std::size_t index = 0; index < where.size(); ++index) {
        const auto entry = static_cast<std::uint64_t>(indexes[index]);
        if (entry >= count) return fail(Code::invalid, "dictionary: index");
        where[index] = entries[entry];
    }
    return {};
}

}  // namespace

Result<void> take_texts(std::uint8_t encoding, Reader& in, std::span<std::uint64_t> where,
                        std::string& text) {
    CHECK(!where.empty());
    switch (static_cast<TextEncoding>(encoding)) {
        case TextEncoding::constant: {
            if (text.size() + in.left() > UINT32_MAX)
                return fail(Code::invalid, "text: over 4 GiB");
            std::fill(where.begin(), where.end(), place(text.size(), in.left()));
            TRY(const Bytes bytes, in.take(in.left()));
            text.append(as_text(bytes));
            return {};
        }
        case TextEncoding::plain: return take_strings(in, where, text);
        case TextEncoding::dictionary: return take_dictionary(in, where, text);
    }
    return fail(Code::unsupported, "text encoding " + std::to_string(encoding));
}

}  // namespace lineshaft::history
