// What operators ask of the whole broker, put together from its hubs.
#include <algorithm>
#include <map>
#include <unordered_set>

#include "gate/mqtt/broker_state.h"
#include "gate/mqtt/client_order.h"

namespace lineshaft::broker {
namespace {

ClientPlace place_of(const ClientRow& row, ClientOrder order) {
    return {order_value(row, order), row.client_id};
}

void sort(std::vector<ClientRow>& rows, ClientOrder order) {
    std::ranges::sort(rows, [order](const ClientRow& one, const ClientRow& other) {
        return comes_before(place_of(one, order), place_of(other, order));
    });
}

// The page that begins behind `query.after`; `rows` in order.
ClientPage cut(std::vector<ClientRow> rows, const ClientQuery& query) {
    ClientPage page;
    if (rows.size() > query.count_max) {
        rows.resize(query.count_max);
        if (!rows.empty()) page.next = format_place(place_of(rows.back(), query.order));
    }
    page.rows = std::move(rows);
    return page;
}

std::vector<std::string> client_ids(const std::vector<ClientRow>& rows) {
    std::vector<std::string> ids;
    for (const ClientRow& row : rows) ids.push_back(row.client_id);
    return ids;
}

// Adds how each client's last connection ended, as remembered by the shard it was on.
io::Task<void> add_endings(Hub* hub, std::vector<ClientRow>* rows) {
    std::unordered_set<std::uint32_t> organisations;
    for (const ClientRow& row : *rows) organisations.insert(row.organisation.number());
    const auto ids = client_ids(*rows);
    for (const std::uint32_t number : organisations) {
        using Endings = std::unordered_map<std::string, Ended>;
        const OrganisationId organisation(number);
        auto endings_of = [=](Hub& there) { return there.endings(organisation, ids); };
        auto by_hub = co_await ask<Endings>(*hub, std::move(endings_of));
        for (ClientRow& row : *rows) {
            if (row.organisation != organisation) continue;
            for (const Endings& endings : by_hub) {
                const auto found = endings.find(row.client_id);
                if (found == endings.end()) continue;
                if (!row.ended || row.ended->at <= found->second.at) row.ended = found->second;
            }
        }
    }
}

// Those of the last connections whose clients have not come back.
io::Task<std::vector<ClientRow>> gone(Hub* hub, ClientQuery query) {
    auto rows_of = [query](Hub& there) { return there.departed(query); };
    auto by_hub = co_await ask<std::vector<ClientRow>>(*hub, std::move(rows_of));
    std::map<std::pair<std::uint32_t, std::string>, ClientRow> newest;
    for (auto& rows : by_hub) {
        for (ClientRow& row : rows) {
            const auto key = std::pair(row.organisation.number(), row.client_id);
            const auto [at, is_new] = newest.try_emplace(key, row);
            if (!is_new && at->second.ended->at < row.ended->at) at->second = std::move(row);
        }
    }
    std::map<std::uint32_t, std::vector<std::string>> ids;
    for (const auto& [key, row] : newest) ids[key.first].push_back(key.second);
    for (const auto& [number, clients] : ids) {
        const OrganisationId organisation(number);
        auto present_of = [organisation, clients](Hub& there) {
            return there.present(organisation, clients);
        };
        auto here = co_await ask<std::vector<std::string>>(*hub, std::move(present_of));
        for (const auto& present : here) {
            for (const std::string& id : present) newest.erase(std::pair(number, id));
        }
    }
    std::vector<ClientRow> out;
    for (auto& [key, row] : newest) out.push_back(std::move(row));
    co_return out;
}

io::Task<ClientPage> gone_page(Hub* hub, ClientQuery query) {
    auto rows = co_await gone(hub, query);
    const std::size_t total = rows.size();
    sort(rows, query.order);
    if (!query.after.empty()) {
        const ClientPlace after = parse_place(query.after);
        std::erase_if(rows, [&](const ClientRow& row) {
            return !comes_before(after, place_of(row, query.order));
        });
    }
    auto page = cut(std::move(rows), query);
    page.total = total;
    co_return page;
}

}  // namespace

io::Task<ClientPage> Broker::clients(ClientQuery query) {
    Hub* hub = &state_->here();
    if (query.state == ClientState::gone) {
        auto page = co_await gone_page(hub, std::move(query));
        co_return page;
    }
    // Named, then moved in: g++ 12 destroys a closure made inside a co_await expression twice.
    auto rows_of = [query](Hub& there) { return there.rows(query); };
    auto by_hub = co_await ask<Hub::Rows>(*hub, std::move(rows_of));
    std::vector<ClientRow> all;
    std::size_t total = 0;
    for (auto& each : by_hub) {
        std::ranges::move(each.rows, std::back_inserter(all));
        total += each.total;
    }
    sort(all, query.order);
    auto page = cut(std::move(all), query);
    page.total = total;
    co_await add_endings(hub, &page.rows);
    co_return page;
}

io::Task<Result<ClientDetail>> Broker::client(OrganisationId organisation, std::string client_id) {
    using Found = std::optional<ClientDetail>;
    Hub* hub = &state_->here();
    auto detail_of = [=](Hub& there) -> Found {
        const Session* session = there.find_client(organisation, client_id);
        if (session == nullptr) return {};
        ClientDetail detail{session->row(), {}};
        for (const Subscribed& each : session->subscriptions)
            detail.subscriptions.push_back(each.wish());
        return detail;
    };
    auto by_hub = co_await ask<Found>(*hub, std::move(detail_of));
    std::vector<ClientRow> rows;
    for (Found& found : by_hub) {
        if (!found) continue;
        rows.push_back(found->row);
        co_await add_endings(hub, &rows);
        found->row = rows.front();
        co_return Result<ClientDetail>(std::move(*found));
    }
    ClientQuery query{.organisation = organisation, .text = client_id, .state = ClientState::gone};
    rows = co_await gone(hub, std::move(query));
    for (ClientRow& row : rows) {
        if (row.client_id == client_id) co_return Result<ClientDetail>({std::move(row), {}});
    }
    co_return Result<ClientDetail>(fail(Code::not_found, "no client " + client_id));
}

io::Task<TopicPage> Broker::topics(trust::PrincipalPtr who, std::optional<std::string> prefix,
                                   std::optional<std::string> after, std::size_t count_max) {
    Hub* hub = &state_->here();
    auto levels_of = [=](Hub& there) { return there.levels(*who, prefix, after, count_max); };
    auto by_hub = co_await ask<Hub::Levels>(*hub, std::move(levels_of));
    std::map<std::string, TopicLevel> all;
    TopicPage page;
    page.since = hub->now();
    for (auto& found : by_hub) {
        page.is_whole = page.is_whole && found.is_whole;
        page.since = std::min(page.since, found.since);
        for (TopicLevel& level : found.levels) {
            auto [at, is_new] = all.try_emplace(level.name, level);
            if (is_new) continue;
            at->second.has_more = at->second.has_more || level.has_more;
            LastMessage& known = at->second.last;
            const bool is_newer = level.last.what &&
                                  (!known.what || known.what->received < level.last.what->received);
            if (is_newer) known = std::move(level.last);
        }
    }
    for (auto& [name, level] : all) {
        if (page.levels.size() == count_max) {
            page.next = page.levels.back().name;
            break;
        }
        page.levels.push_back(std::move(level));
    }
    co_return page;
}

io::Task<Result<LastMessage>> Broker::topic(trust::PrincipalPtr who, std::string topic) {
    auto last_of = [=](Hub& there) { return there.last_message(*who, topic); };
    auto by_hub = co_await ask<LastMessage>(state_->here(), std::move(last_of));
    LastMessage newest;
    for (LastMessage& last : by_hub) {
        if (last.what && (!newest.what || newest.what->received < last.what->received))
            newest = std::move(last);
    }
    if (!newest.what)
        co_return Result<LastMessage>(fail(Code::not_found, "no message is known of " + topic));
    co_return Result<LastMessage>(std::move(newest));
}

LoadLevel Broker::load_level_here() const {
    return state_->here().load.level();
}

}  // namespace lineshaft::broker
