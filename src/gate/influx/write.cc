#include "gate/influx/write.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/json_quoted.h"
#include "base/machine_id.h"
#include "gate/influx/on_shard.h"
#include "trust/rights.h"

namespace lineshaft::influx {
namespace {

history::Value value_of(const FieldValue& value) {
    struct Converted {
        history::Value operator()(double number) const { return number; }
        history::Value operator()(std::int64_t whole) const { return whole; }
        history::Value operator()(std::uint64_t whole) const {
            if (whole > INT64_MAX) return static_cast<double>(whole);
            return static_cast<std::int64_t>(whole);
        }
        history::Value operator()(bool flag) const { return flag; }
        history::Value operator()(std::string_view text) const { return std::string(text); }
    };
    return std::visit(Converted{}, value);
}

// Only asked when the body as a whole is not.
bool is_line_utf8(const Line& line) {
    if (!is_utf8(line.head)) return false;
    for (const Field& field : line.fields) {
        const auto* text = std::get_if<std::string_view>(&field.value);
        if (!is_utf8(field.key) || (text != nullptr && !is_utf8(*text))) return false;
    }
    return true;
}

std::string told(const history::Appended& appended) {
    std::string out = fmt::format("partial write: {} values were not stored, all others are:",
                                  appended.refused());
    const auto add = [&](std::uint32_t count, std::string_view why) {
        if (count > 0) out += fmt::format(" {} {};", count, why);
    };
    add(appended.refused_time, "outside history.time_min and history.future_max");
    add(appended.refused_cardinality, "of more series than one machine or node may have");
    add(appended.refused_name, "with a name over its limit");
    add(appended.refused_size, "with a text over its limit");
    out.pop_back();
    return out;
}

}  // namespace

Write::Write(Door& door, trust::PrincipalPtr who, Dialect dialect, Precision precision,
             std::string_view body)
    : door_(door),
      here_(door.here()),
      who_(std::move(who)),
      dialect_(dialect),
      is_utf8_(is_utf8(body)),
      reader_(body, precision, door.limits_.line),
      intake_(door.services_.plant, who_->organisation, twin::Source::influx),
      received_(io::Shard::here().now()) {}

io::Task<io::http::Response> Write::run() {
    for (bool is_more = true; is_more;) {
        is_more = read_round();
        auto outcome = co_await intake_.store();
        outcome_.add(outcome);
        learn();
    }
    here_.stats.samples += outcome_.appended.stored;
    here_.stats.samples_refused += outcome_.appended.refused();
    here_.stats.lines_refused += refused_;
    co_return answer();
}

bool Write::read_round() {
    while (intake_.samples < door_.limits_.samples_per_round) {
        switch (reader_.next()) {
            case LineReader::Step::end: return false;
            case LineReader::Step::line: take(reader_.line()); break;
            case LineReader::Step::bad_line: {
                const Problem& problem = reader_.problem();
                const std::string shown = is_utf8(problem.text) ? std::string(problem.text) : "...";
                refuse(problem.number, fmt::format("unable to parse '{}': {}", shown, problem.why));
                break;
            }
        }
    }
    return true;
}

void Write::take(const Line& line) {
    ++here_.stats.lines;
    if (!is_utf8_ && !is_line_utf8(line)) return refuse(line.number, "the line is not UTF-8");
    const Tag* named_by = nullptr;
    for (const std::string& name : door_.machine_tags_) {
        const auto found = std::ranges::find(line.tags, std::string_view(name), &Tag::key);
        if (found == line.tags.end()) continue;
        named_by = &*found;
        break;
    }
    std::string_view machine = named_by != nullptr ? named_by->value : line.measurement;
    // A name with '%' may look like another one encoded.
    auto* into = machine.contains('%') ? nullptr : intake_.find(machine);
    std::string encoded;
    if (into == nullptr) {
        encoded = machine_id_of(machine);
        machine = encoded;
        if (const auto good = check_machine_id(machine); !good)
            return refuse(line.number, good.error().context);
        if (who_->is_machine() && !trust::is_own_machine(*who_, machine)) {
            return refuse(line.number,
                          fmt::format("this token is for the machine \"{}\" only", who_->machine));
        }
        into = &intake_.of(machine);
    }
    take_fields(line, *into);
    note_tags(line, machine, named_by);
}

void Write::take_fields(const Line& line, std::vector<history::TagSample>& into) {
    const Instant at = line.micros ? Instant{*line.micros} : received_;
    if (into.empty()) into.reserve(line.fields.size());
    for (const Field& field : line.fields) {
        std::string tag;
        tag.reserve(line.measurement.size() + 1 + field.key.size());
        tag.append(line.measurement).append(1, '.').append(field.key);
        into.push_back({std::move(tag), {at, value_of(field.value), history::Quality::good}});
    }
    intake_.samples += line.fields.size();
}

// Most lines repeat a series whose tags are known: one hash and one look-up.
void Write::note_tags(const Line& line, std::string_view machine, const Tag* named_by) {
    if (line.tags.size() <= (named_by != nullptr ? 1U : 0U)) return;
    const std::uint64_t head = hash64(line.head, who_->organisation.number());
    if (here_.heads.contains(head)) return;
    heads_noted_.push_back(head);
    for (const Tag& tag : line.tags) {
        if (&tag == named_by) continue;
        noted_.push_back({std::string(machine), std::string(tag.key), json_quoted(tag.value)});
    }
}

void Write::refuse(std::size_t line, std::string why) {
    ++refused_;
    if (refused_first_.size() < door_.limits_.problems_told_max)
        refused_first_.push_back({line, std::move(why)});
}

// After the samples, since a machine is in the catalog once it has spoken.
void Write::learn() {
    auto& learner = door_.services_.learner;
    for (auto& each : std::exchange(noted_, {}))
        learner.note(who_->organisation, each.machine, each.name, std::move(each.value));
    const auto version = door_.services_.desk.snapshot()->version();
    if (here_.heads_version != version || here_.heads.size() > door_.limits_.heads_kept_max) {
        here_.heads_version = version;
        here_.heads.clear();
    }
    for (const auto head : std::exchange(heads_noted_, {})) here_.heads.insert(head);
}

io::http::Response Write::answer() const {
    if (outcome_.failed) {
        ++here_.stats.requests_busy;
        auto response = failure(dialect_, 503, outcome_.failed->context);
        response.set("retry-after", "1");
        return response;
    }
    if (refused_ > 0) return partial(dialect_, refused_, refused_first_);
    if (outcome_.appended.refused() > 0) return failure(dialect_, 422, told(outcome_.appended));
    io::http::Response response;
    response.status = 204;
    return response;
}

}  // namespace lineshaft::influx
