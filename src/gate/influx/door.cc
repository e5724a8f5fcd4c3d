#include "gate/influx/door.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/json_quoted.h"
#include "gate/influx/on_shard.h"
#include "gate/influx/write.h"
#include "io/http/encoding.h"
#include "io/http/target.h"
#include "trust/http_caller.h"
#include "trust/rights.h"

namespace lineshaft::influx {
namespace {

namespace http = io::http;

// Counts a body against its shard's room as long as it lives.
class Room {
public:
    Room(std::size_t& held, std::size_t bytes) : held_(held), bytes_(bytes) { held_ += bytes_; }
    ~Room() { held_ -= bytes_; }
    Room(const Room&) = delete;

private:
    std::size_t& held_;
    std::size_t bytes_;
};

struct Admitted {
    trust::PrincipalPtr who;
    std::optional<http::Response> refusal;
};

constexpr StatField fields[] = {
    {"requests", &DoorStats::requests},
    {"lines", &DoorStats::lines},
    {"samples", &DoorStats::samples},
    {"lines_refused", &DoorStats::lines_refused},
    {"samples_refused", &DoorStats::samples_refused},
    {"requests_refused", &DoorStats::requests_refused},
    {"requests_busy", &DoorStats::requests_busy},
};

}  // namespace

std::span<const StatField> stat_fields() {
    return fields;
}

DoorStats& DoorStats::operator+=(const DoorStats& other) {
    for (const StatField& field : fields) this->*field.member += other.*field.member;
    return *this;
}

struct DoorSteps {
    static Admitted admit(Door& door, const http::Request& request, std::string_view pattern,
                          Dialect dialect) {
        const trust::Route* route = trust::find_route(request.method, pattern);
        CHECK(route != nullptr);
        if (trust::is_from_foreign_page(request))
            return {nullptr, failure(dialect, 403, "a page of another address may not write")};
        auto caller =
            trust::program_behind(door.services_.porter, request, door.services_.loopback_role,
                                  dialect == Dialect::version_1 ? request.asked("p") : std::nullopt);
        if (caller.was_refused)
            return {nullptr, failure(dialect, 401, "unauthorized access: the token is not valid")};
        switch (trust::may_use_route(caller.principal.get(), *route, "")) {
            case trust::Verdict::allowed: return {std::move(caller.principal), std::nullopt};
            case trust::Verdict::unknown_caller: {
                auto response = failure(
                    dialect, 401, "unauthorized access: send a token, Authorization: Token TOKEN");
                response.set("www-authenticate", "Basic realm=\"lineshaft\"");
                return {nullptr, std::move(response)};
            }
            case trust::Verdict::refused:
            case trust::Verdict::hidden: break;
        }
        return {nullptr, failure(dialect, 403,
                                 "this token may not write; a role engineer or admin may, and a "
                                 "machine's own token for its machine")};
    }

    static std::optional<Precision> precision_of(const http::Request& request, Dialect dialect) {
        const auto word = request.asked("precision");
        if (!word || word->empty()) return Precision::nanoseconds;
        if (dialect == Dialect::version_2 && (*word == "n" || *word == "u" || *word == "m" || *word == "h"))
            return std::nullopt;
        return parse_precision(*word);
    }

    static unsigned status_of(const Error& error) {
        switch (error.code) {
            case Code::exhausted: return 413;
            case Code::unsupported: return 415;
            default: return 400;
        }
    }

    // Before a byte of the body is read as lines.
    static http::Response refused(Door::OnShard& here, http::Response response) {
        ++here.stats.requests_refused;
        return response;
    }

    static io::Task<http::Response> write(Door* door, http::Request request, Dialect dialect) {
        Door::OnShard& here = door->here();
        ++here.stats.requests;
        const std::string_view pattern =
            dialect == Dialect::version_1 ? "/write" : "/api/v2/write";
        auto admitted = admit(*door, request, pattern, dialect);
        if (admitted.refusal) co_return refused(here, std::move(*admitted.refusal));
        const auto precision = precision_of(request, dialect);
        if (!precision) {
            co_return refused(here, failure(dialect, 400,
                                            "invalid precision; valid precision units are ns, us, "
                                            "ms, s, and for /write also m and h"));
        }
        if (here.decoded_bytes + request.body.size() > door->limits_.decoded_bytes_max) {
            ++here.stats.requests_busy;
            auto busy = failure(dialect, 503, "too many bodies at once");
            busy.set("retry-after", "1");
            co_return busy;
        }
        // While it is decompressed, as much as it may become.
        const bool is_packed = !request.header("content-encoding").empty();
        auto room = std::make_unique<Room>(
            here.decoded_bytes, is_packed ? door->limits_.body_bytes_max : request.body.size());
        auto body = co_await http::decoded_body(request, door->limits_.body_bytes_max);
        if (!body)
            co_return refused(here, failure(dialect, status_of(body.error()), body.error().context));
        room = nullptr;
        room = std::make_unique<Room>(here.decoded_bytes, body->size());
        Write lines(*door, std::move(admitted.who), dialect, *precision, *body);
        auto response = co_await lines.run();
        co_return response;
    }

