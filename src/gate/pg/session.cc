// A connection's way in, and its reading and writing.
#include "gate/pg/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "gate/pg/scram_login.h"
#include "trust/secrets.h"

namespace lineshaft::pg {
namespace {

using postgres::Failure;
using postgres::Message;

constexpr std::string_view scram = "SCRAM-SHA-256";
constexpr std::size_t nonce_bytes = 18;
constexpr io::Steady farewell_max{1'000};
constexpr io::Steady long_wait = std::chrono::hours(24);
/// What clients are told without asking, again when it changes ("Asynchronous Operations").
constexpr std::string_view reported_names[] = {
    "server_version",  "server_encoding",    "client_encoding",
    "DateStyle",       "IntervalStyle",      "TimeZone",
    "integer_datetimes", "standard_conforming_strings", "application_name",
    "is_superuser",    "session_authorization", "default_transaction_read_only"};

Failure fatal(std::string_view state, std::string message, std::string hint = {}) {
    return {.is_fatal = true,
            .state = std::string(state),
            .message = std::move(message),
            .hint = std::move(hint)};
}

std::uint32_t random_key() {
    const std::string raw = trust::random_bytes(4);
    return *Reader(as_bytes(raw)).take_be<std::uint32_t>();
}

}  // namespace

Session::Session(Door::State& door, std::unique_ptr<io::Stream> stream, std::uint32_t process)
    : door_(door),
      here_(door.on_shard.here()),
      stream_(std::move(stream)),
      process_(process),
      key_(random_key()),
      began_(io::Shard::here().clock().steady()),
      receiver_(door.limits.wire) {}

Session::~Session() {
    here_.sessions.erase(process_);
    (has_place_ ? door_.signed_in : door_.arriving).add(-1);
}

io::Task<void> Session::run() {
    const bool is_in = co_await arrive();
    if (is_in) {
        reader_.spawn(read_on(), [this] { room_.end(); });
        co_await serve();
    }
    is_over_ = true;
    if (stream_) stream_->close();
    co_await reader_.close();
}

void Session::cancel() {
    if (stop_) stop_->raise();
}

void Session::end(Failure why) {
    if (!ending_) ending_ = std::move(why);
    cancel();
    if (shaking_ != nullptr) shaking_->close();
    // Signing in, or held up by a client that does not read: it hears nothing more.
    if (stream_ && (!has_place_ || is_writing_)) stream_->close();
    input_.wake();
}

// ---- Coming in ----------------------------------------------------------------------------------

bool Session::may_be_plain() const {
    const io::Peer& peer = stream_->peer();
    return peer.is_encrypted || (peer.is_loopback && door_.plain.loopback) || door_.plain.elsewhere;
}

io::Task<std::optional<Message>> Session::next_of_login() {
    for (;;) {
        if (auto message = receiver_.next()) co_return message;
        const bool is_flushed = co_await flush();
        const io::Steady left =
            began_ + door_.limits.login_max - io::Shard::here().clock().steady();
        if (!is_flushed) co_return std::nullopt;
        if (left <= io::Steady{0}) {
            ++here_.stats.refused_silent;
            co_return std::nullopt;
        }
        auto input = co_await stream_->read_some(left);
        if (!input) {
            if (input.error().code == Code::timeout) ++here_.stats.refused_silent;
            co_return std::nullopt;
        }
        receiver_.feed(*input);
    }
}

io::Task<bool> Session::arrive() {
    for (;;) {
        auto message = co_await next_of_login();
        if (!message) co_return false;
        if (std::holds_alternative<postgres::GssRequested>(*message)) {
            out_ += 'N';
        } else if (std::holds_alternative<postgres::SslRequested>(*message)) {
            const bool is_going_on = co_await encrypt();
            if (!is_going_on) co_return false;
        } else if (const auto* cancelled = std::get_if<postgres::CancelRequested>(&*message)) {
            door_.cancel(cancelled->process, cancelled->key);
            co_return false;
        } else if (auto* startup = std::get_if<postgres::Startup>(&*message)) {
            startup_ = std::move(*startup);
            break;
        } else {
            ++here_.stats.protocol_errors;
            auto* broken = std::get_if<postgres::Broken>(&*message);
            auto why = fatal("08P01", broken ? std::move(broken->why) : "out of order");
            co_await refuse(std::move(why));
            co_return false;
        }
    }
    const bool is_in = co_await sign_in();
    co_return is_in;
}

io::Task<bool> Session::encrypt() {
    if (!door_.services.tls || stream_->peer().is_encrypted) {
        out_ += 'N';
        co_return true;
    }
    // What a stranger may have put in front of the client's handshake is not heard as the client's.
    if (receiver_.left() > 0) {
        ++here_.stats.protocol_errors;
        co_await refuse(fatal("08P01", "unencrypted bytes behind the request for TLS"));
        co_return false;
    }
    out_ += 'S';
    const bool is_flushed = co_await flush();
    if (!is_flushed) co_return false;
    const io::Steady left = began_ + door_.limits.login_max - io::Shard::here().clock().steady();
    shaking_ = stream_.get();
    auto inside = co_await door_.services.tls->accept(std::move(stream_), left);
    shaking_ = nullptr;
    if (!inside) co_return false;
    stream_ = std::move(*inside);
    if (ending_) co_return false;
    co_return true;
}

io::Task<bool> Session::sign_in() {
    const std::string* user = startup_.find("user");
    if (user == nullptr || user->empty()) {
        co_await refuse(fatal("28000", "no user name was given"));
        co_return false;
    }
    // What is told back, and what the audit log shows, is text.
    const bool is_text = std::ranges::all_of(startup_.parameters, [](const auto& parameter) {
        return is_utf8(parameter.first) && is_utf8(parameter.second);
    });
    if (!is_text) {
        co_await refuse(fatal("22021", "a startup parameter is not UTF-8 text"));
        co_return false;
    }
    if (!may_be_plain()) {
        ++here_.stats.refused_plain;
        door_.services.gatekeeper.refused(*user, stream_->peer(), "without TLS");
        co_await refuse(fatal("28000", "this connection is not encrypted, and must be",
                              "Connect with sslmode=require, or better verify-full."));
        co_return false;
    }
    if (const std::string* mode = startup_.find("replication");
        mode != nullptr && *mode != "false" && *mode != "off" && *mode != "0") {
        co_await refuse(fatal("0A000", "there is no replication protocol here"));
        co_return false;
    }
    std::vector<std::string> unknown;
    for (const auto& [name, value] : startup_.parameters) {
        if (name.starts_with("_pq_.")) unknown.push_back(name);
    }
    if (startup_.minor > 0 || !unknown.empty()) postgres::put_negotiate_version(out_, unknown);

    const std::string* database = startup_.find("database");
    settings_.database = database != nullptr && !database->empty() ? *database : *user;
    account_ = *user + "@" + settings_.database;
    const Known known = door_.services.gatekeeper.find(*user, settings_.database, stream_->peer());
    if (!known.principal || !known.verifier.empty()) {
        const bool is_proven = co_await prove(known);
        if (!is_proven) co_return false;
    }
    if (!door_.signed_in.take_place()) {
        ++here_.stats.refused_full;
        co_await refuse(fatal("53300", "too many connections", "See the setting pg.connections_max."));
        co_return false;
    }
    door_.arriving.add(-1);
    has_place_ = true;
    // Revoked while it signed in: nobody asked about it, because it had no principal yet.
    if (!door_.services.gatekeeper.still_holds(*known.principal)) {
        co_await refuse(fatal("28P01", "password authentication failed"));
        co_return false;
    }
    if (auto good = take_parameters(); !good) {
        Failure why{.is_fatal = true, .state = good.error().sqlstate,
                    .message = good.error().message};
        co_await refuse(std::move(why));
        co_return false;
    }
    who_ = known.principal;
    ++here_.stats.connections;
    welcome();
    co_return true;
}

io::Task<bool> Session::prove(const Known& known) {
    const std::string user = *startup_.find("user");
    auto verifier = ScramLogin::of_stranger(door_.services.stranger_key, account_);
    if (known.principal) {
        auto stored = trust::parse_scram(known.verifier);
        if (stored) {
            verifier = std::move(*stored);
        } else {
            log::error("token {}: {}; make a new one", user, stored.error().context);
        }
    }
    ScramLogin login(std::move(verifier), trust::to_base64url(trust::random_bytes(nonce_bytes)));
    postgres::put_sasl(out_, scram);
    for (bool is_first = true;; is_first = false) {
        auto message = co_await next_of_login();
        if (!message || std::holds_alternative<postgres::Terminate>(*message)) co_return false;
        Result<std::string> answer = fail(Code::invalid, "out of order");
        if (const auto* initial = std::get_if<postgres::SaslInitial>(&*message)) {
            if (initial->mechanism != scram || !initial->data) {
                answer = fail(Code::unsupported, fmt::format("only {} is offered", scram));
            } else {
                answer = login.first(*initial->data);
            }
        } else if (const auto* last = std::get_if<postgres::SaslResponse>(&*message)) {
            const io::Peer peer = stream_->peer();
            auto wait = co_await door_.services.gatekeeper.may_try(account_, peer.address);
            if (wait > io::Steady{0}) {
                ++here_.stats.refused_throttled;
                door_.services.gatekeeper.refused(user, peer, "throttled");
                const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
                co_await refuse(fatal(
                    "28000", fmt::format("too many wrong passwords: try again in {} s", seconds)));
                co_return false;
            }
            answer = login.last(last->data);
            if (answer) {
                co_await door_.services.gatekeeper.admitted(known.principal, account_,
                                                            peer.address);
                postgres::put_sasl_final(out_, *answer);
                co_return !ending_.has_value();
            }
        } else if (auto* broken = std::get_if<postgres::Broken>(&*message)) {
            answer = fail(Code::invalid, std::move(broken->why));
        }
        if (answer && is_first) {
            postgres::put_sasl_continue(out_, *answer);
            continue;
        }
        if (!answer && answer.error().code != Code::denied) {
            ++here_.stats.protocol_errors;
            co_await refuse(fatal("08P01", answer.error().context));
            co_return false;
        }
        ++here_.stats.refused_login;
        door_.services.gatekeeper.refused(user, stream_->peer(), "wrong credentials");
        co_await refuse(fatal("28P01",
                              fmt::format("password authentication failed for user \"{}\"", user),
                              "The user is a token's name, the password the token itself."));
        co_return false;
    }
}

// Parameters of startup that are settings. What nobody knows is no reason to send a client away.
query::Outcome<void> Session::take_parameters() {
    settings_.user = *startup_.find("user");
    for (const auto& [name, value] : startup_.parameters) {
        if (name == "user" || name == "database" || name == "replication" ||
            name.starts_with("_pq_.")) {
            continue;
        }
        if (name == "options") {
            apply_options(value);
            continue;
        }
        // psql in the C locale: it passes bytes through, and ours are UTF-8.
        if (name == "client_encoding" && value == "SQL_ASCII") continue;
        if (auto set = settings_.set(name, value); !set && set.error().sqlstate == "22023") {
            return std::unexpected(set.error());
        }
    }
    return {};
}

// "-c name=value -c name=value", as PGOPTIONS has it.
void Session::apply_options(std::string_view options) {
    while (!options.empty()) {
        const auto end = std::min(options.find(' '), options.size());
        std::string_view word = options.substr(0, end);
        options.remove_prefix(std::min(end + 1, options.size()));
        if (word.starts_with("-c")) word.remove_prefix(2);
        if (word.starts_with("--")) word.remove_prefix(2);
        const auto equals = word.find('=');
        if (equals == word.npos) continue;
        (void)settings_.set(word.substr(0, equals), word.substr(equals + 1));  // as above
    }
}

void Session::welcome() {
    receiver_.admit();
    postgres::put_authentication_ok(out_);
    for (const auto name : reported_names) report(name);
    postgres::put_key_data(out_, process_, key_);
    postgres::put_ready(out_, state_);
}

void Session::report(std::string_view name) {
    const auto value = settings_.show(name);
    if (!value) return;
    auto [at, is_new] = reported_.try_emplace(std::string(name));
    if (!is_new && at->second == *value) return;
    at->second = *value;
    postgres::put_parameter_status(out_, name, *value);
}

// ---- Reading and writing ------------------------------------------------------------------------

io::Task<void> Session::read_on() {
    while (!is_over_) {
        // Whoever has a whole message waiting is not read further: TCP pushes back.
        if (receiver_.left() > door_.limits.wire.message_bytes_max) {
            (void)co_await room_.wait(long_wait);
            continue;
        }
        auto input = co_await stream_->read_some(long_wait);
        if (!input && input.error().code == Code::timeout) continue;
        if (!input) break;
        receiver_.feed(*input);
        input_.wake();
    }
    is_gone_ = true;
    cancel();
    input_.wake();
}

io::Task<bool> Session::flush() {
    if (out_.empty()) co_return true;
    is_writing_ = true;
    auto written = co_await io::write_all(*stream_, as_bytes(out_), door_.limits.write_stall_max);
    is_writing_ = false;
    here_.stats.sent_bytes += out_.size();
    out_.clear();
    if (out_.capacity() > 2 * door_.limits.output_bytes) out_ = {};
    if (written) co_return true;
    if (written.error().code == Code::timeout) ++here_.stats.write_stalls;
    is_gone_ = true;
    co_return false;
}

io::Task<void> Session::refuse(Failure why) {
    if (!stream_) co_return;
    postgres::put_failure(out_, why);
    auto written = co_await io::write_all(*stream_, as_bytes(out_), farewell_max);
    (void)written;  // it may be gone
    out_.clear();
    stream_->end_writing();
}

io::Task<void> Session::serve() {
    while (!is_gone_) {
        if (ending_) {
            co_await refuse(*ending_);
            break;
        }
        auto message = receiver_.next();
        if (message) {
            room_.wake();
            if (std::holds_alternative<postgres::Terminate>(*message)) break;
            if (auto* broken = std::get_if<postgres::Broken>(&*message)) {
                ++here_.stats.protocol_errors;
                co_await refuse(fatal("08P01", std::move(broken->why)));
                break;
            }
            co_await answer(std::move(*message));
            continue;
        }
        if (!out_.empty()) {
            (void)co_await flush();
            continue;
        }
        const io::Steady idle_max =
            door_.limits.idle_max > io::Steady{0} ? door_.limits.idle_max : long_wait;
        const bool waits_for_cursor = has_open_cursor() && door_.limits.cursor_idle_max < idle_max;
        const bool is_silent =
            co_await input_.wait(waits_for_cursor ? door_.limits.cursor_idle_max : idle_max);
        if (!is_silent) continue;
        if (waits_for_cursor) {
            lapse_cursors();
        } else if (door_.limits.idle_max > io::Steady{0}) {
            ++here_.stats.idle_ended;
            ending_ = fatal("57P05", "terminating connection: it was idle for too long",
                            "See the setting pg.idle_timeout.");
        }
    }
}

}  // namespace lineshaft::pg
