#include "store/commit_thread.h"

#include <rocksdb/convenience.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>

#include "store/batch_rep.h"
#include "store/status.h"

namespace lineshaft::store {
namespace {

// One synced write carries at most about this much, so nobody waits long behind a large one.
constexpr std::size_t group_bytes_max = 16 << 20;

std::uint64_t micros_since(std::chrono::steady_clock::time_point start) {
    const auto spent = std::chrono::steady_clock::now() - start;
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(spent).count());
}

bool removes_chunks(const Batch& batch) {
    const auto* rep = EngineAccess::rep(batch);
    return rep != nullptr && !rep->chunk_ranges.empty();
}

}  // namespace

CommitThread::CommitThread(Wiring wiring, Limits limits, Durability durability, Guard last)
    : wiring_(std::move(wiring)),
      limits_(limits),
      durability_(durability),
      guard_(last),
      ticket_next_(last.tickets_end),
      tickets_end_(last.tickets_end) {}

Result<void> CommitThread::begin() {
    TRY_VOID(write({}));
    thread_ = std::thread([this] { serve(); });
    return {};
}

std::optional<Error> CommitThread::refusal(const Batch& batch) {
    if (refused_) return refused_;
    if (closing_) return Error{Code::unavailable, "the store is closed"};
    if (batch.size_bytes() > limits_.batch_bytes_max) {
        return Error{Code::invalid, "one batch holds at most " +
                                        std::to_string(limits_.batch_bytes_max) + " bytes"};
    }
    if (batch.is_empty()) return std::nullopt;
    if (queued_bytes_ + batch.size_bytes() > limits_.queued_bytes_max) {
        return Error{Code::exhausted, "the disk is behind: too much is waiting to be written"};
    }
    if (!wiring_.space->has_room(batch.only_removes() || batch.uses_reserve())) {
        return Error{Code::exhausted, "the disk is nearly full (store.free_bytes_min)"};
    }
    return std::nullopt;
}

void CommitThread::submit(Batch batch, Store::Done done) {
    {
        std::unique_lock lock(mutex_);
        if (auto why = refusal(batch)) {
            lock.unlock();
            if (why->code == Code::exhausted) refusals_.fetch_add(1, std::memory_order_relaxed);
            done(std::unexpected(*std::move(why)));
            return;
        }
        queued_bytes_ += batch.size_bytes();
        queue_.push_back({std::move(batch), std::move(done)});
    }
    wake_.notify_one();
}

std::uint64_t CommitThread::ticket() {
    const std::uint64_t mine = ticket_next_.fetch_add(1);
    if (mine < tickets_end_.load()) return mine;
    // A million tickets since the last commit: have more reserved before this one is given.
    std::unique_lock lock(mutex_);
    extend_tickets_ = true;
    wake_.notify_one();
    tickets_extended_.wait(lock,
                           [&] { return mine < tickets_end_.load() || refused_ || closing_; });
    return mine;
}

void CommitThread::refuse(Error why) {
    {
        const std::lock_guard lock(mutex_);
        if (!refused_) refused_ = std::move(why);
    }
    wake_.notify_one();
    tickets_extended_.notify_all();
}

void CommitThread::serve() {
    for (;;) {
        Group group;
        std::size_t bytes = 0;
        if (!take_group(group, bytes)) return;
        commit(group);
        const std::lock_guard lock(mutex_);
        queued_bytes_ -= bytes;
    }
}

bool CommitThread::take_group(Group& group, std::size_t& bytes) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return !queue_.empty() || closing_ || extend_tickets_; });
    if (queue_.empty() && !extend_tickets_) return false;
    gather(lock);
    while (!queue_.empty()) {
        const std::size_t next = queue_.front().batch.size_bytes();
        if (!group.empty() && bytes + next > group_bytes_max) break;
        bytes += next;
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return true;
}

void CommitThread::gather(std::unique_lock<std::mutex>& lock) {
    const auto is_enough = [&] {
        return queue_.size() >= gathering_.expected() || queued_bytes_ >= group_bytes_max ||
               closing_ || extend_tickets_ || refused_;
    };
    if (!is_enough()) wake_.wait_for(lock, gathering_.patience(queued_bytes_), is_enough);
}

void CommitThread::commit(Group& group) {
    Result<void> outcome;
    bool has_work;
    {
        const std::lock_guard lock(mutex_);
        has_work = std::exchange(extend_tickets_, false);
        if (refused_) outcome = std::unexpected(*refused_);
    }
    for (const Waiting& waiting : group) has_work = has_work || !waiting.batch.is_empty();
    // A group of empty batches needs no write: everything before it is on disk already.
    if (outcome && has_work) {
        const auto start = std::chrono::steady_clock::now();
        outcome = write_and_drop(group);
        const auto spent = std::chrono::microseconds(micros_since(start));
        const std::lock_guard lock(mutex_);
        gathering_.note(group.size(), queue_.size(), spent);
    }
    if (outcome) batches_.fetch_add(group.size(), std::memory_order_relaxed);
    for (Waiting& waiting : group) waiting.done(outcome);
    group.clear();
    if (outcome && has_work && durability_ == Durability::fast) {
        const auto synced = wiring_.db->SyncWAL();
        if (!synced.ok()) (void)failed(synced, "sync the log");  // the hook has been told
    }
}

