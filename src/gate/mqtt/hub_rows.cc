// What the console sees.
#include <algorithm>

#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {

ClientRow Session::row() const {
    ClientRow row;
    row.organisation = organisation;
    row.client_id = client_id;
    if (principal) row.principal = principal->name;
    row.is_connected = link != nullptr;
    row.is_durable = is_durable();
    row.is_full = is_full;
    row.is_paused = is_paused();
    row.version = version;
    row.changed = changed;
    row.subscriptions = subscriptions.size();
    row.queued_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, owed_bytes));
    row.messages_in = messages_in;
    row.messages_out = messages_out;
    row.bytes_in = bytes_in;
    row.bytes_out = bytes_out;
    row.dropped = dropped;
    if (last_end != mqtt::Reason::success || link == nullptr)
        row.last_end = mqtt::name_of(last_end);
    if (link == nullptr) return row;
    const io::Peer& peer = link->stream->peer();
    row.address = peer.address;
    row.port = peer.port;
    row.is_encrypted = peer.is_encrypted;
    row.keep_alive_s = link->connection.keep_alive_s();
    return row;
}

std::vector<ClientRow> Hub::rows(std::optional<OrganisationId> organisation,
                                 const std::string& after, std::size_t count_max) {
    std::vector<const Session*> found;
    for (const auto& [number, session] : sessions) {
        if (session->is_over || (organisation && session->organisation != *organisation)) continue;
        if (session->client_id > after) found.push_back(session.get());
    }
    const auto middle =
        found.begin() + static_cast<std::ptrdiff_t>(std::min(count_max, found.size()));
    std::ranges::partial_sort(found, middle, {}, &Session::client_id);
    std::vector<ClientRow> rows;
    for (auto at = found.begin(); at != middle; ++at) rows.push_back((*at)->row());
    return rows;
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
    return now;
}

}  // namespace lineshaft::broker
