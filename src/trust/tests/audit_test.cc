#include "trust/audit.h"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "base/bytes.h"

namespace lineshaft::trust {
namespace {

using store::Family;

AuditRecord sample(int number) {
    AuditRecord record;
    record.at = Instant{1'800'000'000'000'000 + number};
    record.steady_ms = 1'000 + number;
    record.who_kind = PrincipalKind::person;
    record.who_id = 7;
    record.who = "li wei";
    record.address = "192.0.2.7";
    record.action = "token.create";
    record.target = "token " + std::to_string(number);
    return record;
}

struct AuditTest : ::testing::Test {
    AuditTest() {
        std::string name = (std::filesystem::temp_directory_path() / "audit-XXXXXX").string();
        dir = ::mkdtemp(name.data());
        reopen();
    }
    ~AuditTest() override {
        store->close();
        std::filesystem::remove_all(dir);
    }
    void reopen(store::Limits limits = {}) {
        if (store) store->close();
        store.reset();
        auto opened = store::open((dir / "store").string(), limits);
        ASSERT_TRUE(opened) << opened.error().context;
        store = std::move(opened->store);
    }
    Result<std::unique_ptr<AuditLog>> open() { return AuditLog::open(*store, key, "hall"); }
    void write(Family family, const std::string& at, const std::string& value) {
        store::Batch batch;
        batch.put(family, at, value);
        commit(std::move(batch));
    }
    void commit(store::Batch batch) {
        std::promise<Result<void>> done;
        store->submit(std::move(batch), [&](Result<void> told) { done.set_value(told); });
        ASSERT_TRUE(done.get_future().get());
    }
    void fill(int count) {
        auto log = open();
        ASSERT_TRUE(log) << log.error().context;
        for (int i = 0; i < count; ++i) ASSERT_TRUE((*log)->append_now(sample(i)));
    }
    AuditVerdict verify(const std::string& kept = {}) {
        const AuditReader reader{*store};
        const SigningKey signer(key.derive("audit"));
        return verify_audit(*reader.size(), [&](std::uint64_t at) { return reader.raw(at); },
                            *reader.checkpoint(), kept, signer.public_key());
    }
    // Every key of the log with its value.
    std::vector<std::pair<std::string, std::string>> all_keys() {
        std::vector<std::pair<std::string, std::string>> all;
        const auto cursor = store->scan(Family::log, "", "");
        for (; cursor->is_valid(); cursor->next()) all.emplace_back(cursor->key(), cursor->value());
        return all;
    }

    std::filesystem::path dir;
    std::unique_ptr<store::Store> store;
    const SealKey key = SealKey::random();
};

TEST(AuditRecords, go_out_and_come_back) {
    AuditRecord record = sample(3);
    record.clock = io::ClockState::synchronised;
    record.stepped_ms = -3'600'000;
    record.outcome = AuditOutcome::failed;
    record.detail = "名字 is taken";
    record.left_out = 300;
    EXPECT_EQ(decode_audit(as_bytes(encode_audit(record))).value(), record);
    const std::string bytes = encode_audit(record);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode_audit(as_bytes(bytes.substr(0, size)))) << size;
    }
    EXPECT_EQ(decode_audit(as_bytes(bytes + "x")).error().code, Code::corrupt);
    EXPECT_EQ(decode_audit(as_bytes("\x02" + bytes.substr(1))).error().code, Code::unsupported);
}

// The worked example of docs/formats/audit.md.
TEST(AuditRecords, stay_as_documented) {
    EXPECT_EQ(to_hex(as_bytes(encode_audit(sample(0)))),
              "01" "0006651728988000" "00000000000003e8" "00" "0000000000000000" "00000001" "01"
              "0000000000000007" "00" "00" "066c6920776569" "093139322e302e322e37"
              "0c746f6b656e2e637265617465" "07746f6b656e2030" "00");
}

TEST(AuditRecords, long_texts_are_cut_at_a_letter) {
    AuditRecord record = sample(0);
    record.who.clear();
    for (int i = 0; i < 100; ++i) record.who += "名";  // 300 bytes
    record.target = std::string(513, 'x');
    record.detail = "\xff\xfe";
    const auto back = decode_audit(as_bytes(encode_audit(record))).value();
    EXPECT_LE(back.who.size(), 128U);
    EXPECT_TRUE(back.who.ends_with("名…"));
    EXPECT_EQ(back.target.size(), 512U);
    EXPECT_EQ(back.detail, "(not UTF-8)");
}

TEST_F(AuditTest, control_17_the_log_goes_on_after_a_restart_and_verifies) {
    fill(5);
    reopen();
    fill(6);
    const auto verdict = verify();
    EXPECT_TRUE(verdict.problems.empty()) << verdict.problems.front();
    EXPECT_EQ(verdict.records, 11U);
    EXPECT_EQ(verdict.checkpoint.size, 11U);
    EXPECT_EQ(verdict.checkpoint.origin, "hall");
}

TEST_F(AuditTest, control_17_any_changed_removed_or_reordered_record_is_found) {
    fill(9);
    const auto keys = all_keys();
    for (const auto& [at, value] : keys) {
        if (at.front() != 'r') continue;
        for (const std::size_t byte : {std::size_t(0), value.size() / 2, value.size() - 1}) {
            std::string changed = value;
            changed[byte] = static_cast<char>(changed[byte] ^ 1);
            write(Family::log, at, changed);
            EXPECT_FALSE(verify().problems.empty()) << to_hex(as_bytes(at)) << " byte " << byte;
        }
        store::Batch gone;
        gone.remove(Family::log, at);
        commit(std::move(gone));
        EXPECT_FALSE(verify().problems.empty()) << to_hex(as_bytes(at)) << " removed";
        write(Family::log, at, value);
    }
    const std::string first = *AuditReader{*store}.raw(0), second = *AuditReader{*store}.raw(1);
    write(Family::log, keys[0].first, keys[0].second);
    std::string key_0(9, '\0'), key_1(9, '\0');
    key_0[0] = key_1[0] = 'r';
    key_1[8] = 1;
    write(Family::log, key_0, second);
    write(Family::log, key_1, first);
    EXPECT_FALSE(verify().problems.empty()) << "reordered";
    write(Family::log, key_0, first);
    write(Family::log, key_1, second);
    EXPECT_TRUE(verify().problems.empty());
}

TEST_F(AuditTest, control_17_a_log_that_was_cut_or_extended_does_not_open) {
    fill(4);
    const auto keys = all_keys();
    std::string last(9, '\0');
    last[0] = 'r';
    last[8] = 3;
    store::Batch gone;
    gone.remove(Family::log, last);
    commit(std::move(gone));
    EXPECT_EQ(open().error().code, Code::corrupt);
    last[8] = 4;
    for (const auto& [at, value] : keys) write(Family::log, at, value);
    EXPECT_TRUE(open());
    write(Family::log, last, encode_audit(sample(99)));
    EXPECT_EQ(open().error().code, Code::corrupt);
}

TEST_F(AuditTest, control_17_another_key_does_not_open_it) {
    fill(2);
    EXPECT_FALSE(AuditLog::open(*store, SealKey::random(), "hall"));
}

// Fault 18: a witness who kept an old checkpoint finds a roll-back and a rewritten past.
TEST_F(AuditTest, control_17_a_witness_finds_what_was_rolled_back) {
    fill(5);
    const auto before = all_keys();
    const std::string early = *AuditReader{*store}.checkpoint();
    fill(3);
    const std::string late = *AuditReader{*store}.checkpoint();
    EXPECT_TRUE(verify(early).problems.empty()) << verify(early).problems.front();
    EXPECT_TRUE(verify(late).problems.empty());
    // The whole log as it was: valid in itself, and older than what the witness kept.
    store::Batch all;
    all.remove_range(Family::log, "a", "z");
    for (const auto& [at, value] : before) all.put(Family::log, at, value);
    commit(std::move(all));
    EXPECT_TRUE(verify().problems.empty());
    EXPECT_FALSE(verify(late).problems.empty());
    // And grown again with other records: as long as before, another past.
    {
        auto log = open();
        ASSERT_TRUE(log);
        for (int i = 0; i < 5; ++i) ASSERT_TRUE((*log)->append_now(sample(50 + i)));
    }
    EXPECT_TRUE(verify(early).problems.empty());
    EXPECT_FALSE(verify(late).problems.empty());
}

struct DeskTest : AuditTest {
    void begin(AuditLimits limits = {}) {
        log = std::move(*open());
        shards = std::make_unique<io::Shards>(2, clock);
        readers = std::make_unique<io::Workers>("audit", io::Workers::Limits{});
        audit = std::make_unique<Audit>(*shards, *store, log.get(), *readers, limits);
    }
    void end() {
        audit->close();
        readers.reset();
        shards->stop();
    }
    static io::Task<Result<void>> record(Audit* audit, AuditRecord record) {
        co_return co_await audit->record(std::move(record));
    }
    Result<void> record(AuditRecord what, std::uint32_t shard = 1) {
        return shards->run_blocking(ShardIndex(shard), record(audit.get(), std::move(what)));
    }
    Audit::Page search(Audit::Query query) {
        return shards->run_blocking(ShardIndex(1), audit->search(std::move(query))).value();
    }

