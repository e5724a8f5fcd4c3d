// docs/protocols/sparkplug.md against the list of testable statements and against our tests.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace {

namespace fs = std::filesystem;

const fs::path project = LINESHAFT_PROJECT_DIR;

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

struct Row {
    std::string id, whose, proof;
};

std::vector<Row> table() {
    std::vector<Row> rows;
    for (const std::string& line : lines(read(project / "docs/protocols/sparkplug.md"))) {
        if (!line.starts_with("| `tck-id-")) continue;
        const auto id_end = line.find("` | ");
        const auto whose_end = line.find(" | ", id_end + 4);
        rows.push_back({line.substr(3, id_end - 3), line.substr(id_end + 4, whose_end - id_end - 4),
                        line.substr(whose_end + 3)});
    }
    return rows;
}

// The references `file.cc::Suite.Name` of a row.
std::vector<std::pair<std::string, std::string>> references(const std::string& proof) {
    std::vector<std::pair<std::string, std::string>> out;
    std::size_t at = 0;
    while ((at = proof.find('`', at)) != std::string::npos) {
        const auto end = proof.find('`', at + 1);
        if (end == std::string::npos) break;
        const std::string quoted = proof.substr(at + 1, end - at - 1);
        const auto colons = quoted.find("_test.cc::");
        if (colons != std::string::npos) {
            out.emplace_back(quoted.substr(0, colons + 8), quoted.substr(colons + 10));
        }
        at = end + 1;
    }
    return out;
}

TEST(Conformance, EveryRowSaysWhoseAndHow) {
    const auto rows = table();
    ASSERT_GT(rows.size(), 100u);
    std::set<std::string> ids;
    const std::set<std::string> known = {"host", "edge", "host, edge", "broker", "none"};
    for (const Row& row : rows) {
        EXPECT_TRUE(ids.insert(row.id).second) << row.id << " stands twice";
        EXPECT_TRUE(known.contains(row.whose)) << row.id << ": " << row.whose;
        EXPECT_GT(row.proof.size(), 4u) << row.id;
    }
}

TEST(Conformance, EveryTestNamedExists) {
    std::size_t count = 0;
    for (const Row& row : table()) {
        for (const auto& [file, test] : references(row.proof)) {
            ++count;
            const std::string source = read(project / "src/wire/sparkplug/tests" / file);
            const auto dot = test.find('.');
            ASSERT_NE(dot, std::string::npos) << row.id << ": " << test;
            const std::string arguments = "(" + test.substr(0, dot) + ", " + test.substr(dot + 1);
            EXPECT_TRUE(source.contains("TEST" + arguments + ")") ||
                        source.contains("TEST_F" + arguments + ")") ||
                        source.contains("TEST_P" + arguments + ")"))
                << row.id << ": no " << test << " in " << file;
        }
    }
    EXPECT_GT(count, 200u);
}

TEST(Conformance, EveryStatementHasItsRow) {
    const fs::path list = project / "../shared/data/sparkplug/normative.tsv";
    if (!fs::exists(list)) GTEST_SKIP() << "no list of statements at " << list;
    std::set<std::string> ids;
    for (const Row& row : table()) ids.insert(row.id);
    std::size_t count = 0;
    for (const std::string& line : lines(read(list))) {
        if (!line.starts_with("tck-id-")) continue;  // the heading
        ++count;
        const std::string id = line.substr(0, line.find('\t'));
        EXPECT_TRUE(ids.erase(id) == 1) << id << " has no row";
    }
    EXPECT_GT(count, 200u);
    EXPECT_TRUE(ids.empty()) << *ids.begin() << " is not in the list";
}

}  // namespace
