#pragma once
#include "api/fleet_room.h"
#include "gate/aemp/server.h"
#include "history/history.h"

namespace lineshaft::app {

/// A fleet as AEMP's words say it: machines as they are from the room, series from history. Owner:
/// the node.
class FleetAsFeed final : public aemp::FeedSource {
public:
    FleetAsFeed(api::FleetRoom& room, history::History& history) : room_(room), history_(history) {}

    io::Task<std::vector<aemp::Equipment>> machines(OrganisationId organisation) override;
    io::Task<Result<SeriesPage>> series(OrganisationId organisation, SeriesQuery query) override;

private:
    io::Task<Result<std::vector<history::Sample>>> read(OrganisationId organisation,
                                                        std::string machine,
                                                        std::vector<std::string> tags,
                                                        Window window, std::size_t count_max);
    api::FleetRoom& room_;
    history::History& history_;
};

/// The tags an element is told in, the usual one first; empty: none of ours.
std::vector<std::string> tags_of_element(aemp::Element element);

}  // namespace lineshaft::app
