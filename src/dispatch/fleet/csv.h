// Tables as people keep them: comma, semicolon or tab between, RFC 4180's quotes, a header line.
#pragma once
#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dispatch/fleet/fleet.h"

namespace lineshaft::dispatch {

struct CsvRow {
    std::size_t line = 0;  ///< from 1, as an editor shows it
    std::vector<std::string> cells;
};
struct CsvTable {
    std::vector<std::string> columns;  ///< small letters, without spaces around
    std::vector<CsvRow> rows;
    std::vector<std::string> notes;

    /// Empty: there is no such column, or nothing in it.
    std::string_view cell(const CsvRow& row, std::string_view column) const;
};
/// Errors: invalid (not UTF-8, a quote without an end, no header), exhausted (more than 20,000
/// rows).
Result<CsvTable> parse_csv(std::string_view text);

/// What is said of the machine in column "machine", as PATCH takes it; what is empty is left as it
/// is. Errors: invalid: no machine, a number that is none (decimal commas are read).
Result<boost::json::object> facts_row(const CsvTable& table, const CsvRow& row);
/// A request as POST takes it; sites by id or name. Errors: invalid.
Result<boost::json::object> request_row(const CsvTable& table, const CsvRow& row,
                                        const std::map<std::string, FleetSite>& sites);

}  // namespace lineshaft::dispatch
