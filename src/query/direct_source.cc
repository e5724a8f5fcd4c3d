// Rows of newest values, of samples, and of the kernel's buckets.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "query/direct_source.h"
#include "query/values.h"

namespace lineshaft::query {
namespace {

/// One sample, wherever it comes from.
struct SampleSeen {
    const history::Series* series;
    const catalog::MachineEntry* entry;
    Instant at;
    history::Mark mark;
    double number;
    std::string_view text;

    bool is_number() const {
        return mark.kind() != history::Kind::text && mark.is_believable() && !std::isnan(number);
    }
    bool fits(const history::Only& only) const {
        if ((only.qualities >> static_cast<unsigned>(mark.quality()) & 1) == 0) return false;
        return !only.are_numbers || (is_number() && only.takes(number));
    }
    Value value_of(const DirectRun& run, const Item& item) const {
        switch (item.what) {
            case What::machine: return series->machine;
            case What::tag: return series->tag;
            case What::time: return at;
            case What::value: return is_number() ? Value(number) : Value();
            case What::text: {
                const bool is_text = mark.kind() == history::Kind::text &&
                                     mark.quality() != history::Quality::missing;
                return is_text ? Value(std::string(text)) : Value();
            }
            case What::quality: return std::string(history::name_of(mark.quality()));
            default: return said_of(run, entry, item);
        }
    }
};

SampleSeen seen_of(const history::Series& series, const catalog::MachineEntry* entry,
                   const history::Columns& samples, std::size_t index) {
    const history::Mark mark = samples.mark[index];
    const bool is_text = mark.kind() == history::Kind::text;
    return {&series,
            entry,
            {samples.at[index]},
            mark,
            samples.number(index),
            is_text ? samples.text_at(index) : std::string_view()};
}

SampleSeen seen_of(const history::Series& series, const catalog::MachineEntry* entry,
                   const history::Sample& sample) {
    const auto* text = std::get_if<std::string>(&sample.value);
    return {&series,
            entry,
            sample.at,
            history::Mark(history::kind_of(sample.value), sample.quality),
            history::number_of(sample.value),
            text != nullptr ? std::string_view(*text) : std::string_view()};
}

void put_sample(const DirectRun& run, const SampleSeen& sample, std::vector<Value>& page) {
    for (const Item& item : run.ask->items) page.push_back(sample.value_of(run, item));
}

class LatestSource final : public DirectSource {
public:
    using DirectSource::DirectSource;
    bool is_in_order() const override {
        const auto& order = ask().order;
        for (std::size_t index = 0; index < order.size(); ++index) {
            const What wanted = index == 0 ? What::machine : What::tag;
            if (index > 1 || order[index].is_down || ask().items[order[index].item].what != wanted)
                return false;
        }
        return true;
    }
    io::Task<Outcome<bool>> fill(std::vector<Value>* page, std::size_t) override {
        if (!has_series()) co_await find_series();
        const std::size_t until = std::min(series().size(), next_ + page_rows);
        auto newest = co_await answers().newest_of(list(), next_, until);
        if (!newest) co_return std::unexpected(failure_of(newest.error()));
        make_room(*page, newest->size());
        for (std::size_t index = next_; index < until; ++index) {
            const std::size_t row = index - next_;
            if (newest->at[row] == INT64_MIN || !chosen_.window.contains({newest->at[row]}))
                continue;
            const history::Series& one = series()[index];
            const auto seen = seen_of(one, entry_if_joined(one), *newest, row);
            if (seen.fits(chosen_.only)) put_sample(run_, seen, *page);
        }
        next_ = until;
        co_return next_ < series().size();
    }

private:
    std::size_t next_ = 0;
};

/// By series, or of one by time in either direction.
class SamplesSource final : public DirectSource {
public:
    using DirectSource::DirectSource;
    bool is_in_order() const override { return true; }
    io::Task<Outcome<bool>> fill(std::vector<Value>* page, std::size_t wanted) override {
        if (!has_series()) {
            co_await find_series();
            window_ = chosen_.window;
        }
        if (next_ == series().size()) co_return false;
        const history::Series& one = series()[next_];
        const auto* entry = entry_if_joined(one);
        const std::size_t count = std::clamp<std::size_t>(wanted, 16, page_);
        page_ = std::min(page_ * 2, page_rows_max);
        std::size_t found = 0;
        if (!ask().order.empty() && ask().order[0].is_down) {
            auto samples = co_await run_.history->read(one, window_, count,
                                                       history::History::Order::descending);
            if (!samples) co_return std::unexpected(failure_of(samples.error()));
            for (const auto& sample : *samples) {
                const auto seen = seen_of(one, entry, sample);
                if (seen.fits(chosen_.only)) put_sample(run_, seen, *page);
            }
            found = samples->size();
            if (found > 0) window_.until = samples->back().at;
        } else {
            auto samples = co_await run_.history->columns(one, window_, count);
            if (!samples) co_return std::unexpected(failure_of(samples.error()));
            found = samples->size();
            put_all(*samples, one, entry, *page);
            if (found > 0) window_.from = Instant{samples->at.back() + 1};
        }
        if (found < count) {
            ++next_;
            window_ = chosen_.window;
        }
        co_return next_ < series().size();
    }

private:
    void put_all(const history::Columns& samples, const history::Series& one,
                 const catalog::MachineEntry* entry, std::vector<Value>& page) const {
        make_room(page, samples.size());
        for (std::size_t index = 0; index < samples.size(); ++index) {
            const SampleSeen seen = seen_of(one, entry, samples, index);
            if (seen.fits(chosen_.only)) put_sample(run_, seen, page);
        }
    }
    std::size_t next_ = 0, page_ = page_rows;
    Window window_{};
};

/// Buckets of groups; groups in order of what they are called.
class KernelSource final : public DirectSource {
public:
    KernelSource(const DirectRun& run, const DirectChoice& chosen) : DirectSource(run, chosen) {
        for (const Item& item : ask().groups) {
            if (item.what != What::bucket) names_.push_back(item);
        }
        for (const Item& item : ask().items) {
            const auto found = std::ranges::find(names_, item);
            places_.push_back(static_cast<std::size_t>(found - names_.begin()));
        }
    }
    bool is_in_order() const override {
        const auto& order = ask().order;
        for (std::size_t index = 0; index < order.size(); ++index) {
            const Item& item = ask().items[order[index].item];
            const bool is_next = index < names_.size() ? item == names_[index]
                                                       : index == names_.size() &&
                                                             item.what == What::bucket;
            if (!is_next || order[index].is_down || order[index].are_nulls_first) return false;
        }
        return true;
    }
    std::size_t size_bytes() const override { return DirectSource::size_bytes() + buckets_bytes_; }

