#include "store/options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/log.h"

namespace lineshaft::store {
namespace {

// The engine's errors go to our log as warnings, its warnings as debug lines, so there is no log
// file of its own to bound.
class LogBridge final : public rocksdb::Logger {
public:
    LogBridge() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
    using Logger::Logv;
    void Logv(const char*, va_list) override {}  // headers: the options, at every start
    __attribute__((format(printf, 3, 0))) void Logv(const rocksdb::InfoLogLevel level,
                                                    const char* format, va_list values) override {
        if (level < GetInfoLogLevel() || level >= rocksdb::InfoLogLevel::HEADER_LEVEL) return;
        std::array<char, 512> line;
        const int length = std::vsnprintf(line.data(), line.size(), format, values);
        if (length <= 0) return;
        std::ranges::replace(line, '\n', ' ');
        const bool is_error = level >= rocksdb::InfoLogLevel::ERROR_LEVEL;
        log::write(is_error ? log::Level::warn : log::Level::debug,
                   std::string("store engine: ") + line.data());
    }
};

rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.cache_index_and_filter_blocks = true;  // so the cache bounds them too
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;
    table.block_size = 8 << 10;
    return table;
}

// Families asked for single keys: sessions, retained values, the dictionary.
void tune_for_lookups(rocksdb::ColumnFamilyOptions&, rocksdb::BlockBasedTableOptions& table) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
}

// Identifiers: millions of small records, each asked for by its name, at random, as often as the
// processor can. What must be looked at before a file is opened (its index and its filter, three
// bytes a record) stays in memory: read again for each lookup it would cost a hundred times the
// record. A memtable's filter spares the walk through a skip list for a record that lies in a file.
void tune_for_names(rocksdb::ColumnFamilyOptions& family, rocksdb::BlockBasedTableOptions& table) {
    tune_for_lookups(family, table);
    table.block_size = 4 << 10;  // a record that is not in memory is unpacked with 40 others, not 80
    table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kAll;
    family.memtable_whole_key_filtering = true;
    family.memtable_prefix_bloom_size_ratio = 0.015;  // 480 KiB: 15 bits for each of 250,000 keys
}

// Written, read once after a restart, then removed by range. Nearly all of it dies in the memtable:
// a flush drops what a range removal covers. What did reach files goes with the first merge, which
// therefore comes early.
void tune_for_queues(rocksdb::ColumnFamilyOptions& family, rocksdb::BlockBasedTableOptions& table) {
    family.level0_file_num_compaction_trigger = 2;
    family.target_file_size_base = 16 << 20;
    family.max_bytes_for_level_base = 32 << 20;
    table.block_size = 32 << 10;
}

// The inbox is in memory twice, as records here and as samples in heads, and half of its records are
// trimmed before this is full. It is not waited for while others are written to disk. What is packed
// already, and soon removed, is not worth compressing.
void tune_for_inbox(rocksdb::ColumnFamilyOptions& family) {
    family.compression = rocksdb::kNoCompression;
    constexpr std::size_t buffer_bytes_max = 16 << 20;
    family.write_buffer_size = std::min(family.write_buffer_size, buffer_bytes_max);
    family.max_write_buffer_number = 4;
}

// Values are compressed columns of 4 to 64 KiB, one or a few to a block; files come in whole by
// ingest, do not overlap, and go whole by DeleteFilesInRange, so they are never merged.
void tune_for_chunks(rocksdb::ColumnFamilyOptions& family, rocksdb::BlockBasedTableOptions& table) {
    family.compression = rocksdb::kNoCompression;
    table.block_size = 16 << 10;
}

}  // namespace

rocksdb::DBOptions database_options(const Limits& limits, rocksdb::Env* env,
                                    std::shared_ptr<rocksdb::EventListener> listener) {
    rocksdb::DBOptions options;
    options.env = env;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.info_log = std::make_shared<LogBridge>();
    options.listeners = {std::move(listener)};

    // The default mode would drop everything after a flipped bit without an error, and recycled
    // logs cannot be told from torn ones.
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    options.recycle_log_file_num = 0;
    options.paranoid_checks = true;
    options.max_bgerror_resume_count = 0;  // a failed write ends the process, it is not retried

    options.db_write_buffer_size = limits.write_buffer_bytes;
    options.max_total_wal_size = limits.log_bytes_max;
    options.max_open_files = 256;
    options.max_file_opening_threads = 1;
    options.max_background_jobs = 2;
    options.max_manifest_file_size = 4 << 20;
    options.bytes_per_sync = 1 << 20;  // a flush does not leave 16 MiB to the next commit's sync
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.skip_stats_update_on_db_open = true;
    options.avoid_unnecessary_blocking_io = true;
    options.allow_concurrent_memtable_write = false;  // one writer: the commit thread
    options.enable_write_thread_adaptive_yield = false;
    return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const Limits& limits) {
    const auto cache = rocksdb::NewLRUCache(limits.block_cache_bytes, /*num_shard_bits=*/2);
    std::vector<rocksdb::ColumnFamilyDescriptor> all;
    for (std::size_t number = 0; number <= family_count; ++number) {
        rocksdb::ColumnFamilyOptions family;
        auto table = table_options(cache);
        family.write_buffer_size = limits.write_buffer_bytes;  // the database's total flushes first
        family.arena_block_size = 128 << 10;
        family.compression = rocksdb::kLZ4Compression;
        family.level_compaction_dynamic_level_bytes = true;
        if (number == 0) {
            all.emplace_back(rocksdb::kDefaultColumnFamilyName, family);
            continue;
        }
        const auto which = static_cast<Family>(number - 1);
        switch (which) {
            case Family::identity: tune_for_names(family, table); break;
            case Family::history_series:
            case Family::mqtt_sessions:
            case Family::mqtt_retained: tune_for_lookups(family, table); break;
            case Family::history_inbox: tune_for_inbox(family); [[fallthrough]];
            case Family::mqtt_messages: tune_for_queues(family, table); break;
            case Family::history_chunks: tune_for_chunks(family, table); break;
            case Family::log: break;
        }
        family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
        all.emplace_back(std::string(name_of(which)), family);
    }
    return all;
}

}  // namespace lineshaft::store
