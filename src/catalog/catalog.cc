#include "catalog/catalog.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "catalog/checked_file.h"
#include "catalog/log_check.h"
#include "catalog/migrations.h"
#include "catalog/rows.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

// Makes the file readable by its owner only, or insists that it is; SQLite gives its -wal and
// -shm files the same mode.
Result<void> claim_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(Code::unavailable, std::strerror(errno));
    struct stat facts{};
    const bool is_known = ::fstat(file, &facts) == 0;
    ::close(file);
    if (!is_known || !S_ISREG(facts.st_mode)) return fail(Code::invalid, "not a file");
    if ((facts.st_mode & 077) != 0) {
        return fail(Code::denied, fmt::format("others may read or write it: chmod 600 {}", path));
    }
    return {};
}

// SQLite would go on without what stands behind the damage, and write over it.
Result<void> check_log_of(const std::string& path) {
    const std::string log = path + "-wal";
    TRY(const auto report, check_log(log));
    if (report.is_damaged()) {
        return fail(Code::corrupt, fmt::format("{} is damaged: {}; run `lineshaft repair`", log,
                                               describe(report)));
    }
    if (report.broken) log::warn("{}: {}", log, describe(report));
    return {};
}

Result<std::unique_ptr<Catalog>> open_claimed(const std::string& path, Instant now,
                                              const Limits& limits) {
    TRY(auto database, Database::open(path, {.busy_ms_max = limits.busy_ms_max,
                                             .text_bytes_max = limits.text_bytes_max}));
    TRY_VOID(migrate(*database, now));
    // Not worth a start that fails, on a full disk say: the next one tries again.
    if (auto done = database->checksum_pages(); !done)
        log::warn("{}: {}", path, done.error().context);
    auto catalog = std::make_unique<SqlCatalog>(std::move(database), limits);
    TRY_VOID(catalog->begin(now));
    return catalog;
}

}  // namespace

Result<std::unique_ptr<Catalog>> Catalog::open(const std::string& path, Instant now,
                                               const Limits& limits) {
    // Only the path's own errors: an existing file is not touched before its mode is known.
    auto claimed = claim_file(path);
    if (!claimed) return std::unexpected(claimed.error().in(fmt::format("open catalog {}", path)));
    TRY_VOID(check_first_page(path));
    TRY_VOID(check_log_of(path));
    auto catalog = open_claimed(path, now, limits);
    if (!catalog) return std::unexpected(catalog.error().in(fmt::format("open catalog {}", path)));
    return catalog;
}

Result<void> SqlCatalog::begin(Instant now) {
    TRY_VOID(
        database_->change("INSERT INTO organisation (id, name, created_at) VALUES ($1, $2, $3)"
                          " ON CONFLICT DO NOTHING",
                          {default_organisation, default_organisation_name, now}));
    TRY_VOID(
        database_->change("INSERT INTO counter (name, value) VALUES ($1, $2)"
                          " ON CONFLICT DO NOTHING",
                          {std::string_view("organisation"), default_organisation}));
    TRY(outside_version_, database_->outside_version());
    return load_all();
}

void SqlCatalog::touch() {
    ++version_;
    snapshot_.reset();
}

std::shared_ptr<const Snapshot> SqlCatalog::snapshot() {
    if (is_stale_) {
        auto loaded = load_all();
        if (!loaded) log::error("catalog cannot be read again: {}", loaded.error().context);
    }
    if (snapshot_) return snapshot_;
    Snapshot::Machines machines;
    std::size_t count = 0;
    for (const auto& [organisation, by_id] : machines_) count += by_id.size();
    machines.reserve(count);
    for (const auto& [organisation, by_id] : machines_) {
        for (const auto& [id, entry] : by_id) machines.push_back(entry);
    }
    snapshot_ =
        std::make_shared<const Snapshot>(version_, organisations_, sites_, std::move(machines));
    return snapshot_;
}

Result<bool> SqlCatalog::refresh() {
    TRY(const std::int64_t outside, database_->outside_version());
    if (outside == outside_version_ && !is_stale_) return false;
    TRY_VOID(load_all());
    outside_version_ = outside;
    return true;
}

Result<void> SqlCatalog::load_all() {
    TRY_VOID(load_organisations());
    TRY_VOID(load_sites());
    TRY_VOID(load_machines());
    is_stale_ = false;
    return {};
}

Result<std::int64_t> SqlCatalog::next_id(std::string_view name) {
    std::int64_t id = 0;
    TRY_VOID(
        database_->query("INSERT INTO counter (name, value) VALUES ($1, 1) ON CONFLICT (name)"
                         " DO UPDATE SET value = counter.value + 1 RETURNING value",
                         {name}, [&](const Row& row) { id = row.integer(0); }));
    return id;
}

Result<std::size_t> SqlCatalog::count(std::string_view sql, Database::Parameters parameters) {
    std::int64_t found = 0;
    TRY_VOID(database_->query(sql, parameters, [&](const Row& row) { found = row.integer(0); }));
    return static_cast<std::size_t>(found);
}

Result<void> SqlCatalog::check_organisation(OrganisationId organisation) {
    TRY(const std::size_t found,
        count("SELECT COUNT(*) FROM organisation WHERE id = $1", {organisation}));
    if (found == 0) return fail(Code::not_found, "no such organisation");
    return {};
}

Database& database_of(Catalog& catalog) {
    return static_cast<SqlCatalog&>(catalog).database();  // the only kind there is
}

}  // namespace lineshaft::catalog
