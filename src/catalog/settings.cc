// Small facts of the node, and answers remembered for repeated POSTs.
#include <fmt/format.h>

#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

constexpr std::size_t setting_bytes_max = 64 * 1024;
constexpr std::size_t key_bytes_max = 128;
constexpr auto remembered = std::chrono::hours(24);

Result<void> check_key(const OnceKey& key) {
    TRY_VOID(check_text("an Idempotency-Key", key.key, key_bytes_max));
    if (key.sha256.size() != 32) return fail(Code::invalid, "a digest has 32 bytes");
    if (key.principal.size() > 256 || key.route.size() > 2048) {
        return fail(Code::invalid, "too long a route for an Idempotency-Key");
    }
    return {};
}

}  // namespace

Result<std::string> SqlCatalog::setting(std::string_view key) {
    std::optional<std::string> value;
    TRY_VOID(database_->query("SELECT value FROM setting WHERE name = $1", {key},
                              [&](const Row& row) { value = row.text(0); }));
    if (!value) return fail(Code::not_found, fmt::format("no setting {}", key));
    return *std::move(value);
}

Result<void> SqlCatalog::set_setting(std::string_view key, std::string_view value) {
    TRY_VOID(check_text("a setting's name", key, key_bytes_max));
    if (value.size() > setting_bytes_max)
        return fail(Code::invalid, "a setting's value is too long");
    TRY_VOID(
        database_->change("INSERT INTO setting (name, value) VALUES ($1, $2)"
                          " ON CONFLICT (name) DO UPDATE SET value = $2",
                          {key, value}));
    return {};
}

Result<std::optional<Answer>> SqlCatalog::recall(const OnceKey& key, Instant now) {
    std::optional<Answer> answer;
    bool is_same_body = true;
    TRY_VOID(database_->query(
        "SELECT status, body, body_sha256 FROM answer WHERE organisation = $1 AND principal = $2"
        " AND route = $3 AND name = $4 AND created_at > $5",
        {key.organisation, key.principal, key.route, key.key, now - remembered},
        [&](const Row& row) {
            answer = Answer{static_cast<int>(row.integer(0)), row.text(1)};
            is_same_body = row.text(2) == key.sha256;
        }));
    if (!is_same_body) {
        return fail(Code::conflict, "this Idempotency-Key was used with another body");
    }
    return answer;
}

Result<void> SqlCatalog::remember(const OnceKey& key, const Answer& answer, Instant now) {
    if (answer.body.size() > limits_.answer_bytes_max) {
        return fail(Code::exhausted, "the answer is too large to be remembered");
    }
    TRY_VOID(database_->change("DELETE FROM answer WHERE created_at <= $1", {now - remembered}));
    TRY(const std::size_t all, count("SELECT COUNT(*) FROM answer", {}));
    if (all >= limits_.answers_max) {
        return fail(Code::exhausted, "too many Idempotency-Keys within a day");
    }
    TRY_VOID(database_->change(
        "INSERT INTO answer (organisation, principal, route, name, body_sha256, status, body,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {key.organisation, key.principal, key.route, key.key, Blob{key.sha256},
         std::int64_t{answer.status}, answer.body, now}));
    return {};
}

Result<Answer> SqlCatalog::once(const OnceKey& key, Instant now,
                                const std::function<Result<Answer>()>& work) {
    TRY_VOID(check_key(key));
    // From here on the memory may run ahead of the file, until the commit.
    const auto attempt = [&]() -> Result<Answer> {
        TRY(auto transaction, Transaction::begin(*database_));
        TRY(auto earlier, recall(key, now));
        if (earlier) return *std::move(earlier);
        TRY(Answer answer, work());
        TRY_VOID(remember(key, answer, now));
        TRY_VOID(transaction.commit());
        return answer;
    };
    const std::uint64_t before = version_;
    auto answer = attempt();
    if (!answer && version_ != before) is_stale_ = !load_all();
    return answer;
}

}  // namespace lineshaft::catalog
