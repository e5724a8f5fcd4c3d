#include "gate/handle/rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/check.h"
#include "gate/handle/responder_steps.h"
#include "identity/value_json.h"
#include "io/pause.h"
#include "trust/http_caller.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

namespace json = boost::json;
namespace http = io::http;

constexpr std::string_view handles_pattern = "/api/handles/{handle...}";
constexpr std::string_view list_pattern = "/api/handles";
constexpr std::string_view prefixes_pattern = "/api/prefixes";
constexpr std::string_view prefix_pattern = "/api/prefixes/{prefix}";
constexpr std::string_view site_pattern = "/api/site";
constexpr std::string_view verifications_pattern = "/api/verifications/{handle...}";
constexpr std::string_view sessions_pattern = "/api/sessions";
constexpr std::string_view session_pattern = "/api/sessions/this";
constexpr std::size_t page_size_max = 10'000;

unsigned status_of(Answer answer, bool is_new, bool is_get) {
    switch (answer) {
        case Answer::success: return is_new ? 201 : 200;
        case Answer::values_not_found: return is_get ? 200 : 400;
        case Answer::service_referral:
        case Answer::prefix_referral: return 300;
        case Answer::handle_not_found: return 404;
        case Answer::handle_exists:
        case Answer::value_exists: return 409;
        case Answer::protocol_error:
        case Answer::invalid_handle:
        case Answer::invalid_value:
        case Answer::not_responsible: return 400;
        case Answer::not_supported: return 501;
        case Answer::too_busy:
        case Answer::backup_in_progress: return 503;
        case Answer::authentication_needed: return 401;
        case Answer::invalid_admin:
        case Answer::not_permitted:
        case Answer::authentication_failed: return 403;
        default: return 500;
    }
}

bool asks(const http::Request& request, std::string_view name, bool usual) {
    const auto given = request.asked(name);
    if (!given) return usual;
    return given->empty() || *given == "true" || *given == "1" || *given == "yes";
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return out;
}

// A function's name and nothing else, since it is run by the page that asked.
bool is_callback(std::string_view name) {
    return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '$' || c == '.';
    });
}

void print_pretty(std::string& out, const json::value& value, std::size_t depth) {
    const auto line = [&](std::size_t at) { out.append("\n").append(2 * at, ' '); };
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        const char* before = "{";
        for (const auto& [name, member] : *object) {
            out += std::exchange(before, ",");
            line(depth + 1);
            out += json::serialize(name) + ": ";
            print_pretty(out, member, depth + 1);
        }
        line(depth);
        out += '}';
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        const char* before = "[";
        for (const auto& item : *array) {
            out += std::exchange(before, ",");
            line(depth + 1);
            print_pretty(out, item, depth + 1);
        }
        line(depth);
        out += ']';
    } else {
        out += json::serialize(value);
    }
}

http::Response told(const http::Request& request, unsigned status, const json::object& body) {
    http::Response out;
    out.status = status;
    if (asks(request, "pretty", false)) {
        print_pretty(out.body, body, 0);
        out.body += '\n';
    } else {
        out.body = json::serialize(body);
    }
    const auto callback = request.asked("callback");
    const bool is_script = request.method == "GET" && callback && is_callback(*callback);
    if (is_script) out.body = fmt::format("{}({});", *callback, out.body);
    out.set("content-type", is_script ? "application/javascript; charset=utf-8"
                                      : "application/json; charset=utf-8");
    out.set("access-control-allow-origin", "*");
    out.set("x-content-type-options", "nosniff");
    return out;
}

json::object body_of(Answer answer, std::string_view handle, std::string_view message = {}) {
    json::object out{{"responseCode", static_cast<std::uint32_t>(answer)}};
    if (!handle.empty()) out["handle"] = handle;
    if (!message.empty()) out["message"] = message;
    return out;
}

