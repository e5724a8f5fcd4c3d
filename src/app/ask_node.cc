#include "app/ask_node.h"

#include <fmt/format.h>

#include "io/http/client.h"

namespace lineshaft::app {

namespace json = boost::json;

namespace {

Result<std::optional<json::object>> ask(const std::string& data, std::string method,
                                        const std::string& path, std::string body,
                                        io::Steady patience) {
    using Answered = std::optional<json::object>;
    io::Shards shards(1);
    TRY(auto socket, io::parse_address("unix:" + data + "/node.sock"));
    const std::vector<io::http::Field> headers{{"content-type", "application/json"}};
    auto answer = shards.run_blocking(
        ShardIndex(0),
        io::http::fetch(std::move(socket), std::move(method), path, headers, std::move(body),
                        patience));
    if (!answer) {
        const bool nobody =
            answer.error().code == Code::unavailable || answer.error().code == Code::not_found;
        if (nobody) return Answered{};
        return std::unexpected(answer.error().in("ask the running node"));
    }
    boost::system::error_code problem;
    const json::value parsed = json::parse(answer->body, problem);
    if (problem || !parsed.is_object())
        return fail(Code::invalid, "the running node gave an answer this program does not understand: are both of one "
                    "version? See `lineshaft version` and the start of the node's log");
    if (answer->status >= 300) {
        const auto* detail = parsed.as_object().if_contains("detail");
        const auto* hint = parsed.as_object().if_contains("hint");  // of SQL
        std::string why = detail && detail->is_string()
                              ? std::string(detail->as_string())
                              : fmt::format("the node answered {}", answer->status);
        if (hint != nullptr && hint->is_string()) why.append("\n").append(hint->as_string());
        return fail(Code::conflict, std::move(why));
    }
    return Answered{parsed.as_object()};
}

}  // namespace

Result<std::optional<json::object>> ask_node(const std::string& data, const std::string& path,
                                             const json::object& body, io::Steady patience) {
    return ask(data, "POST", path, json::serialize(body), patience);
}

Result<std::optional<json::object>> put_to_node(const std::string& data, const std::string& path,
                                                const json::object& body, io::Steady patience) {
    return ask(data, "PUT", path, json::serialize(body), patience);
}

Result<std::optional<json::object>> get_from_node(const std::string& data, const std::string& path,
                                                  io::Steady patience) {
    return ask(data, "GET", path, {}, patience);
}

}  // namespace lineshaft::app
