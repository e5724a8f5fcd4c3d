#include "app/audit_room.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "trust/checkpoint.h"

namespace lineshaft::app {
namespace {

// Which settings are not the defaults: "mqtt.listen=127.0.0.1:0, node.name=hall".
std::string changed_settings(const Settings& settings) {
    std::string text;
    const Settings defaults;
    for (const Key& key : keys()) {
        const std::string value = key.text(settings);
        if (value == key.text(defaults)) continue;
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key.name, value);
    }
    return text;
}

io::Task<bool> record_one(trust::Audit* audit, trust::AuditRecord record) {
    auto recorded = co_await audit->record(std::move(record));
    if (!recorded) log::error("{}", recorded.error().context);
    co_return recorded.has_value();
}

}  // namespace

std::string audit_origin(const trust::SealKey& node_key) {
    const trust::SigningKey key(node_key.derive("audit"));
    const auto digest = trust::sha256(key.public_key());
    return "lineshaft/" + to_hex(as_bytes(trust::text_of(digest).substr(0, 4)));
}

Result<std::unique_ptr<AuditRoom>> AuditRoom::open(store::Store& store, const std::string& data) {
    TRY(auto key, trust::open_node_key(data + "/node.key"));
    std::unique_ptr<AuditRoom> room(new AuditRoom(store, std::move(key)));
    auto log = trust::AuditLog::open(store, room->key_, audit_origin(room->key_));
    if (log) {
        room->log_ = std::move(*log);
    } else {
        room->trouble_ = log.error().context +
                         "; nothing that must be recorded is done until that is mended: run "
                         "lineshaft audit verify --data DIR, then restore a backup";
        log::error("{}", room->trouble_);
    }
    return room;
}

void AuditRoom::start(io::Shards& shards, const Settings& settings, std::string_view version) {
    shards_ = &shards;
    readers_ = std::make_unique<io::Workers>("audit",
                                             io::Workers::Limits{.threads = 1, .queued_max = 64});
    audit_ = std::make_unique<trust::Audit>(shards, store_, log_.get(), *readers_);
    auto line = trust::audit_of(trust::node_principal(), "", "node.start",
                                fmt::format("Lineshaft {}", version), changed_settings(settings));
    if (log_) (void)shards.run_blocking(ShardIndex(0), record_one(audit_.get(), std::move(line)));
}

void AuditRoom::close() {
    if (!audit_) return;
    if (log_) {
        auto line = trust::audit_of(trust::node_principal(), "", "node.stop", "");
        (void)shards_->run_blocking(ShardIndex(0), record_one(audit_.get(), std::move(line)));
    }
    audit_->close();
    readers_.reset();
    audit_.reset();
}

Result<void> record_offline(const std::string& data, std::string_view action,
                            std::string_view target, std::string_view detail) {
    TRY(const auto opened, store::open(data + "/store", {}));
    TRY(const auto key, trust::open_node_key(data + "/node.key"));
    TRY(const auto log, trust::AuditLog::open(*opened.store, key, audit_origin(key)));
    trust::Principal owner;
    owner.kind = trust::PrincipalKind::loopback;
    owner.organisation = OrganisationId(1);
    owner.name = fmt::format("uid {}", ::getuid());
    auto record = trust::audit_of(owner, "", action, target, detail);
    const io::Clock& clock = io::Clock::system();
    record.at = clock.now();
    record.steady_ms = clock.steady().count();
    record.clock = clock.state();
    TRY_VOID(log->append_now(record));
    opened.store->close();
    return {};
}

}  // namespace lineshaft::app