// Both `page` (from 0) and `pageSize` are needed for a page; otherwise everything, as far as one answer
// goes.
struct Paging {
    std::uint64_t skip = 0;
    std::size_t count = page_size_max;
    std::optional<std::uint64_t> page{};
};
Paging paging_of(const http::Request& request) {
    const auto size = number_of(request.asked("pageSize").value_or(""));
    const auto page = number_of(request.asked("page").value_or(""));
    Paging out;
    if (!size || !page) return out;
    out.count = static_cast<std::size_t>(std::min<std::uint64_t>(*size, page_size_max));
    out.page = std::min<std::uint64_t>(*page, 1u << 31);
    out.skip = *out.page * out.count;
    return out;
}
void tell_page(json::object& out, const Paging& paging) {
    if (!paging.page) return;
    out["page"] = *paging.page;
    out["pageSize"] = paging.count;
}

// What `?index=` and `?type=` ask for; "various" is no index. Errors: invalid.
Result<Resolution> asked_values(const http::Request& request) {
    Resolution out;
    for (const auto& field : request.query) {
        if (field.name == "type") out.types.push_back(field.value);
        if (field.name != "index" || field.value == "various") continue;
        const auto index = number_of(field.value);
        if (!index || *index > 0x7fff'ffff)
            return fail(Code::invalid, "index=" + field.value + ": no index");
        out.indexes.push_back(static_cast<std::uint32_t>(*index));
    }
    return out;
}

bool is_private_way(const io::Peer& peer) {
    return peer.is_encrypted || peer.is_loopback || peer.is_node_socket;
}

}  // namespace

struct RestSteps {
    // A principal that administers the node's names, or the refusal.
    struct Admitted {
        bool is_in = false;
        unsigned status = 200;
        std::string why{};
        Authority by{true, {}};
        trust::PrincipalPtr principal{};  ///< null: a key of a handle
    };
    // By the key of a handle, else by a token.
    static io::Task<Admitted> admit(Rest* rest, const http::Request* request,
                                    std::string_view pattern) {
        if (!RestLogins::is_of_handle(*request)) co_return admit_token(*rest, *request, pattern);
        Admitted out;
        if (!is_private_way(request->peer)) {
            out.status = 403;
            out.why = "use HTTPS: keys must not cross the network in plain text";
            co_return out;
        }
        http::Request shown = *request;
        shown.body.clear();
        auto login = co_await rest->logins_.login(std::move(shown));
        if (!login.who) {
            ++rest->services_.responder.stats().proofs_failed;
            out.status = 401;
            out.why = std::move(login.why);
            co_return out;
        }
        out.is_in = true;
        out.by = Authority{false, std::move(login.who)};
        co_return out;
    }
    static Admitted admit_token(Rest& rest, const http::Request& request,
                                std::string_view pattern) {
        const trust::Route* route = trust::find_route(request.method, pattern);
        CHECK(route != nullptr);
        auto& services = rest.services_;
        if (!is_private_way(request.peer))
            return refusal(403, "use HTTPS: a token must not cross the network in plain text");
        const auto admission = trust::admit_program(services.porter, services.audit, request,
                                                    *route, "", services.loopback_role);
        if (admission.status != 200) return refusal(admission.status, admission.why);
        if (trust::is_from_foreign_page(request))
            return refusal(403, "open the page under the node's own address");
        const auto& who = admission.principal;
        if (!who || (who->kind != trust::PrincipalKind::node &&
                     who->organisation != OrganisationId(1)))
            return refusal(403, "names are administered by the organisation 'default'");
        Admitted out;
        out.is_in = true;
        out.principal = who;
        return out;
    }
    static Admitted refusal(unsigned status, std::string_view why) {
        Admitted out;
        out.status = status;
        out.why = why;
        return out;
    }

    // On disk before it is done; nothing: go on.
    static io::Task<std::optional<http::Response>> record(Rest* rest, const http::Request* request,
                                                          const Admitted* admitted,
                                                          std::string_view action) {
        if (rest->services_.audit == nullptr) co_return std::nullopt;
        trust::Principal who;
        if (admitted->principal) {
            who = *admitted->principal;
        } else if (admitted->by.who) {
            who.name = fmt::format("{}:{}", admitted->by.who->index, admitted->by.who->handle);
            who.organisation = OrganisationId(1);
        }
        const std::string target = request->captured.empty() ? "" : request->captured.front();
        auto line = trust::audit_of(who, request->peer.address, action, target);
        auto recorded = co_await rest->services_.audit->record(std::move(line));
        if (recorded) co_return std::nullopt;
        co_return problem(*request, Answer::too_busy, target,
                          "not recorded, so nothing was done: " + recorded.error().context);
    }

