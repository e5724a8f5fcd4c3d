#include "io/http/websocket_frames.h"

#include <openssl/evp.h>

#include <algorithm>

namespace lineshaft::io::http {
namespace {

enum Opcode : unsigned char { more = 0, text = 1, binary = 2, closing = 8, ping = 9, pong = 10 };
constexpr std::size_t control_bytes_max = 125;  // RFC 6455 5.5
constexpr std::uint16_t normal = 1000, bad_protocol = 1002, not_binary = 1003;

std::size_t header_size(const std::string& header) {
    if (header.size() < 2) return 2;
    const unsigned length = static_cast<unsigned char>(header[1]) & 0x7f;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    return 2 + extended + 4;  // a client always masks
}

}  // namespace

std::string websocket_header(unsigned char opcode, std::uint64_t size) {
    std::string out;
    Writer writer(out);
    writer.put_be(static_cast<std::uint8_t>(0x80 | opcode));
    if (size < 126) {
        writer.put_be(static_cast<std::uint8_t>(size));
    } else if (size <= 0xffff) {
        writer.put_be(std::uint8_t{126});
        writer.put_be(static_cast<std::uint16_t>(size));
    } else {
        writer.put_be(std::uint8_t{127});
        writer.put_be(size);
    }
    return out;
}

Result<std::string> websocket_accept(std::string_view key) {
    unsigned char nonce[20];
    // 24 characters of base64, the last two "=": 16 bytes.
    const bool is_shaped = key.size() == 24 && key.ends_with("==") && key[21] != '=';
    if (!is_shaped ||
        EVP_DecodeBlock(nonce, reinterpret_cast<const unsigned char*>(key.data()), 24) != 18) {
        return fail(Code::invalid, "Sec-WebSocket-Key is not 16 bytes in base64");
    }
    const std::string whole = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(whole.data(), whole.size(), digest, &size, EVP_sha1(), nullptr);
    unsigned char encoded[64];
    const int length = EVP_EncodeBlock(encoded, digest, int(size));
    return std::string(reinterpret_cast<const char*>(encoded), std::size_t(length));
}

void WebSocketReader::close(std::uint16_t status, Got& got) {
    got.owed += websocket_header(closing, 2);
    Writer(got.owed).put_be(status);
    got.is_closed = is_closed_ = true;
}

/// Reads a complete header_; false when the frame is not allowed.
bool WebSocketReader::take_header() {
    Reader reader(as_bytes(header_));
    const unsigned first = reader.take_be<std::uint8_t>().value_or(0);
    const unsigned second = reader.take_be<std::uint8_t>().value_or(0);
    is_final_ = (first & 0x80) != 0;
    opcode_ = static_cast<unsigned char>(first & 0x0f);
    left_ = second & 0x7f;
    if (left_ == 126) {
        left_ = reader.take_be<std::uint16_t>().value_or(0);
    } else if (left_ == 127) {
        left_ = reader.take_be<std::uint64_t>().value_or(0);
    }
    const Bytes mask = reader.rest();
    std::memcpy(mask_, mask.data(), sizeof(mask_));
    header_.clear();
    control_.clear();
    at_ = 0;
    in_payload_ = true;
    if ((first & 0x70) != 0 || left_ >> 63 != 0) return false;
    const bool is_control = opcode_ >= 8;
    if (is_control) return opcode_ <= pong && is_final_ && left_ <= control_bytes_max;
    return opcode_ == more ? in_message_ : opcode_ <= binary && !in_message_;
}

void WebSocketReader::take_payload(Bytes& bytes, Got& got) {
    const auto count = std::size_t(std::min<std::uint64_t>(left_, bytes.size()));
    std::string& into = opcode_ >= 8 ? control_ : got.payload;
    const std::size_t begin = into.size();
    into.append(as_text(bytes.first(count)));
    for (std::size_t index = 0; index < count; ++index) {
        into[begin + index] = static_cast<char>(into[begin + index] ^ mask_[(at_ + index) % 4]);
    }
    at_ += count;
    left_ -= count;
    bytes = bytes.subspan(count);
}

void WebSocketReader::end_frame(Got& got) {
    in_payload_ = false;
    if (opcode_ == ping) {
        got.owed += websocket_header(pong, control_.size()) + control_;
    } else if (opcode_ == closing) {
        close(control_.size() == 1 ? bad_protocol : normal, got);
    } else if (opcode_ < 8) {
        in_message_ = !is_final_;
    }
}

WebSocketReader::Got WebSocketReader::receive(Bytes bytes) {
    Got got;
    while (!is_closed_ && (!bytes.empty() || (in_payload_ && left_ == 0))) {
        if (!in_payload_) {
            const std::size_t wanted = header_size(header_) - header_.size();
            const std::size_t count = std::min(wanted, bytes.size());
            header_.append(as_text(bytes.first(count)));
            bytes = bytes.subspan(count);
            // A frame without a mask is refused before its length is believed.
            if (header_.size() >= 2 && (static_cast<unsigned char>(header_[1]) & 0x80) == 0) {
                close(bad_protocol, got);
                break;
            }
            if (header_.size() < 2 || header_.size() < header_size(header_)) continue;
            if (!take_header()) {
                close(bad_protocol, got);
                break;
            }
            if (opcode_ == text) {
                close(not_binary, got);  // [MQTT-6.0.0-1]
                break;
            }
        }
        take_payload(bytes, got);
        if (left_ == 0) end_frame(got);
    }
    got.is_closed = is_closed_;
    return got;
}

}  // namespace lineshaft::io::http
