#include <rocksdb/db.h>

#include "store/engine.h"
#include "store/status.h"

namespace lineshaft::store {
namespace {

rocksdb::Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}

class EngineCursor final : public Cursor {
public:
    EngineCursor(const Database& database, rocksdb::ColumnFamilyHandle* family,
                 std::string_view from, std::string_view until, std::atomic<std::int64_t>& alive)
        : from_(from),
          until_(until),
          from_slice_(from_),
          until_slice_(until_),
          database_(database),
          alive_(alive) {
        alive_.fetch_add(1);
        rocksdb::ReadOptions options;
        if (!from_.empty()) options.iterate_lower_bound = &from_slice_;
        if (!until_.empty()) options.iterate_upper_bound = &until_slice_;
        iterator_.reset(database_.db->NewIterator(options, family));
        iterator_->SeekToFirst();
    }
    ~EngineCursor() override {
        iterator_.reset();
        alive_.fetch_sub(1);
    }

    bool is_valid() const override { return iterator_->Valid(); }
    std::string_view key() const override { return iterator_->key().ToStringView(); }
    std::string_view value() const override { return iterator_->value().ToStringView(); }
    void next() override { iterator_->Next(); }
    void previous() override { iterator_->Prev(); }
    void seek(std::string_view key) override { iterator_->Seek(slice(key)); }
    void seek_for_previous(std::string_view key) override { iterator_->SeekForPrev(slice(key)); }
    Result<void> status() const override {
        const auto status = iterator_->status();
        if (status.ok()) return {};
        return std::unexpected(database_.read_error(status, "read the store"));
    }

private:
    const std::string from_, until_;
    const rocksdb::Slice from_slice_, until_slice_;
    const Database& database_;
    std::atomic<std::int64_t>& alive_;
    std::unique_ptr<rocksdb::Iterator> iterator_;
};

class FailedCursor final : public Cursor {
public:
    explicit FailedCursor(Error why) : why_(std::move(why)) {}
    bool is_valid() const override { return false; }
    std::string_view key() const override { return {}; }
    std::string_view value() const override { return {}; }
    void next() override {}
    void previous() override {}
    void seek(std::string_view) override {}
    void seek_for_previous(std::string_view) override {}
    Result<void> status() const override { return std::unexpected(why_); }

private:
    const Error why_;
};

}  // namespace

std::unique_ptr<Cursor> make_cursor(const Database& database, rocksdb::ColumnFamilyHandle* family,
                                    std::string_view from, std::string_view until,
                                    std::atomic<std::int64_t>& alive) {
    return std::make_unique<EngineCursor>(database, family, from, until, alive);
}

std::unique_ptr<Cursor> make_failed_cursor(Error why) {
    return std::make_unique<FailedCursor>(std::move(why));
}

}  // namespace lineshaft::store
