#include "trust/topic_rights.h"

#include <gtest/gtest.h>

namespace lineshaft::trust {
namespace {

Principal token_with_role(Role role, std::uint32_t organisation = 1, std::string name = "default") {
    return {PrincipalKind::token, OrganisationId(organisation), std::move(name), role, {}, "t", 1};
}
Principal token_of_machine(std::string machine, std::uint32_t organisation = 1,
                           std::string name = "default") {
    return {PrincipalKind::token,
            OrganisationId(organisation),
            std::move(name),
            std::nullopt,
            std::move(machine),
            "t",
            1};
}

const TopicRights rights({"default", "acme", "zeta"}, "host-1");

// One topic, and by letter who may publish (p), receive (r), both (b) or neither (-): viewer,
// operator, engineer, admin, auditor of `default`; engineer of acme; press-7; hall:emb;
// hall:emb:01.
struct RightCase {
    std::string_view topic;
    std::string_view voeau, acme, press, node, device;
};
const RightCase cases[] = {
    {"anything", "rrbbr", "-", "-", "-", "-"},
    {"lineshaft/v1/press-7/telemetry", "rrbbr", "-", "b", "-", "-"},
    {"lineshaft/v1/press-7", "rrbbr", "-", "b", "-", "-"},
    {"lineshaft/v1/press-7/a/b/c", "rrbbr", "-", "b", "-", "-"},
    {"lineshaft/v1/press-7/command", "-bbb-", "-", "r", "-", "-"},
    {"lineshaft/v1/press-7/command/x", "-bbb-", "-", "r", "-", "-"},
    {"lineshaft/v1/press-77/telemetry", "rrbbr", "-", "-", "-", "-"},
    {"lineshaft/v1/press-/telemetry", "rrbbr", "-", "-", "-", "-"},
    {"lineshaft/v1//telemetry", "rrbbr", "-", "-", "-", "-"},
    {"/lineshaft/v1/press-7/telemetry", "rrbbr", "-", "-", "-", "-"},
    {"lineshaft/v2/press-7/telemetry", "rrbbr", "-", "-", "-", "-"},
    {"lineshaft/v1/hall:emb/telemetry", "rrbbr", "-", "-", "b", "-"},
    {"spBv1.0/hall/NBIRTH/emb", "rrbbr", "-", "-", "p", "-"},
    {"spBv1.0/hall/NDATA/emb", "rrbbr", "-", "-", "p", "-"},
    {"spBv1.0/hall/NDEATH/emb", "rrbbr", "-", "-", "p", "-"},
    {"spBv1.0/hall/DBIRTH/emb/01", "rrbbr", "-", "-", "p", "p"},
    {"spBv1.0/hall/DDATA/emb/01", "rrbbr", "-", "-", "p", "p"},
    {"spBv1.0/hall/DDEATH/emb/02", "rrbbr", "-", "-", "p", "-"},
    {"spBv1.0/hall/NCMD/emb", "-bbb-", "-", "-", "r", "-"},
    {"spBv1.0/hall/DCMD/emb/01", "-bbb-", "-", "-", "r", "r"},
    {"spBv1.0/hall/DCMD/emb/02", "-bbb-", "-", "-", "r", "-"},
    {"spBv1.0/hall/NBIRTH/emb/01", "rrbbr", "-", "-", "-", "-"},
    {"spBv1.0/hall/DDATA/emb", "rrbbr", "-", "-", "-", "-"},
    {"spBv1.0/hall/NDATA/emb2", "rrbbr", "-", "-", "-", "-"},
    {"spBv1.0/hall2/NDATA/emb", "rrbbr", "-", "-", "-", "-"},
    {"spBv1.0/hall/XDATA/emb", "rrbbr", "-", "-", "-", "-"},
    {"spBv1.0/hall/N/emb", "rrbbr", "-", "-", "-", "-"},
    {"spBv1.0/hall//emb", "rrbbr", "-", "-", "-", "-"},
    {"spBv1.0/STATE/host-1", "rrrrr", "-", "r", "r", "r"},
    {"spBv1.0/STATE/host-2", "rrbbr", "-", "r", "r", "r"},
    {"$SYS/broker/uptime", "rrrrr", "-", "-", "-", "-"},
    {"$other/x", "-----", "-", "-", "-", "-"},
    {"$share/g/x", "-----", "-", "-", "-", "-"},
    {"acme", "-----", "-", "-", "-", "-"},
    {"acme/", "-----", "-", "-", "-", "-"},
    {"acme/x", "-----", "b", "-", "-", "-"},
    {"acme/lineshaft/v1/press-7/telemetry", "-----", "b", "-", "-", "-"},
    {"acme/spBv1.0/STATE/host-1", "-----", "r", "-", "-", "-"},
    {"acme/$SYS/x", "-----", "-", "-", "-", "-"},
    {"acme/zeta/x", "-----", "b", "-", "-", "-"},
    {"zeta/x", "-----", "-", "-", "-", "-"},
    {"Acme/x", "rrbbr", "-", "-", "-", "-"},
    {"default/x", "rrbbr", "-", "-", "-", "-"},
    {"", "-----", "-", "-", "-", "-"},
    {"lineshaft/v1/press-7/+", "-----", "-", "-", "-", "-"},
    {"lineshaft/v1/press-7/#", "-----", "-", "-", "-", "-"},
};

char verdict(const Principal& principal, std::string_view topic) {
    const bool publishes = rights.may_publish(principal, topic);
    const bool receives = rights.may_receive(principal, topic);
    return publishes && receives ? 'b' : publishes ? 'p' : receives ? 'r' : '-';
}

TEST(TopicRights, AgreeWithTheTable) {
    for (const RightCase& one : cases) {
        for (std::size_t i = 0; i < std::size(all_roles); ++i) {
            EXPECT_EQ(verdict(token_with_role(all_roles[i]), one.topic), one.voeau[i])
                << one.topic << " " << name_of(all_roles[i]);
        }
        EXPECT_EQ(verdict(token_with_role(Role::engineer, 2, "acme"), one.topic), one.acme[0])
            << one.topic;
        EXPECT_EQ(verdict(token_of_machine("press-7"), one.topic), one.press[0]) << one.topic;
        EXPECT_EQ(verdict(token_of_machine("hall:emb"), one.topic), one.node[0]) << one.topic;
        EXPECT_EQ(verdict(token_of_machine("hall:emb:01"), one.topic), one.device[0]) << one.topic;
    }
}

TEST(TopicRights, MachinesOfOtherOrganisationsLiveBelowTheirPrefix) {
    const Principal press = token_of_machine("press-7", 2, "acme");
    EXPECT_EQ(verdict(press, "acme/lineshaft/v1/press-7/telemetry"), 'b');
    EXPECT_EQ(verdict(press, "lineshaft/v1/press-7/telemetry"), '-');
    EXPECT_EQ(verdict(press, "zeta/lineshaft/v1/press-7/telemetry"), '-');
    EXPECT_TRUE(rights.may_subscribe(press, "acme/lineshaft/v1/press-7/command"));
    EXPECT_FALSE(rights.may_subscribe(press, "lineshaft/v1/press-7/command"));
    EXPECT_EQ(TopicRights::prefix_of(press), "acme/");
    EXPECT_EQ(TopicRights::prefix_of(token_with_role(Role::viewer)), "");
    EXPECT_EQ(rights.organisation_of("acme/x"), "acme");
    EXPECT_EQ(rights.organisation_of("acmes/x"), "default");
}

struct FilterCase {
    std::string_view filter;
    std::string_view voeau, acme, press, node;  // 'y' or '-'
};
const FilterCase filters[] = {
    {"#", "yyyyy", "y", "y", "y"},
    {"+", "yyyyy", "-", "-", "-"},
    {"+/#", "yyyyy", "y", "y", "y"},
    {"+/+", "yyyyy", "y", "y", "y"},
    {"a/b", "yyyyy", "-", "-", "-"},
    {"$SYS/#", "yyyyy", "-", "-", "-"},
    {"$SYSTEM/#", "-----", "-", "-", "-"},
    {"$x", "-----", "-", "-", "-"},
    {"acme/#", "-----", "y", "-", "-"},
    {"acme/+/x", "-----", "y", "-", "-"},
    {"acme", "-----", "-", "-", "-"},
    {"zeta/#", "-----", "-", "-", "-"},
    {"lineshaft/#", "yyyyy", "-", "y", "y"},
    {"lineshaft/v1/+/telemetry", "yyyyy", "-", "y", "y"},
    {"lineshaft/v1/+/command", "-yyy-", "-", "y", "y"},
    {"lineshaft/v1/press-7/command", "-yyy-", "-", "y", "-"},
    {"lineshaft/v1/press-7/#", "yyyyy", "-", "y", "-"},
    {"lineshaft/v1/press-8/#", "yyyyy", "-", "-", "-"},
    {"lineshaft/v1/hall:emb/command", "-yyy-", "-", "-", "y"},
    {"spBv1.0/#", "yyyyy", "-", "y", "y"},
    {"spBv1.0/STATE/+", "yyyyy", "-", "y", "y"},
    {"spBv1.0/hall/NCMD/emb/#", "-yyy-", "-", "-", "y"},
    {"spBv1.0/hall/DCMD/emb/#", "-yyy-", "-", "-", "y"},
    {"spBv1.0/hall/NCMD/emb2", "-yyy-", "-", "-", "-"},
    {"spBv1.0/+/NCMD/#", "-yyy-", "-", "y", "y"},
    {"spBv1.0/hall/NDATA/emb", "yyyyy", "-", "-", "-"},
    {"$share/g/acme/#", "-----", "y", "-", "-"},
    {"$share/g/lineshaft/v1/press-7/#", "yyyyy", "-", "y", "-"},
    {"$share/g/$SYS/#", "yyyyy", "-", "-", "-"},
    {"$share/g", "-----", "-", "-", "-"},
    {"$share//x", "-----", "-", "-", "-"},
    {"", "-----", "-", "-", "-"},
    {"a/#/b", "-----", "-", "-", "-"},
    {"a+/b", "-----", "-", "-", "-"},
};

TEST(TopicRights, RefuseFiltersThatCouldNeverDeliver) {
    const auto verdict_of = [](const Principal& principal, std::string_view filter) {
        return rights.may_subscribe(principal, filter) ? 'y' : '-';
    };
    for (const FilterCase& one : filters) {
        for (std::size_t i = 0; i < std::size(all_roles); ++i) {
            EXPECT_EQ(verdict_of(token_with_role(all_roles[i]), one.filter), one.voeau[i])
                << one.filter << " " << name_of(all_roles[i]);
        }
        EXPECT_EQ(verdict_of(token_with_role(Role::engineer, 2, "acme"), one.filter), one.acme[0])
            << one.filter;
        EXPECT_EQ(verdict_of(token_of_machine("press-7"), one.filter), one.press[0]) << one.filter;
        EXPECT_EQ(verdict_of(token_of_machine("hall:emb"), one.filter), one.node[0]) << one.filter;
    }
}

// mqtt.md, bug 8: what stands in an id is never read as part of a pattern.
TEST(TopicRights, Bug8IdsDoNotBecomePatterns) {
    for (const std::string& id :
         {std::string("+"), std::string("#"), std::string("+/+"), std::string("press-7/x"),
          std::string(""), std::string("../x"), std::string("+:+"), std::string("#:#"),
          std::string("hall:+"), std::string("a\0b", 3), std::string("STATE:n")}) {
        const Principal odd = token_of_machine(id);
        for (const char* topic :
             {"lineshaft/v1/press-7/telemetry", "lineshaft/v1/press-7/x/telemetry",
              "spBv1.0/hall/NDATA/emb", "spBv1.0/hall/NCMD/emb", "spBv1.0/STATE/NDATA/n", "a"}) {
            EXPECT_FALSE(rights.may_publish(odd, topic)) << id << " " << topic;
        }
        EXPECT_FALSE(rights.may_receive(odd, "lineshaft/v1/press-7/telemetry")) << id;
        EXPECT_FALSE(rights.may_subscribe(odd, "lineshaft/v1/press-7/telemetry")) << id;
        EXPECT_FALSE(rights.may_subscribe(odd, "spBv1.0/hall/NCMD/emb")) << id;
    }
}

TEST(TopicRights, Bug8PercentPartsMatchTheDecodedId) {
    const Principal node = token_of_machine("ha%3All:e%25b");
    EXPECT_TRUE(rights.may_publish(node, "spBv1.0/ha:ll/NDATA/e%b"));
    EXPECT_FALSE(rights.may_publish(node, "spBv1.0/ha%3All/NDATA/e%25b"));
    EXPECT_FALSE(rights.may_publish(token_of_machine("ha%3all:x"), "spBv1.0/ha:ll/NDATA/x"));
}

// mqtt.md, bugs 12 and 13: what is missing or broken means no.
TEST(TopicRights, Bug12NothingMeansNothing) {
    const TopicRights none({}, "");
    Principal nobody,
        broken = token_with_role(Role::admin), unknown = token_with_role(Role::admin, 7, "gone"),
        mixed = token_with_role(Role::admin, 2, "default"),
        swapped = token_with_role(Role::admin, 1, "acme"), both = token_of_machine("press-7");
    broken.role.reset();
    both.role = Role::admin;
    for (const Principal& principal : {nobody, broken, unknown, mixed, swapped, both}) {
        for (const char* topic :
             {"x", "gone/x", "acme/x", "default/x", "lineshaft/v1/press-7/x", "$SYS/x"}) {
            for (const TopicRights* one : {&none, &rights}) {
                EXPECT_FALSE(one->may_publish(principal, topic)) << topic;
                EXPECT_FALSE(one->may_receive(principal, topic)) << topic;
                EXPECT_FALSE(one->may_subscribe(principal, topic)) << topic;
            }
        }
        EXPECT_FALSE(rights.may_subscribe(principal, "#"));
    }
}

// mqtt.md, bugs 9 to 11: rights are asked anew with the snapshot of the moment.
TEST(TopicRights, ANewOrganisationTakesItsNameFromDefault) {
    const TopicRights before({"default"}, "host-1");
    const Principal viewer = token_with_role(Role::viewer);
    EXPECT_TRUE(before.may_receive(viewer, "acme/x"));
    EXPECT_FALSE(rights.may_receive(viewer, "acme/x"));
    EXPECT_TRUE(rights.may_subscribe(viewer, "#"));
}

TEST(TopicRights, TheNodeMayEverything) {
    const Principal node = node_principal();
    for (const char* topic : {"$SYS/x", "spBv1.0/STATE/host-1", "acme/x", "x"}) {
        EXPECT_TRUE(rights.may_publish(node, topic));
        EXPECT_TRUE(rights.may_receive(node, topic));
    }
    EXPECT_FALSE(rights.may_publish(node, "a/#"));
}

// Exhaustive over small words: a filter is accepted exactly when one of the topics it matches may
// be received (for topics that the small alphabet can spell).
bool matches(std::string_view filter, std::string_view topic) {
    if (filter == "#") return true;
    const auto f = filter.find('/'), t = topic.find('/');
    const auto head = filter.substr(0, f);
    if (head != "+" && head != topic.substr(0, t)) return false;
    if (f == filter.npos) return t == topic.npos;
    if (t == topic.npos) return filter.substr(f + 1) == "#";
    return matches(filter.substr(f + 1), topic.substr(t + 1));
}

void spell(const std::vector<std::string>& words, int depth, const std::string& so_far,
           std::vector<std::string>& out) {
    if (!so_far.empty()) out.push_back(so_far);
    if (depth == 0 || so_far.ends_with('#')) return;
    for (const std::string& word : words) {
        spell(words, depth - 1, so_far.empty() ? word : so_far + "/" + word, out);
    }
}

TEST(TopicRights, AcceptedMeansSomethingCanArrive) {
    std::vector<std::string> topics, all_filters;
    const std::vector<std::string> words = {"lineshaft", "v1", "m", "command", "acme"};
    spell(words, 5, "", topics);
    for (const std::string prefix : {"", "acme/"}) {
        topics.push_back(prefix + "spBv1.0/STATE");
        for (const std::string& word : words) topics.push_back(prefix + "spBv1.0/STATE/" + word);
    }
    std::vector<std::string> with_wildcards = words;
    with_wildcards.insert(with_wildcards.end(), {"+", "#"});
    spell(with_wildcards, 3, "", all_filters);
    for (const char* tail : {"command", "+", "#", "m"}) {
        for (const char* head :
             {"lineshaft/v1/m/", "lineshaft/v1/+/", "+/v1/m/", "acme/lineshaft/v1/"}) {
            all_filters.push_back(std::string(head) + tail);
        }
    }
    for (const Principal& who : {token_with_role(Role::viewer), token_with_role(Role::operator_),
                                 token_with_role(Role::viewer, 2, "acme"), token_of_machine("m"),
                                 token_of_machine("m", 2, "acme")}) {
        for (const std::string& filter : all_filters) {
            bool can_arrive = false;
            for (const std::string& topic : topics) {
                can_arrive =
                    can_arrive || (matches(filter, topic) && rights.may_receive(who, topic));
            }
            EXPECT_EQ(rights.may_subscribe(who, filter), can_arrive)
                << filter << " " << who.organisation_name << " " << who.machine;
        }
    }
}

}  // namespace
}  // namespace lineshaft::trust
