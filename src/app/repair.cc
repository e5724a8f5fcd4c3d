#include "app/repair.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "app/backup.h"
#include "base/log.h"
#include "catalog/checked_file.h"
#include "catalog/copy.h"
#include "catalog/log_check.h"
#include "history/chunk.h"
#include "history/dictionary.h"
#include "history/inbox.h"
#include "history/keys.h"
#include "io/clock.h"
#include "store/repair.h"

namespace lineshaft::app {
namespace {

namespace fs = std::filesystem;

void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

// Turns keys into what people call them.
class Account {
public:
    explicit Account(store::Store& store) : store_(store) {
        const auto cursor = store.scan(store::Family::history_series, "", "");
        for (; cursor->is_valid(); cursor->next()) {
            auto series = history::parse_series(cursor->key(), cursor->value());
            if (series) names_.emplace(series->id, *std::move(series));
        }
    }

    void tell(const store::RepairReport& report) {
        tell_chunks(report);
        for (const auto& finding : report.findings) {
            if (finding.kind == store::Finding::Kind::lost_keys && finding.family)
                tell_gap(finding);
        }
        tell_inbox();
    }

private:
    std::string name_of(SeriesId id) const {
        const auto found = names_.find(id);
        if (found == names_.end()) return fmt::format("unknown series {}", id.number());
        return found->second.machine + " / " + found->second.tag;
    }

    // Entries of unreadable blocks that are chunks, by their looks, and are not there any more.
    void tell_chunks(const store::RepairReport& report) {
        for (const auto& entry : report.legible) {
            const auto key = history::parse_chunk_key(entry.key);
            if (!key || !names_.contains(key->series)) continue;
            const auto kept = store_.get(store::Family::history_chunks, entry.key);
            if (kept && *kept) continue;
            const auto header = history::guess_chunk_header(as_bytes(entry.value));
            const bool is_likely = header && header->first == key->first;
            say(is_likely
                    ? fmt::format("  lost: {}, {} samples from {} to {}", name_of(key->series),
                                  header->count, to_rfc3339(header->first),
                                  to_rfc3339(header->last))
                    : fmt::format("  lost: {}, an unknown number of samples from {}",
                                  name_of(key->series), to_rfc3339(key->first)));
        }
    }

    void tell_gap(const store::Finding& gap) const {
        const auto shown = [&](const std::string& key, const char* edge) {
            if (key.empty()) return std::string(edge);
            if (*gap.family == store::Family::history_chunks) {
                if (const auto chunk = history::parse_chunk_key(key)) {
                    return fmt::format("{} at {}", name_of(chunk->series),
                                       to_rfc3339(chunk->first));
                }
            }
            return "key " + to_hex(as_bytes(key));
        };
        say(fmt::format("  lost: whatever stood in {} between {} and {}",
                        store::name_of(*gap.family), shown(gap.from_key, "its beginning"),
                        shown(gap.until_key, "its end")));
    }

    // Inbox records name the one before: what is missing was refused at the time, or is lost.
    void tell_inbox() {
        std::uint32_t shard = history::inbox_quarantine;
        std::uint64_t before = 0, records = 0, samples = 0;
        const auto cursor = store_.scan(store::Family::history_inbox, "",
                                        history::inbox_key(history::inbox_quarantine, 0));
        for (; cursor->is_valid(); cursor->next()) {
            const auto key = history::parse_inbox_key(cursor->key());
            if (!key) continue;
            const auto record = history::parse_inbox(key->ticket, as_bytes(cursor->value()));
            if (!record) {
                say(fmt::format("  lost: the samples of inbox record {} of shard {}", key->ticket,
                                key->shard));
                continue;
            }
            ++records;
            samples += record->series.size();
            if (key->shard == shard && record->header.previous != before) {
                say(fmt::format("  lost: inbox records of shard {} between tickets {} and {} (or "
                                "refused at the time: then they were never acknowledged)",
                                shard, before, key->ticket));
            }
            shard = key->shard;
            before = key->ticket;
        }
        say(fmt::format("  kept: {} inbox records with {} samples not sealed yet", records,
                        samples));
    }

    store::Store& store_;
    std::unordered_map<SeriesId, history::Series> names_;
};

Result<bool> repair_store(const RepairWords& words) {
    store::RepairOptions options;
    options.apply = words.apply;
    options.look = [](store::Store& store, const store::RepairReport& report) {
        for (const auto& finding : report.findings) say("store: " + finding.text);
        bool has_losses = false;
        for (const auto& finding : report.findings) has_losses |= finding.is_loss();
        if (has_losses) Account(store).tell(report);
    };
    TRY(const auto report, store::repair(words.data + "/store", options));
    if (report.findings.empty()) {
        say("store: whole");
        return true;
    }
    if (report.is_rebuilt) say("store: everything that could be read was copied into new files");
    if (report.aside.empty()) return false;
    say("store: repaired; the damaged files are in " + report.aside);
    return true;
}

std::string unused_name(const std::string& path) {
    std::error_code failed;
    for (int number = 1;; ++number) {
        std::string name = fmt::format("{}.damaged-{}", path, number);
        if (!fs::exists(name, failed)) return name;
    }
}

Result<void> replace_catalog(const std::string& path, const std::string& repaired) {
    const std::string aside = unused_name(path);
    std::error_code failed;
    // The file goes last: until then a start would only find the damage again.
    for (const char* ending : {"-wal", "-shm"}) {
        if (fs::exists(path + ending, failed)) fs::rename(path + ending, aside + ending, failed);
    }
    if (!failed) fs::copy_file(path, aside, failed);
    if (!failed) fs::permissions(aside, fs::perms::owner_read | fs::perms::owner_write, failed);
    if (!failed) fs::rename(repaired, path, failed);
    if (failed) {
        return fail(Code::unavailable,
                    fmt::format("put {} in its place: {}", repaired, failed.message()));
    }
    say("catalog: repaired; the damaged file is " + aside);
    return {};
}

// The catalog, a copy of which is looked at and mended.
class CatalogRepair {
public:
    explicit CatalogRepair(const RepairWords& words)
        : path_(words.data + "/catalog.db"),
          work_(path_ + ".repair-work"),
          fresh_(path_ + ".repair-new"),
          apply_(words.apply) {
        remove_all();  // of a repair that was cut short
    }
    ~CatalogRepair() { remove_all(); }

