#include "history/head.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lineshaft::history {
namespace {

constexpr std::size_t late_min = 64;

// Indexes of `late` by instant, the last to arrive only.
std::vector<std::uint32_t> order_of(const Columns& late, std::uint64_t& replaced) {
    std::vector<std::uint32_t> order(late.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return late.at[a] < late.at[b]; });
    std::vector<std::uint32_t> unique;
    unique.reserve(order.size());
    for (const std::uint32_t index : order) {
        if (!unique.empty() && late.at[unique.back()] == late.at[index]) {
            unique.back() = index;
            ++replaced;
        } else {
            unique.push_back(index);
        }
    }
    return unique;
}

// How many of these, from the first on, ascend strictly.
std::size_t ascending(const Columns& from, std::span<const std::uint32_t> indexes) {
    std::size_t count = 1;
    while (count < indexes.size() && from.at[indexes[count]] > from.at[indexes[count - 1]]) ++count;
    return count;
}

}  // namespace

bool Head::add(const Columns& from, std::size_t index) {
    const std::int64_t at = from.at[index];
    if (sorted_.is_empty() || at > sorted_.at.back()) {
        sorted_.push_from(from, index);
        return false;
    }
    if (at == sorted_.at.back()) {
        sorted_.replace(sorted_.size() - 1, from, index);
        return true;
    }
    if (add_near(from, index)) return false;
    late_.push_from(from, index);
    late_newest_ = std::max(late_newest_, at);
    if (late_.size() >= late_min + sorted_.size() / 8) settle();
    return false;
}

// Puts it where it belongs, if that is not far from the end. What waits is older, or it would win
// over what came after it.
bool Head::add_near(const Columns& from, std::size_t index) {
    constexpr std::size_t near = 32;
    const std::int64_t at = from.at[index];
    if (at <= late_newest_) return false;
    const std::size_t size = sorted_.size();
    const std::size_t first = size - std::min(near, size);
    std::size_t place = size - 1;  // the newest is newer, or nobody would call
    while (place > first && sorted_.at[place - 1] >= at) --place;
    if (place == first && first > 0) return false;
    if (sorted_.at[place] == at) {
        sorted_.replace(place, from, index);
        ++late_replaced_;
        return true;
    }
    sorted_.push_from(from, index);
    const auto rotate = [place](auto& column) {
        std::rotate(column.begin() + static_cast<std::ptrdiff_t>(place), column.end() - 1,
                    column.end());
    };
    rotate(sorted_.at);
    rotate(sorted_.bits);
    rotate(sorted_.mark);
    return true;
}

std::size_t Head::add(const Columns& from, std::span<const std::uint32_t> indexes) {
    sorted_.make_room(indexes.size(), usual_);
    const bool is_plain = from.text.empty();
    std::size_t replaced = 0;
    while (!indexes.empty()) {
        const bool is_newer =
            sorted_.is_empty() || from.at[indexes.front()] > sorted_.at.back();
        if (is_plain && is_newer) {  // nearly always, and all of them
            const std::size_t count = ascending(from, indexes);
            sorted_.push_from(from, indexes.first(count));
            indexes = indexes.subspan(count);
        } else {
            replaced += add(from, indexes.front()) ? 1 : 0;
            indexes = indexes.subspan(1);
        }
    }
    return replaced;
}

// An instant that is late was passed by the sorted ones before it arrived: the late one wins.
void Head::settle() {
    if (late_.is_empty()) return;
    const auto order = order_of(late_, late_replaced_);
    Columns merged;
    merged.reserve(sorted_.size() + order.size());
    std::size_t at_sorted = 0;
    for (const std::uint32_t index : order) {
        const auto from = sorted_.at.begin() + static_cast<std::ptrdiff_t>(at_sorted);
        const auto until = static_cast<std::size_t>(
            std::lower_bound(from, sorted_.at.end(), late_.at[index]) - sorted_.at.begin());
        merged.append(sorted_, at_sorted, until);
        at_sorted = until;
        if (at_sorted < sorted_.size() && sorted_.at[at_sorted] == late_.at[index]) {
            ++at_sorted;
            ++late_replaced_;
        }
        merged.push_from(late_, index);
    }
    merged.append(sorted_, at_sorted, sorted_.size());
    sorted_ = std::move(merged);
    late_ = {};
    late_newest_ = INT64_MIN;
}

const Columns& Head::settled() {
    settle();
    return sorted_;
}

Columns Head::take() {
    settle();
    return std::exchange(sorted_, Columns{});
}

}  // namespace lineshaft::history
