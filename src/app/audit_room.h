#pragma once
#include <memory>
#include <string>

#include "app/settings.h"
#include "io/shard.h"
#include "io/workers.h"
#include "store/store.h"
#include "trust/audit.h"
#include "trust/seal.h"

namespace lineshaft::app {

/// The node's own key (DATA/node.key) and its audit log. Opened after the store, ended before it.
class AuditRoom {
public:
    /// A log that was tampered with, or a store that cannot be read, does not keep the node from
    /// starting: `trouble` says what it is, and whatever must be recorded is refused. Errors: of the
    /// key file.
    static Result<std::unique_ptr<AuditRoom>> open(store::Store& store, const std::string& data);

    const trust::SealKey& key() const { return key_; }
    const std::string& trouble() const { return trouble_; }

    /// Begins recording, first that the node started and with which settings.
    void start(io::Shards& shards, const Settings& settings, std::string_view version);
    trust::Audit& audit() { return *audit_; }
    /// Records the end and waits until all is written. While shards and store still run.
    void close();

private:
    AuditRoom(store::Store& store, trust::SealKey key) : store_(store), key_(std::move(key)) {}

    store::Store& store_;
    trust::SealKey key_;
    std::string trouble_;
    std::unique_ptr<trust::AuditLog> log_;
    std::unique_ptr<io::Workers> readers_;
    std::unique_ptr<trust::Audit> audit_;
    io::Shards* shards_ = nullptr;
};

/// The log's name in its checkpoints: "lineshaft/" and eight digits of the node's key.
std::string audit_origin(const trust::SealKey& node_key);

/// Records what a command did while no node ran. Errors: of the store and the log; then the command
/// does nothing. conflict: a node runs on `data` after all.
Result<void> record_offline(const std::string& data, std::string_view action,
                            std::string_view target, std::string_view detail);

}  // namespace lineshaft::app