    static http::Response refused(Rest& rest, const http::Request& request,
                                  const Admitted& admitted, std::string_view handle) {
        const Answer answer = admitted.status == 401 ? Answer::authentication_needed
                                                     : Answer::not_permitted;
        const bool is_stranger = admitted.status == 401 && request.header("authorization").empty();
        const std::string why =
            is_stranger ? "prove an administrator's key (Authorization: Handle, or Basic with its "
                          "secret), or send a token (Bearer)"
                        : std::string(admitted.why);
        auto out = told(request, admitted.status == 404 ? 403 : admitted.status,
                        body_of(answer, handle, why));
        if (out.status == 401)
            out.set("www-authenticate", RestLogins::challenge_of(rest.logins_.open()) +
                                            ", Basic realm=\"handle\", Bearer");
        return out;
    }

    // Whoever reads with a good token of the right role sees more.
    static bool reads_all(Rest& rest, const http::Request& request) {
        if (!is_private_way(request.peer) || trust::is_from_foreign_page(request)) return false;
        const auto caller = trust::program_behind(rest.services_.porter, request,
                                                  rest.services_.loopback_role);
        return caller.principal && trust::may(*caller.principal, trust::Right::edit_catalog) &&
               (caller.principal->kind == trust::PrincipalKind::node ||
                caller.principal->organisation == OrganisationId(1));
    }

    static http::Response problem(const http::Request& request, Answer answer,
                                  std::string_view handle, std::string_view why) {
        return told(request, status_of(answer, false, request.method == "GET"),
                    body_of(answer, handle, why));
    }

    // `referral`: of 302 and 303, the handle that says where else to ask.
    static http::Response values(const http::Request& request, Answer answer,
                                 const std::string& handle, const std::vector<Value>& all,
                                 const std::string& referral = {}) {
        json::object out = body_of(answer, handle);
        if (!referral.empty()) out["referralHandle"] = referral;
        json::array list;
        for (const Value& value : all) list.push_back(value_json(value));
        out["values"] = std::move(list);
        return told(request, status_of(answer, false, true), out);
    }

    static io::Task<http::Response> get(Rest* rest, http::Request request) {
        auto& stats = rest->services_.responder.stats();
        ++stats.http;
        const std::string handle = request.captured.at(0);
        const auto asked = asked_values(request);
        if (!asked) co_return problem(request, Answer::invalid_value, handle, asked.error().context);
        if (const auto good = check_name(handle, rest->limits_.wire); !good)
            co_return problem(request, Answer::invalid_handle, handle, good.error().context);
        auto found = rest->services_.registry.look_up(handle);
        if (!found) co_return problem(request, Answer::error, handle, found.error().context);
        if (found->answer == Answer::handle_not_found) {
            ++stats.not_found;
            co_return told(request, 404, body_of(found->answer, handle));
        }
        const bool is_elsewhere = found->answer != Answer::success;
        if (is_elsewhere &&
            (found->answer == Answer::not_responsible || asks(request, "doNotRefer", false))) {
            ++stats.not_responsible;
            co_return problem(request, Answer::not_responsible, handle,
                              "That prefix doesn't live here");
        }
        if (is_elsewhere) {
            ++stats.referred;
            co_return values(request, found->answer, handle, found->values, found->referral);
        }
        const bool wants_all = !asks(request, "publicOnly", false);
        bool public_only = !wants_all || !reads_all(*rest, request);
        std::optional<Reference> party;
        if (wants_all && RestLogins::is_of_handle(request)) {
            auto admitted = co_await admit(rest, &request, handles_pattern);
            if (!admitted.is_in) co_return refused(*rest, request, admitted, handle);
            public_only = !rest->services_.registry.may(
                admitted.by, rest->services_.registry.canonical(handle), found->values,
                {.own = right::read_value, .at_prefix = 0});
            if (public_only) party = admitted.by.who;
        }
        auto shown = party
                         ? rest->services_.registry.party_view(std::move(found->values), *asked, *party).values
                     : public_only
                         ? identity::public_view(std::move(found->values), *asked).values
                         : identity::admin_view(std::move(found->values), *asked);
        if (shown.empty()) {
            ++stats.not_found;
            co_return values(request, Answer::values_not_found, handle, {});
        }
        ++stats.resolved;
        co_return values(request, Answer::success, handle, shown);
    }

