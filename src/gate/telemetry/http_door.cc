#include "gate/telemetry/http_door.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/machine_id.h"
#include "io/http/encoding.h"
#include "trust/http_caller.h"
#include "twin/intake.h"

namespace lineshaft::telemetry {
namespace {

namespace http = io::http;

constexpr std::string_view of_many = "/api/v1/telemetry";
constexpr std::string_view of_one = "/api/v1/telemetry/{machine}";

constexpr io::StatField<HttpStats> fields[] = {
    {"requests", &HttpStats::requests},
    {"samples", &HttpStats::samples},
    {"samples_refused", &HttpStats::samples_refused},
    {"requests_refused", &HttpStats::requests_refused},
    {"requests_busy", &HttpStats::requests_busy},
};

std::string_view title_of(unsigned status) {
    switch (status) {
        case 400: return "Not understood";
        case 401: return "Sign in first";
        case 403: return "Not allowed";
        case 404: return "Not found";
        case 413: return "Too large";
        case 415: return "Unsupported encoding";
        case 429: return "Too much at once";
        default: return "Busy";
    }
}

http::Response problem(unsigned status, std::string_view why) {
    auto response = http::problem(status, title_of(status), why);
    response.set("cache-control", "no-store");
    response.set("x-content-type-options", "nosniff");
    if (status == 401) response.set("www-authenticate", "Bearer realm=\"lineshaft\"");
    if (status == 503 || status == 429) response.set("retry-after", "1");
    return response;
}

unsigned status_of(const Error& error) {
    switch (error.code) {
        case Code::exhausted: return 413;
        case Code::unsupported: return 415;
        default: return 400;
    }
}

bool is_lines(const http::Request& request) {
    const std::string_view type = request.header("content-type");
    return type.contains("ndjson") || type.contains("jsonl");
}

}  // namespace

std::span<const io::StatField<HttpStats>> stat_fields() {
    return fields;
}

HttpStats& HttpStats::operator+=(const HttpStats& other) {
    io::add_stats(*this, other, stat_fields());
    return *this;
}

struct HttpDoor::OnShard {
    HttpStats stats;
    std::size_t decoded_bytes = 0;  // of bodies in work
};

struct HttpSteps {
    static http::Response refused(HttpDoor::OnShard& here, unsigned status, std::string_view why) {
        ++(status == 503 || status == 429 ? here.stats.requests_busy : here.stats.requests_refused);
        return problem(status, why);
    }

    // Everything the body says, by machine. Errors: invalid, denied.
    static Result<void> collect(const trust::Principal& who, const std::string& body, bool is_lines,
                                std::string_view machine, const Limits& limits,
                                twin::Intake& intake) {
        const Instant now = io::Shard::here().now();
        if (!machine.empty()) {
            TRY_VOID(check_machine_id(machine));
            TRY(auto samples,
                is_lines ? parse_lines(body, now, limits) : parse(as_bytes(body), now, limits));
            intake.of(machine) = std::move(samples);
            return {};
        }
        TRY(auto all, is_lines ? parse_named_lines(body, now, limits)
                               : parse_named(as_bytes(body), now, limits));
        for (const Named& one : all) {
            if (who.is_machine() && !trust::is_own_machine(who, one.machine)) {
                return fail(Code::denied,
                            fmt::format("this token is for the machine \"{}\" only", who.machine));
            }
        }
        for (Named& one : all) {
            auto& samples = intake.of(one.machine);
            samples.insert(samples.end(), std::make_move_iterator(one.samples.begin()),
                           std::make_move_iterator(one.samples.end()));
        }
        return {};
    }

    static http::Response answer(HttpDoor::OnShard& here, const twin::Told& outcome) {
        const auto& appended = outcome.appended;
        here.stats.samples += appended.stored;
        here.stats.samples_refused += appended.refused();
        if (outcome.failed) return refused(here, 503, outcome.failed->context);
        if (outcome.over_limit) return refused(here, 429, outcome.over_limit->context);
        http::Response response;
        response.status = appended.refused() == 0 ? 204 : 200;
        response.set("cache-control", "no-store");
        if (response.status == 204) return response;
        response.set("content-type", "application/json");
        response.body = fmt::format(
            R"({{"stored":{},"refused":{{"time":{},"name":{},"series":{},"size":{}}}}})",
            appended.stored, appended.refused_time, appended.refused_name,
            appended.refused_cardinality, appended.refused_size);
        return response;
    }

    static io::Task<http::Response> take(HttpDoor* door, const trust::Route* route,
                                         http::Request request) {
        HttpDoor::OnShard& here = door->here();
        ++here.stats.requests;
        const std::string machine = request.captured.empty() ? "" : request.captured.front();
        auto admission = trust::admit_program(door->services_.porter, door->services_.audit, request, *route, machine,
                                              door->services_.loopback_role);
        if (admission.status != 200) co_return refused(here, admission.status, admission.why);
        if (here.decoded_bytes + request.body.size() > door->limits_.decoded_bytes_max)
            co_return refused(here, 503, "too many bodies at once");
        // While it is decompressed, as much as it may become.
        const bool is_packed = !request.header("content-encoding").empty();
        http::BodyRoom room(here.decoded_bytes,
                            is_packed ? door->limits_.body_bytes_max : request.body.size());
        auto body = co_await http::decoded_body(request, door->limits_.body_bytes_max);
        if (!body) co_return refused(here, status_of(body.error()), body.error().context);
        room.resize(body->size());
        const bool lines = is_lines(request);
        if (!lines && body->size() > door->limits_.payload.payload_bytes_max) {
            co_return refused(here, 413,
                              fmt::format("a JSON document has at most {} bytes; send more as "
                                          "several, or one a line (application/x-ndjson)",
                                          door->limits_.payload.payload_bytes_max));
        }
        twin::Intake intake(door->services_.plant, admission.principal->organisation,
                            twin::Source::json);
        const auto collected =
            collect(*admission.principal, *body, lines, machine, door->limits_.payload, intake);
        if (!collected) {
            const auto& error = collected.error();
            co_return refused(here, error.code == Code::denied ? 403 : 400, error.context);
        }
        auto outcome = co_await intake.store();
        co_return answer(here, outcome);
    }
};

HttpDoor::HttpDoor(Services services, HttpLimits limits)
    : services_(services), limits_(limits), on_shard_(services.shards) {}

HttpDoor::~HttpDoor() = default;

void HttpDoor::add_routes(http::Router& router) {
    for (const std::string_view pattern : {of_many, of_one}) {
        const trust::Route* route = trust::find_route("POST", pattern);
        CHECK(route != nullptr);
        router.add(
            "POST", std::string(pattern),
            [this, route](http::Request request) {
                return HttpSteps::take(this, route, std::move(request));
            },
            http::Router::Options{limits_.body_bytes_max});
    }
}

io::Task<HttpStats> HttpDoor::stats() {
    auto sum = co_await on_shard_.sum<HttpStats>();
    co_return sum;
}

}  // namespace lineshaft::telemetry
