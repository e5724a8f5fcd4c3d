// token create and user add: through the node's socket when it runs, else on its files.
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "app/ask_node.h"
#include "app/audit_room.h"
#include "app/commands.h"
#include "catalog/catalog.h"
#include "io/files.h"
#include "trust/password.h"
#include "trust/rights.h"
#include "trust/token.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;

Result<std::unique_ptr<catalog::Catalog>> open_files(const std::string& data) {
    TRY_VOID(io::make_private_dir(data));
    return catalog::Catalog::open(data + "/catalog.db", io::Clock::system().now());
}

std::string no_organisation(std::string_view name) {
    return fmt::format(
        "there is no organisation {}: `lineshaft org list` names them, `lineshaft org add` makes one",
        name);
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

// "acme/ann" is a person of the organisation acme.
Result<std::string> people_path(const std::string& data, std::string_view organisation) {
    if (organisation.empty()) return std::string("/api/v1/people");
    TRY(const auto all, get_from_node(data, "/api/v1/organisations"));
    if (!all) return std::string();
    for (const auto& one : all->at("items").as_array()) {
        if (std::string_view(one.at("name").as_string()) != organisation) continue;
        return fmt::format("/api/v1/organisations/{}/people",
                           std::string_view(one.at("id").as_string()));
    }
    return fail(Code::not_found, no_organisation(organisation));
}

Result<void> add_offline(const UserWords& words, const std::string& organisation,
                         const std::string& name, const std::string& password) {
    TRY_VOID(record_offline(words.data, "person.create", organisation,
                            fmt::format("name={}, role={}", name, words.role)));
    TRY(const auto catalog, open_files(words.data));
    const auto* found = catalog->snapshot()->organisation(
        organisation.empty() ? catalog::default_organisation_name : std::string_view(organisation));
    if (found == nullptr) return fail(Code::not_found, no_organisation(organisation));
    TRY(const auto hash, trust::hash_password(password));
    TRY_VOID(catalog->create_person(found->id, {name, words.role, hash},
                                    io::Clock::system().now()));
    return {};
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

    TRY_VOID(record_offline(words.data, "token.create", "",
                            fmt::format("name={}, role={}, machine={}", name, words.role,
                                        words.machine)));
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
    const bool is_new = !std::filesystem::exists(words.data + "/catalog.db");
    TRY(const auto token, make_token(words));
    if (is_new) {
        std::fprintf(stderr, "made a new data directory: %s; the token is for the node that is "
                             "started there\n",
                     words.data.c_str());
    }
    std::printf("%s\n", token.c_str());
    return {};
}

Result<void> add_user(const UserWords& words) {
    TRY_VOID(check_role(words.role));
    TRY(const auto password, read_password());
    const auto slash = words.name.find('/');
    const std::string organisation =
        slash == std::string::npos ? std::string() : words.name.substr(0, slash);
    const std::string name = slash == std::string::npos ? words.name : words.name.substr(slash + 1);
    TRY(const auto path, people_path(words.data, organisation));
    std::optional<json::object> answered;
    if (!path.empty()) {
        TRY(answered, ask_node(words.data, path,
                               {{"name", name}, {"role", words.role}, {"password", password}}));
    }
    if (!answered) {
        TRY_VOID(add_offline(words, organisation, name, password));
    }
    std::fprintf(stderr, "%s may sign in as %s\n", words.name.c_str(), words.role.c_str());
    return {};
}

}  // namespace lineshaft::app
