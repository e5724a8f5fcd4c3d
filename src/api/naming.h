#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "identity/bulk.h"
#include "identity/prefix_book.h"
#include "identity/resolver.h"
#include "identity/statistics.h"
#include "identity/value_signer.h"
#include "identity/value_trust.h"
#include "identity/visitors.h"
#include "io/accept_rate.h"
#include "io/workers.h"

namespace lineshaft::api {

/// What the routes of docs/protocols/naming-api.md use; `app` puts it together. Outlives the server.
struct NamingDesk {
    identity::Registry& registry;
    identity::PrefixBook& book;
    identity::Statistics& statistics;
    identity::BulkJobs& jobs;
    identity::Resolver* resolver = nullptr;  ///< null: asks no other node
    std::string role, public_url;
    std::vector<std::string> own;  ///< prefixes of the settings, folded
    bool is_case_sensitive = false;
    std::string machine_prefix{};  ///< machines are named under it; empty: they are not
    identity::TrustedKeys trusted{};          ///< of the settings, and this node's own
    identity::ValueSigner* signer = nullptr;  ///< null: this node signs nothing
    std::string mirror_of{};                  ///< whom it follows; empty: it takes changes
    identity::VisitorRate visitors{identity::VisitorRate::Limits{}};  ///< shard 0
    io::AcceptRate resolutions{20};
    io::Workers labels{"labels", io::Workers::Limits{.threads = 1, .queued_max = 64, .nice = 5}};
};

/// Errors: unavailable, on a node that keeps no names.
Result<NamingDesk*> naming_of(const Call& call);

/// What somebody may see of values that are not for everybody.
struct Viewer {
    bool sees_all = false;
    std::string party{};  ///< "0.ORG/acme"; empty: of no organisation
};
/// By role and organisation, for values under `prefix`. Errors: those of the store.
Result<Viewer> viewer_of(const Call& call, std::string_view prefix);
/// Whether whoever calls may see and use what lies under `prefix` as its own: `default`, or whose
/// prefix it is. Errors: not_found (not its own), those of the store.
Result<void> check_own(const Call& call, std::string_view prefix);
/// The prefix that a handle stands under; of "0.NA/88.1" that prefix.
std::string prefix_of_handle(std::string_view canonical);

struct Shown {
    std::vector<handle::Value> values;
    std::size_t hidden = 0;
};
Shown shown_to(const Viewer& viewer, std::vector<handle::Value> values);

json::object value_out(const handle::Value& value);
/// "/h/88.101.7/EXC-0042", percent-encoded.
std::string page_path(std::string_view handle);
std::string handle_in_path(std::string_view handle);
json::object identifier_out(const std::string& handle, const std::vector<handle::Value>& values);

/// Values as somebody writes them; those without an index get the next that is in neither. Errors:
/// invalid, naming the value.
Result<std::vector<handle::Value>> values_in(const json::value& given,
                                             const std::vector<handle::Value>& there);
/// Adds the administrator every handle has, unless there is one.
void add_admin(std::vector<handle::Value>& values, std::string_view prefix);
/// On a mirror nothing is changed. Errors: unsupported, which says where to go.
Result<void> check_takes_changes(const NamingDesk& desk);
/// The signatures among `values` of `handle`, with whatever of their certificates can be found.
io::Task<identity::ValuesTrust> trust_of(NamingDesk* desk, std::string handle,
                                         std::vector<handle::Value> values);
json::array signatures_out(const identity::ValuesTrust& trust);
/// Puts an HS_CERT for the prefix's key where its prefix handle stands. `public_key` empty: this
/// node's own, which hosts it.
io::Task<Result<handle::Value>> certify_prefix(NamingDesk* desk, std::string prefix,
                                               std::string public_key, std::int64_t life_s);

/// That among the `values` of its prefix handle; null: there is none.
json::value certificate_out(const NamingDesk& desk, const std::string& prefix,
                            const std::vector<handle::Value>& values);
/// Whether this node is who certifies the prefix's key.
bool gives_certificate(const NamingDesk& desk, std::string_view prefix);

/// A registry's refusal as a failure of ours.
Error error_of(const identity::Outcome& outcome);
/// "Quota reached" and the rest.
http::Response refusal_of(const identity::Outcome& outcome);

/// What stands under "naming" in Services, by its pages.
void add_identifier_routes(http::Router& router, Services& services);
void add_prefix_routes(http::Router& router, Services& services);
void add_bulk_routes(http::Router& router, Services& services);
void add_resolve_routes(http::Router& router, Services& services);
void add_trust_routes(http::Router& router, Services& services);

}  // namespace lineshaft::api
