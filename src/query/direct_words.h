#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "query/direct.h"
#include "query/syntax.h"
#include "query/values.h"

// What the single words of a plain SELECT mean: its tables, their columns, its constants. Inside query
// only; what is nothing here is left to SQLite.
namespace lineshaft::query {

/// The columns of samples and latest, in their order.
struct NamedItem {
    std::string_view name;
    What what;
};
std::span<const NamedItem> sample_columns();
/// The item that the table of names gives; nothing: none.
std::optional<What> what_of(std::span<const NamedItem> names, std::string_view name);

/// One of samples or latest, alone or joined with the machines on their id.
class DirectTables {
public:
    /// Of a FROM clause. False: something else.
    bool take(const json::array& from);
    bool joins_machines() const { return joins_machines_; }
    Direct::From from() const { return from_; }

    /// A column, or an attribute of a joined machine.
    std::optional<Item> column_of(const Node& node) const;
    std::optional<Item> attribute_of(const Node& node) const;
    /// A name that a joined machine has, too, though nothing is known of it here.
    bool is_of_machines(const json::array& fields) const;

private:
    bool take_table(const json::object& table);
    bool take_condition(const Node& node) const;

    Direct::From from_ = Direct::From::latest;
    bool joins_machines_ = false;
    std::string main_, machines_;  // what the tables are called
};

/// Constants, parameters and instants behind or ahead of now. `sql` and `session` outlive it.
class DirectConstants {
public:
    DirectConstants(const std::string& sql, const Session& session)
        : sql_(sql), session_(session) {}
    /// As what it is compared with.
    std::optional<Fixed> fixed_of(const Node& node, Type type) const;
    std::optional<Span> span_of(const Node& node) const;

private:
    std::optional<Fixed> moved_of(const json::object& body) const;
    std::optional<Fixed> constant_of(const Node& node, Type type) const;

    const std::string& sql_;
    const Session& session_;
};

}  // namespace lineshaft::query