    io::Task<Outcome<bool>> fill(std::vector<Value>* page, std::size_t wanted) override {
        if (!has_series()) {
            auto begun = co_await begin();
            if (!begun) co_return std::unexpected(std::move(begun).error());
        }
        make_room(*page, wanted);
        while (wanted > 0 && next_ < sorted_.size()) {
            const std::uint32_t group = sorted_[next_];
            if (pieces_ != nullptr && group >= first_group_ + answers_[0].size()) {
                auto more = co_await next_piece();
                if (!more) co_return std::unexpected(std::move(more).error());
                continue;
            }
            const auto& buckets = answers_[0][group - first_group_];
            if (at_ == buckets.size()) {
                ++next_;
                at_ = 0;
                continue;
            }
            const history::Bucket& bucket = buckets[at_++];
            if (has(group, bucket)) put_row(group, bucket, *page);
            --wanted;
        }
        co_return next_ < sorted_.size();
    }

private:
    io::Task<Outcome<void>> begin() {
        if (chosen_.is_nothing) {
            find_nothing();
        } else {
            co_await find_series();
        }
        make_groups();
        for (std::uint32_t group = 0; group < values_.size(); ++group) sorted_.push_back(group);
        std::ranges::sort(sorted_, [this](std::uint32_t a, std::uint32_t b) {
            return is_before(values_[a], values_[b]);
        });
        if (comes_in_pieces()) {
            auto begun = answers().pieces(question_of(chosen_.only));
            if (!begun) co_return std::unexpected(failure_of(begun.error()));
            pieces_ = std::move(*begun);
            answers_.emplace_back();
            co_return Outcome<void>();
        }
        auto asked = co_await ask_all();
        co_return asked;
    }

