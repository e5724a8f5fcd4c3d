// samples, row by row: machine, tag, time, order and limit are the table's own work.
#include <sqlite3.h>

#include <algorithm>
#include <cmath>

#include "query/run.h"

namespace lineshaft::query {
namespace {

constexpr int machine_column = 0, tag_column = 1, time_column = 2;

enum Plan : int { by_series = 0, descending = 1, merged = 2, at_instant = 4 };

/// The samples of one series, page by page.
class Stream {
public:
    Stream(const history::Series& series, Window window, bool is_descending, std::size_t page)
        : series_(&series), window_(window), is_descending_(is_descending), page_(page) {}

    bool is_at_end() const { return at_ == samples_.size(); }
    Instant time() const { return {samples_.at[at_]}; }
    const history::Series& series() const { return *series_; }
    const history::Columns& samples() const { return samples_; }
    std::size_t index() const { return at_; }

    /// Begins, or goes on once the page is used up.
    Outcome<void> fill(Run& run, std::size_t page_max) {
        if (!is_at_end() || is_over_) return {};
        if (!run.may_go_on()) return std::unexpected(*run.failure);
        run.meter.give_back(samples_.size_bytes());
        if (is_descending_) {
            TRY_VOID(fill_backwards(run));
        } else {
            auto found = run.wait(run.history.columns(*series_, window_, page_));
            if (!found) return std::unexpected(failure_of(found.error()));
            samples_ = std::move(*found);
        }
        at_ = 0;
        is_over_ = samples_.size() < page_;
        if (!samples_.is_empty()) {
            if (is_descending_)
                window_.until = {samples_.at.back()};
            else
                window_.from = {samples_.at.back() + 1};
        }
        page_ = std::min(page_ * 4, page_max);
        if (!run.meter.take(samples_.size_bytes()))
            return refuse("53200", "out of memory: the statement needs more than sql.memory");
        return {};
    }
    Outcome<void> next(Run& run, std::size_t page_max) {
        ++at_;
        return fill(run, page_max);
    }

private:
    Outcome<void> fill_backwards(Run& run) {
        auto found = run.wait(
            run.history.read(*series_, window_, page_, history::History::Order::descending));
        if (!found) return std::unexpected(failure_of(found.error()));
        samples_.clear();
        for (const auto& sample : *found) samples_.push(sample);
        return {};
    }

    const history::Series* series_;
    Window window_;
    bool is_descending_;
    std::size_t page_;
    bool is_over_ = false;
    history::Columns samples_;
    std::size_t at_ = 0;
};

class SamplesScan final : public Scan {
public:
    explicit SamplesScan(Run& run) : run_(run) {}
    ~SamplesScan() override { clear(); }

