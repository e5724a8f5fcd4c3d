#include "dispatch/fleet/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "dispatch/fleet/reader.h"

namespace lineshaft::dispatch {
namespace {

constexpr std::size_t rows_max = 20'000, columns_max = 64;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\r'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

std::string small(std::string_view text) {
    std::string out(trimmed(text));
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return out;
}

Result<double> csv_number(std::string_view text, std::string_view column) {
    std::string plain(text);
    if (plain.find('.') == std::string::npos) std::ranges::replace(plain, ',', '.');
    const auto value = number_from<double>(plain);
    if (!value || !std::isfinite(*value))
        return fail(Code::invalid, fmt::format("{}: \"{}\" is no number", column, text));
    return *value;
}

boost::json::array csv_list(std::string_view text) {
    boost::json::array all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(";|"), text.size());
        if (const auto one = trimmed(text.substr(0, end)); !one.empty())
            all.emplace_back(words(one));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

}  // namespace

std::string_view CsvTable::cell(const CsvRow& row, std::string_view column) const {
    const auto found = std::ranges::find(columns, column);
    const auto index = static_cast<std::size_t>(found - columns.begin());
    return found == columns.end() || index >= row.cells.size() ? std::string_view()
                                                               : std::string_view(row.cells[index]);
}

Result<CsvTable> parse_csv(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::string_view header = text.substr(0, text.find('\n'));
    char separator = ',';
    for (const char one : {';', '\t'})
        if (std::ranges::count(header, one) > std::ranges::count(header, separator))
            separator = one;
    CsvTable table;
    CsvRow row{1, {}};
    std::string cell;
    bool is_quoted = false, was_quoted = false;
    std::size_t line = 1;
    const auto end_cell = [&] {
        row.cells.push_back(was_quoted ? cell : std::string(trimmed(cell)));
        cell.clear();
        was_quoted = false;
    };
    const auto end_row = [&]() -> Result<void> {
        end_cell();
        const bool is_empty = row.cells.size() == 1 && row.cells.front().empty();
        if (row.cells.size() > columns_max)
            return fail(Code::invalid,
                        fmt::format("line {} has more than {} columns", row.line, columns_max));
        if (!is_empty && table.columns.empty()) {
            for (const std::string& name : row.cells) table.columns.push_back(small(name));
        } else if (!is_empty) {
            if (table.rows.size() >= rows_max)
                return fail(Code::invalid,
                            fmt::format("more than {} lines: import it in parts", rows_max));
            if (row.cells.size() > table.columns.size())
                table.notes.push_back(fmt::format(
                    "line {}: more cells than columns; the last ones are not read", row.line));
            table.rows.push_back(std::move(row));
        }
        row = {line + 1, {}};
        return {};
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"')
                cell += text[++i];
            else if (c == '"')
                is_quoted = false;
            else
                cell += c;
            if (c == '\n') ++line;
        } else if (c == '"' && trimmed(cell).empty()) {
            cell.clear();
            is_quoted = was_quoted = true;
        } else if (c == separator) {
            end_cell();
        } else if (c == '\n') {
            TRY_VOID(end_row());
            ++line;
        } else if (!(was_quoted && (c == '\r' || c == ' '))) {
            cell += c;
        }
    }
    if (is_quoted)
        return fail(Code::invalid,
                    fmt::format("a quote that begins in line {} has no end", row.line));
    TRY_VOID(end_row());
    if (table.columns.empty())
        return fail(Code::invalid, "there is no header line with the names of the columns");
    return table;
}

Result<boost::json::object> facts_row(const CsvTable& table, const CsvRow& row) {
    boost::json::object out;
    if (table.cell(row, "machine").empty()) return fail(Code::invalid, "it names no machine");
    for (std::size_t i = 0; i < table.columns.size() && i < row.cells.size(); ++i) {
        const std::string& name = table.columns[i];
        const std::string& cell = row.cells[i];
        if (name == "machine" || name.empty() || cell.empty()) continue;
        if (name == "attachments") {
            out[name] = csv_list(cell);
        } else if (name == "drives_itself" || name == "is_out_of_service") {
            const std::string word = small(cell);
            const bool is_yes = word == "true" || word == "yes" || word == "1" || word == "是";
            if (!is_yes && word != "false" && word != "no" && word != "0" && word != "否")
                return fail(Code::invalid,
                            fmt::format("{}: \"{}\" is neither yes nor no", name, cell));
            out[name] = is_yes;
        } else if (name.ends_with("_kg") || name.ends_with("_h") || name.starts_with("cost_") ||
                   name == "fixed_cost" || name == "time_factor" || name == "rent_cost_per_day") {
            TRY(const double value, csv_number(cell, name));
            out[name] = value;
        } else {
            out[name] = words(cell);
        }
    }
    return out;
}

Result<boost::json::object> request_row(const CsvTable& table, const CsvRow& row,
                                        const std::map<std::string, FleetSite>& sites) {
    boost::json::object body;
    for (const std::string_view name : {"title", "type"})
        if (const auto cell = table.cell(row, name); !cell.empty())
            body[boost::json::string_view(name.data(), name.size())] = words(cell);
    if (const auto cell = table.cell(row, "site"); !cell.empty()) {
        std::string id(cell);
        if (!sites.contains(id))
            for (const auto& [number, site] : sites)
                if (site.name == cell) id = number;
        body["site"] = words(id);
    }
    if (const auto cell = table.cell(row, "attachments"); !cell.empty())
        body["attachments"] = csv_list(cell);
    const auto from = table.cell(row, "from"), until = table.cell(row, "until");
    if (from.empty() != until.empty()) return fail(Code::invalid, "from and until belong together");
    if (!from.empty())
        body["windows"] = boost::json::array{
            boost::json::object{{"from", words(from)}, {"until", words(until)}}};
    TRY(const double hours, csv_number(table.cell(row, "duration_h"), "duration_h"));
    body["duration_s"] = std::round(hours * 3600);
    for (const std::string_view name : {"count", "priority", "rent_cost"})
        if (const auto cell = table.cell(row, name); !cell.empty()) {
            TRY(const double value, csv_number(cell, name));
            body[boost::json::string_view(name.data(), name.size())] = value;
        }
    return body;
}

}  // namespace lineshaft::dispatch
