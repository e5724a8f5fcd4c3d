#include "catalog/snapshot.h"

#include <algorithm>
#include <tuple>

namespace lineshaft::catalog {
namespace {

auto key_of(const std::shared_ptr<const MachineEntry>& entry) {
    return std::pair<OrganisationId, std::string_view>(entry->machine.organisation,
                                                       entry->machine.id);
}
OrganisationId organisation_of_entry(const std::shared_ptr<const MachineEntry>& entry) {
    return entry->machine.organisation;
}

}  // namespace

const Tag* MachineEntry::tag(std::string_view name) const {
    const auto at = std::ranges::lower_bound(tags, name, {}, &Tag::name);
    return at != tags.end() && at->name == name ? &*at : nullptr;
}

const Attribute* MachineEntry::attribute(std::string_view name) const {
    const auto at = std::ranges::lower_bound(attributes, name, {}, &Attribute::name);
    return at != attributes.end() && at->name == name ? &*at : nullptr;
}

Snapshot::Snapshot(std::uint64_t version, std::vector<Organisation> organisations,
                   std::vector<Site> sites, Machines machines)
    : version_(version),
      organisations_(std::move(organisations)),
      sites_(std::move(sites)),
      machines_(std::move(machines)) {}

const Organisation* Snapshot::organisation(OrganisationId id) const {
    const auto at = std::ranges::lower_bound(organisations_, id, {}, &Organisation::id);
    return at != organisations_.end() && at->id == id ? &*at : nullptr;
}

const Organisation* Snapshot::organisation(std::string_view name) const {
    const auto at = std::ranges::find(organisations_, name, &Organisation::name);
    return at == organisations_.end() ? nullptr : &*at;
}

std::span<const Site> Snapshot::sites(OrganisationId organisation) const {
    const auto range = std::ranges::equal_range(sites_, organisation, {}, &Site::organisation);
    return {range.begin(), range.end()};
}

const Site* Snapshot::site(OrganisationId organisation, SiteId id) const {
    const auto own = sites(organisation);
    const auto at = std::ranges::lower_bound(own, id, {}, &Site::id);
    return at != own.end() && at->id == id ? &*at : nullptr;
}

std::span<const std::shared_ptr<const MachineEntry>> Snapshot::machines(
    OrganisationId organisation) const {
    const auto range = std::ranges::equal_range(machines_, organisation, {}, organisation_of_entry);
    return {range.begin(), range.end()};
}

const MachineEntry* Snapshot::machine(OrganisationId organisation, std::string_view id) const {
    const std::pair key(organisation, id);
    const auto at = std::ranges::lower_bound(machines_, key, {}, key_of);
    return at != machines_.end() && key_of(*at) == key ? at->get() : nullptr;
}

const Tag* Snapshot::tag(OrganisationId organisation, std::string_view machine,
                         std::string_view tag) const {
    const MachineEntry* entry = this->machine(organisation, machine);
    return entry == nullptr ? nullptr : entry->tag(tag);
}

}  // namespace lineshaft::catalog
