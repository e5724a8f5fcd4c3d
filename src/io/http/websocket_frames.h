#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace lineshaft::io::http {

/// The server's half of RFC 6455 framing, without I/O: a client's bytes in, payload and the frames
/// owed to the client out. Binary messages only, as one stream of bytes: where messages and
/// fragments begin is lost on purpose (MQTT 6.0: a packet may cross frames).
class WebSocketReader {
public:
    struct Got {
        std::string payload;
        std::string owed;        ///< pongs and the closing frame, to be sent as they are
        bool is_closed = false;  ///< after the payload; `owed` ends with a close frame
    };
    /// Takes any cut of the stream. After is_closed nothing more is read.
    Got receive(Bytes bytes);

private:
    bool take_header();
    void take_payload(Bytes& bytes, Got& got);
    void end_frame(Got& got);
    void close(std::uint16_t status, Got& got);

    std::string header_;      // of the frame being read, until complete
    std::string control_;     // payload of a control frame, at most 125 bytes
    std::uint64_t left_ = 0;  // payload bytes of this frame still to come
    std::uint64_t at_ = 0;    // payload bytes of this frame so far, for the mask
    unsigned char mask_[4] = {};
    unsigned char opcode_ = 0;
    bool is_final_ = false;
    bool in_payload_ = false;
    bool in_message_ = false;  // between a message's first and last frame
    bool is_closed_ = false;
};

/// One unmasked final frame's header for `size` payload bytes. Opcode 2 is binary, 8 close, 10
/// pong.
std::string websocket_header(unsigned char opcode, std::uint64_t size);

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 4.2.2). Errors: invalid (not 16 bytes in
/// base64).
Result<std::string> websocket_accept(std::string_view key);

}  // namespace lineshaft::io::http
