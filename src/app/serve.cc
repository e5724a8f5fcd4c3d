// serve and demo: a node until a signal, with or without the demo plant beside it.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <future>

#include "app/commands.h"
#include "app/demo.h"
#include "app/lan.h"
#include "app/node.h"
#include "app/systemd.h"
#include "base/log.h"
#include "io/files.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "io/resources.h"
#include "io/signals.h"

extern char** environ;

namespace lineshaft::app {
namespace {

// The main thread's own shard: signals, and in a demo the engineer who furnishes it. Apart from the
// node's shards, so that it works whatever they are doing.
class Foreman {
public:
    Foreman() {
        shard_.run_everywhere([this](io::Shard& shard) {
            signals_ = std::make_unique<io::Signals>(shard, [this] { asked_.set_value(); });
        });
    }
    ~Foreman() {
        shard_.run_blocking(ShardIndex(0), end(this));
        shard_.run_everywhere([this](io::Shard&) { signals_.reset(); });
    }
    void furnish(const std::string& data) {
        shard_.run_everywhere([&](io::Shard&) {
            tasks_.spawn(furnish_demo(data, &pause_), [this] { pause_.end(); });
        });
    }
    void wait_for_signal() { asked_.get_future().wait(); }

private:
    static io::Task<bool> end(Foreman* foreman) {
        co_await foreman->tasks_.close();
        co_return true;
    }

    io::Shards shard_{1};
    std::promise<void> asked_;
    std::unique_ptr<io::Signals> signals_;
    io::Pause pause_;
    io::Nursery tasks_{"foreman"};
};

std::string address_of(const Node::Banner& banner, std::string_view name) {
    for (const auto& [listener, address] : banner.listeners) {
        if (listener == name) return address;
    }
    return {};
}

void print_banner(const Node::Banner& banner, const ServeWords& words) {
    std::string text = fmt::format("\n  Lineshaft {}  ·  data in {}\n\n", version(), words.data);
    for (const auto& note : banner.notes) text += fmt::format("  note     {}\n", note);
    const std::string http = address_of(banner, "http");
    if (!http.empty()) {
        const std::string hash =
            banner.setup_secret.empty() ? "" : "/#setup=" + banner.setup_secret;
        text += fmt::format("  console  http://{}{}\n", http, hash);
    }
    for (const auto& [name, address] : banner.listeners) {
        if (name != "http") text += fmt::format("  {:<8} {}\n", name, address);
    }
    if (!banner.setup_secret.empty()) {
        text += fmt::format(
            "\n  one-time admin secret  {}\n  Open the console with it and choose a name and a "
            "password.\n",
            banner.setup_secret);
    }
    if (words.is_lan) text += lan_text(banner);
    text += "\n  Ctrl-C stops it.\n\n";
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

Result<void> write_ready_file(const std::string& path, const Node::Banner& banner) {
    if (path.empty()) return {};
    std::string text;
    for (const auto& [name, address] : banner.listeners)
        text += fmt::format("{} {}\n", name, address);
    if (!banner.setup_secret.empty()) text += fmt::format("secret {}\n", banner.setup_secret);
    return io::write_private_file(path, text);
}

// The demo plant as a process of its own, which knows the node only through its sockets.
class PlantProcess {
public:
    static Result<std::unique_ptr<PlantProcess>> start(const ServeWords& words,
                                                       const std::string& mqtt) {
        TRY(const std::string token_file, token_for(words.data));
        const std::string seed = std::to_string(words.seed);
        std::vector<std::string> arguments{"lineshaft", "sim",          "--mqtt",
                                           mqtt,        "--token-file", token_file,
                                           "--seed",    seed,           "--ends-with-parent"};
        std::vector<char*> pointers;
        for (auto& argument : arguments) pointers.push_back(argument.data());
        pointers.push_back(nullptr);
        auto process = std::make_unique<PlantProcess>();
        if (::posix_spawn(&process->pid_, "/proc/self/exe", nullptr, nullptr, pointers.data(),
                          environ) != 0) {
            return fail(Code::unavailable, "the demo plant's process did not start");
        }
        return process;
    }
    ~PlantProcess() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    // One token for all runs of the demo, kept beside the data and as private as it.
    static Result<std::string> token_for(const std::string& data) {
        const std::string path = data + "/demo-plant.token";
        if (io::read_file(path, 1024)) return path;
        TRY(const auto token, make_token({data, "engineer", "", "demo plant", "default"}));
        TRY_VOID(io::write_private_file(path, token + "\n"));
        return path;
    }
    pid_t pid_ = 0;
};

}  // namespace

Result<Settings> settings_of(const std::string& config, const std::vector<std::string>& sets) {
    Settings settings;
    if (!config.empty()) {
        TRY_VOID(read_file(settings, config));
    }
    for (const auto& one : sets) {
        const auto equals = one.find('=');
        if (equals == one.npos) {
            return fail(Code::invalid, fmt::format("--set {}: write section.key=value", one));
        }
        TRY_VOID(set(settings, one.substr(0, equals), one.substr(equals + 1)));
    }
    TRY_VOID(check(settings));
    return settings;
}

Result<void> serve(const ServeWords& words) {
    if (words.ends_with_parent) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() == 1) return fail(Code::cancelled, "the starting process has ended");
    }
    TRY(auto settings, settings_of(words.config, words.sets));
    if (words.is_lan) open_to_lan(settings);
    const auto level = settings.log_level == "debug"   ? log::Level::debug
                       : settings.log_level == "warn"  ? log::Level::warn
                       : settings.log_level == "error" ? log::Level::error
                                                       : log::Level::info;
    TRY_VOID(log::start(level, settings.log_file));
    (void)io::prepare_process();  // the count is only of interest to a log
    Foreman foreman;              // first, so that a signal during a long start is heard
    TRY(const auto node, Node::start(settings, {words.data, words.is_demo}));
    print_banner(node->banner(), words);
    TRY_VOID(write_ready_file(words.ready_file, node->banner()));
    tell_systemd("READY=1");
    std::unique_ptr<PlantProcess> plant;
    if (words.is_demo) {
        TRY(plant, PlantProcess::start(words, address_of(node->banner(), "mqtt")));
        foreman.furnish(words.data);
    }
    foreman.wait_for_signal();
    tell_systemd("STOPPING=1");
    plant.reset();
    node->stop();
    return {};
}

}  // namespace lineshaft::app
