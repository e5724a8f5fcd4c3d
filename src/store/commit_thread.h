#pragma once
#include <rocksdb/db.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "store/gathering.h"
#include "store/guard.h"
#include "store/space.h"
#include "store/store.h"

namespace lineshaft::store {

/// Called with one clear sentence when the engine failed to write. The product logs it and ends the
/// process; a test's may return, and then the store answers `unavailable` for ever.
using FatalHook = std::function<void(const std::string&)>;

/// The one thread that writes. It takes all that is queued, makes one write-ahead record of it,
/// syncs once and answers everybody in the order of submit. Meanwhile the next queue fills, so the
/// slower the disk, the larger the groups. Who is about to write again is waited for a moment.
class CommitThread {
public:
    struct Wiring {
        rocksdb::DB* db = nullptr;
        rocksdb::ColumnFamilyHandle* chunks = nullptr;
        std::mutex* chunk_files = nullptr;  ///< held while files join or leave history.chunks
        Space* space = nullptr;
        FatalHook on_fatal;
        /// A background job found damage, so the engine refuses to write: says what to answer.
        std::function<void(const rocksdb::Status&)> on_damage;
    };
    CommitThread(Wiring wiring, Limits limits, Durability durability, Guard last);
    ~CommitThread() { close(); }

    /// Writes the first commit of this run, so tickets can be given; before anything else.
    Result<void> begin();

    void submit(Batch batch, Store::Done done);
    std::uint64_t ticket();
    /// Refuses everything from now on with `why`; what is queued is answered with it too.
    void refuse(Error why);
    void close();
    void add_to(Stats& stats) const;

private:
    struct Waiting {
        Batch batch;
        Store::Done done;
    };
    using Group = std::deque<Waiting>;

    void serve();
    bool take_group(Group& group, std::size_t& bytes);
    void gather(std::unique_lock<std::mutex>& lock);
    void commit(Group& group);
    Result<void> write(const Group& group);
    Result<void> write_and_drop(const Group& group);
    static std::string merge(const Group& group, const Guard& guard);
    Result<void> failed(const rocksdb::Status& status, const char* doing);
    Result<void> drop_chunk_files(const Group& group);
    std::optional<Error> refusal(const Batch& batch);

    const Wiring wiring_;
    const Limits limits_;
    const Durability durability_;
    Guard guard_;  // of the last commit; commit thread only, after begin()
    Gathering gathering_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable tickets_extended_;
    Group queue_;
    std::size_t queued_bytes_ = 0;
    std::optional<Error> refused_;  // set once, by refuse() and close()
    bool closing_ = false;
    bool extend_tickets_ = false;
    std::uint64_t tickets_per_block_ = 1 << 20;  // 0 for the last commit of a run

    std::atomic<std::uint64_t> ticket_next_;
    std::atomic<std::uint64_t> tickets_end_;
    std::atomic<std::uint64_t> commits_{0}, batches_{0}, bytes_written_{0}, sync_micros_{0};
    std::atomic<std::uint64_t> refusals_{0};
    std::thread thread_;
};

}  // namespace lineshaft::store
