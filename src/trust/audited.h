// Which names requests have in the audit log.
#pragma once
#include <string>
#include <string_view>

namespace lineshaft::trust {

/// How a route that changes something is recorded.
struct AuditedRoute {
    std::string_view method, pattern;
    std::string_view action;   ///< "token.create"
    std::string_view noted{};  ///< members of the body that are recorded too, by spaces; no secrets
};

/// The row of a route, or null: it has none. An unsafe method without a row is recorded all the
/// same, by its method and pattern: forgetting a row hides nothing.
const AuditedRoute* find_audited(std::string_view method, std::string_view pattern);

/// True for the few that record themselves at the right moment (signing in), hand in data, or only
/// read although they are POSTs (SQL).
bool records_itself(std::string_view method, std::string_view pattern);

}  // namespace lineshaft::trust
