#include "gate/pg/tests/rig.h"

namespace lineshaft::pg {
namespace {

using postgres::Bind;
using postgres::Describe;
using postgres::Execute;
using postgres::Format;
using postgres::Kind;
using postgres::Parse;
using postgres::Sync;

std::string code_of(const std::vector<Reply>& replies) {
    for (const Reply& reply : replies)
        if (reply.type == 'E') return reply.field('C');
    return "no error";
}
std::string tag_of(const std::vector<Reply>& replies) {
    for (const Reply& reply : replies)
        if (reply.type == 'C') return reply.body.substr(0, reply.body.size() - 1);
    return "no tag";
}
/// One client, signed in.
struct One : Rig {
    explicit One(Limits limits = {}) : Rig(limits) {
        EXPECT_EQ(client.sign_in().back().type, 'Z');
    }
    Client client{*this};
    std::vector<Reply> say(const std::vector<postgres::Message>& messages) {
        std::string bytes;
        for (const auto& message : messages) bytes += postgres::ClientHalf::write(message);
        client.send(bytes);
        return client.read_until('Z');
    }
};

// ---- Simple query -------------------------------------------------------------------------------

TEST(PgQuery, GivesRowsAndTheirCount) {
    One rig;
    const auto replies = rig.client.ask("rows 3");
    EXPECT_EQ(types_of(replies), "TDDDCZ");
    EXPECT_EQ(values_of(replies[1]), std::vector<std::string>{"1"});
    EXPECT_EQ(tag_of(replies), "SELECT 3");
    EXPECT_EQ(rig.stats().rows, 3u);
}

TEST(PgQuery, SeveralStatementsStopAtTheFirstThatFails) {
    One rig;
    EXPECT_EQ(types_of(rig.client.ask("rows 1; rows 2")), "TDCTDDCZ");
    const auto replies = rig.client.ask("rows 1; bad; rows 1");
    EXPECT_EQ(types_of(replies), "TDCEZ");
    // The place is of the whole text: "bad" begins at letter 9, its error is its third.
    EXPECT_EQ(replies[3].field('P'), "11");
    EXPECT_EQ(replies[3].field('H'), "write better");
    EXPECT_EQ(replies[3].field('S'), "ERROR");
    EXPECT_EQ(types_of(rig.client.ask(" ; ;")), "IZ");
    EXPECT_EQ(types_of(rig.client.ask("")), "IZ");
}

TEST(PgQuery, AFailureBehindRowsComesBehindThem) {
    One rig;
    const auto replies = rig.client.ask("divide");
    EXPECT_EQ(types_of(replies), "TDEZ");
    EXPECT_EQ(code_of(replies), "22012");
    EXPECT_EQ(types_of(rig.client.ask("rows 1")), "TDCZ");
}

TEST(PgQuery, EveryTypeInText) {
    One rig;
    const auto replies = rig.client.ask("types");
    EXPECT_EQ(values_of(replies[1]),
              (std::vector<std::string>{"t", "-5", "1.5", "é", "1970-01-01 00:00:00.000001+00",
                                        "\\x01ff", "NULL"}));
    EXPECT_EQ(types_of(rig.client.ask("SET timezone=Asia/Shanghai")), "SCZ");
    EXPECT_EQ(values_of(rig.client.ask("types")[1])[4], "1970-01-01 08:00:00.000001+08");
}

TEST(PgQuery, TransactionsAreBlocksWithoutEffect) {
    One rig;
    struct Case {
        std::string_view sql, tag, state, code;
    };
    const Case cases[] = {
        {"BEGIN", "BEGIN", "T", "no error"},
        {"rows 1", "SELECT 1", "T", "no error"},
        {"bad", "no tag", "E", "42601"},
        {"rows 1", "no tag", "E", "25P02"},
        {"ROLLBACK TO SAVEPOINT a", "ROLLBACK", "T", "no error"},
        {"bad", "no tag", "E", "42601"},
        {"COMMIT", "ROLLBACK", "I", "no error"},
        {"BEGIN", "BEGIN", "T", "no error"},
        {"COMMIT", "COMMIT", "I", "no error"},
        {"ROLLBACK", "ROLLBACK", "I", "no error"},
    };
    for (const auto& [sql, tag, state, code] : cases) {
        const auto replies = rig.client.ask(std::string(sql));
        EXPECT_EQ(tag_of(replies), tag) << sql;
        EXPECT_EQ(replies.back().body, state) << sql;
        EXPECT_EQ(code_of(replies), code) << sql;
    }
}

TEST(PgQuery, TextThatIsNotUtf8AndFunctionCallsAreRefused) {
    One rig;
    EXPECT_EQ(code_of(rig.client.ask("rows \xff")), "22021");
    rig.client.send(postgres::FunctionCalled{});
    EXPECT_EQ(code_of(rig.client.read_until('Z')), "0A000");
    EXPECT_EQ(code_of(rig.client.ask("echo")), "42P02");
}

TEST(PgQuery, CursorsAreDeclaredFetchedFromAndClosed) {
    One rig;
    EXPECT_EQ(code_of(rig.client.ask("declare c cursor for rows 5")), "25P01") << "no transaction";
    const auto begun = rig.client.ask("BEGIN;declare \"SQL_CUR0x1\" cursor with hold for rows 5;"
                                      "fetch 2 in \"SQL_CUR0x1\"");
    EXPECT_EQ(types_of(begun), "CCTDDCZ");
    EXPECT_TRUE(begun[begun.size() - 2].body.starts_with("FETCH 2"));
    EXPECT_EQ(code_of(rig.client.ask("DECLARE \"SQL_CUR0x1\" CURSOR FOR rows 1; ")), "42P03");
    EXPECT_EQ(types_of(rig.client.ask("ROLLBACK")), "CZ");
    struct Case {
        std::string_view sql, tag, first;
    };
    const Case cases[] = {{"FETCH \"SQL_CUR0x1\"", "FETCH 1", "3"},
                          {"FETCH FORWARD 0 FROM \"SQL_CUR0x1\"", "FETCH 0", "-"},
                          {"fetch forward in \"SQL_CUR0x1\" ;", "FETCH 1", "4"},
                          {"fetch all in \"SQL_CUR0x1\"", "FETCH 1", "5"},
                          {"fetch 10 in \"SQL_CUR0x1\"", "FETCH 0", "-"}};
    for (const auto& [sql, tag, first] : cases) {
        const auto replies = rig.client.ask(std::string(sql));
        EXPECT_EQ(tag_of(replies), tag) << sql;
        if (first != "-") {
            EXPECT_EQ(values_of(replies[1])[0], first) << sql;
        }
    }
    EXPECT_EQ(code_of(rig.client.ask("fetch prior in \"SQL_CUR0x1\"")), "55000");
    EXPECT_EQ(code_of(rig.client.ask("fetch 1 in nobody")), "34000");
    EXPECT_EQ(code_of(rig.client.ask("declare c cursor with hold for echo")), "42P02");
    EXPECT_EQ(types_of(rig.client.ask("BEGIN; declare b binary no scroll cursor without hold for rows 9; fetch 1 in B; COMMIT")),
              "CCTDCCZ");
    EXPECT_EQ(code_of(rig.client.ask("fetch 1 in b")), "34000") << "it ended with its transaction";
    rig.until([&] { return rig.engine.open == 0; });
}

// ---- Extended query -----------------------------------------------------------------------------

TEST(PgExtended, ParseBindDescribeExecute) {
    One rig;
    const auto replies =
        rig.say({Parse{"s", "echo", {20}}, Describe{Kind::statement, "s"},
                 Bind{"", "s", {Format::binary}, {std::string("\0\0\0\0\0\0\0\7", 8)}, {Format::binary}},
                 Describe{Kind::portal, ""}, Execute{"", 0}, Sync{}});
    EXPECT_EQ(types_of(replies), "1tT2TDCZ");
    EXPECT_EQ(to_hex(as_bytes(replies[1].body)), "000100000014");
    EXPECT_EQ(values_of(replies[5])[0], std::string("\0\0\0\0\0\0\0\7", 8));
    EXPECT_EQ(tag_of(replies), "SELECT 1");
    // Again, with text, and a type shorter than ours.
    const auto again = rig.say({Bind{"", "s", {}, {"42"}, {}}, Execute{"", 0}, Sync{}});
    EXPECT_EQ(types_of(again), "2DCZ");
    EXPECT_EQ(values_of(again[1])[0], "42");
    const auto small = rig.say({Parse{"", "echo", {23}}, Describe{Kind::statement, ""},
                                Bind{"", "", {Format::binary}, {std::string("\xff\xff\xff\xfe", 4)}, {}},
                                Execute{"", 0}, Sync{}});
    EXPECT_EQ(to_hex(as_bytes(small[1].body)), "000100000017");
    EXPECT_EQ(values_of(small[4])[0], "-2");
}

TEST(PgExtended, EveryTypeInBinary) {
    One rig;
    const auto replies = rig.say(
        {Parse{"", "types", {}}, Bind{"", "", {}, {}, {Format::binary}}, Execute{"", 0}, Sync{}});
    const auto values = values_of(replies[2]);
    ASSERT_EQ(values.size(), 7u);
    EXPECT_EQ(to_hex(as_bytes(values[0])), "01");
    EXPECT_EQ(to_hex(as_bytes(values[1])), "fffffffffffffffb");
    EXPECT_EQ(to_hex(as_bytes(values[2])), "3ff8000000000000");
    EXPECT_EQ(values[3], "é");
    EXPECT_EQ(to_hex(as_bytes(values[4])), "fffca2fec4c82001");
    EXPECT_EQ(to_hex(as_bytes(values[5])), "01ff");
    EXPECT_EQ(values[6], "NULL");
}

TEST(PgExtended, ARowLimitSuspendsThePortal) {
    One rig;
    EXPECT_EQ(types_of(rig.say({postgres::Query{"BEGIN"}})), "CZ");
    auto replies = rig.say(
        {Parse{"", "rows 5", {}}, Bind{"p", "", {}, {}, {}}, Execute{"p", 2}, Sync{}});
    EXPECT_EQ(types_of(replies), "12DDsZ");
    replies = rig.say({Execute{"p", 2}, Sync{}});
    EXPECT_EQ(types_of(replies), "DDsZ");
    EXPECT_EQ(values_of(replies[1])[0], "4");
    replies = rig.say({Execute{"p", 2}, Sync{}});
    EXPECT_EQ(types_of(replies), "DCZ");
    EXPECT_EQ(tag_of(replies), "SELECT 1");
    EXPECT_EQ(tag_of(rig.say({Execute{"p", 0}, Sync{}})), "SELECT 0");
    rig.until([&] { return rig.engine.open == 0; });
    EXPECT_EQ(types_of(rig.say({postgres::Query{"COMMIT"}})), "CZ");
    EXPECT_EQ(code_of(rig.say({Execute{"p", 0}, Sync{}})), "34000");
}

TEST(PgExtended, CursorsAreDeclaredWithParametersAndFetchedFrom) {
    One rig;
    const Bind seven{"", "", {}, {"7"}, {}};
    EXPECT_EQ(code_of(rig.say({Parse{"", "declare c cursor for echo", {20}}, seven, Execute{"", 0}, Sync{}})),
              "25P01")
        << "no transaction";
    EXPECT_EQ(types_of(rig.say({postgres::Query{"BEGIN"}})), "CZ");
    const auto declared = rig.say({Parse{"", "declare c cursor for echo", {20}}, Describe{Kind::statement, ""},
                                   seven, Describe{Kind::portal, ""}, Execute{"", 0}, Sync{}});
    EXPECT_EQ(types_of(declared), "1tn2nCZ");
    EXPECT_EQ(tag_of(declared), "DECLARE CURSOR");
    const auto fetched =
        rig.say({Parse{"f", "fetch forward 5 from c", {}}, Describe{Kind::statement, "f"},
                 Bind{"", "f", {}, {}, {Format::binary}}, Describe{Kind::portal, ""}, Execute{"", 0}, Sync{}});
    EXPECT_EQ(types_of(fetched), "1tT2TDCZ");
    EXPECT_EQ(values_of(fetched[5])[0], std::string("\0\0\0\0\0\0\0\7", 8)) << "as the FETCH asked";
    EXPECT_EQ(tag_of(fetched), "FETCH 1");
    const auto more = rig.say({Bind{"", "f", {}, {}, {}}, Execute{"", 0}, Sync{}});
    EXPECT_EQ(types_of(more), "2CZ");
    EXPECT_EQ(tag_of(more), "FETCH 0");
    EXPECT_EQ(types_of(rig.say({Parse{"", "CLOSE c", {}}, Bind{"", "", {}, {}, {}}, Execute{"", 0}, Sync{}})), "12CZ");
    EXPECT_EQ(types_of(rig.say({Describe{Kind::statement, "f"}, Sync{}})), "tnZ") << "nobody knows its columns";
    EXPECT_EQ(code_of(rig.say({Bind{"", "f", {}, {}, {}}, Execute{"", 0}, Sync{}})), "34000");
    EXPECT_EQ(code_of(rig.say({Bind{"", "f", {}, {}, {}}, Execute{"", 0}, Sync{}})), "25P02");
    EXPECT_EQ(types_of(rig.say({postgres::Query{"ROLLBACK"}})), "CZ");
    const auto wrong = rig.say({Parse{"", "declare c cursor for bad", {}}, Sync{}});
    EXPECT_EQ(wrong[0].field('P'), "24") << "of the whole text: " << code_of(wrong);
    rig.until([&] { return rig.engine.open == 0; });
}

TEST(PgExtended, SyncOutsideABlockClosesPortals) {
    One rig;
    EXPECT_EQ(types_of(rig.say({Parse{"", "rows 5", {}}, Bind{"p", "", {}, {}, {}}, Execute{"p", 2},
                                Sync{}})),
              "12DDsZ");
    EXPECT_EQ(code_of(rig.say({Execute{"p", 2}, Sync{}})), "34000");
    rig.until([&] { return rig.engine.open == 0; });
}

TEST(PgExtended, AfterAnErrorNothingIsDoneUpToSync) {
    One rig;
    const auto replies =
        rig.say({Parse{"s", "bad", {}}, Bind{"", "s", {}, {}, {}}, Execute{"", 0},
                 postgres::Query{"rows 1"}, Sync{}});
    EXPECT_EQ(types_of(replies), "EZ");
    EXPECT_EQ(types_of(rig.client.ask("rows 1")), "TDCZ");
}

TEST(PgExtended, WhatIsNotThereOrDoesNotFitIsNamed) {
    One rig;
    rig.say({Parse{"s", "echo", {20}}, Parse{"two", "types", {}}, Sync{}});
    struct Case {
        std::string_view name;
        std::vector<postgres::Message> messages;
        std::string_view code;
    };
    const std::vector<Case> cases = {
        {"no such statement", {Bind{"", "x", {}, {}, {}}}, "26000"},
        {"no such statement to describe", {Describe{Kind::statement, "x"}}, "26000"},
        {"no such portal", {Execute{"x", 0}}, "34000"},
        {"no such portal to describe", {Describe{Kind::portal, "x"}}, "34000"},
        {"a name that is taken", {Parse{"s", "rows 1", {}}}, "42P05"},
        {"a portal's name that is taken",
         {Bind{"p", "s", {}, {"1"}, {}}, Bind{"p", "s", {}, {"1"}, {}}},
         "42P03"},
        {"too few parameters", {Bind{"", "s", {}, {}, {}}}, "08P01"},
        {"result formats for other columns",
         {Bind{"", "two", {}, {}, {Format::text, Format::text}}},
         "08P01"},
        {"no number", {Bind{"", "s", {}, {"seven"}, {}}}, "22P02"},
        {"no eight bytes", {Bind{"", "s", {Format::binary}, {"\1"}, {}}}, "22P03"},
        {"no UTF-8", {Bind{"", "s", {}, {"\xff"}, {}}}, "22021"},
    };
    for (auto [name, messages, code] : cases) {
        messages.push_back(Sync{});
        EXPECT_EQ(code_of(rig.say(messages)), code) << name;
    }
    // Null needs no form.
    EXPECT_EQ(types_of(rig.say({Bind{"", "s", {}, {std::nullopt}, {}}, Execute{"", 0}, Sync{}})),
              "2DCZ");
}

TEST(PgExtended, CloseDeallocateAndDiscardForget) {
    One rig;
    EXPECT_EQ(types_of(rig.say({Parse{"s", "rows 1", {}}, postgres::Close{Kind::statement, "s"},
                                postgres::Close{Kind::portal, "never"}, Sync{}})),
              "133Z");
    EXPECT_EQ(code_of(rig.say({Bind{"", "s", {}, {}, {}}, Sync{}})), "26000");
    rig.say({Parse{"s", "rows 1", {}}, Parse{"t", "rows 1", {}}, Sync{}});
    EXPECT_EQ(tag_of(rig.client.ask("DEALLOCATE s")), "DEALLOCATE");
    EXPECT_EQ(code_of(rig.client.ask("DEALLOCATE s")), "26000");
    EXPECT_EQ(tag_of(rig.client.ask("DISCARD ALL")), "DISCARD ALL");
    EXPECT_EQ(code_of(rig.say({Bind{"", "t", {}, {}, {}}, Sync{}})), "26000");
}

TEST(PgExtended, SettingsAndBlocksWorkThere) {
    One rig;
    const auto run = [&](const std::string& sql) {
        return rig.say({Parse{"", sql, {}}, Bind{"", "", {}, {}, {}}, Describe{Kind::portal, ""},
                        Execute{"", 0}, Sync{}});
    };
    EXPECT_EQ(types_of(run("SET application_name=node")), "12nSCZ");
    EXPECT_EQ(run("BEGIN").back().body, "T");
    EXPECT_EQ(code_of(run("bad")), "42601");
    EXPECT_EQ(run("ROLLBACK TO a").back().body, "T");
    EXPECT_EQ(run("ROLLBACK").back().body, "I");
    EXPECT_EQ(types_of(run("")), "12nIZ");
}

TEST(PgExtended, StatementsAndPortalsAreLimited) {
    Limits limits;
    limits.statements_max = 2;
    limits.statement_bytes_max = 30;
    limits.portals_max = 2;
    One rig(limits);
    EXPECT_EQ(types_of(rig.say({Parse{"a", "rows 1", {}}, Parse{"b", "rows 1", {}}, Sync{}})),
              "11Z");
    EXPECT_EQ(code_of(rig.say({Parse{"c", "rows 1", {}}, Sync{}})), "53400");
    rig.client.ask("DISCARD ALL");
    EXPECT_EQ(types_of(rig.say({Parse{"a", "rows 1" + std::string(23, ' '), {}}, Sync{}})), "1Z");
    rig.client.ask("DISCARD ALL");
    EXPECT_EQ(code_of(rig.say({Parse{"a", "rows 1" + std::string(24, ' '), {}}, Sync{}})), "53400");
    rig.client.ask("DISCARD ALL");
    EXPECT_EQ(types_of(rig.say({Parse{"a", "rows 1", {}}, Bind{"1", "a", {}, {}, {}},
                                Bind{"2", "a", {}, {}, {}}, Sync{}})),
              "122Z");
    EXPECT_EQ(code_of(rig.say({Bind{"1", "a", {}, {}, {}}, Bind{"2", "a", {}, {}, {}},
                               Bind{"3", "a", {}, {}, {}}, Sync{}})),
              "53400");
}

TEST(PgExtended, APortalNobodyFetchesFromIsClosed) {
    Limits limits;
    limits.cursor_idle_max = io::Steady{40};
    One rig(limits);
    rig.client.ask("BEGIN");
    rig.say({Parse{"", "rows 5", {}}, Bind{"p", "", {}, {}, {}}, Execute{"p", 2}, Sync{}});
    rig.until([&] { return rig.engine.open == 0; });
    EXPECT_EQ(code_of(rig.say({Execute{"p", 2}, Sync{}})), "34000");
}

// ---- Ends ---------------------------------------------------------------------------------------

TEST(PgEnds, ACancelRequestEndsTheStatementUnderWay) {
    One rig;
    rig.client.send(postgres::Query{"wait"});
    rig.until([&] { return rig.engine.waiting == 1; });
    Client wrong(rig);
    wrong.send(postgres::CancelRequested{rig.client.process, rig.client.key + 1});
    EXPECT_TRUE(wrong.is_at_end());
    Client missing(rig);
    missing.send(postgres::CancelRequested{rig.client.process + 1, rig.client.key});
    EXPECT_TRUE(missing.is_at_end());
    EXPECT_EQ(rig.stats().cancels_refused, 2u);
    EXPECT_EQ(rig.engine.waiting, 1u);
    Client right(rig);
    right.send(postgres::CancelRequested{rig.client.process, rig.client.key});
    EXPECT_TRUE(right.is_at_end());
    EXPECT_EQ(code_of(rig.client.read_until('Z')), "57014");
    EXPECT_EQ(rig.stats().cancels, 1u);
    EXPECT_EQ(types_of(rig.client.ask("rows 1")), "TDCZ");
}

TEST(PgEnds, AStatementEndsWithItsClient) {
    One rig;
    rig.client.send(postgres::Query{"wait"});
    rig.until([&] { return rig.engine.waiting == 1; });
    rig.client.leave();
    rig.until([&] { return rig.engine.waiting == 0 && rig.door.open() == 0; });
}

TEST(PgEnds, TerminateIsAnEnd) {
    One rig;
    rig.client.send(postgres::Terminate{});
    EXPECT_TRUE(rig.client.is_at_end());
    rig.until([&] { return rig.door.open() == 0; });
    EXPECT_EQ(rig.stats().protocol_errors, 0u);
}

TEST(PgEnds, ARevokedTokensConnectionsEndAlsoInAStatement) {
    One rig;
    Client busy(rig), other(rig);
    EXPECT_EQ(busy.sign_in().back().type, 'Z');
    EXPECT_EQ(other.sign_in("reader").back().type, 'Z');
    busy.send(postgres::Query{"wait"});
    rig.until([&] { return rig.engine.waiting == 1; });
    rig.shards.run_everywhere([&](io::Shard&) { rig.gate.revoked.insert("grafana"); });
    EXPECT_EQ(rig.recheck(), 2u);
    for (Client* client : {&rig.client, &busy}) {
        const auto last = client->read_until(0);
        ASSERT_FALSE(last.empty());
        EXPECT_EQ(last.back().type, 'E');
        EXPECT_EQ(last.back().field('S'), "FATAL");
        EXPECT_EQ(last.back().field('C'), "57P01");
    }
    EXPECT_EQ(types_of(other.ask("rows 1")), "TDCZ");
    EXPECT_EQ(rig.stats().revoked, 2u);
}

TEST(PgEnds, TheDoorTellsEverybodyWhenItCloses) {
    Rig rig;
    Client client(rig), busy(rig), arriving(rig);
    EXPECT_EQ(client.sign_in().back().type, 'Z');
    EXPECT_EQ(busy.sign_in().back().type, 'Z');
    busy.send(postgres::Query{"wait"});
    rig.until([&] { return rig.engine.waiting == 1; });
    rig.door.close();
    EXPECT_EQ(code_of(client.read_until(0)), "57P01");
    EXPECT_EQ(busy.read_until(0).back().field('C'), "57P01");
    EXPECT_TRUE(arriving.is_at_end());
    Client late(rig);
    EXPECT_TRUE(late.is_at_end());
}

TEST(PgEnds, WhoIsIdleTooLongIsTold) {
    Limits limits;
    limits.idle_max = io::Steady{40};
    One rig(limits);
    EXPECT_EQ(code_of(rig.client.read_until(0)), "57P05");
    EXPECT_EQ(rig.stats().idle_ended, 1u);
}

TEST(PgEnds, GarbageEndsOnlyItsOwnConnection) {
    One rig;
    Client other(rig);
    EXPECT_EQ(other.sign_in().back().type, 'Z');
    rig.client.send(std::string("\x7a\0\0\0\4", 5));
    EXPECT_EQ(code_of(rig.client.read_until(0)), "08P01");
    EXPECT_EQ(rig.stats().protocol_errors, 1u);
    EXPECT_EQ(types_of(other.ask("rows 1")), "TDCZ");
}

TEST(PgEnds, AClientThatDoesNotReadHoldsTheEngineBack) {
    Limits limits;
    limits.output_bytes = 4'096;
    limits.batch_rows = 100;
    Rig rig(limits);
    Client slow(rig, {.address = "127.0.0.1", .is_loopback = true}, 8'192);
    EXPECT_EQ(slow.sign_in().back().type, 'Z');
    slow.send(postgres::Query{"rows 1000000"});
    Client other(rig);
    EXPECT_EQ(other.sign_in().back().type, 'Z');
    EXPECT_EQ(types_of(other.ask("rows 1")), "TDCZ");
    rig.until([&] { return rig.engine.rows_made > 100; });
    // What fits into pipe and buffer, a batch beside it, and no more: 14 bytes is the smallest row.
    EXPECT_LT(rig.engine.rows_made, (8'192u + 4'096u) / 12 + 200);
    std::size_t rows = 0;
    for (Reply reply = slow.read(); reply.type != 'Z'; reply = slow.read()) {
        ASSERT_NE(reply.type, 0);
        rows += reply.type == 'D';
    }
    EXPECT_EQ(rows, 1'000'000u);
}

TEST(PgEnds, AClientThatNeverReadsIsLeft) {
    Limits limits;
    limits.write_stall_max = io::Steady{50};
    Rig rig(limits);
    Client slow(rig, {.address = "127.0.0.1", .is_loopback = true}, 8'192);
    EXPECT_EQ(slow.sign_in().back().type, 'Z');
    slow.send(postgres::Query{"rows 1000000"});
    rig.until([&] { return rig.door.open() == 0; });
    EXPECT_EQ(rig.stats().write_stalls, 1u);
}

TEST(PgEnds, AStreamOfMessagesIsReadOnlyAsFarAsItIsAnswered) {
    Limits limits;
    limits.wire.message_bytes_max = 4'096;
    One rig(limits);
    std::string many;
    for (int i = 0; i < 2'000; ++i) many += postgres::ClientHalf::write(postgres::Query{"rows 1"});
    rig.client.send(many);
    for (int i = 0; i < 2'000; ++i)
        ASSERT_EQ(types_of(rig.client.read_until('Z')), "TDCZ") << i;
}

}  // namespace
}  // namespace lineshaft::pg
