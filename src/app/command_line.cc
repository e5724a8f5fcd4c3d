#include "app/command_line.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>

#include "app/backup.h"
#include "app/commands.h"
#include "app/node.h"
#include "app/repair.h"

namespace lineshaft::app {
namespace {

constexpr const char* about =
    "Lineshaft joins machines, workshops and companies: one program, one data directory.\n"
    "Start with:  lineshaft demo        a node with a working demo plant\n"
    "         or  lineshaft serve --data DIR";

// Every command's words and what to run once they are parsed.
struct Words {
    ServeWords serve;
    SimWords sim;
    SewingWords sewing;
    TokenWords token;
    UserWords user;
    CaWords ca;
    BackupWords backup;
    VerifyWords verify;
    RestoreWords restore;
    RepairWords repair;
    std::string new_key;
    OrganisationWords organisation;
    AuditWords audit;
    ResolveWords resolve;
    NamingDemoWords naming_demo;
    SqlWords sql;
    RetentionWords retention;
    StitchWords stitch;
    std::string export_data;
    bool show_settings = false;
};

CLI::Option* add_data(CLI::App* command, std::string& data,
                      const char* what = "Data directory of the node, running or not") {
    return command->add_option("--data", data, what)->type_name("DIR")->required();
}

void add_sets(CLI::App* command, std::vector<std::string>& sets, const char* what) {
    command->add_option("--set", sets, what)
        ->type_name("SECTION.KEY=VALUE")
        ->expected(1)
        ->take_all();
}

void add_serve(CLI::App& app, Words& words) {
    auto* serve = app.add_subcommand("serve", "Run a node");
    serve->add_option("--data", words.serve.data, "Data directory, made if missing (0700)")
        ->type_name("DIR");
    serve->add_option("--config", words.serve.config, "Settings file (TOML)")->type_name("FILE");
    add_sets(serve, words.serve.sets,
             "One setting, may be repeated: --set mqtt.listen=127.0.0.1:0");
    serve
        ->add_option("--ready-file", words.serve.ready_file,
                     "Write the listeners' addresses here once all accept")
        ->type_name("FILE");
    serve->add_flag("--ends-with-parent", words.serve.ends_with_parent,
                    "Stop when the starting process ends, however it does");
    serve->add_flag("--settings", words.show_settings, "Print every setting as Markdown and leave");
}

void add_demo(CLI::App& app, Words& words) {
    auto* demo = app.add_subcommand("demo", "Run a node with the demo plant (a second process)");
    demo->add_option("--data", words.serve.data, "Data directory")
        ->type_name("DIR")
        ->default_str("lineshaft-demo");
    add_sets(demo, words.serve.sets, "One setting, may be repeated");
    demo->add_option("--ready-file", words.serve.ready_file, "Write the listeners' addresses here")
        ->type_name("FILE");
    demo->add_flag("--lan", words.serve.is_lan,
                   "Also HTTPS for phones in this network; prints a QR code");
    demo->add_option("--seed", words.serve.seed, "Seed of the demo plant")->capture_default_str();
    demo->add_subcommand("naming", "Instead: a chain of naming nodes (top, secondary, enterprise, "
                                   "recursive)")
        ->fallthrough();
}

void add_sewing(CLI::App* sim, SewingWords& words) {
    auto* sewing = sim->add_subcommand("embroidery", "Machines that take job orders, fetch their files and sew them");
    sewing->add_option("--mqtt", words.mqtt, "The node's MQTT address")->type_name("HOST:PORT")->capture_default_str();
    sewing->add_option("--http", words.http, "The node's HTTP address")->type_name("HOST:PORT")->capture_default_str();
    sewing->add_option("--token-file", words.token_file, "File with a token of the machines' edge node")->type_name("FILE");
    sewing->add_option("--group", words.group, "Sparkplug group")->capture_default_str();
    sewing->add_option("--node", words.node, "Sparkplug edge node")->capture_default_str();
    sewing->add_option("--machines", words.machines, "How many, m1, m2, ...")->capture_default_str();
    sewing->add_option("--speed", words.speed, "So many times as fast as life")->capture_default_str();
    sewing->add_option("--rpm", words.rpm, "Stitches a minute")->capture_default_str();
    sewing->add_option("--heads", words.heads, "Heads that sew at once")->capture_default_str();
    sewing->add_option("--needles", words.needles, "Needles of a head")->capture_default_str();
    sewing->add_option("--hoop", words.hoop_mm, "Width and height of the hoop, mm")->capture_default_str();
    sewing->add_option("--breaks-every", words.stitches_between_breaks, "Stitches between thread breaks; 0: none")->capture_default_str();
    sewing->add_option("--operator", words.operator_s, "Seconds until somebody has mended it, mean")->capture_default_str();
    sewing->add_option("--frame", words.frame_s, "Seconds to clamp a piece")->capture_default_str();
    sewing->add_option("--report", words.report_ms, "Milliseconds between reports of progress")->capture_default_str();
    sewing->add_option("--corrupt", words.corrupted, "So many of the first files arrive with a wrong bit")->capture_default_str();
    sewing->add_option("--seed", words.seed, "The same seed tells the same story")->capture_default_str();
    sewing->add_option("--seconds", words.seconds, "Stop after so long; 0: until Ctrl-C")->capture_default_str();
    sewing->add_flag("--ends-with-parent", words.ends_with_parent, "Stop when the starting process ends, however it does");
}

void add_sim(CLI::App& app, Words& words) {
    auto* sim =
        app.add_subcommand("sim", "The demo plant: talks to any node over MQTT like real machines");
    sim->add_option("--mqtt", words.sim.mqtt, "The node's MQTT address")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    sim->add_option("--token-file", words.sim.token_file, "File with a token of role engineer")
        ->type_name("FILE");
    sim->add_option("--seed", words.sim.seed, "The same seed tells the same story")
        ->capture_default_str();
    sim->add_option("--seconds", words.sim.seconds, "Stop after so long; 0: until Ctrl-C")
        ->capture_default_str();
    sim->add_flag("--ends-with-parent", words.sim.ends_with_parent,
                  "Stop when the starting process ends, however it does");
    add_sewing(sim, words.sewing);
}

void add_token(CLI::App& app, Words& words) {
    auto* token = app.add_subcommand("token", "Tokens for programs and machines");
    token->require_subcommand(1);
    auto* create = token->add_subcommand("create", "Print a new token; it is shown only this once");
    add_data(create, words.token.data);
    auto* role =
        create
            ->add_option("--role", words.token.role, "viewer, operator, engineer, admin or auditor")
            ->type_name("ROLE");
    create
        ->add_option("--machine", words.token.machine,
                     "For one machine: publishes and reads only its own")
        ->type_name("NAME")
        ->excludes(role);
    create->add_option("--name", words.token.name, "What lists call it, and its MQTT user name")
        ->type_name("N");
    create->footer(
        "Use it as MQTT password (any user name), as MQTT user name without password, or on HTTP "
        "as\n"
        "Authorization: Bearer TOKEN.");
}

CLI::App* add_ca_action(CLI::App* ca, Words& words, const char* name, CaWords::Action action,
                        const char* what) {
    auto* one = ca->add_subcommand(name, what);
    add_data(one, words.ca.data);
    one->add_option("--organisation", words.ca.organisation, "Whose machines")
        ->type_name("NAME")
        ->capture_default_str();
    one->add_option("--config", words.ca.config, "Settings file, with the node stopped")
        ->type_name("FILE");
    add_sets(one, words.ca.sets, "One setting, with the node stopped");
    one->callback([&words, action] { words.ca.action = action; });
    return one;
}

void add_ca(CLI::App& app, Words& words) {
    using Action = CaWords::Action;
    auto* ca = app.add_subcommand("ca", "Certificates of machines, and the authority behind them");
    ca->require_subcommand(1);
    add_ca_action(ca, words, "init", Action::show, "Make the authority if there is none; show it");
    add_ca_action(ca, words, "show", Action::show,
                  "Print the root certificate (PEM) and its fingerprint");
    auto* issue = add_ca_action(ca, words, "issue", Action::issue,
                                "A certificate for a machine, with a new key or for a request");
    issue->add_option("--machine", words.ca.machine, "The machine's id")
        ->type_name("NAME")
        ->required();
    issue->add_option("--csr", words.ca.request_file, "Its certificate request (PKCS#10)")
        ->type_name("FILE");
    issue->add_option("--out", words.ca.out, "Write NAME.crt, NAME.key and ca.crt here")
        ->type_name("DIR");
    add_ca_action(ca, words, "list", Action::list, "Certificates, newest first")
        ->add_option("--machine", words.ca.machine, "Only of this machine")
        ->type_name("NAME");
    auto* revoke = add_ca_action(ca, words, "revoke", Action::revoke,
                                 "End a certificate now; its live sessions end, too");
    auto* serial = revoke->add_option("serial", words.ca.serial, "Its serial number");
    revoke->add_option("--machine", words.ca.machine, "All of this machine")
        ->type_name("NAME")
        ->excludes(serial);
    add_ca_action(ca, words, "enrol", Action::enrol,
                  "Print a one-time token, with which the machine enrols itself (EST)")
        ->add_option("--machine", words.ca.machine, "The machine's id")
        ->type_name("NAME")
        ->required();
}

void add_user(CLI::App& app, Words& words) {
    auto* user = app.add_subcommand("user", "People who sign in to the console");
    user->require_subcommand(1);
    auto* add =
        user->add_subcommand("add", "Add a person; the password is read from standard input");
    add_data(add, words.user.data);
    add->add_option("name", words.user.name, "Name to sign in with; of another organisation: ORG/NAME")
        ->required();
    add->add_option("--role", words.user.role, "viewer, operator, engineer, admin or auditor")
        ->capture_default_str();
}

void add_stitch(CLI::App& app, Words& words) {
    auto* stitch = app.add_subcommand("stitch", "Lettering, a drawing or a picture as embroidery");
    stitch->add_option("artwork", words.stitch.artwork, "A text, or a .svg or .png")->required();
    stitch->add_option("--out", words.stitch.out, "FILE.dst, .exp, .pes, .jef, .svg or .png")
        ->type_name("FILE")
        ->required();
    stitch->add_option("--font", words.stitch.font, "sans, serif, script, or a font file")
        ->capture_default_str();
    stitch->add_option("--height", words.stitch.height_mm, "Of capital letters, mm")
        ->capture_default_str();
    stitch->add_option("--width", words.stitch.width_mm,
                       "Of a drawing (0: as it is) or picture (0: 100), mm")
        ->capture_default_str();
    stitch->add_option("--colour", words.stitch.colour, "Of the letters' thread")
        ->capture_default_str();
    stitch
        ->add_option("--fabric", words.stitch.fabric,
                     "twill, canvas, denim, felt, silk, leather, cap, pique, jersey, fleece or terry")
        ->capture_default_str();
    stitch->add_option("--hoop", words.stitch.hoop_mm, "Side of the hoop, mm")
        ->capture_default_str();
}

void add_backup(CLI::App& app, Words& words) {
    auto* backup = app.add_subcommand("backup", "Copy a node, running or not, into one file");
    auto* data = backup->add_option("--data", words.backup.data, "Data directory of the node")
                     ->type_name("DIR");
    auto* to = backup
                   ->add_option("--to", words.backup.to,
                                "A file that does not exist, or a directory to put one into")
                   ->type_name("PATH");
    data->needs(to);
    backup->add_option("--key", words.backup.key_file, "Encrypts it with this key")
        ->type_name("FILE");
    backup->add_flag("--quiet", words.backup.is_quiet, "Print nothing but the file's path");
    backup->require_subcommand(0, 1);
    auto* verify = backup->add_subcommand("verify", "Read a backup and prove every byte of it");
    verify->add_option("from", words.verify.from, "The backup")->required();
    verify->add_option("--key", words.verify.key_file, "Its key")->type_name("FILE");
    backup->add_subcommand("new-key", "Make a key for backups; keep it apart from them")
        ->add_option("file", words.new_key, "Where to write it; must not exist")
        ->required();
    auto* restore = app.add_subcommand("restore", "A backup into an empty directory");
    restore->add_option("--from", words.restore.from, "The backup")->type_name("FILE")->required();
    add_data(restore, words.restore.data, "Missing or empty");
    restore->add_option("--key", words.restore.key_file, "Its key")->type_name("FILE");
}

void add_repair(CLI::App& app, Words& words) {
    auto* repair =
        app.add_subcommand("repair", "Say what is damaged in a stopped node, and mend it");
    add_data(repair, words.repair.data, "Data directory of the node");
    repair->add_flag("--apply", words.repair.apply,
                     "Put repaired files in place; the damaged ones stay beside them");
    repair->footer(
        "Exit status: 0 whole or repaired, 3 damaged and nothing changed, 1 beyond repair.");
}

void add_organisations(CLI::App& app, Words& words) {
    auto* org = app.add_subcommand("org", "Organisations that share the node");
    org->require_subcommand(1);
    auto* add = org->add_subcommand("add", "Add one; its topics begin with NAME/");
    add_data(add, words.organisation.data);
    add->add_option("name", words.organisation.name, "1 to 64 of a-z, 0-9 and -")->required();
    add->add_option("--title", words.organisation.title, "What people call it")->type_name("T");
    add_data(org->add_subcommand("list", "Print them"), words.organisation.data);
}

void add_audit(CLI::App& app, Words& words) {
    auto* audit = app.add_subcommand("audit", "The log of who did what");
    audit->require_subcommand(1);
    auto* verify = audit->add_subcommand("verify", "Prove that no record was changed or removed");
    add_data(verify, words.audit.data);
    verify
        ->add_option("--checkpoint", words.audit.checkpoint,
                     "An older checkpoint, kept elsewhere: finds a log that was rolled back")
        ->type_name("FILE");
    verify->footer("Exit status: 0 as it was written, 3 tampered with, 1 not readable.");
    add_data(audit->add_subcommand("checkpoint", "Print the signed checkpoint, to keep elsewhere"),
             words.audit.data);
    add_data(app.add_subcommand("export",
                                "Print machines, sites, people, tokens and settings "
                                "(JSON, without secrets)"),
             words.export_data);
}

void add_sql(CLI::App& app, Words& words) {
    auto* sql = app.add_subcommand("sql", "Ask with a SELECT: machines, tags, latest, samples, sites");
    add_data(sql, words.sql.data);
    sql->add_option("statement", words.sql.sql, "SELECT count(*) FROM samples")->required();
    sql->add_option("--format", words.sql.format, "table, csv or ndjson")
        ->check(CLI::IsMember({"table", "csv", "ndjson"}))
        ->capture_default_str();
    sql->add_option("--time-zone", words.sql.time_zone, "Of times without a zone, and of days")
        ->capture_default_str();
    sql->add_option("--limit", words.sql.limit, "Rows at most")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
}

void add_retention(CLI::App& app, Words& words) {
    auto* retention = app.add_subcommand("retention", "How long and how finely classes of tags are kept");
    add_data(retention, words.retention.data, "Data directory of the running node");
    retention->add_option("--set", words.retention.file, "Replaces all classes by those of a JSON file")
        ->type_name("FILE");
}

void add_resolve(CLI::App& app, Words& words) {
    auto& resolve = words.resolve;
    auto* command = app.add_subcommand("resolve", "What an identifier stands for");
    command->add_option("name", resolve.name, "Such as 88.101.7/EXC-0042")->required();
    command->add_option("--at", resolve.servers, "Whom to ask first; default: handle.bootstrap, else 127.0.0.1:2641")
        ->type_name("HOST:PORT");
    command->add_option("--type", resolve.types, "Only values of this type")->type_name("TYPE");
    command->add_option("--index", resolve.indexes, "Only this value")->type_name("N");
    command->add_flag("--trace", resolve.shows_trace, "Print every hop");
    command->add_option("--config", resolve.config, "Settings file (TOML)")->type_name("FILE");
    add_sets(command, resolve.sets, "One setting: --set handle.bootstrap=127.0.0.1:2641");
}

int report(const Result<void>& done) {
    if (done) return 0;
    std::fprintf(stderr, "lineshaft: %s\n", done.error().context.c_str());
    return 1;
}

int run_backup(CLI::App& app, const Words& words) {
    const auto* backup = app.get_subcommand("backup");
    if (backup->got_subcommand("verify")) return report(verify_backup(words.verify));
    if (backup->got_subcommand("new-key")) return report(make_backup_key(words.new_key));
    if (words.backup.data.empty() || words.backup.to.empty()) {
        std::fputs("lineshaft backup: --data DIR and --to PATH are needed\n", stderr);
        return 2;
    }
    return report(back_up(words.backup));
}

// The node's socket lies in the data directory, and a socket's address is absolute.
void make_absolute(std::string& data) {
    std::error_code problem;
    const auto whole = std::filesystem::absolute(data, problem);
    if (!data.empty() && !problem) data = whole.string();
}

int run_audit(CLI::App& app, const Words& words) {
    if (!std::filesystem::exists(words.audit.data + "/store")) {
        std::fprintf(stderr, "lineshaft: %s holds no node: give the directory that one was started "
                             "with (serve --data DIR)\n",
                     words.audit.data.c_str());
        return 1;
    }
    if (app.get_subcommand("audit")->got_subcommand("checkpoint")) {
        return report(print_checkpoint(words.audit));
    }
    const auto is_whole = verify_audit_log(words.audit);
    if (is_whole) return *is_whole ? 0 : 3;
    std::fprintf(stderr, "lineshaft: %s\n", is_whole.error().context.c_str());
    return 1;
}

int run_organisation(CLI::App& app, const Words& words) {
    const bool lists = app.get_subcommand("org")->got_subcommand("list");
    return report(lists ? list_organisations(words.organisation)
                        : add_organisation(words.organisation));
}

int run_repair(const RepairWords& words) {
    const auto is_whole = repair(words);
    if (is_whole) return *is_whole ? 0 : 3;
    std::fprintf(stderr, "lineshaft: %s\n", is_whole.error().context.c_str());
    return 1;
}

int run_command(CLI::App& app, Words& words) {
    for (auto* data : {&words.serve.data, &words.token.data, &words.user.data, &words.ca.data,
                       &words.backup.data, &words.restore.data, &words.repair.data,
                       &words.organisation.data, &words.audit.data, &words.sql.data, &words.retention.data,
                       &words.export_data})
        make_absolute(*data);
    if (app.got_subcommand("version")) {
        std::printf("lineshaft %s\n", std::string(version()).c_str());
        return 0;
    }
    if (app.got_subcommand("serve")) {
        if (words.show_settings) {
            std::fputs(reference_page().c_str(), stdout);
            return 0;
        }
        if (words.serve.data.empty()) {
            std::fputs("lineshaft serve: --data DIR is needed: where the node keeps everything\n",
                       stderr);
            return 2;
        }
        return report(serve(words.serve));
    }
    if (app.got_subcommand("resolve")) return report(resolve_name(words.resolve));
    if (app.got_subcommand("demo") && app.get_subcommand("demo")->got_subcommand("naming")) {
        words.naming_demo.data =
            words.serve.data.empty() ? "lineshaft-naming" : words.serve.data;
        make_absolute(words.naming_demo.data);
        words.naming_demo.ready_file = words.serve.ready_file;
        return report(naming_demo(words.naming_demo));
    }
    if (app.got_subcommand("demo")) {
        words.serve.is_demo = true;
        if (words.serve.data.empty()) make_absolute(words.serve.data = "lineshaft-demo");
        return report(serve(words.serve));
    }
    if (app.got_subcommand("sim")) {
        const bool sews = app.get_subcommand("sim")->got_subcommand("embroidery");
        return report(sews ? simulate_sewing(words.sewing) : simulate(words.sim));
    }
    if (app.got_subcommand("stitch")) return report(stitch_command(words.stitch));
    if (app.got_subcommand("backup")) return run_backup(app, words);
    if (app.got_subcommand("repair")) return run_repair(words.repair);
    if (app.got_subcommand("restore")) return report(restore(words.restore));
    if (app.got_subcommand("org")) return run_organisation(app, words);
    if (app.got_subcommand("audit")) return run_audit(app, words);
    if (app.got_subcommand("export")) return report(export_inventory(words.export_data));
    if (app.got_subcommand("retention")) return report(run_retention(words.retention));
    if (app.got_subcommand("sql")) return report(run_sql(words.sql));
    if (app.got_subcommand("ca")) return report(ca_command(words.ca));
    if (app.got_subcommand("token")) return report(create_token(words.token));
    return report(add_user(words.user));
}

}  // namespace

int run(int count, char** words_given) {
    CLI::App app{about, "lineshaft"};
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "Help of all commands");
    Words words;
    add_serve(app, words);
    add_demo(app, words);
    add_sim(app, words);
    add_token(app, words);
    add_user(app, words);
    add_ca(app, words);
    add_stitch(app, words);
    add_backup(app, words);
    add_repair(app, words);
    add_organisations(app, words);
    add_audit(app, words);
    add_resolve(app, words);
    add_sql(app, words);
    add_retention(app, words);
    app.add_subcommand("version", "Print the version");
    if (count < 2) {
        std::fputs(app.help().c_str(), stderr);
        return 2;
    }
    const std::string command = words_given[1];
    const auto named =
        app.get_subcommands([&](CLI::App* one) { return one->get_name() == command; });
    if (!command.starts_with('-') && named.empty()) {
        std::fprintf(stderr, "lineshaft: there is no command %s; `lineshaft --help` lists them\n",
                     command.c_str());
        return 2;
    }
    try {
        app.parse(count, words_given);
    } catch (const CLI::ParseError& why) {
        return app.exit(why) == 0 ? 0 : 2;
    }
    return run_command(app, words);
}

}  // namespace lineshaft::app
