#include "gate/influx/answers.h"

#include <gtest/gtest.h>

namespace lineshaft::influx {
namespace {

TEST(Answers, QueriesThatWritersAsk) {
    EXPECT_EQ(*answer_query("CREATE DATABASE \"telegraf\""), R"({"results":[{"statement_id":0}]})");
    EXPECT_EQ(*answer_query("create database a; create retention policy x on a"),
              R"({"results":[{"statement_id":0},{"statement_id":1}]})");
    EXPECT_EQ(
        *answer_query(" SHOW DATABASES ;"),
        R"({"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["lineshaft"]]}]}]})");
    for (const auto other : {"", " ; ", "SELECT * FROM cpu", "DROP DATABASE x", "CREATE DATABASE"})
        EXPECT_EQ(answer_query(other).error().code, Code::unsupported) << other;
}

TEST(Answers, AreWordedForEachVersion) {
    const auto first = failure(Dialect::version_1, 401, "say \"who\"");
    EXPECT_EQ(first.body, R"({"error":"say \"who\""})");
    const auto second = failure(Dialect::version_2, 413, "large");
    EXPECT_EQ(second.body, R"({"code":"request too large","message":"large"})");
    const auto some = partial(Dialect::version_2, 3, {{2, "why"}, {5, "too"}});
    EXPECT_EQ(some.status, 400U);
    EXPECT_EQ(
        some.body,
        R"({"code":"invalid","message":"partial write: why (line 2); 3 lines were not stored, )"
        R"(all others are","line":2,"refused":3,)"
        R"("lines":[{"line":2,"message":"why"},{"line":5,"message":"too"}]})");
    EXPECT_EQ(
        partial(Dialect::version_1, 1, {{2, "why"}}).body,
        R"({"error":"partial write: why (line 2); 1 line was not stored, all others are dropped=1"})");
    EXPECT_EQ(partial(Dialect::version_1, 1, {{2, "why"}}, "2 values were not stored").body,
              R"({"error":"partial write: why (line 2); 1 line was not stored; of the others, )"
              R"(2 values were not stored dropped=1"})");
}

}  // namespace
}  // namespace lineshaft::influx