    io::ManualClock clock{Instant{1'800'000'000'000'000}};
    std::unique_ptr<AuditLog> log;
    std::unique_ptr<io::Shards> shards;
    std::unique_ptr<io::Workers> readers;
    std::unique_ptr<Audit> audit;
};

TEST_F(DeskTest, control_18_what_cannot_be_recorded_is_refused_and_said) {
    reopen({.free_bytes_min = std::uint64_t{1} << 60});  // no disk has that much free
    begin();
    const auto refused = record(sample(0));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().context.contains("audit log")) << refused.error().context;
    EXPECT_EQ(shards->run_blocking(ShardIndex(0), audit->stats()).refused, 1U);
    EXPECT_EQ(log->size(), 0U);
    end();
    reopen();
    begin();
    EXPECT_TRUE(record(sample(0)));  // and the log goes on without a gap
    end();
    EXPECT_TRUE(verify().problems.empty());
}

TEST_F(DeskTest, control_18_too_many_waiting_are_refused) {
    begin({.waiting_max = 1});
    std::vector<Result<void>> told(50);
    shards->run_everywhere([&](io::Shard& shard) {
        if (shard.index() != ShardIndex(0)) return;
        for (auto& each : told) {
            boost::asio::co_spawn(shard.loop(), record(audit.get(), sample(0)),
                                  [&each](std::exception_ptr, Result<void> done) { each = done; });
        }
    });
    end();
    const auto refused = std::ranges::count_if(told, [](const auto& one) { return !one; });
    EXPECT_GT(refused, 0);
    EXPECT_EQ(AuditReader{*store}.size().value(), 50U - static_cast<std::uint64_t>(refused));
}

TEST_F(DeskTest, control_19_records_carry_utc_monotonic_time_and_the_clocks_state) {
    begin();
    ASSERT_TRUE(record(sample(0)));
    clock.advance(io::Steady{5'000});
    ASSERT_TRUE(record(sample(1)));
    clock.step_wall(-std::chrono::hours(1));
    ASSERT_TRUE(record(sample(2)));
    const auto lines = search({}).lines;
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[2].record.at, (Instant{1'800'000'000'000'000}));
    EXPECT_EQ(lines[1].record.steady_ms - lines[2].record.steady_ms, 5'000);
    EXPECT_EQ(lines[1].record.stepped_ms, 0);
    EXPECT_EQ(lines[0].record.stepped_ms, -3'600'000);
    EXPECT_EQ(lines[0].record.steady_ms, lines[1].record.steady_ms);
    end();
    // The system's own clock knows whether it is synchronised, or says that it does not.
    EXPECT_FALSE(io::name_of(io::Clock::system().state()).empty());
}

TEST_F(DeskTest, notes_are_bounded_and_what_was_left_out_is_told) {
    begin({.notes_per_minute = 60, .notes_burst = 3});
    shards->run_everywhere([&](io::Shard& shard) {
        if (shard.index() != ShardIndex(1)) return;
        for (int i = 0; i < 10; ++i) audit->note(sample(i));
    });
    ASSERT_TRUE(record(sample(100)));
    clock.advance(io::Steady{1'000});
    shards->run_everywhere([&](io::Shard& shard) {
        if (shard.index() == ShardIndex(1)) audit->note(sample(11));
    });
    end();
    const AuditReader reader{*store};
    ASSERT_EQ(reader.size().value(), 5U);
    EXPECT_EQ(reader.record(4)->left_out, 7U);
    EXPECT_EQ(reader.record(4)->target, "token 11");
}

TEST_F(DeskTest, a_search_filters_and_pages_within_one_organisation) {
    begin();
    for (int i = 0; i < 20; ++i) {
        AuditRecord one = sample(i);
        if (i % 2 == 1) one.organisation = OrganisationId(2);
        if (i % 5 == 0) one.who = "Ann";
        if (i == 4) one.outcome = AuditOutcome::refused;
        if (i == 6) one.action = "session.open";
        ASSERT_TRUE(record(one));
        clock.advance(io::Steady{1'000});
    }
    const auto first = search({.count_max = 4});
    ASSERT_EQ(first.lines.size(), 4U);
    EXPECT_EQ(first.lines[0].index, 18U);
    ASSERT_TRUE(first.next);
    EXPECT_EQ(search({.before = first.next, .count_max = 4}).lines[0].index, 10U);
    EXPECT_EQ(search({}).lines.size(), 10U);
    EXPECT_FALSE(search({}).next);
    EXPECT_EQ(search({.organisation = OrganisationId(2)}).lines.size(), 10U);
    EXPECT_EQ(search({.who = "aNN"}).lines.size(), 2U);
    EXPECT_EQ(search({.what = "session."}).lines.size(), 1U);
    EXPECT_EQ(search({.text = "TOKEN 18"}).lines.size(), 1U);
    EXPECT_EQ(search({.outcome = AuditOutcome::refused}).lines.size(), 1U);
    const Instant start{1'800'000'000'000'000};
    EXPECT_EQ(search({.from = start + std::chrono::seconds(10)}).lines.size(), 5U);
    EXPECT_EQ(search({.until = start + std::chrono::seconds(10)}).lines.size(), 5U);
    end();
}

TEST_F(DeskTest, proofs_are_given_to_who_asks) {
    begin();
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(record(sample(i)));
    const auto note = shards->run_blocking(ShardIndex(1), audit->checkpoint()).value();
    const auto old = open_checkpoint(note, log->public_key()).value();
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(record(sample(i)));
    const auto now = shards->run_blocking(ShardIndex(1), audit->consistency(7)).value();
    EXPECT_EQ(now.size, 13U);
    EXPECT_TRUE(verify_consistency(7, now.size, old.root, now.root, now.proof));
    EXPECT_FALSE(shards->run_blocking(ShardIndex(1), audit->consistency(14)));
    EXPECT_EQ(shards->run_blocking(ShardIndex(1), audit->raw(10, 100))->size(), 3U);
    end();
}

}  // namespace
}  // namespace lineshaft::trust
