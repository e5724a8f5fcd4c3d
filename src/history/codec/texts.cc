#include "history/codec/texts.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/hash.h"

namespace lineshaft::history::codec {
namespace {

constexpr std::size_t squeeze_bytes_min = 64;

std::uint64_t place(std::size_t offset, std::size_t length) {
    return static_cast<std::uint64_t>(offset) << 32 | length;
}

}  // namespace

// Twice the bytes, plus one if squeezed; then, if squeezed, how many are stored.
void Texts::put_bytes(std::string& out, std::string_view bytes) {
    Writer write(out);
    if (bytes.size() >= squeeze_bytes_min) {
        const Bytes squeezed = numbers_.squeezer().squeeze(as_bytes(bytes));
        if (!squeezed.empty()) {
            write.put_varint(bytes.size() * 2 + 1);
            write.put_varint(squeezed.size());
            write.put(squeezed);
            return;
        }
    }
    write.put_varint(bytes.size() * 2);
    write.put(bytes);
}

Result<std::size_t> Texts::take_bytes(Reader& in, std::string& text) {
    TRY(const auto head, in.take_varint());
    const std::uint64_t size = head / 2;
    if (size > text_bytes_max || text.size() + size > UINT32_MAX) {
        return fail(Code::invalid, "text: column too large");
    }
    if (head % 2 == 0) {
        TRY(const Bytes plain, in.take(size));
        text.append(as_text(plain));
        return size;
    }
    TRY(const auto stored, in.take_varint());
    TRY(const Bytes squeezed, in.take(stored));
    TRY(const Bytes plain, numbers_.squeezer().expand(squeezed, size));
    text.append(as_text(plain));
    return size;
}

void Texts::put_strings(std::string& out, std::span<const std::string_view> strings) {
    std::vector<std::int64_t> lengths;
    lengths.reserve(strings.size());
    std::string bytes;
    for (const auto one : strings) {
        lengths.push_back(static_cast<std::int64_t>(one.size()));
        bytes += one;
    }
    numbers_.put(out, lengths);
    put_bytes(out, bytes);
}

Result<void> Texts::take_strings(Reader& in, std::span<std::uint64_t> where, std::string& text) {
    std::vector<std::int64_t> lengths(where.size());
    TRY_VOID(numbers_.take(in, lengths));
    std::size_t offset = text.size();
    TRY(const std::size_t bytes, take_bytes(in, text));
    const std::size_t end = offset + bytes;
    for (std::size_t index = 0; index < where.size(); ++index) {
        const auto length = static_cast<std::uint64_t>(lengths[index]);
        if (length > end - offset) return fail(Code::invalid, "text: lengths");
        where[index] = place(offset, length);
        offset += length;
    }
    if (offset != end) return fail(Code::invalid, "text: bytes left over");
    return {};
}

Result<void> Texts::take_dictionary(Reader& in, std::span<std::uint64_t> where, std::string& text) {
    TRY(const auto count, in.take_varint());
    if (count < 1 || count > where.size()) return fail(Code::invalid, "text: entries");
    std::vector<std::uint64_t> entries(count);
    TRY_VOID(take_strings(in, entries, text));
    std::vector<std::int64_t> indexes(where.size());
    TRY_VOID(numbers_.take(in, indexes));
    for (std::size_t index = 0; index < where.size(); ++index) {
        const auto entry = static_cast<std::uint64_t>(indexes[index]);
        if (entry >= count) return fail(Code::invalid, "text: index");
        where[index] = entries[entry];
    }
    return {};
}

void Texts::put(std::string& out, const Columns& from, std::span<const std::uint64_t> where) {
    CHECK(!where.empty());
    std::unordered_map<std::string_view, std::int64_t, StringHash, std::equal_to<>> known;
    std::vector<std::string_view> strings;
    std::vector<std::string_view> entries;
    std::vector<std::int64_t> indexes;
    std::size_t bytes = 0;
    for (const std::uint64_t one : where) {
        const std::string_view text = from.text_of(one);
        const auto [at, is_new] =
            known.try_emplace(text, static_cast<std::int64_t>(entries.size()));
        if (is_new) entries.push_back(text);
        strings.push_back(text);
        indexes.push_back(at->second);
        bytes += text.size();
    }
    CHECK(bytes <= text_bytes_max);
    if (entries.size() == 1) {
        out.push_back(static_cast<char>(TextForm::constant));
        return put_bytes(out, entries[0]);
    }
    if (entries.size() > strings.size() / 2) {
        out.push_back(static_cast<char>(TextForm::plain));
        return put_strings(out, strings);
    }
    out.push_back(static_cast<char>(TextForm::dictionary));
    Writer(out).put_varint(entries.size());
    put_strings(out, entries);
    numbers_.put(out, indexes);
}

Result<void> Texts::take(Reader& in, std::span<std::uint64_t> where, std::string& text) {
    CHECK(!where.empty());
    TRY(const auto form, in.take_le<std::uint8_t>());
    switch (static_cast<TextForm>(form)) {
        case TextForm::constant: {
            const std::size_t offset = text.size();
            TRY(const std::size_t length, take_bytes(in, text));
            std::fill(where.begin(), where.end(), place(offset, length));
            return {};
        }
        case TextForm::plain: return take_strings(in, where, text);
        case TextForm::dictionary: return take_dictionary(in, where, text);
    }
    return fail(Code::unsupported, "form of texts " + std::to_string(form));
}

}  // namespace lineshaft::history::codec
