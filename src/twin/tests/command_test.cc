#include "twin/command.h"

#include <gtest/gtest.h>

#include <limits>

namespace lineshaft::twin {
namespace {

MachineState machine_that_is(Connection connection) {
    MachineState machine;
    machine.id = "press";
    machine.connection = connection;
    return machine;
}

const TagValue speed{"speed", {Instant(1), 4.0}};
const TagValue mode{"mode", {Instant(1), std::string("auto")}};

catalog::Tag writable(std::string name, std::optional<double> low, std::optional<double> high) {
    catalog::Tag tag;
    tag.name = std::move(name);
    tag.low = low;
    tag.high = high;
    tag.writable = true;
    return tag;
}

TEST(Command, RulesByTable) {
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    const auto ranged = writable("speed", 0, 10);
    const auto open_above = writable("speed", 0, std::nullopt);
    const auto text = writable("mode", 0, 10);
    auto locked = ranged;
    locked.writable = false;
    auto unsaid = ranged;
    unsaid.writable.reset();
    const struct {
        const char* what;
        Connection connection;
        const TagValue* current;
        const catalog::Tag* tag;
        history::Value value;
        std::optional<Code> refused;
    } table[] = {
        {"inside", Connection::online, &speed, &ranged, 5.0, {}},
        {"at the bounds", Connection::online, &speed, &ranged, 10.0, {}},
        {"one past", Connection::online, &speed, &ranged, 10.5, Code::invalid},
        {"below", Connection::online, &speed, &ranged, -0.5, Code::invalid},
        {"not a number", Connection::online, &speed, &ranged, nan, Code::invalid},
        {"no upper bound", Connection::online, &speed, &open_above, 1e9, {}},
        {"another kind", Connection::online, &speed, &ranged, true, Code::invalid},
        {"a text has no range", Connection::online, &mode, &text, std::string("manual"), {}},
        {"nobody described it", Connection::online, &speed, nullptr, 5.0, Code::denied},
        {"locked", Connection::online, &speed, &locked, 5.0, Code::denied},
        {"nobody said", Connection::online, &speed, &unsaid, 5.0, Code::denied},
        {"stale", Connection::stale, &speed, &ranged, 5.0, Code::conflict},
        {"offline", Connection::offline, &speed, &ranged, 5.0, Code::conflict},
    };
    for (const auto& row : table) {
        const auto checked =
            check_command(machine_that_is(row.connection), *row.current, row.tag, row.value);
        ASSERT_EQ(checked.has_value(), !row.refused) << row.what;
        if (row.refused) {
            EXPECT_EQ(checked.error().code, *row.refused) << row.what;
        }
    }
}

}  // namespace
}  // namespace lineshaft::twin
