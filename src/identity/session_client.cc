#include "identity/session_client.h"

#include <algorithm>

#include "identity/node_key.h"
#include "io/listener.h"
#include "trust/agreement.h"
#include "trust/secrets.h"
#include "wire/handle/bodies.h"

namespace lineshaft::identity {
namespace {

using handle::Answer;
using handle::Op;

constexpr handle::Limits session_wire{};
constexpr io::Steady session_patience{10'000};

std::string plain_message(Op op, std::uint32_t request, std::uint32_t session, std::uint32_t flags,
                          std::string_view body) {
    handle::Envelope envelope;
    envelope.request = request;
    envelope.session = session;
    handle::Header header;
    header.op = op;
    header.flags = flags;
    header.expires_s =
        static_cast<std::uint32_t>(io::Shard::here().now().millis() / 1'000 + 43'200);
    return handle::encode_message(envelope, header, body);
}

Result<Reply> plain_reply(const std::string& message) {
    TRY(const auto packet, handle::decode_message(as_bytes(message), session_wire));
    return Reply{packet.envelope, packet.header, std::string(as_text(packet.body)), message};
}

Result<void> must_be_success(const Reply& reply, std::string_view what) {
    if (reply.header.answer == Answer::success) return {};
    const auto why = handle::decode_refusal(as_bytes(reply.body), session_wire);
    return fail(Code::unavailable, std::string(what) + ": " +
                                       std::string(handle::words_of(reply.header.answer)) +
                                       (why && !why->message.empty() ? ": " + why->message : ""));
}

// The server's key, which is one of `trusted` and signed `reply` (its site info).
Result<std::string> key_of_server(const Reply& reply, const TrustedKeys& trusted) {
    TRY_VOID(must_be_success(reply, "site info"));
    TRY(const auto site, handle::decode_site(as_bytes(reply.body), session_wire));
    for (const auto& server : site.servers) {
        const auto fingerprint = fingerprint_of(server.public_key);
        if (!fingerprint || std::ranges::find(trusted, *fingerprint) == trusted.end()) continue;
        if (check_signature(reply, server.public_key)) return server.public_key;
    }
    return fail(Code::denied, "the server does not prove to have a key that is trusted");
}

}  // namespace

void SessionClient::prove_with(handle::Reference who, trust::RsaKey key) {
    who_ = std::move(who);
    own_key_ = std::make_unique<trust::RsaKey>(std::move(key));
}

io::Task<Result<std::unique_ptr<SessionClient>>> SessionClient::open(io::Address server,
                                                                     TrustedKeys trusted) {
    auto stream = co_await io::connect(std::move(server), session_patience);
    if (!stream) co_return std::unexpected(stream.error());
    std::unique_ptr<SessionClient> out(new SessionClient(std::move(*stream)));
    auto done = co_await out->exchange(std::move(trusted));
    if (!done) {
        out->close();
        co_return std::unexpected(done.error());
    }
    co_return std::move(out);
}

io::Task<Result<std::string>> SessionClient::read_message(io::Steady patience) {
    for (;;) {
        if (in_.size() >= handle::envelope_bytes) {
            CO_TRY(const auto envelope, handle::decode_envelope(as_bytes(in_), session_wire));
            const std::size_t whole = handle::envelope_bytes + envelope.length;
            if (in_.size() >= whole) {
                std::string out = in_.substr(0, whole);
                in_.erase(0, whole);
                co_return std::move(out);
            }
        }
        auto bytes = co_await stream_->read_some(patience);
        if (!bytes) co_return std::unexpected(bytes.error());
        in_.append(as_text(*bytes));
    }
}

io::Task<Result<void>> SessionClient::exchange(TrustedKeys trusted) {
    std::string server_key;
    if (!trusted.empty()) {
        const std::string question = plain_message(Op::get_site_info, ++request_, 0,
                                                   handle::flag::certify, handle::encode_handle("/"));
        auto sent = co_await io::write_all(*stream_, as_bytes(question), session_patience);
        if (!sent) co_return sent;
        auto message = co_await read_message(session_patience);
        if (!message) co_return std::unexpected(message.error());
        CO_TRY(const auto reply, plain_reply(*message));
        CO_TRY(server_key, key_of_server(reply, trusted));
    }
    const trust::DhHalf half = trust::make_dh_half();
    handle::SessionSetup setup;
    setup.public_key = handle::encode(handle::PublicKey{"DH_PUB_KEY", {half.own, half.p, half.g}});
    const std::string question = plain_message(Op::session_setup, ++request_, 0,
                                               handle::flag::certify, handle::encode(setup));
    auto sent = co_await io::write_all(*stream_, as_bytes(question), session_patience);
    if (!sent) co_return sent;
    auto message = co_await read_message(session_patience);
    if (!message) co_return std::unexpected(message.error());
    CO_TRY(const auto reply, plain_reply(*message));
    CO_TRY_VOID(must_be_success(reply, "session"));
    if (reply.envelope.request != request_) co_return fail(Code::invalid, "another's answer");
    if (!server_key.empty()) {  // else somebody between could have made it
        CO_TRY_VOID(check_signature(reply, server_key));
    }
    CO_TRY(const auto answer,
           handle::decode_session_setup_answer(as_bytes(reply.body), session_wire));
    CO_TRY(const auto cipher, handle::decode_session_key(as_bytes(answer.data)));
    if (cipher.cipher != handle::Cipher::aes) co_return fail(Code::unsupported, "no AES");
    CO_TRY(const auto theirs, handle::decode_public_key(as_bytes(cipher.key)));
    if (theirs.type != "DH_PUB_KEY") co_return fail(Code::invalid, "no Diffie-Hellman key");
    CO_TRY(key_, trust::session_key(half, theirs.numbers[0]));
    session_ = reply.envelope.session;
    co_return Result<void>{};
}

std::string SessionClient::wrapped(const std::string& message) {
    const auto packet = handle::decode_message(as_bytes(message), session_wire);
    handle::Credential credential;
    credential.type = "HS_MAC";
    credential.algorithm = "HMAC-SHA256";
    credential.session_counter = ++counter_;
    const auto covered = handle::signed_bytes(*packet, counter_);
    credential.signature = trust::hmac_of(trust::Hash::sha256, key_, *covered);
    const std::string whole = handle::encode_message(
        packet->envelope, packet->header, as_text(packet->body), handle::encode(credential));
    return handle::encode_encrypted(
        packet->envelope,
        trust::encrypt_cbc(key_, std::string_view(whole).substr(handle::envelope_bytes)));
}

Result<Reply> SessionClient::unwrapped(const std::string& message) const {
    TRY(const auto envelope, handle::decode_envelope(as_bytes(message), session_wire));
    if (!envelope.is_encrypted) {  // the server knows no such session (any more)
        TRY(const auto reply, plain_reply(message));
        TRY_VOID(must_be_success(reply, "session"));
        return fail(Code::denied, "an answer outside the session");
    }
    TRY(const auto plain, trust::decrypt_cbc(
                              key_, std::string_view(message).substr(handle::envelope_bytes)));
    const std::string whole = handle::encode_decrypted(envelope, plain);
    TRY(const auto packet, handle::decode_message(as_bytes(whole), session_wire));
    if (packet.envelope.request != request_) return fail(Code::invalid, "another's answer");
    TRY(const auto credential, handle::decode_credential(packet.credential, session_wire));
    TRY(const auto covered, handle::signed_bytes(packet, credential.session_counter));
    const auto mac = trust::hmac_of(trust::Hash::sha256, key_, covered);
    if (credential.type != "HS_MAC" || credential.session_counter != counter_ ||
        !trust::same_secret(mac, credential.signature))
        return fail(Code::denied, "an answer that is not the session's");
    return plain_reply(whole);
}

io::Task<Result<Reply>> SessionClient::next(io::Steady patience) {
    auto message = co_await read_message(patience);
    if (!message) co_return std::unexpected(message.error());
    co_return unwrapped(*message);
}

io::Task<Result<Reply>> SessionClient::send(Op op, std::string body, std::uint32_t flags) {
    const std::string question =
        wrapped(plain_message(op, ++request_, session_, flags, body));
    auto sent = co_await io::write_all(*stream_, as_bytes(question), session_patience);
    if (!sent) co_return std::unexpected(sent.error());
    auto reply = co_await next(session_patience);
    co_return reply;
}

io::Task<Result<Reply>> SessionClient::ask(Op op, std::string body, std::uint32_t flags) {
    auto reply = co_await send(op, std::move(body), flags);
    if (!reply || reply->header.answer != Answer::authentication_needed) co_return reply;
    if (own_key_ == nullptr) co_return fail(Code::denied, "the server wants a proof");
    CO_TRY(const auto challenge, handle::decode_challenge(as_bytes(reply->body), session_wire));
    handle::ChallengeAnswer answer{"HS_PUBKEY", who_, {}};
    answer.proof = handle::encode(handle::PublicKeyProof{
        "SHA-256",
        own_key_->sign(trust::Hash::sha256, challenge.nonce + challenge.digest.bytes)});
    auto proved = co_await send(Op::challenge_response, handle::encode(answer), 0);
    co_return proved;
}

}  // namespace lineshaft::identity
