#include "history/columns.h"

#include <algorithm>
#include <utility>

namespace lineshaft::history {

void Columns::clear() {
    at.clear();
    bits.clear();
    mark.clear();
    text.clear();
}

void Columns::reserve(std::size_t count) {
    at.reserve(count);
    bits.reserve(count);
    mark.reserve(count);
}

namespace {

// Four to seven times a power of two, as allocators hand out memory anyway: what is less would be
// lost in the rounding. Series with a few samples get what they ask for.
std::size_t whole_room(std::size_t count) {
    constexpr std::size_t few = 8;
    if (count <= few) return count;
    const std::size_t step = std::bit_floor(count - 1) / 4;
    return (count + step - 1) / step * step;
}

}  // namespace

void Columns::make_room(std::size_t count, std::size_t usual) {
    if (at.capacity() - at.size() >= count) return;
    const std::size_t wanted = at.size() + count;
    const std::size_t half = usual / 2;
    reserve(whole_room(wanted <= half ? half : std::max(wanted, usual)));
}

std::uint64_t Columns::add_text(std::string_view value) {
    const std::uint64_t where = static_cast<std::uint64_t>(text.size()) << 32 | value.size();
    text.append(value);
    return where;
}

std::uint64_t bits_of_number(const Value& value) {
    switch (kind_of(value)) {
        case Kind::real: return std::bit_cast<std::uint64_t>(*std::get_if<double>(&value));
        case Kind::integer: return static_cast<std::uint64_t>(*std::get_if<std::int64_t>(&value));
        case Kind::boolean: return *std::get_if<bool>(&value) ? 1 : 0;
        case Kind::text: break;
    }
    return 0;
}

std::uint64_t Columns::bits_of(const Value& value) {
    const auto* words = std::get_if<std::string>(&value);
    return words != nullptr ? add_text(*words) : bits_of_number(value);
}

void Columns::push_from(const Columns& from, std::size_t index) {
    const Mark how = from.mark[index];
    const std::uint64_t value =
        how.kind() == Kind::text ? add_text(from.text_at(index)) : from.bits[index];
    push(from.at[index], value, how);
}

// Column by column: nothing that is written could be what is read next.
void Columns::push_from(const Columns& from, std::span<const std::uint32_t> indexes) {
    const std::size_t before = size();
    at.resize(before + indexes.size());
    bits.resize(before + indexes.size());
    mark.resize(before + indexes.size());
    const auto copy = [&](const auto& source, auto* to) {
        for (const std::uint32_t index : indexes) *to++ = source[index];
    };
    copy(from.at.data(), at.data() + before);
    copy(from.bits.data(), bits.data() + before);
    copy(from.mark.data(), mark.data() + before);
}

void Columns::push(const Sample& sample) {
    const std::uint64_t value = bits_of(sample.value);
    push(sample.at.micros, value, Mark(kind_of(sample.value), sample.quality));
}

void Columns::append(const Columns& from, std::size_t first, std::size_t until) {
    const auto part = [&](const auto& column) {
        return std::pair(column.begin() + static_cast<std::ptrdiff_t>(first),
                         column.begin() + static_cast<std::ptrdiff_t>(until));
    };
    const std::size_t before = size();
    const auto [at_first, at_until] = part(from.at);
    const auto [bits_first, bits_until] = part(from.bits);
    const auto [mark_first, mark_until] = part(from.mark);
    at.insert(at.end(), at_first, at_until);
    bits.insert(bits.end(), bits_first, bits_until);
    mark.insert(mark.end(), mark_first, mark_until);
    if (from.text.empty()) return;
    for (std::size_t index = 0; index < until - first; ++index) {
        if (mark[before + index].kind() == Kind::text)
            bits[before + index] = add_text(from.text_at(first + index));
    }
}

void Columns::replace(std::size_t here, const Columns& from, std::size_t index) {
    const Mark how = from.mark[index];
    bits[here] = how.kind() == Kind::text ? add_text(from.text_at(index)) : from.bits[index];
    mark[here] = how;
}

Sample Columns::sample(std::size_t index) const {
    Sample sample{Instant{at[index]}, Value(), mark[index].quality()};
    switch (mark[index].kind()) {
        case Kind::real: sample.value = std::bit_cast<double>(bits[index]); break;
        case Kind::integer: sample.value = static_cast<std::int64_t>(bits[index]); break;
        case Kind::boolean: sample.value = bits[index] != 0; break;
        case Kind::text: sample.value = std::string(text_at(index)); break;
    }
    return sample;
}

bool same_samples(const Columns& a, const Columns& b) {
    if (a.at != b.at || a.mark != b.mark) return false;
    for (std::size_t index = 0; index < a.size(); ++index) {
        const bool same = a.mark[index].kind() == Kind::text ? a.text_at(index) == b.text_at(index)
                                                             : a.bits[index] == b.bits[index];
        if (!same) return false;
    }
    return true;
}

}  // namespace lineshaft::history
