#include "gate/handle/door.h"

#include "base/hash.h"
#include "gate/handle/connection.h"
#include "gate/handle/fragments.h"

namespace lineshaft::handle {

struct Door::OnShard {
    OnShard(const DoorLimits& limits)
        : fragments(limits), pace(limits.udp_per_second_per_address) {}
    Fragments fragments;
    AddressPace pace;
    io::Nursery questions{"handle questions"};
    io::Nursery connections{"handle connections"};
};

namespace {

// Answers to one datagram.
void send_answer(std::string message, io::DatagramSocket& socket, const io::Endpoint& to,
                 const DoorLimits& limits, DoorStats& stats) {
    if (message.size() <= datagram_bytes_max) {
        socket.send(to, std::move(message));
        return;
    }
    auto pieces = split_message(message);
    if (pieces.size() > limits.answer_datagrams_max) {
        // A short question must not have a long answer sent to whoever it names as its sender: the
        // first piece says that there is more, by TCP.
        ++stats.truncated;
        pieces.resize(1);
        pieces[0][2] = static_cast<char>(static_cast<unsigned char>(pieces[0][2]) | 0x20u);
    }
    for (auto& piece : pieces) socket.send(to, std::move(piece));
}

class DatagramOut final : public AnswerOut {
public:
    DatagramOut(io::DatagramSocket& socket, io::Endpoint to, const DoorLimits& limits,
                DoorStats& stats)
        : socket_(socket), to_(to), limits_(limits), stats_(stats) {}
    io::Task<bool> send(std::string message) override {
        send_answer(std::move(message), socket_, to_, limits_, stats_);
        co_return true;
    }
    bool is_stream() const override { return false; }

private:
    io::DatagramSocket& socket_;
    io::Endpoint to_;
    const DoorLimits& limits_;
    DoorStats& stats_;
};

}  // namespace

struct DoorSteps {
    static io::Task<void> answer_later(Door* door, io::DatagramSocket* socket, io::Endpoint from,
                                       std::string message) {
        DatagramOut out(*socket, from, door->limits_, door->responder_.stats());
        co_await door->responder_.answer(std::move(message), &out);
    }

    // `bytes`: a message of one datagram or joined of several; `in`: its envelope.
    static void take_message(Door& door, io::DatagramSocket& socket, const io::Endpoint& from,
                             const Envelope& in, Bytes bytes) {
        auto& stats = door.responder_.stats();
        ++stats.udp;
        const Bytes payload = bytes.subspan(envelope_bytes);
        const bool is_whole = payload.size() == in.length;
        if (Responder::is_in_session(in)) {
            if (is_whole) spawn(door, socket, from, bytes);
            return;
        }
        const auto packet = is_whole ? decode_packet(in, payload)
                                     : Result<Packet>(fail(Code::invalid, "the length disagrees"));
        if (!packet) {
            ++stats.malformed;
            socket.send(from, Responder::refusal_of(in, packet.error()));
            return;
        }
        if (packet->header.answer != Answer::none) {  // or two servers would talk for ever
            ++stats.malformed;
            return;
        }
        if (auto now = door.responder_.answer_now(*packet)) {
            send_answer(std::move(*now), socket, from, door.limits_, stats);
            return;
        }
        spawn(door, socket, from, bytes);
    }

    static void spawn(Door& door, io::DatagramSocket& socket, const io::Endpoint& from,
                      Bytes bytes) {
        auto& questions = door.here().questions;
        if (questions.size() >= door.limits_.udp_waiting_max) {
            ++door.responder_.stats().busy;
            return;
        }
        questions.spawn(answer_later(&door, &socket, from, std::string(as_text(bytes))));
    }

    static void take_datagram(Door& door, io::DatagramSocket& socket, const io::Endpoint& from,
                              Bytes bytes) {
        const auto steady = [] { return io::Shard::here().clock().steady(); };
        if (!from.is_loopback() && !door.here().pace.take(from.hash(), steady())) {
            ++door.responder_.stats().flooded;
            return;
        }
        const auto envelope = decode_envelope(bytes, door.limits_.wire);
        if (!envelope) {  // nothing to answer to
            ++door.responder_.stats().malformed;
            return;
        }
        const Bytes payload = bytes.subspan(envelope_bytes);
        if (envelope->sequence == 0 && payload.size() >= envelope->length) {
            take_message(door, socket, from, *envelope, bytes);
            return;
        }
        const auto sender = hash64(as_text(Bytes(from.bytes).first(from.size)));
        const auto whole = door.here().fragments.add(sender, *envelope, payload, steady());
        if (!whole) return;
        const auto joined = decode_envelope(as_bytes(*whole), door.limits_.wire);
        if (joined) take_message(door, socket, from, *joined, as_bytes(*whole));
    }

    static io::Task<void> serve(std::shared_ptr<Connection> connection) {
        co_await connection->serve();
    }

    static io::Task<bool> close_here(Door* door) {
        co_await door->here().connections.close();
        co_await door->here().questions.close();
        co_return true;
    }
};

Door::Door(Responder& responder, io::Shards& shards, const DoorLimits& limits, bool is_pool)
    : responder_(responder), shards_(shards), limits_(limits), is_pool_(is_pool) {
    for (std::size_t index = 0; index < shards.size(); ++index)
        on_shard_.push_back(std::make_unique<OnShard>(limits));
}

Door::~Door() {
    close();
}

Door::OnShard& Door::here() {
    return *on_shard_[io::Shard::here().index().number()];
}

Result<void> Door::open(const io::Address& address) {
    auto on_stream = [this](std::unique_ptr<io::Stream> stream) {
        const auto connection =
            std::make_shared<Connection>(responder_, std::move(stream), limits_, is_pool_);
        here().connections.spawn(DoorSteps::serve(connection), [connection] { connection->stop(); });
    };
    auto on_datagram = [this](io::DatagramSocket& socket, const io::Endpoint& from, Bytes bytes) {
        DoorSteps::take_datagram(*this, socket, from, bytes);
    };
    // A port that was picked for TCP may be taken for UDP.
    for (unsigned attempts_left = address.port == 0 ? 8 : 1;; --attempts_left) {
        TRY(connections_, io::Listener::open(shards_, address, {}, on_stream));
        io::Address same = address;
        same.port = port_ = connections_->port();
        auto datagrams = io::DatagramListener::open(shards_, same, {}, on_datagram);
        if (datagrams) {
            datagrams_ = std::move(*datagrams);
            return {};
        }
        connections_->close();
        connections_.reset();
        if (attempts_left == 1) return std::unexpected(std::move(datagrams).error());
    }
}

bool Door::is_accepting() const {
    return connections_ && datagrams_ && connections_->is_accepting() &&
           datagrams_->is_accepting();
}

io::DatagramListener::Stats Door::datagram_stats() const {
    return datagrams_ ? datagrams_->stats() : io::DatagramListener::Stats{};
}

void Door::close() {
    if (std::exchange(is_closed_, true)) return;
    if (connections_) connections_->close();
    if (datagrams_) datagrams_->close();
    for (std::size_t index = 0; index < shards_.size(); ++index)
        shards_.run_blocking(ShardIndex(std::uint32_t(index)), DoorSteps::close_here(this));
}

}  // namespace lineshaft::handle
