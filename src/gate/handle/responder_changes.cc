// What changes something, or needs a proof of who asks.
#include "base/check.h"
#include "base/hash.h"
#include "gate/handle/responder_steps.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
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

namespace {

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

Answer AnswerSteps::ordinary(Answer answer) {
    const bool is_limit = answer == Answer::registration_limit || answer == Answer::prefix_limit;
    return is_limit ? Answer::not_permitted : answer;
}

std::string AnswerSteps::told(Responder& responder, const Packet& asked, const Envelope& to,
                              const Outcome& outcome, bool is_pool) {
    const Answer answer = is_pool ? outcome.answer : ordinary(outcome.answer);
    if (!outcome.is_good())
        return refuse(responder, asked, to, answer, outcome.message, outcome.indexes);
    ++responder.stats().changed;
    const bool names = asked.header.op == Op::create_handle;
    return message(responder, asked, to, Answer::success,
                   names ? encode_handle(outcome.handle) : std::string());
}

io::Task<Outcome> AnswerSteps::make(Responder* responder, Change change, Op op, Authority by) {
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

io::Task<void> AnswerSteps::send_list(Responder* responder, Packet asked, Envelope to,
                                AnswerOut* out, NextPage next) {
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

io::Task<void> AnswerSteps::list(Responder* responder, Packet asked, Envelope to, Authority by,
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

io::Task<void> AnswerSteps::list_homed(Responder* responder, Packet asked, Envelope to,
                                       AnswerOut* out) {
    if (!out->is_stream()) {
        (void)co_await out->send(
            refuse(*responder, asked, to, Answer::not_supported, "lists need TCP"));
        co_return;
    }
    const auto homed = responder->rooms_.registry.homed_prefixes();
    const std::size_t most = responder->limits_.list_names_per_message;
    auto next = [homed, most](const std::string& after) -> Result<identity::Page> {
        identity::Page page;
        page.is_last = true;
        for (const auto& prefix : homed) {
            auto name = prefix_handle(prefix);
            if (!after.empty() && name <= after) continue;
            if (page.names.size() == most) {
                page.is_last = false;
                break;
            }
            page.names.push_back(std::move(name));
        }
        return page;
    };
    co_await send_list(responder, std::move(asked), to, out, std::move(next));
}

io::Task<bool> AnswerSteps::count_day(Responder* responder, std::string key) {
    auto& here = responder->here();
    const std::int64_t day = io::Shard::here().now().millis() / 86'400'000;
    if (here.day != day) {
        here.day = day;
        here.used.clear();
    }
    const bool is_full = here.used.size() >= Responder::OnShard::used_max && !here.used.contains(key);
    co_return !is_full && ++here.used[key] <= responder->limits_.pool_requests_per_day;
}

io::Task<std::optional<Answer>> AnswerSteps::pool_refusal(Responder* responder, AnswerOut* out) {
    if (!out->is_pool()) co_return std::nullopt;
    const auto who = out->who();
    if (!who) co_return out->was_logged_in() ? Answer::login_again : Answer::login_first;
    if (responder->limits_.pool_requests_per_day == 0) co_return std::nullopt;
    std::string key = std::to_string(who->index) + ":" + canonical(who->handle, false);
    auto& shards = responder->rooms_.shards;
    auto& shard = shards[shards.owner(hash64(key))];
    auto has_left = co_await shard.call(&count_day, responder, std::move(key));
    if (!has_left) co_return Answer::daily_limit;
    co_return std::nullopt;
}

namespace {

/// Who wants to be logged in; with opcode 2000 also which of its values to answer with.
struct LoginWish {
    Reference who;
    std::optional<Resolution> values{};
};
Result<LoginWish> login_wish(const Packet& asked, const Limits& limits) {
    LoginWish out;
    if (asked.header.op == Op::login) {
        TRY(out.who, decode_login(asked.body, limits));
        return out;
    }
    TRY(out.values, decode_resolution(asked.body, limits));
    out.who = {out.values->handle, 0};
    return out;
}

// The values of the one who logs in, as its own key may see them.
std::string login_values(const identity::Registry& registry, const LoginWish& wish,
                         const Reference& key) {
    auto known = registry.values_of(wish.who.handle);
    if (!known || !*known) return encode(HandleValues{wish.who.handle, {}});
    auto view = registry.party_view(std::move(**known), *wish.values, key);
    return encode(HandleValues{wish.who.handle, std::move(view.values)});
}

// What a prefix handle is about, or a handle stands under.
std::string prefix_of_change(std::string_view handle) {
    auto [prefix, suffix] = split_name(canonical(handle, false));
    return prefix == "0.NA" ? suffix : prefix;
}

}  // namespace

// The Chinese extension's opcodes 2001 and 2000: once proved, the connection stays logged in. 2000
// reads its own values beside it, as a resolution does.
io::Task<void> AnswerSteps::log_in(Responder* responder, Packet asked, Envelope to, Authority by,
                                   AnswerOut* out) {
    const auto wanted = login_wish(asked, responder->limits_.wire);
    std::string answer;
    if (!out->is_pool()) {
        answer = refuse(*responder, asked, to, Answer::not_supported,
                        "logins are for the port that handle.pool_listen names");
    } else if (!wanted) {
        answer = malformed(*responder, asked, wanted.error());
    } else if (!by.who || to.request == asked.envelope.request) {  // this is not the proof
        answer = challenge(*responder, asked);
    } else if (canonical(by.who->handle, false) != canonical(wanted->who.handle, false) ||
               (wanted->who.index != 0 && wanted->who.index != by.who->index)) {
        answer = refuse(*responder, asked, to, Answer::authentication_failed,
                        "the proof is another key's");
    } else {
        out->logged_in(*by.who);
        ++responder->stats().logins;
        const std::string body =
            wanted->values ? login_values(responder->rooms_.registry, *wanted, *by.who) : std::string();
        answer = message(*responder, asked, to, Answer::success, body);
    }
    (void)co_await out->send(std::move(answer));
}

io::Task<void> AnswerSteps::carry_out(Responder* responder, Packet asked, Envelope to, Authority by,
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
    if (op == Op::login || op == Op::password_login) {
        co_await log_in(responder, std::move(asked), to, std::move(by), out);
        co_return;
    }
    if (op == Op::retrieve_transactions || op == Op::dump_handles) {
        co_await push(responder, std::move(asked), to, std::move(by), out);
        co_return;
    }
    if (op == Op::list_homed_prefixes) {
        co_await list_homed(responder, std::move(asked), to, out);
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
    if (responder->limits_.is_mirror) {
        (void)co_await out->send(refuse(*responder, asked, to, Answer::not_responsible,
                                        "this is a mirror: changes go to its origin"));
        co_return;
    }
    auto refused = co_await pool_refusal(responder, out);
    if (refused) {
        (void)co_await out->send(refuse(*responder, asked, to, *refused, words_of(*refused)));
        co_return;
    }
    auto change = change_of(asked, responder->limits_.wire);
    if (!change) {
        (void)co_await out->send(malformed(*responder, asked, change.error()));
        co_return;
    }
    const bool is_nobody = !by.who;
    const std::string prefix = out->is_pool() ? prefix_of_change(change->handle) : std::string();
    auto outcome = co_await make(responder, std::move(*change), op, std::move(by));
    if (is_nobody && outcome.answer == Answer::authentication_needed) {
        (void)co_await out->send(challenge(*responder, asked));
        co_return;
    }
    const auto& is_restricted = responder->is_restricted_;
    if (outcome.answer == Answer::not_responsible && !prefix.empty() && is_restricted &&
        is_restricted(prefix)) {
        outcome.answer = Answer::prefix_limit;
        outcome.message = "the prefix " + prefix + " is suspended or revoked";
    }
    (void)co_await out->send(told(*responder, asked, to, outcome, out->is_pool()));
}

io::Task<std::optional<Pending>> AnswerSteps::take_there(Responder* responder, std::uint32_t id) {
    co_return responder->here().challenges.take(id, io::Shard::here().clock().steady());
}

AnswerSteps::Checked AnswerSteps::checked(Answer answer, std::string why) {
    return {answer, std::move(why), 0};
}

io::Task<AnswerSteps::Checked> AnswerSteps::check(Responder* responder, Claim claim) {
    const auto values = responder->rooms_.registry.values_of(claim.key.handle);
    if (!values) co_return checked(Answer::error, values.error().context);
    const Value* found = *values ? key_for(**values, claim.type, claim.key.index) : nullptr;
    if (found == nullptr)
        co_return checked(Answer::invalid_admin, "no such key is known to this node");
    auto work = [key = *found, claim, sm2 = responder->limits_.takes_sm2]() -> Result<bool> {
        TRY_VOID(check_proof(key, claim.proof, claim.nonce, claim.digest, sm2));
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

io::Task<void> AnswerSteps::prove(Responder* responder, Packet asked, AnswerOut* out) {
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
    co_await out->proved(*by.who);
    co_await carry_out(responder, first, asked.envelope, std::move(by), out);
}

io::Task<void> AnswerSteps::verify(Responder* responder, Packet asked, AnswerOut* out) {
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

io::Task<DoorStats> AnswerSteps::stats_there(Responder* responder) {
    DoorStats out = responder->here().stats;
    out.challenges_lost += responder->here().challenges.lost();
    co_return out;
}

}  // namespace lineshaft::handle
