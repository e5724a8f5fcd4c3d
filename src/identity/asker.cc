#include "identity/asker.h"

#include <map>

#include "io/datagrams.h"
#include "trust/secrets.h"

namespace lineshaft::identity {
namespace {

constexpr handle::Limits wire{};
constexpr io::Steady waits[] = {io::Steady{500}, io::Steady{1'000}, io::Steady{1'500}};
constexpr io::Steady tcp_patience{5'000};
constexpr std::size_t pieces_max = wire.message_bytes_max / 64;

Result<Reply> reply_of(Bytes message, std::uint32_t request) {
    TRY(const auto packet, handle::decode_message(message, wire));
    if (packet.envelope.request != request || packet.header.answer == handle::Answer::none)
        return fail(Code::invalid, "an answer to another question");
    Reader body(packet.body);
    const bool is_challenge = packet.header.answer == handle::Answer::authentication_needed;
    if (packet.header.has(handle::flag::return_digest) && !is_challenge) {
        TRY_VOID(handle::take_digest(body));
    }
    return Reply{packet.envelope, packet.header, std::string(as_text(body.rest())),
                 std::string(as_text(message))};
}

/// The datagrams of one answer.
class Pieces {
public:
    explicit Pieces(std::uint32_t request) : request_(request) {}

    /// Nothing: more is needed, or it was none of ours.
    Result<std::optional<Reply>> add(std::string_view datagram) {
        const auto envelope = handle::decode_envelope(as_bytes(datagram), wire);
        if (!envelope || envelope->request != request_) return std::optional<Reply>();
        if (envelope->is_truncated) return fail(Code::exhausted, "the answer needs TCP");
        const auto payload = datagram.substr(handle::envelope_bytes);
        if (pieces_.size() < pieces_max && pieces_.emplace(envelope->sequence, payload).second)
            bytes_ += payload.size();
        if (bytes_ < envelope->length) return std::optional<Reply>();
        handle::Envelope whole = *envelope;
        whole.sequence = 0;
        std::string message;
        handle::put(message, whole);
        for (const auto& [sequence, piece] : pieces_) message += piece;
        TRY(auto reply, reply_of(as_bytes(message), request_));
        return std::optional(std::move(reply));
    }

private:
    const std::uint32_t request_;
    std::map<std::uint32_t, std::string> pieces_;
    std::size_t bytes_ = 0;
};

io::Task<Result<Reply>> ask_udp(io::Address server, std::string message, std::uint32_t request) {
    CO_TRY(auto socket, io::open_datagrams(server));
    const auto datagrams = handle::split_message(message);
    for (const io::Steady wait : waits) {
        for (const auto& datagram : datagrams) {
            CO_TRY_VOID(socket->send(as_bytes(datagram)));
        }
        Pieces pieces(request);
        const io::Steady until = io::Shard::here().clock().steady() + wait;
        for (;;) {
            const io::Steady left = until - io::Shard::here().clock().steady();
            if (left <= io::Steady{0}) break;
            auto datagram = co_await socket->receive(left);
            if (!datagram && datagram.error().code == Code::timeout) break;
            if (!datagram) co_return std::unexpected(datagram.error());
            auto reply = pieces.add(*datagram);
            if (!reply) co_return std::unexpected(reply.error());
            if (*reply) co_return std::move(**reply);
        }
    }
    co_return fail(Code::timeout, "no answer over UDP");
}

io::Task<Result<Reply>> ask_tcp(io::Address server, std::string message, std::uint32_t request) {
    auto stream = co_await io::connect(server, tcp_patience);
    if (!stream) co_return std::unexpected(stream.error());
    auto written = co_await io::write_all(**stream, as_bytes(message), tcp_patience);
    if (!written) co_return std::unexpected(written.error());
    std::string in;
    for (;;) {
        if (in.size() >= handle::envelope_bytes) {
            CO_TRY(const auto envelope, handle::decode_envelope(as_bytes(in), wire));
            const std::size_t whole = handle::envelope_bytes + envelope.length;
            if (in.size() >= whole) {
                auto reply = reply_of(as_bytes(in).first(whole), request);
                (*stream)->close();
                co_return reply;
            }
        }
        auto bytes = co_await (*stream)->read_some(tcp_patience);
        if (!bytes) co_return std::unexpected(bytes.error());
        in.append(as_text(*bytes));
    }
}

}  // namespace

io::Task<Result<Reply>> ask(io::Address server, handle::Transport transport, std::string message) {
    const auto envelope = handle::decode_envelope(as_bytes(message), wire);
    if (!envelope) co_return std::unexpected(envelope.error());
    const std::uint32_t request = envelope->request;
    if (transport == handle::Transport::udp) {
        auto reply = co_await ask_udp(std::move(server), std::move(message), request);
        co_return reply;
    }
    if (transport != handle::Transport::tcp)
        co_return fail(Code::unsupported, "only UDP and TCP are asked");
    auto reply = co_await ask_tcp(std::move(server), std::move(message), request);
    co_return reply;
}

namespace {

std::string request_of(handle::Op op, std::uint32_t id, std::uint32_t flags, std::string_view body) {
    handle::Envelope envelope;
    envelope.version = {2, 3};  // until the server is known; it hears what we could do
    envelope.suggested = handle::own_version;
    envelope.request = id;
    handle::Header header;
    header.op = op;
    header.flags = flags;
    header.expires_s =
        static_cast<std::uint32_t>(io::Shard::here().now().millis() / 1'000 + 43'200);
    return handle::encode_message(envelope, header, body);
}

}  // namespace

std::string resolution_request(const handle::Resolution& wanted, std::uint32_t request_id,
                               bool certify) {
    return request_of(handle::Op::resolution, request_id,
                      handle::flag::public_only | (certify ? handle::flag::certify : 0),
                      handle::encode(wanted));
}

io::Task<Result<SiteReply>> ask_site(io::Address server, handle::Transport transport) {
    const std::string bytes = trust::random_bytes(4);
    Reader in(as_bytes(bytes));
    std::string question =
        request_of(handle::Op::get_site_info, in.take_be<std::uint32_t>().value_or(1),
                   handle::flag::certify, handle::encode_handle("/"));
    auto reply = co_await ask(std::move(server), transport, std::move(question));
    if (!reply) co_return std::unexpected(reply.error());
    if (reply->header.answer != handle::Answer::success)
        co_return fail(Code::unavailable,
                       "site info: " + std::string(handle::words_of(reply->header.answer)));
    auto site = handle::decode_site(as_bytes(reply->body), wire);
    if (!site) co_return std::unexpected(site.error());
    co_return SiteReply{std::move(*site), std::move(*reply)};
}

}  // namespace lineshaft::identity