    static io::Task<http::Response> write_v1(Door* door, http::Request request) {
        auto response = co_await write(door, std::move(request), Dialect::version_1);
        branded(response, door->version_);
        co_return response;
    }
    static io::Task<http::Response> write_v2(Door* door, http::Request request) {
        auto response = co_await write(door, std::move(request), Dialect::version_2);
        branded(response, door->version_);
        co_return response;
    }

    static std::string statements_of(const http::Request& request) {
        if (const auto asked = request.asked("q")) return std::string(*asked);
        std::string_view form = request.body;
        while (!form.empty()) {
            const auto end = std::min(form.find('&'), form.size());
            const std::string_view pair = form.substr(0, end);
            form.remove_prefix(std::min(end + 1, form.size()));
            if (!pair.starts_with("q=")) continue;
            auto decoded = http::percent_decode(pair.substr(2), true);
            return decoded ? *decoded : std::string();
        }
        return {};
    }

    static io::Task<http::Response> query(Door* door, http::Request request) {
        auto admitted = admit(*door, request, "/query", Dialect::version_1);
        http::Response response;
        if (admitted.refusal) {
            response = refused(door->here(), std::move(*admitted.refusal));
        } else {
            const auto answer = answer_query(statements_of(request));
            if (answer) {
                response.body = *answer;
                response.set("content-type", "application/json");
            } else {
                response = failure(Dialect::version_1, 400, answer.error().context);
            }
        }
        branded(response, door->version_);
        co_return response;
    }

    static io::Task<http::Response> ping(Door* door, http::Request) {
        http::Response response;
        response.status = 204;
        branded(response, door->version_);
        co_return response;
    }

    static io::Task<http::Response> health(Door* door, http::Request) {
        http::Response response;
        response.body = fmt::format(
            R"({{"name":"lineshaft","message":"ready for writes","status":"pass","checks":[],)"
            R"("version":{},"commit":""}})",
            json_quoted(door->version_));
        response.set("content-type", "application/json; charset=utf-8");
        branded(response, door->version_);
        co_return response;
    }

    static io::Task<DoorStats> stats(Door* door) { co_return door->here().stats; }
};

Door::Door(Services services, std::vector<std::string> machine_tags, std::string version,
           DoorLimits limits)
    : services_(services),
      machine_tags_(std::move(machine_tags)),
      version_(std::move(version)),
      limits_(limits) {
    for (std::size_t index = 0; index < services_.shards.size(); ++index)
        on_shard_.push_back(std::make_unique<OnShard>());
}

Door::~Door() = default;

Door::OnShard& Door::here() {
    return *on_shard_[io::Shard::here().index().number()];
}

void Door::add_routes(http::Router& router) {
    const http::Router::Options body{limits_.body_bytes_max};
    using Step = io::Task<http::Response> (*)(Door*, http::Request);
    const auto add = [&](std::string method, std::string pattern, Step step) {
        router.add(
            std::move(method), std::move(pattern),
            [this, step](http::Request request) { return step(this, std::move(request)); }, body);
    };
    add("POST", "/api/v2/write", &DoorSteps::write_v2);
    add("POST", "/write", &DoorSteps::write_v1);
    add("GET", "/query", &DoorSteps::query);
    add("POST", "/query", &DoorSteps::query);
    add("GET", "/ping", &DoorSteps::ping);
    add("GET", "/health", &DoorSteps::health);
}

io::Task<DoorStats> Door::stats() {
    DoorStats sum;
    for (std::size_t index = 0; index < on_shard_.size(); ++index) {
        auto one = co_await services_.shards.at(index).call(&DoorSteps::stats, this);
        sum += one;
    }
    co_return sum;
}

}  // namespace lineshaft::influx
