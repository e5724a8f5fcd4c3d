// How callers of the HTTP JSON API prove which key of a handle is theirs (Handle.Net Technical Manual,
// 14.6): Basic with an HS_SECKEY, a session whose nonce is signed, or the TLS connection's certificate.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "gate/handle/challenges.h"
#include "identity/registry.h"
#include "io/accept_rate.h"
#include "io/http/message.h"
#include "io/workers.h"

namespace lineshaft::handle {

struct LoginLimits {
    std::size_t sessions_max = 4'096;  ///< of one shard; the oldest give way
    io::Steady session_life{3'600'000};
    unsigned attempts_per_second = 10;  ///< of one address
};

/// Sessions and proofs. Any shard; outlives the server.
class RestLogins {
public:
    RestLogins(identity::Registry& registry, io::Shards& shards, io::Workers& workers,
               LoginLimits limits)
        : registry_(registry),
          shards_(shards),
          workers_(workers),
          limits_(limits),
          attempts_(limits.attempts_per_second),
          on_shard_(shards) {}

    struct Session {
        std::string id, nonce;  ///< the nonce as it is, not base64
        std::optional<Reference> who;
    };
    /// A new one, on this shard.
    Session open();
    /// As its challenge stands in WWW-Authenticate.
    static std::string challenge_of(const Session& session);

    struct Login {
        std::optional<Reference> who;  ///< nothing: not proved
        std::string session;           ///< id, of those with one
        std::string why;               ///< of a refusal; empty with `who`
    };
    /// Whether a request shows credentials of a handle (others are tokens): a certificate counts where
    /// there is no Authorization, or one with clientCert="true".
    static bool is_of_handle(const io::http::Request& request);
    /// Checks them. A session that is proved once stays so.
    io::Task<Login> login(io::http::Request request);
    io::Task<std::optional<Session>> find(std::string id);

    struct Verdict {
        Answer answer = Answer::success;  ///< else why nothing is said about the proof
        std::string why{};
        Reference who{};
        bool is_genuine = false;
    };
    /// GET /api/verifications/INDEX:HANDLE?nonce=&cnonce=&alg=&signature= (and salt, iterations,
    /// length): whether that HS_SECKEY of this node made the proof. Ten a second of one address.
    io::Task<Verdict> verify(io::http::Request request);
    io::Task<bool> close(std::string id);

private:
    friend struct LoginSteps;
    struct Kept {
        Session session;
        io::Steady until{0};
    };
    struct OnShard {
        std::map<std::string, Kept> sessions;
    };

    identity::Registry& registry_;
    io::Shards& shards_;
    io::Workers& workers_;
    const LoginLimits limits_;
    io::AcceptRate attempts_;
    io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::handle
