#pragma once
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "api/services.h"
#include "io/shard.h"
#include "io/workers.h"
#include "store/store.h"

namespace lineshaft::app {

/// A running node's backups: the snapshot that `lineshaft backup` asks for, and whole backups into
/// the directory of `backup.directory`. What it knows lives on shard 0, the work on a worker of its
/// own. Ends with stop(), which tells a backup under way to end, then close(), when nobody asks any
/// more; a backup that was stopped leaves nothing behind.
class BackupService final : public api::Backups {
public:
    struct Settings {
        std::string data;
        std::string node;
        std::string directory;  ///< empty: none are made here
        std::string key_file;
    };
    BackupService(io::Shards& shards, store::Store& store, Settings settings);

    io::Task<Result<api::Backups::Snapshot>> snapshot() override;
    io::Task<Result<api::BackupFacts>> start() override;
    io::Task<std::vector<api::BackupFacts>> list() override;

    void stop() { stop_.request_stop(); }
    /// From no shard's thread, while the shards run.
    void close() { worker_.reset(); }

private:
    friend struct BackupSteps;
    static constexpr std::size_t kept_max = 100;  ///< the newest are told of
    void run(std::uint64_t number);
    void update(std::uint64_t number, std::function<void(api::BackupFacts&)> change);

    io::Shards& shards_;
    store::Store& store_;
    const Settings settings_;
    std::vector<api::BackupFacts> all_;  // shard 0; newest last
    std::uint64_t next_ = 1;             // shard 0
    std::stop_source stop_;
    std::unique_ptr<io::Workers> worker_;
};

}  // namespace lineshaft::app
