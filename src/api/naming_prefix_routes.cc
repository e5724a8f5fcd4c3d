// Prefixes, applications for them, and statistics: docs/protocols/naming-api.md.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/naming.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/log.h"
#include "wire/handle/names.h"

namespace lineshaft::api {
namespace {

using identity::Application;
using identity::ApplicationState;
using identity::PrefixEntry;
using identity::PrefixKind;
using identity::PrefixState;

constexpr std::size_t usual_text_max = 200, purpose_max = 2'000, reason_max = 1'000;
constexpr double quota_count_max = 1e15;
constexpr std::uint32_t namespace_index = 10;

json::array history_out(const std::vector<identity::BookStep>& history) {
    json::array out;
    for (const auto& step : history) {
        out.push_back(json::object{{"at", render_time(step.at)},
                                   {"by", step.by},
                                   {"step", step.step},
                                   {"reason", text_or_null(step.reason)}});
    }
    return out;
}

json::value number_or_null(const std::optional<std::uint64_t>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

const identity::BookStep* last_step(const std::vector<identity::BookStep>& history,
                                    std::initializer_list<std::string_view> steps) {
    const auto found = std::ranges::find_if(history.rbegin(), history.rend(), [&](const auto& one) {
        return std::ranges::find(steps, one.step) != steps.end();
    });
    return found == history.rend() ? nullptr : &*found;
}

std::string organisation_name(const Call& call, std::uint32_t id) {
    const auto snapshot = call.services->desk.snapshot();
    const auto* found = snapshot->organisation(OrganisationId(id));
    return found == nullptr ? std::string() : found->name;
}

// A text of 1..most characters (bytes of UTF-8), or empty where it is not needed. Errors: invalid.
Result<std::string> words_in(const json::object& body, std::string_view name, std::size_t most,
                             bool is_needed) {
    const auto* found = body.if_contains(name);
    if (found == nullptr || found->is_null()) {
        if (is_needed) return fail(Code::invalid, fmt::format("\"{}\" is needed", name));
        return std::string();
    }
    const auto* text = found->if_string();
    if (text == nullptr || (is_needed && text->empty()) || text->size() > most * 4)
        return fail(Code::invalid, fmt::format("\"{}\" must be a text of at most {} letters", name, most));
    std::size_t letters = 0;
    for (const char c : *text) {
        letters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n')
            return fail(Code::invalid, fmt::format("\"{}\" has control characters", name));
    }
    if (letters > most)
        return fail(Code::invalid, fmt::format("\"{}\" must have at most {} letters", name, most));
    return std::string(*text);
}

Result<std::optional<std::uint64_t>> count_in(const json::object& body, std::string_view name) {
    TRY(const auto found, optional_number(body, name));
    if (!found || !*found) return std::optional<std::uint64_t>();
    if (**found < 0 || **found > quota_count_max || std::floor(**found) != **found)
        return fail(Code::invalid, fmt::format("\"{}\" must be null or a whole number from 0", name));
    return std::optional(static_cast<std::uint64_t>(**found));
}

// --- Prefixes.

struct PrefixFacts {
    std::optional<std::int64_t> identifiers;
    std::optional<std::string> xml;
    json::value certificate = nullptr;
    bool is_certifiable = false;
};

io::Task<Result<PrefixFacts>> prefix_facts(NamingDesk* desk, PrefixEntry entry) {
    PrefixFacts out;
    if (entry.kind != PrefixKind::delegated) {
        auto count = co_await desk->registry.count(entry.prefix);
        out.identifiers = count;
    }
    CO_TRY(const auto values, desk->registry.values_of(handle::prefix_handle(entry.prefix)));
    if (!values) co_return out;
    for (const auto& value : *values) {
        if (value.type == "HS_NAMESPACE") out.xml = value.data;
    }
    out.certificate = certificate_out(*desk, entry.prefix, *values);
    out.is_certifiable =
        entry.state != PrefixState::revoked && gives_certificate(*desk, entry.prefix);
    co_return out;
}

json::object prefix_out(const Call& call, const PrefixEntry& entry, const PrefixFacts& facts) {
    const auto* reason = last_step(entry.history, {"suspend", "revoke"});
    const auto* given = last_step(entry.history, {"allocate"});
    const bool is_active = entry.state == PrefixState::active;
    return {{"prefix", entry.prefix},
            {"kind", name_of(entry.kind)},
            {"state", name_of(entry.state)},
            {"company", text_or_null(entry.company)},
            {"organisation", organisation_name(call, entry.organisation)},
            {"address", text_or_null(entry.address)},
            {"identifiers", facts.identifiers ? json::value(*facts.identifiers) : json::value(nullptr)},
            {"quota", number_or_null(entry.quota)},
            {"template", facts.xml ? json::value(*facts.xml) : json::value(nullptr)},
            {"certificate", facts.certificate},
            {"certifiable", facts.is_certifiable},
            {"application", entry.application == 0
                                ? json::value(nullptr)
                                : json::value(std::to_string(entry.application))},
            {"allocated_at", given ? json::value(render_time(given->at)) : json::value(nullptr)},
            {"reason", reason && !is_active ? text_or_null(reason->reason) : json::value(nullptr)}};
}

io::Task<Answer> list_prefixes(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const std::size_t limit, limit_of(call.request));
    std::string after(call.request.asked("cursor").value_or(""));
    json::array items;
    bool is_last = false;
    while (!is_last && items.size() < limit) {
        CO_TRY(auto page, desk->book.prefixes(after, limit));
        is_last = page.size() < limit;
        for (auto& entry : page) {
            after = entry.prefix;
            if (!check_own(call, entry.prefix) || items.size() >= limit) continue;
            auto facts = co_await prefix_facts(desk, entry);
            if (!facts) co_return std::unexpected(facts.error());
            items.push_back(prefix_out(call, entry, *facts));
            if (items.size() == limit && &entry != &page.back()) is_last = false;
            if (items.size() == limit) break;
        }
    }
    const bool has_more = items.size() == limit;
    co_return reply(json::object{{"items", std::move(items)},
                                 {"next", has_more ? json::value(after) : json::value(nullptr)}});
}

io::Task<Answer> prefix_reply(const Call* call, NamingDesk* desk, PrefixEntry entry) {
    auto facts = co_await prefix_facts(desk, entry);
    if (!facts) co_return std::unexpected(facts.error());
    json::object out = prefix_out(*call, entry, *facts);
    out["history"] = history_out(entry.history);
    co_return reply(out);
}

io::Task<Answer> one_prefix(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY_VOID(check_own(call, handle::fold(call.captured(0))));
    CO_TRY(auto entry, desk->book.prefix(call.captured(0)));
    auto out = co_await prefix_reply(&call, desk, std::move(entry));
    co_return out;
}

// HS_NAMESPACE of the prefix handle: set, or taken away.
io::Task<Result<void>> set_template(NamingDesk* desk, std::string prefix,
                                    std::optional<std::string> xml) {
    const std::string name = handle::prefix_handle(prefix);
    CO_TRY(auto values, desk->registry.values_of(name));
    if (!values) co_return fail(Code::conflict, name + " is not here");
    identity::Change change;
    change.handle = name;
    change.kind = identity::Change::Kind::replace_values;
    change.keeps_same = true;
    change.values = std::move(*values);
    std::erase_if(change.values, [](const auto& value) { return value.type == "HS_NAMESPACE"; });
    if (xml) {
        auto parsed = identity::Template::parse(*xml);
        if (!parsed) co_return fail(Code::invalid, parsed.error().context);
        handle::Value value;
        value.index = namespace_index;
        while (std::ranges::find(change.values, value.index, &handle::Value::index) !=
               change.values.end())
            ++value.index;
        value.type = "HS_NAMESPACE";
        value.data = std::move(*xml);
        change.values.push_back(std::move(value));
    }
    const identity::Authority by{true, {}};
    auto outcome = co_await desk->registry.change(std::move(change), by);
    if (!outcome.is_good()) co_return std::unexpected(error_of(outcome));
    co_return Result<void>{};
}

io::Task<Answer> change_prefix(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY_VOID(check_takes_changes(*desk));
    CO_TRY(auto body, body_object(call.request, {"quota", "template", "address"}));
    CO_TRY(auto entry, desk->book.prefix(call.captured(0)));
    if (const auto* xml = body.if_contains("template")) {
        if (!xml->is_null() && !xml->is_string())
            co_return fail(Code::invalid, "\"template\" must be a text or null");
        std::optional<std::string> text;
        if (xml->is_string()) text = std::string(xml->get_string());
        auto done = co_await set_template(desk, entry.prefix, std::move(text));
        if (!done) co_return std::unexpected(done.error());
    }
    identity::PrefixBook::PrefixChange wish;
    wish.by = call.principal->name;
    if (body.contains("quota")) {
        CO_TRY(const auto quota, count_in(body, "quota"));
        wish.quota.emplace(quota);
    }
    if (body.contains("address")) {
        CO_TRY(const auto address, words_in(body, "address", usual_text_max, true));
        wish.address = address;
    }
    if (wish.quota || wish.address) {
        auto changed = co_await desk->book.change(entry.prefix, std::move(wish));
        if (!changed) co_return std::unexpected(changed.error());
        entry = std::move(*changed);
    }
    auto out = co_await prefix_reply(&call, desk, std::move(entry));
    co_return out;
}

io::Task<Answer> set_prefix_state(Call call, PrefixState state) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY_VOID(check_takes_changes(*desk));
    CO_TRY(auto body, body_object(call.request, {"reason"}));
    CO_TRY(auto reason, words_in(body, "reason", reason_max, state != PrefixState::active));
    auto changed = co_await desk->book.set_state(call.captured(0), state, call.principal->name,
                                                 std::move(reason));
    if (!changed) co_return std::unexpected(changed.error());
    auto out = co_await prefix_reply(&call, desk, std::move(*changed));
    co_return out;
}
io::Task<Answer> suspend_prefix(Call call) {
    auto out = co_await set_prefix_state(std::move(call), PrefixState::suspended);
    co_return out;
}
io::Task<Answer> resume_prefix(Call call) {
    auto out = co_await set_prefix_state(std::move(call), PrefixState::active);
    co_return out;
}
io::Task<Answer> revoke_prefix(Call call) {
    auto out = co_await set_prefix_state(std::move(call), PrefixState::revoked);
    co_return out;
}

// --- Applications.

json::object application_out(const Call& call, const NamingDesk& desk, const Application& one) {
    const auto* decided = last_step(one.history, {"approve", "refuse"});
    const auto* reason = last_step(one.history, {"approve", "refuse", "suspend", "revoke"});
    json::value organisation = nullptr, quota = nullptr;
    if (!one.prefix.empty()) {
        if (const auto entry = desk.book.prefix(one.prefix)) {
            organisation = json::value(organisation_name(call, entry->organisation));
            quota = number_or_null(entry->quota);
        }
    }
    return {{"id", std::to_string(one.id)},
            {"state", name_of(one.state)},
            {"company", one.company},
            {"credit_code", one.credit_code},
            {"contact", one.contact},
            {"email", one.email},
            {"phone", one.phone},
            {"purpose", one.purpose},
            {"wanted", text_or_null(one.wanted)},
            {"hosting", one.is_hosted ? "hosted" : "own_node"},
            {"address", text_or_null(one.address)},
            {"expected", number_or_null(one.expected)},
            {"prefix", text_or_null(one.prefix)},
            {"organisation", std::move(organisation)},
            {"quota", std::move(quota)},
            {"applied_at", render_time(one.history.front().at)},
            {"changed_at", render_time(one.history.back().at)},
            {"decided_by", decided ? json::value(decided->by) : json::value(nullptr)},
            {"reason", reason ? text_or_null(reason->reason) : json::value(nullptr)},
            {"history", history_out(one.history)}};
}

Result<Application> application_in(const Call& call) {
    TRY(auto body,
        body_object(call.request, {"company", "credit_code", "contact", "email", "phone", "purpose",
                                   "wanted", "hosting", "address", "expected"}));
    Application out;
    TRY(out.company, words_in(body, "company", usual_text_max, true));
    TRY(out.contact, words_in(body, "contact", usual_text_max, true));
    TRY(out.email, words_in(body, "email", usual_text_max, true));
    TRY(out.purpose, words_in(body, "purpose", purpose_max, true));
    TRY(out.credit_code, words_in(body, "credit_code", usual_text_max, false));
    TRY(out.phone, words_in(body, "phone", usual_text_max, false));
    TRY(out.wanted, words_in(body, "wanted", usual_text_max, false));
    TRY(out.address, words_in(body, "address", usual_text_max, false));
    TRY(out.expected, count_in(body, "expected"));
    TRY(const auto hosting, words_in(body, "hosting", usual_text_max, false));
    out.wanted = handle::fold(out.wanted);
    if (!out.email.contains('@')) return fail(Code::invalid, "\"email\" is no address");
    if (!out.wanted.empty() && out.wanted.find_first_of("/ ") != out.wanted.npos)
        return fail(Code::invalid, "\"wanted\" is no prefix");
    if (hosting != "" && hosting != "hosted" && hosting != "own_node")
        return fail(Code::invalid, "\"hosting\" must be hosted or own_node");
    out.is_hosted = hosting != "own_node";
    if (!out.is_hosted) {
        const auto parsed = io::parse_address(out.address);
        if (!parsed) return fail(Code::invalid, "\"address\" must be HOST:PORT of your node");
        if (!handle::parse_address(parsed->host))
            return fail(Code::invalid, "\"address\" must be an IP address and a port");
    }
    return out;
}

io::Task<long> visitor_waits(NamingDesk* desk, std::string address) {
    co_return desk->visitors.take(address, io::Shard::here().clock().steady());
}

io::Task<Answer> apply_for_prefix(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    if (desk->role != "secondary" && desk->role != "top")
        co_return fail(Code::not_found, "this node gives no prefixes");
    CO_TRY_VOID(check_takes_changes(*desk));
    CO_TRY(auto wish, application_in(call));
    auto wait = co_await call.services->shards.at(0).call(&visitor_waits, desk,
                                                          call.request.peer.address);
    if (wait > 0) {
        auto refused = http::problem(429, "Too many applications", "Try again later.");
        refused.set("retry-after", std::to_string(wait));
        co_return refused;
    }
    auto applied = co_await desk->book.apply(std::move(wish));
    if (!applied) co_return std::unexpected(applied.error());
    auto line = trust::audit_of(*call.principal, call.request.peer.address, "prefix.apply",
                                std::to_string(applied->application.id),
                                "company=" + applied->application.company);
    if (line.who.empty()) line.who = "applicant";
    call.services->audit->note(std::move(line));
    co_return reply(json::object{{"id", std::to_string(applied->application.id)},
                                 {"state", "applied"},
                                 {"ticket", applied->ticket},
                                 {"status", "/api/v1/naming/applications/status/" + applied->ticket}},
                    201);
}

io::Task<Answer> application_status(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const auto one, desk->book.by_ticket(call.captured(0)));
    const auto* reason = last_step(one.history, {"approve", "refuse", "suspend", "revoke"});
    co_return reply(json::object{{"state", name_of(one.state)},
                                 {"company", one.company},
                                 {"prefix", text_or_null(one.prefix)},
                                 {"reason", reason ? text_or_null(reason->reason) : json::value(nullptr)},
                                 {"applied_at", render_time(one.history.front().at)},
                                 {"changed_at", render_time(one.history.back().at)}});
}

