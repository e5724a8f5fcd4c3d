#pragma once
// For tests: a server with a few routes, and a client that speaks bytes.
#include <stdexcept>

#include "io/http/client.h"
#include "io/http/server.h"
#include "stream_pair.h"

namespace lineshaft::io::http {

inline Task<Response> echo(Request request) {
    Response out;
    out.set("content-type", "text/plain");
    out.body = request.method + " " + request.path;
    for (const auto& part : request.captured) out.body += " {" + part + "}";
    for (const auto& field : request.query) out.body += " ?" + field.name + "=" + field.value;
    if (!request.body.empty()) out.body += " " + request.body;
    co_return out;
}
inline Task<Response> nothing(Request) {
    Response out;
    out.status = 204;
    co_return out;
}
inline Task<Response> large(Request request) {
    Response out;
    out.body.assign(std::size_t(std::stoul(std::string(request.asked("bytes").value_or("0")))),
                    'L');
    co_return out;
}
inline Task<Response> throwing(Request) {
    throw std::runtime_error("a broken handler");
    co_return Response{};
}
inline Task<Response> injecting(Request request) {
    Response out;
    out.set("x-name", std::string(request.asked("name").value_or("")));
    out.set("Content-Length", "7");
    out.body = "ok";
    co_return out;
}
inline Task<void> count_to_three(BodyWriter& out) {
    for (const char* piece : {"one ", "", "two ", "three"}) {
        auto written = co_await out.write(piece);
        if (!written) co_return;
    }
}
inline Task<Response> streaming(Request) {
    Response out;
    out.stream = [](BodyWriter& writer) { return count_to_three(writer); };
    co_return out;
}
inline Task<void> half_then_throw(BodyWriter& out) {
    auto written = co_await out.write("half");
    if (written) throw std::runtime_error("a broken stream");
}
inline Task<Response> breaking(Request) {
    Response out;
    out.stream = [](BodyWriter& writer) { return half_then_throw(writer); };
    co_return out;
}
inline Task<void> speak_shout(Request request, std::unique_ptr<Stream> stream) {
    auto told = co_await write_all(*stream, as_bytes("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
                                   Steady{10'000});
    auto heard = co_await stream->read_some(Steady{10'000});
    if (!told || !heard) co_return;
    std::string text = request.path + " " + std::string(as_text(*heard));
    auto said = co_await write_all(*stream, as_bytes(text), Steady{10'000});
    if (said) stream->end_writing();
}

inline std::shared_ptr<const Router> test_router() {
    auto router = std::make_shared<Router>();
    router->add("GET", "/", &echo);
    router->add("GET", "/machines/{machine}", &echo);
    router->add("DELETE", "/machines/{machine}", &echo);
    router->add("GET", "/machines/new", &echo);
    router->add("GET", "/machines/{machine}/tags/{tag}", &echo);
    router->add("GET", "/files/{rest...}", &echo);
    router->add("POST", "/upload", &echo, {.body_bytes_max = 32});
    router->add("POST", "/bulk", &echo, {.body_bytes_max = 8 << 20});
    router->add("GET", "/nothing", &nothing);
    router->add("GET", "/large", &large);
    router->add("GET", "/throw", &throwing);
    router->add("GET", "/inject", &injecting);
    router->add("GET", "/stream", &streaming);
    router->add("GET", "/break", &breaking);
    router->add_upgrade("/shout", "shout", &speak_shout);
    return router;
}

}  // namespace lineshaft::io::http
