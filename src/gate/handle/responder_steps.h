#pragma once
// Inside gate/handle: the steps from a question to its answer, in the order they are taken.
#include <functional>
#include <unordered_map>

#include "gate/handle/responder.h"
#include "gate/handle/sessions.h"
#include "gate/handle/signing.h"
#include "wire/handle/mirrors.h"

namespace lineshaft::handle {

using identity::Authority;
using identity::Change;
using identity::Outcome;

struct Responder::OnShard {
    OnShard(std::uint32_t shard, std::uint32_t shards, const DoorLimits& limits,
            const trust::RsaKey* key, io::Workers* signers)
        : challenges(shard, shards, limits), sessions(shard, shards, limits), signing(key, signers, {}) {}
    DoorStats stats;
    Challenges challenges;
    Sessions sessions;
    Signing signing;
    std::size_t followers = 0;                       // mirrors
    std::string scratch;                             // of the answer being written
    std::int64_t day = 0;                            // of the counts
    std::unordered_map<std::string, unsigned> used;  // changes of a key today, on the pool's port
    static constexpr std::size_t used_max = 65'536;
};

/// Seconds since 1970.
std::uint32_t answer_now_s();
bool is_change(Op op);

/// What a mirror asks for: everything, or what happened since.
struct MirrorWish {
    std::optional<DumpWanted> dump{};
    TransactionsWanted transactions{};  // without a dump
};

struct AnswerSteps {
    // An answer to `asked`: same request id, its flags, the version both know. `to`: the message
    // that is answered, when it is another (the proof of a challenge).
    static std::string message(const Responder& responder, const Packet& asked, const Envelope& to,
                               Answer answer, std::string_view body, std::uint32_t more_flags = 0,
                               std::uint32_t session = 0);
    static RequestDigest digest_of_request(const Packet& asked);
    static std::string refuse(Responder& responder, const Packet& asked, const Envelope& to,
                              Answer answer, std::string_view why,
                              const std::vector<std::uint32_t>& indexes = {});
    static void count(DoorStats& stats, Answer answer);
    // Whether another server of this node's site has the handle of a question.
    static bool is_elsewhere(const Responder& responder, const Packet& asked);
    // Nothing: all is well with it so far.
    static std::optional<std::string> misfit(Responder& responder, const Packet& asked);
    static std::string malformed(Responder& responder, const Packet& asked, const Error& why);
    static std::string challenge(Responder& responder, const Packet& asked);
    static std::string refer(Responder& responder, const Packet& asked, const Envelope& to,
                             identity::Lookup found);
    // The short way of nearly all questions: a handle of this node whose values anybody may see.
    // Nothing: it is not that simple, ask resolve().
    static std::optional<std::string> show_own(Responder& responder, const Packet& asked);
    // `by` nobody: values the public may not see are challenged for, unless PO is set.
    static std::string resolve(Responder& responder, const Packet& asked, const Envelope& to,
                               const Authority& by);
    // Whether another node is to be asked: this one is recursive, and the name is none of its own.
    static bool is_for_others(Responder& responder, const Packet& asked, const Resolution& body);
    static std::string relay(Responder& responder, const Packet& asked, const Resolution& body,
                             identity::Resolved found);
    static io::Task<void> recurse(Responder* responder, Packet asked, Resolution body,
                                  AnswerOut* out);
    // A resolution for others that must be asked, or is known: answered at once.
    static std::optional<std::string> answer_for_others(Responder& responder, const Packet& asked,
                                                        bool& waits);
    // For clients that do not know the answers of the pool's port.
    static Answer ordinary(Answer answer);
    static std::string told(Responder& responder, const Packet& asked, const Envelope& to,
                            const Outcome& outcome, bool is_pool);
    static io::Task<Outcome> make(Responder* responder, Change change, Op op, Authority by);
    // The messages of a list, as they are found.
    using NextPage = std::function<Result<identity::Page>(const std::string& after)>;
    static io::Task<void> send_list(Responder* responder, Packet asked, Envelope to,
                                    AnswerOut* out, NextPage next);
    static io::Task<void> list_homed(Responder* responder, Packet asked, Envelope to,
                                     AnswerOut* out);
    // On the pool's port: why a change is refused before anybody looks at it.
    static io::Task<std::optional<Answer>> pool_refusal(Responder* responder, AnswerOut* out);
    // Changes as they happen, to a mirror, until it leaves.
    static io::Task<void> push(Responder* responder, Packet asked, Envelope to, Authority by,
                               AnswerOut* out);
    // Before `settled` no transaction is still to come.
    static io::Task<Result<Movements>> movements(Responder* responder, Share share,
                                                 std::uint64_t after, std::uint64_t settled);
    // Whether a mirror of one server of several wants a handle: that one's part, and all prefix handles.
    static bool is_of_share(const Share& share, std::string_view handle);
    // What Handle.Net's mirrors ask for instead: a stream behind the answer, which ends.
    static io::Task<void> pull(Responder* responder, Packet asked, Envelope to, MirrorWish wish,
                               AnswerOut* out);
    static io::Task<bool> count_day(Responder* responder, std::string key);
    static io::Task<void> log_in(Responder* responder, Packet asked, Envelope to, Authority by,
                                 AnswerOut* out);
    static io::Task<void> list(Responder* responder, Packet asked, Envelope to, Authority by,
                               AnswerOut* out);
    // A request that is read and fits, by whoever stands behind `by`.
    static io::Task<void> carry_out(Responder* responder, Packet asked, Envelope to, Authority by,
                                    AnswerOut* out);
    static io::Task<std::optional<Pending>> take_there(Responder* responder, std::uint32_t id);
    struct Claim {
        std::string type;
        Reference key;
        std::string proof;
        std::string nonce;
        RequestDigest digest;
    };
    struct Checked {
        Answer answer = Answer::success;
        std::string why{};
        std::uint32_t index = 0;  // of the key
    };
    static Checked checked(Answer answer, std::string why);
    static io::Task<Checked> check(Responder* responder, Claim claim);
    static io::Task<void> prove(Responder* responder, Packet asked, AnswerOut* out);
    static io::Task<void> verify(Responder* responder, Packet asked, AnswerOut* out);
    static io::Task<DoorStats> stats_there(Responder* responder);

    // What needs no waiting.
    static std::optional<std::string> at_once(Responder& responder, const Packet& packet,
                                              const Authority& by);
    // Any message that is neither encrypted nor signed for a session, by who stands behind `out`.
    static io::Task<void> answer(Responder* responder, Packet packet, AnswerOut* out);
};

/// Sessions: what comes in them and what goes out.
struct SessionSteps {
    // A message with a session's id, whole, as it came.
    static io::Task<void> answer(Responder* responder, std::string message, AnswerOut* out);
    static io::Task<void> set_up(Responder* responder, Packet asked, AnswerOut* out);
    // The session's key, under the node's (opcode 402).
    static io::Task<void> take_key(Responder* responder, Packet asked, AnswerOut* out);
};

/// Sends on, signed with the node's key.
io::Task<void> answer_signed(Responder* responder, Packet packet, AnswerOut* out);

}  // namespace lineshaft::handle
