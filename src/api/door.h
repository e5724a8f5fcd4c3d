#pragma once
#include <string_view>

#include "api/call.h"

namespace lineshaft::api {

/// Serves one route of trust::routes(): finds out who calls, asks the table, runs `work`, turns
/// failures into problem details and adds the security headers. A bug to add a route the table
/// does not have.
void serve(http::Router& router, Services& services, std::string_view method,
           std::string_view pattern, Work work, http::Router::Options options = {});

/// The same for a route that reads its body while it comes: call.body.
void serve_upload(http::Router& router, Services& services, std::string_view method,
                  std::string_view pattern, Work work);

/// Headers every answer of ours carries (CSP, nosniff, no referrer, no store).
void secure(http::Response& response, bool is_encrypted);

/// The problem details of a failure: as io/http, but what a caller may mend in a body is 422.
http::Response problem_of(const Error& error);

}  // namespace lineshaft::api
