#include "identity/mirror.h"

#include "base/log.h"
#include "wire/handle/mirrors.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

constexpr handle::Limits mirror_wire{};
const Authority mirror_authority{true, {}};

Change change_of_movement(handle::Movement movement) {
    Change out;
    out.handle = std::move(movement.handle);
    out.keeps_times = true;
    if (movement.action == static_cast<std::uint8_t>(Action::remove)) {
        out.kind = Change::Kind::remove;
        return out;
    }
    out.kind = Change::Kind::replace_values;
    out.keeps_same = true;
    out.values = std::move(movement.values);
    return out;
}

bool is_home_movement(const handle::Movement& movement) {
    return movement.action == static_cast<std::uint8_t>(Action::home) ||
           movement.action == static_cast<std::uint8_t>(Action::unhome);
}

}  // namespace

struct MirrorSteps {
    static Result<std::uint64_t> followed(Mirror& mirror) {
        TRY(const auto kept, mirror.store_.get(store::Family::identity,
                                               followed_key(mirror.settings_.origin.text())));
        if (!kept) return 0;
        Reader in(as_bytes(*kept));
        return in.take_be<std::uint64_t>();
    }

    // What came together, in its order where that matters: prefixes between handles.
    static io::Task<Result<void>> take(Mirror* mirror, handle::Movements movements) {
        if (movements.after != mirror->stats_.followed)
            co_return fail(Code::invalid, "a message is missing, or came twice");
        if (movements.until == movements.after) co_return Result<void>{};
        std::vector<Change> changes;
        for (auto& movement : movements.all) {
            if (!is_home_movement(movement)) {
                changes.push_back(change_of_movement(std::move(movement)));
                continue;
            }
            std::vector<Change> before = std::exchange(changes, {});
            auto flushed = co_await apply(mirror, std::move(before));
            if (!flushed) co_return flushed;
            const bool homes = movement.action == static_cast<std::uint8_t>(Action::home);
            const std::string prefix = std::move(movement.handle);
            auto outcome = homes ? mirror->registry_.home(prefix, mirror_authority)
                                 : mirror->registry_.unhome(prefix, mirror_authority);
            auto done = co_await std::move(outcome);
            if (!done.is_good()) co_return fail(Code::unavailable, prefix + ": " + done.message);
        }
        auto flushed = co_await apply(mirror, std::move(changes));
        if (!flushed) co_return flushed;
        std::string number;
        Writer(number).put_be(movements.until);
        mirror->lane_.batch().put(store::Family::identity,
                                  followed_key(mirror->settings_.origin.text()), number);
        auto kept = co_await mirror->lane_.durable();
        if (kept) mirror->stats_.followed = movements.until;
        co_return kept;
    }

    static io::Task<Result<void>> apply(Mirror* mirror, std::vector<Change> changes) {
        if (changes.empty()) co_return Result<void>{};
        mirror->stats_.received += changes.size();
        auto outcomes =
            co_await mirror->registry_.change_many(std::move(changes), mirror_authority);
        for (const Outcome& outcome : outcomes) {
            // What was removed here already, and prefixes that live here no more, are no loss.
            const bool is_fine = outcome.is_good() ||
                                 outcome.answer == handle::Answer::handle_not_found ||
                                 outcome.answer == handle::Answer::not_responsible;
            if (!is_fine) co_return fail(Code::unavailable, outcome.handle + ": " + outcome.message);
        }
        co_return Result<void>{};
    }

    static io::Task<Result<void>> follow(Mirror* mirror, SessionClient* session) {
        session->prove_with(mirror->settings_.who, mirror->key_);
        CO_TRY(const auto after, followed(*mirror));
        mirror->stats_.followed = after;
        handle::TransactionsWanted wanted;
        wanted.last_transaction = after;
        auto reply = co_await session->ask(handle::Op::retrieve_transactions,
                                           handle::encode(wanted));
        for (;;) {
            if (!reply) co_return std::unexpected(reply.error());
            if (reply->header.answer != handle::Answer::success) {
                const auto why = handle::decode_refusal(as_bytes(reply->body), mirror_wire);
                co_return fail(Code::denied,
                               std::string(handle::words_of(reply->header.answer)) +
                                   (why ? ": " + why->message : ""));
            }
            CO_TRY(auto movements, handle::decode_movements(as_bytes(reply->body), mirror_wire));
            mirror->stats_.is_following = true;
            auto taken = co_await take(mirror, std::move(movements));
            if (!taken) co_return taken;
            if (!reply->header.has(handle::flag::continuous)) co_return Result<void>{};
            reply = co_await session->next(mirror->settings_.silence_max);
        }
    }

    static io::Task<void> run(Mirror* mirror) {
        bool is_first = true;
        while (!mirror->is_closed_) {
            auto session = co_await SessionClient::open(mirror->settings_.origin,
                                                        mirror->settings_.trusted);
            Result<void> ended;
            if (session) {
                mirror->session_ = session->get();
                if (mirror->is_closed_) (*session)->close();
                ended = co_await follow(mirror, session->get());
                mirror->session_ = nullptr;
                (*session)->close();
            } else {
                ended = Result<void>(std::unexpected(session.error()));
            }
            if (mirror->is_closed_) co_return;
            if (mirror->stats_.is_following || is_first) {
                log::warn("mirror of {}: {}", mirror->settings_.origin.text(),
                          ended ? "ended" : ended.error().context);
            }
            is_first = false;
            mirror->stats_.is_following = false;
            ++mirror->stats_.failed;
            auto whole = co_await mirror->pause_.wait(mirror->settings_.pause);
            (void)whole;
        }
    }

    static io::Task<bool> start_there(Mirror* mirror) {
        mirror->nursery_ = std::make_unique<io::Nursery>("handle mirror");
        mirror->nursery_->spawn(run(mirror), [mirror] {
            mirror->pause_.end();
            if (mirror->session_ != nullptr) mirror->session_->close();
        });
        co_return true;
    }

    static io::Task<bool> close_there(Mirror* mirror) {
        mirror->is_closed_ = true;
        if (mirror->nursery_) co_await mirror->nursery_->close();
        co_return true;
    }

    static io::Task<MirrorStats> stats_there(Mirror* mirror) { co_return mirror->stats_; }
};

Mirror::Mirror(Registry& registry, store::Store& store, io::Shards& shards, store::Lane& lane,
               trust::RsaKey key, Settings settings)
    : registry_(registry),
      store_(store),
      shards_(shards),
      lane_(lane),
      key_(std::move(key)),
      settings_(std::move(settings)) {}

Mirror::~Mirror() = default;

void Mirror::start() {
    shards_.run_blocking(ShardIndex(0), MirrorSteps::start_there(this));
}

void Mirror::close() {
    shards_.run_blocking(ShardIndex(0), MirrorSteps::close_there(this));
}

io::Task<MirrorStats> Mirror::stats() {
    auto out = co_await shards_.at(0).call(&MirrorSteps::stats_there, this);
    co_return out;
}

}  // namespace lineshaft::identity
