#include "trust/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lineshaft::trust {
namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t secret_letters = 43;
constexpr std::size_t origin_bytes_max = 200;

PrincipalPtr principal_of(const PersonRecord& person, const SessionLimits& limits) {
    const auto& required = limits.totp_required_for;
    const bool is_required =
        person.role && std::ranges::find(required, *person.role) != required.end();
    return std::make_shared<const Principal>(
        Principal{.kind = PrincipalKind::person,
                  .organisation = person.organisation,
                  .organisation_name = person.organisation_name,
                  .role = person.role,
                  .name = person.name,
                  .credential = person.id.number(),
                  .is_held = is_required && !person.totp});
}

}  // namespace

std::size_t Sessions::DigestHash::operator()(const Digest& digest) const noexcept {
    std::size_t head;
    std::memcpy(&head, digest.data(), sizeof head);
    return head;
}

bool Sessions::is_over(const SessionRecord& record, Instant now) const {
    return now - record.last_seen_at >= limits_.idle_max ||
           now - record.created_at >= limits_.age_max;
}

void Sessions::drop(Table::iterator at) {
    changes_[at->first] = SessionChange{at->first, std::nullopt};
    live_.erase(at);
}

void Sessions::restore(const std::vector<SessionRecord>& records,
                       const std::vector<PersonRecord>& people, Instant now) {
    std::unordered_map<PersonId, PrincipalPtr> known;
    for (const PersonRecord& person : people) known[person.id] = principal_of(person, limits_);
    for (SessionRecord record : records) {
        const auto person = known.find(record.person);
        // A clock that went back while we were down must not give a session more than its age.
        record.created_at = std::min(record.created_at, now);
        record.last_seen_at = std::min(record.last_seen_at, now);
        const bool is_kept = person != known.end() &&
                             person->second->organisation == record.organisation &&
                             !is_over(record, now) && live_.size() < limits_.sessions_max;
        if (is_kept) {
            live_[record.sha256] = Live{record, person->second, record.last_seen_at};
        } else {
            changes_[record.sha256] = SessionChange{record.sha256, std::nullopt};
        }
    }
}

void Sessions::make_room(PersonId person) {
    auto oldest = live_.end();
    std::size_t count = 0;
    for (auto at = live_.begin(); at != live_.end(); ++at) {
        if (at->second.record.person != person) continue;
        ++count;
        const bool is_older = oldest == live_.end() ||
                              at->second.record.last_seen_at < oldest->second.record.last_seen_at;
        if (is_older) oldest = at;
    }
    if (count >= limits_.per_person_max) drop(oldest);
}

Result<Sessions::Opened> Sessions::open(const PersonRecord& person, std::string_view origin,
                                        Instant now, std::string_view previous) {
    if (!previous.empty()) end(previous);
    make_room(person.id);
    if (live_.size() >= limits_.sessions_max) sweep(now);
    if (live_.size() >= limits_.sessions_max) {
        return fail(Code::exhausted, "too many people are signed in, try again later");
    }
    std::string secret = to_base64url(random_bytes(secret_bytes));
    const Digest digest = sha256(secret);
    const SessionRecord record{digest,    person.organisation,
                               person.id, now,
                               now,       std::string(origin.substr(0, origin_bytes_max))};
    PrincipalPtr principal = principal_of(person, limits_);
    live_[digest] = Live{record, principal, now};
    changes_[digest] = SessionChange{digest, record};
    return Opened{std::move(secret), std::move(principal)};
}

PrincipalPtr Sessions::find(std::string_view secret, Instant now) {
    if (secret.size() != secret_letters) return nullptr;
    const auto at = live_.find(sha256(secret));
    if (at == live_.end()) return nullptr;
    Live& live = at->second;
    if (now < live.record.created_at) live.record.created_at = live.record.last_seen_at = now;
    if (is_over(live.record, now)) {
        drop(at);
        return nullptr;
    }
    live.record.last_seen_at = now;
    const bool is_due = now - live.saved_at >= limits_.save_every || now < live.saved_at;
    if (is_due) {
        live.saved_at = now;
        changes_[at->first] = SessionChange{at->first, live.record};
    }
    return live.principal;
}

void Sessions::end(std::string_view secret) {
    const auto at = live_.find(sha256(secret));
    if (at != live_.end()) drop(at);
}

void Sessions::end_person(PersonId person) {
    for (auto at = live_.begin(); at != live_.end();) {
        const auto next = std::next(at);
        if (at->second.record.person == person) drop(at);
        at = next;
    }
}

void Sessions::update(const PersonRecord& person) {
    const PrincipalPtr principal = principal_of(person, limits_);
    for (auto& [digest, live] : live_) {
        if (live.record.person == person.id) live.principal = principal;
    }
}

bool Sessions::end_listed(PersonId person, std::string_view digest_hex) {
    const auto raw = from_hex(digest_hex);
    if (!raw) return false;
    const auto digest = digest_of(*raw);
    if (!digest) return false;
    const auto at = live_.find(*digest);
    if (at == live_.end() || at->second.record.person != person) return false;
    drop(at);
    return true;
}

std::vector<SessionRecord> Sessions::list(PersonId person, Instant now) const {
    std::vector<SessionRecord> records;
    for (const auto& [digest, live] : live_) {
        if (live.record.person == person && !is_over(live.record, now)) {
            records.push_back(live.record);
        }
    }
    std::ranges::sort(records, [](const SessionRecord& a, const SessionRecord& b) {
        return std::pair(b.last_seen_at, b.sha256) < std::pair(a.last_seen_at, a.sha256);
    });
    return records;
}

void Sessions::clock_stepped(std::chrono::microseconds by) {
    for (auto& [digest, live] : live_) {
        live.record.created_at = live.record.created_at + by;
        live.record.last_seen_at = live.record.last_seen_at + by;
        live.saved_at = live.saved_at + by;
        changes_[digest] = SessionChange{digest, live.record};
    }
}

void Sessions::sweep(Instant now) {
    for (auto at = live_.begin(); at != live_.end();) {
        const auto next = std::next(at);
        if (is_over(at->second.record, now)) drop(at);
        at = next;
    }
}

std::vector<SessionChange> Sessions::take_changes() {
    std::vector<SessionChange> changes;
    changes.reserve(changes_.size());
    for (auto& [digest, change] : changes_) changes.push_back(std::move(change));
    changes_.clear();
    return changes;
}

std::string_view session_cookie_name(bool tls) {
    return tls ? "__Host-lineshaft" : "lineshaft";
}

std::string session_cookie(std::string_view secret, bool tls, const SessionLimits& limits) {
    return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}",
                       session_cookie_name(tls), secret,
                       secret.empty() ? 0 : limits.age_max.count(), tls ? "; Secure" : "");
}

std::string_view session_secret(std::string_view cookie_header, bool tls) {
    std::string_view secret;
    while (!cookie_header.empty()) {
        const auto semicolon = cookie_header.find(';');
        std::string_view pair = cookie_header.substr(0, semicolon);
        cookie_header.remove_prefix(semicolon == cookie_header.npos ? cookie_header.size()
                                                                    : semicolon + 1);
        while (pair.starts_with(' ')) pair.remove_prefix(1);
        const auto equals = pair.find('=');
        if (equals == pair.npos || pair.substr(0, equals) != session_cookie_name(tls)) continue;
        if (!secret.empty()) return {};
        secret = pair.substr(equals + 1);
    }
    return secret;
}

}  // namespace lineshaft::trust
