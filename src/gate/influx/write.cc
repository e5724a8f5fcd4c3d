#include "gate/influx/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

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
    std::string out =
        fmt::format("{} value{} not stored, all others are:", appended.refused(),
                    appended.refused() == 1 ? " was" : "s were");
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
      body_(body),
      precision_(precision),
      is_utf8_(is_utf8(body)),
      intake_(door.services_.plant, who_->organisation, twin::Source::influx),
      new_channels_(here_.channels),
      received_(io::Shard::here().now()),
      scope_(hash64(who_->is_machine() ? who_->machine : std::string(),
                    who_->organisation.number())) {}

void Write::begin() {
    reader_.emplace(body_, precision_, door_.limits_.line);
    told_ = {};
    lines_ = 0;
    refused_ = 0;
    refused_first_.clear();
}

io::Task<io::http::Response> Write::run() {
    begin();
    for (bool is_more = true; is_more;) {
        is_more = read_round();
        auto told = co_await intake_.store();
        const bool is_gone = told.failed && told.failed->code == Code::not_found;
        if (is_gone && !goes_by_name_) {
            // A machine was erased meanwhile: all of it again, by name.
            here_.channels.clear();
            goes_by_name_ = is_more = true;
            has_line_ = false;
            begin();
            continue;
        }
        told_.add(told);
        learn();
        if (told.failed) {
            new_channels_.drop();
        } else {
            co_await new_channels_.learn(&door_.services_.plant, who_->organisation);
        }
    }
    here_.stats.lines += lines_;
    here_.stats.samples += told_.appended.stored;
    here_.stats.samples_refused += told_.appended.refused();
    here_.stats.lines_refused += refused_;
    co_return answer();
}

bool Write::read_round() {
    constexpr std::size_t sample_bytes_usual = 16;  // with its share of the line
    intake_.samples_expected =
        std::min(door_.limits_.samples_per_round, body_.size() / sample_bytes_usual);
    freshen_heads();
    bool is_more = true;
    if (!has_line_ && !goes_by_name_ && is_utf8_ && read_by_channel(is_more)) return is_more;
    while (intake_.samples < door_.limits_.samples_per_round) {
        if (!std::exchange(has_line_, false) && reader_->next_head() == LineReader::Step::end)
            return false;
        head_ = hash128(reader_->line().head, scope_);
        if (reader_->whole() == LineReader::Step::line)
            take(reader_->line());
        else
            refuse_bad();
    }
    return true;
}

// True: the round has ended. False: nothing is in it and a line waits that is to go by name.
bool Write::read_by_channel(bool& is_more) {
    while (intake_.samples < door_.limits_.samples_per_round) {
        if (reader_->next_head() == LineReader::Step::end) {
            is_more = false;
            return true;
        }
        head_ = hash128(reader_->line().head, scope_);
        if (here_.heads.contains(head_.low)) {
            if (reader_->rest() == LineReader::Step::bad_line) {
                refuse_bad();
                continue;
            }
            if (put_known()) continue;
        }
        has_line_ = true;
        return intake_.samples > 0;
    }
    return true;
}

namespace {

Hash128 key_of(const Hash128& head, std::string_view field) {
    const Hash128 name = hash128(field);
    return {head.low * 0x9e37'79b9'7f4a'7c15 + name.low, (head.high ^ name.high) + name.low};
}

// As history::Columns holds it; false: a text.
bool bits_of(const FieldValue& value, history::Kind& kind, std::uint64_t& bits) {
    if (const auto* number = std::get_if<double>(&value)) {
        kind = history::Kind::real;
        bits = std::bit_cast<std::uint64_t>(*number);
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        kind = history::Kind::integer;
        bits = static_cast<std::uint64_t>(*whole);
    } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
        const bool is_large = *natural > INT64_MAX;
        kind = is_large ? history::Kind::real : history::Kind::integer;
        bits = is_large ? std::bit_cast<std::uint64_t>(static_cast<double>(*natural)) : *natural;
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        kind = history::Kind::boolean;
        bits = *flag ? 1 : 0;
    } else {
        return false;
    }
    return true;
}

}  // namespace

