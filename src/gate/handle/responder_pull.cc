// Handle.Net's mirrors: they come once a minute and pull, over TCP, what happened since, or everything.
// Behind the answer the connection turns into a stream of signed blocks (wire/handle/mirrors.h).
#include <boost/json.hpp>

#include <algorithm>

#include "gate/handle/responder_steps.h"
#include "identity/node_key.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

namespace json = boost::json;

constexpr std::size_t signed_at_once = 64;  // blocks; then others have a turn at the signers
constexpr std::string_view root_prefix = "0.NA";

// Which queue it is, for peers that follow several: of this server of the site, and the same as long as
// the node keeps its key.
std::string queue_of(const trust::RsaKey& key, std::uint32_t site_server) {
    const auto fingerprint = identity::fingerprint_of(identity::public_key_of(key));
    return std::to_string(site_server) + ":" +
           fingerprint.value_or(std::string(16, '0')).substr(0, 16);
}

// The last transaction that a peer has of `queue`, by its state: {"replicationServerStates":{"0:name":
// {"lastTxnId":5}}}. After a dump it knows this server under the only name of its own.
Result<std::uint64_t> last_in_state(std::string_view state, const std::string& queue) {
    boost::system::error_code bad;
    json::parse_options options;
    options.max_depth = 8;
    const auto read = json::parse(state, bad, {}, options);
    if (bad || !read.is_object()) return fail(Code::invalid, "transactions: the state is no JSON");
    const auto* all = read.get_object().if_contains("replicationServerStates");
    if (all == nullptr || !all->is_object()) return 0;
    const auto number = queue.substr(0, queue.find(':') + 1);
    const json::value* found = all->get_object().if_contains(queue);
    std::size_t of_server = 0;
    for (const auto& one : all->get_object()) {
        if (!std::string_view(one.key()).starts_with(number)) continue;
        ++of_server;
        if (found == nullptr && of_server == 1) found = &one.value();
    }
    const bool is_sure = all->get_object().contains(queue) || of_server == 1;
    if (found == nullptr || !is_sure || !found->is_object()) return 0;
    const auto* last = found->get_object().if_contains("lastTxnId");
    if (last == nullptr || !last->is_int64()) return 0;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(last->get_int64(), 0));
}

// The stream can be read by whoever sits between: secrets stay here.
void drop_secrets(std::vector<Value>& values) {
    std::erase_if(values, [](const Value& value) { return value.type == "HS_SECKEY"; });
}

std::uint64_t pull_now_ms() {
    return static_cast<std::uint64_t>(io::Shard::here().now().millis());
}

// Those that a dump goes through, in its order: prefix handles stand under 0.NA.
std::vector<std::string> prefixes_of_dump(const identity::Registry& registry,
                                          const DumpWanted& wanted) {
    if (wanted.from && wanted.from_kind == pulled::dump_from_prefix) return {};
    auto out = registry.homed_prefixes();
    out.emplace_back(root_prefix);
    std::ranges::sort(out);
    if (wanted.from && wanted.from_kind == pulled::dump_from_handle) {
        const auto from = split_name(registry.canonical(*wanted.from)).prefix;
        std::erase_if(out, [&](const std::string& one) { return one < from; });
    }
    return out;
}

}  // namespace

/// One answer's stream.
class PullStream {
public:
    PullStream(Responder& responder, AnswerOut& out, trust::Hash hash)
        : responder_(responder), out_(out), hash_(hash) {}