    // Groups that come one after the other, as series do, need not all be known before the first row
    // is given: workers find the next ones meanwhile.
    bool comes_in_pieces() const {
        return chosen_.filters.empty() && values_.size() > 1 && std::ranges::is_sorted(groups_) &&
               std::ranges::is_sorted(sorted_);
    }

    io::Task<Outcome<void>> next_piece() {
        auto piece = co_await pieces_->next(time_left());
        if (!piece) co_return std::unexpected(failure_of(piece.error()));
        if (piece->groups.empty()) {  // every group was given
            next_ = sorted_.size();
            co_return Outcome<void>();
        }
        first_group_ = piece->first_group;
        answers_[0] = std::move(piece->groups);
        buckets_bytes_ = 0;
        for (const auto& group : answers_[0]) buckets_bytes_ += group.size() * sizeof(history::Bucket);
        co_return Outcome<void>();
    }

    io::Task<Outcome<void>> ask_all() {
        const std::size_t asks = 1 + chosen_.filters.size();
        for (std::size_t filter = 0; filter < asks; ++filter) {
            auto question = question_of(filter == 0 ? chosen_.only : chosen_.filters[filter - 1]);
            auto answer = co_await run_.history->aggregate(std::move(question));
            if (!answer) co_return std::unexpected(failure_of(answer.error()));
            for (const auto& group : *answer)
                buckets_bytes_ += group.size() * sizeof(history::Bucket);
            if (size_bytes() > run_.limits.memory_bytes_max) co_return std::unexpected(too_much_memory());
            answers_.push_back(std::move(*answer));
        }
        for (auto& answer : answers_) answer.resize(values_.size());
        if (!ask().is_grouped && answers_[0][0].empty())
            answers_[0][0].emplace_back();  // of nothing there is one row, too
        co_return Outcome<void>();
    }

    std::chrono::milliseconds time_left() const {
        return std::max(deadline_ - run_.clock->steady(), std::chrono::milliseconds(1));
    }

    history::Aggregate question_of(const history::Only& only) const {
        history::Aggregate question;
        question.series.reserve(series().size());
        for (const history::Series& one : series())  // what they are called is not asked
            question.series.push_back({one.id, one.organisation, one.machine, {}, one.kind});
        question.group = groups_;
        question.window = chosen_.window;
        question.only = only;
        question.stop = run_.stop;
        question.time_max = time_left();
        if (ask().step > 0) {
            question.step = std::chrono::microseconds(ask().step);
            question.steps_from = {step_bucket(ask().step, chosen_.window.from.micros)};
        }
        return question;
    }

    void make_groups() {
        if (!ask().is_grouped || names_.empty()) {
            if (!ask().is_grouped || !series().empty()) values_.emplace_back();
            groups_.assign(series().size(), 0);
            return;
        }
        std::unordered_map<std::string, std::uint32_t> known;
        std::vector<Value> names(names_.size());
        const catalog::MachineEntry* entry = nullptr;
        std::string key;
        for (std::size_t index = 0; index < series().size(); ++index) {
            const history::Series& one = series()[index];
            if (index == 0 || one.machine != series()[index - 1].machine)
                entry = entry_if_joined(one);
            key.clear();
            for (std::size_t name = 0; name < names_.size(); ++name) {
                const What what = names_[name].what;
                names[name] = what == What::tag       ? Value(one.tag)
                              : what == What::machine ? Value(one.machine)
                                                      : said_of(run_, entry, names_[name]);
                const auto* text = std::get_if<std::string>(&names[name]);
                if (text != nullptr) key.append(std::to_string(text->size())).append(":");
                key += text != nullptr ? *text : "-";
            }
            const auto [found, is_new] =
                known.try_emplace(key, static_cast<std::uint32_t>(values_.size()));
            if (is_new) values_.push_back(names);
            groups_.push_back(found->second);
        }
    }