    static http::Response told_outcome(Rest& rest, const http::Request& request,
                                       const std::string& handle, const Outcome& outcome) {
        auto& stats = rest.services_.responder.stats();
        ++(outcome.is_good() ? stats.changed : stats.refused);
        const bool made = request.method == "PUT" && outcome.is_good() && outcome.is_new;
        const Answer answer = AnswerSteps::ordinary(outcome.answer);
        return told(request, status_of(answer, made, false),
                    body_of(answer, outcome.is_good() ? outcome.handle : handle, outcome.message));
    }

    // The change that a PUT is. Errors: invalid.
    static Result<Change> change_of(Rest& rest, const http::Request& request) {
        TRY(auto given, parse_values(request.body, rest.limits_.wire));
        Change out;
        out.handle = request.captured.at(0);
        out.values = std::move(given.values);
        out.overwrites = asks(request, "overwrite", true);
        const auto index = request.asked("index");
        if (!index) {
            out.mints_suffix = asks(request, "mintNewSuffix", false);
            const bool replaces = out.overwrites && !out.mints_suffix;
            out.kind = replaces ? Change::Kind::replace_values : Change::Kind::create;
            const bool has_admin = std::ranges::any_of(
                out.values, [](const Value& value) { return value.type == "HS_ADMIN"; });
            const bool has_place = std::ranges::find(out.values, 100u, &Value::index) ==
                                   out.values.end();
            if (!has_admin && has_place) {
                const auto [prefix, suffix] = split_name(canonical(out.handle, false));
                out.values.push_back(
                    identity::default_admin(prefix == "0.NA" ? suffix : prefix, 0));
            }
            return out;
        }
        out.kind = Change::Kind::add_values;
        if (*index == "various") return out;
        TRY(const auto asked, asked_values(request));
        std::vector<std::uint32_t> sent;
        for (const Value& value : out.values) sent.push_back(value.index);
        auto wanted = asked.indexes;
        std::ranges::sort(wanted);
        std::ranges::sort(sent);
        if (wanted != sent) return fail(Code::invalid, "?index= and the values sent differ");
        return out;
    }

    // A mirror has what its origin has; nothing: this is none.
    static std::optional<http::Response> refuse_on_mirror(Rest& rest, const http::Request& request) {
        if (!rest.limits_.is_mirror) return std::nullopt;
        ++rest.services_.responder.stats().not_responsible;
        return problem(request, Answer::not_responsible, request.captured.at(0),
                       "this is a mirror: changes go to its origin");
    }

    static io::Task<http::Response> put(Rest* rest, http::Request request) {
        ++rest->services_.responder.stats().http;
        if (auto refused = refuse_on_mirror(*rest, request)) co_return std::move(*refused);
        const std::string handle = request.captured.at(0);
        auto admitted = co_await admit(rest, &request, handles_pattern);
        if (!admitted.is_in) co_return refused(*rest, request, admitted, handle);
        auto change = change_of(*rest, request);
        if (!change) co_return problem(request, Answer::invalid_value, handle, change.error().context);
        auto unrecorded = co_await record(rest, &request, &admitted, "handle.write");
        if (unrecorded) co_return std::move(*unrecorded);
        auto outcome =
            co_await rest->services_.registry.change(std::move(*change), std::move(admitted.by));
        co_return told_outcome(*rest, request, handle, outcome);
    }