    bool is_open() const { return is_open_; }
    std::size_t bytes() const { return bytes_; }
    void add(std::string block) {
        bytes_ += block.size();
        blocks_.push_back(std::move(block));
    }
    static io::Task<void> flush(PullStream* stream) { return flush(stream, std::string()); }
    /// Sends what was added, `bare` behind it without a signature.
    static io::Task<void> flush(PullStream* stream, std::string bare) {
        std::string out = std::exchange(stream->opening_, {});
        while (!stream->blocks_.empty() && stream->is_open_) {
            auto signed_blocks = co_await sign_some(stream);
            if (!signed_blocks) {
                stream->is_open_ = false;
                co_return;
            }
            std::string piece = out + *signed_blocks;
            out.clear();
            auto taken = co_await stream->out_.send_bytes(std::move(piece));
            if (!taken) stream->is_open_ = false;
        }
        out += bare;
        stream->bytes_ = 0;
        if (out.empty() || !stream->is_open_) co_return;
        auto taken = co_await stream->out_.send_bytes(std::move(out));
        if (!taken) stream->is_open_ = false;
    }

private:
    static io::Task<Result<std::string>> sign_some(PullStream* stream) {
        auto& all = stream->blocks_;
        const auto count = static_cast<std::ptrdiff_t>(std::min(all.size(), signed_at_once));
        std::vector<std::string> some(std::make_move_iterator(all.begin()),
                                      std::make_move_iterator(all.begin() + count));
        all.erase(all.begin(), all.begin() + count);
        auto work = [key = *stream->responder_.rooms_.key, hash = stream->hash_,
                     some = std::move(some)]() -> Result<std::string> {
            std::string out;
            for (const auto& block : some) out += block + pulled::signature(key.sign(hash, block));
            return out;
        };
        auto done = co_await stream->responder_.rooms_.signers->run(std::move(work));
        co_return done;
    }

    Responder& responder_;
    AnswerOut& out_;
    const trust::Hash hash_;
    std::string opening_ = pulled::opening(hash_ == trust::Hash::sha256 ? "SHA-256" : "SHA1");
    std::vector<std::string> blocks_;
    std::size_t bytes_ = 0;
    bool is_open_ = true;
};

struct PullSteps {
    // What reached the end of the log when it began; later changes are for the next pull.
    static io::Task<bool> send_movements(Responder* responder, PullStream* stream, Share share,
                                         std::uint64_t after, std::uint64_t settled) {
        auto& registry = responder->rooms_.registry;
        while (stream->is_open()) {
            auto page = co_await AnswerSteps::movements(responder, share, after, settled);
            if (!page) co_return false;
            if (page->until == after) co_return true;
            after = page->until;
            for (auto& one : page->all) {
                const auto action = static_cast<identity::Action>(one.action);
                if (action == identity::Action::home || action == identity::Action::unhome)
                    one.handle = prefix_handle(one.handle);
                if (action == identity::Action::remove) {  // it may have been made again since
                    const auto now = registry.values_of(one.handle);
                    if (!now || *now) continue;
                }
                drop_secrets(one.values);
                ++responder->stats().pushed;
                stream->add(pulled::movement(one));
            }
            co_await PullStream::flush(stream);
        }
        co_return false;
    }

    static io::Task<void> send_transactions(Responder* responder, PullStream* stream,
                                            TransactionsWanted wanted, std::string queue,
                                            std::uint64_t after, std::uint64_t settled,
                                            bool is_known) {
        const bool is_one = wanted.state.empty();
        const auto format = is_one ? pulled::Format::one_queue : pulled::Format::named_queues;
        const std::uint64_t now_ms = pull_now_ms();
        stream->add(pulled::head(format, is_known ? pulled::Status::transactions
                                                  : pulled::Status::dump_first));
        if (is_known) {
            if (!is_one) stream->add(pulled::queue_name(queue));
            auto whole = co_await send_movements(responder, stream, wanted.share, after, settled);
            if (!whole) co_return;  // the end is missing, and the peer sees it
            if (!is_one) stream->add(pulled::queue_end(now_ms));
        }
        stream->add(pulled::end(format, is_known ? now_ms : wanted.last_date_ms));
        co_await PullStream::flush(stream);
    }