bool Write::put_known() {
    const Line& line = reader_->line();
    // First memory is asked for all of them.
    keys_.clear();
    for (const Field& field : line.fields) {
        keys_.push_back(key_of(head_, field.key));
        __builtin_prefetch(here_.channels.place_of(keys_.back()));
    }
    found_.clear();
    for (const Hash128& key : keys_) {
        found_.push_back(here_.channels.find(key));
        if (found_.back() == nullptr) return false;
    }
    const std::int64_t at = line.micros.value_or(received_.micros);
    for (std::size_t index = 0; index < line.fields.size(); ++index) {
        const FieldValue& value = line.fields[index].value;
        history::Kind kind = history::Kind::text;
        std::uint64_t bits = 0;
        if (bits_of(value, kind, bits)) {
            intake_.put(*found_[index], at, history::Mark(kind, history::Quality::good), bits);
        } else {
            intake_.put_text(*found_[index], at, history::Quality::good,
                             *std::get_if<std::string_view>(&value));
        }
    }
    ++lines_;
    intake_.samples += line.fields.size();
    return true;
}

void Write::refuse_bad() {
    const Problem& problem = reader_->problem();
    const std::string shown = is_utf8(problem.text) ? std::string(problem.text) : "...";
    refuse(problem.number, fmt::format("unable to parse '{}': {}", shown, problem.why));
}

void Write::take(const Line& line) {
    ++lines_;
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
    take_fields(line, *into, machine);
    note_tags(line, machine, named_by);
}

void Write::take_fields(const Line& line, std::vector<history::TagSample>& into,
                        std::string_view machine) {
    const Instant at = line.micros ? Instant{*line.micros} : received_;
    if (into.empty()) into.reserve(line.fields.size());
    for (const Field& field : line.fields) {
        std::string tag;
        tag.reserve(line.measurement.size() + 1 + field.key.size());
        tag.append(line.measurement).append(1, '.').append(field.key);
        if (is_utf8_) new_channels_.note(key_of(head_, field.key), machine, tag);
        into.push_back({std::move(tag), {at, value_of(field.value), history::Quality::good}});
    }
    intake_.samples += line.fields.size();
}

// Most lines repeat a head whose tags are known: one look-up.
void Write::note_tags(const Line& line, std::string_view machine, const Tag* named_by) {
    if (here_.heads.contains(head_.low)) return;
    heads_noted_.push_back(head_.low);
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

// What the catalog has of tags may have been changed by people since.
void Write::freshen_heads() {
    const auto version = door_.services_.desk.snapshot()->version();
    if (here_.heads_version == version && here_.heads.size() <= door_.limits_.heads_kept_max)
        return;
    here_.heads_version = version;
    here_.heads.clear();
}

// After the samples, since a machine is in the catalog once it has spoken.
void Write::learn() {
    auto& learner = door_.services_.learner;
    for (auto& each : std::exchange(noted_, {}))
        learner.note(who_->organisation, each.machine, each.name, std::move(each.value));
    freshen_heads();
    for (const auto head : std::exchange(heads_noted_, {})) here_.heads.insert(head);
}

io::http::Response Write::answer() const {
    if (told_.failed || told_.over_limit) {
        ++here_.stats.requests_busy;
        auto response = told_.failed ? failure(dialect_, 503, told_.failed->context)
                                     : failure(dialect_, 429, told_.over_limit->context);
        response.set("retry-after", "1");
        return response;
    }
    const std::string values = told_.appended.refused() > 0 ? told(told_.appended) : "";
    if (refused_ > 0) return partial(dialect_, refused_, refused_first_, values);
    if (!values.empty()) return failure(dialect_, 422, "partial write: " + values);
    io::http::Response response;
    response.status = 204;
    return response;
}

}  // namespace lineshaft::influx