    static io::Task<http::Response> remove(Rest* rest, http::Request request) {
        ++rest->services_.responder.stats().http;
        if (auto refused = refuse_on_mirror(*rest, request)) co_return std::move(*refused);
        const std::string handle = request.captured.at(0);
        auto admitted = co_await admit(rest, &request, handles_pattern);
        if (!admitted.is_in) co_return refused(*rest, request, admitted, handle);
        const auto asked = asked_values(request);
        if (!asked) co_return problem(request, Answer::invalid_value, handle, asked.error().context);
        Change change;
        change.handle = handle;
        change.indexes = asked->indexes;
        change.kind =
            asked->indexes.empty() ? Change::Kind::remove : Change::Kind::remove_values;
        auto unrecorded = co_await record(rest, &request, &admitted, "handle.remove");
        if (unrecorded) co_return std::move(*unrecorded);
        auto outcome =
            co_await rest->services_.registry.change(std::move(change), std::move(admitted.by));
        co_return told_outcome(*rest, request, handle, outcome);
    }

    static io::Task<http::Response> list(Rest* rest, http::Request request) {
        ++rest->services_.responder.stats().http;
        auto admitted = co_await admit(rest, &request, list_pattern);
        if (!admitted.is_in) co_return refused(*rest, request, admitted, "");
        const std::string prefix = fold(request.asked("prefix").value_or(""));
        auto& registry = rest->services_.registry;
        const std::string at = prefix_handle(prefix);
        const auto admins = registry.values_of(at);
        if (!admins || !registry.may(admitted.by, at, *admins,
                                     {.own = right::list_handles, .at_prefix = 0}))
            co_return problem(request, Answer::not_permitted, "", "the key may not list");
        if (prefix.empty())
            co_return problem(request, Answer::protocol_error, "", "?prefix= is needed");
        if (!registry.homes(prefix))
            co_return problem(request, Answer::not_responsible, "", "That prefix doesn't live here");
        const Paging paging = paging_of(request);
        const std::size_t most = paging.count;
        std::uint64_t skip = paging.skip;
        auto count = co_await registry.count(prefix);
        json::array names;
        std::string after;
        for (bool is_last = most == 0; !is_last && names.size() < most;) {
            auto next = registry.list(prefix, after, registry.limits().page_max);
            if (!next) co_return problem(request, Answer::error, "", next.error().context);
            is_last = next->is_last || next->names.empty();
            if (!next->names.empty()) after = next->names.back();
            for (auto& name : next->names) {
                if (skip > 0) {
                    --skip;
                } else if (names.size() < most) {
                    names.emplace_back(std::move(name));
                }
            }
            co_await io::let_others_run();
        }
        json::object out = body_of(Answer::success, "");
        out["prefix"] = prefix;
        out["totalCount"] = std::to_string(count);
        tell_page(out, paging);
        out["handles"] = std::move(names);
        co_return told(request, 200, out);
    }

    static io::Task<http::Response> prefixes(Rest* rest, http::Request request) {
        json::object out = body_of(Answer::success, "");
        json::array some;
        const Paging paging = paging_of(request);
        const auto all = rest->services_.registry.homed_prefixes();
        for (std::size_t at = paging.skip; at < all.size() && some.size() < paging.count; ++at)
            some.emplace_back(prefix_handle(all[at]));
        out["totalCount"] = std::to_string(all.size());
        tell_page(out, paging);
        out["prefixes"] = std::move(some);
        co_return told(request, 200, out);
    }

    static io::Task<http::Response> home(Rest* rest, http::Request request) {
        if (auto refused = refuse_on_mirror(*rest, request)) co_return std::move(*refused);
        const auto admitted = admit_token(*rest, request, prefix_pattern);
        if (!admitted.is_in) co_return refused(*rest, request, admitted, "");
        auto unrecorded = co_await record(rest, &request, &admitted,
                                          request.method == "POST" ? "prefix.home" : "prefix.unhome");
        if (unrecorded) co_return std::move(*unrecorded);
        const bool comes = request.method == "POST";
        const std::string prefix = request.captured.at(0);
        auto& registry = rest->services_.registry;
        const Authority by{true, {}};
        if (comes) {
            auto homed = co_await registry.home(prefix, by);
            co_return told_outcome(*rest, request, prefix, homed);
        }
        auto unhomed = co_await registry.unhome(prefix, by);
        co_return told_outcome(*rest, request, prefix, unhomed);
    }

