#pragma once
#include <functional>
#include <vector>

#include "io/shard.h"
#include "store/store.h"

namespace lineshaft::store {

/// One shard's way into the store. Everything a shard writes during one turn of its loop, or while
/// its previous commit is under way, forms one *round*: one batch, atomic, one sync. So a message,
/// the sample in it, the retained value and the session's state become durable together, and an
/// inbox record holds all the messages of a round. Where several send in bulk (few wait for many
/// bytes), a round stays open a moment longer, so that they share it.
///
/// Owner: one shard; call from it only. Ends after flush(): destroying it with a round open or
/// under way is a bug, and so is ending the shard or the store before it.
class Lane {
public:
    struct Limits {
        std::size_t round_bytes_max = 8 << 20;  ///< then is_full() and producers stop reading
        std::size_t waiting_max = 65'536;       ///< callbacks of one round
    };
    /// Called when a round is sealed, to add the participant's records for it.
    using Sealer = std::function<void(Batch&)>;
    using Done = std::move_only_function<void(Result<void>)>;

    Lane(Store& store, io::Shard& shard, Limits limits);
    ~Lane();
    Lane(const Lane&) = delete;

    /// Takes part in every round from now on, in the order of joining. At start-up only.
    void join(Sealer sealer);

    /// The open round's batch; adding to it opens a round. Not kept across a suspension.
    Batch& batch();
    /// Opens a round if none is, for a participant that writes at sealing.
    void touch();
    /// Tells how many bytes a participant will add at sealing, for is_full().
    void expect(std::size_t bytes);

    /// Calls `done` on this shard when the open round is on disk; opens one if none is. Callbacks
    /// of a round run in the order they were given, rounds in their order. A round in which nothing
    /// was written costs no commit. `done` may write and call then() again: that is a later round.
    /// Errors as Store::submit; the whole round fails together.
    void then(Done done);
    io::Task<Result<void>> durable();

    /// True while the open round has reached its limit: stop reading, try again after then().
    bool is_full() const;

    /// Seals what is open and waits for everything under way. Errors: those of the last round.
    io::Task<Result<void>> flush();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace lineshaft::store
