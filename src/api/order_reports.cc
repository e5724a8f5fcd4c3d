// Reports of machines: JSON, KEY=VALUE lines, CSV. docs/protocols/embroidery-machine.md, "Reports".
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "api/order_json.h"
#include "base/number.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t report_bytes_max = 64 << 10;
constexpr double count_max = 4e9;

Result<double> plain_number(std::string_view name, const json::value& value,
                            double most = count_max) {
    const double number = value.is_number() ? value.to_number<double>() : -1;
    if (!(number >= 0 && number <= most))
        return fail(Code::invalid,
                    fmt::format("\"{}\" must be a number of 0 to {:.0f}", name, most));
    return number;
}

Result<Instant> plain_time(std::string_view name, const json::value& value) {
    if (!value.is_string()) return fail(Code::invalid, fmt::format("\"{}\" must be a time", name));
    auto at = parse_rfc3339(std::string_view(value.as_string().data(), value.as_string().size()));
    if (!at) return std::unexpected(at.error().in(name));
    return at;
}

std::string_view text_of_json(const json::value& value) {
    if (!value.is_string()) return {};
    return {value.as_string().data(), value.as_string().size()};
}

Result<std::string> stop_reason_of(std::string_view text) {
    static constexpr std::string_view known[] = {"thread_break", "bobbin", "needle", "operator",
                                                 "frame",        "power",  "other"};
    if (std::ranges::find(known, text) == std::end(known))
        return fail(Code::invalid,
                    fmt::format("a stop's reason is one of {}", fmt::join(known, ", ")));
    return std::string(text);
}

Result<std::uint32_t> count_of(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(json::string_view(name.data(), name.size()));
    if (value == nullptr || value->is_null()) return 0U;
    TRY(const double number, plain_number(name, *value));
    return static_cast<std::uint32_t>(number);
}

Result<orders::Stop> stop_of(const json::value& value) {
    if (!value.is_object()) return fail(Code::invalid, "\"stops\" must be objects");
    const json::object& from = value.as_object();
    orders::Stop out;
    for (const auto& member : from) {
        const std::string_view name(member.key().data(), member.key().size());
        if (name == "reason") {
            TRY(out.reason, stop_reason_of(text_of_json(member.value())));
        } else if (name == "at") {
            TRY(out.at, plain_time(name, member.value()));
        } else if (name == "seconds") {
            TRY(out.seconds, plain_number(name, member.value(), 1e7));
        }
    }
    TRY(out.stitch, count_of(from, "stitch"));
    TRY(out.needle, count_of(from, "needle"));
    TRY(out.head, count_of(from, "head"));
    if (out.reason.empty()) return fail(Code::invalid, "a stop has a reason");
    return out;
}

Result<orders::PieceReport> piece_of(const json::value& value) {
    if (!value.is_object()) return fail(Code::invalid, "\"done\" must be objects");
    const json::object& from = value.as_object();
    orders::PieceReport out;
    TRY(out.index, count_of(from, "piece"));
    TRY(out.stitches, count_of(from, "stitches"));
    TRY(out.breaks, count_of(from, "breaks"));
    if (const auto* at = from.if_contains("at")) {
        TRY(out.at, plain_time("at", *at));
    }
    if (const auto* began = from.if_contains("began")) {
        TRY(out.began, plain_time("began", *began));
    }
    if (out.index == 0) return fail(Code::invalid, "\"piece\" counts from 1");
    return out;
}

