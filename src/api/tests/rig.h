// For tests: the API over memory streams, with a real store, history, catalog, porter and plant.
#pragma once
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "api/order_desk.h"
#include "api/services.h"
#include "base/check.h"
#include "io/http/client.h"
#include "rows.h"
#include "trust/password.h"

namespace lineshaft::api::testing {

namespace json = boost::json;
namespace http = io::http;

inline constexpr OrganisationId home{1};

/// The test's own end of our seam: remembers what it was asked to send.
class FakeNode final : public Node {
public:
    NodeFacts facts() const override {
        return {"1.2.3", "hall", "enterprise", Instant{0}, "synced",
                true,    false,  false,        "",         {{"http", "127.0.0.1:1"}},
                1};
    }
    Rates rates() const override {
        return {.messages_per_s = 2.5, .samples_per_s = 5, .messages_total = 7};
    }
    bool is_ready() const override { return is_ready_; }
    io::Task<Result<SentCommand>> command(trust::PrincipalPtr by, twin::MachineState machine,
                                          std::string tag, history::Value value) override {
        sent_by = by->name;
        sent_to = machine.id + "/" + tag;
        sent = std::move(value);
        co_return SentCommand{io::Shard::here().now(), "to/" + machine.id};
    }
    void tell_attributes(OrganisationId, const std::string& machine,
                         const std::vector<catalog::AttributeChange>& changes) override {
        for (const auto& change : changes)
            told += machine + "." + change.name + "=" + change.value.value_or("-") + ";";
    }
    std::vector<std::pair<std::string, std::string>> settings() const override {
        return {{"node.name", "hall"}};
    }
    io::Task<std::string> metrics() override { co_return "lineshaft_test 1\n"; }

    bool is_ready_ = true;
    std::string sent_by, sent_to, told;
    std::optional<history::Value> sent;
};

/// No machines and nobody to follow them; remembers what changed.
class FakeOrders final : public OrderDesk {
public:
    void changed(OrganisationId, orders::Touched more) override { touched.add(more); }
    io::Task<ProgressByJob> progress(OrganisationId) override { co_return ProgressByJob{}; }
    io::Task<Result<orders::PlanFacts>> plan_now(OrganisationId) override { co_return orders::PlanFacts{}; }
    io::Task<orders::PlanFacts> last_plan(OrganisationId) override { co_return orders::PlanFacts{}; }
    io::Task<std::optional<Instant>> ready_at(OrganisationId, orders::SewnDesign, std::uint32_t) override { co_return std::nullopt; }
    std::unique_ptr<OrderFollower> follow(OrganisationId, std::uint64_t, Show) override { return nullptr; }
    io::Task<bool> admit(std::string, std::int64_t per_hour) override { co_return per_hour > 0; }
    std::string seal(std::string_view purpose, std::string_view text) const override {
        return std::string(purpose) + "/" + std::string(text);
    }
    std::string identifier_prefix() const override { return {}; }
    orders::Touched touched;
};

/// How a request comes: by default with a token from elsewhere, over plain HTTP.
struct From {
    std::string token = {};
    std::vector<http::Field> headers = {};
    io::Peer peer = {.address = "192.0.2.7", .port = 0};
    std::string host = "plant.example:8080";
};
inline From local() {
    return {.peer = {.address = "127.0.0.1", .port = 0, .is_loopback = true},
            .host = "127.0.0.1:8080"};
}

struct Told {
    unsigned status = 0;
    std::string text;
    std::vector<http::Field> headers;
    json::value body;

    std::string_view header(std::string_view name) const {
        for (const auto& field : headers) {
            if (field.name == name) return field.value;
        }
        return {};
    }
    const json::value& at(std::string_view pointer) const { return body.at_pointer(pointer); }
    std::string detail() const {
        const auto* object = body.if_object();
        const auto* found = object ? object->if_contains("detail") : nullptr;
        return found ? std::string(found->as_string()) : std::string();
    }
};

class Rig {
public:
    explicit Rig(unsigned shards = 1, std::optional<trust::Role> loopback_role = {},
                 twin::Limits twin_limits = {}, std::vector<trust::Role> totp_roles = {});
    ~Rig();

    Told ask(std::string method, std::string target, From from, std::string body = {});
    Told get(std::string target, From from) {
        return ask("GET", std::move(target), std::move(from));
    }
    Told get(std::string target) { return get(std::move(target), as("admin")); }

    /// A token of that role in `default`: "viewer" ... "auditor", or "machine" for press's own.
    From as(const std::string& role) { return {.token = tokens.at(role)}; }
    std::string make_token(OrganisationId organisation, std::string name,
                           std::optional<std::string> role, std::optional<std::string> machine);

    Result<history::Appended> report(history::Report report);
    void say(const std::string& machine, const std::string& tag, history::Value value, Instant at,
             history::Quality quality = history::Quality::good, OrganisationId organisation = home);
    /// Says goodbye for a machine of `default`; returns when it has been seen.
    void leaves(const std::string& machine);
    template <class T>
    T run(io::Task<T> task) {
        return shards->run_blocking(ShardIndex(0), std::move(task));
    }
    /// From now on nothing can be recorded in the audit log.
    void break_audit();
    /// Runs on shard 0 and waits.
    void on_shard(std::function<void()> work);
    /// A new connection to the API; used on shard 0.
    std::unique_ptr<io::Stream> connect(io::Peer peer);
    Instant now() const { return io::Clock::system().now(); }

    std::filesystem::path dir;
    std::map<std::string, std::string> tokens;
    OrganisationId acme;
    FakeNode node;
    FakeOrders orders;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<io::Shards> shards;
    std::vector<std::unique_ptr<store::Lane>> lanes;
    std::unique_ptr<io::Workers> rows_worker, password_worker, sealers;
    std::unique_ptr<history::History> history;
    std::unique_ptr<catalog::Desk> desk;
    std::unique_ptr<Rows> rows;
    std::unique_ptr<trust::Porter> porter;
    std::unique_ptr<io::Workers> audit_readers;
    std::unique_ptr<trust::AuditLog> audit_log;
    std::unique_ptr<trust::Audit> audit;
    std::unique_ptr<twin::Plant> plant;
    std::unique_ptr<Services> services;
    std::unique_ptr<http::Server> server;

private:
    void fill_catalog();
};

}  // namespace lineshaft::api::testing
