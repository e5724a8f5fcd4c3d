// Browser sessions: who a cookie stands for, and when that ends.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trust/principals.h"

namespace lineshaft::trust {

struct SessionLimits {
    std::chrono::seconds idle_max = std::chrono::minutes(15);
    std::chrono::seconds age_max = std::chrono::hours(12);
    std::size_t sessions_max = 10'000;
    std::size_t per_person_max = 32;  ///< one more ends the person's oldest
    std::chrono::seconds save_every = std::chrono::minutes(1);
    std::vector<Role> totp_required_for{};  ///< without a second factor these may only set one up
};

/// All browser sessions of the node. Owned by one shard; others ask it. Does no I/O: what must be
/// kept is taken with `take_changes` and given to Principals::keep on the rows' worker. A wall
/// screen with an open live stream stays signed in as long as the stream calls `find` (at least
/// every idle_max / 2) until age_max.
/// Times are wall times, so a restart ends nothing that is still young; clock_stepped() moves them
/// along when the clock is set. If nobody calls it and the clock goes back, sessions live longer by
/// as much, and never longer than age_max after the step.
class Sessions {
public:
    explicit Sessions(SessionLimits limits = {}) : limits_(limits) {}

    /// What was kept before a restart. Records of people who are gone are forgotten.
    void restore(const std::vector<SessionRecord>& records, const std::vector<PersonRecord>& people,
                 Instant now);

    /// A new session with a new secret; `previous` (the cookie the browser came with, if any) ends:
    /// signing in rotates. exhausted: sessions_max.
    struct Opened {
        std::string secret;  ///< the cookie's value, 43 letters
        PrincipalPtr principal;
    };
    Result<Opened> open(const PersonRecord& person, std::string_view origin, Instant now,
                        std::string_view previous = {});

    /// Whom the secret stands for, or nothing; counts as activity.
    PrincipalPtr find(std::string_view secret, Instant now);

    void end(std::string_view secret);
    void end_person(PersonId person);  ///< removed, or password changed
    /// The person's role or name changed: live sessions follow from the next `find`.
    void update(const PersonRecord& person);
    /// Ends one of the person's own by the digest that `list` showed. False: no such session.
    bool end_listed(PersonId person, std::string_view digest_hex);
    std::vector<SessionRecord> list(PersonId person, Instant now) const;

    /// The wall clock was set by so much: every session's times move along, so that none ends before
    /// its time or lives longer.
    void clock_stepped(std::chrono::microseconds by);

    /// Forgets what has run out. Call about once a minute.
    void sweep(Instant now);
    std::vector<SessionChange> take_changes();
    std::size_t size() const { return live_.size(); }

private:
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };
    struct Live {
        SessionRecord record;
        PrincipalPtr principal;
        Instant saved_at;
    };
    using Table = std::unordered_map<Digest, Live, DigestHash>;
    bool is_over(const SessionRecord& record, Instant now) const;
    void drop(Table::iterator at);
    void make_room(PersonId person);

    SessionLimits limits_;
    Table live_;
    std::unordered_map<Digest, SessionChange, DigestHash> changes_;
};

/// "__Host-lineshaft" over TLS, "lineshaft" on plain loopback.
std::string_view session_cookie_name(bool tls);
/// The Set-Cookie value that keeps `secret`; an empty secret removes the cookie.
/// HttpOnly; SameSite=Strict; Path=/; Secure over TLS.
std::string session_cookie(std::string_view secret, bool tls, const SessionLimits& limits = {});
/// The secret out of a Cookie header, or empty. Of two cookies of that name, neither counts.
std::string_view session_secret(std::string_view cookie_header, bool tls);

}  // namespace lineshaft::trust
