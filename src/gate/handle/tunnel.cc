#include "gate/handle/tunnel.h"

namespace lineshaft::handle {
namespace {

constexpr std::string_view message_type = "application/x-hdl-message";
constexpr std::size_t tunnel_bytes_max = 16 << 20;  // of a list's messages

/// The messages of one answer.
class BodyOut final : public AnswerOut {
public:
    io::Task<bool> send(std::string message) override {
        const bool has_room = body.size() + message.size() <= tunnel_bytes_max;
        if (has_room) body += message;
        co_return has_room;
    }
    bool is_stream() const override { return true; }

    std::string body;
};

bool carries_message(const io::http::Request& request) {
    const auto type = request.header("content-type");
    return request.method == "POST" && type.substr(0, type.find(';')) == message_type;
}

io::Task<io::http::Response> answer_tunnelled(Responder* responder, io::http::Request request) {
    const Limits limits;
    ++responder->stats().http;
    io::http::Response response;
    const auto envelope = decode_envelope(as_bytes(request.body), limits);
    if (!envelope) {
        ++responder->stats().malformed;
        co_return io::http::problem(400, "Bad Request", envelope.error().context);
    }
    response.set("content-type", std::string(message_type));
    response.set("cache-control", "no-store");
    const bool is_session = Responder::is_in_session(*envelope) &&
                            request.body.size() == envelope_bytes + envelope->length;
    if (!is_session) {
        const auto packet = decode_message(as_bytes(request.body), limits);
        if (!packet) {
            ++responder->stats().malformed;
            response.body = Responder::refusal_of(*envelope, packet.error());
            co_return response;
        }
    }
    BodyOut out;
    co_await responder->answer(std::move(request.body), &out);
    response.body = std::move(out.body);
    co_return response;
}

}  // namespace

io::http::Handler tunnel(Responder& responder, io::http::Handler otherwise) {
    return [&responder, otherwise = std::move(otherwise)](io::http::Request request) {
        if (carries_message(request)) return answer_tunnelled(&responder, std::move(request));
        return otherwise(std::move(request));
    };
}

}  // namespace lineshaft::handle
