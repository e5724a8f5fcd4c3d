// lineshaft resolve: a name from the bootstrap servers down, hop by hop.
#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "identity/resolver.h"
#include "identity/value_trust.h"
#include "wire/handle/names.h"

namespace lineshaft::app {
namespace {

using handle::Value;

std::string_view name_of_transport(handle::Transport transport) {
    return transport == handle::Transport::udp ? "udp" : "tcp";
}

// What people read of a value's data; other bytes as hexadecimal digits.
std::string data_text(const Value& value) {
    static const handle::Limits limits;
    const Bytes data = as_bytes(value.data);
    if (value.type == "HS_ADMIN") {
        if (const auto admin = handle::decode_admin(data, limits))
            return fmt::format("{}:{} rights {:03x}", admin->who.index, admin->who.handle,
                               admin->rights);
    }
    if (value.type == "HS_SITE" || value.type.starts_with("HS_SITE.")) {
        if (const auto site = handle::decode_site(data, limits)) {
            std::string out = fmt::format("serial {}", site->serial);
            for (const auto& server : site->servers) {
                for (const auto& one : server.interfaces)
                    out += fmt::format(" {}:{}/{}", handle::address_text(server.address), one.port,
                                       name_of_transport(one.transport));
            }
            return out;
        }
    }
    std::string out;
    for (const char c : value.data) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return to_hex(data);
        out += c;
    }
    return is_utf8(out) ? out : to_hex(data);
}

std::string origin_text(const identity::Hop& hop) {
    switch (hop.origin) {
        case identity::Origin::unsigned_answer: return "unsigned";
        case identity::Origin::signed_answer: return "signed " + hop.signer.substr(0, 16);
        case identity::Origin::refused: break;
    }
    return "not believed";
}

void print_trace(const std::vector<identity::Hop>& hops) {
    unsigned number = 0;
    for (const auto& hop : hops) {
        const bool is_kept = hop.server == "cache";
        const std::string way =
            is_kept ? "this program"
                    : fmt::format("{} {}", hop.server, name_of_transport(hop.transport));
        const std::string_view answer =
            hop.answer == handle::Answer::none ? "no answer" : handle::words_of(hop.answer);
        const std::string text =
            fmt::format("{:>2}  {:<26} {}  {}{}{}  {} ms  {}\n", ++number, way, hop.asked, answer,
                        hop.note.empty() ? "" : ": ", hop.note, hop.took.count(),
                        is_kept ? "cached" : "not cached  " + origin_text(hop));
        std::fputs(text.c_str(), stdout);
    }
}

std::string joined(const std::vector<handle::Reference>& all) {
    std::string out;
    for (const auto& one : all) out += (out.empty() ? "" : ", ") + identity::text_of(one);
    return out;
}

// What the values' own signatures say, whoever handed them on.
void print_trust(const identity::ValuesTrust& trust, const std::vector<Value>& values) {
    for (const auto& one : trust.signatures) {
        const auto& worth = one.worth;
        std::string text = fmt::format("    signature {}: {}", one.index, name_of(worth.worth));
        if (!worth.by.handle.empty()) text += fmt::format(", by {}", identity::text_of(worth.by));
        if (!one.chain.empty()) text += fmt::format("; certified: {}", joined(one.chain));
        if (!worth.root.handle.empty())
            text += fmt::format("; trusted: {}", identity::text_of(worth.root));
        if (!worth.why.empty()) text += fmt::format("; {}", worth.why);
        std::fputs((text + "\n").c_str(), stdout);
    }
    if (trust.signatures.empty()) {
        std::fputs("    no value is signed\n", stdout);
        return;
    }
    for (const Value& value : values) {
        if (value.type == "HS_SIGNATURE") continue;
        const std::string text = fmt::format("    value {} {}: {}\n", value.index, value.type,
                                             name_of(trust.of(value.index)));
        std::fputs(text.c_str(), stdout);
    }
}

/// A resolution and, for a trace, what its values' signatures are worth.
struct Told {
    Result<identity::Resolved> found = fail(Code::cancelled, "");
    identity::ValuesTrust trust;
    std::vector<identity::Hop> trace;
};

io::Task<bool> ask_for(identity::Resolver* resolver, const ResolveWords* words,
                       identity::TrustedKeys trusted, Told* told) {
    auto found = co_await resolver->resolve(words->name, &told->trace);
    told->found = std::move(found);
    if (!words->shows_trace || !told->found) co_return true;
    identity::ResolvedValues source(*resolver);
    auto trust = co_await identity::examine_values(&source, words->name, told->found->values,
                                                   std::move(trusted), identity::TrustLimits{});
    told->trust = std::move(trust);
    co_return true;
}

// Where a node of this machine answers, and the top node of `lineshaft demo naming`.
constexpr std::string_view usual_server = "127.0.0.1:2641";

struct Servers {
    std::vector<io::Address> all;
    bool were_named = true;
};

Result<Servers> servers_of(const ResolveWords& words) {
    std::vector<std::string> texts = words.servers;
    if (texts.empty()) {
        TRY(const auto settings, settings_of(words.config, words.sets));
        texts = list_of(settings.handle_bootstrap);
    }
    Servers out;
    out.were_named = !texts.empty();
    if (!out.were_named) texts.emplace_back(usual_server);
    for (const auto& text : texts) {
        TRY(auto address, io::parse_address(text));
        out.all.push_back(std::move(address));
    }
    return out;
}

}  // namespace

Result<void> resolve_name(const ResolveWords& words) {
    TRY_VOID(handle::check_name(words.name, {}));
    TRY(auto servers, servers_of(words));
    io::Shards shards(1);
    Told told;
    {
        TRY(const auto settings, settings_of(words.config, words.sets));
        const auto trusted = list_of(settings.handle_trusted_keys);
        identity::Resolver resolver(shards, std::move(servers.all), {}, trusted);
        shards.run_blocking(ShardIndex(0), ask_for(&resolver, &words, trusted, &told));
        shards.stop();
    }
    auto& found = told.found;
    if (words.shows_trace) {
        print_trace(told.trace);
        if (found) {
            std::fputs(found->is_proven ? "    signed from a trusted key down to the answer\n"
                                        : "    not signed from a trusted key\n",
                       stdout);
            print_trust(told.trust, found->values);
        }
    }
    if (!found && !servers.were_named) {
        return std::unexpected(
            found.error().in(fmt::format("resolve {} at {} (--at HOST:PORT, or handle.bootstrap in "
                                         "--config or --set, says whom else to ask)",
                                         words.name, usual_server)));
    }
    if (!found) return std::unexpected(found.error().in("resolve " + words.name));
    if (found->answer != handle::Answer::success) {
        return fail(Code::not_found,
                    fmt::format("{}: {}{}{}", words.name, handle::words_of(found->answer),
                                found->message.empty() ? "" : ": ", found->message));
    }
    const handle::Resolution wanted{words.name, words.indexes, words.types};
    for (const Value& value : found->values) {
        if (!handle::asks_for(wanted, value.index, value.type)) continue;
        const std::string line =
            fmt::format("{}\t{}\t{}\n", value.index, value.type, data_text(value));
        std::fputs(line.c_str(), stdout);
    }
    return {};
}

}  // namespace lineshaft::app
