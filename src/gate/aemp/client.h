// A client of AEMP 2.0 feeds: follows the pages of a fleet, signs in, and merges what is said
// twice.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/task.h"
#include "io/tls.h"
#include "wire/aemp/fleet.h"

namespace lineshaft::aemp {

/// An http or https address. Errors: invalid.
struct Url {
    bool is_tls = false;
    std::string host;
    std::uint16_t port = 80;
    std::string target = "/";  ///< path and query
    bool is_same_server(const Url& other) const {
        return is_tls == other.is_tls && host == other.host && port == other.port;
    }
};
Result<Url> parse_url(std::string_view text);
/// A link as it stands in a document at `base`: absolute, from the root, or relative. Errors:
/// invalid.
Result<Url> resolve_link(const Url& base, std::string_view link);

struct FeedAccess {
    std::string url;
    std::string auth = "none";  ///< "none", "basic", "bearer", "oauth2"
    std::string user, secret;   ///< of OAuth2: client id and client secret
    std::string token_url;      ///< of OAuth2
};
/// Errors: invalid, in words for who typed it.
Result<void> check_access(const FeedAccess& access);

struct ClientLimits {
    std::size_t pages_max = 500;
    std::size_t equipment_max = 20'000;
    std::size_t notes_max = 50;
    io::Steady patience{8'000};  ///< for each request
};

struct Harvest {
    std::vector<Equipment> machines;  ///< each identity once, the newest of everything
    std::vector<std::string> notes;   ///< what was bent to be read, in words
    std::size_t pages = 0;
};

/// One feed. A token is kept until shortly before it ends. Owner: one shard.
class Client {
public:
    /// `tls` null: https feeds are refused.
    Client(FeedAccess access, std::shared_ptr<io::TlsClient> tls, ClientLimits limits = {});
    /// Every page from the first on. Credentials go to the feed's own server only: a link that
    /// leads elsewhere ends the round with a note. Errors: unavailable, timeout, denied (401, 403),
    /// invalid (no such document), exhausted (a limit); what earlier pages said is then lost for
    /// this round.
    io::Task<Result<Harvest>> poll(Instant now);
    /// A round under way ends after its present request.
    void stop() { is_stopped_ = true; }

private:
    io::Task<Result<std::string>> authorization(Instant now);
    io::Task<Result<std::string>> get(Url url, std::string authorization);

    FeedAccess access_;
    std::shared_ptr<io::TlsClient> tls_;
    ClientLimits limits_;
    std::string token_;
    Instant token_ends_{};
    bool is_stopped_ = false;
};

}  // namespace lineshaft::aemp
