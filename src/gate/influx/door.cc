#include "gate/influx/door.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/json_quoted.h"
#include "gate/influx/on_shard.h"
#include "gate/influx/write.h"
#include "io/http/encoding.h"
#include "io/http/target.h"
#include "trust/http_caller.h"

namespace lineshaft::influx {
namespace {

namespace http = io::http;

constexpr io::StatField<DoorStats> fields[] = {
    {"requests", &DoorStats::requests},
    {"lines", &DoorStats::lines},
    {"samples", &DoorStats::samples},
    {"lines_refused", &DoorStats::lines_refused},
    {"samples_refused", &DoorStats::samples_refused},
    {"requests_refused", &DoorStats::requests_refused},
    {"requests_busy", &DoorStats::requests_busy},
};

}  // namespace

std::span<const io::StatField<DoorStats>> stat_fields() {
    return fields;
}

DoorStats& DoorStats::operator+=(const DoorStats& other) {
    io::add_stats(*this, other, stat_fields());
    return *this;
}

struct DoorSteps {
    // Null: let in as `who`.
    static std::optional<http::Response> refusal(Door& door, const http::Request& request,
                                                 std::string_view pattern, Dialect dialect,
                                                 trust::PrincipalPtr& who) {
        const trust::Route* route = trust::find_route(request.method, pattern);
        CHECK(route != nullptr);
        const auto token_elsewhere =
            dialect == Dialect::version_1 ? request.asked("p") : std::nullopt;
        auto admission = trust::admit_program(door.services_.porter, door.services_.audit, request, *route, "",
                                              door.services_.loopback_role, token_elsewhere);
        who = std::move(admission.principal);
        if (admission.status == 200) return std::nullopt;
        auto response = failure(dialect, admission.status, admission.why);
        if (admission.status == 401) response.set("www-authenticate", "Basic realm=\"lineshaft\"");
        return response;
    }

    static std::optional<Precision> precision_of(const http::Request& request, Dialect dialect) {
        const auto word = request.asked("precision");
        if (!word || word->empty()) return Precision::nanoseconds;
        if (dialect == Dialect::version_2 &&
            (*word == "n" || *word == "u" || *word == "m" || *word == "h"))
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
        const std::string_view pattern = dialect == Dialect::version_1 ? "/write" : "/api/v2/write";
        trust::PrincipalPtr who;
        if (auto no = refusal(*door, request, pattern, dialect, who))
            co_return refused(here, std::move(*no));
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
        http::BodyRoom room(here.decoded_bytes,
                            is_packed ? door->limits_.body_bytes_max : request.body.size());
        auto body = co_await http::decoded_body(request, door->limits_.body_bytes_max);
        if (!body)
            co_return refused(here,
                              failure(dialect, status_of(body.error()), body.error().context));
        room.resize(body->size());
        Write lines(*door, std::move(who), dialect, *precision, *body);
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
        trust::PrincipalPtr who;
        http::Response response;
        if (auto no = refusal(*door, request, "/query", Dialect::version_1, who)) {
            response = refused(door->here(), std::move(*no));
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
};

Door::Door(Services services, std::vector<std::string> machine_tags, std::string version,
           DoorLimits limits)
    : services_(services),
      machine_tags_(std::move(machine_tags)),
      version_(std::move(version)),
      limits_(limits),
      on_shard_(services.shards) {}

Door::~Door() = default;

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
    auto sum = co_await on_shard_.sum<DoorStats>();
    co_return sum;
}

}  // namespace lineshaft::influx
