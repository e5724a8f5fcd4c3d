// lineshaft ca: through the node's socket when it runs, else on its files.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "app/ask_node.h"
#include "app/commands.h"
#include "app/registrar.h"
#include "base/machine_id.h"
#include "base/percent.h"
#include "io/files.h"
#include "io/http/client.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;

constexpr std::size_t request_bytes_max = 64 * 1024;

/// What works with the node stopped: its catalog and its authority.
struct Files {
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<Registrar> registrar;
    OrganisationId organisation;
};

Instant now() {
    return io::Clock::system().now();
}

Result<Files> open_files(const CaWords& words) {
    TRY(const auto settings, settings_of(words.config, words.sets));
    TRY_VOID(io::make_private_dir(words.data));
    Files files;
    TRY(files.catalog, catalog::Catalog::open(words.data + "/catalog.db", now()));
    TRY(files.registrar, Registrar::open(*files.catalog, words.data, settings.node_name,
                                         Registrar::limits_of(settings), now()));
    const auto snapshot = files.catalog->snapshot();
    const auto* found = snapshot->organisation(words.organisation);
    if (found == nullptr) {
        return fail(Code::not_found,
                    fmt::format("there is no organisation \"{}\": `lineshaft org list` names them",
                                words.organisation));
    }
    files.organisation = found->id;
    return files;
}

std::string organisation_query(const CaWords& words, char mark = '?') {
    if (words.organisation == "default") return {};
    return fmt::format("{}organisation={}", mark, percent_encoded(words.organisation));
}

void print_root(const std::string& pem, const std::string& fingerprint,
                const std::string& not_after) {
    std::printf("%s", pem.c_str());
    std::fprintf(stderr, "SHA-256 %s\nuntil   %s\n", fingerprint.c_str(), not_after.c_str());
}

Result<void> show(const CaWords& words) {
    TRY(const auto answered, get_from_node(words.data, "/api/v1/certificates/authority"));
    if (answered) {
        print_root(text_of(*answered, "certificate"), text_of(*answered, "fingerprint"),
                   text_of(*answered, "not_after"));
        return {};
    }
    TRY(const auto files, open_files(words));
    const auto& authority = files.registrar->authority();
    if (files.registrar->was_made()) std::fputs("made a new certificate authority\n", stderr);
    print_root(authority.root_pem(), trust::fingerprint_text(authority.root_sha256()),
               to_rfc3339(authority.root_not_after()));
    return {};
}

struct Issued {
    std::string certificate, authority, key, serial, not_after;
};

Result<Issued> issue_somehow(const CaWords& words, const std::string& request) {
    json::object body{{"machine", words.machine}};
    if (!request.empty()) body["request"] = request;
    TRY(const auto answered,
        ask_node(words.data, "/api/v1/certificates" + organisation_query(words), body));
    if (answered) {
        return Issued{text_of(*answered, "certificate"), text_of(*answered, "authority"),
                      text_of(*answered, "key"), text_of(*answered, "serial"),
                      text_of(*answered, "not_after")};
    }
    TRY(const auto files, open_files(words));
    TRY(const auto made,
        files.registrar->issue(files.organisation, words.machine, request, "command line", now()));
    return Issued{made.certificate_pem, files.registrar->authority().root_pem(), made.key_pem,
                  made.serial, to_rfc3339(made.not_after)};
}

