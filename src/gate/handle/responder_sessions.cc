// Answers that prove where they come from: signed with the node's key, or inside a session.
#include "gate/handle/responder_steps.h"
#include "trust/agreement.h"
#include "trust/secrets.h"

namespace lineshaft::handle {
namespace {

constexpr Version sessions_from{2, 7};  // what came before is DES and SHA-1
constexpr std::string_view mac_name = "HMAC-SHA256";

bool is_mac_name(std::string_view name) {
    return name == mac_name || name == "HmacSHA256" || name == "SHA-256" || name == "SHA256";
}

// `message` again, with a credential.
std::string with_credential(const Packet& packet, const Credential& credential) {
    return encode_message(packet.envelope, packet.header, as_text(packet.body), encode(credential));
}

struct Taken {
    Answer refusal = Answer::success;
    std::string why{};
    std::string message{};  // whole and plain
    std::string key{};
    bool was_encrypted = false, was_signed = false;
    std::uint32_t counter = 0;
    std::optional<Reference> who{};
};

Taken not_taken(Answer refusal, std::string why) {
    Taken out;
    out.refusal = refusal;
    out.why = std::move(why);
    return out;
}

// What a message of `session` says, and whether the session's client said it. A message that is
// encrypted and not signed may be an old one that somebody sends again: it is nobody's.
Taken take_from(Session& session, std::string message, const Limits& limits) {
    const auto envelope = decode_envelope(as_bytes(message), limits);
    if (!envelope) return not_taken(Answer::protocol_error, envelope.error().context);
    Taken out;
    if (envelope->is_encrypted) {
        auto plain = trust::decrypt_cbc(session.key, std::string_view(message).substr(envelope_bytes));
        if (!plain) return not_taken(Answer::invalid_session_key, plain.error().context);
        out.was_encrypted = true;
        message = encode_decrypted(*envelope, *plain);
    }
    const auto packet = decode_message(as_bytes(message), limits);
    if (!packet) {
        const auto answer =
            out.was_encrypted ? Answer::invalid_session_key : Answer::protocol_error;
        return not_taken(answer, packet.error().context);
    }
    if (!packet->credential.empty()) {
        const auto credential = decode_credential(packet->credential, limits);
        if (!credential || credential->type != "HS_MAC" || !is_mac_name(credential->algorithm))
            return not_taken(Answer::invalid_session_key, "in a session, HS_MAC with HMAC-SHA256");
        const auto covered = signed_bytes(*packet, credential->session_counter);
        if (!covered) return not_taken(Answer::session_failed, covered.error().context);
        const auto mac = trust::hmac_of(trust::Hash::sha256, session.key, *covered);
        if (!trust::same_secret(mac, credential->signature))
            return not_taken(Answer::invalid_session_key, "the MAC is another");
        if (!session.take_counter(credential->session_counter))
            return not_taken(Answer::session_replay, "that counter was there already");
        out.was_signed = true;
        out.counter = credential->session_counter;
        out.who = session.who;
    }
    out.key = session.key;
    out.message = std::move(message);
    return out;
}

// What a client's key may be sent a session key under.
Result<std::string> sealed_for(std::string_view public_key, const std::string& key) {
    TRY(const auto numbers, decode_public_key(as_bytes(public_key)));
    if (numbers.type != "RSA_PUB_KEY") return fail(Code::unsupported, "an RSA key is needed");
    return trust::encrypt_rsa(numbers.numbers[0], numbers.numbers[1],
                              encode(SessionKey{Cipher::aes, key}));
}

struct Exchange {
    std::string key;   // the session's
    std::string data;  // for the client
};

Result<Exchange> exchange_with(const SessionSetup& setup, const std::string& key_in_handle) {
    Exchange out;
    if (setup.mode == SessionSetup::Mode::diffie_hellman) {
        TRY(const auto theirs, decode_public_key(as_bytes(setup.public_key)));
        if (theirs.type != "DH_PUB_KEY") return fail(Code::invalid, "no Diffie-Hellman key");
        const auto& n = theirs.numbers;
        TRY(const auto half, trust::make_dh_half(n[1], n[2]));
        TRY(out.key, trust::session_key(half, n[0]));
        const PublicKey own{"DH_PUB_KEY", {half.own, n[1], n[2]}};
        out.data = encode(SessionKey{Cipher::aes, encode(own)});
        return out;
    }
    out.key = trust::random_bytes(trust::session_key_bytes);
    const bool is_own = setup.mode == SessionSetup::Mode::client_key;
    TRY(out.data, sealed_for(is_own ? setup.public_key : key_in_handle, out.key));
    return out;
}

Answer answer_for(const Error& why) {
    switch (why.code) {
        case Code::exhausted: return Answer::too_busy;
        case Code::unsupported: return Answer::need_rsa_key;
        default: return Answer::invalid_session_setup;
    }
}

}  // namespace

/// Passes on who stands behind another.
class ForwardingOut : public AnswerOut {
public:
    explicit ForwardingOut(AnswerOut& to) : to_(to) {}
    io::Task<bool> send_bytes(std::string bytes) override { return to_.send_bytes(std::move(bytes)); }
    void end() override { to_.end(); }
    bool is_stream() const override { return to_.is_stream(); }
    std::optional<Reference> who() const override { return to_.who(); }
    io::Task<void> proved(Reference who) override { return to_.proved(std::move(who)); }
    bool is_private() const override { return to_.is_private(); }
    bool is_open() const override { return to_.is_open(); }
    bool is_pool() const override { return to_.is_pool(); }
    bool was_logged_in() const override { return to_.was_logged_in(); }
    void logged_in(Reference who) override { to_.logged_in(std::move(who)); }

protected:
    AnswerOut& to_;
};

class SignedOut final : public ForwardingOut {
public:
    SignedOut(Responder& responder, AnswerOut& to) : ForwardingOut(to), responder_(responder) {}

