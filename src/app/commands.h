#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"

// One function per command; command_line.cc turns words into these calls.
namespace lineshaft::app {

struct ServeWords {
    std::string data;
    std::string config;
    std::vector<std::string> sets;  ///< "section.key=value"
    std::string ready_file;         ///< written once every listener accepts
    bool is_demo = false;
    bool is_lan = false;  ///< also HTTPS on every address, with a QR code in the banner
    std::uint64_t seed = 1;  ///< of the demo plant
    bool ends_with_parent = false;  ///< also when the process that started it is killed
};
/// Runs a node until a signal. With `is_demo` also the demo plant, as a process of its own.
Result<void> serve(const ServeWords& words);

struct SimWords {
    std::string mqtt = "127.0.0.1:1883";
    std::string token_file;
    std::uint64_t seed = 1;
    double seconds = 0;             ///< 0: until a signal
    bool ends_with_parent = false;  ///< also when the process that started it is killed
};
struct SewingWords {
    std::string mqtt = "127.0.0.1:1883", http = "127.0.0.1:8080";
    std::string token_file;
    std::string group = "sewing", node = "hall";
    std::uint64_t seed = 1;
    unsigned machines = 1, heads = 1, needles = 15, corrupted = 0;
    double speed = 1, rpm = 850, hoop_mm = 360, stitches_between_breaks = 12'000, operator_s = 60, frame_s = 20;
    std::int64_t report_ms = 1'000;
    double seconds = 0;  ///< 0: until a signal
    bool ends_with_parent = false;
};
/// Embroidery machines that take job orders, fetch their files over HTTP and sew them: docs/protocols/embroidery-machine.md.
Result<void> simulate_sewing(const SewingWords& words);

/// The demo plant: an embroidery hall (Sparkplug B) and a fleet of construction machines (JSON).
Result<void> simulate(const SimWords& words);

struct StitchWords {
    std::string artwork;  ///< a text, or the path of a .svg or .png
    std::string out;      ///< its ending says what: dst, exp, pes, jef, svg, png
    std::string font = "sans";  ///< sans, serif, script, or the path of a font
    std::string colour = "#1a3c6e", fabric = "twill";
    double height_mm = 20, width_mm = 0, hoop_mm = 360;
};
/// A pattern and its machine file, without a node. Errors: those of stitch, and of files.
Result<void> stitch_command(const StitchWords& words);

struct TokenWords {
    std::string data;
    std::string role;
    std::string machine;
    std::string name;
    std::string organisation = "default";
};
/// Makes one. Asks a running node, else opens the files. Errors: conflict (the name is taken),
/// invalid.
Result<std::string> make_token(const TokenWords& words);
/// Prints the new token alone on standard output.
Result<void> create_token(const TokenWords& words);

struct CaWords {
    enum class Action { show, issue, list, revoke, enrol } action = Action::show;
    std::string data;
    std::string config;             ///< with the node stopped: its lives of certificates
    std::vector<std::string> sets;  ///< the same
    std::string organisation = "default";
    std::string machine;
    std::string request_file;
    std::string out;
    std::string serial;
};
/// The certificate authority: asks a running node, else opens the files.
Result<void> ca_command(const CaWords& words);

struct UserWords {
    std::string data;
    std::string name;
    std::string role = "viewer";
};
/// Adds a person; the password is read from standard input (without echo on a terminal).
Result<void> add_user(const UserWords& words);

struct OrganisationWords {
    std::string data;
    std::string name;
    std::string title;
};
/// Makes one. Errors: conflict (the name is taken), invalid.
Result<void> add_organisation(const OrganisationWords& words);
/// One line each: name, tab, title.
Result<void> list_organisations(const OrganisationWords& words);

struct AuditWords {
    std::string data;
    std::string checkpoint;  ///< a file with an older one that a witness kept
};
/// Recomputes the whole audit log and prints what it found. False: it was tampered with.
Result<bool> verify_audit_log(const AuditWords& words);
/// Prints the signed checkpoint alone, for a witness to keep.
Result<void> print_checkpoint(const AuditWords& words);

struct SqlWords {
    std::string data;
    std::string sql;
    std::string format = "table";  ///< "table", "csv", "ndjson"
    std::string time_zone = "UTC";
    std::int64_t limit = 1'000;
};
/// Prints what a SELECT gives. Asks a running node, else opens the files.
Result<void> run_sql(const SqlWords& words);

struct RetentionWords {
    std::string data;
    std::string file;  ///< of classes to set; empty: only shows
};
/// Prints what classes of tags are kept how long, after setting them from a file. Of a running node.
Result<void> run_retention(const RetentionWords& words);

struct ResolveWords {
    std::string name;
    std::vector<std::string> servers;  ///< asked first; empty: handle.bootstrap
    std::string config;
    std::vector<std::string> sets;
    std::vector<std::string> types;
    std::vector<std::uint32_t> indexes;
    bool shows_trace = false;
};
/// Prints the values of an identifier: index, type and data, with tabs between. not_found: says why.
Result<void> resolve_name(const ResolveWords& words);

struct NamingDemoWords {
    std::string data;
    std::string ready_file;  ///< written with every node's addresses once the chain is up
};
/// Runs top, secondary, enterprise and recursive nodes, each a process with its own directory under
/// `data`, until a signal.
Result<void> naming_demo(const NamingDemoWords& words);

/// Prints what people told the node of `data`, as JSON. unavailable: it does not run.
Result<void> export_inventory(const std::string& data);

/// The settings after the file and the --set words, checked.
Result<Settings> settings_of(const std::string& config, const std::vector<std::string>& sets);

}  // namespace lineshaft::app
