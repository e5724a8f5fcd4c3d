// Mirrors: what changes here is pushed to those who follow along, in a session, as it happens.
#include "gate/handle/responder_steps.h"
#include "io/pause.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

// A mirror of one server of several wants that one's part, and all prefix handles.
bool is_wanted(const TransactionsWanted& wanted, const identity::Transaction& transaction) {
    if (wanted.servers <= 1 || wanted.hash_option > 2) return true;
    const auto name = split_name(transaction.handle);
    const bool is_prefix = transaction.action == identity::Action::home ||
                           transaction.action == identity::Action::unhome;
    if (is_prefix || name.prefix.starts_with("0.")) return true;
    const auto by = static_cast<HashOption>(wanted.hash_option);
    return partition_hash(transaction.handle, by) % wanted.servers == wanted.server_number;
}

// What Handle.Net's mirrors send: 1001 with a state, and 1002.
bool is_pull(const Packet& asked, const TransactionsWanted* wanted) {
    return asked.header.op == Op::dump_handles || (wanted != nullptr && !wanted->state.empty());
}

bool is_among(const std::vector<Reference>& mirrors, const Reference& who) {
    for (const auto& one : mirrors) {
        if ((one.index == 0 || one.index == who.index) &&
            canonical(one.handle, false) == canonical(who.handle, false))
            return true;
    }
    return false;
}

}  // namespace

// What happened after `after`, as far as nothing earlier is still to come. A handle that has changed
// again meanwhile comes as it is now: its later change finds it so.
io::Task<Result<Movements>> AnswerSteps::movements(Responder* responder, TransactionsWanted wanted,
                                                   std::uint64_t after) {
    auto& registry = responder->rooms_.registry;
    const DoorLimits& limits = responder->limits_;
    auto settled = co_await registry.settled_before();
    auto page = registry.transactions(after, limits.pushed_at_once);
    if (!page) co_return std::unexpected(page.error());
    Movements out{after, after, {}};
    std::size_t bytes = 0;
    for (const auto& one : *page) {
        if (one.number >= settled) break;
        if (!is_wanted(wanted, one)) {
            out.until = one.number;
            continue;
        }
        Movement movement{one.number, one.handle, static_cast<std::uint8_t>(one.action),
                          static_cast<std::uint64_t>(one.at_ms), {}};
        if (one.action == identity::Action::create || one.action == identity::Action::update) {
            auto values = registry.values_of(one.handle);
            if (!values) co_return std::unexpected(values.error());
            if (*values) {
                movement.values = std::move(**values);
            } else {
                movement.action = static_cast<std::uint8_t>(identity::Action::remove);
            }
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
    const auto& wire = responder->limits_.wire;
    Result<TransactionsWanted> wanted = TransactionsWanted{};
    if (asked.header.op == Op::dump_handles) {
        const auto dump = decode_dump_wanted(asked.body, wire);
        if (!dump) wanted = std::unexpected(dump.error());
    } else {
        wanted = decode_transactions_wanted(asked.body, wire);
    }
    auto& here = responder->here();
    std::optional<std::string> refused;
    const bool pulls = wanted && is_pull(asked, &*wanted);
    if (!wanted) {
        refused = malformed(*responder, asked, wanted.error());
    } else if (responder->limits_.is_mirror) {
        refused = refuse(*responder, asked, to, Answer::not_supported,
                         "this is a mirror: follow its origin");
    } else if (pulls && by.who && is_among(responder->rooms_.mirrors, *by.who)) {
        refused = refuse(*responder, asked, to, Answer::not_supported,
                         "no pull: mirrors follow in an encrypted session, from transaction 0 on");
    } else if (!pulls && (!out->is_stream() || !out->is_private())) {
        refused = refuse(*responder, asked, to, Answer::not_supported,
                         "followed by mirrors of our kind, in an encrypted session over TCP");
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
    const DoorLimits& limits = responder->limits_;
    const TransactionsWanted request = *wanted;
    std::uint64_t after = request.last_transaction;
    io::Pause pause;
    io::Steady spoke{0};
    ++here.followers;
    while (out->is_open()) {
        auto found = co_await movements(responder, request, after);
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
