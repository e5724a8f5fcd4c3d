#include "gate/handle/responder.h"

#include <algorithm>

#include "base/check.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

using identity::Authority;
using identity::Change;
using identity::Outcome;

constexpr std::uint32_t answer_life_s = 43'200;
constexpr std::size_t nonce_bytes = 16;

std::uint32_t now_s() {
    return static_cast<std::uint32_t>(io::Shard::here().now().millis() / 1'000);
}

bool is_change(Op op) {
    switch (op) {
        case Op::create_handle:
        case Op::delete_handle:
        case Op::add_value:
        case Op::remove_value:
        case Op::modify_value:
        case Op::home_prefix:
        case Op::unhome_prefix: return true;
        default: return false;
    }
}

// The wish that stands in a request. Errors: those of the codec.
Result<Change> change_of(const Packet& packet, const Limits& limits) {
    Change out;
    out.overwrites = packet.header.has(flag::overwrite);
    const Op op = packet.header.op;
    if (op == Op::create_handle || op == Op::add_value || op == Op::modify_value) {
        TRY(auto body, decode_handle_values(packet.body, limits));
        out.handle = std::move(body.handle);
        out.values = std::move(body.values);
        out.kind = op == Op::create_handle ? Change::Kind::create
                   : op == Op::add_value   ? Change::Kind::add_values
                                           : Change::Kind::modify_values;
        out.mints_suffix = op == Op::create_handle && packet.header.has(flag::mint_suffix);
        return out;
    }
    if (op == Op::remove_value) {
        TRY(auto body, decode_handle_indexes(packet.body, limits));
        out.handle = std::move(body.handle);
        out.indexes = std::move(body.indexes);
        out.kind = Change::Kind::remove_values;
        return out;
    }
    TRY(out.handle, decode_handle(packet.body, limits));
    out.kind = Change::Kind::remove;
    return out;
}

}  // namespace

struct Responder::OnShard {
    OnShard(std::uint32_t shard, std::uint32_t shards, const DoorLimits& limits)
        : challenges(shard, shards, limits) {}
    DoorStats stats;
    Challenges challenges;
};

Responder::Responder(Rooms rooms, Site site, const DoorLimits& limits)
    : rooms_(rooms), site_(std::move(site)), limits_(limits) {
    const auto shards = static_cast<std::uint32_t>(rooms.shards.size());
    for (std::uint32_t index = 0; index < shards; ++index)
        on_shard_.push_back(std::make_unique<OnShard>(index, shards, limits));
}

Responder::~Responder() = default;

Responder::OnShard& Responder::here() {
    return *on_shard_[io::Shard::here().index().number()];
}

DoorStats& Responder::stats() {
    return here().stats;
}

/// How answers are made; the steps of one request in order.
struct AnswerSteps {
    // An answer to `asked`: same request id, its flags, the version both know. `to`: the message
    // that is answered, when it is another (the proof of a challenge).
    static std::string message(const Responder& responder, const Packet& asked, const Envelope& to,
                               Answer answer, std::string_view body, std::uint32_t more_flags = 0,
                               std::uint32_t session = 0) {
        Envelope envelope;
        envelope.version = version_to_answer(to);
        envelope.suggested = own_version;
        envelope.request = to.request;
        envelope.session = session;
        Header header;
        header.op = asked.header.op;
        header.answer = answer;
        header.flags = (asked.header.flags & ~(flag::continuous | flag::return_digest)) |
                       flag::authoritative | more_flags;
        header.site_serial = responder.site_.serial;
        header.expires_s = now_s() + answer_life_s;
        std::string whole;
        if (asked.header.has(flag::return_digest) && (more_flags & flag::return_digest) == 0) {
            header.flags |= flag::return_digest;
            put(whole, digest_of_request(asked));
        }
        whole.append(body);
        return encode_message(envelope, header, whole);
    }

    static RequestDigest digest_of_request(const Packet& asked) {
        const auto kind = digest_for(version_to_answer(asked.envelope));
        return {kind, digest_of(kind, as_text(asked.header_and_body))};
    }

    static std::string refuse(Responder& responder, const Packet& asked, const Envelope& to,
                              Answer answer, std::string_view why,
                              const std::vector<std::uint32_t>& indexes = {}) {
        count(responder.stats(), answer);
        Refusal body{std::string(why), {}};
        if (!indexes.empty()) body.indexes = indexes;
        return message(responder, asked, to, answer, encode(body));
    }