    Result<bool> run() {
        TRY_VOID(copy());
        TRY(const auto log, catalog::mend_log(work_ + "-wal"));
        // A log that cannot be taken in is damage like any other: what is in the file stays.
        const auto settled = catalog::settle_catalog(work_);
        TRY(const auto pages, catalog::check_pages(work_, /*mend=*/true));
        TRY(auto problems, catalog::check_catalog(work_));
        if (!settled) problems.push_back(settled.error().context);
        if (pages.empty() && problems.empty() && log.empty()) {
            say("catalog: whole");
            return true;
        }
        for (const auto& found : log) tell(found);
        for (const auto& page : pages) tell(page);
        for (const auto& problem : problems) say("catalog: " + problem);
        bool is_mended = problems.empty();
        for (const auto& page : pages) is_mended = is_mended && page.flipped_bit >= 0;
        if (!is_mended) {
            TRY_VOID(salvage());
        }
        if (!apply_) return false;
        TRY_VOID(replace_catalog(path_, is_mended ? work_ : fresh_));
        return true;
    }

private:
    Result<void> copy() const {
        std::error_code failed;
        for (const char* ending : {"", "-wal"}) {
            if (fs::exists(path_ + ending, failed)) fs::copy_file(path_ + ending, work_ + ending, failed);
            if (failed) return fail(Code::exhausted, "copy " + path_ + ": " + failed.message());
        }
        fs::permissions(work_, fs::perms::owner_read | fs::perms::owner_write, failed);
        return {};
    }

    static void tell(const catalog::LogReport& log) {
        for (const auto bit : log.flipped_bits) {
            say(fmt::format("catalog: bit {} of byte {} of its log was flipped; flipped back, "
                            "nothing is lost",
                            bit % 8, bit / 8));
        }
        if (!log.broken) return;
        const auto& broken = *log.broken;
        if (broken.page == 0) {
            say(fmt::format("catalog: its log cannot be read from byte {} on; lost with it: {} or "
                            "more acknowledged changes, the last ones before the stop",
                            broken.from_byte, broken.changes_behind));
        } else if (broken.is_replaced) {
            say(fmt::format("catalog: frame {} of its log (from byte {}) was damaged; its page stands "
                            "whole further on, nothing is lost",
                            broken.frame, broken.from_byte));
        } else {
            say(fmt::format("catalog: frame {} of its log (from byte {}) is damaged: nothing vouches "
                            "for the rows of page {} in it",
                            broken.frame, broken.from_byte, broken.page));
        }
    }

    static void tell(const catalog::DamagedPage& page) {
        if (page.flipped_bit >= 0) {
            say(fmt::format("catalog: bit {} of byte {} was flipped; flipped back, nothing is lost",
                            page.flipped_bit % 8, page.flipped_bit / 8));
        } else {
            say(fmt::format("catalog: the checksum of page {} (from byte {}) does not fit: nothing "
                            "vouches for the rows in it",
                            page.page, page.from_byte));
        }
    }

    Result<void> salvage() const {
        TRY(const auto tables, catalog::salvage_catalog(work_, fresh_, io::Clock::system().now()));
        std::uint64_t kept = 0;
        for (const auto& table : tables) {
            kept += table.kept;
            if (table.why.empty() && table.gap_rows == 0) continue;
            const std::string cut =
                table.cut_after > 0 ? fmt::format(", nor any row behind number {}", table.cut_after)
                                    : "";
            say(fmt::format("  {}: {} rows kept, {} against a rule of the table, {} places between "
                            "them could not be read{} ({})",
                            table.table, table.kept, table.refused, table.gap_rows, cut, table.why));
        }
        say(fmt::format("  kept: {} rows in {} tables", kept, tables.size()));
        return {};
    }

    void remove_all() const {
        std::error_code ignored;
        for (const auto& path : {work_, fresh_}) {
            for (const char* ending : {"", "-wal", "-shm"}) fs::remove(path + ending, ignored);
        }
    }

    const std::string path_, work_, fresh_;
    const bool apply_;
};

}  // namespace

Result<bool> repair(const RepairWords& words) {
    TRY_VOID(log::start(log::Level::error));  // to standard error: standard output is the account
    TRY_VOID(check_restored(words.data));
    std::error_code failed;
    if (!fs::is_directory(words.data + "/store", failed))
        return fail(Code::not_found, words.data + " is no data directory: no store there. Give the directory "
                                         "that the node was started with (serve --data DIR)");
    const OwnerGuard owner(words.data);
    // The store's lock keeps a node from starting meanwhile; the catalog is looked at second.
    TRY(const bool is_store_whole, repair_store(words));
    bool is_catalog_whole = true;
    if (fs::exists(words.data + "/catalog.db", failed)) {
        TRY(is_catalog_whole, CatalogRepair(words).run());
    }
    if (is_store_whole && is_catalog_whole) return true;
    say("Nothing was changed. Run it again with --apply to put repaired files in place.");
    return false;
}

}  // namespace lineshaft::app
