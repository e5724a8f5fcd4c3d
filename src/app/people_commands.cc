// org, audit and export: through the node's socket when it runs, else on its files.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "app/ask_node.h"
#include "app/audit_room.h"
#include "app/commands.h"
#include "catalog/catalog.h"
#include "io/files.h"
#include "trust/audit_log.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;
constexpr std::size_t page_records = 5'000;
constexpr std::size_t note_bytes_max = 64 * 1024;

Result<std::unique_ptr<catalog::Catalog>> open_catalog(const std::string& data) {
    TRY_VOID(io::make_private_dir(data));
    return catalog::Catalog::open(data + "/catalog.db", io::Clock::system().now());
}

void print_organisation(std::string_view name, std::string_view title) {
    std::printf("%.*s%s%.*s\n", static_cast<int>(name.size()), name.data(),
                title.empty() ? "" : "\t", static_cast<int>(title.size()), title.data());
}

// The log of a running node, fetched in pages.
struct Fetched {
    std::string note;
    std::vector<std::string> records;
};

// Adds what the node has behind `records`. False: no node runs there.
Result<bool> fetch_behind(const std::string& data, std::vector<std::string>& records) {
    for (;;) {
        const std::string path =
            fmt::format("/api/v1/audit/raw?from={}&limit={}", records.size(), page_records);
        TRY(const auto page, get_from_node(data, path));
        if (!page) return false;
        const auto& items = page->at("items").as_array();
        for (const auto& item : items) {
            TRY(auto bytes, trust::from_base64(std::string_view(item.as_string())));
            records.push_back(std::move(bytes));
        }
        if (items.size() < page_records) return true;
    }
}

Result<std::optional<Fetched>> fetch_log(const std::string& data) {
    Fetched fetched;
    TRY(bool is_there, fetch_behind(data, fetched.records));
    if (!is_there) return std::nullopt;
    TRY(const auto told, get_from_node(data, "/api/v1/audit/checkpoint"));
    if (!told) return std::nullopt;
    fetched.note = text_of(*told, "checkpoint");
    // What came before the checkpoint and after the first reading.
    TRY(is_there, fetch_behind(data, fetched.records));
    if (!is_there) return std::nullopt;
    return fetched;
}

Result<trust::AuditVerdict> verify_running(const Fetched& fetched, const std::string& kept,
                                           const std::string& public_key) {
    // The log grows while it is read: what the checkpoint is about is what is judged.
    std::uint64_t count = fetched.records.size();
    if (const auto told = trust::open_checkpoint(fetched.note, public_key)) {
        count = std::min(count, told->size);
    }
    return trust::verify_audit(
        count,
        [&](std::uint64_t at) -> Result<std::string> {
            return fetched.records[static_cast<std::size_t>(at)];
        },
        fetched.note, kept, public_key);
}

Result<trust::AuditVerdict> verify_files(const std::string& data, const std::string& kept,
                                         const std::string& public_key) {
    TRY(const auto opened, store::open(data + "/store", {}));
    const trust::AuditReader reader{*opened.store};
    TRY(const auto size, reader.size());
    TRY(const auto note, reader.checkpoint());
    auto verdict = trust::verify_audit(
        size, [&](std::uint64_t at) { return reader.raw(at); }, note, kept, public_key);
    opened.store->close();
    return verdict;
}

}  // namespace

Result<void> add_organisation(const OrganisationWords& words) {
    json::object body{{"name", words.name}};
    if (!words.title.empty()) body["title"] = words.title;
    TRY(const auto answered, ask_node(words.data, "/api/v1/organisations", body));
    if (!answered) {
        TRY_VOID(record_offline(words.data, "organisation.create", "", "name=" + words.name));
        TRY(const auto catalog, open_catalog(words.data));
        TRY(const auto made, catalog->create_organisation(words.name, io::Clock::system().now()));
        if (!words.title.empty()) {
            catalog::OrganisationChange change;
            change.title = std::optional<std::string>(words.title);
            TRY_VOID(catalog->change_organisation(made.id, change));
        }
    }
    std::fprintf(stderr,
                 "%s is there; its first admin: lineshaft user add %s/NAME --role admin --data "
                 "DIR\n",
                 words.name.c_str(), words.name.c_str());
    return {};
}

Result<void> list_organisations(const OrganisationWords& words) {
    TRY(const auto answered, get_from_node(words.data, "/api/v1/organisations"));
    if (answered) {
        for (const auto& one : answered->at("items").as_array()) {
            print_organisation(text_of(one.as_object(), "name"), text_of(one.as_object(), "title"));
        }
        return {};
    }
    TRY(const auto catalog, open_catalog(words.data));
    for (const auto& one : catalog->snapshot()->organisations()) {
        print_organisation(one.name, one.title.value_or(""));
    }
    return {};
}

Result<bool> verify_audit_log(const AuditWords& words) {
    TRY(const auto key, trust::open_node_key(words.data + "/node.key"));
    const std::string public_key = trust::SigningKey(key.derive("audit")).public_key();
    std::string kept;
    if (!words.checkpoint.empty()) {
        TRY(kept, io::read_file(words.checkpoint, note_bytes_max));
    }
    TRY(const auto fetched, fetch_log(words.data));
    auto verdict = fetched ? verify_running(*fetched, kept, public_key)
                           : verify_files(words.data, kept, public_key);
    if (!verdict) return std::unexpected(verdict.error());
    for (const auto& problem : verdict->problems) std::printf("problem: %s\n", problem.c_str());
    if (!verdict->problems.empty()) return false;
    std::printf("%s: %llu records as they were written%s\n", audit_origin(key).c_str(),
                static_cast<unsigned long long>(verdict->records),
                kept.empty() ? "" : ", and they begin with those of the kept checkpoint");
    std::printf("verifier: %s\n", trust::verifier_key(audit_origin(key), public_key).c_str());
    return true;
}

Result<void> print_checkpoint(const AuditWords& words) {
    TRY(const auto told, get_from_node(words.data, "/api/v1/audit/checkpoint"));
    std::string note;
    if (told) {
        note = text_of(*told, "checkpoint");
    } else {
        TRY(const auto opened, store::open(words.data + "/store", {}));
        TRY(note, trust::AuditReader{*opened.store}.checkpoint());
        opened.store->close();
    }
    std::fputs(note.c_str(), stdout);
    return {};
}

Result<void> export_inventory(const std::string& data) {
    TRY(const auto answered, get_from_node(data, "/api/v1/export"));
    if (!answered) {
        return fail(Code::unavailable, "no node runs on " + data + ": start it, then export");
    }
    std::printf("%s\n", json::serialize(*answered).c_str());
    return {};
}

}  // namespace lineshaft::app
