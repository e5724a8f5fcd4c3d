#include "app/backup_service.h"

#include <algorithm>
#include <filesystem>

#include "app/backup.h"
#include "base/log.h"

namespace lineshaft::app {

// What runs on shard 0.
struct BackupSteps {
    static io::Task<Result<api::BackupFacts>> start(BackupService* service) {
        auto& all = service->all_;
        const bool is_running =
            std::ranges::any_of(all, [](const auto& one) { return one.state == "running"; });
        if (is_running) co_return fail(Code::conflict, "a backup is under way");
        api::BackupFacts facts;
        facts.id = service->next_++;
        facts.state = "running";
        facts.started_at = io::Shard::here().now();
        all.push_back(facts);
        if (all.size() > BackupService::kept_max) all.erase(all.begin());
        const bool is_queued =
            service->worker_->try_post([service, number = facts.id] { service->run(number); });
        if (!is_queued) {
            all.pop_back();
            co_return fail(Code::exhausted, "too much is waiting to be backed up");
        }
        co_return facts;
    }
    static io::Task<std::vector<api::BackupFacts>> list(BackupService* service) {
        co_return service->all_;
    }
};

BackupService::BackupService(io::Shards& shards, store::Store& store, Settings settings)
    : shards_(shards),
      store_(store),
      settings_(std::move(settings)),
      worker_(std::make_unique<io::Workers>("backup",
                                            io::Workers::Limits{.threads = 1, .queued_max = 8})) {
    clear_snapshot(settings_.data);
}

io::Task<Result<api::Backups::Snapshot>> BackupService::snapshot() {
    auto work = [this]() -> Result<api::Backups::Snapshot> {
        TRY(auto taken, take_snapshot(settings_.data, store_));
        return api::Backups::Snapshot{std::move(taken.directory), taken.sequence};
    };
    co_return co_await worker_->run(std::move(work));
}

io::Task<Result<api::BackupFacts>> BackupService::start() {
    if (settings_.directory.empty()) {
        co_return fail(Code::conflict,
                       "this node has no backup.directory; use `lineshaft backup`, or set it");
    }
    co_return co_await shards_.at(0).call(&BackupSteps::start, this);
}

io::Task<std::vector<api::BackupFacts>> BackupService::list() {
    co_return co_await shards_.at(0).call(&BackupSteps::list, this);
}

void BackupService::update(std::uint64_t number, std::function<void(api::BackupFacts&)> change) {
    shards_.at(0).post([this, number, change = std::move(change)] {
        for (auto& one : all_) {
            if (one.id == number) change(one);
        }
    });
}

// On the worker.
void BackupService::run(std::uint64_t number) {
    BackupJob job;
    job.data = settings_.data;
    job.to = settings_.directory;
    job.key_file = settings_.key_file;
    job.node = settings_.node;
    job.snapshot = [this] { return take_snapshot(settings_.data, store_); };
    job.show = [this, number, shown = 0, stop = stop_.get_token()](std::uint64_t done,
                                                                   std::uint64_t total) mutable {
        const int percent = total == 0 ? 100 : static_cast<int>(done * 100 / total);
        if (percent != shown) {
            shown = percent;
            update(number, [=](api::BackupFacts& facts) {
                facts.bytes_done = done;
                facts.bytes_total = total;
            });
        }
        return !stop.stop_requested();
    };
    auto made = make_backup(job);
    if (made) {
        log::info("backup {}: {} bytes, read back and found whole", made->path, made->size_bytes);
    } else {
        log::error("backup into {}: {}", job.to, made.error().context);
    }
    update(number, [made = std::move(made)](api::BackupFacts& facts) {
        facts.ended_at = io::Shard::here().now();
        facts.state = made ? "done" : "failed";
        if (made) {
            facts.file = std::filesystem::path(made->path).filename().string();
            facts.bytes_done = facts.bytes_total = made->size_bytes;
        } else {
            facts.why = made.error().context;
        }
    });
}

}  // namespace lineshaft::app