std::string CommitThread::merge(const Group& group, const Guard& guard) {
    std::size_t bytes = guarded_prefix_bytes();
    std::uint32_t count = 1;
    for (const Waiting& waiting : group) bytes += waiting.batch.size_bytes();
    std::string merged;
    merged.reserve(bytes);
    merged.assign(batch_header_bytes, '\0');
    append_default_put(merged, guard_key, encode(guard));
    for (const Waiting& waiting : group) {
        const auto* rep = EngineAccess::rep(waiting.batch);
        if (rep == nullptr) continue;
        merged.append(rep->operations);
        count += rep->count;
    }
    std::string little_endian;
    Writer(little_endian).put_le(count);
    merged.replace(8, 4, little_endian);
    return merged;
}

Result<void> CommitThread::write(const Group& group) {
    Guard guard = guard_;
    ++guard.commit;
    guard.tickets_end = ticket_next_.load() + tickets_per_block_;
    std::string merged = merge(group, guard);
    const std::size_t bytes = merged.size();
    rocksdb::WriteBatch batch(std::move(merged));
    rocksdb::WriteOptions options;
    options.sync = durability_ == Durability::synced;

    const auto start = std::chrono::steady_clock::now();
    const auto status = wiring_.db->Write(options, &batch);
    if (!status.ok()) return failed(status, "write the log");
    sync_micros_.fetch_add(micros_since(start), std::memory_order_relaxed);
    commits_.fetch_add(1, std::memory_order_relaxed);
    bytes_written_.fetch_add(bytes, std::memory_order_relaxed);
    guard_ = guard;
    {
        const std::lock_guard lock(mutex_);
        tickets_end_.store(guard.tickets_end);
    }
    tickets_extended_.notify_all();
    return {};
}

// A file ingested after the removal was written must not be dropped with the older ones.
Result<void> CommitThread::write_and_drop(const Group& group) {
    const bool drops = std::ranges::any_of(
        group, [](const Waiting& waiting) { return removes_chunks(waiting.batch); });
    if (!drops) return write(group);
    const std::lock_guard lock(*wiring_.chunk_files);
    TRY_VOID(write(group));
    return drop_chunk_files(group);
}

Result<void> CommitThread::failed(const rocksdb::Status& status, const char* doing) {
    Error why = error_of(status, doing);
    if (is_damage(status)) {
        wiring_.on_damage(status);
        why = {Code::unavailable, "the store is read-only: " + why.context};
    } else {
        wiring_.on_fatal(why.context);
        why = {Code::unavailable, "the store failed: " + why.context};
    }
    refuse(why);
    return std::unexpected(std::move(why));
}

Result<void> CommitThread::drop_chunk_files(const Group& group) {
    std::vector<rocksdb::Slice> bounds;
    for (const Waiting& waiting : group) {
        const auto* rep = EngineAccess::rep(waiting.batch);
        if (rep == nullptr) continue;
        for (const auto& [from, until] : rep->chunk_ranges) {
            bounds.emplace_back(from);
            bounds.emplace_back(until);
        }
    }
    for (std::size_t at = 0; at + 1 < bounds.size(); at += 2) {
        const auto status = rocksdb::DeleteFilesInRange(wiring_.db, wiring_.chunks, &bounds[at],
                                                        &bounds[at + 1], /*include_end=*/false);
        if (!status.ok()) return failed(status, "drop files of history.chunks");
    }
    return {};
}

void CommitThread::close() {
    {
        const std::lock_guard lock(mutex_);
        if (closing_) return;
        closing_ = true;
    }
    wake_.notify_all();
    tickets_extended_.notify_all();
    if (!thread_.joinable()) return;
    thread_.join();
    {
        const std::lock_guard lock(mutex_);
        if (refused_) return;
    }
    // A clean end wastes no tickets. Failing it has been told to the hook and costs only numbers.
    tickets_per_block_ = 0;
    (void)write({});
}

void CommitThread::add_to(Stats& stats) const {
    stats.commits = commits_.load(std::memory_order_relaxed);
    stats.batches = batches_.load(std::memory_order_relaxed);
    stats.bytes_written = bytes_written_.load(std::memory_order_relaxed);
    stats.sync_micros_total = sync_micros_.load(std::memory_order_relaxed);
    stats.refused = refusals_.load(std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    stats.queued_bytes = queued_bytes_;
}

}  // namespace lineshaft::store
