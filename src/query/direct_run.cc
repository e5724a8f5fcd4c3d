// SELECTs without SQLite, under way: pages of rows, in order, as many as are wanted.
#include <algorithm>

#include "query/direct_source.h"

namespace lineshaft::query {
namespace {

constexpr std::size_t rows_between_yields = 8192, pages_between_yields = 4;
constexpr std::size_t rows_sorted_here = 8192;  // more are sorted on a thread

/// Of one kind, neither is NULL.
bool is_less(const Value& left, const Value& right) {
    if (const auto* text = std::get_if<std::string>(&left))
        return *text < std::get<std::string>(right);
    if (const auto* real = std::get_if<double>(&left)) return *real < std::get<double>(right);
    if (const auto* whole = std::get_if<std::int64_t>(&left))
        return *whole < std::get<std::int64_t>(right);
    return std::get<Instant>(left) < std::get<Instant>(right);
}

/// Rows as ORDER BY says; those that are alike stay as they came.
std::vector<Value> in_order(std::vector<Value> page, const Direct& ask) {
    const std::size_t width = ask.items.size();
    std::vector<std::uint32_t> rows(page.size() / width);
    for (std::uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
    std::ranges::sort(rows, [&](std::uint32_t a, std::uint32_t b) {
        for (const Direct::Order& order : ask.order) {
            const Value& left = page[a * width + order.item];
            const Value& right = page[b * width + order.item];
            if (left == right) continue;
            const bool is_left_null = type_of(left) == Type::null;
            if (is_left_null || type_of(right) == Type::null)
                return is_left_null == order.are_nulls_first;
            return order.is_down ? is_less(right, left) : is_less(left, right);
        }
        return a < b;
    });
    std::vector<Value> sorted;
    sorted.reserve(page.size());
    for (const std::uint32_t row : rows) {
        for (std::size_t item = 0; item < width; ++item)
            sorted.push_back(std::move(page[row * width + item]));
    }
    return sorted;
}

}  // namespace

DirectRows::DirectRows(DirectRun run)
    : run_(std::move(run)), chosen_(std::make_unique<DirectChoice>(run_)) {}
DirectRows::~DirectRows() = default;

Outcome<void> DirectRows::begin() {
    TRY_VOID(chosen_->resolve());
    const auto bound = [&](const std::optional<Fixed>& fixed,
                           std::uint64_t otherwise) -> Outcome<std::uint64_t> {
        if (!fixed) return otherwise;
        TRY(const Value value, chosen_->value_of(*fixed));
        const auto* number = std::get_if<std::int64_t>(&value);
        if (number == nullptr) return otherwise;
        if (*number < 0) return refuse("2201W", "LIMIT and OFFSET must not be negative");
        return static_cast<std::uint64_t>(*number);
    };
    TRY(left_, bound(run_.ask->limit, UINT64_MAX));
    TRY(skip_, bound(run_.ask->offset, 0));
    source_ = DirectSource::make(run_, *chosen_);
    return {};
}

Outcome<void> DirectRows::may_go_on(io::Steady deadline) const {
    if (run_.stop.stop_requested())
        return refuse("57014", "canceling statement due to user request");
    if (run_.clock->steady() >= deadline) {
        return refuse("57014", "canceling statement due to statement timeout", 0,
                      "Ask for less time or fewer machines, or raise sql.timeout.");
    }
    if (page_.size() * sizeof(Value) + source_->size_bytes() > run_.limits.memory_bytes_max)
        return std::unexpected(too_much_memory());
    return {};
}

io::Task<Outcome<void>> DirectRows::more(io::Steady deadline, std::size_t wanted) {
    source_->set_deadline(deadline);
    if (++pages_ % pages_between_yields == 0)  // of which no row may be given
        co_await io::suspend<bool>([](io::Answer<bool> answer) { answer(true); });
    auto found = co_await source_->fill(&page_, wanted);
    if (auto good = may_go_on(deadline); !good) co_return good;  // it may have ended for that
    if (!found) co_return std::unexpected(std::move(found).error());
    is_over_ = !*found;
    co_return Outcome<void>();
}

// Everything, then in order.
io::Task<Outcome<void>> DirectRows::gather(io::Steady deadline) {
    while (!is_over_) {
        auto found = co_await more(deadline, page_rows_max);
        if (!found) co_return found;
    }
    if (page_.size() / run_.ask->items.size() <= rows_sorted_here) {
        page_ = in_order(std::move(page_), *run_.ask);
        co_return Outcome<void>();
    }
    auto work = [rows = std::move(page_), ask = run_.ask]() mutable -> Result<std::vector<Value>> {
        return in_order(std::move(rows), *ask);
    };
    auto sorted = co_await run_.workers->run(std::move(work));
    if (!sorted) co_return refuse("53300", "too many statements at once, try again");
    page_ = std::move(*sorted);
    co_return Outcome<void>();
}

io::Task<Outcome<Batch>> DirectRows::next(std::size_t rows_max) {
    const io::Steady began = run_.clock->steady();
    const io::Steady deadline = began + run_.limits.time_max - spent_;
    if (!source_) {
        if (auto begun = begin(); !begun) co_return std::unexpected(std::move(begun).error());
        if (auto good = may_go_on(deadline); !good) co_return std::unexpected(std::move(good).error());
        is_over_ = chosen_->is_nothing && run_.ask->from != Direct::From::kernel;
        if (!source_->is_in_order()) {
            auto gathered = co_await gather(deadline);
            if (!gathered) co_return std::unexpected(std::move(gathered).error());
        }
    } else if (since_yield_ >= rows_between_yields) {
        since_yield_ = 0;  // others wait for this shard, too
        co_await io::suspend<bool>([](io::Answer<bool> answer) { answer(true); });
    }
    Batch batch;
    while (!take_rows(batch, rows_max)) {
        page_.clear();
        at_ = 0;
        const std::uint64_t needed = left_ > UINT64_MAX - skip_ ? UINT64_MAX : left_ + skip_;
        const std::size_t wanted =
            std::min<std::uint64_t>(std::clamp<std::size_t>(rows_max, 64, page_rows_max), needed);
        auto found = co_await more(deadline, wanted);
        if (!found) co_return std::unexpected(std::move(found).error());
    }
    since_yield_ += batch.rows;
    spent_ += run_.clock->steady() - began;
    co_return batch;
}

// False: the page is used up, and there may be more.
bool DirectRows::take_rows(Batch& batch, std::size_t rows_max) {
    const std::size_t width = run_.ask->items.size(), shown = run_.ask->shown;
    if (const std::size_t rows = page_.size() / width;
        at_ == 0 && skip_ == 0 && shown == width && batch.rows == 0 && rows <= rows_max &&
        rows <= left_ && given_ + rows <= run_.limits.rows_max) {  // as it is
        std::swap(batch.values, page_);
        batch.rows = rows;
        given_ += rows;
        left_ -= rows;
        batch.is_last = is_over_ || left_ == 0;
        return batch.is_last || rows == rows_max;
    }
    for (; at_ < page_.size(); at_ += width) {
        if (skip_ > 0) {
            --skip_;
            continue;
        }
        if (left_ > 0 && given_ < run_.limits.rows_max && batch.rows == rows_max) return true;
        batch.is_truncated = left_ > 0 && given_ >= run_.limits.rows_max;
        if (left_ == 0 || batch.is_truncated) {
            batch.is_last = true;
            return true;
        }
        std::move(page_.begin() + static_cast<std::ptrdiff_t>(at_),
                  page_.begin() + static_cast<std::ptrdiff_t>(at_ + shown),
                  std::back_inserter(batch.values));
        ++batch.rows;
        ++given_;
        --left_;
    }
    batch.is_last = is_over_ || left_ == 0;
    return batch.is_last;
}

}  // namespace lineshaft::query