    static void count(DoorStats& stats, Answer answer) {
        switch (answer) {
            case Answer::handle_not_found:
            case Answer::values_not_found: ++stats.not_found; return;
            case Answer::not_responsible: ++stats.not_responsible; return;
            case Answer::protocol_error: ++stats.malformed; return;
            case Answer::too_busy: ++stats.busy; return;
            default: ++stats.refused; return;
        }
    }

    // Nothing: all is well with it so far.
    static std::optional<std::string> misfit(Responder& responder, const Packet& asked) {
        const auto& header = asked.header;
        if (header.answer != Answer::none)
            return refuse(responder, asked, asked.envelope, Answer::protocol_error,
                          "not a request");
        const auto grace = static_cast<std::uint32_t>(responder.limits_.expiry_grace.count());
        if (header.expires_s != 0 && std::uint64_t{header.expires_s} + grace < now_s()) {
            ++responder.stats().expired;
            return refuse(responder, asked, asked.envelope, Answer::protocol_error,
                          "the message has expired; is the sender's clock right?");
        }
        if (header.site_serial != unknown_site && header.site_serial < responder.site_.serial)
            return refuse(responder, asked, asked.envelope, Answer::out_of_date_site, "");
        return std::nullopt;
    }

    static std::string malformed(Responder& responder, const Packet& asked, const Error& why) {
        return refuse(responder, asked, asked.envelope, Answer::protocol_error, why.context);
    }

    static std::string challenge(Responder& responder, const Packet& asked) {
        auto& here = responder.here();
        Challenge body;
        body.digest = digest_of_request(asked);
        body.nonce = trust::random_bytes(nonce_bytes);
        Pending pending{encode_message(asked.envelope, asked.header, as_text(asked.body)),
                        body.nonce, body.digest};
        const auto id = here.challenges.add(std::move(pending),
                                            io::Shard::here().clock().steady());
        ++here.stats.challenges;
        return message(responder, asked, asked.envelope, Answer::authentication_needed,
                       encode(body), flag::return_digest, id);
    }

    static std::string refer(Responder& responder, const Packet& asked, const Envelope& to,
                             identity::Lookup found) {
        Answer answer = found.answer;
        if (asked.header.has(flag::do_not_refer))
            return refuse(responder, asked, to, Answer::not_responsible,
                          "That prefix doesn't live here");
        if (answer == Answer::prefix_referral && version_to_answer(to) < Version{2, 5})
            answer = Answer::service_referral;
        ++responder.stats().referred;
        return message(responder, asked, to, answer,
                       encode(Referral{std::move(found.referral), std::move(found.values)}));
    }

    // `by` nobody: values the public may not see are challenged for, unless PO is set.
    static std::string resolve(Responder& responder, const Packet& asked, const Envelope& to,
                               const Authority& by) {
        auto body = decode_resolution(asked.body, responder.limits_.wire);
        if (!body) return malformed(responder, asked, body.error());
        const auto refused = [&](Answer answer, std::string_view why) {
            return refuse(responder, asked, to, answer, why);
        };
        if (auto good = check_name(body->handle, responder.limits_.wire); !good)
            return refused(Answer::invalid_handle, good.error().context);
        auto& registry = responder.rooms_.registry;
        auto found = registry.look_up(body->handle);
        if (!found) return refused(Answer::error, found.error().context);
        switch (found->answer) {
            case Answer::success: break;
            case Answer::handle_not_found: return refused(found->answer, "");
            case Answer::not_responsible:
                return refused(found->answer, "That prefix doesn't live here");
            default: return refer(responder, asked, to, std::move(*found));
        }
        std::vector<Value> shown;
        if (by.who) {
            const bool may = registry.may(by, registry.canonical(body->handle), found->values,
                                          {.own = right::read_value, .at_prefix = 0});
            if (!may) return refused(Answer::not_permitted, "the key may not read that");
            shown = identity::admin_view(std::move(found->values), *body);
        } else {
            auto view = identity::public_view(std::move(found->values), *body);
            if (view.hides && !asked.header.has(flag::public_only))
                return challenge(responder, asked);
            shown = std::move(view.values);
        }
        if (shown.empty()) return refused(Answer::values_not_found, "");
        ++responder.stats().resolved;
        return message(responder, asked, to, Answer::success,
                       encode(HandleValues{std::move(body->handle), std::move(shown)}));
    }

    // Whether another node is to be asked: this one is recursive, and the name is none of its own.
    static bool is_for_others(Responder& responder, const Packet& asked, const Resolution& body) {
        if (responder.rooms_.resolver == nullptr || asked.header.has(flag::do_not_refer)) return false;
        if (!check_name(body.handle, responder.limits_.wire)) return false;
        const auto found = responder.rooms_.registry.look_up(body.handle);
        return found && found->answer == Answer::not_responsible;
    }

