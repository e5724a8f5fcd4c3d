// What the node answers to a message of the Handle System, whatever it came by. Conformance:
// docs/protocols/handle.md.
#pragma once
#include <functional>
#include <memory>

#include "gate/handle/challenges.h"
#include "identity/registry.h"
#include "identity/resolver.h"
#include "io/workers.h"
#include "trust/rsa.h"

namespace lineshaft::handle {

/// Where answers go; several messages only for lists. Lives until the answer is complete.
class AnswerOut {
public:
    /// False: nobody takes it any more.
    virtual io::Task<bool> send(std::string message) = 0;
    /// Bytes that are no message, behind one: the stream that a mirror pulls. False: as send, or it
    /// cannot be done here.
    virtual io::Task<bool> send_bytes(std::string bytes);
    /// Nothing follows: the connection ends when what was sent has gone.
    virtual void end() {}
    /// Whether an answer may have several messages.
    virtual bool is_stream() const = 0;
    /// Who stands behind it, from before; nothing: nobody proved anything.
    virtual std::optional<Reference> who() const { return std::nullopt; }
    /// Somebody proved to have that key for the request that is answered here.
    virtual io::Task<void> proved(Reference who);
    /// Nobody between reads what is sent.
    virtual bool is_private() const { return false; }
    /// Whether anybody still listens.
    virtual bool is_open() const { return true; }
    // The Chinese extension's port: who logs in stays so, on that connection.
    virtual bool is_pool() const { return false; }
    virtual bool was_logged_in() const { return false; }
    virtual void logged_in(Reference) {}
    virtual ~AnswerOut() = default;
};

/// Owner: the door. Every call runs on the shard where the question arrived.
class Responder {
public:
    struct Rooms {
        identity::Registry& registry;
        io::Shards& shards;
        io::Workers& workers;  ///< for proofs; a full queue is answered 3, too busy
        identity::Resolver* resolver = nullptr;  ///< of a recursive node: asks others
        const trust::RsaKey* key = nullptr;      ///< signs answers; null: they stay unsigned
        io::Workers* signers = nullptr;          ///< for signatures, when there is a key
        std::vector<Reference> mirrors{};        ///< keys of those who may follow along
    };
    Responder(Rooms rooms, Site site, const DoorLimits& limits);
    ~Responder();

    /// What can be answered without waiting: resolutions, site info, whatever is malformed. Nothing:
    /// use answer(). An empty text: no answer at all (no message could be read).
    /// `who`: stands behind the connection. Not for messages of sessions.
    std::optional<std::string> answer_now(const Packet& packet,
                                          const std::optional<Reference>& who = std::nullopt);
    /// Any message, whole: one that decode_message read, or one of a session.
    io::Task<void> answer(std::string message, AnswerOut* out);
    /// Such a message may be encrypted: only answer() reads it.
    static bool is_in_session(const Envelope& envelope);

    /// What `why` is in the protocol, for a message whose envelope could be read.
    static std::string refusal_of(const Envelope& envelope, const Error& why);

    DoorStats& stats();
    io::Task<DoorStats> all_stats();
    /// What GET_SITE_INFO answers; before the listeners open.
    void set_site(Site site) { site_ = std::move(site); }
    /// Which prefixes (folded) nothing may be changed under for now: suspended, revoked. On the
    /// pool's port that is answered 605. Before the listeners open; called on any shard.
    void set_restricted(std::function<bool(const std::string&)> is_restricted) {
        is_restricted_ = std::move(is_restricted);
    }
    const Site& site() const { return site_; }

private:
    friend struct AnswerSteps;
    friend struct SessionSteps;
    friend class SignedOut;
    friend class SessionOut;
    friend class PullStream;
    friend struct PullSteps;
    struct OnShard;
    OnShard& here();

    Rooms rooms_;
    Site site_;
    std::function<bool(const std::string&)> is_restricted_;
    const DoorLimits limits_;
    std::vector<std::unique_ptr<OnShard>> on_shard_;
};

}  // namespace lineshaft::handle
