#pragma once
#include <string>
#include <vector>

#include "api/call.h"
#include "api/order_desk.h"
#include "dispatch/orders/figures.h"
#include "dispatch/orders/reason.h"

namespace lineshaft::api {

/// An order with what belongs to it, read in one go on the catalog's worker.
struct OrderView {
    orders::Order order;
    std::vector<orders::JobOrder> jobs;
    std::vector<orders::Piece> pieces{};
};
Result<OrderView> view_of(orders::Book& book, orders::Order order);

/// The JSON of docs/protocols/orders-api.md, each thing in one place.
json::object render(const OrderView& view, const ProgressByJob& progress,
                    const catalog::Snapshot& catalog, bool is_viewer);
json::object render(const orders::JobOrder& job, const orders::Order& order,
                    const ProgressByJob& progress, const catalog::Snapshot& catalog,
                    bool is_viewer);
json::object render(const orders::PlanFacts& plan);
json::object render(const orders::SewingMachine& machine, const catalog::Snapshot& catalog);
json::object render(const orders::Prices& prices);
json::object render_progress(const JobProgress& progress, const orders::JobOrder& job,
                             const orders::Order& order, const catalog::Snapshot& catalog);
/// The code and parts of a reason; null: none, or what people wrote.
json::value reason_json(const orders::Reason& reason);
/// Who an order's customers are told makes it: the organisation's title, else its name; the
/// organisation every node begins with has none but the node's own, when somebody gave it one.
json::value maker_name(const catalog::Snapshot& catalog, OrganisationId id,
                       const std::string& node_name);
std::string machine_name(const catalog::Snapshot& catalog, OrganisationId organisation,
                         const std::string& machine);
json::array thread_chart();

/// A design of the catalog as an order keeps it. Errors: conflict (not ready).
Result<orders::SewnDesign> sewn_design(const catalog::Design& design, std::string_view dst);

/// A report as machines write it: JSON, or KEY=VALUE lines and CSV of a watched folder. Errors:
/// invalid.
Result<orders::Report> report_of(const json::value& body);
Result<std::vector<orders::Report>> reports_of_file(std::string_view name, std::string_view text);

/// The file a machine sews, in its own dialect. Errors: those of stitch.
struct MachineFile {
    std::string name, bytes, sha256;  ///< "J0000012.DST"; hexadecimal
};
Result<MachineFile> machine_file(const orders::SewnDesign& design, std::string_view dst,
                                 const orders::SewingMachine& machine, std::uint64_t job);
/// Needles for the design's threads, in sewing order, from 1; 0: none has that thread.
std::vector<unsigned> needles_for(const orders::SewnDesign& design,
                                  const orders::SewingMachine& machine);

}  // namespace lineshaft::api
