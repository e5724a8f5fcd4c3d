#include "base/machine_id.h"

#include <gtest/gtest.h>

namespace lineshaft {
namespace {

struct IdCase {
    std::string id;
    std::optional<SparkplugName> name;
};

const IdCase cases[] = {
    {"hall:embroidery", SparkplugName{"hall", "embroidery", ""}},
    {"hall:embroidery:emb-01", SparkplugName{"hall", "embroidery", "emb-01"}},
    {"a%3Ab:c%25:d", SparkplugName{"a:b", "c%", "d"}},
    {"Halle Süd:n", SparkplugName{"Halle Süd", "n", ""}},
    {"exc-01", std::nullopt},
    {"", std::nullopt},
    {":", std::nullopt},
    {"a:", std::nullopt},
    {":n", std::nullopt},
    {"a:b:", std::nullopt},
    {"a:b:c:d", std::nullopt},
    {"a%3a:b", std::nullopt},  // a second spelling would be a second machine
    {"a%:b", std::nullopt},
    {"a%2:b", std::nullopt},
    {"a%41:b", std::nullopt},
    {"a/b:c", std::nullopt},
    {"a+:c", std::nullopt},
    {"#:c", std::nullopt},
};

TEST(MachineId, SparkplugNamesAgreeWithTheTable) {
    for (const IdCase& one : cases) {
        EXPECT_EQ(parse_machine_id(one.id), one.name) << one.id;
        if (one.name) {
            EXPECT_EQ(format_machine_id(*one.name), one.id);
        }
    }
}

TEST(MachineId, RefusesWhatWouldDefeatARight) {
    for (const std::string& id :
         {std::string(), std::string("+"), std::string("#"), std::string("a/b"), std::string("a+"),
          std::string("a\0b", 3), std::string("a\nb"), std::string("\xC3\x28"), std::string("\x7F"),
          std::string(257, 'a')}) {
        EXPECT_FALSE(check_machine_id(id)) << id;
    }
    for (const std::string& id :
         {std::string("a"), std::string("绣花机 1"), std::string("$x"),
          std::string("'; DROP TABLE machines;--"), std::string(256, 'a')}) {
        EXPECT_TRUE(check_machine_id(id)) << id;
    }
}

}  // namespace
}  // namespace lineshaft
