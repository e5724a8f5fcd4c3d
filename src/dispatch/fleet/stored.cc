// What of a fleet is stored, and how it comes back.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "dispatch/fleet/codec.h"
#include "dispatch/fleet/reader.h"

namespace lineshaft::dispatch {

std::string stored_text(const json::object& body) {
    return json::serialize(body);
}

Result<json::object> stored_object(std::string_view body) {
    boost::system::error_code problem;
    json::value value = json::parse(json::string_view(body.data(), body.size()), problem);
    if (problem || !value.is_object()) return fail(Code::corrupt, "it is no JSON object");
    return std::move(value.get_object());
}

namespace {

constexpr std::ptrdiff_t changes_stored_max = 50;  // of one decision

json::object place_json(const Allocation& one, const std::string& pin,
                        const std::optional<double>& hours,
                        const std::optional<insight::GeoPoint>& left) {
    json::object out{{"request", words(one.place.request)},
                     {"place", one.place.index},
                     {"stage", words(name_of(one.stage))},
                     {"machine", or_null(one.machine)},
                     {"arrival", words(to_rfc3339(one.arrival))},
                     {"begin", words(to_rfc3339(one.begin))},
                     {"end", words(to_rfc3339(one.end))},
                     {"way_metres", one.way_metres},
                     {"pin", or_null(pin)},
                     {"hours_at_begin", or_null(hours)}};
    if (left) out["left"] = to_json(std::vector<insight::GeoPoint>{*left});
    return out;
}

}  // namespace

/// As it is by now: what was changed twice is written once.
std::optional<std::string> Fleet::stored_body(const FleetEffects::Record& one) const {
    if (one.kind == "machine") return stored_text(to_json(facts(one.id)));
    if (one.kind == "settings") return stored_text(to_json(settings_));
    if (one.kind == "request") {
        const auto found = desk_.requests().find(one.id);
        if (found == desk_.requests().end()) return std::nullopt;
        return stored_text(to_json(found->second));
    }
    if (one.kind == "site") {
        const auto found = drawn_.find(one.id);
        if (found == drawn_.end()) return std::nullopt;
        const auto& [region, border] = found->second;
        json::object body{{"region", or_null(region)}};
        if (border) body["border"] = to_json(border->ring());
        return stored_text(body);
    }
    if (one.kind == "travel") {
        json::array legs;
        for (const SiteLeg& leg : travel_)
            legs.push_back(json::object{{"from", words(leg.from)},
                                        {"to", words(leg.to)},
                                        {"metres", leg.leg.metres},
                                        {"seconds", leg.leg.seconds}});
        return stored_text({{"legs", std::move(legs)}});
    }
    if (one.kind == "share") {
        json::array customers;
        if (const auto* all = customers_of(one.id))
            for (const std::uint32_t customer : *all) customers.emplace_back(customer);
        return stored_text({{"organisations", std::move(customers)}});
    }
    if (one.kind == "decision") {
        const auto found = std::ranges::find_if(decisions_, [&](const Decision& decision) {
            return fmt::format("{:012}", decision.id) == one.id;
        });
        if (found == decisions_.end()) return one.body;
        json::object body = to_json(*this, *found, false, false);
        const auto kept = std::min<std::ptrdiff_t>(changes_stored_max, std::ssize(found->changes));
        body["changes"] =
            changes_json({found->changes.begin(), found->changes.begin() + kept}, false);
        return stored_text(body);
    }
    if (one.kind == "place") {
        const auto slash = one.id.rfind('/');
        const auto found = stored_.find({one.id.substr(0, slash),
                                         std::uint32_t(std::stoul(one.id.substr(slash + 1)))});
        if (found == stored_.end()) return one.body;
        const StoredPlace& place = found->second;
        return stored_text(place_json(place.allocation, place.pin, place.note.hours_at_begin,
                                      place.note.accepted_at));
    }
    return one.body;
}

FleetEffects Fleet::take_effects() {
    settle();
    FleetEffects effects = std::exchange(effects_, {});
    effects.crossings = field_.take_crossings();
    std::vector<FleetEffects::Record> records;
    std::set<std::pair<std::string, std::string>> seen;
    for (auto at = effects.records.rbegin(); at != effects.records.rend();
         ++at) {  // the last of each counts
        if (!seen.emplace(at->kind, at->id).second) continue;
        if (at->body) at->body = stored_body(*at);
        records.push_back(std::move(*at));
    }
    effects.records = std::move(records);
    return effects;
}

Result<void> Fleet::load_site(const std::string& id, const json::object& body) {
    auto& [region, border] = drawn_[id];
    if (const auto* said = body.if_contains("region"); said != nullptr && said->is_string())
        region = std::string(said->get_string());
    const auto* ring = body.if_contains("border");
    if (ring == nullptr) return {};
    TRY(auto corners, ring_of(*ring));
    TRY(border, insight::SitePolygon::create(std::move(corners)));
    return {};
}

Result<void> Fleet::load_request(const std::string& id, const json::object& body) {
    TRY(auto request, request_of(body, {}));
    request.id = id;
    next_request_ =
        std::max<std::uint64_t>(next_request_, std::strtoull(id.c_str(), nullptr, 10) + 1);
    return desk_.add_request(std::move(request));
}

void Fleet::load_travel(const json::object& body) {
    const json::value* legs = body.if_contains("legs");
    if (legs == nullptr || !legs->is_array()) return;
    for (const json::value& one : legs->get_array()) {
        SiteLeg leg;
        if (!one.is_object()) continue;
        Reader part(one.get_object());
        part.text("from", leg.from)
            .text("to", leg.to)
            .number("metres", leg.leg.metres, 0, 1e8)
            .number("seconds", leg.leg.seconds, 0, 1e7);
        if (part.done()) travel_.push_back(std::move(leg));
    }
}

void Fleet::load_shares(const std::string& id, const json::object& body) {
    const json::value* customers = body.if_contains("organisations");
    if (customers == nullptr || !customers->is_array()) return;
    for (const json::value& one : customers->get_array())
        if (one.is_int64() && one.get_int64() > 0 && one.get_int64() <= UINT32_MAX)
            shares_[id].insert(static_cast<std::uint32_t>(one.get_int64()));
}

Result<void> Fleet::load_place(const std::string& id, const json::object& body) {
    StoredPlace stored;
    Allocation& one = stored.allocation;
    std::string stage;
    Reader reader(body);
    reader.text("request", one.place.request)
        .whole("place", one.place.index, 0, 1'000'000)
        .text("stage", stage)
        .text("machine", one.machine)
        .time("arrival", one.arrival)
        .time("begin", one.begin)
        .time("end", one.end)
        .number("way_metres", one.way_metres, 0, 1e12)
        .text("pin", stored.pin)
        .number("hours_at_begin", stored.note.hours_at_begin, 0, 1e9);
    if (const json::value* left = reader.take("left")) {
        auto where = ring_of(*left);
        if (where && !where->empty()) stored.note.accepted_at = where->front();
    }
    TRY_VOID(reader.done());
    const auto known = stage_of(stage);
    if (!known) return fail(Code::corrupt, fmt::format("place {}: no stage \"{}\"", id, stage));
    one.stage = *known;
    TRY_VOID(desk_.restore(one, stored.pin));
    notes_of_[one.place] = stored.note;
    stored_[one.place] = std::move(stored);
    return {};
}

namespace {

FleetEvent stored_cause(const json::object& body) {
    FleetEvent cause;
    std::string kind;
    Reader part(body);
    part.text("kind", kind)
        .text("machine", cause.machine)
        .text("request", cause.place.request)
        .text("text", cause.text, note_bytes_max);
    if (const auto named = event_named(kind)) cause.kind = *named;
    cause.why = reason_of(part.take("reason"));
    return cause;
}

Change stored_change(const json::object& body) {
    Change change;
    Reader part(body);
    part.text("request", change.place.request)
        .whole("place", change.place.index, 0, 1'000'000)
        .text("from", change.from)
        .text("to", change.to)
        .whole("shift_s", change.shift_s, INT64_MIN / 2, INT64_MAX / 2);
    return change;
}

}  // namespace

Result<void> Fleet::load_decision(const std::string& id, const json::object& body) {
    Decision old;
    old.id = std::strtoull(id.c_str(), nullptr, 10);
    next_decision_ = std::max(next_decision_, old.id + 1);
    Reader reader(body);
    reader.time("at", old.at)
        .text("by", old.by)
        .whole("version", old.version, 0, INT64_MAX)
        .whole("took_ms", old.took_ms, 0, INT64_MAX)
        .number("cost_before", old.cost_before, -1e15, 1e15)
        .number("cost_after", old.cost_after, -1e15, 1e15)
        .whole("kept", old.kept, 0, INT64_MAX)
        .whole("left_out", old.left_out, 0, INT64_MAX)
        .flag("was_adopted", old.was_adopted)
        .text("why", old.why.text, note_bytes_max);
    if (!old.why.text.empty()) old.why.code = "failed";
    if (const Reason why = reason_of(reader.take("why_reason")); !why.empty()) old.why = why;
    if (const json::value* said = reader.take("cause"); said != nullptr && said->is_object())
        old.cause = stored_cause(said->get_object());
    if (const json::value* changes = reader.take("changes");
        changes != nullptr && changes->is_array())
        for (const json::value& one : changes->get_array())
            if (one.is_object()) old.changes.push_back(stored_change(one.get_object()));
    decisions_.push_back(std::move(old));
    return {};
}

Result<void> Fleet::load(std::string_view kind, const std::string& id, std::string_view text) {
    is_loading_ = true;
    struct Loaded {
        bool& is_loading;
        ~Loaded() { is_loading = false; }
    } loaded{is_loading_};
    if (kind == "broken") return broken_[id] = std::string(text), Result<void>{};
    if (kind == "road") {
        const auto slash = id.find('/');
        if (slash != std::string::npos) closed_.emplace(id.substr(0, slash), id.substr(slash + 1));
        return {};
    }
    const auto from_body = [&](const json::object& body) -> Result<void> {
        if (kind == "machine") {
            TRY(facts_[id], changed_facts({}, body));
        } else if (kind == "settings") {
            TRY(auto settings, changed_settings({}, body));
            set_settings(std::move(settings));
        } else if (kind == "site") {
            return load_site(id, body);
        } else if (kind == "request") {
            return load_request(id, body);
        } else if (kind == "travel") {
            load_travel(body);
        } else if (kind == "share") {
            load_shares(id, body);
        } else if (kind == "place") {
            return load_place(id, body);
        } else if (kind == "decision") {
            return load_decision(id, body);
        }
        return {};
    };
    const auto body = stored_object(text);
    auto done = body ? from_body(*body) : Result<void>(std::unexpected(body.error()));
    if (!done)
        return fail(Code::corrupt, fmt::format("{} {}: {}", kind, id, done.error().context));
    return {};
}

}  // namespace lineshaft::dispatch
