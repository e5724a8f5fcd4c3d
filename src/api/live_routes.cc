// The live stream: server-sent events of what changes.
#include "api/live.h"
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t machines_max = 60;  // watched by one stream
constexpr io::Steady beat{1'000};         // rates
constexpr unsigned beats_per_comment = 15;
constexpr unsigned beats_per_sign_of_life = 60;  // an open wall screen keeps its session

struct Stream : EventStream {
    using EventStream::EventStream;
    std::string session_secret{};
    std::vector<std::string> machines{};
    std::unique_ptr<twin::Watch> watch{};
    unsigned beats = 0;

    bool concerns(const std::string& machine) const {
        return !principal->is_machine() || trust::is_own_machine(*principal, machine);
    }
};
using StreamPtr = std::shared_ptr<Stream>;

void put_values(JsonOut& out, const std::string& machine,
                const std::vector<twin::TagValue>& values) {
    out.object().name("machine").text(machine).name("values").array();
    for (const auto& value : values) put_brief(out, value);
    out.end_array().end_object();
}

void show(Stream& stream, const twin::LiveBatch& batch) {
    if (!batch.values.empty()) {
        JsonOut all;
        all.array();
        for (const auto& machine : batch.values) put_values(all, machine.machine, machine.values);
        stream.queue.push_text("values", all.end_array().take());
    }
    const auto catalog = stream.services->desk.snapshot();
    for (const auto& state : batch.machines) {
        if (!stream.concerns(state.id)) continue;
        JsonOut machine;
        put_members(machine.object(), state, catalog->machine(state.organisation, state.id));
        stream.queue.push_text("machine", machine.end_object().take());
    }
    for (const auto& event : batch.events) {
        if (stream.concerns(event.machine)) stream.queue.push("event", render(event));
    }
}

void arm_beat(const StreamPtr& stream) {
    io::Shard::here().wheel().arm(stream->timer, beat, [weak = std::weak_ptr<Stream>(stream)] {
        const auto alive = weak.lock();
        if (!alive) return;
        ++alive->beats;
        alive->queue.push("rates", render(alive->services->node.rates()));
        if (alive->beats % beats_per_comment == 0) alive->queue.push_comment();
        arm_beat(alive);
    });
}

// The current values of everything asked for, so that a page needs no second request. Each
// machine's are queued as they come: a batch that arrives later is newer.
io::Task<void> show_current(StreamPtr stream) {
    for (const auto& machine : stream->machines) {
        auto values =
            co_await stream->services->plant.values(stream->principal->organisation, machine);
        if (!values) continue;
        JsonOut all;
        put_values(all.array(), machine, *values);
        stream->queue.push_text("values", all.end_array().take());
    }
}

// False when the session behind the stream has ended.
io::Task<bool> still_signed_in(StreamPtr stream) {
    if (stream->session_secret.empty()) co_return true;
    auto who = co_await stream->services->porter.by_session(stream->session_secret);
    co_return who != nullptr;
}

io::Task<void> run_stream(StreamPtr stream, http::BodyWriter& writer) {
    writer.on_gone([weak = std::weak_ptr<Stream>(stream)] {
        if (const auto alive = weak.lock()) alive->queue.end();
    });
    arm_beat(stream);
    co_await show_current(stream);
    stream->queue.push("rates", render(stream->services->node.rates()));
    unsigned checked_at = 0;
    while (!stream->queue.is_ended()) {
        co_await stream->queue.wait();
        if (stream->beats - checked_at >= beats_per_sign_of_life) {
            checked_at = stream->beats;
            auto good = co_await still_signed_in(stream);
            if (!good) break;
        }
        const std::string pieces = stream->queue.take();
        if (pieces.empty()) continue;
        auto written = co_await writer.write(pieces);
        if (!written) break;
    }
}

io::Task<Answer> live(Call call) {
    auto stream = std::make_shared<Stream>(call);
    if (call.principal->kind == trust::PrincipalKind::person) {
        stream->session_secret =
            trust::session_secret(call.request.header("cookie"), call.is_secure);
    }
    for (const auto& field : call.request.query) {
        if (field.name == "machine") stream->machines.push_back(field.value);
    }
    if (stream->machines.size() > machines_max) {
        co_return fail(Code::invalid, "watch at most 60 machines on one stream");
    }
    stream->watch = call.services->plant.watch(
        call.organisation(), stream->machines,
        [raw = stream.get()](std::shared_ptr<const twin::LiveBatch> batch) { show(*raw, *batch); });
    if (!stream->watch) co_return fail(Code::exhausted, "as many live streams as allowed are open");
    end_with_rights(stream);
    http::Response response = event_stream_head();
    response.stream = [stream](http::BodyWriter& writer) { return run_stream(stream, writer); };
    co_return response;
}

}  // namespace

void add_live_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/live", &live);
}

}  // namespace lineshaft::api