    // NULL last.
    static bool is_before(const std::vector<Value>& a, const std::vector<Value>& b) {
        for (std::size_t index = 0; index < a.size(); ++index) {
            if (a[index] == b[index]) continue;
            const auto* left = std::get_if<std::string>(&a[index]);
            const auto* right = std::get_if<std::string>(&b[index]);
            if (left == nullptr || right == nullptr) return left != nullptr;
            return *left < *right;
        }
        return false;
    }

    Value value_at(const Item& item, std::uint32_t group, const history::Bucket& bucket) const {
        if (item.filter == 0) return value_of(item.what, bucket);
        return value_of(item.what, filtered(item.filter, group, bucket.start));
    }
    bool has(std::uint32_t group, const history::Bucket& bucket) const {
        return std::ranges::all_of(chosen_.having, [&](const auto& condition) {
            const auto number = number_of_value(value_at(condition.first, group, bucket));
            return number && condition.second.takes(*number);
        });
    }
    void put_row(std::uint32_t group, const history::Bucket& bucket, std::vector<Value>& page) {
        for (std::size_t index = 0; index < places_.size(); ++index) {
            const Item& item = ask().items[index];
            page.push_back(places_[index] < names_.size() ? values_[group][places_[index]]
                                                          : value_at(item, group, bucket));
        }
    }

    const history::Bucket& filtered(std::size_t filter, std::uint32_t group, Instant start) const {
        static const history::Bucket none{};
        const auto& buckets = answers_[filter][group];
        const auto found =
            std::ranges::lower_bound(buckets, start, {}, &history::Bucket::start);
        return found != buckets.end() && found->start == start ? *found : none;
    }

    static Value value_of(What what, const history::Bucket& bucket) {
        switch (what) {
            case What::bucket: return bucket.start;
            case What::count_all: return static_cast<std::int64_t>(bucket.count_all);
            case What::count: return static_cast<std::int64_t>(bucket.count);
            case What::seen_from: return bucket.count_all > 0 ? Value(bucket.seen_from) : Value();
            case What::seen_until: return bucket.count_all > 0 ? Value(bucket.seen_until) : Value();
            default: break;
        }
        if (bucket.count == 0) return {};
        double number = 0;
        switch (what) {
            case What::sum: number = bucket.sum; break;
            case What::average: number = bucket.average(); break;
            case What::low: number = bucket.min; break;
            case What::high: number = bucket.max; break;
            case What::first: number = bucket.first; break;
            default: number = bucket.last;
        }
        return std::isnan(number) ? Value() : Value(number);
    }

    std::vector<Item> names_;          // of groups, without the bucket
    std::vector<std::size_t> places_;  // of each item in names_; names_.size(): none
    std::vector<std::uint32_t> groups_;
    std::vector<std::vector<Value>> values_;                    // by group, as names_
    std::vector<std::uint32_t> sorted_;                         // groups
    std::vector<std::vector<std::vector<history::Bucket>>> answers_;  // by filter, by group
    std::unique_ptr<history::BucketPieces> pieces_;  // then answers_ has the groups of one of them
    std::uint32_t first_group_ = 0;                  // of those
    std::size_t next_ = 0, at_ = 0, buckets_bytes_ = 0;
};

}  // namespace

const std::vector<history::Series>& DirectSource::series() const {
    static const std::vector<history::Series> none;
    return list_ != nullptr ? list_->series : none;
}

io::Task<void> DirectSource::find_series() {
    auto named = co_await answers().listed(chosen_.series);
    list_ = chosen_.fitting(std::move(named));
}

std::unique_ptr<DirectSource> DirectSource::make(const DirectRun& run,
                                                 const DirectChoice& chosen) {
    if (run.ask->from == Direct::From::kernel) return std::make_unique<KernelSource>(run, chosen);
    if (run.ask->from == Direct::From::latest) return std::make_unique<LatestSource>(run, chosen);
    return std::make_unique<SamplesSource>(run, chosen);
}

}  // namespace lineshaft::query
