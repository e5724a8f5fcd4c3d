#include "gate/remote_write/door.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/hash128.h"
#include "gate/remote_write/names.h"
#include "io/http/encoding.h"
#include "trust/http_caller.h"
#include "twin/channel_cache.h"
#include "twin/intake.h"
#include "wire/remote_write/block.h"

namespace lineshaft::remote_write {
namespace {

namespace http = io::http;

constexpr std::string_view pattern = "/api/v1/write";

constexpr io::StatField<DoorStats> fields[] = {
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
    if (status == 503 || status == 429) response.set("retry-after", "1");
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

std::span<const io::StatField<DoorStats>> stat_fields() {
    return fields;
}

DoorStats& DoorStats::operator+=(const DoorStats& other) {
    io::add_stats(*this, other, stat_fields());
    return *this;
}

struct Door::OnShard {
    DoorStats stats;
    std::size_t decoded_bytes = 0;  // of bodies in work
    twin::ChannelCache channels;    // by labels and who may use them
    std::string room;               // the last body was unpacked into it: the next will be too
    std::size_t sample_bytes = 64;  // unpacked, with its labels, in the last body
};

struct DoorSteps {
    // One request on its way to the plant. Lives in the frame of `write`.
    //
    // A round goes by channel as long as every series' labels are known by their bytes; from the
    // first that are not, it goes by name. Rounds are stored one after the other, so of two values
    // of one instant the later always wins.
    struct Work {
        Work(Door& in, trust::PrincipalPtr whose, Bytes as_sent, std::string unpacked,
             http::BodyRoom& counted)
            : door(in),
              here(in.here()),
              who(std::move(whose)),
              packed(as_sent),
              body(std::move(unpacked)),
              room(counted),
              intake(in.services_.plant, who->organisation, twin::Source::remote_write),
              new_channels(here.channels),
              scope(hash64(who->is_machine() ? who->machine : std::string(),
                           who->organisation.number())) {}
        void begin() {
            reader.emplace(as_bytes(body), door.limits_.request);
            plain_at = plain_count = 0;
            told = {};
            series = refused = 0;
            refused_first.clear();
            damage.reset();
        }
        // Nothing is read from the body any more: the next one may have its room at once, not when
        // the samples are on disk.
        void release_body() {
            constexpr std::size_t kept_bytes_max = 2 << 20;
            if (body.capacity() > here.room.capacity() && body.capacity() <= kept_bytes_max)
                here.room = std::move(body);
            body = {};
            room.resize(packed.size());
        }
        // Once more from the first byte. Errors: as unpack, which was good the first time.
        Result<void> begin_again() {
            TRY(body, unpack(packed, door.limits_.body_bytes_max));
            room.resize(packed.size() + body.size());
            begin();
            return {};
        }

        Door& door;
        Door::OnShard& here;
        trust::PrincipalPtr who;
        Bytes packed;
        std::string body;      // unpacked; empty once it is read
        http::BodyRoom& room;  // what is counted for both
        std::optional<RequestReader> reader{};
        // Series that were stepped over, so many at once that what memory has of their channels is
        // on its way before it is needed.
        static constexpr std::size_t at_once = 16;
        std::array<RequestReader::Plain, at_once> plain;
        std::array<Hash128, at_once> plain_keys;
        std::size_t plain_at = 0, plain_count = 0;
        twin::Intake intake;
        twin::NewChannels new_channels;
        std::uint64_t scope;  // who may use a channel: part of its key
        bool goes_by_name = false;  // to the end of the body
        bool has_series = false;    // the reader stands before one that belongs to the next round
        twin::Told told{};
        std::size_t series = 0, refused = 0;
        std::string refused_first{};
        std::optional<Error> damage{};
    };

    static void refuse(Work& work, std::string why) {
        ++work.refused;
        if (work.refused_first.empty()) work.refused_first = std::move(why);
    }

    static void take(Work& work, const TimeSeries& series) {
        ++work.series;
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
        const Bytes labels = work.reader->label_bytes();
        if (!labels.empty() && !work.reader->has_more_labels())
            work.new_channels.note(key_of(work, labels), name->machine, name->tag);
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

    static void put(Work& work, const twin::Channel& channel, const Sample& sample) {
        if (!is_time(sample.millis)) return refuse(work, "a timestamp is beyond all time");
        const bool is_end = is_stale_mark(sample.value);
        const history::Mark mark(history::Kind::real,
                                 is_end ? history::Quality::missing : history::Quality::good);
        const double value = is_end ? 0.0 : sample.value;
        work.intake.put(channel, Instant::from_millis(sample.millis).micros, mark,
                        std::bit_cast<std::uint64_t>(value));
        ++work.intake.samples;
    }

    static bool has_room(const Work& work) {
        return work.intake.samples < work.door.limits_.samples_per_round;
    }

    // The usual series, by channel, up to the first that is not known by its bytes.
    static void put_plain(Work& work) {
        while (has_room(work)) {
            if (work.plain_at == work.plain_count) step_over(work);
            if (work.plain_count == 0) return;
            for (; work.plain_at < work.plain_count && has_room(work); ++work.plain_at) {
                const auto* known = work.here.channels.find(work.plain_keys[work.plain_at]);
                if (known == nullptr) return;
                put(work, *known, work.plain[work.plain_at].sample);
                ++work.series;
            }
        }
    }

    static void step_over(Work& work) {
        work.plain_at = 0;
        work.plain_count = work.reader->step_over(work.plain);
        for (std::size_t index = 0; index < work.plain_count; ++index) {
            work.plain_keys[index] = key_of(work, work.plain[index].labels());
            __builtin_prefetch(work.here.channels.place_of(work.plain_keys[index]));
        }
    }

    // To the next series. False: the request has ended, or is damaged from here on.
    static bool step(Work& work) {
        if (work.plain_at < work.plain_count) {
            work.reader->go_back(work.plain[work.plain_at++].message);
            return true;
        }
        const auto more = work.reader->step();
        if (!more) work.damage = more.error();
        return more && *more;
    }

    static Hash128 key_of(const Work& work, Bytes labels) {
        const Hash128 hash = hash128(as_text(labels));
        return {hash.low ^ work.scope, hash.high + work.scope};
    }

    // Null: these labels are not known by their bytes.
    static const twin::Channel* find(Work& work) {
        const Bytes labels = work.reader->label_bytes();
        return labels.empty() ? nullptr : work.here.channels.find(key_of(work, labels));
    }

    enum class By : std::uint8_t { channel, name, nothing };
    // How the series goes; by channel it is put already.
    static By put_known(Work& work) {
        const auto* known = find(work);
        if (known == nullptr) return By::name;
        const auto is_all = work.reader->read_samples();
        if (!is_all) {
            work.damage = is_all.error();
            return By::nothing;
        }
        if (!*is_all) return By::name;
        ++work.series;
        for (const Sample& sample : work.reader->series().samples) put(work, *known, sample);
        return By::channel;
    }

    // False: the request has ended, or is damaged from here on.
    static bool read_round(Work& work) {
        work.intake.samples_expected =
            std::min(work.door.limits_.samples_per_round, work.body.size() / work.here.sample_bytes);
        bool goes_by_name = work.goes_by_name || work.has_series;
        for (;;) {
            if (!goes_by_name) put_plain(work);
            if (!has_room(work)) return true;
            if (!std::exchange(work.has_series, false) && !step(work)) return false;
            if (!goes_by_name) {
                const By by = put_known(work);
                if (by == By::nothing) return false;
                if (by == By::channel) continue;
                goes_by_name = true;
                work.has_series = work.intake.samples > 0;
                if (work.has_series) return true;
            }
            const auto read = work.reader->read();
            if (!read) {
                work.damage = read.error();
                return false;
            }
            take(work, work.reader->series());
        }
    }

    // What bodies to come are likely to hold, a little less, so that room for a few is not wanting.
    static void learn_size(Work& work) {
        constexpr std::size_t sample_bytes_min = 16;
        if (work.intake.samples == 0) return;
        const std::size_t bytes = work.body.size() / work.intake.samples;
        work.here.sample_bytes = std::max(sample_bytes_min, bytes - bytes / 8);
    }

    static io::Task<void> store_all(Work* work) {
        work->begin();
        for (bool is_more = true, is_first = true; is_more; is_first = false) {
            is_more = read_round(*work);
            if (!is_more && is_first) learn_size(*work);
            if (!is_more) work->release_body();
            auto told = co_await work->intake.store();
            const bool is_gone = told.failed && told.failed->code == Code::not_found;
            if (is_gone && !work->goes_by_name) {
                // A machine was erased meanwhile: all of it again, by name.
                work->here.channels.clear();
                work->goes_by_name = is_more = true;
                work->has_series = false;
                const auto begun = work->begin_again();
                if (begun) continue;
                told.failed = begun.error();
                is_more = false;
            }
            work->told.add(told);
            if (told.failed) {
                work->new_channels.drop();
            } else {
                co_await work->new_channels.learn(&work->door.services_.plant,
                                                  work->who->organisation);
            }
        }
    }

    static http::Response answer(Work& work) {
        auto& stats = work.here.stats;
        const auto& appended = work.told.appended;
        const Skipped& skipped = work.reader->skipped();
        stats.series += work.series;
        stats.series_refused += work.refused;
        stats.samples += appended.stored;
        stats.samples_refused += appended.refused();
        stats.exemplars_skipped += skipped.exemplars;
        stats.histograms_skipped += skipped.histograms;
        stats.metadata_skipped += skipped.metadata;
        if (work.told.failed || work.told.over_limit) {
            ++stats.requests_busy;
            return work.told.failed ? told(503, work.told.failed->context)
                                    : told(429, work.told.over_limit->context);
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
        auto admission = trust::admit_program(door->services_.porter, door->services_.audit, request, *route, "",
                                              door->services_.loopback_role);
        if (admission.status != 200) co_return refused(here, told(admission.status, admission.why));
        if (auto why = misfit(request)) co_return refused(here, std::move(*why));
        // Packed and unpacked are held at once for a moment.
        if (here.decoded_bytes + request.body.size() > door->limits_.decoded_bytes_max) {
            ++here.stats.requests_busy;
            co_return told(503, "too many bodies at once");
        }
        const Bytes packed = as_bytes(request.body);
        auto body = unpack(packed, door->limits_.body_bytes_max, std::exchange(here.room, {}));
        if (!body) co_return refused(here, told(status_of(body.error()), body.error().context));
        http::BodyRoom room(here.decoded_bytes, packed.size() + body->size());
        Work work(*door, std::move(admission.principal), packed, *std::move(body), room);
        co_await store_all(&work);
        co_return answer(work);
    }
};

Door::Door(Services services, std::vector<std::string> machine_labels, DoorLimits limits)
    : services_(services),
      machine_labels_(std::move(machine_labels)),
      limits_(limits),
      on_shard_(services.shards) {}

Door::~Door() = default;

void Door::add_routes(http::Router& router) {
    router.add(
        "POST", std::string(pattern),
        [this](http::Request request) { return DoorSteps::write(this, std::move(request)); },
        http::Router::Options{limits_.body_bytes_max});
}

io::Task<DoorStats> Door::stats() {
    auto sum = co_await on_shard_.sum<DoorStats>();
    co_return sum;
}

}  // namespace lineshaft::remote_write
