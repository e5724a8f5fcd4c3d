// lineshaft demo naming: a whole chain of naming nodes on loopback, each a process of its own, that
// know each other only through the Handle System and each other's HTTP API.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <future>

#include "app/commands.h"
#include "base/check.h"
#include "identity/asker.h"
#include "identity/node_key.h"
#include "io/files.h"
#include "io/http/client.h"
#include "io/pause.h"
#include "io/signals.h"
#include "trust/secrets.h"

extern char** environ;

namespace lineshaft::app {
namespace {

constexpr std::uint16_t usual_port = 2641;
constexpr io::Steady start_patience{30'000}, start_pause{20}, http_patience{10'000};

struct Member {
    std::string_view name;
    std::string_view role;
    std::string_view prefix;   ///< empty: none
    std::string_view parent;   ///< who delegates the prefix
    std::string_view company;  ///< what the prefix's handle says of whose it is
};
constexpr Member members[] = {
    {"top", "top", "88", "", ""},
    {"secondary-101", "secondary", "88.101", "top", "Machine Identifiers East"},
    {"secondary-102", "secondary", "88.102", "top", "Textile Identifiers South"},
    {"enterprise-101-7", "enterprise", "88.101.7", "secondary-101", "Harbour Cranes Ltd"},
    {"enterprise-101-8", "enterprise", "88.101.8", "secondary-101", "Delta Excavators Ltd"},
    {"enterprise-102-1", "enterprise", "88.102.1", "secondary-102", "Mulan Embroidery"},
    {"recursive", "recursive", "", "", ""},
};

// Whether the top node may have the usual port, where `lineshaft resolve` asks when nothing is said.
bool usual_port_is_free() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(usual_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (const int kind : {SOCK_STREAM, SOCK_DGRAM}) {
        const int probe = ::socket(AF_INET, kind | SOCK_CLOEXEC, 0);
        const int yes = 1;
        ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        const int bound = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
        ::close(probe);
        if (bound != 0) return false;
    }
    return true;
}

/// One node's process.
class NodeProcess {
public:
    NodeProcess(const Member& member, const std::string& parent_directory)
        : member_(member), directory_(parent_directory + "/" + std::string(member.name)) {}
    NodeProcess(const NodeProcess&) = delete;
    ~NodeProcess() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }

    /// `trusted`: fingerprint of the key of who is asked first. `port` 0: any.
    Result<void> start(const std::string& bootstrap, const std::string& trusted,
                       std::uint16_t port = 0) {
        (void)::unlink(ready_file().c_str());
        std::vector<std::string> arguments{"lineshaft",         "serve",        "--data",
                                           directory_,          "--ready-file", ready_file(),
                                           "--ends-with-parent"};
        for (const std::string& one :
             {fmt::format("node.role={}", member_.role), fmt::format("node.name={}", member_.name),
              std::string("node.shards=1"), std::string("http.listen=127.0.0.1:0"),
              std::string("mqtt.listen="), fmt::format("handle.listen=127.0.0.1:{}", port),
              std::string("log.level=warn"), fmt::format("handle.prefix={}", member_.prefix),
              "handle.bootstrap=" + bootstrap, "handle.trusted_keys=" + trusted,
              std::string("handle.sign_values=true")}) {
            arguments.emplace_back("--set");
            arguments.push_back(one);
        }
        std::vector<char*> pointers;
        for (auto& argument : arguments) pointers.push_back(argument.data());
        pointers.push_back(nullptr);
        posix_spawn_file_actions_t silent;
        ::posix_spawn_file_actions_init(&silent);
        ::posix_spawn_file_actions_addopen(&silent, STDOUT_FILENO, "/dev/null", 1, 0);
        const int failed =
            ::posix_spawn(&pid_, "/proc/self/exe", &silent, nullptr, pointers.data(), environ);
        ::posix_spawn_file_actions_destroy(&silent);
        if (failed != 0) return fail(Code::unavailable, directory_ + ": did not start");
        return {};
    }
    // Addresses once it is ready: "handle" and "http".
    std::optional<std::string> address(std::string_view listener) const {
        const auto text = io::read_file(ready_file(), 4'096);
        if (!text) return std::nullopt;
        const std::string all = "\n" + *text;
        const auto at = all.find(fmt::format("\n{} ", listener));
        if (at == all.npos) return std::nullopt;
        const auto from = at + listener.size() + 2;
        return all.substr(from, all.find('\n', from) - from);
    }
    bool is_running() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }
    const Member& member() const { return member_; }
    io::Address socket() const {
        return {.host = {}, .port = 0, .path = directory_ + "/node.sock"};
    }

private:
    std::string ready_file() const { return directory_ + ".ready"; }

