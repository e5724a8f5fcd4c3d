#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>

#include "store/batch_rep.h"
#include "store/crc32c.h"
#include "store/gathering.h"
#include "store/guard.h"

namespace lineshaft::store {
namespace {

// RocksDB's own builder names a family by its handle; this one only has a number.
class NumberedFamily final : public rocksdb::ColumnFamilyHandle {
public:
    explicit NumberedFamily(std::uint32_t number) : number_(number) {}
    const std::string& GetName() const override { return name_; }
    std::uint32_t GetID() const override { return number_; }
    rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override {
        return rocksdb::Status::NotSupported();
    }
    const rocksdb::Comparator* GetComparator() const override {
        return rocksdb::BytewiseComparator();
    }

private:
    std::uint32_t number_;
    std::string name_;
};

// What RocksDB reads out of an encoding, in words.
class Listing final : public rocksdb::WriteBatch::Handler {
public:
    rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key,
                          const rocksdb::Slice& value) override {
        return note("put", family, key, value);
    }
    rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
        return note("remove", family, key, "");
    }
    rocksdb::Status DeleteRangeCF(std::uint32_t family, const rocksdb::Slice& from,
                                  const rocksdb::Slice& until) override {
        return note("remove_range", family, from, until);
    }
    std::string text;

private:
    rocksdb::Status note(const char* what, std::uint32_t family, const rocksdb::Slice& one,
                         const rocksdb::Slice& two) {
        text += std::string(what) + " " + std::to_string(family) + " " + one.ToString() + " " +
                two.ToString() + "\n";
        return rocksdb::Status::OK();
    }
};

TEST(BatchEncoding, IsWhatRocksDbReads) {
    const std::string long_value(300, 'v');
    Batch batch;
    batch.put(Family::identity, "key", long_value);
    batch.remove(Family::history_series, "gone");
    batch.remove_range(Family::mqtt_messages, "a", "b");
    const auto* rep = EngineAccess::rep(batch);
    std::string encoded(batch_header_bytes, '\0');
    append_default_put(encoded, "commit", "guard");
    encoded += rep->operations;
    encoded[8] = 4;
    ASSERT_EQ(rep->count, 3u);

    Listing listing;
    ASSERT_TRUE(rocksdb::WriteBatch(encoded).Iterate(&listing).ok());
    EXPECT_EQ(listing.text, "put 0 commit guard\nput 4 key " + long_value +
                                "\nremove 1 gone \nremove_range 6 a b\n");
}

TEST(BatchEncoding, IsWhatRocksDbWrites) {
    NumberedFamily identity(4), series(1), messages(6);
    rocksdb::WriteBatch theirs;
    theirs.Put("commit", "guard");
    theirs.Put(&identity, "key", std::string(300, 'v'));
    theirs.Delete(&series, "gone");
    theirs.DeleteRange(&messages, "a", "b");

    Batch batch;
    batch.put(Family::identity, "key", std::string(300, 'v'));
    batch.remove(Family::history_series, "gone");
    batch.remove_range(Family::mqtt_messages, "a", "b");
    std::string ours(batch_header_bytes, '\0');
    ours[8] = 4;
    append_default_put(ours, "commit", "guard");
    ours += EngineAccess::rep(batch)->operations;
    EXPECT_EQ(ours, theirs.Data());
}

TEST(Batch, KnowsItsSizeAndKind) {
    Batch batch;
    EXPECT_TRUE(batch.is_empty());
    EXPECT_TRUE(batch.only_removes());
    EXPECT_EQ(batch.size_bytes(), 0u);
    batch.remove(Family::log, "key");
    EXPECT_TRUE(batch.only_removes());
    EXPECT_FALSE(batch.is_empty());
    batch.put(Family::log, "key", "value");
    EXPECT_FALSE(batch.only_removes());
    EXPECT_GE(batch.size_bytes(), 11u);
    const Batch taken = std::move(batch);
    EXPECT_FALSE(taken.is_empty());
    batch = Batch();
    EXPECT_TRUE(batch.is_empty());
    batch.put(Family::log, "again", "x");
    EXPECT_FALSE(batch.is_empty());
}

TEST(Guard, IsFoundAtTheStartOfABatch) {
    const Guard guard{.run = 0x1122334455667788, .commit = 7, .tickets_end = 9};
    std::string batch(batch_header_bytes, '\0');
    append_default_put(batch, guard_key, encode(guard));
    EXPECT_EQ(batch.size(), guarded_prefix_bytes());
    EXPECT_EQ(guard_of_batch(batch), guard);
    EXPECT_EQ(guard_of_batch(batch + "more"), guard);
    EXPECT_EQ(guard_of_batch(batch.substr(0, batch.size() - 1)), std::nullopt);
    batch[batch_header_bytes + 3] = 'x';
    EXPECT_EQ(guard_of_batch(batch), std::nullopt);
}

// RFC 3720, appendix B.4.
TEST(Crc32c, AgreesWithTheStandard) {
    EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8a9136aau);
    EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xff'))), 0x62a8ab43u);
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
    EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xe3069283u);
    EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, NamesTheBitThatWasFlipped) {
    const std::string text = "a record in a log";
    const std::uint32_t right = crc32c(as_bytes(text));
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string wrong = text;
        wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
        EXPECT_EQ(flipped_bit(crc32c(as_bytes(wrong)) ^ right, text.size()), std::int64_t(bit));
    }
    std::string two = text;
    two[0] ^= 3;
    EXPECT_LT(flipped_bit(crc32c(as_bytes(two)) ^ right, text.size()), 0);
}

TEST(Gathering, WaitsForThoseWhoTakeTurnsAndForNobodyElse) {
    constexpr std::chrono::microseconds sync{400};
    Gathering gathering;
    EXPECT_EQ(gathering.expected(), 0u);  // the first goes at once
    gathering.note(1, 0, sync);
    EXPECT_EQ(gathering.expected(), 1u);  // somebody alone is never waited for
    gathering.note(1, 1, sync);
    EXPECT_EQ(gathering.expected(), 2u);  // two that take turns share the next
    gathering.note(2, 0, sync);
    EXPECT_EQ(gathering.expected(), 2u);
    gathering.note(1, 0, sync);  // the other one did not come in time
    EXPECT_EQ(gathering.expected(), 1u);
    gathering.note(50, 60, sync);
    EXPECT_EQ(gathering.expected(), Gathering::batches_max);
}

TEST(Gathering, PatienceIsHalfASyncWithinItsBounds) {
    Gathering gathering;
    EXPECT_EQ(gathering.patience(100), Gathering::patience_min);
    for (int round = 0; round < 100; ++round) gathering.note(1, 0, std::chrono::microseconds(400));
    EXPECT_GE(gathering.patience(100), std::chrono::microseconds(190));
    EXPECT_LE(gathering.patience(100), std::chrono::microseconds(200));
    for (int round = 0; round < 100; ++round) gathering.note(1, 0, std::chrono::seconds(1));
    EXPECT_EQ(gathering.patience(100), Gathering::patience_max);
    EXPECT_EQ(Gathering().patience(Gathering::bulk_bytes), Gathering::patience_max);
    EXPECT_EQ(Gathering().patience(Gathering::bulk_bytes - 1), Gathering::patience_min);
}

}  // namespace
}  // namespace lineshaft::store
