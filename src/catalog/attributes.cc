// What machines are: said by themselves through their doors, or told to them by people.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

// Keeps `attributes` ascending by name. True when something changed.
bool put(std::vector<Attribute>& attributes, const std::string& name, const std::string& value) {
    const auto at = std::ranges::lower_bound(attributes, name, {}, &Attribute::name);
    if (at == attributes.end() || at->name != name) {
        attributes.insert(at, Attribute{name, value});
        return true;
    }
    if (at->value == value) return false;
    at->value = value;
    return true;
}

constexpr std::string_view upsert =
    "INSERT INTO machine_attribute (organisation, machine, shared, name, value)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organisation, machine, shared, name)"
    " DO UPDATE SET value = excluded.value";

}  // namespace

Result<void> SqlCatalog::check_attribute(std::string_view name, std::string_view value) const {
    TRY_VOID(check_text("an attribute's name", name, limits_.name_bytes_max));
    if (value.empty() || value.size() > limits_.attribute_bytes_max || !is_utf8(value)) {
        return fail(Code::invalid, fmt::format("an attribute's value is JSON of 1 to {} bytes",
                                               limits_.attribute_bytes_max));
    }
    return {};
}

Result<void> SqlCatalog::load_attributes(OrganisationId organisation, std::string_view machine,
                                         MachineEntry& entry) {
    TRY_VOID(
        database_->query("SELECT shared, name, value FROM machine_attribute"
                         " WHERE organisation = $1 AND machine = $2 ORDER BY name",
                         {organisation, machine}, [&](const Row& row) {
                             auto& into = row.integer(0) != 0 ? entry.shared : entry.attributes;
                             into.push_back({row.text(1), row.text(2)});
                         }));
    return {};
}

Result<void> SqlCatalog::load_all_attributes(EntriesById& entries) {
    TRY_VOID(database_->query(
        "SELECT organisation, machine, shared, name, value FROM machine_attribute"
        " ORDER BY organisation, machine, name",
        {}, [&](const Row& row) {
            const auto by_id = entries.find(row.id<OrganisationId>(0));
            if (by_id == entries.end()) return;
            const auto entry = by_id->second.find(row.text(1));
            if (entry == by_id->second.end()) return;
            auto& into = row.integer(2) != 0 ? entry->second.shared : entry->second.attributes;
            into.push_back({row.text(3), row.text(4)});
        }));
    return {};
}

Result<Catalog::Learned> SqlCatalog::learn_attributes(std::span<const AttributeFact> facts) {
    Learned learned;
    std::map<std::pair<OrganisationId, std::string_view>, std::shared_ptr<MachineEntry>> changed;
    TRY(auto transaction, Transaction::begin(*database_));
    for (const AttributeFact& fact : facts) {
        const std::pair<OrganisationId, std::string_view> key(fact.organisation, fact.machine);
        const auto by_id = machines_.find(fact.organisation);
        const bool is_known = by_id != machines_.end() && by_id->second.contains(fact.machine);
        if (!check_attribute(fact.name, fact.value)) {
            ++learned.refused;
            continue;
        }
        if (!is_known) {
            learned.early.push_back(fact);
            continue;
        }
        const auto copied = changed.find(key);
        const MachineEntry& now =
            copied != changed.end() ? *copied->second : *by_id->second.find(fact.machine)->second;
        const Attribute* before = now.attribute(fact.name);
        if (before != nullptr && before->value == fact.value) continue;
        if (before == nullptr && now.attributes.size() >= limits_.attributes_per_machine_max) {
            ++learned.refused;
            continue;
        }
        TRY_VOID(database_->change(
            upsert, {fact.organisation, fact.machine, false, fact.name, fact.value}));
        auto& copy = changed[key];
        if (!copy) copy = std::make_shared<MachineEntry>(now);
        put(copy->attributes, fact.name, fact.value);
        ++learned.changed;
    }
    TRY_VOID(transaction.commit());
    for (auto& [key, entry] : changed) {
        machines_[key.first][std::string(key.second)] = std::move(entry);
    }
    if (!changed.empty()) touch();
    return learned;
}

Result<std::vector<Attribute>> SqlCatalog::share_attributes(
    OrganisationId organisation, std::string_view machine,
    std::span<const AttributeChange> changes) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(find_machine(organisation, machine));
    for (const AttributeChange& change : changes) {
        if (!change.value) {
            TRY_VOID(
                database_->change("DELETE FROM machine_attribute WHERE organisation = $1"
                                  " AND machine = $2 AND shared = $3 AND name = $4",
                                  {organisation, machine, true, change.name}));
            continue;
        }
        TRY_VOID(check_attribute(change.name, *change.value));
        TRY_VOID(
            database_->change(upsert, {organisation, machine, true, change.name, *change.value}));
    }
    TRY(const std::size_t all,
        count("SELECT COUNT(*) FROM machine_attribute WHERE organisation = $1 AND machine = $2"
              " AND shared = $3",
              {organisation, machine, true}));
    if (all > limits_.attributes_per_machine_max) {
        return fail(Code::exhausted, fmt::format("a machine has at most {} shared attributes",
                                                 limits_.attributes_per_machine_max));
    }
    TRY_VOID(transaction.commit());
    TRY_VOID(reload_machine(organisation, machine));
    return machines_[organisation].find(machine)->second->shared;
}

}  // namespace lineshaft::catalog