Result<void> read_list(std::string_view name, const json::value& value, orders::Report& out) {
    const json::array* items = value.if_array();
    if (items == nullptr || items->size() > 1'000)
        return fail(Code::invalid, fmt::format("\"{}\" must be a short list", name));
    for (const json::value& item : *items) {
        if (name == "breaks") {
            TRY(const double count, plain_number(name, item));
            out.breaks.push_back(static_cast<std::uint32_t>(count));
        } else if (name == "stops") {
            TRY(auto stop, stop_of(item));
            out.stops.push_back(std::move(stop));
        } else {
            TRY(auto piece, piece_of(item));
            out.done.push_back(piece);
        }
    }
    return {};
}

Result<void> read_report_member(std::string_view name, const json::value& value,
                                orders::Report& out) {
    if (name == "job") {
        const auto number = orders::job_number_of(text_of_json(value));
        if (!number) return fail(Code::invalid, "\"job\" must be like \"J12\"");
        out.job = *number;
    } else if (name == "state") {
        out.state = dispatch::job_state_named(text_of_json(value));
        if (!out.state) return fail(Code::invalid, "\"state\" is none of OPC 10031-4");
    } else if (name == "pieces" || name == "scrap" || name == "rework") {
        TRY(const double count, plain_number(name, value));
        (name == "pieces"  ? out.good
         : name == "scrap" ? out.scrap
                           : out.rework) = static_cast<std::uint32_t>(count);
    } else if (name == "stitches") {
        TRY(const double count, plain_number(name, value, 1e15));
        out.stitches = static_cast<std::uint64_t>(count);
    } else if (name == "began" || name == "ended") {
        TRY((name == "began" ? out.began : out.ended), plain_time(name, value));
    } else if (name == "sewing_s" || name == "setup_s") {
        TRY((name == "sewing_s" ? out.sewing_s : out.setup_s), plain_number(name, value, 1e9));
    } else if (name == "breaks" || name == "stops" || name == "done") {
        return read_list(name, value, out);
    }
    return {};  // what later machines say besides changes nothing
}

// "THREAD_BREAK,45;BOBBIN,60" of a line or a CSV field.
json::array stops_of_text(std::string_view all) {
    json::array out;
    while (!all.empty()) {
        const auto end = all.find(';');
        const std::string_view one = all.substr(0, end);
        all.remove_prefix(end == all.npos ? all.size() : end + 1);
        const auto comma = one.find(',');
        std::string reason(one.substr(0, comma));
        std::ranges::transform(reason, reason.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        double seconds = 0;
        if (comma != one.npos)
            std::from_chars(one.data() + comma + 1, one.data() + one.size(), seconds);
        out.push_back(json::object{{"reason", reason}, {"seconds", seconds}});
    }
    return out;
}

Result<orders::Report> report_of_fields(
    const std::vector<std::pair<std::string, std::string>>& fields) {
    json::object body;
    json::array stops;
    for (auto [name, value] : fields) {
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (value.empty()) continue;
        if (name == "stop" ||
            name == "stops") {  // without a time: told apart by their place in the report
            for (auto& stop : stops_of_text(value)) {
                stop.as_object()["at"] = to_rfc3339(
                    Instant::from_millis(static_cast<std::int64_t>(stops.size()) * 1000));
                stops.push_back(std::move(stop));
            }
        } else if (name == "seconds" || name == "sewing_s" || name == "setup_s" ||
                   name == "pieces" || name == "scrap" || name == "rework" || name == "stitches") {
            const auto number = number_from<double>(value);
            if (!number) return fail(Code::invalid, fmt::format("{} is not a number", name));
            body[name == "seconds" ? std::string("sewing_s") : name] = *number;
        } else if (name == "breaks") {
            std::uint32_t count = 0;
            std::from_chars(value.data(), value.data() + value.size(), count);
            body[name] = json::array{count};
        } else {
            body[name] = value;
        }
    }
    if (!stops.empty()) body["stops"] = std::move(stops);
    return report_of(body);
}

std::vector<std::string> csv_fields(std::string_view line) {
    std::vector<std::string> out(1);
    bool is_quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (c == '"' && is_quoted && at + 1 < line.size() && line[at + 1] == '"')
            out.back() += line[++at];
        else if (c == '"')
            is_quoted = !is_quoted;
        else if (c == ',' && !is_quoted)
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

}  // namespace

Result<orders::Report> report_of(const json::value& body) {
    if (!body.is_object()) return fail(Code::invalid, "a report is a JSON object");
    orders::Report out;
    for (const auto& member : body.as_object()) {
        if (member.value().is_null()) continue;
        TRY_VOID(
            read_report_member({member.key().data(), member.key().size()}, member.value(), out));
    }
    if (out.job == 0) return fail(Code::invalid, "a report names its \"job\"");
    return out;
}

Result<std::vector<orders::Report>> reports_of_file(std::string_view name, std::string_view text) {
    if (text.size() > report_bytes_max) return fail(Code::invalid, "longer than 64 KiB");
    const bool is_csv = name.ends_with(".CSV") || name.ends_with(".csv");
    std::vector<orders::Report> out;
    std::vector<std::string> header;
    std::vector<std::pair<std::string, std::string>> fields;
    while (!text.empty()) {
        const auto end = text.find_first_of("\r\n");
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (line.empty()) continue;
        if (!is_csv) {
            const auto equals = line.find('=');
            if (equals == line.npos)
                return fail(Code::invalid, fmt::format("no KEY=VALUE: {}", line.substr(0, 60)));
            fields.emplace_back(line.substr(0, equals), line.substr(equals + 1));
            continue;
        }
        auto cells = csv_fields(line);
        if (header.empty()) {
            header = std::move(cells);
            continue;
        }
        if (cells.size() != header.size())
            return fail(Code::invalid, "a line has another number of fields than the first");
        fields.clear();
        for (std::size_t index = 0; index < cells.size(); ++index)
            fields.emplace_back(header[index], cells[index]);
        TRY(auto report, report_of_fields(fields));
        out.push_back(std::move(report));
    }
    if (!is_csv) {
        TRY(auto report, report_of_fields(fields));
        out.push_back(std::move(report));
    }
    return out;
}

}  // namespace lineshaft::api
