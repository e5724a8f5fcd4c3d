// What is known about tags, from people and from the machines themselves.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "base/bytes.h"
#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

// One row: what people said, and what the machine said.
struct TagRow {
    Tag said;  // by people
    TagFacts facts;
};

TagRow row_of(const Row& row, int first) {
    TagRow tag;
    tag.said.name = tag.facts.name = row.text(first);
    tag.said.label = row.text_or_nothing(first + 1);
    tag.said.unit = row.text_or_nothing(first + 2);
    tag.said.low = row.real_or_nothing(first + 3);
    tag.said.high = row.real_or_nothing(first + 4);
    tag.said.writable = row.bool_or_nothing(first + 5);
    tag.facts.unit = row.text_or_nothing(first + 6);
    tag.facts.low = row.real_or_nothing(first + 7);
    tag.facts.high = row.real_or_nothing(first + 8);
    tag.facts.writable = row.bool_or_nothing(first + 9);
    return tag;
}

Tag merge(const TagRow& row) {
    Tag tag = row.said;
    if (!tag.unit) tag.unit = row.facts.unit;
    if (!tag.writable) tag.writable = row.facts.writable;
    // One end from people and one from the machine may cross; then the people's end stands alone.
    const auto low = tag.low ? tag.low : row.facts.low;
    const auto high = tag.high ? tag.high : row.facts.high;
    if (!low || !high || *low <= *high) {
        tag.low = low;
        tag.high = high;
    }
    return tag;
}

// A fact that is not allowed counts as not said.
TagFacts allowed_facts(TagFacts facts, std::size_t unit_bytes_max) {
    if (facts.unit && !check_text("", *facts.unit, unit_bytes_max)) facts.unit.reset();
    if (facts.low && !std::isfinite(*facts.low)) facts.low.reset();
    if (facts.high && !std::isfinite(*facts.high)) facts.high.reset();
    if (facts.low && facts.high && *facts.low > *facts.high) {
        facts.low.reset();
        facts.high.reset();
    }
    return facts;
}

Result<void> check_tag_name(std::string_view name, std::size_t bytes_max) {
    if (name.empty() || name.size() > bytes_max || !is_utf8(name) || name.contains('\0')) {
        return fail(Code::invalid,
                    fmt::format("a tag's name is UTF-8 of 1 to {} bytes", bytes_max));
    }
    return {};
}

Result<void> check_tag(const Tag& tag, const Limits& limits) {
    if (tag.label) {
        TRY_VOID(check_text("a tag's label", *tag.label, limits.name_bytes_max));
    }
    if (tag.unit) {
        TRY_VOID(check_text("a tag's unit", *tag.unit, limits.unit_bytes_max));
    }
    if ((tag.low && !std::isfinite(*tag.low)) || (tag.high && !std::isfinite(*tag.high))) {
        return fail(Code::invalid, "low and high are finite numbers");
    }
    if (tag.low && tag.high && *tag.low > *tag.high) {
        return fail(Code::invalid, "low may not be above high");
    }
    return {};
}

bool is_same(const TagFacts& a, const TagFacts& b) {
    return a.unit == b.unit && a.low == b.low && a.high == b.high && a.writable == b.writable;
}

}  // namespace

Tag SqlCatalog::merged_tag(const Row& row, int first_column) {
    return merge(row_of(row, first_column));
}

Result<Tag> SqlCatalog::change_tag(OrganisationId organisation, std::string_view machine,
                                   std::string_view name, const TagChange& change) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(find_machine(organisation, machine));
    TRY_VOID(check_tag_name(name, limits_.tag_bytes_max));
    TagRow tag;
    tag.said.name = tag.facts.name = std::string(name);
    TRY(const std::size_t found,
        database_->query("SELECT name, label, unit, low, high, writable, source_unit, source_low,"
                         " source_high, source_writable FROM tag"
                         " WHERE organisation = $1 AND machine = $2 AND name = $3",
                         {organisation, machine, name},
                         [&](const Row& row) { tag = row_of(row, 0); }));
    if (found == 0) {
        TRY(const std::size_t all,
            count("SELECT COUNT(*) FROM tag WHERE organisation = $1 AND machine = $2",
                  {organisation, machine}));
        if (all >= limits_.tags_per_machine_max) {
            return fail(Code::exhausted, "too many tags of this machine are described");
        }
    }
    if (change.label) tag.said.label = *change.label;
    if (change.unit) tag.said.unit = *change.unit;
    if (change.low) tag.said.low = *change.low;
    if (change.high) tag.said.high = *change.high;
    if (change.writable) tag.said.writable = *change.writable;
    TRY_VOID(check_tag(tag.said, limits_));
    TRY_VOID(database_->change(
        "INSERT INTO tag (organisation, machine, name, label, unit, low, high, writable)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organisation, machine, name)"
        " DO UPDATE SET label = $4, unit = $5, low = $6, high = $7, writable = $8",
        {organisation, machine, name, tag.said.label, tag.said.unit, tag.said.low, tag.said.high,
         tag.said.writable}));
    TRY_VOID(transaction.commit());
    TRY_VOID(reload_machine(organisation, machine));
    return merge(tag);
}

Result<bool> SqlCatalog::learn_tags(OrganisationId organisation, std::string_view machine,
                                    std::span<const TagFacts> facts) {
    TRY_VOID(find_machine(organisation, machine));
    std::map<std::string, TagFacts, std::less<>> known;
    TRY_VOID(database_->query(
        "SELECT name, label, unit, low, high, writable, source_unit, source_low, source_high,"
        " source_writable FROM tag WHERE organisation = $1 AND machine = $2 ORDER BY name",
        {organisation, machine}, [&](const Row& row) {
            TagFacts one = row_of(row, 0).facts;
            std::string name = one.name;
            known[std::move(name)] = std::move(one);
        }));
    // A machine repeats itself at every birth: only news is written.
    std::map<std::string, TagFacts, std::less<>> news;
    for (const TagFacts& one : facts) {
        if (!check_tag_name(one.name, limits_.tag_bytes_max)) continue;
        TagFacts allowed = allowed_facts(one, limits_.unit_bytes_max);
        const auto before = known.find(one.name);
        const bool says_nothing = is_same(allowed, TagFacts{});
        if (before != known.end() ? is_same(before->second, allowed) : says_nothing) continue;
        const bool has_room = before != known.end() || known.size() < limits_.tags_per_machine_max;
        if (!has_room) continue;
        known[one.name] = allowed;
        news[one.name] = std::move(allowed);
    }
    if (news.empty()) return false;
    TRY(auto transaction, Transaction::begin(*database_));
    for (const auto& [name, one] : news) {
        TRY_VOID(database_->change(
            "INSERT INTO tag (organisation, machine, name, source_unit, source_low, source_high,"
            " source_writable) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT (organisation, machine, name) DO UPDATE SET source_unit = $4,"
            " source_low = $5, source_high = $6, source_writable = $7",
            {organisation, machine, name, one.unit, one.low, one.high, one.writable}));
    }
    TRY_VOID(transaction.commit());
    TRY_VOID(reload_machine(organisation, machine));
    return true;
}

}  // namespace lineshaft::catalog
