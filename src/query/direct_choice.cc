// Which series and samples the conditions of a SELECT without SQLite leave.
#include <algorithm>
#include <cmath>

#include "query/direct_source.h"
#include "query/values.h"
#include "trust/rights.h"

namespace lineshaft::query {

std::optional<double> number_of_value(const Value& value) {
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    return {};
}

Value said_of(const DirectRun& run, const catalog::MachineEntry* entry, const Item& item) {
    const auto or_nothing = [](const std::optional<std::string>& text) {
        return text ? Value(*text) : Value();
    };
    if (entry == nullptr) return {};
    switch (item.what) {
        case What::machine: return entry->machine.id;
        case What::name: return or_nothing(entry->machine.name);
        case What::kind: return or_nothing(entry->machine.kind);
        case What::site: {
            if (!entry->machine.site) return {};
            const auto* site =
                run.catalog->site(run.scope.who->organisation, *entry->machine.site);
            return site != nullptr ? Value(site->name) : Value();
        }
        case What::attribute: return or_nothing(attribute_text(entry, item.key));
        default: return {};
    }
}

Failure too_much_memory() {
    return {.sqlstate = "53200",
            .message = "out of memory: the statement needs more than sql.memory",
            .hint = "Ask for less at once, or raise sql.memory."};
}

Outcome<void> DirectChoice::resolve() {
    series.organisation = run.scope.who->organisation;
    for (const Condition& condition : run.ask->conditions) {
        TRY_VOID(take(condition, only));
    }
    for (const auto& conditions : run.ask->filters) {
        history::Only filter = only;
        const bool was_nothing = is_nothing;
        for (const Condition& condition : conditions) {
            TRY_VOID(take(condition, filter));
        }
        if (is_nothing != was_nothing) filter.qualities = 0;  // of the filter alone
        is_nothing = was_nothing;
        filters.push_back(filter);
    }
    for (const Condition& condition : run.ask->having) {
        history::Only bounds;
        const bool was_nothing = is_nothing;
        TRY_VOID(take(condition, bounds));
        if (is_nothing != was_nothing) bounds.low = NAN;  // nothing fits
        is_nothing = was_nothing;
        having.emplace_back(condition.on, bounds);
    }
    is_nothing = is_nothing || window.from >= window.until;
    return {};
}

// Whether a join with the machines leaves it.
bool DirectChoice::is_left(const catalog::MachineEntry* entry) const {
    if (entry == nullptr) return false;
    return std::ranges::all_of(of_machines, [&](const auto& condition) {
        const Value said = said_of(run, entry, condition.first);
        const auto* text = std::get_if<std::string>(&said);
        return text != nullptr && std::ranges::find(condition.second, *text) !=
                                      condition.second.end();
    });
}

bool DirectChoice::takes(const history::Series& one) const {
    if (one.tag.starts_with('$')) return false;  // no tag of the machine's
    const trust::Principal& who = *run.scope.who;
    if (who.is_machine() && !trust::is_own_machine(who, one.machine)) return false;
    return std::ranges::all_of(likes, [&](const auto& like) {
        return is_like(like.first == What::machine ? one.machine : one.tag, like.second, false);
    });
}

// Whether nothing but names says which.
bool DirectChoice::takes_all() const {
    return !run.scope.who->is_machine() && !run.ask->joins_machines && likes.empty() &&
           series.tags && std::ranges::none_of(*series.tags, [](const std::string& tag) {
               return tag.starts_with('$');
           });
}

history::SeriesListPtr DirectChoice::fitting(history::SeriesListPtr named) const {
    if (takes_all()) return named;
    auto left = std::make_shared<history::SeriesList>();
    const std::string* machine = nullptr;
    bool is_kept = false;
    for (std::size_t index = 0; index < named->series.size(); ++index) {
        const history::Series& one = named->series[index];
        if (machine == nullptr || *machine != one.machine) {  // they come by machine
            machine = &one.machine;
            is_kept = !run.ask->joins_machines || is_left(entry_of(one.machine));
        }
        if (!is_kept || !takes(one)) continue;
        left->series.push_back(one);
        left->owners.push_back(named->owners[index]);
    }
    return left;
}

Outcome<Value> DirectChoice::value_of(const Fixed& fixed) const {
    if (fixed.from == Fixed::From::now) return Value(Instant{run.now.micros + fixed.micros});
    if (fixed.from == Fixed::From::literal) return fixed.value;
    if (fixed.parameter == 0 || fixed.parameter > run.parameters.size())
        return refuse("08P01", "a parameter is missing");
    return run.parameters[fixed.parameter - 1];
}

Outcome<void> DirectChoice::take(const Condition& condition, history::Only& into) {
    if (condition.op == Condition::Op::not_null) {
        into.are_numbers = true;
        return {};
    }
    std::vector<Value> values;
    for (const Fixed& fixed : condition.values) {
        TRY(Value value, value_of(fixed));
        if (type_of(value) != Type::null) values.push_back(std::move(value));
    }
    if (values.empty()) {  // nothing is equal to NULL
        is_nothing = true;
        return {};
    }
    if (condition.on.what == What::time) return take_time(condition.op, values[0]);
    if (condition.on.what == What::value || condition.on.what >= What::count_all) {
        const auto number = number_of_value(values[0]);
        if (!number) return refuse("42804", "value is compared with what is no number");
        if (std::isnan(*number)) is_nothing = true;
        using enum Condition::Op;
        const Condition::Op op = condition.op;
        tighten(into, op == any || op == more || op == more_equal,
               op == any || op == less || op == less_equal, op == more || op == less, *number);
        return {};
    }
    return take_texts(condition, values, into);
}

Outcome<void> DirectChoice::take_time(Condition::Op op, const Value& value) {
    using enum Condition::Op;
    const auto* instant = std::get_if<Instant>(&value);
    if (instant == nullptr) return refuse("42804", "time is compared with what is no instant");
    const std::int64_t at =
        std::clamp(instant->micros, first_instant.micros, end_instant.micros);
    if (op == more_equal || op == any) window.from = std::max(window.from, Instant{at});
    if (op == more) window.from = std::max(window.from, Instant{at + 1});
    if (op == less) window.until = std::min(window.until, Instant{at});
    if (op == less_equal || op == any)
        window.until = std::min(window.until, Instant{at + 1});
    return {};
}

Outcome<void> DirectChoice::take_texts(const Condition& condition,
                                       const std::vector<Value>& values, history::Only& into) {
    std::vector<std::string> texts;
    for (const Value& value : values) {
        const auto* text = std::get_if<std::string>(&value);
        if (text == nullptr) return refuse("42804", "a text is compared with what is none");
        texts.push_back(*text);
    }
    const What what = condition.on.what;
    if (condition.op == Condition::Op::like) {
        likes.emplace_back(what, std::move(texts[0]));
    } else if (what == What::machine || what == What::tag) {
        auto& names = what == What::machine ? series.machines : series.tags;
        if (names) {
            std::erase_if(*names, [&](const auto& name) {
                return std::ranges::find(texts, name) == texts.end();
            });
        } else {
            names = std::move(texts);
        }
    } else if (what == What::quality) {
        into.qualities &= qualities_named(texts);
    } else {
        of_machines.emplace_back(condition.on, std::move(texts));
    }
    return {};
}

}  // namespace lineshaft::query