    static std::string relay(Responder& responder, const Packet& asked, const Resolution& body,
                             identity::Resolved found) {
        std::string out;
        if (found.answer != Answer::success) {
            out = refuse(responder, asked, asked.envelope, found.answer, found.message);
        } else {
            auto shown = identity::public_view(std::move(found.values), body).values;
            if (shown.empty())
                return refuse(responder, asked, asked.envelope, Answer::values_not_found, "");
            ++responder.stats().resolved;
            out = message(responder, asked, asked.envelope, Answer::success,
                          encode(HandleValues{body.handle, std::move(shown)}));
        }
        // Not by its own authority: the top bit of the flags behind envelope, op and answer.
        char& flags = out[envelope_bytes + 8];
        flags = static_cast<char>(static_cast<unsigned char>(flags) & 0x7fu);
        return out;
    }

    static io::Task<void> recurse(Responder* responder, Packet asked, Resolution body,
                                  AnswerOut* out) {
        constexpr std::uint8_t recursion_max = 8;
        if (asked.header.recursion_count >= recursion_max) {
            (void)co_await out->send(refuse(*responder, asked, asked.envelope,
                                            Answer::recursion_limit,
                                            words_of(Answer::recursion_limit)));
            co_return;
        }
        auto found = co_await responder->rooms_.resolver->resolve(body.handle, nullptr);
        if (!found) {
            const Answer answer = found.error().code == Code::invalid ? Answer::error
                                                                      : Answer::too_busy;
            (void)co_await out->send(
                refuse(*responder, asked, asked.envelope, answer, found.error().context));
            co_return;
        }
        (void)co_await out->send(relay(*responder, asked, body, std::move(*found)));
    }

    // A resolution for others that must be asked, or is known: answered at once.
    static std::optional<std::string> answer_for_others(Responder& responder, const Packet& asked,
                                                        bool& waits) {
        const auto body = decode_resolution(asked.body, responder.limits_.wire);
        waits = body && is_for_others(responder, asked, *body);
        if (!waits) return std::nullopt;
        auto known = responder.rooms_.resolver->cached(body->handle);
        if (!known) return std::nullopt;
        return relay(responder, asked, *body, std::move(*known));
    }

    static std::string told(Responder& responder, const Packet& asked, const Envelope& to,
                            const Outcome& outcome) {
        if (!outcome.is_good())
            return refuse(responder, asked, to, outcome.answer, outcome.message, outcome.indexes);
        ++responder.stats().changed;
        const bool names = asked.header.op == Op::create_handle;
        return message(responder, asked, to, Answer::success,
                       names ? encode_handle(outcome.handle) : std::string());
    }

    static io::Task<Outcome> make(Responder* responder, Change change, Op op, Authority by) {
        auto& registry = responder->rooms_.registry;
        if (op == Op::home_prefix || op == Op::unhome_prefix) {
            auto prefix = split_name(canonical(change.handle, false)).suffix;
            if (op == Op::home_prefix) {
                auto homed = co_await registry.home(std::move(prefix), std::move(by));
                co_return homed;
            }
            auto unhomed = co_await registry.unhome(std::move(prefix), std::move(by));
            co_return unhomed;
        }
        auto outcome = co_await registry.change(std::move(change), std::move(by));
        co_return outcome;
    }

    // The messages of a list, as they are found.
    template <class Next>
    static io::Task<void> send_list(Responder* responder, Packet asked, Envelope to,
                                    AnswerOut* out, Next next) {
        std::string after;
        for (bool is_last = false; !is_last;) {
            auto page = next(after);
            if (!page) {
                (void)co_await out->send(refuse(*responder, asked, to, Answer::error,
                                                page.error().context));
                co_return;
            }
            is_last = page->is_last;
            if (!page->names.empty()) after = page->names.back();
            auto taken = co_await out->send(message(*responder, asked, to, Answer::success,
                                                    encode_names(page->names),
                                                    is_last ? 0 : flag::continuous));
            if (!taken) co_return;
        }
    }