    io::Task<bool> send(std::string message) override {
        auto packet = decode_message(as_bytes(message), responder_.limits_.wire);
        if (!packet) co_return false;
        const auto hash = packet->envelope.version >= Version{2, 7} ? trust::Hash::sha256
                                                                    : trust::Hash::sha1;
        auto covered = signed_bytes(*packet, 0);
        if (!covered) co_return false;
        auto signature = co_await responder_.here().signing.sign(hash, std::move(*covered));
        if (!signature) {  // never an answer that looks as if nobody had asked for a signature
            ++responder_.stats().busy;
            packet->header.answer = Answer::too_busy;
            auto busy = encode_message(packet->envelope, packet->header,
                                       encode(Refusal{signature.error().context, {}}));
            auto taken = co_await to_.send(std::move(busy));
            co_return taken;
        }
        Credential credential;
        credential.algorithm = hash == trust::Hash::sha256 ? "SHA-256" : "SHA1";
        credential.signature = std::move(*signature);
        ++responder_.stats().signed_answers;
        auto taken = co_await to_.send(with_credential(*packet, credential));
        co_return taken;
    }

private:
    Responder& responder_;
};

io::Task<void> answer_signed(Responder* responder, Packet packet, AnswerOut* out) {
    SignedOut signed_out(*responder, *out);
    co_await AnswerSteps::answer(responder, packet, &signed_out);
}

/// Into a session: signed with its key when the question was, encrypted when the question was.
class SessionOut final : public ForwardingOut {
public:
    SessionOut(Responder& responder, std::uint32_t id, const Taken& taken, bool signs, bool encrypts,
               AnswerOut& to)
        : ForwardingOut(to),
          responder_(responder),
          id_(id),
          key_(taken.key),
          counter_(taken.counter),
          who_(taken.who),
          signs_(signs),
          encrypts_(encrypts) {}

    std::optional<Reference> who() const override { return who_ ? who_ : to_.who(); }
    bool is_private() const override { return encrypts_ && signs_; }

    io::Task<void> proved(Reference who) override {
        who_ = who;
        auto known = co_await shard().call(&set_who, &responder_, id_, std::move(who));
        (void)known;  // it may have ended meanwhile
    }

    io::Task<bool> send(std::string message) override {
        auto packet = decode_message(as_bytes(message), responder_.limits_.wire);
        if (!packet) co_return false;
        if (packet->header.answer == Answer::authentication_needed) {
            // The client answers to its session, not to the challenge's id.
            auto known = co_await shard().call(&set_challenge, &responder_, id_,
                                               packet->envelope.session);
            (void)known;
        }
        auto taken = co_await to_.send(wrapped(*packet));
        co_return taken;
    }

private:
    io::Shard& shard() {
        auto& shards = responder_.rooms_.shards;
        return shards.at(Sessions::shard_of(id_, shards.size()));
    }
    static io::Task<bool> set_who(Responder* responder, std::uint32_t id, Reference who) {
        Session* session =
            responder->here().sessions.find(id, io::Shard::here().clock().steady());
        if (session != nullptr) session->who = std::move(who);
        co_return session != nullptr;
    }
    static io::Task<bool> set_challenge(Responder* responder, std::uint32_t id,
                                        std::uint32_t challenge) {
        Session* session =
            responder->here().sessions.find(id, io::Shard::here().clock().steady());
        if (session != nullptr) session->challenge = challenge;
        co_return session != nullptr;
    }

