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

FleetEffects Fleet::take_effects() {
    settle();
    FleetEffects effects = std::exchange(effects_, {});
    effects.crossings = field_.take_crossings();
    std::vector<FleetEffects::Record> records;
    std::set<std::pair<std::string, std::string>> seen;
    for (auto at = effects.records.rbegin(); at != effects.records.rend();
         ++at) {  // the last of each counts
        if (!seen.emplace(at->kind, at->id).second) continue;
        if (at->body && at->kind == "machine") at->body = stored_text(to_json(facts(at->id)));
        if (at->body && at->kind == "settings") at->body = stored_text(to_json(settings_));
        if (at->body && at->kind == "request") {
            const auto found = desk_.requests().find(at->id);
            if (found == desk_.requests().end())
                at->body.reset();
            else
                at->body = stored_text(to_json(found->second));
        }
        if (at->body && at->kind == "site") {
            const auto& [region, border] = drawn_[at->id];
            json::object body{{"region", or_null(region)}};
            if (border) body["border"] = to_json(border->ring());
            at->body = stored_text(body);
        }
        if (at->body && at->kind == "travel") {
            json::array legs;
            for (const SiteLeg& leg : travel_)
                legs.push_back(json::object{{"from", words(leg.from)},
                                            {"to", words(leg.to)},
                                            {"metres", leg.leg.metres},
                                            {"seconds", leg.leg.seconds}});
            at->body = stored_text({{"legs", std::move(legs)}});
        }
        if (at->body && at->kind == "decision" && !decisions_.empty()) {
            const auto found = std::ranges::find_if(decisions_, [&](const Decision& one) {
                return fmt::format("{:012}", one.id) == at->id;
            });
            if (found != decisions_.end()) {
                json::object body = to_json(*this, *found, true, false);
                body["changes"] =
                    changes_json(*this,
                                 std::vector<Change>(
                                     found->changes.begin(),
                                     found->changes.begin() +
                                         std::min<std::ptrdiff_t>(50, std::ssize(found->changes))),
                                 false);
                at->body = stored_text(body);
            }
        }
        if (at->body && at->kind == "place") {
            const auto slash = at->id.rfind('/');
            const PlaceOf place{at->id.substr(0, slash),
                                std::uint32_t(std::stoul(at->id.substr(slash + 1)))};
            const auto found = stored_.find(place);
            if (found != stored_.end())
                at->body = stored_text(place_json(found->second.allocation, found->second.pin,
                                                  found->second.note.hours_at_begin,
                                                  found->second.note.accepted_at));
        }
        records.push_back(std::move(*at));
    }
    effects.records = std::move(records);
    return effects;
}

Result<void> Fleet::load(std::string_view kind, const std::string& id, std::string_view text) {
    is_loading_ = true;
    struct Loaded {
        bool& is_loading;
        ~Loaded() { is_loading = false; }
    } loaded{is_loading_};
    const auto bad = [&](const Error& error) {
        return fail(Code::corrupt, fmt::format("{} {}: {}", kind, id, error.context));
    };
    if (kind == "broken") return broken_[id] = std::string(text), Result<void>{};
    if (kind == "road") {
        const auto slash = id.find('/');
        if (slash != std::string::npos) closed_.emplace(id.substr(0, slash), id.substr(slash + 1));
        return {};
    }
    const auto body = stored_object(text);
    if (!body) return bad(body.error());
    if (kind == "machine") {
        auto facts = changed_facts({}, *body);
        if (!facts) return bad(facts.error());
        facts_[id] = std::move(*facts);
    } else if (kind == "settings") {
        auto settings = changed_settings({}, *body);
        if (!settings) return bad(settings.error());
        set_settings(std::move(*settings));
    } else if (kind == "site") {
        auto& [region, border] = drawn_[id];
        if (const auto* said = body->if_contains("region"); said != nullptr && said->is_string())
            region = std::string(said->get_string());
        if (const auto* ring = body->if_contains("border")) {
            auto corners = ring_of(*ring);
            if (!corners) return bad(corners.error());
            auto drawn = insight::SitePolygon::create(std::move(*corners));
            if (!drawn) return bad(drawn.error());
            border = std::move(*drawn);
        }
    } else if (kind == "request") {
        auto request = request_of(*body, {});
        if (!request) return bad(request.error());
        request->id = id;
        next_request_ =
            std::max<std::uint64_t>(next_request_, std::strtoull(id.c_str(), nullptr, 10) + 1);
        auto added = desk_.add_request(std::move(*request));
        if (!added) return bad(added.error());
    } else if (kind == "travel") {
        Reader reader(*body);
        const json::value* legs = reader.take("legs");
        if (legs != nullptr && legs->is_array())
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
    } else if (kind == "place") {
        StoredPlace stored;
        Allocation& one = stored.allocation;
        std::string stage;
        Reader reader(*body);
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
        if (auto good = reader.done(); !good) return bad(good.error());
        const auto known = stage_of(stage);
        if (!known) return fail(Code::corrupt, fmt::format("place {}: no stage \"{}\"", id, stage));
        one.stage = *known;
        if (auto kept = desk_.restore(one, stored.pin); !kept) return bad(kept.error());
        notes_of_[one.place] = stored.note;
        stored_[one.place] = std::move(stored);
    } else if (kind == "decision") {
        Decision old;
        std::string cause;
        old.id = std::strtoull(id.c_str(), nullptr, 10);
        next_decision_ = std::max(next_decision_, old.id + 1);
        Reader reader(*body);
        reader.time("at", old.at)
            .text("by", old.by)
            .whole("version", old.version, 0, INT64_MAX)
            .whole("took_ms", old.took_ms, 0, INT64_MAX)
            .number("cost_before", old.cost_before, -1e15, 1e15)
            .number("cost_after", old.cost_after, -1e15, 1e15)
            .whole("kept", old.kept, 0, INT64_MAX)
            .whole("left_out", old.left_out, 0, INT64_MAX)
            .flag("was_adopted", old.was_adopted)
            .text("why", old.why, note_bytes_max);
        if (const json::value* said = reader.take("cause"); said != nullptr && said->is_object()) {
            Reader part(said->get_object());
            part.text("kind", cause)
                .text("machine", old.cause.machine)
                .text("request", old.cause.place.request)
                .text("text", old.cause.text, note_bytes_max);
            old.cause.kind = event_named(cause).value_or(FleetEvent::Kind::telemetry);
        }
        if (const json::value* changes = reader.take("changes");
            changes != nullptr && changes->is_array())
            for (const json::value& one : changes->get_array()) {
                Change change;
                if (!one.is_object()) continue;
                Reader part(one.get_object());
                part.text("request", change.place.request)
                    .whole("place", change.place.index, 0, 1'000'000)
                    .text("from", change.from)
                    .text("to", change.to)
                    .whole("shift_s", change.shift_s, INT64_MIN / 2, INT64_MAX / 2);
                old.changes.push_back(std::move(change));
            }
        decisions_.push_back(std::move(old));
    }
    return {};
}

}  // namespace lineshaft::dispatch
