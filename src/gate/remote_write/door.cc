#include "gate/remote_write/door.h"

#include <fmt/format.h>

#include "base/check.h"
#include "gate/remote_write/names.h"
#include "io/http/encoding.h"
#include "trust/http_caller.h"
#include "twin/intake.h"
#include "wire/remote_write/block.h"

namespace lineshaft::remote_write {
namespace {

namespace http = io::http;

constexpr std::string_view pattern = "/api/v1/write";

constexpr StatField fields[] = {
    {"requests", &DoorStats::requests},
    {"series", &DoorStats::series},
    {"samples", &DoorStats::samples},
    {"series_refused", &DoorStats::series_refused},
    {"samples_refused", &DoorStats::samples_refused},
    {"exemplars_skipped", &DoorStats::exemplars_skipped},
    {"histograms_skipped", &DoorStats::histograms_skipped},
    {"metadata_skipped", &DoorStats::metadata_skipped},
    {"requests_refused", &DoorStats::requests_refused},
    {"requests_busy", &DoorStats::requests_busy},
};

// Prometheus logs the first line of what it is told.
http::Response told(unsigned status, std::string_view why) {
    http::Response response;
    response.status = status;
    response.body = std::string(why) + "\n";
    response.set("content-type", "text/plain; charset=utf-8");
    response.set("x-content-type-options", "nosniff");
    if (status == 503) response.set("retry-after", "1");
    if (status == 401) response.set("www-authenticate", "Bearer realm=\"lineshaft\"");
    return response;
}

unsigned status_of(const Error& error) {
    return error.code == Code::exhausted ? 413 : 400;
}

// What is not understood is said so before the body is touched.
std::optional<http::Response> misfit(const http::Request& request) {
    // Some clients leave the header out; what they send is snappy all the same.
    const std::string_view coding = request.header("content-encoding");
    if (!coding.empty() && coding != "snappy")
        return told(415, "Content-Encoding must be snappy, as remote write 1.0 sends it");
    const std::string_view type = request.header("content-type");
    if (!type.empty() && !type.starts_with("application/x-protobuf"))
        return told(415, "Content-Type must be application/x-protobuf");
    if (type.contains("io.prometheus.write.v2"))
        return told(415, "remote write 2.0 is not understood; send prometheus.WriteRequest (1.0)");
    return std::nullopt;
}

history::Sample sample_of(const Sample& sample) {
    const Instant at = Instant::from_millis(sample.millis);
    if (is_stale_mark(sample.value)) return {at, 0.0, history::Quality::missing};
    return {at, sample.value, history::Quality::good};
}

// No instant of ours: its microseconds would not fit.
bool is_time(std::int64_t millis) {
    return millis > INT64_MIN / 1000 && millis < INT64_MAX / 1000;
}

}  // namespace

std::span<const StatField> stat_fields() {
    return fields;
}

DoorStats& DoorStats::operator+=(const DoorStats& other) {
    for (const StatField& field : fields) this->*field.member += other.*field.member;
    return *this;
}

struct Door::OnShard {
    DoorStats stats;
    std::size_t decoded_bytes = 0;  // of bodies in work
};

struct DoorSteps {
    // One request on its way to the plant. Lives in the frame of `write`.
    struct Work {
        Door& door;
        Door::OnShard& here;
        trust::PrincipalPtr who;
        RequestReader reader;
        twin::Intake intake;
        twin::Intake::Outcome outcome{};
        std::size_t refused = 0;
        std::string refused_first{};
        std::optional<Error> damage{};
    };

    static void refuse(Work& work, std::string why) {
        ++work.refused;
        ++work.here.stats.series_refused;
        if (work.refused_first.empty()) work.refused_first = std::move(why);
    }

    static void take(Work& work, const TimeSeries& series) {
        ++work.here.stats.series;
        auto name = name_of(series, work.door.machine_labels_, work.door.limits_.tag_bytes_max);
        if (!name) return refuse(work, name.error().context);
        auto* into = work.intake.find(name->machine);
        if (into == nullptr) {
            if (work.who->is_machine() && !trust::is_own_machine(*work.who, name->machine)) {
                return refuse(work, fmt::format("this token is for the machine \"{}\" only",
                                                work.who->machine));
            }
            into = &work.intake.of(name->machine);
        }
        for (const Sample& sample : series.samples) {
            if (!is_time(sample.millis)) {
                refuse(work, "a timestamp is beyond all time");
                continue;
            }
            const bool is_last = &sample == &series.samples.back();
            into->push_back({is_last ? std::move(name->tag) : name->tag, sample_of(sample)});
            ++work.intake.samples;
        }
    }

