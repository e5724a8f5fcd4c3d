#include "gate/mqtt/directory.h"

#include <charconv>

namespace lineshaft::broker {
namespace {

// The number that client_key put first.
OrganisationId organisation_of(std::string_view key) {
    std::uint32_t number = 0;
    (void)std::from_chars(key.data(), key.data() + key.size(), number);
    return OrganisationId(number);
}

}  // namespace

std::string client_key(OrganisationId organisation, std::string_view client_id) {
    std::string key = std::to_string(organisation.number());
    key.push_back('/');
    key.append(client_id);
    return key;
}

void Directory::forget(const std::string& key) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    entries_.erase(at);
    steps_.give_back(organisation_of(key));
}

void Directory::claim(const std::string& key, Claim claim) {
    auto at = entries_.find(key);
    if (at == entries_.end()) {
        if (entries_.size() >= limits_.sessions_max) {
            return steps_.refuse(claim, mqtt::Reason::quota_exceeded);
        }
        if (!steps_.take_place(organisation_of(key))) {
            return steps_.refuse(claim, mqtt::Reason::quota_exceeded);
        }
        at = entries_.emplace(CompactText(key), Entry{}).first;
    }
    Entry& entry = at->second;
    if (!entry.busy) return proceed(entry, claim);
    if (limits_.waiting_max == 0) return steps_.refuse(claim, mqtt::Reason::server_busy);
    auto& line = waiting_[key];
    if (line.size() >= limits_.waiting_max) {
        return steps_.refuse(claim, mqtt::Reason::server_busy);
    }
    line.push_back(claim);
    entry.has_waiting = true;
}

void Directory::proceed(Entry& entry, const Claim& claim) {
    entry.busy = true;
    if (entry.session == 0) return steps_.grant_new(claim);
    steps_.yield(claim, entry.session, entry.home);
}

void Directory::settled(const std::string& key, SessionNumber session, std::uint32_t home) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    Entry& entry = at->second;
    entry.session = session;
    entry.home = home;
    entry.busy = false;
    if (entry.has_waiting) {
        const auto line = waiting_.find(key);
        const Claim next = line->second.pop_front();
        if (line->second.empty()) {
            waiting_.erase(line);
            entry.has_waiting = false;
        }
        return proceed(entry, next);
    }
    if (session == 0) forget(key);
}

void Directory::ended(const std::string& key, SessionNumber session) {
    const auto at = entries_.find(key);
    if (at == entries_.end() || at->second.busy || at->second.session != session) return;
    forget(key);
}

bool Directory::load(const std::string& key, SessionNumber session, std::uint32_t home) {
    return entries_
        .emplace(CompactText(key), Entry{.session = session, .home = home})
        .second;
}

std::optional<Directory::Found> Directory::find(const std::string& key) const {
    const auto at = entries_.find(key);
    if (at == entries_.end() || at->second.session == 0) return std::nullopt;
    return Found{at->second.session, at->second.home};
}

}  // namespace lineshaft::broker
