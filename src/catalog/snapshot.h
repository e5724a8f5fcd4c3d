// What shards read without SQL.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/types.h"

namespace lineshaft::catalog {

struct MachineEntry {
    Machine machine;
    std::vector<Tag> tags;  ///< by name; only tags somebody said something about
    std::vector<Attribute> attributes{};  ///< by name; what the machine said it is
    std::vector<Attribute> shared{};      ///< by name; what people told it

    /// Nothing when nobody said anything about it.
    const Tag* tag(std::string_view name) const;
    /// Of those it said.
    const Attribute* attribute(std::string_view name) const;
};

/// Organisations, sites, machines and tags as they were after one write. Immutable, shared by
/// shared_ptr, swapped per shard by message; entries that did not change are the same objects.
/// Pointers live as long as the snapshot. Look-ups: O(log n).
class Snapshot {
public:
    using Machines = std::vector<std::shared_ptr<const MachineEntry>>;
    /// All three sorted: by id; by (organisation, id); by (organisation, machine id).
    Snapshot(std::uint64_t version, std::vector<Organisation> organisations,
             std::vector<Site> sites, Machines machines);

    std::uint64_t version() const { return version_; }  ///< grows with every change

    std::span<const Organisation> organisations() const { return organisations_; }
    const Organisation* organisation(OrganisationId id) const;
    const Organisation* organisation(std::string_view name) const;

    std::span<const Site> sites(OrganisationId organisation) const;
    const Site* site(OrganisationId organisation, SiteId id) const;

    /// By id.
    std::span<const std::shared_ptr<const MachineEntry>> machines(
        OrganisationId organisation) const;
    const MachineEntry* machine(OrganisationId organisation, std::string_view id) const;
    const Tag* tag(OrganisationId organisation, std::string_view machine,
                   std::string_view tag) const;

private:
    std::uint64_t version_;
    std::vector<Organisation> organisations_;
    std::vector<Site> sites_;
    Machines machines_;
};

}  // namespace lineshaft::catalog
