#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/settings.h"
#include "base/result.h"

namespace lineshaft::app {

/// A running node: everything wired, every listener accepting. Start and stop from the main thread.
class Node {
public:
    struct Options {
        std::string data;  ///< the data directory, made if missing (0700)
        bool is_demo = false;
    };
    /// What a person should see when it runs.
    struct Banner {
        std::vector<std::pair<std::string, std::string>> listeners;  ///< "http" -> "127.0.0.1:8080"
        std::string setup_secret;                                    ///< empty once an admin exists
        std::vector<std::string> notes;                              ///< what recovery found
        std::string fingerprint;  ///< SHA-256 of the TLS listeners' certificate; empty: none
    };

    /// Errors: conflict (the directory or an address is taken, naming it), invalid, denied,
    /// corrupt.
    static Result<std::unique_ptr<Node>> start(const Settings& settings, Options options);
    virtual const Banner& banner() const = 0;

    /// Listeners, sessions, seals, store: in that order; everything acknowledged is on disk.
    virtual void stop() = 0;
    virtual ~Node() = default;
};

std::string_view version();

}  // namespace lineshaft::app