    const Member member_;
    const std::string directory_;
    pid_t pid_ = 0;
};

using Chain = std::vector<std::unique_ptr<NodeProcess>>;

NodeProcess& named(Chain& chain, std::string_view name) {
    for (auto& node : chain) {
        if (node->member().name == name) return *node;
    }
    CHECK(false);
    std::unreachable();
}

io::Task<Result<void>> wait_until_ready(NodeProcess* node, io::Pause* pause) {
    const io::Steady until = io::Shard::here().clock().steady() + start_patience;
    while (!node->address("handle")) {
        const std::string name(node->member().name);
        if (!node->is_running()) co_return fail(Code::unavailable, name + " ended at once");
        if (io::Shard::here().clock().steady() > until)
            co_return fail(Code::timeout, name + " is not ready");
        auto is_time = co_await pause->wait(start_pause);
        if (!is_time) co_return fail(Code::cancelled, "stopped");
    }
    co_return Result<void>{};
}

std::vector<io::http::Field> json_headers() {
    std::vector<io::http::Field> out;
    out.push_back({"content-type", "application/json"});
    return out;
}

// A whole identifier, as the node's owner.
io::Task<Result<void>> put(io::Address socket, std::string handle, std::string values) {
    auto headers = json_headers();
    std::string target = "/api/handles/" + handle;
    auto answer = co_await io::http::fetch(std::move(socket), "PUT", std::move(target),
                                           std::move(headers), std::move(values), http_patience);
    if (!answer) co_return std::unexpected(answer.error().in("register " + handle));
    if (answer->status != 200 && answer->status != 201)
        co_return fail(Code::denied, fmt::format("register {}: {}", handle, answer->body));
    co_return Result<void>{};
}

// The parent vouches for the key that HS_SITE of the prefix names: what is signed with it can be
// checked up to the top.
io::Task<Result<void>> certify(io::Address socket, std::string prefix) {
    auto headers = json_headers();
    std::string target = "/api/v1/naming/prefixes/" + prefix + "/certificate";
    auto answer = co_await io::http::fetch(std::move(socket), "POST", std::move(target),
                                           std::move(headers), "{}", http_patience);
    if (!answer) co_return std::unexpected(answer.error().in("certify " + prefix));
    if (answer->status != 201)
        co_return fail(Code::denied, fmt::format("certify {}: {}", prefix, answer->body));
    co_return Result<void>{};
}

// What `node` says of itself, with the key it signs with.
io::Task<Result<handle::Site>> site_of(const NodeProcess* node) {
    CO_TRY(auto address, io::parse_address(*node->address("handle")));
    auto told = co_await identity::ask_site(std::move(address), handle::Transport::udp);
    if (!told) co_return std::unexpected(told.error().in(std::string(node->member().name)));
    co_return std::move(told->site);
}

// The child's address as HS_SITE, for its own prefix and for what is derived from it, and whose it
// is.
std::string prefix_values(const handle::Site& site, std::string_view company) {
    return fmt::format(
        R"([{{"index":1,"type":"HS_SITE","data":{{"format":"base64","value":"{0}"}}}},)"
        R"({{"index":2,"type":"HS_SITE.PREFIX","data":{{"format":"base64","value":"{0}"}}}},)"
        R"({{"index":3,"type":"DESC","data":"{1}"}}])",
        trust::to_base64(handle::encode(site)), company);
}

std::string product_values(std::string_view prefix) {
    return fmt::format(
        R"([{{"index":1,"type":"URL","data":"https://example.com/{0}/EXC-0042"}},)"
        R"({{"index":2,"type":"DESC","data":"excavator 0042 of the enterprise {0}"}}])",
        prefix);
}

// `trusted`: becomes the fingerprint of the top node's key.
io::Task<Result<void>> raise_chain(Chain* chain, io::Pause* pause, std::string* trusted) {
    NodeProcess& top = named(*chain, "top");
    const std::uint16_t port = usual_port_is_free() ? usual_port : std::uint16_t{0};
    CO_TRY_VOID(top.start("", "", port));
    auto is_up = co_await wait_until_ready(&top, pause);
    if (!is_up && port != 0 && !top.is_running()) {  // somebody took it meanwhile
        CO_TRY_VOID(top.start("", ""));
        auto is_up_elsewhere = co_await wait_until_ready(&top, pause);
        is_up = std::move(is_up_elsewhere);
    }
    if (!is_up) co_return is_up;
    auto root = co_await site_of(&top);
    if (!root) co_return std::unexpected(root.error());
    if (root->servers.empty()) co_return fail(Code::unavailable, "the top node has no server");
    CO_TRY(*trusted, identity::fingerprint_of(root->servers[0].public_key));
    for (auto& node : *chain) {
        if (node.get() == &top) continue;
        CO_TRY_VOID(node->start(*top.address("handle"), *trusted));
    }
    for (auto& node : *chain) {
        auto ready = co_await wait_until_ready(node.get(), pause);
        if (!ready) co_return ready;
    }
    for (auto& node : *chain) {
        const Member& member = node->member();
        const std::string prefix(member.prefix);
        if (!member.parent.empty()) {
            auto site = co_await site_of(node.get());
            if (!site) co_return std::unexpected(site.error());
            auto delegated = co_await put(named(*chain, member.parent).socket(), "0.NA/" + prefix,
                                          prefix_values(*site, member.company));
            if (!delegated) co_return delegated;
            auto certified = co_await certify(named(*chain, member.parent).socket(), prefix);
            if (!certified) co_return certified;
        }
        if (member.role != "enterprise") continue;
        auto made = co_await put(node->socket(), prefix + "/EXC-0042", product_values(prefix));
        if (!made) co_return made;
    }
    co_return Result<void>{};
}

Result<void> tell(Chain& chain, const NamingDemoWords& words, const std::string& trusted) {
    std::string text, ready;
    for (auto& node : chain) {
        const auto handle = node->address("handle").value_or("");
        const auto http = node->address("http").value_or("");
        text += fmt::format("  {:<18} {:<10} handle {:<18} http://{}\n", node->member().name,
                            node->member().prefix, handle, http);
        ready += fmt::format("{} {} {}\n", node->member().name, handle, http);
    }
    const auto top = named(chain, "top").address("handle").value_or("");
    const bool is_usual = top.ends_with(fmt::format(":{}", usual_port));
    const std::string at = is_usual ? std::string() : " --at " + top;
    const auto page = named(chain, "recursive").address("http").value_or("");
    text += fmt::format(
        "\n  Ask for a name, and see who answered:\n"
        "    lineshaft resolve 88.101.7/EXC-0042{0} --trace\n"
        "  The same, believing only what is signed from the top node's key down:\n"
        "    lineshaft resolve 88.101.7/EXC-0042{0} --trace --set handle.trusted_keys={1}\n"
        "  In a browser:\n"
        "    http://{2}/h/88.101.7/EXC-0042\n\n"
        "  Ctrl-C stops them all.\n\n",
        at, trusted, page);
    std::fputs(("\n" + text).c_str(), stdout);
    std::fflush(stdout);
    if (words.ready_file.empty()) return {};
    return io::write_private_file(words.ready_file, ready);
}

}  // namespace

Result<void> naming_demo(const NamingDemoWords& words) {
    TRY_VOID(io::make_private_dir(words.data));
    io::Shards shards(1);
    io::Pause pause;
    std::promise<void> asked;
    std::unique_ptr<io::Signals> signals;
    shards.run_everywhere([&](io::Shard& shard) {
        signals = std::make_unique<io::Signals>(shard, [&] {
            pause.end();
            asked.set_value();
        });
    });
    Chain chain;
    for (const Member& member : members)
        chain.push_back(std::make_unique<NodeProcess>(member, words.data));
    std::string trusted;
    auto done = shards.run_blocking(ShardIndex(0), raise_chain(&chain, &pause, &trusted));
    if (done) done = tell(chain, words, trusted);
    if (done) asked.get_future().wait();
    shards.run_everywhere([&](io::Shard&) { signals.reset(); });
    if (!done && done.error().code == Code::cancelled) return {};
    return done;
}

}  // namespace lineshaft::app
