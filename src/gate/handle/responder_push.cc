// Mirrors: what changes here is pushed to those who follow along, in a session, as it happens.
#include "gate/handle/responder_steps.h"
#include "io/pause.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

// As Handle.Net's mirrors ask: for a dump, by their state, or in the open. Those of our kind ask for
// transactions in an encrypted session, and no signature.
bool is_pull(const Packet& asked, const MirrorWish& wish, const AnswerOut& out) {
    return wish.dump || !wish.transactions.state.empty() || !out.is_private() ||
           asked.header.has(flag::certify);
}

bool is_among(const std::vector<Reference>& mirrors, const Reference& who) {
    for (const auto& one : mirrors) {
        if ((one.index == 0 || one.index == who.index) &&
            canonical(one.handle, false) == canonical(who.handle, false))
            return true;
    }
    return false;
}

Result<MirrorWish> wish_in(const Packet& asked, const Limits& limits) {
    MirrorWish out;
    if (asked.header.op == Op::dump_handles) {
        TRY(out.dump, decode_dump_wanted(asked.body, limits));
    } else {
        const bool is_old = asked.envelope.version < Version{2, 9};
        TRY(out.transactions, is_old ? decode_old_transactions_wanted(asked.body, limits)
                                     : decode_transactions_wanted(asked.body, limits));
    }
    return out;
}

}  // namespace

bool AnswerSteps::is_of_share(const Share& share, std::string_view handle) {
    if (share.servers <= 1 || share.hash_option > 2) return true;
    if (split_name(handle).prefix.starts_with("0.")) return true;
    const auto by = static_cast<HashOption>(share.hash_option);
    return partition_hash(handle, by) % share.servers == share.server_number;
}

// What happened after `after`, as far as nothing earlier is still to come. A handle that has changed
// again meanwhile comes as it is now: its later change finds it so. One that has gone since does not come:
// its removal does.
io::Task<Result<Movements>> AnswerSteps::movements(Responder* responder, Share share,
                                                   std::uint64_t after, std::uint64_t settled) {
    auto& registry = responder->rooms_.registry;
    const DoorLimits& limits = responder->limits_;
    auto page = registry.transactions(after, limits.pushed_at_once);
    if (!page) co_return std::unexpected(page.error());
    Movements out{after, after, {}};
    std::size_t bytes = 0;
    for (const auto& one : *page) {
        if (one.number >= settled) break;
        const bool is_prefix = one.action == identity::Action::home ||
                               one.action == identity::Action::unhome;
        if (!is_prefix && !is_of_share(share, one.handle)) {
            out.until = one.number;
            continue;
        }
        Movement movement{one.number, one.handle, static_cast<std::uint8_t>(one.action),
                          static_cast<std::uint64_t>(one.at_ms), {}};
        if (one.action == identity::Action::create || one.action == identity::Action::update) {
            auto values = registry.values_of(one.handle);
            if (!values) co_return std::unexpected(values.error());
            if (!*values) {
                out.until = one.number;
                continue;
            }
            movement.values = std::move(**values);
        }
        bytes += encode(Movements{0, 0, {movement}}).size();
        if (!out.all.empty() && bytes > limits.pushed_bytes_max) break;
        out.until = one.number;
        out.all.push_back(std::move(movement));
    }
    co_return std::move(out);
}

io::Task<void> AnswerSteps::push(Responder* responder, Packet asked, Envelope to, Authority by,
                                 AnswerOut* out) {
    auto wish = wish_in(asked, responder->limits_.wire);
    auto& here = responder->here();
    std::optional<std::string> refused;
    if (!wish) {
        refused = malformed(*responder, asked, wish.error());
    } else if (responder->limits_.is_mirror) {
        refused = refuse(*responder, asked, to, Answer::not_supported,
                         "this is a mirror: follow its origin");
    } else if (!out->is_stream()) {
        refused = refuse(*responder, asked, to, Answer::not_supported, "mirrors come over TCP");
    } else if (!by.who) {
        refused = challenge(*responder, asked);
    } else if (!is_among(responder->rooms_.mirrors, *by.who)) {
        refused = refuse(*responder, asked, to, Answer::not_permitted,
                         "the key is not among handle.mirrors");
    } else if (here.followers >= responder->limits_.mirrors_max) {
        refused = refuse(*responder, asked, to, Answer::too_busy, "too many mirrors");
    }
    if (refused) {
        (void)co_await out->send(std::move(*refused));
        co_return;
    }
    if (is_pull(asked, *wish, *out)) {
        co_await pull(responder, std::move(asked), to, std::move(*wish), out);
        co_return;
    }
    const DoorLimits& limits = responder->limits_;
    const Share share = wish->transactions.share;
    std::uint64_t after = wish->transactions.last_transaction;
    io::Pause pause;
    io::Steady spoke{0};
    ++here.followers;
    while (out->is_open()) {
        auto settled = co_await responder->rooms_.registry.settled_before();
        auto found = co_await movements(responder, share, after, settled);
        if (!found) {
            (void)co_await out->send(
                refuse(*responder, asked, to, Answer::error, found.error().context));
            break;
        }
        const io::Steady now = io::Shard::here().clock().steady();
        const bool has_news = found->until != after;
        if (has_news || now - spoke >= limits.push_sign_of_life || spoke == io::Steady{0}) {
            responder->stats().pushed += found->all.size();
            after = found->until;
            spoke = now;
            auto taken = co_await out->send(message(*responder, asked, to, Answer::success,
                                                    encode(*found), flag::continuous));
            if (!taken) break;
        }
        if (has_news) continue;
        auto whole = co_await pause.wait(limits.push_pause);
        (void)whole;
    }
    --responder->here().followers;
}

}  // namespace lineshaft::handle
