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
    late_.push_from(from, index);
    if (late_.size() >= late_min + sorted_.size() / 8) settle();
    return false;
}

std::size_t Head::add(const Columns& from, std::span<const std::uint32_t> indexes) {
    sorted_.make_room(indexes.size());
    std::size_t replaced = 0;
    std::size_t done = 0;
    // Nearly always all of them: without texts and each later than the one before.
    std::int64_t newest = sorted_.is_empty() ? INT64_MIN : sorted_.at.back();
    for (; from.text.empty() && done < indexes.size(); ++done) {
        const std::uint32_t index = indexes[done];
        if (from.at[index] <= newest) break;
        newest = from.at[index];
        sorted_.push(newest, from.bits[index], from.mark[index]);
    }
    for (; done < indexes.size(); ++done) replaced += add(from, indexes[done]) ? 1 : 0;
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
        while (at_sorted < sorted_.size() && sorted_.at[at_sorted] < late_.at[index]) {
            merged.push_from(sorted_, at_sorted++);
        }
        if (at_sorted < sorted_.size() && sorted_.at[at_sorted] == late_.at[index]) {
            ++at_sorted;
            ++late_replaced_;
        }
        merged.push_from(late_, index);
    }
    while (at_sorted < sorted_.size()) merged.push_from(sorted_, at_sorted++);
    sorted_ = std::move(merged);
    late_.clear();
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