    // Whether the secret key at INDEX:HANDLE made a proof that another server was shown: what message
    // 201 asks. The secret stays here.
    static io::Task<http::Response> verification(Rest* rest, http::Request request) {
        ++rest->services_.responder.stats().http;
        const std::string asked = request.captured.at(0);
        auto verdict = co_await rest->logins_.verify(request);
        if (verdict.answer != Answer::success)
            co_return problem(request, verdict.answer, asked, verdict.why);
        if (!verdict.is_genuine) ++rest->services_.responder.stats().proofs_failed;
        json::object out = body_of(Answer::success, verdict.who.handle);
        out["isValid"] = verdict.is_genuine;
        co_return told(request, 200, out);
    }

    static http::Response session_told(const http::Request& request,
                                       const RestLogins::Session& session, unsigned status) {
        json::object body{{"sessionId", session.id},
                          {"nonce", trust::to_base64(session.nonce)},
                          {"authenticated", session.who.has_value()}};
        if (session.who)
            body["id"] = fmt::format("{}:{}", session.who->index, session.who->handle);
        auto out = told(request, status, body);
        if (status == 201) out.set("location", "/api/sessions/this");
        return out;
    }
    static io::Task<http::Response> open_session(Rest* rest, http::Request request) {
        if (!is_private_way(request.peer))
            co_return refused(*rest, request, refusal(403, "use HTTPS"), "");
        co_return session_told(request, rest->logins_.open(), 201);
    }
    // GET says what it is, PUT answers its challenge, DELETE ends it.
    static io::Task<http::Response> this_session(Rest* rest, http::Request request) {
        auto admitted = co_await admit(rest, &request, session_pattern);
        const auto header = request.header("authorization");
        const auto at = header.find("sessionId=\"");
        const auto end = at == header.npos ? header.npos : header.find('"', at + 11);
        const std::string id =
            end == header.npos ? std::string() : std::string(header.substr(at + 11, end - at - 11));
        auto session = co_await rest->logins_.find(id);
        if (!session) co_return refused(*rest, request, refusal(401, "no such session"), "");
        if (request.method == "PUT" && !admitted.is_in)
            co_return refused(*rest, request, admitted, "");
        if (request.method == "DELETE") {
            (void)co_await rest->logins_.close(id);
            http::Response out;
            out.status = 204;
            co_return out;
        }
        co_return session_told(request, *session, 200);
    }

    static io::Task<http::Response> site(Rest* rest, http::Request request) {
        Value value;
        value.type = "HS_SITE";
        value.data = encode(rest->services_.responder.site());
        const auto data = data_json(value);
        // Its members also stand beside it: earlier versions of this node had them there only.
        json::object out = body_of(Answer::success, "");
        out["site"] = data.at("value");
        for (const auto& member : data.at("value").as_object())
            out[member.key()] = member.value();
        co_return told(request, 200, out);
    }
};

void Rest::add_routes(http::Router& router) {
    const auto bind = [this](io::Task<http::Response> (*step)(Rest*, http::Request)) {
        return [this, step](http::Request request) { return step(this, std::move(request)); };
    };
    router.add("GET", std::string(handles_pattern), bind(&RestSteps::get));
    router.add("PUT", std::string(handles_pattern), bind(&RestSteps::put));
    router.add("DELETE", std::string(handles_pattern), bind(&RestSteps::remove));
    router.add("GET", std::string(list_pattern), bind(&RestSteps::list));
    router.add("GET", std::string(prefixes_pattern), bind(&RestSteps::prefixes));
    router.add("POST", std::string(prefix_pattern), bind(&RestSteps::home));
    router.add("DELETE", std::string(prefix_pattern), bind(&RestSteps::home));
    router.add("GET", std::string(site_pattern), bind(&RestSteps::site));
    router.add("GET", std::string(verifications_pattern), bind(&RestSteps::verification));
    router.add("POST", std::string(sessions_pattern), bind(&RestSteps::open_session));
    for (const char* method : {"GET", "PUT", "DELETE"})
        router.add(method, std::string(session_pattern), bind(&RestSteps::this_session));
}

}  // namespace lineshaft::handle