// A machine's id as a file's name: what a path or a shell could misread becomes '_'.
std::string file_name(std::string_view machine) {
    std::string name;
    for (const char letter : machine) {
        const bool is_plain = (letter >= 'a' && letter <= 'z') ||
                              (letter >= 'A' && letter <= 'Z') ||
                              (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
        name += is_plain ? letter : '_';
    }
    if (name.starts_with('.')) name.front() = '_';
    return name;
}

Result<void> issue(const CaWords& words) {
    TRY_VOID(check_machine_id(words.machine));
    std::string request;
    if (!words.request_file.empty()) {
        TRY(request, io::read_file(words.request_file, request_bytes_max));
    }
    if (!words.out.empty()) {
        TRY_VOID(io::make_private_dir(words.out));
    }
    TRY(const auto made, issue_somehow(words, request));
    if (words.out.empty()) {
        std::printf("%s%s%s", made.key.c_str(), made.certificate.c_str(), made.authority.c_str());
    } else {
        const std::string base = words.out + "/" + file_name(words.machine);
        TRY_VOID(io::write_private_file(base + ".crt", made.certificate));
        TRY_VOID(io::write_private_file(words.out + "/ca.crt", made.authority));
        if (!made.key.empty()) {
            TRY_VOID(io::write_private_file(base + ".key", made.key));
        }
        std::printf("%s.crt\n", base.c_str());
        if (!made.key.empty()) std::printf("%s.key\n", base.c_str());
        std::printf("%s/ca.crt\n", words.out.c_str());
    }
    std::fprintf(stderr, "serial %s, good until %s\n", made.serial.c_str(), made.not_after.c_str());
    return {};
}

Result<void> enrol(const CaWords& words) {
    TRY_VOID(check_machine_id(words.machine));
    const std::string path = fmt::format("/api/v1/machines/{}/enrolments{}",
                                         percent_encoded(words.machine), organisation_query(words));
    TRY(const auto answered, ask_node(words.data, path, {}));
    std::string token, until;
    if (answered) {
        token = text_of(*answered, "token");
        until = text_of(*answered, "expires_at");
    } else {
        TRY(const auto files, open_files(words));
        TRY(const auto made,
            files.registrar->invite(files.organisation, words.machine, "command line", now()));
        token = made.token;
        until = to_rfc3339(made.expires_at);
    }
    std::printf("%s\n", token.c_str());
    std::fprintf(stderr, "for %s, once, until %s\n", words.machine.c_str(), until.c_str());
    return {};
}

struct Row {
    std::string serial, state, not_after, machine;
};

std::string_view state_of(const catalog::Certificate& one) {
    if (one.revoked_at) return "revoked";
    return one.not_after <= now() ? "expired" : "live";
}

// At most so many are shown; --machine narrows.
constexpr std::size_t rows_max = 1'000;

Result<std::vector<Row>> rows(const CaWords& words) {
    std::string path = fmt::format("/api/v1/certificates?limit={}", rows_max);
    if (!words.machine.empty()) path += "&machine=" + percent_encoded(words.machine);
    TRY(const auto answered, get_from_node(words.data, path + organisation_query(words, '&')));
    std::vector<Row> out;
    if (answered) {
        const auto* items = answered->if_contains("items");
        if (items == nullptr || !items->is_array()) return out;
        for (const auto& item : items->as_array()) {
            if (!item.is_object()) continue;
            const auto& one = item.as_object();
            out.push_back({text_of(one, "serial"), text_of(one, "state"), text_of(one, "not_after"),
                           text_of(one, "machine")});
        }
        return out;
    }
    TRY(const auto files, open_files(words));
    TRY(const auto all,
        files.catalog->certificates(files.organisation, words.machine, {}, rows_max));
    for (const auto& one : all) {
        out.push_back(
            {one.serial, std::string(state_of(one)), to_rfc3339(one.not_after), one.machine});
    }
    return out;
}

Result<void> list(const CaWords& words) {
    TRY(const auto all, rows(words));
    std::string text =
        fmt::format("{:<32}  {:<8}  {:<24}  {}\n", "SERIAL", "STATE", "UNTIL", "MACHINE");
    for (const auto& one : all) {
        text += fmt::format("{:<32}  {:<8}  {:<24}  {}\n", one.serial, one.state, one.not_after,
                            one.machine);
    }
    std::fputs(text.c_str(), stdout);
    return {};
}

Result<void> revoke_one(const CaWords& words, const std::string& serial) {
    const std::string path = fmt::format("/api/v1/certificates/{}/revoke{}",
                                         percent_encoded(serial), organisation_query(words));
    TRY(const auto answered, ask_node(words.data, path, {}));
    if (!answered) {
        TRY(const auto files, open_files(words));
        TRY_VOID(files.registrar->revoke(files.organisation, serial, "command line", now()));
    }
    std::fprintf(stderr, "revoked %s\n", serial.c_str());
    return {};
}

Result<void> revoke(const CaWords& words) {
    if (words.serial.empty() == words.machine.empty()) {
        return fail(Code::invalid, "ca revoke: give a SERIAL or --machine NAME");
    }
    if (!words.serial.empty()) return revoke_one(words, words.serial);
    TRY(const auto all, rows(words));
    std::size_t count = 0;
    for (const auto& one : all) {
        if (one.state != "live") continue;
        TRY_VOID(revoke_one(words, one.serial));
        ++count;
    }
    if (count == 0) {
        return fail(Code::not_found,
                    fmt::format("{} has no live certificate to revoke: `lineshaft ca list` shows all",
                                words.machine));
    }
    return {};
}

}  // namespace

Result<void> ca_command(const CaWords& words) {
    switch (words.action) {
        case CaWords::Action::show: return show(words);
        case CaWords::Action::issue: return issue(words);
        case CaWords::Action::list: return list(words);
        case CaWords::Action::revoke: return revoke(words);
        case CaWords::Action::enrol: return enrol(words);
    }
    return {};
}

}  // namespace lineshaft::app
