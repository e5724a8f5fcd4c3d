// Aggregates of samples by history's kernel, as a table: ls_kernel(spec, arguments). What a spec is
// stands in kernel_ask.cc.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "query/run.h"
#include "query/syntax.h"
#include "query/values.h"

namespace lineshaft::query {
namespace {

using history::Bucket;

constexpr std::size_t edges_max = 500'000;
constexpr int spec_column = 15;

/// The first and last instant of any of them.
io::Task<Result<std::optional<Window>>> extent_of(history::History* history,
                                                  std::vector<history::Series> series) {
    std::optional<Window> all;
    for (auto& each : series) {
        auto found = co_await history->extent(std::move(each));
        if (!found) co_return std::unexpected(found.error());
        if (!*found) continue;
        if (!all) all = **found;
        all->from = std::min(all->from, (*found)->from);
        all->until = std::max(all->until, (*found)->until);
    }
    co_return all;
}

/// Buckets' edges; the first bucket may begin before the window does.
struct Edges {
    std::vector<Instant> at;
    Instant begins;  ///< the first bucket
};

class KernelScan final : public Scan {
public:
    explicit KernelScan(Run& run) : run_(run) {}
    ~KernelScan() override { clear(); }

    Outcome<void> start(int, std::string_view, std::span<sqlite3_value*> values) override {
        clear();
        if (values.size() != 2) return refuse("XX000", "the kernel was not asked anything");
        json::error_code problem;
        const json::value spec = json::parse(text_of(values[0]), problem);
        const json::value arguments = json::parse(text_of(values[1]), problem);
        if (problem || !spec.is_object() || !arguments.is_array())
            return refuse("22023", "the kernel cannot read what it was asked");
        SeriesChoice choice;
        window_ = {first_instant, end_instant};
        only_ = {};
        beside_only_ = {};
        beside_.clear();
        filters_.clear();
        std::size_t next = 0;
        const auto& given = arguments.get_array();
        if (!take_predicates(list_of(spec.get_object(), "predicates"), given, next, choice, only_))
            return {};
        SeriesChoice beside;
        if (!take_predicates(list_of(spec.get_object(), "beside"), given, next, beside, beside_only_))
            return {};
        for (const Node& predicates : list_of(spec.get_object(), "filters")) {
            history::Only filter = only_;
            if (!predicates.is_array() ||
                !take_predicates(predicates.get_array(), given, next, choice, filter))
                filter.qualities = 0;  // nothing fits
            filters_.push_back(filter);
        }
        if (window_.from >= window_.until) return {};
        TRY(series_, series_chosen(run_, choice));
        if (spec.get_object().contains("beside")) {
            TRY_VOID(choose_beside(std::move(beside), choice));
        }
        has_machine_ = flag_of(spec.get_object(), "machine");
        has_tag_ = flag_of(spec.get_object(), "tag");
        make_groups();
        if (series_.empty()) return {};
        TRY_VOID(ask_all(spec.get_object(), only_));
        for (std::size_t index = 0; index < filters_.size(); ++index) {
            filter_ = static_cast<std::uint32_t>(index + 1);
            TRY_VOID(ask_all(spec.get_object(), filters_[index]));
        }
        put_in_order();
        return {};
    }
    bool is_at_end() const override { return at_ == rows_.size(); }
    Outcome<void> next() override {
        ++at_;
        if (at_ % 1024 == 0 && !run_.may_go_on()) return std::unexpected(*run_.failure);
        return {};
    }
    void column(sqlite3_context* out, int index) const override {
        const Row& row = rows_[at_];
        const Bucket& bucket = row.bucket;
        const auto put = [out](const std::string& text) {
            sqlite3_result_text64(out, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        };
        const auto& series = series_[group_series_[row.group]];
        const auto integer = [out](std::uint64_t number) {
            sqlite3_result_int64(out, static_cast<sqlite3_int64>(number));
        };
        if (index == 0) return has_machine_ ? put(series.machine) : sqlite3_result_null(out);
        if (index == 1) return has_tag_ ? put(series.tag) : sqlite3_result_null(out);
        if (index == 2) return sqlite3_result_int64(out, bucket.start.micros);
        if (index == 3) return integer(bucket.count_all);
        if (index == 4) return integer(bucket.count);
        if (index == 12) return sqlite3_result_int64(out, row.filter);
        if (index == 13 || index == 14) {
            const Instant at = index == 13 ? bucket.seen_from : bucket.seen_until;
            return bucket.count_all > 0 ? sqlite3_result_int64(out, at.micros)
                                        : sqlite3_result_null(out);
        }
        if (bucket.count == 0 || index >= spec_column) return sqlite3_result_null(out);
        switch (index) {
            case 5: return sqlite3_result_double(out, bucket.min);
            case 6: return sqlite3_result_double(out, bucket.max);
            case 7: return sqlite3_result_double(out, bucket.sum);
            case 8: return sqlite3_result_double(out, bucket.first);
            case 9: return sqlite3_result_int64(out, bucket.first_at.micros);
            case 10: return sqlite3_result_double(out, bucket.last);
            default: return sqlite3_result_int64(out, bucket.last_at.micros);
        }
    }

private:
    struct Row {
        std::uint32_t group, filter;
        Bucket bucket;
    };

    // By group, bucket and filter, which is what best_index promises.
    void put_in_order() {
        const auto key = [](const Row& row) {
            return std::tuple(row.group, row.bucket.start, row.filter);
        };
        if (!std::ranges::is_sorted(rows_, {}, key)) std::ranges::sort(rows_, {}, key);
    }

    void clear() {
        run_.meter.give_back(rows_.size() * sizeof(Row) + series_.size() * sizeof(history::Series));
        rows_.clear();
        series_.clear();
        groups_.clear();
        group_series_.clear();
        at_ = 0;
        filter_ = 0;
    }

    // Each machine has one such series, or its samples do not count.
    Outcome<void> choose_beside(SeriesChoice beside, const SeriesChoice& choice) {
        beside.machines = choice.machines;
        TRY(const auto found, series_chosen(run_, beside));
        std::unordered_map<std::string_view, const history::Series*> of;
        for (const auto& one : found) of.emplace(one.machine, &one);
        std::erase_if(series_, [&](const auto& one) { return !of.contains(one.machine); });
        for (const auto& one : series_) beside_.push_back(*of.at(one.machine));
        return {};
    }

    // False: a condition is NULL, so nothing fits.
    bool take_predicates(const json::array& predicates, const json::array& arguments,
                         std::size_t& next, SeriesChoice& choice, history::Only& only) {
        bool may_fit = true;
        for (const Node& node : predicates) {
            if (!node.is_object()) return false;
            const auto& predicate = node.get_object();
            const std::string_view on = text_of(predicate, "on"), op = text_of(predicate, "op");
            const auto count = static_cast<std::size_t>(number_of(predicate, "count"));
            if (next + count > arguments.size()) return false;
            const std::span values(arguments.begin() + next, count);
            next += count;  // of a filter, others' stand behind
            if (on == "value")
                may_fit = take_value(op, values, only) && may_fit;
            else if (on == "time")
                may_fit = take_time(op, values[0]) && may_fit;
            else
                may_fit = take_names(on, op, values, choice, only) && may_fit;
        }
        return may_fit;
    }

    bool take_time(std::string_view op, const Node& value) {
        if (!value.is_int64()) return false;
        const std::int64_t at =
            std::clamp(value.get_int64(), first_instant.micros, end_instant.micros);
        if (op == "ge" || op == "eq") window_.from = std::max(window_.from, Instant{at});
        if (op == "gt") window_.from = std::max(window_.from, Instant{at + 1});
        if (op == "lt") window_.until = std::min(window_.until, Instant{at});
        if (op == "le" || op == "eq") window_.until = std::min(window_.until, Instant{at + 1});
        return true;
    }

    // Numbers come as their bits.
    static bool take_value(std::string_view op, std::span<const Node> values,
                           history::Only& only) {
        only.are_numbers = true;
        if (op == "is") return true;
        if (values.empty() || !values[0].is_int64()) return false;
        const double number = std::bit_cast<double>(values[0].get_int64());
        if (std::isnan(number)) return false;
        tighten(only, op == "eq" || op == "gt" || op == "ge", op == "eq" || op == "lt" || op == "le",
               op == "gt" || op == "lt", number);
        return true;
    }

    bool take_names(std::string_view on, std::string_view op, std::span<const Node> values,
                    SeriesChoice& choice, history::Only& only) {
        std::vector<std::string> texts;
        for (const Node& value : values) {
            if (value.is_string()) texts.emplace_back(value.get_string());
        }
        if (on == "quality") {
            only.qualities &= qualities_named(texts);
            return true;
        }
        auto& likes = on == "machine" ? choice.machine_likes : choice.tag_likes;
        auto& names = on == "machine" ? choice.machines : choice.tags;
        if (op == "like") {
            if (texts.empty()) return false;
            likes.push_back(texts[0]);
        } else if (!names) {
            names = std::move(texts);
        } else {
            std::erase_if(*names, [&](const auto& name) {
                return std::ranges::find(texts, name) == texts.end();
            });
        }
        return true;
    }

    void make_groups() {
        std::unordered_map<std::string_view, std::size_t> tags;
        for (std::size_t index = 0; index < series_.size(); ++index) {
            // Series come by machine and tag; tags alone come again with every machine.
            const bool is_same_machine =
                index > 0 && series_[index].machine == series_[index - 1].machine;
            std::size_t group = group_series_.size();
            if (!has_machine_ && !has_tag_)
                group = 0;
            else if (has_machine_ && !has_tag_ && is_same_machine)
                group = groups_.back();
            else if (!has_machine_)
                group = tags.try_emplace(series_[index].tag, group).first->second;
            if (group == group_series_.size()) group_series_.push_back(index);
            groups_.push_back(static_cast<std::uint32_t>(group));
        }
    }

    Outcome<void> ask_all(const json::object& spec, const history::Only& only) {
        const Node& bucket = member(spec, "bucket");
        history::Aggregate all;
        all.series = series_;
        all.group = groups_;
        all.window = window_;
        all.only = only;
        all.beside = beside_;
        all.beside_only = beside_only_;
        if (!bucket.is_object()) return ask(std::move(all), {});
        const json::object& how = bucket.get_object();
        const std::string_view kind = text_of(how, "kind");
        if (kind == "step") return ask_steps(std::move(all), number_of(how, "micros"));
        const std::string_view unit = text_of(how, "unit");
        if (kind == "trunc") {
            const std::string zone(text_of(how, "zone").empty()
                                       ? std::string_view(run_.session.time_zone)
                                       : text_of(how, "zone"));
            if (!calendar::is_time_zone(zone))
                return refuse("22023", fmt::format("time zone \"{}\" not recognized", zone));
            if (unit == "second") return ask_steps(std::move(all), micros_per_second);
            if (unit == "minute") return ask_steps(std::move(all), 60 * micros_per_second);
            if (zone == "UTC" && (unit == "hour" || unit == "day" || unit == "week"))
                return ask_steps(std::move(all), (unit == "hour"  ? 1
                                                  : unit == "day" ? 24
                                                                  : 168) *
                                                     micros_per_hour);
            return ask_between(
                std::move(all), [&](Instant at) { return truncated(unit, at, zone); },
                distance_of(unit));
        }
        if (kind == "months") {
            const std::int64_t months = number_of(how, "count", 1);
            if (months < 1 || months > 12'000)
                return refuse("22023", "a bucket has 1 to 12000 months");
            return ask_between(
                std::move(all),
                [&](Instant at) -> Outcome<Instant> { return month_bucket(months, at); },
                (months * 31 + 5) * micros_per_day);
        }
        return ask_sites(all, unit, text_of(how, "site"));
    }

    /// From any instant of a unit's period one this far on lies in the next period, not after it,
    /// when counted from the period's begin.
    static std::int64_t distance_of(std::string_view unit) {
        if (unit == "hour") return micros_per_hour * 3 / 2;
        if (unit == "day") return micros_per_hour * 36;
        if (unit == "week") return micros_per_day * 10;
        if (unit == "month") return micros_per_day * 40;
        if (unit == "quarter") return micros_per_day * 120;
        return micros_per_day * 400;
    }

    Outcome<void> ask_steps(history::Aggregate all, std::int64_t step) {
        all.step = std::chrono::microseconds(step);
        all.steps_from = {step_bucket(step, all.window.from.micros)};
        return ask(std::move(all), {});
    }

    template <class BucketOf>
    Outcome<void> ask_between(history::Aggregate all, const BucketOf& bucket_of,
                              std::int64_t distance) {
        TRY(const bool has_any, narrow(all));
        if (!has_any) return {};
        std::vector<Instant> edges{all.window.from};
        TRY(Instant begins, bucket_of(all.window.from));
        const Instant first = begins;
        while (true) {
            TRY(begins, bucket_of(Instant{begins.micros + distance}));
            if (begins >= all.window.until) break;
            if (begins > edges.back()) edges.push_back(begins);
            TRY_VOID(check_edges(edges.size()));
        }
        edges.push_back(all.window.until);
        all.edges = std::move(edges);
        return ask(std::move(all), first);
    }

    Outcome<void> ask_sites(const history::Aggregate& all, std::string_view unit_name,
                            std::string_view site) {
        auto unit = calendar::unit_of(unit_name);
        if (!unit) return std::unexpected(failure_of(unit.error()));
        std::vector<std::pair<const calendar::Calendar*, history::Aggregate>> asks;
        for (std::size_t index = 0; index < series_.size(); ++index) {
            const auto* calendar = run_.calendar_of(series_[index].machine, site);
            if (calendar == nullptr) return std::unexpected(*run_.failure);
            auto found = std::ranges::find(
                asks, calendar, &std::pair<const calendar::Calendar*, history::Aggregate>::first);
            if (found == asks.end()) {
                asks.emplace_back(calendar, history::Aggregate{});
                found = asks.end() - 1;
                found->second.window = all.window;
                found->second.only = all.only;
                found->second.beside_only = all.beside_only;
            }
            found->second.series.push_back(series_[index]);
            found->second.group.push_back(groups_[index]);
            if (!beside_.empty()) found->second.beside.push_back(beside_[index]);
        }
        for (auto& [calendar, ask_one] : asks) {
            TRY(const bool has_any, narrow(ask_one));
            if (!has_any) continue;
            auto periods = calendar->periods(*unit, ask_one.window, edges_max);
            if (!periods) return std::unexpected(failure_of(periods.error()));
            std::vector<Instant> edges;
            for (const auto& period : *periods)
                edges.push_back(std::max(period.window.from, ask_one.window.from));
            edges.push_back(ask_one.window.until);
            const Instant first = periods->front().window.from;
            ask_one.edges = std::move(edges);
            TRY_VOID(ask(std::move(ask_one), first));
        }
        return {};
    }

    Outcome<void> check_edges(std::size_t count) const {
        if (count <= edges_max) return {};
        return refuse("54000", fmt::format("more than {} buckets", edges_max), 0,
                      "Ask for less time or longer buckets.");
    }

    // To where there are samples; false: nowhere.
    Outcome<bool> narrow(history::Aggregate& all) {
        if (all.window.from > first_instant && all.window.until < end_instant) return true;
        auto extent = run_.wait(extent_of(&run_.history, all.series));
        if (!extent) return std::unexpected(failure_of(extent.error()));
        if (!*extent) return false;
        all.window.from = std::max(all.window.from, (*extent)->from);
        all.window.until = std::min(all.window.until, Instant{(*extent)->until.micros + 1});
        return all.window.from < all.window.until;
    }

    /// `first`: where the bucket begins that the window's begin cuts.
    Outcome<void> ask(history::Aggregate question, std::optional<Instant> first) {
        if (!run_.may_go_on()) return std::unexpected(*run_.failure);
        question.stop = run_.stop;
        question.time_max = run_.time_left();
        const Instant from = question.edges.empty() ? question.window.from : question.edges.front();
        auto answer = run_.wait(run_.history.aggregate(std::move(question)));
        if (!answer) {
            if (!run_.may_go_on()) return std::unexpected(*run_.failure);
            return std::unexpected(failure_of(answer.error()));
        }
        for (std::size_t group = 0; group < answer->size(); ++group) {
            if (!run_.meter.take((*answer)[group].size() * sizeof(Row)))
                return refuse("53200",
                              "out of memory: the answer's buckets need more than sql.memory");
            for (const Bucket& bucket : (*answer)[group]) {
                rows_.push_back({static_cast<std::uint32_t>(group), filter_, bucket});
                if (first && bucket.start == from) rows_.back().bucket.start = *first;
            }
        }
        return {};
    }

    Run& run_;
    Window window_{};
    bool has_machine_ = false, has_tag_ = false;
    std::vector<history::Series> series_;
    std::vector<std::uint32_t> groups_;      // of each series
    std::vector<std::size_t> group_series_;  // one series of each group
    history::Only only_{}, beside_only_{};
    std::vector<history::Series> beside_;  // of each series, if samples beside them are wanted
    std::vector<history::Only> filters_;
    std::uint32_t filter_ = 0;  // whose answers come: 0 of WHERE alone
    std::vector<Row> rows_;
    std::size_t at_ = 0;
};

class KernelTable final : public Table {
public:
    std::string declaration() const override {
        return "CREATE TABLE x(machine TEXT, tag TEXT, bucket INTEGER, n_all INTEGER, n INTEGER, "
               "low REAL, high REAL, total REAL, first REAL, first_at INTEGER, last REAL, "
               "last_at INTEGER, f INTEGER, seen_from INTEGER, seen_until INTEGER, "
               "spec TEXT HIDDEN, arguments TEXT HIDDEN)";
    }
    std::unique_ptr<Scan> open(Run& run) const override {
        return std::make_unique<KernelScan>(run);
    }
    void best_index(sqlite3_index_info& ask) const override {
        for (int index = 0; index < ask.nConstraint; ++index) {
            const auto& constraint = ask.aConstraint[index];
            if (constraint.iColumn < spec_column || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ ||
                constraint.usable == 0)
                continue;
            ask.aConstraintUsage[index].argvIndex = constraint.iColumn - spec_column + 1;
            ask.aConstraintUsage[index].omit = 1;
        }
        ask.estimatedCost = 10'000;
        ask.estimatedRows = 10'000;
        order(ask);
    }

private:
    /// Rows come by machine, tag and bucket, as far as they tell these; where they do not, all are
    /// NULL. Where groups are of tags alone, they come as machines name them.
    static void order(sqlite3_index_info& ask) {
        std::string_view spec;
        for (int index = 0; index < ask.nConstraint; ++index) {
            sqlite3_value* known = nullptr;
            if (ask.aConstraint[index].iColumn == spec_column &&
                sqlite3_vtab_rhs_value(&ask, index, &known) == SQLITE_OK && known != nullptr)
                spec = text_of(known);
        }
        const bool has_machine = spec.contains("\"machine\":true");
        const bool has_tag = spec.contains("\"tag\":true");
        if (ask.nOrderBy == 0 || spec.empty() || (has_tag && !has_machine)) return;
        int behind = -1;  // column of the term before
        for (int index = 0; index < ask.nOrderBy; ++index) {
            const int column = ask.aOrderBy[index].iColumn;
            if (ask.aOrderBy[index].desc != 0 || column > 2 || column <= behind) return;
            for (int left_out = behind + 1; left_out < column; ++left_out) {
                if ((left_out == 0 && has_machine) || (left_out == 1 && has_tag)) return;
            }
            behind = column;
        }
        ask.orderByConsumed = 1;
    }
};

}  // namespace

const Table& kernel_table() {
    static const KernelTable table;
    return table;
}

}  // namespace lineshaft::query
