#pragma once
// Inside io/http: how the server asks the table that Router built.
#include <map>

#include "io/http/server.h"

namespace lineshaft::io::http {

struct Route {
    Handler handler;
    std::size_t body_bytes_max = 0;
    bool watches_client = false;
};

struct UpgradeRoute {
    std::string protocol;  ///< lower case
    Upgrade upgrade;
};

struct Router::Table {
    /// One part of the patterns' tree. At most one capture and one rest per node, whatever their
    /// names.
    struct Node {
        std::map<std::string, Node, std::less<>> literals;
        std::unique_ptr<Node> capture;
        std::unique_ptr<Node> rest;
        std::map<std::string, Route, std::less<>> methods;
        std::unique_ptr<UpgradeRoute> upgrade;
    };
    struct Match {
        const Route* route = nullptr;
        const UpgradeRoute* upgrade = nullptr;
        std::vector<std::string> captured;
        std::string allow;  ///< nothing found: the path's methods, "GET, HEAD, OPTIONS", or empty
    };
    /// `upgrade_to`: the protocol asked for in lower case, or empty.
    Match find(std::string_view method, const std::vector<std::string>& segments,
               std::string_view upgrade_to) const;

    Node root;
    Handler fallback;
    std::vector<Listed> listed;
};

}  // namespace lineshaft::io::http
