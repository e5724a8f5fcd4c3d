#pragma once
#include <memory>
#include <string>

#include "io/http/message.h"

namespace lineshaft::io::http {

/// Answers a WebSocket request (RFC 6455) with 101 and returns the connection as a Stream of the
/// payload of its binary messages; what is written leaves as binary messages. Pings are answered,
/// a text message or a broken frame ends it. For use in a Router's Upgrade:
///     auto inside = co_await accept_websocket(std::move(request), std::move(stream), "mqtt");
/// `subprotocol` must be among those the client offers; empty: none is agreed on.
/// Errors: invalid (not a WebSocket request: it was answered 400 or 426), unavailable, timeout.
Task<Result<std::unique_ptr<Stream>>> accept_websocket(Request request,
                                                       std::unique_ptr<Stream> stream,
                                                       std::string subprotocol);

}  // namespace lineshaft::io::http
