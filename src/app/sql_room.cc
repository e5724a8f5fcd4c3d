#include "app/sql_room.h"

#include <fmt/format.h>

namespace lineshaft::app {

query::Limits sql_limits(const Settings& settings) {
    return {.time_max = std::chrono::seconds{settings.sql_timeout_s},
            .memory_bytes_max = static_cast<std::size_t>(settings.sql_memory)};
}

SqlRoom::SqlRoom(catalog::Desk& desk, history::History& history, twin::Plant& plant,
                 io::Shards& shards)
    : plant_(plant), engine_(query::Engine::make(desk, history, *this, shards)) {}

io::Task<std::vector<query::Present::Machine>> SqlRoom::machines_after(OrganisationId organisation,
                                                                       std::string after,
                                                                       std::size_t count_max) {
    auto page = co_await plant_.machines_after(organisation, std::move(after), count_max);
    std::vector<Machine> machines;
    machines.reserve(page.items.size());
    for (auto& state : page.items) {
        Machine machine;
        machine.id = std::move(state.id);
        machine.connection = twin::name_of(state.connection);
        machine.state = std::move(state.state);
        machine.fault = std::move(state.fault);
        machine.source = twin::name_of(state.source);
        machine.last_seen = state.last_seen;
        if (state.position) {
            machine.latitude = state.position->latitude;
            machine.longitude = state.position->longitude;
        }
        machines.push_back(std::move(machine));
    }
    co_return machines;
}

std::string SqlRoom::metrics() const {
    const auto stats = engine_->stats();
    return fmt::format(
        "# TYPE lineshaft_sql_statements_total counter\nlineshaft_sql_statements_total {}\n"
        "# TYPE lineshaft_sql_failures_total counter\nlineshaft_sql_failures_total {}\n"
        "# TYPE lineshaft_sql_kernel_total counter\nlineshaft_sql_kernel_total {}\n"
        "# TYPE lineshaft_sql_rows_total counter\nlineshaft_sql_rows_total {}\n"
        "# TYPE lineshaft_sql_open gauge\nlineshaft_sql_open {}\n",
        stats.statements, stats.failures, stats.on_kernel, stats.rows, stats.open);
}

}  // namespace lineshaft::app