    std::string wrapped(Packet packet) const {
        packet.envelope.session = id_;
        std::string out = encode_message(packet.envelope, packet.header, as_text(packet.body));
        if (const auto covered = signed_bytes(packet, counter_); signs_ && covered) {
            Credential credential;
            credential.type = "HS_MAC";
            credential.algorithm = mac_name;
            credential.session_counter = counter_;
            credential.signature = trust::hmac_of(trust::Hash::sha256, key_, *covered);
            out = with_credential(packet, credential);
        }
        if (!encrypts_) return out;
        return encode_encrypted(
            packet.envelope, trust::encrypt_cbc(key_, std::string_view(out).substr(envelope_bytes)));
    }

    Responder& responder_;
    const std::uint32_t id_;
    const std::string key_;
    const std::uint32_t counter_;
    std::optional<Reference> who_;
    const bool signs_, encrypts_;
};

namespace {

struct SessionAsked {
    Taken taken;
    std::uint32_t challenge = 0;  // that waits in it
};

}  // namespace

namespace {

// On the session's own shard.
io::Task<SessionAsked> take_in_session(Sessions* sessions, std::uint32_t id, std::string message,
                                  const Limits* limits) {
    SessionAsked out;
    Session* session = sessions->find(id, io::Shard::here().clock().steady());
    if (session == nullptr) {
        out.taken = not_taken(Answer::session_timeout, "no such session");
    } else if (session->key.empty()) {
        out.taken = not_taken(Answer::session_failed, "the session has no key yet");
    } else {
        out.taken = take_from(*session, std::move(message), *limits);
        out.challenge = session->challenge;
    }
    co_return out;
}

// Once: a second key is not taken.
io::Task<bool> set_key_there(Sessions* sessions, std::uint32_t id, std::string key) {
    Session* session = sessions->find(id, io::Shard::here().clock().steady());
    const bool is_awaited = session != nullptr && session->key.empty();
    if (is_awaited) session->key = std::move(key);
    co_return is_awaited;
}

io::Task<bool> end_there(Sessions* sessions, std::uint32_t id) {
    sessions->remove(id);
    co_return true;
}

// Whatever is wrong with it gives a key nobody knows: the session's first message shows it.
std::string opened_key(const trust::RsaKey& own, std::string_view sealed) {
    constexpr std::size_t bytes = 4 + trust::session_key_bytes;
    const auto plain = own.decrypt(sealed, bytes);
    auto read = decode_session_key(as_bytes(plain));
    if (!read || read->cipher != Cipher::aes) return trust::random_bytes(trust::session_key_bytes);
    return std::move(read->key);
}

}  // namespace

io::Task<void> SessionSteps::take_key(Responder* responder, Packet asked, AnswerOut* out) {
    const auto refused = [&](Answer answer, std::string_view why) {
        return AnswerSteps::refuse(*responder, asked, asked.envelope, answer, why);
    };
    const std::uint32_t id = asked.envelope.session;
    const auto number = Sessions::shard_of(id, responder->rooms_.shards.size());
    const auto body = decode_exchanged_key(asked.body);
    if (!body || responder->rooms_.key == nullptr) {
        (void)co_await out->send(
            refused(Answer::invalid_session_key, "no key that this node could read"));
        co_return;
    }
    auto work = [own = *responder->rooms_.key, sealed = *body]() -> Result<std::string> {
        return opened_key(own, sealed);
    };
    auto key = co_await responder->rooms_.workers.run(std::move(work));
    if (!key) {
        (void)co_await out->send(refused(Answer::too_busy, key.error().context));
        co_return;
    }
    auto is_set = co_await responder->rooms_.shards.at(number).call(
        &set_key_there, &responder->on_shard_[number]->sessions, id, std::move(*key));
    std::string told = is_set ? AnswerSteps::message(*responder, asked, asked.envelope,
                                                     Answer::success, "", 0, id)
                              : refused(Answer::session_failed, "no session waits for a key");
    (void)co_await out->send(std::move(told));
}

io::Task<void> SessionSteps::answer(Responder* responder, std::string message, AnswerOut* out) {
    const auto envelope = decode_envelope(as_bytes(message), responder->limits_.wire);
    if (!envelope) co_return;
    const std::uint32_t id = envelope->session;
    const auto number = Sessions::shard_of(id, responder->rooms_.shards.size());
    io::Shard* shard = &responder->rooms_.shards.at(number);
    Sessions* sessions = &responder->on_shard_[number]->sessions;
    const auto plain = decode_message(as_bytes(message), responder->limits_.wire);
    if (plain && plain->header.op == Op::session_exchange_key) {
        const Packet asked = *plain;
        co_await take_key(responder, asked, out);
        co_return;
    }
    const Envelope asked_in = *envelope;
    auto asked = co_await shard->call(&take_in_session, sessions, id, std::move(message),
                                      &responder->limits_.wire);
    Taken& taken = asked.taken;
    if (taken.refusal != Answer::success) {
        ++responder->stats().session_refused;
        Packet unread;
        unread.envelope = asked_in;
        (void)co_await out->send(AnswerSteps::refuse(*responder, unread, asked_in, taken.refusal,
                                                     taken.why));
        co_return;
    }
    if (asked.challenge != 0) {  // its proof is looked for under the challenge's own id
        const auto read = decode_message(as_bytes(taken.message), responder->limits_.wire);
        if (read && read->header.op == Op::challenge_response) {
            Packet proof = *read;
            proof.envelope.session = asked.challenge;
            taken.message = encode_message(proof.envelope, proof.header, as_text(proof.body));
        }
    }
    const auto read = decode_message(as_bytes(taken.message), responder->limits_.wire);
    if (!read) co_return;
    const Packet packet = *read;
    const bool signs = taken.was_signed || packet.header.has(flag::certify);
    const bool encrypts = taken.was_encrypted || packet.header.has(flag::encrypt);
    SessionOut session_out(*responder, id, taken, signs, encrypts, *out);
    if (packet.header.op != Op::session_terminate) {
        co_await AnswerSteps::answer(responder, packet, &session_out);
        co_return;
    }
    if (!taken.was_signed) {
        (void)co_await session_out.send(
            AnswerSteps::refuse(*responder, packet, packet.envelope, Answer::authentication_failed,
                                "only who has the session's key ends it"));
        co_return;
    }
    auto ended = co_await shard->call(&end_there, sessions, id);
    (void)ended;
    (void)co_await session_out.send(AnswerSteps::message(*responder, packet, packet.envelope,
                                                         Answer::success, ""));
}

io::Task<void> SessionSteps::set_up(Responder* responder, Packet asked, AnswerOut* out) {
    const auto refused = [&](Answer answer, std::string_view why) {
        return AnswerSteps::refuse(*responder, asked, asked.envelope, answer, why);
    };
    auto body = decode_session_setup(asked.body, responder->limits_.wire);
    if (!body) {
        (void)co_await out->send(refused(Answer::invalid_session_setup, body.error().context));
        co_return;
    }
    const SessionSetup setup = std::move(*body);
    if (version_to_answer(asked.envelope) < sessions_from) {
        (void)co_await out->send(
            refused(Answer::invalid_session_setup, "sessions need version 2.7 or later"));
        co_return;
    }
    Session session;
    std::string data;
    if (setup.mode == SessionSetup::Mode::server_key) {
        if (responder->rooms_.key == nullptr) {
            (void)co_await out->send(refused(Answer::need_rsa_key, "this node has no key"));
            co_return;
        }
        data = encode(PublicKey{"RSA_PUB_KEY", {responder->rooms_.key->exponent(),
                                                responder->rooms_.key->modulus()}});
    } else {
        std::string key_in_handle;
        if (setup.mode == SessionSetup::Mode::key_in_handle) {
            const auto values = responder->rooms_.registry.values_of(setup.key.handle);
            const Value* found =
                values && *values ? key_for(**values, "HS_PUBKEY", setup.key.index) : nullptr;
            if (found == nullptr) {
                (void)co_await out->send(
                    refused(Answer::invalid_admin, "no such key is known to this node"));
                co_return;
            }
            key_in_handle = found->data;
            // Whoever can sign with the session's key has opened it with that one.
            session.who = Reference{setup.key.handle, found->index};
        }
        auto work = [setup, key_in_handle]() { return exchange_with(setup, key_in_handle); };
        auto exchange = co_await responder->rooms_.workers.run(std::move(work));
        if (!exchange) {
            (void)co_await out->send(
                refused(answer_for(exchange.error()), exchange.error().context));
            co_return;
        }
        session.key = std::move(exchange->key);
        data = std::move(exchange->data);
    }
    const auto id = responder->here().sessions.add(std::move(session), setup.timeout_s,
                                                   io::Shard::here().clock().steady());
    if (!id) {
        (void)co_await out->send(refused(Answer::session_failed, "too many sessions"));
        co_return;
    }
    ++responder->stats().sessions;
    const SessionSetupAnswer answer{setup.mode, std::move(data)};
    std::string told = AnswerSteps::message(*responder, asked, asked.envelope, Answer::success,
                                            encode(answer), 0, *id);
    (void)co_await out->send(std::move(told));
}

}  // namespace lineshaft::handle
