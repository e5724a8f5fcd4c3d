// People's side of the porter: who proves to be whom, and their browser sessions.
#include "trust/porter.h"

namespace lineshaft::trust {
namespace {

// "name" is of organisation `default`, else "organisation/name".
Result<PersonRecord> find(Principals& principals, std::string_view login) {
    const auto slash = login.find('/');
    if (slash == login.npos) return principals.find_person("default", login);
    return principals.find_person(login.substr(0, slash), login.substr(slash + 1));
}

// The same sentence and the same time, whether the name (no hash) or the password is wrong.
Result<void> verify(std::string_view password, std::string_view hash, const ScryptCost& cost) {
    const bool good =
        hash.empty() ? verify_nobody(password, cost) : verify_password(password, hash);
    if (!good) return fail(Code::denied, "name or password is wrong");
    return {};
}

// A code from the phone, or one of the recovery codes: each works once.
Result<void> spend_code(Principals& principals, const TotpVault& vault, const PersonRecord& person,
                        std::string_view typed, Instant now) {
    if (const auto recovery = recovery_code_digest(typed)) {
        return principals.use_recovery_code(person, *recovery);
    }
    TRY(const std::int64_t step, vault.match(person.id, person.totp->sealed, typed, now,
                                             person.totp->last_step));
    return principals.use_totp_step(person, step);
}

long whole_seconds(LoginThrottle::Steady wait) {
    return static_cast<long>((wait.count() + 999) / 1000);
}

std::string login_of(const Principal& who) {
    return who.organisation == OrganisationId(1) ? who.name
                                                 : who.organisation_name + "/" + who.name;
}

}  // namespace

// Free coroutines that run on shard 0, where sessions and throttle live.
struct PorterPeople {
    static io::Task<long> wait(Porter* porter, std::string login, std::string address) {
        const auto wait =
            porter->throttle_.wait(login, address, io::Shard::here().clock().steady());
        co_return whole_seconds(wait);
    }
    // Counts the attempt before its password is checked, so that many at once are many.
    static io::Task<long> admit(Porter* porter, std::string login, std::string address) {
        const auto wait =
            porter->throttle_.admit(login, address, io::Shard::here().clock().steady());
        co_return whole_seconds(wait);
    }
    static io::Task<bool> forgive(Porter* porter, std::string login, std::string address) {
        porter->throttle_.succeeded(login, address);
        co_return true;
    }
    static io::Task<bool> take_back(Porter* porter, std::string login, std::string address) {
        porter->throttle_.taken_back(login, address);
        co_return true;
    }
    static io::Task<Result<Porter::SignedIn>> open(Porter* porter, PersonRecord person,
                                                   std::string origin, std::string previous) {
        porter->settle_clock();
        auto opened = porter->sessions_.open(person, origin, io::Shard::here().now(), previous);
        if (!opened) co_return std::unexpected(opened.error());
        porter->tend();
        co_return Porter::SignedIn{std::move(opened->secret), std::move(opened->principal)};
    }
    static io::Task<bool> end(Porter* porter, std::string secret) {
        porter->sessions_.end(secret);
        porter->tend();
        co_return true;
    }
    static io::Task<bool> end_person(Porter* porter, PersonId person) {
        porter->sessions_.end_person(person);
        porter->tend();
        co_return true;
    }
    static io::Task<bool> end_listed(Porter* porter, PersonId person, std::string digest_hex) {
        const bool was_there = porter->sessions_.end_listed(person, digest_hex);
        porter->tend();
        co_return was_there;
    }
    static io::Task<bool> changed(Porter* porter, PersonRecord person) {
        porter->sessions_.update(person);
        co_return true;
    }
    static io::Task<std::vector<SessionRecord>> list(Porter* porter, PersonId person) {
        porter->settle_clock();
        co_return porter->sessions_.list(person, io::Shard::here().now());
    }
    // Counted, looked up and its password verified; the second factor not yet.
    static io::Task<Result<PersonRecord>> check_password(Porter* porter, Porter::Attempt attempt);
};

io::Task<Result<PersonRecord>> PorterPeople::check_password(Porter* porter,
                                                            Porter::Attempt attempt) {
    auto wait = co_await porter->shards_.at(0).call(&PorterPeople::admit, porter, attempt.login,
                                                    attempt.address);
    if (wait > 0) {
        co_return fail(Code::exhausted,
                       "too many attempts: try again in " + std::to_string(wait) + " s");
    }
    // The row on its worker, the hash on the other: a slow hash never holds up the catalog.
    // Closures are named before they are awaited: g++ 12 destroys a temporary one twice.
    auto look_up = [porter, login = attempt.login] { return find(porter->principals_, login); };
    auto person = co_await porter->rows_.run(std::move(look_up));
    if (!person && person.error().code != Code::not_found) {
        co_return std::unexpected(person.error());
    }
    const std::string hash = person ? person->password_hash : std::string();
    auto check = [porter, hash, password = std::move(attempt.password)] {
        return verify(password, hash, porter->settings_.cost);
    };
    auto verified = co_await porter->passwords_.run(std::move(check));
    if (!verified) co_return std::unexpected(verified.error());
    // An empty hash verifies nothing, so there is a person.
    co_return std::move(*person);
}

io::Task<Result<Porter::Proven>> Porter::prove(Attempt attempt) {
    auto person = co_await PorterPeople::check_password(this, attempt);
    if (!person) co_return std::unexpected(person.error());
    if (person->totp && attempt.code.empty()) {
        (void)co_await shards_.at(0).call(&PorterPeople::take_back, this, attempt.login,
                                          attempt.address);
        co_return Proven{std::move(*person), true};
    }
    if (person->totp) {
        auto spend = [this, person = *person, code = std::move(attempt.code),
                      now = io::Shard::here().now()] {
            return spend_code(principals_, settings_.totp, person, code, now);
        };
        auto spent = co_await rows_.run(std::move(spend));
        if (!spent) co_return std::unexpected(spent.error());
    }
    (void)co_await shards_.at(0).call(&PorterPeople::forgive, this, attempt.login,
                                      attempt.address);
    co_return Proven{std::move(*person), false};
}

io::Task<Result<PersonRecord>> Porter::prove_again(Principal who, std::string password,
                                                   std::string address) {
    if (who.kind != PrincipalKind::person) {
        co_return fail(Code::denied, "only a person has a password");
    }
    Attempt attempt{login_of(who), std::move(password), {}, std::move(address)};
    auto person = co_await PorterPeople::check_password(this, attempt);
    if (!person) co_return std::unexpected(person.error());
    (void)co_await shards_.at(0).call(&PorterPeople::take_back, this, attempt.login,
                                      attempt.address);
    // The name may be another person's by now.
    if (person->id.number() != who.credential) {
        co_return fail(Code::denied, "name or password is wrong");
    }
    co_return std::move(*person);
}

io::Task<long> Porter::wait_s(std::string login, std::string address) {
    co_return co_await shards_.at(0).call(&PorterPeople::wait, this, std::move(login),
                                          std::move(address));
}

io::Task<Result<Porter::SignedIn>> Porter::open_session(PersonRecord person, std::string origin,
                                                        std::string previous) {
    co_return co_await shards_.at(0).call(&PorterPeople::open, this, std::move(person),
                                          std::move(origin), std::move(previous));
}

io::Task<bool> Porter::sign_out(std::string secret) {
    co_return co_await shards_.at(0).call(&PorterPeople::end, this, std::move(secret));
}

io::Task<bool> Porter::end_person(PersonId person) {
    co_return co_await shards_.at(0).call(&PorterPeople::end_person, this, person);
}

io::Task<bool> Porter::person_changed(PersonRecord person) {
    co_return co_await shards_.at(0).call(&PorterPeople::changed, this, std::move(person));
}

io::Task<std::vector<SessionRecord>> Porter::sessions_of(PersonId person) {
    co_return co_await shards_.at(0).call(&PorterPeople::list, this, person);
}

io::Task<bool> Porter::end_listed(PersonId person, std::string digest_hex) {
    co_return co_await shards_.at(0).call(&PorterPeople::end_listed, this, person,
                                          std::move(digest_hex));
}

}  // namespace lineshaft::trust
