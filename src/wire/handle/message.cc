#include "wire/handle/message.h"

#include <algorithm>

#include "wire/handle/take.h"

namespace lineshaft::handle {
namespace {

constexpr std::uint8_t compressed = 0x80, encrypted = 0x40, truncated = 0x20, major_mask = 0x1f;

}  // namespace

std::string_view words_of(Answer answer) {
    switch (answer) {
        case Answer::none: return "a request";
        case Answer::success: return "success";
        case Answer::error: return "error";
        case Answer::too_busy: return "server too busy";
        case Answer::protocol_error: return "protocol error";
        case Answer::not_supported: return "operation not supported";
        case Answer::recursion_limit: return "recursion limit exceeded";
        case Answer::backup_in_progress: return "backup in progress";
        case Answer::handle_not_found: return "handle not found";
        case Answer::handle_exists: return "handle exists already";
        case Answer::invalid_handle: return "invalid handle";
        case Answer::values_not_found: return "values not found";
        case Answer::value_exists: return "value exists already";
        case Answer::invalid_value: return "invalid value";
        case Answer::out_of_date_site: return "out of date site information";
        case Answer::not_responsible: return "server not responsible for the handle";
        case Answer::service_referral: return "referral to another service";
        case Answer::prefix_referral: return "referral for the prefix";
        case Answer::invalid_admin: return "invalid administrator";
        case Answer::not_permitted: return "insufficient permission";
        case Answer::authentication_needed: return "authentication needed";
        case Answer::authentication_failed: return "authentication failed";
        case Answer::invalid_credential: return "invalid credential";
        case Answer::authentication_timeout: return "authentication timed out";
        case Answer::authentication_error: return "unable to authenticate";
        case Answer::login_again: return "log in again";
        case Answer::login_first: return "log in first";
        case Answer::session_timeout: return "session timed out";
        case Answer::session_failed: return "session failed";
        case Answer::invalid_session_key: return "invalid session key";
        case Answer::need_rsa_key: return "an RSA key is needed";
        case Answer::invalid_session_setup: return "invalid session setup";
        case Answer::session_replay: return "session message replayed";
        case Answer::daily_limit: return "daily limit of requests";
        case Answer::registration_limit: return "limit of registrations";
        case Answer::prefix_limit: return "limit of the prefix";
    }
    return "unknown answer";
}

Result<Envelope> decode_envelope(Bytes bytes, const Limits& limits) {
    Reader in(bytes);
    Envelope out;
    TRY(out.version.major, in.take_be<std::uint8_t>());
    TRY(out.version.minor, in.take_be<std::uint8_t>());
    TRY(const auto flags, in.take_be<std::uint8_t>());
    TRY(out.suggested.minor, in.take_be<std::uint8_t>());
    TRY(out.session, in.take_be<std::uint32_t>());
    TRY(out.request, in.take_be<std::uint32_t>());
    TRY(out.sequence, in.take_be<std::uint32_t>());
    TRY(out.length, in.take_be<std::uint32_t>());
    out.is_compressed = (flags & compressed) != 0;
    out.is_encrypted = (flags & encrypted) != 0;
    out.is_truncated = (flags & truncated) != 0;
    out.suggested.major = flags & major_mask;
    // 5.x is how an ancient 2.0 client writes itself.
    const auto major = out.version.major;
    if (major != 2 && major != 3 && major != 5)
        return fail(Code::unsupported, "protocol version " + std::to_string(major));
    if (out.length > limits.message_bytes_max) return fail(Code::exhausted, "message too long");
    return out;
}

void put(std::string& out, const Envelope& envelope) {
    Writer to(out);
    to.put_be(envelope.version.major);
    to.put_be(envelope.version.minor);
    const unsigned flags = (envelope.is_compressed ? compressed : 0u) |
                           (envelope.is_encrypted ? encrypted : 0u) |
                           (envelope.is_truncated ? truncated : 0u) |
                           (envelope.suggested.major & unsigned{major_mask});
    to.put_be(static_cast<std::uint8_t>(flags));
    to.put_be(envelope.suggested.minor);
    to.put_be(envelope.session);
    to.put_be(envelope.request);
    to.put_be(envelope.sequence);
    to.put_be(envelope.length);
}

Version version_to_answer(const Envelope& request) {
    Version wished = request.suggested.major == 0 ? request.version : request.suggested;
    if (wished.major == 3) return doirp_version;
    if (wished.major != 2) wished = {2, 0};
    Version out = std::min(wished, own_version);
    if (out == Version{2, 5} || out == Version{2, 6}) out = {2, 4};
    return out;
}

Result<Packet> decode_packet(const Envelope& envelope, Bytes payload) {
    if (envelope.is_encrypted || envelope.is_compressed)
        return fail(Code::unsupported, "an encrypted or compressed message");
    Packet out;
    out.envelope = envelope;
    Reader in(payload);
    TRY(const auto op, in.take_be<std::uint32_t>());
    TRY(const auto answer, in.take_be<std::uint32_t>());
    out.header.op = static_cast<Op>(op);
    out.header.answer = static_cast<Answer>(answer);
    TRY(out.header.flags, in.take_be<std::uint32_t>());
    TRY(out.header.site_serial, in.take_be<std::uint16_t>());
    TRY(out.header.recursion_count, in.take_be<std::uint8_t>());
    TRY_VOID(in.take_be<std::uint8_t>());  // reserved
    TRY(out.header.expires_s, in.take_be<std::uint32_t>());
    TRY(const auto size, in.take_be<std::uint32_t>());
    TRY(out.body, in.take(size));
    out.header_and_body = payload.first(header_bytes + size);
    if (in.at_end()) return out;
    TRY(out.credential, take_block(in));
    TRY_VOID(at_end(in));
    return out;
}

Result<Packet> decode_message(Bytes message, const Limits& limits) {
    TRY(const auto envelope, decode_envelope(message, limits));
    const Bytes payload = message.subspan(envelope_bytes);
    if (payload.size() != envelope.length)
        return fail(Code::invalid, "the envelope's length disagrees with the message");
    return decode_packet(envelope, payload);
}

std::string encode_message(Envelope envelope, const Header& header, std::string_view body,
                           std::string_view credential) {
    std::string out;
    const std::size_t length = header_bytes + body.size() + 4 + credential.size();
    out.reserve(envelope_bytes + length);
    envelope.length = static_cast<std::uint32_t>(length);
    put(out, envelope);
    Writer to(out);
    to.put_be(static_cast<std::uint32_t>(header.op));
    to.put_be(static_cast<std::uint32_t>(header.answer));
    to.put_be(header.flags);
    to.put_be(header.site_serial);
    to.put_be(header.recursion_count);
    to.put_be(std::uint8_t{0});
    to.put_be(header.expires_s);
    put_block(out, body);
    put_block(out, credential);
    return out;
}

std::string encode_encrypted(Envelope envelope, std::string_view sealed) {
    envelope.is_encrypted = true;
    envelope.length = static_cast<std::uint32_t>(sealed.size());
    std::string out;
    put(out, envelope);
    return out.append(sealed);
}

std::string encode_decrypted(Envelope envelope, std::string_view plain) {
    envelope.is_encrypted = false;
    envelope.length = static_cast<std::uint32_t>(plain.size());
    std::string out;
    put(out, envelope);
    return out.append(plain);
}

std::vector<std::string> split_message(std::string_view message) {
    const std::string_view envelope = message.substr(0, envelope_bytes);
    std::string_view rest = message.substr(envelope.size());
    std::vector<std::string> out;
    do {
        const std::string_view piece = rest.substr(0, fragment_bytes_max);
        std::string one(envelope.substr(0, 12));
        put_u32(one, static_cast<std::uint32_t>(out.size()));
        one.append(envelope.substr(16)).append(piece);
        out.push_back(std::move(one));
        rest.remove_prefix(piece.size());
    } while (!rest.empty());
    return out;
}

Result<Credential> decode_credential(Bytes bytes, const Limits& limits) {
    Reader in(bytes);
    TRY(const auto version, in.take_be<std::uint8_t>());
    TRY_VOID(in.take_be<std::uint8_t>());
    TRY_VOID(in.take_be<std::uint16_t>());
    if (version != 0) return fail(Code::unsupported, "credential version");
    Credential out;
    TRY(out.signer, take_text(in, limits.handle_bytes_max));
    TRY(out.session_counter, in.take_be<std::uint32_t>());
    TRY(out.type, take_text(in, limits.type_bytes_max));
    TRY(const Bytes section, take_block(in));
    TRY_VOID(at_end(in));
    Reader inner(section);
    TRY(out.algorithm, take_text(inner, 64));
    TRY(const Bytes signature, take_block(inner));
    TRY_VOID(at_end(inner));
    out.signature = as_text(signature);
    return out;
}

std::string encode(const Credential& credential) {
    std::string out(4, '\0');
    put_block(out, credential.signer);
    put_u32(out, credential.session_counter);
    put_block(out, credential.type);
    std::string section;
    put_block(section, credential.algorithm);
    put_block(section, credential.signature);
    put_block(out, section);
    return out;
}

Result<std::string> signed_bytes(const Packet& packet, std::uint32_t session_counter) {
    const Version version = packet.envelope.version;
    std::string out;
    if (version == Version{2, 5} || version == Version{2, 6})
        return fail(Code::unsupported, "signatures of versions 2.5 and 2.6");
    if (version >= Version{2, 7}) {
        Writer to(out);
        to.put_be(version.major);
        to.put_be(version.minor);
        if (version >= Version{2, 8}) {
            to.put_be(packet.envelope.suggested.major);
            to.put_be(packet.envelope.suggested.minor);
        }
        to.put_be(packet.envelope.session);
        to.put_be(packet.envelope.request);
        to.put_be(session_counter);
    }
    out.append(as_text(packet.header_and_body));
    return out;
}

}  // namespace lineshaft::handle
