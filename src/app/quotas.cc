#include "app/quotas.h"

#include <fmt/format.h>

namespace lineshaft::app {
namespace {

std::optional<std::int64_t> limit_or_nothing(std::int64_t limit) {
    return limit == 0 ? std::nullopt : std::optional(limit);
}

std::uint64_t number(std::int64_t count) {
    return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

}  // namespace

Quotas::Quotas(const Settings& settings, const catalog::Snapshot& catalog)
    : defaults_{settings.organisation_machines_max, settings.organisation_sessions_max,
                settings.organisation_messages_per_s, settings.organisation_samples_per_s,
                settings.organisation_retained_bytes_max},
      size_(catalog::Limits{}.organisations_max + 1),
      rows_(std::make_unique<Row[]>(size_)) {
    for (const auto& organisation : catalog.organisations()) {
        changed(organisation);
        row(organisation.id)
            .machines.add(static_cast<std::int64_t>(catalog.machines(organisation.id).size()));
    }
}

// Ids are given from 1 upwards to at most organisations_max; anything else shares row 0.
Quotas::Row& Quotas::row(OrganisationId organisation) const {
    return rows_[organisation.number() < size_ ? organisation.number() : 0];
}

bool Quotas::take_message(OrganisationId organisation, std::int64_t now_us) {
    Row& its = row(organisation);
    if (its.messages.take(1, now_us)) return true;
    its.refused_messages.add();
    return false;
}

Result<void> Quotas::take_samples(OrganisationId organisation, std::size_t count,
                                  std::int64_t now_us) {
    Row& its = row(organisation);
    if (its.samples.take(static_cast<std::int64_t>(count), now_us)) return {};
    its.refused_samples.add();
    return fail(Code::exhausted, fmt::format("the organisation hands in more than its {} samples a "
                                             "second",
                                             its.samples.units_per_s()));
}

Result<void> Quotas::take_machine(OrganisationId organisation) {
    Row& its = row(organisation);
    if (its.machines.take_place()) return {};
    its.refused_machines.add();
    return fail(Code::exhausted,
                fmt::format("the organisation has its {} machines", its.machines.most()));
}

void Quotas::machine_gone(OrganisationId organisation) {
    row(organisation).machines.add(-1);
}

bool Quotas::take_session(OrganisationId organisation) {
    Row& its = row(organisation);
    if (its.sessions.take_place()) return true;
    its.refused_sessions.add();
    return false;
}

void Quotas::session_loaded(OrganisationId organisation) {
    row(organisation).sessions.add(1);
}

void Quotas::session_gone(OrganisationId organisation) {
    row(organisation).sessions.add(-1);
}

bool Quotas::take_retained(OrganisationId organisation, std::int64_t bytes) {
    Row& its = row(organisation);
    if (its.retained_bytes.take(bytes)) return true;
    its.refused_retained.add();
    return false;
}

void Quotas::retained_changed(OrganisationId organisation, std::int64_t bytes) {
    row(organisation).retained_bytes.add(bytes);
}

api::OrganisationUse Quotas::use(OrganisationId organisation) const {
    const Row& its = row(organisation);
    api::OrganisationUse use;
    use.in_force = {limit_or_nothing(its.machines.most()), limit_or_nothing(its.sessions.most()),
                    limit_or_nothing(its.messages.units_per_s()),
                    limit_or_nothing(its.samples.units_per_s()),
                    limit_or_nothing(its.retained_bytes.most())};
    use.machines = number(its.machines.count());
    use.sessions = number(its.sessions.count());
    use.retained_bytes = number(its.retained_bytes.count());
    use.refused_machines = its.refused_machines.count();
    use.refused_sessions = its.refused_sessions.count();
    use.refused_messages = its.refused_messages.count();
    use.refused_samples = its.refused_samples.count();
    use.refused_retained = its.refused_retained.count();
    return use;
}

void Quotas::changed(const catalog::Organisation& organisation) {
    Row& its = row(organisation.id);
    const auto& own = organisation.limits;
    its.machines.set(own.machines_max.value_or(*defaults_.machines_max));
    its.sessions.set(own.sessions_max.value_or(*defaults_.sessions_max));
    its.messages.set(own.messages_per_s.value_or(*defaults_.messages_per_s));
    its.samples.set(own.samples_per_s.value_or(*defaults_.samples_per_s));
    its.retained_bytes.set(own.retained_bytes_max.value_or(*defaults_.retained_bytes_max));
}

std::string Quotas::metrics(const catalog::Snapshot& catalog) const {
    std::string page;
    for (const auto& organisation : catalog.organisations()) {
        const auto its = use(organisation.id);
        const std::pair<std::string_view, std::uint64_t> counts[] = {
            {"machines", its.refused_machines},
            {"sessions", its.refused_sessions},
            {"messages", its.refused_messages},
            {"samples", its.refused_samples},
            {"retained", its.refused_retained}};
        for (const auto& [what, count] : counts) {
            if (count == 0) continue;
            page += fmt::format("lineshaft_organisation_refused_total{{organisation=\"{}\",what="
                                "\"{}\"}} {}\n",
                                organisation.name, what, count);
        }
    }
    return page;
}

}  // namespace lineshaft::app
