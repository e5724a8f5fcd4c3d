// What the console sees of clients.
#include <algorithm>
#include <unordered_set>

#include "gate/mqtt/client_order.h"
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {

Meter& Session::metered() {
    if (!meter) meter = std::make_unique<Meter>();
    return *meter;
}

void Session::went(std::size_t bytes) {
    metered().went(hub->window, bytes);
    hub->stats.sent_bytes += bytes;
}

ClientRow Session::row() const {
    ClientRow row;
    row.organisation = organisation;
    row.client_id = client_id.view();
    if (principal) {
        row.principal = principal->name;
        row.machine = principal->machine;
    }
    row.state = link != nullptr ? ClientState::connected : ClientState::sleeping;
    row.is_durable = is_durable();
    row.is_full = is_full;
    row.is_paused = is_paused();
    row.version = version;
    row.expiry_s = expiry_s;
    row.changed = changed;
    row.subscriptions = subscriptions.size();
    row.queued_messages = static_cast<std::uint64_t>(std::max<std::int64_t>(0, owed_messages));
    row.queued_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, owed_bytes));
    row.unanswered = answers ? answers->ring.size() : 0;
    if (meter) {
        row.total = meter->total();
        row.rates = meter->rates(hub->window);
        row.losses = meter->losses();
        row.retained = meter->retained;
    }
    if (link == nullptr) {
        if (sleep) row.in_flight = sleep->flows.outbound.size();
        if (last_end != mqtt::Reason::success) row.ended = {changed, last_end, ""};
        return row;
    }
    row.in_flight = link->connection.session().outbound.size();
    const io::Peer& peer = link->stream->peer();
    row.address = peer.address;
    row.port = peer.port;
    row.is_encrypted = peer.is_encrypted;
    row.is_websocket = link->is_websocket;
    row.keep_alive_s = link->connection.keep_alive_s();
    return row;
}

void Hub::remember(const Session& session, const Ended& ended) {
    ClientRow row = session.row();
    row.state = ClientState::gone;
    row.ended = ended;
    row.rates = {};
    if (departures_.size() >= limits().departures_max && !departures_.empty())
        departures_.pop_front();
    if (limits().departures_max != 0) departures_.push_back(std::move(row));
}

Hub::Rows Hub::rows(const ClientQuery& query) {
    struct Found {
        std::uint64_t value;
        const Session* session;
    };
    const ClientPlace after = parse_place(query.after);
    std::vector<Found> found;
    Rows out;
    for (const auto& [number, session] : sessions) {
        if (session->is_over ||
            (query.organisation && session->organisation != *query.organisation)) {
            continue;
        }
        const bool is_connected = session->link != nullptr;
        if (query.state && (*query.state == ClientState::connected) != is_connected) continue;
        const std::string_view address =
            is_connected ? std::string_view(session->link->stream->peer().address) : "";
        if (!query.text.empty() && !contains_text(session->client_id, query.text) &&
            !(session->principal && contains_text(session->principal->name, query.text)) &&
            !contains_text(address, query.text)) {
            continue;
        }
        ++out.total;
        const auto value = order_value(*session, query.order, window);
        if (!query.after.empty() && !comes_before(after, {value, session->client_id})) continue;
        found.push_back({value, session.get()});
    }
    const auto middle =
        found.begin() + static_cast<std::ptrdiff_t>(std::min(query.count_max + 1, found.size()));
    std::ranges::partial_sort(found, middle, [](const Found& one, const Found& other) {
        return comes_before({one.value, one.session->client_id},
                            {other.value, other.session->client_id});
    });
    for (auto at = found.begin(); at != middle; ++at) out.rows.push_back(at->session->row());
    return out;
}

std::unordered_map<std::string, Ended> Hub::endings(OrganisationId organisation,
                                                    const std::vector<std::string>& client_ids) {
    const std::unordered_set<std::string_view> wanted(client_ids.begin(), client_ids.end());
    std::unordered_map<std::string, Ended> out;
    for (std::size_t each = 0; each < departures_.size(); ++each) {
        const ClientRow& row = departures_[each];
        if (row.organisation == organisation && wanted.contains(row.client_id))
            out.insert_or_assign(row.client_id, *row.ended);  // the newest comes last
    }
    return out;
}

std::vector<ClientRow> Hub::departed(const ClientQuery& query) {
    std::unordered_map<std::string, ClientRow> newest;
    for (std::size_t each = 0; each < departures_.size(); ++each) {
        const ClientRow& row = departures_[each];
        if (query.organisation && row.organisation != *query.organisation) continue;
        if (!query.text.empty() && !contains_text(row.client_id, query.text) &&
            !contains_text(row.principal, query.text) && !contains_text(row.address, query.text)) {
            continue;
        }
        newest.insert_or_assign(client_key(row.organisation, row.client_id), row);
    }
    std::vector<ClientRow> out;
    for (auto& [key, row] : newest) out.push_back(std::move(row));
    return out;
}

Session* Hub::find_client(OrganisationId organisation, std::string_view client_id) {
    for (const auto& [number, session] : sessions) {
        if (!session->is_over && session->organisation == organisation &&
            session->client_id == client_id) {
            return session.get();
        }
    }
    return nullptr;
}

std::vector<std::string> Hub::present(OrganisationId organisation,
                                      const std::vector<std::string>& client_ids) {
    const std::unordered_set<std::string_view> wanted(client_ids.begin(), client_ids.end());
    std::vector<std::string> out;
    for (const auto& [number, session] : sessions) {
        if (!session->is_over && session->organisation == organisation &&
            wanted.contains(session->client_id)) {
            out.emplace_back(session->client_id.view());
        }
    }
    return out;
}

Stats Hub::snapshot() {
    Stats now = stats;
    for (const auto& [number, session] : sessions) {
        if (session->is_over) continue;
        ++now.sessions;
        now.connections += session->link != nullptr ? 1 : 0;
        now.durable_sessions += session->is_durable() ? 1 : 0;
        now.full_sessions += session->is_full ? 1 : 0;
        now.paused_publishers += session->is_paused() ? 1 : 0;
        now.subscriptions += session->subscriptions.size();
        now.queued_bytes +=
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, session->owed_bytes));
    }
    now.retained_count = retained.count();
    now.retained_bytes = retained.bytes();
    now.log_bytes = tail_.bytes();
    now.load_level = static_cast<std::uint64_t>(load.level());
    now.loop_lag_ms = static_cast<std::uint64_t>(signs.loop_lag.count());
    now.recent_topics = recent.size();
    return now;
}

}  // namespace lineshaft::broker
