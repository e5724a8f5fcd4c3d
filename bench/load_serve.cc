// Our broker alone, without a node around it: for profiles and for comparing with the whole node.
#include <unistd.h>

#include <cstdio>

#include "gate/mqtt/broker.h"
#include "io/listener.h"
#include "load.h"

namespace lineshaft::bench {
namespace {

class Everybody final : public broker::Gatekeeper {
public:
    io::Task<broker::Admission> admit(broker::Credentials) override {
        co_return broker::Admission{who_, mqtt::Reason::success};
    }
    bool may_publish(const trust::Principal&, std::string_view) const override { return true; }
    bool may_subscribe(const trust::Principal&, std::string_view) const override { return true; }
    bool may_receive(const trust::Principal&, std::string_view) const override { return true; }
    bool still_holds(const trust::Principal&) const override { return true; }
    std::string reference(const trust::Principal&) const override { return "everybody"; }
    trust::PrincipalPtr find(std::string_view) const override { return who_; }

private:
    trust::PrincipalPtr who_ = std::make_shared<trust::Principal>();
};

}  // namespace

int serve(const Settings& settings) {
    raise_descriptor_limit();
    auto opened = store::open(settings.text.at("serve"), {});
    if (!opened) die(opened.error().context);
    io::Shards shards(static_cast<unsigned>(settings.number("shards", 2)));
    Everybody everybody;
    std::vector<std::unique_ptr<store::Lane>> lanes;
    std::vector<broker::Broker::Place> places;
    for (std::size_t index = 0; index < shards.size(); ++index) {
        lanes.push_back(
            std::make_unique<store::Lane>(*opened->store, shards.at(index), store::Lane::Limits{}));
        places.push_back({&shards.at(index), lanes.back().get()});
    }
    broker::Broker broker(places, *opened->store, everybody, {});
    if (auto loaded = broker.load(); !loaded) die(loaded.error().context);
    auto listener = io::Listener::open(
        shards, io::parse_address("127.0.0.1:0").value(), {},
        [&broker](std::unique_ptr<io::Stream> stream) { broker.serve(std::move(stream)); });
    if (!listener) die(listener.error().context);
    std::printf("%u %d\n", (*listener)->port(), ::getpid());
    std::fflush(stdout);
    for (;;) ::pause();  // ends by a signal, as a broker must bear
}

}  // namespace lineshaft::bench