bool has_words(const Application& one, std::string_view words) {
    const std::string wanted = handle::fold(words);
    return std::ranges::any_of(
        std::initializer_list<const std::string*>{&one.company, &one.contact, &one.prefix, &one.wanted},
        [&](const std::string* text) { return handle::fold(*text).contains(wanted); });
}

io::Task<Answer> list_applications(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const std::size_t limit, limit_of(call.request));
    std::optional<ApplicationState> state;
    if (const auto asked = call.request.asked("state"); asked && !asked->empty()) {
        state = identity::parse_application_state(*asked);
        if (!state) co_return fail(Code::invalid, "state= is none of applied, approved, refused, allocated, suspended, revoked");
    }
    std::optional<std::uint64_t> before;
    if (const auto cursor = call.request.asked("cursor"); cursor && !cursor->empty()) {
        CO_TRY(before, row_number(*cursor));
    }
    const auto words = call.request.asked("q").value_or("");
    json::array items;
    bool has_more = true;
    while (has_more && items.size() < limit) {
        CO_TRY(const auto page, desk->book.applications(before, 1'000));
        has_more = page.size() == 1'000;
        for (const auto& one : page) {
            if (items.size() == limit) {
                has_more = true;
                break;
            }
            before = one.id;
            if (state && one.state != *state) continue;
            if (!words.empty() && !has_words(one, words)) continue;
            items.push_back(application_out(call, *desk, one));
        }
    }
    const bool goes_on = has_more && items.size() == limit;
    co_return reply(json::object{
        {"items", std::move(items)},
        {"next", goes_on && before ? json::value(std::to_string(*before)) : json::value(nullptr)}});
}

io::Task<Answer> one_application(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const auto id, row_number(call.captured(0)));
    CO_TRY(const auto one, desk->book.application(id));
    co_return reply(application_out(call, *desk, one));
}