    Outcome<void> start(int plan, std::string_view words,
                        std::span<sqlite3_value*> values) override {
        if ((plan & at_instant) != 0 && (plan_ & at_instant) != 0 && values.size() == 3 &&
            go_near(words, values))
            return {};
        clear();
        plan_ = plan;
        SeriesChoice choice;
        window_ = {first_instant, end_instant};
        for (std::size_t index = 0; index < values.size() && index < words.size(); ++index)
            take(words[index], values[index], choice);
        if (window_.from >= window_.until) return {};
        TRY(series_, series_chosen(run_, choice));
        if ((plan_ & at_instant) != 0) return start_at_instant();
        if ((plan_ & merged) != 0) return start_merged();
        return go_to_next_series();
    }
    bool is_at_end() const override {
        return (plan_ & at_instant) != 0 ? !is_found_ : streams_.empty();
    }
    Outcome<void> next() override {
        if ((plan_ & at_instant) != 0) {
            is_found_ = false;
            return {};
        }
        if ((plan_ & merged) != 0) return next_merged();
        TRY_VOID(streams_.front().next(run_, page_max));
        if (!streams_.front().is_at_end()) return {};
        return go_to_next_series();
    }
    void column(sqlite3_context* out, int index) const override {
        const bool is_near = (plan_ & at_instant) != 0;
        const history::Series& series = is_near ? series_.front() : streams_.front().series();
        const auto& samples = is_near ? near_ : streams_.front().samples();
        const std::size_t at = is_near ? near_at_ : streams_.front().index();
        const history::Mark mark = samples.mark[at];
        const auto put = [out](std::string_view text) {
            sqlite3_result_text64(out, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        };
        const bool is_text = mark.kind() == history::Kind::text;
        switch (index) {
            case machine_column: return put(series.machine);
            case tag_column: return put(series.tag);
            case time_column: return sqlite3_result_int64(out, samples.at[at]);
            case 3:
                if (is_text || !mark.is_believable()) return sqlite3_result_null(out);
                return sqlite3_result_double(out, samples.number(at));
            case 4:
                if (!is_text || mark.quality() == history::Quality::missing)
                    return sqlite3_result_null(out);
                return put(samples.text_at(at));
            default: return put(history::name_of(mark.quality()));
        }
    }

private:
    static constexpr std::size_t page_first = 128, page_max = 8192;

    void clear() {
        for (const Stream& stream : streams_) run_.meter.give_back(stream.samples().size_bytes());
        streams_.clear();
        run_.meter.give_back(series_.size() * sizeof(history::Series) + near_.size_bytes());
        series_.clear();
        near_.clear();
        is_found_ = false;
        next_series_ = 0;
    }

    // One instant of one series, as a join asks for one after the other: what lies behind it is
    // read with it, and kept.
    Outcome<void> start_at_instant() {
        asked_ = window_.from;
        if (series_.empty()) return {};
        window_.until = end_instant;
        run_.meter.give_back(near_.size_bytes());
        auto found = run_.wait(run_.history.columns(series_.front(), window_, near_page_));
        if (!found) return std::unexpected(failure_of(found.error()));
        is_near_all_ = found->size() < near_page_;
        near_page_ = std::min(near_page_ * 4, page_max);
        near_ = std::move(*found);
        if (!run_.meter.take(near_.size_bytes()))
            return refuse("53200", "out of memory: the statement needs more than sql.memory");
        near_from_ = window_.from;
        find_near(0);
        return {};
    }
    void find_near(std::size_t from) {
        const auto begin = near_.at.begin() + static_cast<std::ptrdiff_t>(from);
        const auto found = std::lower_bound(begin, near_.at.end(), asked_.micros);
        near_at_ = static_cast<std::size_t>(found - near_.at.begin());
        is_found_ = found != near_.at.end() && *found == asked_.micros;
    }
    // True: what is asked lies in what was read, or would.
    bool go_near(std::string_view words, std::span<sqlite3_value*> values) {
        Instant at{};
        for (std::size_t index = 0; index < 3; ++index) {
            sqlite3_value* value = values[index];
            if (words[index] == '=') {
                if (sqlite3_value_type(value) != SQLITE_INTEGER) return false;
                at = Instant{sqlite3_value_int64(value)};
                continue;
            }
            if (series_.empty() || sqlite3_value_type(value) != SQLITE_TEXT) return false;
            const auto& name = words[index] == 'm' ? series_.front().machine : series_.front().tag;
            if (text_of(value) != name) return false;
        }
        const bool is_inside =
            at >= near_from_ && (is_near_all_ || (!near_.is_empty() && at.micros <= near_.at.back()));
        if (!is_inside) return false;
        const bool is_ahead = at >= asked_;
        asked_ = at;
        // The next is mostly the next.
        if (is_ahead && near_at_ + 1 < near_.size() && near_.at[near_at_ + 1] == at.micros) {
            ++near_at_;
            is_found_ = true;
            return true;
        }
        find_near(is_ahead ? std::min(near_at_, near_.size()) : 0);
        return true;
    }

    void take(char word, sqlite3_value* value, SeriesChoice& choice) {
        if (sqlite3_value_type(value) == SQLITE_NULL) window_.until = window_.from;
        if (word == 'm') choice.machines = {std::string(text_of(value))};
        if (word == 't') choice.tags = {std::string(text_of(value))};
        if (word == 'M') choice.machine_likes.emplace_back(text_of(value));
        if (word == 'T') choice.tag_likes.emplace_back(text_of(value));
        // A time that is no whole number is compared by SQLite again; here a bound is enough.
        const double real = sqlite3_value_double(value);
        if (std::abs(real) > 9e18) return;
        const std::int64_t at = sqlite3_value_int64(value);
        if (word == '=' || word == 'g' || word == '>')
            window_.from = std::max(
                window_.from,
                Instant{word == '>' && sqlite3_value_type(value) == SQLITE_INTEGER ? at + 1 : at});
        if (word == '=' || word == 'l' || word == '<')
            window_.until = std::min(
                window_.until,
                Instant{word == '<' && sqlite3_value_type(value) == SQLITE_INTEGER ? at : at + 1});
    }

    Outcome<void> go_to_next_series() {
        for (const Stream& stream : streams_) run_.meter.give_back(stream.samples().size_bytes());
        streams_.clear();
        while (next_series_ < series_.size()) {
            Stream stream(series_[next_series_++], window_, (plan_ & descending) != 0, page_first);
            TRY_VOID(stream.fill(run_, page_max));
            if (stream.is_at_end()) continue;
            streams_.push_back(std::move(stream));
            return {};
        }
        return {};
    }

    // Many series as one, by time: a heap of streams, the next row's at the front.
    Outcome<void> start_merged() {
        const std::size_t page =
            std::clamp<std::size_t>(100'000 / std::max<std::size_t>(1, series_.size()), 16, 1024);
        for (const auto& series : series_) {
            Stream stream(series, window_, (plan_ & descending) != 0, page);
            TRY_VOID(stream.fill(run_, page));
            if (!stream.is_at_end()) streams_.push_back(std::move(stream));
        }
        merged_page_ = page;
        for (std::size_t index = streams_.size() / 2; index-- > 0;) sink(index);
        return {};
    }
    Outcome<void> next_merged() {
        Stream& first = streams_.front();
        TRY_VOID(first.next(run_, merged_page_));
        if (first.is_at_end()) {
            std::swap(streams_.front(), streams_.back());
            streams_.pop_back();
        }
        if (!streams_.empty()) sink(0);
        return {};
    }
    bool is_before(const Stream& a, const Stream& b) const {
        return (plan_ & descending) != 0 ? a.time() > b.time() : a.time() < b.time();
    }
    void sink(std::size_t at) {
        for (;;) {
            std::size_t least = at;
            for (const std::size_t child : {2 * at + 1, 2 * at + 2}) {
                if (child < streams_.size() && is_before(streams_[child], streams_[least]))
                    least = child;
            }
            if (least == at) return;
            std::swap(streams_[at], streams_[least]);
            at = least;
        }
    }

    Run& run_;
    int plan_ = 0;
    Window window_{};
    std::vector<history::Series> series_;
    std::size_t next_series_ = 0, merged_page_ = 0;
    history::Columns near_;  // of at_instant: samples from near_from_ on
    Instant near_from_{}, asked_{};
    std::size_t near_at_ = 0, near_page_ = 16;
    bool is_near_all_ = false, is_found_ = false;
    std::vector<Stream> streams_;  // one; merged: all that have rows left
};

class SamplesTable final : public Table {
public:
    std::string declaration() const override { return declaration_of(shown_tables()[3].columns); }
    std::unique_ptr<Scan> open(Run& run) const override {
        return std::make_unique<SamplesScan>(run);
    }

    void best_index(sqlite3_index_info& ask) const override {
        std::string words;
        double rows = 1e8;
        bool has_machine = false, has_tag = false;
        for (int index = 0; index < ask.nConstraint; ++index) {
            const auto& constraint = ask.aConstraint[index];
            if (constraint.usable == 0) continue;
            const char word = word_of_constraint(constraint.iColumn, constraint.op);
            if (word == 0 || (word == 'm' && has_machine) || (word == 't' && has_tag)) continue;
            has_machine = has_machine || word == 'm';
            has_tag = has_tag || word == 't';
            rows /= word == 'm' ? 300 : word == 't' || word == '=' ? 20 : 4;
            words += word;
            ask.aConstraintUsage[index].argvIndex = static_cast<int>(words.size());
            // Only such series are read; what is compared with times may not be whole.
            ask.aConstraintUsage[index].omit = word == 'm' || word == 't' ? 1 : 0;
        }
        const bool is_instant = words.size() == 3 && words.contains('m') && words.contains('t') &&
                                words.contains('=');
        ask.idxNum = is_instant ? at_instant : by_series;
        if (is_instant)
            rows = 1;
        else
            order(ask, has_machine, has_tag);
        ask.idxStr = sqlite3_mprintf("%s", words.c_str());
        ask.needToFreeIdxStr = 1;
        ask.estimatedCost = std::max(rows, 10.0);
        ask.estimatedRows = static_cast<sqlite3_int64>(std::max(rows, 10.0));
    }

private:
    static char word_of_constraint(int column, int op) {
        if (column == machine_column || column == tag_column) {
            const bool is_machine = column == machine_column;
            if (op == SQLITE_INDEX_CONSTRAINT_EQ) return is_machine ? 'm' : 't';
            if (op == SQLITE_INDEX_CONSTRAINT_LIKE) return is_machine ? 'M' : 'T';
            return 0;
        }
        if (column != time_column) return 0;
        switch (op) {
            case SQLITE_INDEX_CONSTRAINT_EQ: return '=';
            case SQLITE_INDEX_CONSTRAINT_GT: return '>';
            case SQLITE_INDEX_CONSTRAINT_GE: return 'g';
            case SQLITE_INDEX_CONSTRAINT_LT: return '<';
            case SQLITE_INDEX_CONSTRAINT_LE: return 'l';
            default: return 0;
        }
    }

    /// Rows come by machine, tag and time anyway; by time alone when that is asked for.
    static void order(sqlite3_index_info& ask, bool has_machine, bool has_tag) {
        if (ask.nOrderBy == 0) return;
        if (ask.nOrderBy == 1 && ask.aOrderBy[0].iColumn == time_column) {
            ask.orderByConsumed = 1;
            ask.idxNum = (ask.aOrderBy[0].desc != 0 ? descending : 0) |
                         (has_machine && has_tag ? 0 : merged);
            return;
        }
        int expected = machine_column;
        for (int index = 0; index < ask.nOrderBy; ++index) {
            if (expected == machine_column && has_machine &&
                ask.aOrderBy[index].iColumn != machine_column)
                ++expected;
            if (expected == tag_column && has_tag && ask.aOrderBy[index].iColumn != tag_column)
                ++expected;
            if (ask.aOrderBy[index].iColumn != expected || ask.aOrderBy[index].desc != 0) return;
            ++expected;
        }
        ask.orderByConsumed = 1;
    }
};

}  // namespace

const Table& samples_table() {
    static const SamplesTable table;
    return table;
}

}  // namespace lineshaft::query
