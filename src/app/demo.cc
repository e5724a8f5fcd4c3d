#include "app/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <map>

#include "app/sim/fleet.h"
#include "app/sim/hall.h"
#include "app/sim/roads.h"
#include "base/log.h"
#include "base/machine_id.h"
#include "base/percent.h"
#include "io/http/client.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;
constexpr io::Steady answer_patience{5'000};
constexpr io::Steady between_looks{500};
constexpr unsigned looks_max = 240;
constexpr std::size_t left_for_the_visitor = 3;

// A machine as the demo's engineer would enter it.
struct Plan {
    std::string id, name, kind;
    std::size_t site = 0;  // index in sim::sites()
};

// "dump-truck-02" is "Dump truck 2" of kind "dump truck".
Plan plan_for(const std::string& id, std::size_t site) {
    const auto dash = id.rfind('-');
    std::string kind = id.substr(0, dash);
    std::ranges::replace(kind, '-', ' ');
    std::string name = kind + " " + std::to_string(std::stoi(id.substr(dash + 1)));
    name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    return {id, std::move(name), std::move(kind), site};
}

std::vector<Plan> plans() {
    std::vector<Plan> all;
    const sim::Fleet fleet({}, Instant{});
    for (std::size_t index = 0; index + left_for_the_visitor < fleet.machines(); ++index) {
        all.push_back(plan_for(fleet.machine_id(index), index % sim::sites().size()));
    }
    for (std::size_t index = 0; index < sim::Hall({}, Instant{}).machines(); ++index) {
        Plan plan = plan_for(sim::Hall::device_id(index), 0);
        plan.id = format_machine_id({"hall", "embroidery", plan.id});
        all.push_back(std::move(plan));
    }
    all.push_back(
        {format_machine_id({"hall", "embroidery", ""}), "Embroidery hall gateway", "gateway", 0});
    return all;
}

// The node's answer, null when it did not answer or refused.
io::Task<json::value> ask(io::Address node, std::string method, std::string target,
                          std::string body) {
    std::vector<io::http::Field> headers{{"content-type", "application/json"}};
    auto answer = co_await io::http::fetch(std::move(node), std::move(method), std::move(target),
                                           std::move(headers), std::move(body), answer_patience);
    if (!answer || answer->status >= 300) co_return json::value(nullptr);
    boost::system::error_code problem;
    co_return json::parse(answer->body, problem);
}

// Site name -> id, after making those that are missing.
io::Task<std::map<std::string, std::string>> make_sites(io::Address node) {
    std::map<std::string, std::string> known;
    auto listed = co_await ask(node, "GET", "/api/v1/sites", "");
    if (!listed.is_object()) co_return known;
    for (const auto& site : listed.at("items").as_array()) {
        known[std::string(site.at("name").as_string())] = site.at("id").as_string();
    }
    for (const auto& site : sim::sites()) {
        if (known.contains(std::string(site.name))) continue;
        const json::object body{
            {"name", json::string_view(site.name.data(), site.name.size())},
            {"time_zone", json::string_view(site.time_zone.data(), site.time_zone.size())},
            {"latitude", site.centre.latitude},
            {"longitude", site.centre.longitude}};
        auto made = co_await ask(node, "POST", "/api/v1/sites", json::serialize(body));
        if (made.is_object()) known[std::string(site.name)] = made.at("id").as_string();
    }
    co_return known;
}

// True when the machine is adopted now, or was by somebody else.
io::Task<bool> adopt(io::Address node, Plan plan, std::string site) {
    const std::string target = "/api/v1/machines/" + percent_encoded(plan.id);
    auto machine = co_await ask(node, "GET", target, "");
    if (!machine.is_object()) co_return false;
    if (machine.at("adopted").as_bool()) co_return true;
    json::object body{{"name", plan.name}, {"kind", plan.kind}, {"adopted", true}};
    if (!site.empty()) body["site"] = site;
    auto done = co_await ask(node, "PATCH", target, json::serialize(body));
    co_return done.is_object();
}

}  // namespace

io::Task<void> furnish_demo(std::string data, io::Pause* pause) {
    const auto node = io::parse_address("unix:" + data + "/node.sock");
    if (!node) co_return;
    auto sites = co_await make_sites(*node);
    auto waiting = plans();
    for (unsigned look = 0; look < looks_max && !waiting.empty(); ++look) {
        std::vector<Plan> later;
        for (const auto& plan : waiting) {
            const std::string site = sites[std::string(sim::sites()[plan.site].name)];
            auto done = co_await adopt(*node, plan, site);
            if (!done) later.push_back(plan);
        }
        waiting = std::move(later);
        auto whole = co_await pause->wait(between_looks);
        if (!whole) co_return;
    }
    if (!waiting.empty()) log::warn("demo: {} machines never appeared", waiting.size());
}

}  // namespace lineshaft::app
