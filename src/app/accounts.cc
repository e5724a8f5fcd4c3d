// token create and user add: through the node's socket when it runs, else on its files.
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "app/commands.h"
#include "catalog/catalog.h"
#include "io/files.h"
#include "io/http/client.h"
#include "trust/password.h"
#include "trust/rights.h"
#include "trust/token.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;
constexpr io::Steady patience{10'000};

// nothing: no node listens there.
Result<std::optional<json::object>> ask_node(const std::string& data, const std::string& path,
                                             const json::object& body) {
    using Answered = std::optional<json::object>;
    io::Shards shards(1);
    TRY(auto socket, io::parse_address("unix:" + data + "/node.sock"));
    const std::vector<io::http::Field> headers{{"content-type", "application/json"}};
    auto answer = shards.run_blocking(
        ShardIndex(0),
        io::http::fetch(std::move(socket), "POST", path, headers, json::serialize(body), patience));
    if (!answer) {
        const bool nobody =
            answer.error().code == Code::unavailable || answer.error().code == Code::not_found;
        if (nobody) return Answered{};
        return std::unexpected(answer.error().in("ask the running node"));
    }
    boost::system::error_code problem;
    const json::value parsed = json::parse(answer->body, problem);
    if (problem || !parsed.is_object())
        return fail(Code::invalid, "the running node answered nonsense");
    if (answer->status >= 300) {
        const auto* detail = parsed.as_object().if_contains("detail");
        return fail(Code::conflict, detail && detail->is_string()
                                        ? std::string(detail->as_string())
                                        : fmt::format("the node answered {}", answer->status));
    }
    return Answered{parsed.as_object()};
}

Result<std::unique_ptr<catalog::Catalog>> open_files(const std::string& data) {
    TRY_VOID(io::make_private_dir(data));
    return catalog::Catalog::open(data + "/catalog.db", io::Clock::system().now());
}

Result<void> check_role(const std::string& role) {
    if (trust::parse_role(role)) return {};
    return fail(
        Code::invalid,
        fmt::format("\"{}\" is no role: viewer, operator, engineer, admin or auditor", role));
}

// One line from standard input, without echo where it is a terminal.
Result<std::string> read_password() {
    termios shown{};
    const bool is_terminal = ::tcgetattr(STDIN_FILENO, &shown) == 0;
    if (is_terminal) {
        std::fputs("Password: ", stderr);
        termios hidden = shown;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    std::string password;
    std::getline(std::cin, password);
    if (is_terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        std::fputs("\n", stderr);
    }
    TRY_VOID(trust::check_password(password));
    return password;
}

}  // namespace

Result<std::string> make_token(const TokenWords& words) {
    if (words.role.empty() == words.machine.empty()) {
        return fail(Code::invalid, "token create: give --role ROLE or --machine NAME");
    }
    if (!words.role.empty()) {
        TRY_VOID(check_role(words.role));
    }
    const std::string usual = words.role.empty() ? words.machine : words.role;
    const std::string name = words.name.empty()
                                 ? fmt::format("{}-{}", usual, io::Clock::system().now().millis())
                                 : words.name;
    json::object body{{"name", name}};
    if (!words.role.empty()) body["role"] = words.role;
    if (!words.machine.empty()) body["machine"] = words.machine;
    TRY(const auto answered, ask_node(words.data, "/api/v1/tokens", body));
    if (answered) return std::string(answered->at("token").as_string());

    TRY(const auto catalog, open_files(words.data));
    const auto secret = trust::make_token();
    catalog::NewToken token{
        name,          {}, {}, std::string(trust::text_of(secret.sha256)), secret.scram_verifier,
        "command line"};
    if (!words.role.empty()) token.role = words.role;
    if (!words.machine.empty()) token.machine = words.machine;
    TRY_VOID(
        catalog->create_token(catalog::default_organisation, token, io::Clock::system().now()));
    return secret.text;
}

Result<void> create_token(const TokenWords& words) {
    TRY(const auto token, make_token(words));
    std::printf("%s\n", token.c_str());
    return {};
}

Result<void> add_user(const UserWords& words) {
    TRY_VOID(check_role(words.role));
    TRY(const auto password, read_password());
    TRY(const auto answered,
        ask_node(words.data, "/api/v1/people",
                 {{"name", words.name}, {"role", words.role}, {"password", password}}));
    if (!answered) {
        TRY(const auto catalog, open_files(words.data));
        TRY(const auto hash, trust::hash_password(password));
        TRY_VOID(catalog->create_person(catalog::default_organisation,
                                        {words.name, words.role, hash}, io::Clock::system().now()));
    }
    std::fprintf(stderr, "%s may sign in as %s\n", words.name.c_str(), words.role.c_str());
    return {};
}

}  // namespace lineshaft::app