    static io::Task<bool> send_handles(Responder* responder, PullStream* stream, DumpWanted wanted,
                                       std::string prefix) {
        auto& registry = responder->rooms_.registry;
        const auto& limits = responder->limits_;
        std::string after;
        if (wanted.from && wanted.from_kind == pulled::dump_from_handle &&
            split_name(registry.canonical(*wanted.from)).prefix == prefix)
            after = *wanted.from;
        for (bool is_last = false; !is_last && stream->is_open();) {
            const auto page = registry.list(prefix, after, limits.pushed_at_once);
            if (!page) co_return false;
            is_last = page->is_last || page->names.empty();
            for (const auto& name : page->names) {
                after = name;
                if (!AnswerSteps::is_of_share(wanted.share, name)) continue;
                auto values = registry.values_of(name);
                if (!values) co_return false;
                if (!*values) continue;  // removed meanwhile: its transaction comes later
                drop_secrets(**values);
                stream->add(pulled::dump_handle({name, std::move(**values)}));
                if (stream->bytes() > limits.pushed_bytes_max) co_await PullStream::flush(stream);
            }
            co_await PullStream::flush(stream);
        }
        co_return stream->is_open();
    }

    static io::Task<void> send_dump(Responder* responder, PullStream* stream, DumpWanted wanted,
                                    std::uint64_t settled) {
        auto& registry = responder->rooms_.registry;
        stream->add(pulled::dump_head());
        if (!wanted.from) stream->add(pulled::dump_position(pull_now_ms(), settled - 1));
        const auto prefixes = prefixes_of_dump(registry, wanted);
        for (const auto& prefix : prefixes) {
            auto whole = co_await send_handles(responder, stream, wanted, prefix);
            if (!whole) co_return;
        }
        const bool goes_on = wanted.from && wanted.from_kind == pulled::dump_from_prefix;
        const std::string last = goes_on ? canonical(*wanted.from, false) : std::string();
        for (const auto& prefix : registry.homed_prefixes()) {
            const std::string name = prefix_handle(prefix);
            if (name > last) stream->add(pulled::dump_prefix(name));
        }
        co_await PullStream::flush(stream, std::string(pulled::dump_end));
    }

    // Behind the last transaction that is whole on disk.
    static io::Task<Result<std::uint64_t>> settled_now(Responder* responder) {
        auto& registry = responder->rooms_.registry;
        auto settled = co_await registry.settled_before();
        CO_TRY(const auto last, registry.last_transaction());
        co_return std::min(settled, last + 1);
    }
};

// `who` has proved to be a mirror.
io::Task<void> AnswerSteps::pull(Responder* responder, Packet asked, Envelope to, MirrorWish wish,
                                 AnswerOut* out) {
    std::optional<std::string> refused;
    const auto* key = responder->rooms_.key;
    std::uint64_t after = wish.transactions.last_transaction;
    std::string queue;
    if (key == nullptr || responder->rooms_.signers == nullptr) {
        refused = refuse(*responder, asked, to, Answer::not_supported,
                         "this node has no key to sign the stream with");
    } else if (!wish.dump && !wish.transactions.state.empty()) {
        queue = queue_of(*key, responder->limits_.site_server);
        const auto last = last_in_state(wish.transactions.state, queue);
        if (last) after = *last;
        if (!last) refused = malformed(*responder, asked, last.error());
    }
    auto settled = co_await PullSteps::settled_now(responder);
    if (!refused && !settled)
        refused = refuse(*responder, asked, to, Answer::error, settled.error().context);
    if (refused) {
        (void)co_await out->send(std::move(*refused));
        co_return;
    }
    const auto hash = version_to_answer(to) >= Version{2, 7} ? trust::Hash::sha256 : trust::Hash::sha1;
    // Of transactions the body says whether the connection goes on behind the stream: it does not.
    const std::string body = wish.dump ? std::string() : std::string(1, '\0');
    auto taken = co_await out->send(message(*responder, asked, to, Answer::success, body));
    if (!taken) co_return;
    PullStream stream(*responder, *out, hash);
    ++responder->here().followers;
    if (wish.dump) {
        co_await PullSteps::send_dump(responder, &stream, std::move(*wish.dump), *settled);
    } else {
        const bool is_known = after < *settled;  // else it follows something that is not there
        co_await PullSteps::send_transactions(responder, &stream, std::move(wish.transactions),
                                              std::move(queue), after, *settled, is_known);
    }
    --responder->here().followers;
    out->end();
}

}  // namespace lineshaft::handle
