#include "store/lane.h"

#include "base/check.h"
#include "io/soon.h"

namespace lineshaft::store {
namespace {

// A round is bulk when so much is written for each who waits: bodies of many samples, not messages.
constexpr std::size_t bulk_bytes_per_waiter = 2'048;
// Those who send in bulk beside each other are committed together: what one waits is less than its
// body takes to be read, and a sync costs as much as a thousand samples.
constexpr std::chrono::microseconds bulk_patience{1500};

}  // namespace

// Callbacks travel in two vectors that change places, so a round allocates nothing once warm.
struct Lane::State : std::enable_shared_from_this<Lane::State> {
    State(Store& the_store, io::Shard& the_shard, Limits the_limits)
        : store(the_store), shard(the_shard), limits(the_limits), pause(the_shard) {}

    Store& store;
    io::Shard& shard;
    const Limits limits;
    std::vector<Sealer> sealers;

    Batch batch;                // the open round
    std::vector<Done> waiting;  // its callbacks
    std::size_t expected_bytes = 0;
    std::size_t expected_waiting = 0;  // who waited for the last round in bulk, or came behind it
    bool is_open = false;
    bool is_sealing_posted = false;

    bool is_under_way = false;
    bool is_bulk_under_way = false;
    std::vector<Done> committing;  // callbacks of the round under way
    std::vector<Done> answering;   // being called now
    io::Soon pause;  // until the open round is sealed

    bool is_idle() const { return !is_open && !is_under_way && answering.empty(); }

    void open() {
        is_open = true;
        // While a round is under way its end seals the next.
        if (is_under_way || is_sealing_posted || pause.is_armed()) return;
        is_sealing_posted = true;
        shard.post([state = shared_from_this()] {
            state->is_sealing_posted = false;
            state->seal_or_pause();
        });
    }

    // Who sent in bulk beside others a moment ago is likely to do so again just now.
    void seal_or_pause() {
        if (is_open && !is_under_way && !pause.is_armed() && is_bulk() && !is_whole())
            seal_after(bulk_patience);
        else
            seal();
    }

    void seal() {
        if (!is_open || is_under_way || pause.is_armed()) return;
        is_bulk_under_way = is_bulk();
        for (const Sealer& sealer : sealers) sealer(batch);
        is_open = false;
        expected_bytes = 0;
        committing.swap(waiting);
        is_under_way = true;
        if (batch.is_empty()) {
            shard.post([state = shared_from_this()] { state->committed({}); });
            return;
        }
        store.submit(std::exchange(batch, Batch{}),
                     [state = shared_from_this()](Result<void> outcome) {
                         state->shard.post([state, outcome = std::move(outcome)]() mutable {
                             state->committed(std::move(outcome));
                         });
                     });
    }

    bool is_bulk() const {
        return !waiting.empty() &&
               batch.size_bytes() + expected_bytes >= bulk_bytes_per_waiter * waiting.size();
    }

    bool is_whole() const { return waiting.size() >= expected_waiting; }

    void seal_after(std::chrono::microseconds patience) {
        pause.arm(patience, [this] { seal(); });
    }

    // Who says little does not wait for those who say much, nor anybody once all are there.
    void hurry() {
        if (pause.is_armed() && (!is_bulk() || is_whole())) seal_after({});
    }

    // The next round leaves first, so that the disk is busy while the callbacks run.
    void committed(Result<void> outcome) {
        is_under_way = false;
        CHECK(answering.empty());
        answering.swap(committing);
        expected_waiting = is_bulk_under_way ? answering.size() + waiting.size() : 0;
        seal_or_pause();
        for (Done& done : answering) std::exchange(done, nullptr)(outcome);
        answering.clear();
    }
};

Lane::Lane(Store& store, io::Shard& shard, Limits limits)
    : state_(std::make_shared<State>(store, shard, limits)) {}

Lane::~Lane() {
    CHECK(state_->is_idle());
}

void Lane::join(Sealer sealer) {
    state_->sealers.push_back(std::move(sealer));
}

Batch& Lane::batch() {
    state_->open();
    return state_->batch;
}

void Lane::touch() {
    state_->open();
}

void Lane::expect(std::size_t bytes) {
    state_->open();
    state_->expected_bytes += bytes;
}

void Lane::then(Done done) {
    state_->open();
    state_->waiting.push_back(std::move(done));
    state_->hurry();
}

io::Task<Result<void>> Lane::durable() {
    co_return co_await io::suspend<Result<void>>([this](io::Answer<Result<void>> answer) {
        then([answer = std::move(answer)](Result<void> outcome) mutable {
            answer(std::move(outcome));
        });
    });
}

bool Lane::is_full() const {
    return state_->batch.size_bytes() + state_->expected_bytes >= state_->limits.round_bytes_max ||
           state_->waiting.size() >= state_->limits.waiting_max;
}

io::Task<Result<void>> Lane::flush() {
    Result<void> last;
    while (!state_->is_idle()) {
        // Opens a round behind the one under way; an empty one costs no commit.
        auto outcome = co_await durable();
        last = std::move(outcome);
    }
    co_return last;
}

}  // namespace lineshaft::store
