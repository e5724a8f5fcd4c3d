#include "store/faulty.h"

#include <fcntl.h>
#include <unistd.h>

#include <deque>
#include <mutex>

namespace lineshaft::store {

struct FaultyStore::State {
    explicit State(Store& the_inner) : inner(the_inner) {}

    Store& inner;
    mutable std::mutex mutex;
    std::uint64_t fail_in = 0;  // 0: not armed
    Error why;
    bool is_full = false;
    bool is_holding = false;
    std::deque<std::pair<Done, Result<void>>> held;

    std::optional<Error> spoil() {
        const std::lock_guard lock(mutex);
        if (is_full) return Error{Code::exhausted, "the disk is nearly full (pretended)"};
        if (fail_in > 0 && --fail_in == 0) return why;
        return std::nullopt;
    }
    void answer(Done done, Result<void> outcome) {
        {
            const std::lock_guard lock(mutex);
            if (is_holding) {
                held.emplace_back(std::move(done), std::move(outcome));
                return;
            }
        }
        done(std::move(outcome));
    }
    bool is_pretending_full() const {
        const std::lock_guard lock(mutex);
        return is_full;
    }
};

FaultyStore::FaultyStore(Store& inner) : state_(std::make_shared<State>(inner)) {}
FaultyStore::~FaultyStore() {
    release();
}

void FaultyStore::fail_submit(std::uint64_t nth, Error why) {
    const std::lock_guard lock(state_->mutex);
    state_->fail_in = nth;
    state_->why = std::move(why);
}

void FaultyStore::pretend_full(bool is_full) {
    const std::lock_guard lock(state_->mutex);
    state_->is_full = is_full;
}

void FaultyStore::hold_answers() {
    const std::lock_guard lock(state_->mutex);
    state_->is_holding = true;
}

void FaultyStore::release() {
    std::unique_lock lock(state_->mutex);
    while (!state_->held.empty()) {
        auto [done, outcome] = std::move(state_->held.front());
        state_->held.pop_front();
        lock.unlock();
        done(std::move(outcome));
        lock.lock();
    }
    state_->is_holding = false;
}

std::size_t FaultyStore::held() const {
    const std::lock_guard lock(state_->mutex);
    return state_->held.size();
}

void FaultyStore::submit(Batch batch, Done done) {
    if (auto why = state_->spoil()) {
        return state_->answer(std::move(done), std::unexpected(*std::move(why)));
    }
    state_->inner.submit(std::move(batch),
                         [state = state_, done = std::move(done)](Result<void> outcome) mutable {
                             state->answer(std::move(done), std::move(outcome));
                         });
}

Result<void> FaultyStore::ingest(Family family, std::span<const Entry> ascending) {
    if (auto why = state_->spoil()) return std::unexpected(*std::move(why));
    return state_->inner.ingest(family, ascending);
}

std::uint64_t FaultyStore::ticket() {
    return state_->inner.ticket();
}
Result<std::optional<std::string>> FaultyStore::get(Family family, std::string_view key) {
    return state_->inner.get(family, key);
}
std::unique_ptr<Cursor> FaultyStore::scan(Family family, std::string_view from,
                                          std::string_view until) {
    return state_->inner.scan(family, from, until);
}
Result<void> FaultyStore::begin_new_log() {
    return state_->inner.begin_new_log();
}
Result<void> FaultyStore::merge_files(Family family, std::string_view from,
                                      std::string_view until) {
    return state_->inner.merge_files(family, from, until);
}
void FaultyStore::stop_merging() {
    state_->inner.stop_merging();
}
std::uint64_t FaultyStore::size_bytes(Family family) {
    return state_->inner.size_bytes(family);
}
Result<void> FaultyStore::checkpoint(const std::string& directory) {
    return state_->inner.checkpoint(directory);
}
Stats FaultyStore::stats() const {
    Stats stats = state_->inner.stats();
    stats.is_accepting = stats.is_accepting && !state_->is_pretending_full();
    return stats;
}
bool FaultyStore::is_read_only() const {
    return state_->inner.is_read_only();
}
void FaultyStore::close() {
    release();
    state_->inner.close();
}

Result<void> flip_bit(const std::string& path, std::uint64_t byte, unsigned bit) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return fail(Code::not_found, "open " + path);
    unsigned char value = 0;
    const auto at = static_cast<off_t>(byte);
    bool done = ::pread(fd, &value, 1, at) == 1;
    value = static_cast<unsigned char>(value ^ (1u << bit));
    done = done && ::pwrite(fd, &value, 1, at) == 1;
    ::close(fd);
    if (!done) return fail(Code::invalid, "no byte " + std::to_string(byte) + " in " + path);
    return {};
}

}  // namespace lineshaft::store