    static io::Task<void> list(Responder* responder, Packet asked, Envelope to, Authority by,
                               AnswerOut* out) {
        const auto name = decode_handle(asked.body, responder->limits_.wire);
        if (!name) {
            (void)co_await out->send(malformed(*responder, asked, name.error()));
            co_return;
        }
        auto& registry = responder->rooms_.registry;
        const std::string at = canonical(*name, false);
        const std::string prefix = split_name(at).suffix;
        std::optional<std::string> refused;
        const auto values = registry.values_of(at);
        if (!out->is_stream()) {
            refused = refuse(*responder, asked, to, Answer::not_supported, "lists need TCP");
        } else if (!registry.homes(prefix) && asked.header.op == Op::list_handles) {
            refused = refuse(*responder, asked, to, Answer::not_responsible,
                             "That prefix doesn't live here");
        } else if (!values) {
            refused = refuse(*responder, asked, to, Answer::error, values.error().context);
        } else if (!registry.may(by, at, *values, {.own = right::list_handles, .at_prefix = 0})) {
            refused = by.who ? refuse(*responder, asked, to, Answer::not_permitted,
                                      "the key may not list")
                             : challenge(*responder, asked);
        }
        if (refused) {
            (void)co_await out->send(std::move(*refused));
            co_return;
        }
        const std::size_t most = responder->limits_.list_names_per_message;
        const bool derived = asked.header.op == Op::list_derived_prefixes;
        auto next = [&registry, prefix, most, derived](const std::string& after) {
            return derived ? registry.list_derived(prefix, after, most)
                           : registry.list(prefix, after, most);
        };
        co_await send_list(responder, std::move(asked), to, out, std::move(next));
    }

    // A request that is read and fits, by whoever stands behind `by`.
    static io::Task<void> carry_out(Responder* responder, Packet asked, Envelope to, Authority by,
                                    AnswerOut* out) {
        const Op op = asked.header.op;
        if (op == Op::resolution) {
            auto body = decode_resolution(asked.body, responder->limits_.wire);
            if (body && !by.who && is_for_others(*responder, asked, *body)) {
                co_await recurse(responder, std::move(asked), std::move(*body), out);
                co_return;
            }
            (void)co_await out->send(resolve(*responder, asked, to, by));
            co_return;
        }
        if (op == Op::list_handles || op == Op::list_derived_prefixes) {
            co_await list(responder, std::move(asked), to, std::move(by), out);
            co_return;
        }
        if (!is_change(op)) {
            (void)co_await out->send(
                refuse(*responder, asked, to, Answer::not_supported, words_of(Answer::not_supported)));
            co_return;
        }
        auto change = change_of(asked, responder->limits_.wire);
        if (!change) {
            (void)co_await out->send(malformed(*responder, asked, change.error()));
            co_return;
        }
        const bool is_nobody = !by.who;
        auto outcome = co_await make(responder, std::move(*change), op, std::move(by));
        if (is_nobody && outcome.answer == Answer::authentication_needed) {
            (void)co_await out->send(challenge(*responder, asked));
            co_return;
        }
        (void)co_await out->send(told(*responder, asked, to, outcome));
    }

    static io::Task<std::optional<Pending>> take_there(Responder* responder, std::uint32_t id) {
        co_return responder->here().challenges.take(id, io::Shard::here().clock().steady());
    }

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

    static Checked checked(Answer answer, std::string why) {
        return {answer, std::move(why), 0};
    }

    static io::Task<Checked> check(Responder* responder, Claim claim) {
        const auto values = responder->rooms_.registry.values_of(claim.key.handle);
        if (!values) co_return checked(Answer::error, values.error().context);
        const Value* found = *values ? key_for(**values, claim.type, claim.key.index) : nullptr;
        if (found == nullptr)
            co_return checked(Answer::invalid_admin, "no such key is known to this node");
        auto work = [key = *found, claim]() -> Result<bool> {
            TRY_VOID(check_proof(key, claim.proof, claim.nonce, claim.digest));
            return true;
        };
        const std::uint32_t index = found->index;
        auto done = co_await responder->rooms_.workers.run(std::move(work));
        if (done) co_return Checked{Answer::success, {}, index};
        switch (done.error().code) {
            case Code::denied: co_return checked(Answer::authentication_failed, done.error().context);
            case Code::exhausted: co_return checked(Answer::too_busy, done.error().context);
            case Code::unsupported:
                co_return checked(Answer::authentication_error, done.error().context);
            default: co_return checked(Answer::invalid_credential, done.error().context);
        }
    }

