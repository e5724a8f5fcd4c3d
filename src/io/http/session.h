#pragma once
// Inside io/http: one connection of a Server, from accept to close.
#include <atomic>
#include <deque>

#include "io/http/router.h"
#include "io/nursery.h"
#include "io/pause.h"

namespace lineshaft::io::http {

/// One shard's part of a server.
struct Hall {
    Hall() : nursery("http") {}
    Nursery nursery;
    std::size_t bodies_bytes = 0;  ///< request bodies held now
    std::string date;              ///< of `date_second`
    std::int64_t date_second = -1;
    std::atomic<std::uint64_t> requests{0}, refused{0}, connections{0};
};

/// What a whole server shares; outlives its sessions.
struct Service {
    std::shared_ptr<const Router::Table> table;
    Limits limits;
    std::deque<Hall> halls;  ///< by shard
};

/// How the server's close() reaches a session. Shared with the nursery and with a stream that was
/// handed over, since both may outlive the session's own stream.
struct Leash {
    Stream* stream = nullptr;  ///< null once it is destroyed
    bool is_stopping = false;
    bool is_answering = false;
    Wheel::Timer force;

    void stop(Steady patience);
};

/// Serves requests until the client leaves, misbehaves, upgrades or `leash` is pulled.
Task<void> serve_connection(Service* service, Hall* hall, std::unique_ptr<Stream> stream,
                            std::shared_ptr<Leash> leash);

/// A read that is under way while a handler works, to learn that the client leaves. What it sends
/// instead is the beginning of its next request.
struct Ahead {
    StopFlagPtr gone = std::make_shared<StopFlag>();
    std::string bytes;           ///< what came
    bool has_ended = false;
    bool is_gone = false;        ///< instead of bytes
    Steady until = for_ever;     ///< then a silent client counts as gone
    Pause ended;
};

/// What one session's parts share; lives in serve_connection's frame.
struct Session {
    Service& service;
    Hall& hall;
    std::unique_ptr<Stream> stream;
    std::shared_ptr<Leash> leash;
    std::string pending;    ///< read but not yet parsed
    std::shared_ptr<Ahead> ahead{};  ///< then nobody else reads
    bool was_slow = false;  ///< refused because it took too long: it gets little time more

    std::string_view date();
};

/// Runs the streamer behind a head already sent. The connection is over afterwards. Watches the
/// reading side, so that a client that leaves is noticed while nothing is written.
/// `is_upload`: the streamer reads the request itself, so nobody else does.
Task<void> stream_body(Session& session, Streamer streamer, bool is_chunked, bool is_upload);

/// Begins to read ahead; nothing when the server is closing.
void begin_ahead(Session& session);
/// Waits until what was begun has ended, at most about `patience`; then the session reads again.
/// False: the client is gone.
Task<bool> end_ahead(Session& session, Steady patience);

/// Lets the client read the last answer before the stream is closed (RFC 9112 9.6): says that
/// nothing more follows, then reads and drops what the client still sends until it leaves or a
/// bound of `limits` is met, altogether at most `patience`. Both outlive it.
Task<void> linger(Stream& stream, const Limits& limits, Steady patience);

/// The raw stream for an Upgrade: starts with what was read too far, tells the leash when it ends.
std::unique_ptr<Stream> hand_over(Session& session);

}  // namespace lineshaft::io::http
