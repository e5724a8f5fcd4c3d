#include "io/http/client.h"

#include "io/http/parser.h"

namespace lineshaft::io::http {
namespace {

constexpr std::size_t body_bytes_max = 64 << 20;

std::string serialise(const ClientRequest& request, std::string_view host) {
    std::string out = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: ";
    out += host;
    out += "\r\n";
    const bool needs_length = request.method != "GET" && request.method != "HEAD";
    if (needs_length || !request.body.empty()) {
        out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    for (const Field& field : request.headers) out += field.name + ": " + field.value + "\r\n";
    out += "\r\n";
    out += request.body;
    return out;
}

Task<Result<void>> read_response(Stream& stream, ResponseParser& parser, std::string& pending,
                                 Steady patience) {
    CO_TRY(const std::size_t first, parser.put(as_bytes(pending)));
    pending.erase(0, first);
    while (!parser.is_done()) {
        auto bytes = co_await stream.read_some(patience);
        if (!bytes && bytes.error().code == Code::unavailable) {
            CO_TRY_VOID(parser.put_end());
            break;
        }
        if (!bytes) co_return std::unexpected(std::move(bytes).error());
        pending.append(as_text(*bytes));
        CO_TRY(const std::size_t used, parser.put(as_bytes(pending)));
        pending.erase(0, used);
    }
    co_return Result<void>{};
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
    for (const Field& field : headers) {
        if (field.name == name) return field.value;
    }
    return {};
}

Task<Result<ClientResponse>> fetch_over(Stream& stream, ClientRequest request, std::string host,
                                        Steady patience) {
    const std::string text = serialise(request, host);
    // A server may answer and close before it has read everything: then the answer counts.
    auto written = co_await write_all(stream, as_bytes(text), patience);
    if (!written && written.error().code == Code::timeout) {
        co_return std::unexpected(std::move(written).error());
    }
    for (std::string pending;;) {
        ResponseParser parser(request.method, body_bytes_max);
        auto read = co_await read_response(stream, parser, pending, patience);
        if (!read) co_return std::unexpected(std::move(read).error());
        if (parser.status() == 100) continue;  // an interim answer
        co_return ClientResponse{parser.status(), parser.take_headers(), parser.take_body()};
    }
}

Task<Result<ClientResponse>> fetch(Address address, std::string method, std::string target,
                                   std::vector<Field> headers, std::string body, Steady patience) {
    auto stream = co_await connect(address, patience);
    if (!stream) co_return std::unexpected(std::move(stream).error());
    headers.push_back({"Connection", "close"});
    ClientRequest request{std::move(method), std::move(target), std::move(headers),
                          std::move(body)};
    const std::string host = address.path.empty() ? address.text() : "localhost";
    auto response = co_await fetch_over(**stream, std::move(request), host, patience);
    co_return response;
}

}  // namespace lineshaft::io::http
