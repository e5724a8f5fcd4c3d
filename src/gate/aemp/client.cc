#include "gate/aemp/client.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "base/number.h"
#include "base/percent.h"
#include "io/http/client.h"
#include "trust/secrets.h"

namespace lineshaft::aemp {
namespace {

constexpr std::int64_t token_margin_s = 60;

struct Reply {
    unsigned status = 0;
    std::string body;
};

/// One request on a connection of its own.
io::Task<Result<Reply>> ask(Url url, io::http::ClientRequest request,
                            std::shared_ptr<io::TlsClient> tls, io::Steady patience) {
    const io::Address address{url.host, url.port, {}};
    auto stream = co_await io::connect(address, patience);
    if (!stream) co_return std::unexpected(stream.error());
    if (url.is_tls) {
        if (!tls)
            co_return fail(Code::unsupported,
                           "https: this machine has no certificates of authorities to trust");
        std::vector<std::string> protocols;
        auto secured =
            co_await tls->connect(std::move(*stream), url.host, std::move(protocols), patience);
        if (!secured) co_return std::unexpected(secured.error().in(url.host));
        stream = std::move(secured);
    }
    const std::string host =
        url.port == (url.is_tls ? 443 : 80) ? url.host : fmt::format("{}:{}", url.host, url.port);
    auto answer = co_await io::http::fetch_over(**stream, std::move(request), host, patience);
    (*stream)->close();
    if (!answer) co_return std::unexpected(answer.error().in(url.host));
    co_return Reply{answer->status, std::move(answer->body)};
}

Result<void> check_status(const Reply& reply, std::string_view what) {
    if (reply.status == 200) return {};
    const Code code = reply.status == 401 || reply.status == 403   ? Code::denied
                      : reply.status == 404                        ? Code::not_found
                      : reply.status == 429 || reply.status >= 500 ? Code::unavailable
                                                                   : Code::invalid;
    return fail(code, fmt::format("{} answered {}", what, reply.status));
}

void put_note(std::vector<std::string>& notes, std::size_t most, std::string note) {
    if (notes.size() < most && std::ranges::find(notes, note) == notes.end())
        notes.push_back(std::move(note));
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    Url url;
    std::string_view rest = text;
    if (rest.starts_with("https://"))
        url.is_tls = true, url.port = 443, rest.remove_prefix(8);
    else if (rest.starts_with("http://"))
        rest.remove_prefix(7);
    else
        return fail(Code::invalid,
                    fmt::format("\"{}\" is no address: it begins with http:// or https://",
                                text.substr(0, 200)));
    for (const unsigned char c : text)
        if (c <= 0x20 || c >= 0x7f)
            return fail(Code::invalid, "an address holds no spaces and no letters beyond ASCII");
    const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
    std::string_view authority = rest.substr(0, slash);
    rest.remove_prefix(slash);
    rest = rest.substr(0, rest.find('#'));
    if (authority.contains('@'))
        return fail(Code::invalid,
                    "name and password do not stand in the address: say them as user and secret");
    const std::size_t colon =
        authority.ends_with(']') ? std::string_view::npos : authority.rfind(':');
    if (colon != std::string_view::npos) {
        url.port = number_from<std::uint16_t>(authority.substr(colon + 1)).value_or(0);
        if (url.port == 0)
            return fail(Code::invalid, fmt::format("\"{}\" has no good port", text.substr(0, 200)));
        authority = authority.substr(0, colon);
    }
    if (authority.starts_with('[') && authority.ends_with(']'))
        authority = authority.substr(1, authority.size() - 2);
    if (authority.empty() || authority.size() > 253)
        return fail(Code::invalid, fmt::format("\"{}\" names no server", text.substr(0, 200)));
    url.host = authority;
    url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
    return url;
}

Result<Url> resolve_link(const Url& base, std::string_view link) {
    if (link.contains("://")) return parse_url(link);
    for (const unsigned char c : link)
        if (c <= 0x20 || c >= 0x7f)
            return fail(Code::invalid, "a link with characters no address has");
    Url url = base;
    if (link.starts_with("//"))
        return parse_url((base.is_tls ? "https:" : "http:") + std::string(link));
    if (link.starts_with('/')) {
        url.target = link;
        return url;
    }
    const std::string path = base.target.substr(0, base.target.find('?'));
    url.target = link.starts_with('?') ? path + std::string(link)
                                       : path.substr(0, path.rfind('/') + 1) + std::string(link);
    return url;
}

Result<void> check_access(const FeedAccess& access) {
    TRY_VOID(parse_url(access.url));
    if (access.auth == "none") return {};
    if (access.secret.empty()) return fail(Code::invalid, "auth needs a secret");
    for (const std::string* text : {&access.user, &access.secret})
        for (const unsigned char c : *text)
            if (c < 0x20 || c == 0x7f)
                return fail(Code::invalid, "user and secret hold no control characters");
    if (access.auth == "bearer") return {};
    if (access.user.empty())
        return fail(Code::invalid, "auth needs a user (of OAuth2: the client id)");
    if (access.auth == "basic") return {};
    if (access.auth != "oauth2")
        return fail(Code::invalid, "auth must be none, basic, bearer or oauth2");
    TRY_VOID(parse_url(access.token_url));
    return {};
}

Client::Client(FeedAccess access, std::shared_ptr<io::TlsClient> tls, ClientLimits limits)
    : access_(std::move(access)), tls_(std::move(tls)), limits_(limits) {}

io::Task<Result<std::string>> Client::authorization(Instant now) {
    if (access_.auth == "none") co_return std::string();
    if (access_.auth == "bearer") co_return "Bearer " + access_.secret;
    if (access_.auth == "basic")
        co_return "Basic " + trust::to_base64(access_.user + ":" + access_.secret);
    if (!token_.empty() && now < token_ends_) co_return "Bearer " + token_;
    CO_TRY(const Url url, parse_url(access_.token_url));
    io::http::ClientRequest request;
    request.method = "POST";
    request.target = url.target;
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.headers.push_back({"Accept", "application/json"});
    request.body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}",
                               percent_encoded(access_.user), percent_encoded(access_.secret));
    auto reply = co_await ask(url, std::move(request), tls_, limits_.patience);
    if (!reply) co_return std::unexpected(reply.error().in("token"));
    CO_TRY_VOID(check_status(*reply, "the token's server"));
    boost::system::error_code problem;
    const auto body = boost::json::parse(reply->body, problem);
    if (problem || !body.is_object())
        co_return fail(Code::invalid, "the token's server sent no JSON object");
    const auto* token = body.get_object().if_contains("access_token");
    if (token == nullptr || !token->is_string() || token->get_string().empty() ||
        token->get_string().size() > 16'384)
        co_return fail(Code::invalid, "the token's server sent no access_token");
    for (const unsigned char c : token->get_string())
        if (c <= 0x20 || c >= 0x7f)
            co_return fail(Code::invalid, "the access_token has characters no header holds");
    token_ = std::string(token->get_string());
    std::int64_t lasts_s = 3'600;
    if (const auto* said = body.get_object().if_contains("expires_in");
        said != nullptr && said->is_int64())
        lasts_s = std::clamp<std::int64_t>(said->get_int64(), 1, 86'400);
    token_ends_ =
        Instant{now.micros + std::max<std::int64_t>(lasts_s - token_margin_s, 1) * 1'000'000};
    co_return "Bearer " + token_;
}

io::Task<Result<std::string>> Client::get(Url url, std::string authorization) {
    io::http::ClientRequest request;
    request.target = url.target;
    request.headers.push_back({"Accept", "application/xml, application/json;q=0.9"});
    if (!authorization.empty())
        request.headers.push_back({"Authorization", std::move(authorization)});
    auto reply = co_await ask(url, std::move(request), tls_, limits_.patience);
    if (!reply) co_return std::unexpected(reply.error());
    if (reply->status == 401) token_.clear();
    CO_TRY_VOID(check_status(*reply, "the feed"));
    co_return std::move(reply->body);
}

io::Task<Result<Harvest>> Client::poll(Instant now) {
    Harvest harvest;
    CO_TRY(const Url first, parse_url(access_.url));
    Url page = first;
    std::map<std::string, std::size_t> known;  // identity: place in machines
    std::vector<std::string> seen;
    for (;;) {
        if (is_stopped_) co_return fail(Code::cancelled, "the node ends");
        auto authorization = co_await this->authorization(now);
        if (!authorization) co_return std::unexpected(authorization.error());
        auto body = co_await get(page, *authorization);
        if (!body) co_return std::unexpected(body.error().in(page.target));
        auto fleet = decode_fleet(as_bytes(*body));
        if (!fleet) co_return std::unexpected(fleet.error().in(page.target));
        ++harvest.pages;
        for (const Note& note : fleet->notes)
            put_note(harvest.notes, limits_.notes_max,
                     fmt::format("page {}, machine {}: {}", harvest.pages, note.equipment + 1,
                                 note.what));
        for (Equipment& one : fleet->equipment) {
            const std::string identity = identity_of(one);
            if (identity.empty()) {
                put_note(
                    harvest.notes, limits_.notes_max,
                    fmt::format("page {}: a machine without serial number, PIN and id is left out",
                                harvest.pages));
                continue;
            }
            const Instant at = fleet->snapshot.value_or(now);  // what has no instant of its own
            for (auto& reading : one.readings)
                if (reading && !reading->at) reading->at = at;
            if (one.location && !one.location->at) one.location->at = at;
            for (Fault& fault : one.faults)
                if (!fault.at) fault.at = at;
            const auto [place, is_new] = known.emplace(identity, harvest.machines.size());
            if (is_new) {
                if (harvest.machines.size() >= limits_.equipment_max)
                    co_return fail(Code::exhausted,
                                   fmt::format("more than {} machines", limits_.equipment_max));
                harvest.machines.push_back(std::move(one));
                continue;
            }
            std::vector<std::string> notes;
            Equipment& before = harvest.machines[place->second];
            before = merge(before, one, notes);
            put_note(
                harvest.notes, limits_.notes_max,
                fmt::format("{} stands there twice: the newest of everything counts", identity));
            for (std::string& note : notes)
                put_note(harvest.notes, limits_.notes_max, fmt::format("{}: {}", identity, note));
        }
        if (fleet->links.next.empty()) break;
        auto next = resolve_link(page, fleet->links.next);
        seen.push_back(page.target);
        if (!next || !next->is_same_server(first) ||
            std::ranges::find(seen, next->target) != seen.end()) {
            put_note(harvest.notes, limits_.notes_max,
                     fmt::format("the link to the next page leads elsewhere or in a circle: {}",
                                 fleet->links.next.substr(0, 200)));
            break;
        }
        if (harvest.pages >= limits_.pages_max)
            co_return fail(Code::exhausted, fmt::format("more than {} pages", limits_.pages_max));
        page = *next;
    }
    co_return harvest;
}

}  // namespace lineshaft::aemp
