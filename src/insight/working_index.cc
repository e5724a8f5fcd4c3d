// 开工率 with withheld cells. A month is a table types x regions with its sums at the edges; each row and
// column, edges included, is an equation (parts = sum). A single unknown in an equation is known at
// once, and two unknown parts of a known sum tell of a group of their joint size; so cells are
// withheld, smallest first, until neither happens. (Complementary suppression, as statistical offices do
// it; greedy, so it may withhold a cell more than needed.)
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "insight/usage.h"

namespace lineshaft::insight {
namespace {

struct Cell {
    std::set<std::string_view> machines;
    std::uint64_t observed = 0, working = 0;
    bool is_withheld = false;
};

using Month = std::pair<std::int32_t, std::uint8_t>;

/// Row 0 and column 0 are the sums.
struct MonthTable {
    std::map<std::string_view, std::size_t> types, regions;
    std::vector<Cell> cells;
    std::size_t columns = 0;
    Cell& at(std::size_t row, std::size_t column) { return cells[row * columns + column]; }
};

/// One equation: the sum first, then its parts. True when something more had to be withheld.
bool protect(std::vector<Cell*> line, std::uint32_t machines_min) {
    std::size_t unknown = 0;
    std::set<std::string_view> hidden;
    Cell* smallest = nullptr;
    for (std::size_t i = 1; i < line.size(); ++i) {
        Cell& part = *line[i];
        if (part.machines.empty()) continue;
        if (part.is_withheld) {
            ++unknown;
            hidden.insert(part.machines.begin(), part.machines.end());
        } else if (!smallest || part.machines.size() < smallest->machines.size()) {
            smallest = &part;
        }
    }
    Cell& sum = *line[0];
    if (unknown == 0) {
        // A withheld sum of published parts is no secret: one of them must go, too.
        if (!sum.is_withheld || !smallest) return false;
        smallest->is_withheld = true;
        return true;
    }
    if (sum.is_withheld || (unknown > 1 && hidden.size() >= machines_min)) return false;
    if (smallest) smallest->is_withheld = true;
    else sum.is_withheld = true;
    return true;
}

void withhold(MonthTable& table, std::uint32_t machines_min) {
    const std::size_t rows = table.types.size() + 1;
    for (Cell& cell : table.cells) cell.is_withheld = !cell.machines.empty() && cell.machines.size() < machines_min;
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (std::size_t row = 0; row < rows; ++row) {
            std::vector<Cell*> line;
            for (std::size_t column = 0; column < table.columns; ++column) line.push_back(&table.at(row, column));
            is_changed |= protect(std::move(line), machines_min);
        }
        for (std::size_t column = 0; column < table.columns; ++column) {
            std::vector<Cell*> line;
            for (std::size_t row = 0; row < rows; ++row) line.push_back(&table.at(row, column));
            is_changed |= protect(std::move(line), machines_min);
        }
    }
}

/// An empty name stands for the sum.
std::string_view name_or_unknown(std::string_view name) { return name.empty() ? "unknown" : name; }

Result<void> check_day(const MachineDay& day, const IndexDefinition& definition) {
    if (definition.machines_min == 0 || !(definition.hours_min >= 0 && definition.hours_min <= 24))
        return fail(Code::invalid, "the index needs groups of one machine at least, and 0..24 hours");
    if (day.month < 1 || day.month > 12)
        return fail(Code::invalid, fmt::format("{}: there is no month {}", day.machine, day.month));
    if (!(day.hours >= 0 && day.hours <= 25))  // 25: the day the clocks go back
        return fail(Code::invalid, fmt::format("{}: {} hours on one day", day.machine, day.hours));
    return {};
}

}  // namespace

std::string describe(const IndexDefinition& definition, std::string_view language) {
    if (language == "zh")
        return fmt::format("开工率 = 工作不少于 {} 小时的台日数 ÷ 有数据的台日数；少于 {} 台设备的分组不公布。",
                           definition.hours_min, definition.machines_min);
    return fmt::format("Utilisation index: of all days on which machines were observed, the share on which they worked {} "
                       "hours or more. Groups of fewer than {} machines are withheld.",
                       definition.hours_min, definition.machines_min);
}

Result<std::vector<IndexRow>> working_index(std::span<const MachineDay> days, const IndexDefinition& definition) {
    std::map<Month, MonthTable> months;
    for (const MachineDay& day : days) {
        TRY_VOID(check_day(day, definition));
        if (!day.is_observed) continue;
        MonthTable& table = months[{day.year, day.month}];
        table.types.try_emplace(name_or_unknown(day.type), 0);
        table.regions.try_emplace(name_or_unknown(day.region), 0);
    }
    for (auto& [month, table] : months) {
        std::size_t next = 1;
        for (auto& [type, row] : table.types) row = next++;
        next = 1;
        for (auto& [region, column] : table.regions) column = next++;
        table.columns = table.regions.size() + 1;
        table.cells.resize((table.types.size() + 1) * table.columns);
    }
    for (const MachineDay& day : days) {
        if (!day.is_observed) continue;
        MonthTable& table = months[{day.year, day.month}];
        for (const std::size_t row : {std::size_t{0}, table.types[name_or_unknown(day.type)]})
            for (const std::size_t column : {std::size_t{0}, table.regions[name_or_unknown(day.region)]}) {
                Cell& cell = table.at(row, column);
                cell.machines.insert(day.machine);
                ++cell.observed;
                cell.working += day.hours >= definition.hours_min;
            }
    }
    std::vector<IndexRow> rows;
    std::map<std::tuple<Month, std::string_view, std::string_view>, double> published;
    for (auto& [month, table] : months) {
        withhold(table, definition.machines_min);
        const auto add = [&](std::string_view type, std::size_t row, std::string_view region, std::size_t column) {
            const Cell& cell = table.at(row, column);
            if (cell.machines.empty()) return;
            IndexRow& out = rows.emplace_back();
            out.year = month.first;
            out.month = month.second;
            out.type = type;
            out.region = region;
            out.is_withheld = cell.is_withheld;
            if (cell.is_withheld) return;
            out.machines = static_cast<std::uint32_t>(cell.machines.size());
            out.observed_days = cell.observed;
            out.working_days = cell.working;
            out.index = double(cell.working) / double(cell.observed);
            published[{month, type, region}] = *out.index;
            const auto before = published.find({Month{month.first - 1, month.second}, type, region});
            if (before != published.end()) out.year_on_year = *out.index - before->second;
        };
        const auto add_row = [&](std::string_view type, std::size_t row) {
            add(type, row, "", 0);
            for (const auto& [region, column] : table.regions) add(type, row, region, column);
        };
        add_row("", 0);
        for (const auto& [type, row] : table.types) add_row(type, row);
    }
    return rows;
}

}  // namespace lineshaft::insight
