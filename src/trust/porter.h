#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/clock_step.h"
#include "io/shard.h"
#include "io/stream.h"
#include "io/workers.h"
#include "trust/keyring.h"
#include "trust/password.h"
#include "trust/principals.h"
#include "trust/sessions.h"
#include "trust/throttle.h"
#include "trust/token.h"
#include "trust/totp.h"

namespace lineshaft::trust {

/// Which root certificates lead to which machines.
struct CertificateTrust {
    Digest own_root{};  ///< of the node's own authority
    /// Machines of other authorities (setting tls.client_ca) belong to this organisation.
    OrganisationId outside_organisation{};
    std::string outside_name{};
};

/// Lets people and programs in: each shard's keys, the browser sessions and the throttle (both on
/// shard 0), passwords on their own worker, rows on theirs. Owner: the program; outlives the
/// shards' loops. Ends with close().
class Porter {
public:
    struct Settings {
        SessionLimits sessions;
        ThrottleLimits throttle;
        ScryptCost cost;
        TotpVault totp{SealKey::random()};
    };
    /// `rows`: one thread, the only one that uses `principals`. `passwords`: one thread.
    Porter(io::Shards& shards, io::Workers& rows, io::Workers& passwords, Principals& principals,
           Settings settings);

    /// Loads tokens and sessions. From no shard's thread, before anyone is let in.
    Result<void> open();

    /// This shard's keys: for tokens, and to hear when they change.
    Keys& keys();

    /// Whose certificates count besides those of the node's own authority. Before anyone is let in.
    void trust_certificates(CertificateTrust trust) { certificates_ = std::move(trust); }
    /// The machine whose certificate the connection showed (TLS has verified it), or nothing: no
    /// certificate, revoked, ended, or a name no machine may have.
    PrincipalPtr by_certificate(const io::Peer& peer);
    /// That machine as certificates of other authorities name it, while they count; without an end.
    PrincipalPtr outside_machine(OrganisationId organisation, std::string_view machine) const;
    /// As Keyring::still_holds, and its certificate has not ended.
    bool still_holds(const Principal& principal);
    void note_use(const Principal& principal);

    /// Whom a cookie's secret stands for, or nothing; counts as activity. Any shard.
    io::Task<PrincipalPtr> by_session(std::string secret);

    /// Name and password, and the second factor of who has one.
    struct Attempt {
        std::string login;  ///< "name", or "organisation/name"
        std::string password;
        std::string code;  ///< from the phone, or a recovery code; empty: not asked for yet
        std::string address;
    };
    struct Proven {
        PersonRecord person;
        bool needs_code = false;  ///< the password is right; come again with the code
    };
    /// Who somebody proves to be; nothing is opened yet. Errors: denied (one sentence, and the same
    /// time, whether the name or the password is wrong; another for a wrong code), exhausted
    /// (throttled; `wait_s` says how long).
    io::Task<Result<Proven>> prove(Attempt attempt);
    /// The same for somebody signed in who changes something of their own; without the code.
    io::Task<Result<PersonRecord>> prove_again(Principal who, std::string password,
                                               std::string address);

    struct SignedIn {
        std::string secret;
        PrincipalPtr principal;
    };
    /// For somebody proven; `previous`, the cookie the browser came with, ends.
    io::Task<Result<SignedIn>> open_session(PersonRecord person, std::string origin,
                                            std::string previous = {});
    /// Seconds until the throttle lets this account and address try again.
    io::Task<long> wait_s(std::string login, std::string address);
    io::Task<bool> sign_out(std::string secret);
    io::Task<bool> end_person(PersonId person);
    /// Role, name or second factor are others now: live sessions follow.
    io::Task<bool> person_changed(PersonRecord person);
    io::Task<std::vector<SessionRecord>> sessions_of(PersonId person);
    /// Ends one that `sessions_of` showed. False: there is none.
    io::Task<bool> end_listed(PersonId person, std::string digest_hex);

    /// On the passwords' worker, because they take milliseconds to tenths of a second. Errors:
    /// exhausted.
    io::Task<Result<std::string>> hash(std::string password);
    io::Task<Result<NewTokenSecret>> make_token();

    /// Reads the tokens again and hands the new keyring to every shard; live sessions of revoked
    /// ones end by their listeners. Any shard.
    io::Task<Result<void>> reload_tokens();

    const Settings& settings() const { return settings_; }
    /// Writes what is not written yet. From no shard's thread, while the shards still run.
    void close();

private:
    friend struct PorterSteps;
    friend struct PorterPeople;
    struct OnShard {
        Keys keys;
        TokenUse use;
        io::Wheel::Timer timer;
        io::Wheel::Timer ends_timer;
        Instant asked_at{};        // until here ended certificates were told about
        bool has_outside = false;  // somebody came with a certificate of another authority
        unsigned beats = 0;
    };
    OnShard& here();
    void settle_clock();  // shard 0: before sessions are asked
    void tend();  // shard 0, every few seconds: sweeps, saves
    void save_use();
    void watch_ends();  // each shard, every few seconds
    void tell_ends();
    Result<std::shared_ptr<const Keyring>> load_ring();  // on the rows' worker

    io::Shards& shards_;
    io::Workers& rows_;
    io::Workers& passwords_;
    Principals& principals_;
    Settings settings_;
    CertificateTrust certificates_;
    std::vector<std::unique_ptr<OnShard>> on_shard_;
    io::ClockStep clock_step_;  // shard 0
    Sessions sessions_;         // shard 0
    LoginThrottle throttle_;  // shard 0
    bool closing_ = false;    // shard 0
};

}  // namespace lineshaft::trust
