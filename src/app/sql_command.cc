// lineshaft sql: asks the running node, else opens the directory for as long as the answer takes.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/ask_node.h"
#include "app/commands.h"
#include "app/node.h"
#include "base/log.h"
#include "io/files.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;

constexpr io::Steady patience{3'600'000};  // sql.timeout ends it long before

std::string shown(const json::value& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return std::string(value.get_string());
    return json::serialize(value);
}

/// What machines say may hold anything, and a terminal obeys some of it.
std::string for_terminal(const json::value& value) {
    std::string text = shown(value);
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

std::string csv_field(const json::value& value) {
    const std::string text = shown(value);
    if (text.find_first_of(",\"\r\n") == std::string::npos && !(text.empty() && value.is_string()))
        return text;
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"') out += '"';
        out += letter;
    }
    return out + "\"";
}

/// Letters as a terminal counts them; wide ones of Chinese as two.
std::size_t width_of(std::string_view text) {
    std::size_t width = 0;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if ((byte & 0xC0) == 0x80) continue;
        width += byte >= 0xE3 && byte < 0xF0 ? 2 : 1;
    }
    return width;
}

void print_table(const json::array& columns, const json::array& rows) {
    std::vector<std::size_t> widths;
    std::vector<bool> are_numbers;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        const std::string_view type = columns[index].at("type").as_string();
        are_numbers.push_back(type == "int8" || type == "float8");
        std::size_t width = width_of(std::string_view(columns[index].at("name").as_string()));
        for (const auto& row : rows)
            width = std::max(width, width_of(for_terminal(row.as_array()[index])));
        widths.push_back(std::min<std::size_t>(width, 200));
    }
    const auto print = [&](std::size_t index, std::string_view text, bool is_right) {
        const std::size_t size = width_of(text);
        const std::string blank(size < widths[index] ? widths[index] - size : 0, ' ');
        std::fputs(index > 0 ? " | " : " ", stdout);
        const std::string cell = is_right ? blank + std::string(text) : std::string(text) + blank;
        std::fputs(cell.c_str(), stdout);
    };
    for (std::size_t index = 0; index < columns.size(); ++index)
        print(index, std::string_view(columns[index].at("name").as_string()), false);
    std::fputs("\n", stdout);
    for (std::size_t index = 0; index < columns.size(); ++index)
        std::fputs(((index > 0 ? "+" : "") + std::string(widths[index] + 2, '-')).c_str(), stdout);
    std::fputs("\n", stdout);
    for (const auto& row : rows) {
        for (std::size_t index = 0; index < columns.size(); ++index)
            print(index, for_terminal(row.as_array()[index]), are_numbers[index]);
        std::fputs("\n", stdout);
    }
    std::fputs(fmt::format("({} row{})\n", rows.size(), rows.size() == 1 ? "" : "s").c_str(),
               stdout);
}

void print_csv(const json::array& columns, const json::array& rows) {
    std::string line;
    for (const auto& column : columns)
        line += (line.empty() ? "" : ",") + csv_field(column.at("name"));
    std::fputs((line + "\n").c_str(), stdout);
    for (const auto& row : rows) {
        line.clear();
        bool is_first = true;
        for (const auto& value : row.as_array()) {
            line += (is_first ? "" : ",") + csv_field(value);
            is_first = false;
        }
        std::fputs((line + "\n").c_str(), stdout);
    }
}

void print_ndjson(const json::array& columns, const json::array& rows) {
    for (const auto& row : rows) {
        json::object line;
        for (std::size_t index = 0; index < columns.size(); ++index)
            line[columns[index].at("name").as_string()] = row.as_array()[index];
        std::fputs((json::serialize(line) + "\n").c_str(), stdout);
    }
}

/// A node without doors but its own socket.
Result<std::optional<json::object>> ask_stopped(const SqlWords& words, const json::object& body) {
    if (!std::filesystem::exists(words.data + "/store"))
        return fail(Code::not_found, words.data + " holds no node: give the directory that one was "
                                                      "started with (serve --data DIR)");
    TRY_VOID(log::start(log::Level::error));
    TRY(const auto settings, settings_of("", {"http.listen=", "mqtt.listen=", "node.shards=2"}));
    TRY(const auto node, Node::start(settings, {words.data, false}));
    auto answered = ask_node(words.data, "/api/v1/sql", body, patience);
    node->stop();
    return answered;
}

}  // namespace

Result<void> run_sql(const SqlWords& words) {
    const json::object body{{"sql", words.sql}, {"limit", words.limit}, {"time_zone", words.time_zone}};
    TRY(auto answered, ask_node(words.data, "/api/v1/sql", body, patience));
    if (!answered) {
        TRY(answered, ask_stopped(words, body));
    }
    if (!answered) return fail(Code::unavailable, "nobody answered at " + words.data +
                                                              ": see the node's log, or stop it and "
                                                              "ask again");
    const json::array& columns = answered->at("columns").as_array();
    const json::array& rows = answered->at("rows").as_array();
    if (words.format == "csv")
        print_csv(columns, rows);
    else if (words.format == "ndjson")
        print_ndjson(columns, rows);
    else
        print_table(columns, rows);
    if (answered->at("truncated").as_bool())
        std::fputs("There is more: --limit shows up to 100000 rows.\n", stderr);
    return {};
}

Result<void> run_retention(const RetentionWords& words) {
    const std::string path = "/api/v1/retention";
    Result<std::optional<json::object>> answered = std::optional<json::object>();
    if (words.file.empty()) {
        answered = get_from_node(words.data, path);
    } else {
        TRY(const std::string text, io::read_file(words.file, 1 << 20));
        boost::system::error_code problem;
        const json::value parsed = json::parse(text, problem);
        if (problem || !parsed.is_object() || !parsed.as_object().contains("classes"))
            return fail(Code::invalid, words.file + ": {\"classes\":[...]} is expected");
        const json::object body{{"classes", parsed.at("classes")}};
        answered = put_to_node(words.data, path, body);
    }
    if (!answered) return std::unexpected(answered.error());
    if (!*answered) return fail(Code::unavailable, "nobody answered at " + words.data + ": start the node first");
    std::fputs((json::serialize(**answered) + "\n").c_str(), stdout);
    return {};
}

}  // namespace lineshaft::app