io::Task<Answer> decide(Call call, bool is_approved) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY_VOID(check_takes_changes(*desk));
    CO_TRY(const auto id, row_number(call.captured(0)));
    CO_TRY(auto body, body_object(call.request, {"reason"}));
    CO_TRY(auto reason, words_in(body, "reason", reason_max, !is_approved));
    auto done =
        co_await desk->book.decide(id, is_approved, call.principal->name, std::move(reason));
    if (!done) co_return std::unexpected(done.error());
    co_return reply(application_out(call, *desk, *done));
}
io::Task<Answer> approve_application(Call call) {
    auto out = co_await decide(std::move(call), true);
    co_return out;
}
io::Task<Answer> refuse_application(Call call) {
    auto out = co_await decide(std::move(call), false);
    co_return out;
}

io::Task<Answer> allocate_prefix(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY_VOID(check_takes_changes(*desk));
    CO_TRY(const auto id, row_number(call.captured(0)));
    CO_TRY(auto body, body_object(call.request, {"prefix", "organisation", "quota"}));
    identity::PrefixBook::Allocation wish;
    wish.application = id;
    wish.by = call.principal->name;
    CO_TRY(wish.prefix, words_in(body, "prefix", usual_text_max, false));
    CO_TRY(wish.quota, count_in(body, "quota"));
    CO_TRY(const auto organisation, words_in(body, "organisation", usual_text_max, false));
    wish.organisation = catalog::default_organisation.number();
    if (!organisation.empty()) {
        const auto snapshot = call.services->desk.snapshot();
        const auto& all = snapshot->organisations();
        const auto found = std::ranges::find(all, organisation, &catalog::Organisation::name);
        if (found == all.end())
            co_return fail(Code::invalid, "\"organisation\": there is none called " + organisation);
        wish.organisation = found->id.number();
    }
    auto done = co_await desk->book.allocate(std::move(wish));
    if (!done) co_return std::unexpected(done.error());
    if (done->is_hosted && desk->signer != nullptr && desk->signer->signs_all()) {
        auto certified = co_await certify_prefix(desk, done->prefix, {}, 0);
        if (!certified)
            log::warn("no certificate for {}: {}", done->prefix, certified.error().context);
    }
    co_return reply(application_out(call, *desk, *done));
}

