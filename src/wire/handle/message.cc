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
    if (bytes.size() < envelope_bytes) return fail(Code::invalid, "short: an envelope");
    const auto octet = [bytes](std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); };
    Envelope out;
    out.version = {octet(0), octet(1)};
    const std::uint8_t flags = octet(2);
    out.suggested.minor = octet(3);
    out.session = number_at<std::uint32_t>(bytes, 4);
    out.request = number_at<std::uint32_t>(bytes, 8);
    out.sequence = number_at<std::uint32_t>(bytes, 12);
    out.length = number_at<std::uint32_t>(bytes, 16);
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

namespace {

void fill_envelope(Filler& to, const Envelope& envelope) {
    to.number(envelope.version.major);
    to.number(envelope.version.minor);
    const unsigned flags = (envelope.is_compressed ? compressed : 0u) |
                           (envelope.is_encrypted ? encrypted : 0u) |
                           (envelope.is_truncated ? truncated : 0u) |
                           (envelope.suggested.major & unsigned{major_mask});
    to.number(static_cast<std::uint8_t>(flags));
    to.number(envelope.suggested.minor);
    to.number(envelope.session);
    to.number(envelope.request);
    to.number(envelope.sequence);
    to.number(envelope.length);
}

}  // namespace

void put(std::string& out, const Envelope& envelope) {
    append_filled(out, envelope_bytes, [&](Filler& to) { fill_envelope(to, envelope); });
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
    if (payload.size() < header_bytes) return fail(Code::invalid, "short: a header");
    Packet out;
    out.envelope = envelope;
    out.header.op = static_cast<Op>(number_at<std::uint32_t>(payload, 0));
    out.header.answer = static_cast<Answer>(number_at<std::uint32_t>(payload, 4));
    out.header.flags = number_at<std::uint32_t>(payload, 8);
    out.header.site_serial = number_at<std::uint16_t>(payload, 12);
    out.header.recursion_count = number_at<std::uint8_t>(payload, 14);  // then one is reserved
    out.header.expires_s = number_at<std::uint32_t>(payload, 16);
    const std::size_t size = number_at<std::uint32_t>(payload, 20);
    const Bytes behind = payload.subspan(header_bytes);
    if (size > behind.size()) return fail(Code::invalid, "short: a body");
    out.body = behind.first(size);
    out.header_and_body = payload.first(header_bytes + size);
    Reader in(behind.subspan(size));
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
    const std::size_t length = header_bytes + body.size() + 4 + credential.size();
    envelope.length = static_cast<std::uint32_t>(length);
    std::string out;
    append_filled(out, envelope_bytes + length, [&](Filler& to) {
        fill_envelope(to, envelope);
        to.number(static_cast<std::uint32_t>(header.op));
        to.number(static_cast<std::uint32_t>(header.answer));
        to.number(header.flags);
        to.number(header.site_serial);
        to.number(header.recursion_count);
        to.number(std::uint8_t{0});
        to.number(header.expires_s);
        to.block(body);
        to.block(credential);
    });
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