    static io::Task<void> prove(Responder* responder, Packet asked, AnswerOut* out) {
        auto body = decode_challenge_answer(asked.body, responder->limits_.wire);
        if (!body) {
            (void)co_await out->send(malformed(*responder, asked, body.error()));
            co_return;
        }
        const auto id = asked.envelope.session;
        auto& shard = responder->rooms_.shards.at(
            Challenges::shard_of(id, responder->rooms_.shards.size()));
        auto pending = co_await shard.call(&take_there, responder, id);
        if (!pending) {
            ++responder->stats().challenges_lost;
            (void)co_await out->send(refuse(*responder, asked, asked.envelope,
                                            Answer::authentication_timeout,
                                            "no challenge waits for that answer"));
            co_return;
        }
        // It was read once already.
        const std::string question = std::move(pending->message);
        const auto original = decode_message(as_bytes(question), responder->limits_.wire);
        CHECK(original.has_value());
        const Packet first = *original;
        Claim claim{std::move(body->type), body->key, std::move(body->proof),
                    std::move(pending->nonce), std::move(pending->digest)};
        auto outcome = co_await check(responder, std::move(claim));
        if (outcome.answer != Answer::success) {
            ++responder->stats().proofs_failed;
            (void)co_await out->send(
                refuse(*responder, first, asked.envelope, outcome.answer, outcome.why));
            co_return;
        }
        Authority by;
        by.who = Reference{body->key.handle, outcome.index};
        co_await carry_out(responder, first, asked.envelope, std::move(by), out);
    }

    static io::Task<void> verify(Responder* responder, Packet asked, AnswerOut* out) {
        auto body = decode_verification(asked.body, responder->limits_.wire);
        if (!body) {
            (void)co_await out->send(malformed(*responder, asked, body.error()));
            co_return;
        }
        Claim claim{"HS_SECKEY", body->key, std::move(body->proof), std::move(body->nonce),
                    std::move(body->digest)};
        auto outcome = co_await check(responder, std::move(claim));
        const bool is_judged = outcome.answer == Answer::success ||
                               outcome.answer == Answer::authentication_failed;
        if (outcome.answer != Answer::success) ++responder->stats().proofs_failed;
        if (!is_judged) {
            (void)co_await out->send(
                refuse(*responder, asked, asked.envelope, outcome.answer, outcome.why));
            co_return;
        }
        (void)co_await out->send(message(*responder, asked, asked.envelope, Answer::success,
                                         encode_verdict(outcome.answer == Answer::success)));
    }

    static io::Task<DoorStats> stats_there(Responder* responder) {
        DoorStats out = responder->here().stats;
        out.challenges_lost += responder->here().challenges.lost();
        co_return out;
    }
};

std::string Responder::refusal_of(const Envelope& envelope, const Error& why) {
    Envelope answer;
    answer.version = version_to_answer(envelope);
    answer.request = envelope.request;
    Header header;
    header.answer = why.code == Code::unsupported ? Answer::not_supported : Answer::protocol_error;
    header.expires_s = now_s() + answer_life_s;
    return encode_message(answer, header, encode(Refusal{why.context, {}}));
}

std::optional<std::string> Responder::answer_now(const Packet& packet) {
    if (auto why = AnswerSteps::misfit(*this, packet)) return why;
    if (packet.header.op == Op::resolution && rooms_.resolver != nullptr) {
        bool waits = false;
        if (auto known = AnswerSteps::answer_for_others(*this, packet, waits)) return known;
        if (waits) return std::nullopt;
    }
    if (packet.header.op == Op::resolution)
        return AnswerSteps::resolve(*this, packet, packet.envelope, {});
    if (packet.header.op == Op::get_site_info)
        return AnswerSteps::message(*this, packet, packet.envelope, Answer::success,
                                    encode(site_));
    if (packet.header.op == Op::get_next_transaction) {
        const auto last = rooms_.registry.last_transaction();
        if (!last)
            return AnswerSteps::refuse(*this, packet, packet.envelope, Answer::error,
                                       last.error().context);
        return AnswerSteps::message(*this, packet, packet.envelope, Answer::success,
                                    encode_transaction(*last + 1));
    }
    return std::nullopt;
}

io::Task<void> Responder::answer(std::string message, AnswerOut* out) {
    const auto read = decode_message(as_bytes(message), limits_.wire);
    CHECK(read.has_value());  // who calls has read it
    const Packet packet = *read;
    if (auto now = answer_now(packet)) {
        (void)co_await out->send(std::move(*now));
        co_return;
    }
    if (packet.header.op == Op::challenge_response) {
        co_await AnswerSteps::prove(this, packet, out);
        co_return;
    }
    if (packet.header.op == Op::verify_response) {
        co_await AnswerSteps::verify(this, packet, out);
        co_return;
    }
    identity::Authority nobody;
    co_await AnswerSteps::carry_out(this, packet, packet.envelope, std::move(nobody), out);
}

io::Task<DoorStats> Responder::all_stats() {
    DoorStats sum;
    for (std::size_t index = 0; index < rooms_.shards.size(); ++index) {
        auto one = co_await rooms_.shards.at(index).call(&AnswerSteps::stats_there, this);
        sum += one;
    }
    co_return sum;
}

}  // namespace lineshaft::handle