// --- Statistics.

json::object counts_out(const identity::Counts& counts) {
    return {{"registered", counts.registered},
            {"changed", counts.changed},
            {"deleted", counts.deleted},
            {"resolved", counts.resolved},
            {"not_found", counts.not_found}};
}

struct Span {
    Instant from, until;
};
Result<Span> span_of(const Call& call, bool by_day) {
    TRY(const auto from, time_of(call.request, "from"));
    TRY(const auto until, time_of(call.request, "until"));
    Span out;
    out.until = until.value_or(io::Shard::here().now());
    out.from = from.value_or(out.until - std::chrono::hours(by_day ? 30 * 24 : 24));
    if (out.from >= out.until) return fail(Code::invalid, "from= must be before until=");
    return out;
}

io::Task<Answer> naming_statistics(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    const auto by = call.request.asked("by").value_or("hour");
    if (by != "hour" && by != "day") co_return fail(Code::invalid, "by= must be hour or day");
    CO_TRY(const auto span, span_of(call, by == "day"));
    const std::string prefix = handle::fold(call.request.asked("prefix").value_or(""));
    identity::Statistics::Query query{span.from, span.until, by == "day", prefix};
    auto report = co_await desk->statistics.report(std::move(query));
    if (!report) co_return std::unexpected(report.error());
    const bool sees_all = check_own(call, "").has_value();
    json::array periods, prefixes;
    for (const auto& period : report->periods) {
        json::object one = counts_out(period.counts);
        one["at"] = render_time(period.at);
        periods.push_back(std::move(one));
    }
    std::ranges::stable_sort(report->prefixes, std::greater{},
                             [](const auto& one) { return one.second.resolved; });
    identity::Counts own;
    for (const auto& [name, counts] : report->prefixes) {
        const bool is_own = sees_all || check_own(call, name).has_value();
        if (!is_own) continue;
        own += counts;
        if (prefixes.size() >= 1'000) continue;
        json::object one = counts_out(counts);
        one["prefix"] = name;
        auto count = co_await desk->registry.count(name);
        one["identifiers"] = count;
        prefixes.push_back(std::move(one));
    }
    // Of another organisation: without a prefix of its own asked for, only its own sums.
    const bool shows_periods = sees_all || (!prefix.empty() && check_own(call, prefix));
    co_return reply(json::object{{"from", render_time(span.from)},
                                 {"until", render_time(span.until)},
                                 {"by", by},
                                 {"totals", counts_out(own)},
                                 {"periods", shows_periods ? std::move(periods) : json::array()},
                                 {"prefixes", std::move(prefixes)}});
}

io::Task<Answer> missing_names(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const std::size_t limit, limit_of(call.request));
    CO_TRY(const auto span, span_of(call, false));
    auto names = co_await desk->statistics.missing(span.from, span.until, 1'000);
    if (!names) co_return std::unexpected(names.error());
    const bool sees_all = check_own(call, "").has_value();
    json::array items;
    for (const auto& [name, count] : *names) {
        if (items.size() == limit) break;
        if (!sees_all && !check_own(call, prefix_of_handle(name))) continue;
        items.push_back(json::object{{"handle", name}, {"count", count}});
    }
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

}  // namespace

void add_prefix_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/naming/prefixes", &list_prefixes);
    serve(router, services, "GET", "/api/v1/naming/prefixes/{prefix}", &one_prefix);
    serve(router, services, "PATCH", "/api/v1/naming/prefixes/{prefix}", &change_prefix);
    serve(router, services, "POST", "/api/v1/naming/prefixes/{prefix}/suspend", &suspend_prefix);
    serve(router, services, "POST", "/api/v1/naming/prefixes/{prefix}/resume", &resume_prefix);
    serve(router, services, "POST", "/api/v1/naming/prefixes/{prefix}/revoke", &revoke_prefix);
    serve(router, services, "POST", "/api/v1/naming/applications", &apply_for_prefix);
    serve(router, services, "GET", "/api/v1/naming/applications", &list_applications);
    serve(router, services, "GET", "/api/v1/naming/applications/status/{ticket}",
          &application_status);
    serve(router, services, "GET", "/api/v1/naming/applications/{id}", &one_application);
    serve(router, services, "POST", "/api/v1/naming/applications/{id}/approve",
          &approve_application);
    serve(router, services, "POST", "/api/v1/naming/applications/{id}/refuse", &refuse_application);
    serve(router, services, "POST", "/api/v1/naming/applications/{id}/allocate", &allocate_prefix);
    serve(router, services, "GET", "/api/v1/naming/statistics", &naming_statistics);
    serve(router, services, "GET", "/api/v1/naming/statistics/missing", &missing_names);
}

}  // namespace lineshaft::api
