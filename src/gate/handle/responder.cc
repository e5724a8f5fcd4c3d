#include "gate/handle/responder.h"

#include <algorithm>

#include "base/check.h"
#include "gate/handle/responder_steps.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

constexpr std::uint32_t answer_life_s = 43'200;
constexpr std::size_t nonce_bytes = 16;

}  // namespace

io::Task<void> AnswerOut::proved(Reference) {
    co_return;
}

io::Task<bool> AnswerOut::send_bytes(std::string) {
    co_return false;
}

std::uint32_t answer_now_s() {
    return static_cast<std::uint32_t>(io::Shard::here().now().millis() / 1'000);
}

Responder::Responder(Rooms rooms, Site site, const DoorLimits& limits)
    : rooms_(rooms), site_(std::move(site)), limits_(limits) {
    const auto shards = static_cast<std::uint32_t>(rooms.shards.size());
    for (std::uint32_t index = 0; index < shards; ++index)
        on_shard_.push_back(
            std::make_unique<OnShard>(index, shards, limits, rooms.key, rooms.signers));
}

Responder::~Responder() = default;

Responder::OnShard& Responder::here() {
    return *on_shard_[io::Shard::here().index().number()];
}

DoorStats& Responder::stats() {
    return here().stats;
}

std::string AnswerSteps::message(const Responder& responder, const Packet& asked, const Envelope& to,
                           Answer answer, std::string_view body, std::uint32_t more_flags,
                           std::uint32_t session) {
    Envelope envelope;
    envelope.version = version_to_answer(to);
    envelope.suggested = envelope.version.major == 3 ? doirp_version : own_version;
    envelope.request = to.request;
    envelope.session = session;
    Header header;
    header.op = asked.header.op;
    header.answer = answer;
    header.flags = (asked.header.flags & ~(flag::continuous | flag::return_digest)) |
                   flag::authoritative | more_flags;
    header.site_serial = responder.site_.serial;
    header.expires_s = answer_now_s() + answer_life_s;
    if (!asked.header.has(flag::return_digest) || (more_flags & flag::return_digest) != 0)
        return encode_message(envelope, header, body);
    header.flags |= flag::return_digest;
    std::string whole;
    put(whole, digest_of_request(asked));
    whole.append(body);
    return encode_message(envelope, header, whole);
}

RequestDigest AnswerSteps::digest_of_request(const Packet& asked) {
    const auto kind = digest_for(version_to_answer(asked.envelope));
    return {kind, digest_of(kind, as_text(asked.header_and_body))};
}

std::string AnswerSteps::refuse(Responder& responder, const Packet& asked, const Envelope& to,
                          Answer answer, std::string_view why,
                          const std::vector<std::uint32_t>& indexes) {
    count(responder.stats(), answer);
    Refusal body{std::string(why), {}};
    if (!indexes.empty()) body.indexes = indexes;
    return message(responder, asked, to, answer, encode(body));
}

void AnswerSteps::count(DoorStats& stats, Answer answer) {
    switch (answer) {
        case Answer::handle_not_found:
        case Answer::values_not_found: ++stats.not_found; return;
        case Answer::not_responsible: ++stats.not_responsible; return;
        case Answer::protocol_error: ++stats.malformed; return;
        case Answer::too_busy: ++stats.busy; return;
        default: ++stats.refused; return;
    }
}

// Every server has the prefix handles: rights are looked up there.
bool AnswerSteps::is_elsewhere(const Responder& responder, const Packet& asked) {
    const auto servers = responder.limits_.site_servers;
    if (servers <= 1) return false;
    const Op op = asked.header.op;
    const bool names_a_handle = op == Op::resolution || op == Op::create_handle ||
                                op == Op::delete_handle || op == Op::add_value ||
                                op == Op::remove_value || op == Op::modify_value;
    if (!names_a_handle) return false;
    Reader in(asked.body);  // they all begin with it
    const auto size = in.take_be<std::uint32_t>();
    const auto name = size ? in.take(*size) : Result<Bytes>(fail(Code::invalid, ""));
    if (!name) return false;
    const auto text = as_text(*name);
    const auto split = split_name(text);
    if (split.prefix.starts_with("0.")) return false;
    const bool is_own = responder.rooms_.registry.homes(split.prefix);
    const bool mints = op == Op::create_handle && asked.header.has(flag::mint_suffix);
    return is_own && !mints &&
           partition_hash(text, HashOption::whole) % servers != responder.limits_.site_server;
}

// Nothing: all is well with it so far.
std::optional<std::string> AnswerSteps::misfit(Responder& responder, const Packet& asked) {
    const auto& header = asked.header;
    if (header.answer != Answer::none)
        return refuse(responder, asked, asked.envelope, Answer::protocol_error,
                      "not a request");
    const auto grace = static_cast<std::uint32_t>(responder.limits_.expiry_grace.count());
    if (header.expires_s != 0 && std::uint64_t{header.expires_s} + grace < answer_now_s()) {
        ++responder.stats().expired;
        return refuse(responder, asked, asked.envelope, Answer::protocol_error,
                      "the message has expired; is the sender's clock right?");
    }
    if (is_elsewhere(responder, asked))
        return refuse(responder, asked, asked.envelope, Answer::not_responsible,
                      "another server of this site has it");
    if (header.site_serial != unknown_site && header.site_serial < responder.site_.serial)
        return refuse(responder, asked, asked.envelope, Answer::out_of_date_site, "");
    return std::nullopt;
}

std::string AnswerSteps::malformed(Responder& responder, const Packet& asked, const Error& why) {
    return refuse(responder, asked, asked.envelope, Answer::protocol_error, why.context);
}

std::string AnswerSteps::challenge(Responder& responder, const Packet& asked) {
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

std::string AnswerSteps::refer(Responder& responder, const Packet& asked, const Envelope& to,
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

std::optional<std::string> AnswerSteps::show_own(Responder& responder, const Packet& asked) {
    const auto body = decode_resolution(asked.body, responder.limits_.wire);
    if (!body || !check_name(body->handle, responder.limits_.wire)) return std::nullopt;
    const auto& registry = responder.rooms_.registry;
    const auto record = registry.own_record(body->handle);
    if (!record) return std::nullopt;
    auto& here = responder.here();
    here.scratch.clear();
    HandleValuesWriter values(here.scratch, body->handle);
    const auto hides = identity::show_public(record->bytes, *body, values);
    if (!hides || values.end() == 0) return std::nullopt;
    if (*hides && !asked.header.has(flag::public_only)) return std::nullopt;
    registry.note_shown(*record);
    ++here.stats.resolved;
    return message(responder, asked, asked.envelope, Answer::success, here.scratch);
}

std::string AnswerSteps::resolve(Responder& responder, const Packet& asked, const Envelope& to,
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
    const bool reads_all =
        by.who && !asked.header.has(flag::public_only) &&
        registry.may(by, registry.canonical(body->handle), found->values,
                     {.own = right::read_value, .at_prefix = 0});
    if (reads_all) {
        shown = identity::admin_view(std::move(found->values), *body);
    } else {
        auto view = by.who ? registry.party_view(std::move(found->values), *body, *by.who)
                           : identity::public_view(std::move(found->values), *body);
        const bool is_party = std::ranges::any_of(view.values, [](const Value& value) {
            return !value.is(permission::public_read);
        });
        if (is_party) view.hides = false;  // what is left is for others
        if (view.hides && !asked.header.has(flag::public_only)) {
            if (!by.who) return challenge(responder, asked);
            return refused(Answer::not_permitted, "the key may not read that");
        }
        shown = std::move(view.values);
    }
    if (shown.empty()) return refused(Answer::values_not_found, "");
    ++responder.stats().resolved;
    return message(responder, asked, to, Answer::success,
                   encode(HandleValues{std::move(body->handle), std::move(shown)}));
}

bool AnswerSteps::is_for_others(Responder& responder, const Packet& asked, const Resolution& body) {
    if (responder.rooms_.resolver == nullptr || asked.header.has(flag::do_not_refer)) return false;
    if (!check_name(body.handle, responder.limits_.wire)) return false;
    const auto found = responder.rooms_.registry.look_up(body.handle);
    return found && found->answer == Answer::not_responsible;
}

std::string AnswerSteps::relay(Responder& responder, const Packet& asked, const Resolution& body,
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

io::Task<void> AnswerSteps::recurse(Responder* responder, Packet asked, Resolution body,
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

std::optional<std::string> AnswerSteps::answer_for_others(Responder& responder, const Packet& asked,
                                                    bool& waits) {
    const auto body = decode_resolution(asked.body, responder.limits_.wire);
    waits = body && is_for_others(responder, asked, *body);
    if (!waits) return std::nullopt;
    auto known = responder.rooms_.resolver->cached(body->handle);
    if (!known) return std::nullopt;
    return relay(responder, asked, *body, std::move(*known));
}

std::string Responder::refusal_of(const Envelope& envelope, const Error& why) {
    Envelope answer;
    answer.version = version_to_answer(envelope);
    answer.request = envelope.request;
    if (answer.version.major == 3) answer.suggested = doirp_version;
    Header header;
    header.answer = why.code == Code::unsupported ? Answer::not_supported : Answer::protocol_error;
    header.expires_s = answer_now_s() + answer_life_s;
    return encode_message(answer, header, encode(Refusal{why.context, {}}));
}

std::optional<std::string> AnswerSteps::at_once(Responder& responder, const Packet& packet,
                                                const Authority& by) {
    if (auto why = misfit(responder, packet)) return why;
    if (packet.header.op == Op::resolution && !by.who) {
        if (auto shown = show_own(responder, packet)) return shown;
    }
    if (packet.header.op == Op::resolution && responder.rooms_.resolver != nullptr) {
        bool waits = false;
        if (auto known = answer_for_others(responder, packet, waits)) return known;
        if (waits) return std::nullopt;
    }
    if (packet.header.op == Op::resolution)
        return resolve(responder, packet, packet.envelope, by);
    if (packet.header.op == Op::get_site_info)
        return message(responder, packet, packet.envelope, Answer::success,
                       encode(responder.site_));
    if (packet.header.op == Op::get_next_transaction) {
        const auto last = responder.rooms_.registry.last_transaction();
        if (!last)
            return refuse(responder, packet, packet.envelope, Answer::error, last.error().context);
        return message(responder, packet, packet.envelope, Answer::success,
                       encode_transaction(*last + 1));
    }
    return std::nullopt;
}

std::optional<std::string> Responder::answer_now(const Packet& packet,
                                                 const std::optional<Reference>& who) {
    if (packet.header.has(flag::certify) && rooms_.key != nullptr) return std::nullopt;
    return AnswerSteps::at_once(*this, packet, Authority{false, who});
}

bool Responder::is_in_session(const Envelope& envelope) {
    return Sessions::is_id(envelope.session);
}

io::Task<void> AnswerSteps::answer(Responder* responder, Packet packet, AnswerOut* out) {
    Authority by{false, out->who()};
    if (auto now = at_once(*responder, packet, by)) {
        (void)co_await out->send(std::move(*now));
        co_return;
    }
    switch (packet.header.op) {
        case Op::challenge_response: co_await prove(responder, packet, out); co_return;
        case Op::verify_response: co_await verify(responder, packet, out); co_return;
        case Op::session_setup: co_await SessionSteps::set_up(responder, packet, out); co_return;
        default: break;
    }
    co_await carry_out(responder, packet, packet.envelope, std::move(by), out);
}

io::Task<void> Responder::answer(std::string message, AnswerOut* out) {
    const auto envelope = decode_envelope(as_bytes(message), limits_.wire);
    CHECK(envelope.has_value());  // who calls has read it
    if (is_in_session(*envelope)) {
        co_await SessionSteps::answer(this, std::move(message), out);
        co_return;
    }
    const auto read = decode_message(as_bytes(message), limits_.wire);
    CHECK(read.has_value());
    const Packet packet = *read;
    if (packet.header.has(flag::certify) && rooms_.key != nullptr) {
        co_await answer_signed(this, packet, out);
        co_return;
    }
    co_await AnswerSteps::answer(this, packet, out);
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