    // False: the request has ended, or is damaged from here on.
    static bool read_round(Work& work) {
        while (work.intake.samples < work.door.limits_.samples_per_round) {
            const auto more = work.reader.next();
            if (!more) work.damage = more.error();
            if (!more || !*more) return false;
            take(work, work.reader.series());
        }
        return true;
    }

    static http::Response answer(Work& work) {
        auto& stats = work.here.stats;
        const auto& appended = work.outcome.appended;
        const Skipped& skipped = work.reader.skipped();
        stats.samples += appended.stored;
        stats.samples_refused += appended.refused();
        stats.exemplars_skipped += skipped.exemplars;
        stats.histograms_skipped += skipped.histograms;
        stats.metadata_skipped += skipped.metadata;
        if (work.outcome.failed) {
            ++stats.requests_busy;
            return told(503, work.outcome.failed->context);
        }
        if (work.damage) {
            ++stats.requests_refused;
            return told(status_of(*work.damage), work.damage->context);
        }
        if (work.refused > 0)
            return told(400, fmt::format("{} not stored, all others are: {}", work.refused,
                                         work.refused_first));
        if (appended.refused() > 0) {
            return told(400, fmt::format("{} samples not stored, all others are: {} outside "
                                         "history.time_min and history.future_max, {} of too many "
                                         "series, {} for their name or size",
                                         appended.refused(), appended.refused_time,
                                         appended.refused_cardinality,
                                         appended.refused_name + appended.refused_size));
        }
        http::Response response;
        response.status = 204;
        response.set("x-prometheus-remote-write-samples-written", std::to_string(appended.stored));
        return response;
    }

    static http::Response refused(Door::OnShard& here, http::Response response) {
        ++here.stats.requests_refused;
        return response;
    }

    static io::Task<http::Response> write(Door* door, http::Request request) {
        Door::OnShard& here = door->here();
        ++here.stats.requests;
        const trust::Route* route = trust::find_route("POST", pattern);
        CHECK(route != nullptr);
        auto admission = trust::admit_program(door->services_.porter, request, *route, "",
                                              door->services_.loopback_role);
        if (admission.status != 200) co_return refused(here, told(admission.status, admission.why));
        if (auto why = misfit(request)) co_return refused(here, std::move(*why));
        // Packed and unpacked are held at once for a moment.
        if (here.decoded_bytes + request.body.size() > door->limits_.decoded_bytes_max) {
            ++here.stats.requests_busy;
            co_return told(503, "too many bodies at once");
        }
        auto body = unpack(as_bytes(request.body), door->limits_.body_bytes_max);
        if (!body) co_return refused(here, told(status_of(body.error()), body.error().context));
        request.body = {};
        http::BodyRoom room(here.decoded_bytes, body->size());
        const auto organisation = admission.principal->organisation;
        Work work{*door, here, std::move(admission.principal),
                  RequestReader(as_bytes(*body), door->limits_.request),
                  twin::Intake(door->services_.plant, organisation, twin::Source::remote_write)};
        for (bool is_more = true; is_more;) {
            is_more = read_round(work);
            auto outcome = co_await work.intake.store();
            work.outcome.add(outcome);
        }
        co_return answer(work);
    }

    static io::Task<DoorStats> stats(Door* door) { co_return door->here().stats; }
};

Door::Door(Services services, std::vector<std::string> machine_labels, DoorLimits limits)
    : services_(services), machine_labels_(std::move(machine_labels)), limits_(limits) {
    for (std::size_t index = 0; index < services_.shards.size(); ++index)
        on_shard_.push_back(std::make_unique<OnShard>());
}

Door::~Door() = default;

Door::OnShard& Door::here() {
    return *on_shard_[io::Shard::here().index().number()];
}

void Door::add_routes(http::Router& router) {
    router.add(
        "POST", std::string(pattern),
        [this](http::Request request) { return DoorSteps::write(this, std::move(request)); },
        http::Router::Options{limits_.body_bytes_max});
}

io::Task<DoorStats> Door::stats() {
    DoorStats sum;
    for (std::size_t index = 0; index < on_shard_.size(); ++index) {
        auto one = co_await services_.shards.at(index).call(&DoorSteps::stats, this);
        sum += one;
    }
    co_return sum;
}

}  // namespace lineshaft::remote_write
