#include "app/certificate_desk.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "io/files.h"
#include "io/host.h"

namespace lineshaft::app {
namespace {

using namespace std::chrono_literals;

constexpr io::Steady beat{5'000};
constexpr unsigned beats_per_names = 12;      // a minute
constexpr unsigned beats_per_warnings = 720;  // an hour
constexpr std::size_t pem_bytes_max = 1 << 20;
/// Whatever a test or an operator has set, a renewal is not tried more often.
constexpr std::chrono::seconds retry_interval{30};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        std::string_view part = text.substr(at, end - at);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) parts.emplace_back(part);
        at = end + 1;
    }
    return parts;
}

std::string_view ending_text(int days) {
    return days == 1 ? "within a day" : days == 7 ? "within 7 days" : "within 30 days";
}

}  // namespace

CertificateDesk::CertificateDesk(const Settings& settings, Rooms rooms,
                                 std::unique_ptr<Registrar> registrar)
    : settings_(settings),
      rooms_(rooms),
      registrar_(std::move(registrar)),
      ends_(rooms.shards.size()) {
    for (std::size_t index = 0; index < rooms.shards.size(); ++index) {
        on_shard_.push_back(std::make_unique<OnShard>());
    }
    const auto& authority = registrar_->authority();
    root_ = {authority.root_pem(), authority.root_der(), authority.root_sha256(),
             authority.root_not_after()};
}

CertificateDesk::~CertificateDesk() = default;

Result<std::unique_ptr<CertificateDesk>> CertificateDesk::open(const Settings& settings,
                                                               const std::string& data,
                                                               Rooms rooms) {
    const Instant now = io::Clock::system().now();
    TRY(auto registrar, Registrar::open(rooms.catalog, data, settings.node_name,
                                        Registrar::limits_of(settings), now));
    std::unique_ptr<CertificateDesk> desk(
        new CertificateDesk(settings, rooms, std::move(registrar)));
    TRY_VOID(desk->trust_outside());
    if (settings.https_listen.empty() && settings.mqtt_tls_listen.empty() &&
        settings.pg_listen.empty()) {
        return desk;
    }
    TRY(desk->now_, desk->load_identity(now));
    io::TlsLimits limits;
    limits.handshakes_max = static_cast<std::size_t>(settings.tls_handshakes_max);
    limits.handshake_max = std::chrono::seconds{settings.tls_handshake_timeout_s};
    auto tls = io::TlsServer::create(desk->now_.tls, limits);
    if (!tls) {
        return std::unexpected(
            tls.error().in(desk->has_files() ? "https.certificate and https.key" : "TLS"));
    }
    desk->tls_ = std::move(*tls);
    std::ranges::fill(desk->ends_, desk->now_.not_after);
    return desk;
}

Result<void> CertificateDesk::trust_outside() {
    trust::CertificateTrust trusted{.own_root = root_.sha256};
    if (!settings_.tls_client_ca.empty()) {
        const auto snapshot = rooms_.catalog.snapshot();
        const auto* found = snapshot->organisation(settings_.tls_client_ca_organisation);
        if (found == nullptr) {
            return fail(Code::invalid,
                        fmt::format("tls.client_ca_organisation = \"{}\": there is no such "
                                    "organisation",
                                    settings_.tls_client_ca_organisation));
        }
        trusted.outside_organisation = found->id;
        trusted.outside_name = found->name;
    }
    rooms_.porter.trust_certificates(std::move(trusted));
    return {};
}

std::vector<std::string> CertificateDesk::server_names() const {
    auto names = split(settings_.tls_names);
    if (!names.empty()) return names;
    names = {io::host_name(), "localhost", "127.0.0.1", "::1"};
    // Past a few dozen the certificate grows too large for a handshake; such hosts set tls.names.
    constexpr std::size_t names_max = 32;
    for (auto& address : io::own_addresses()) {
        if (names.size() < names_max) names.push_back(std::move(address));
    }
    std::vector<std::string> unique;
    for (auto& name : names) {
        if (std::ranges::find(unique, name) == unique.end()) unique.push_back(std::move(name));
    }
    return unique;
}

std::vector<long> CertificateDesk::files_changed_at() const {
    std::vector<long> at;
    for (const auto* path :
         {&settings_.https_certificate, &settings_.https_key, &settings_.tls_client_ca}) {
        at.push_back(path->empty() ? 0 : io::changed_at(*path));
    }
    return at;
}

Result<void> CertificateDesk::add_clients(io::TlsIdentity& identity) const {
    using Clients = io::TlsIdentity::Clients;
    if (settings_.tls_client_certificates == "off") return {};
    identity.clients =
        settings_.tls_client_certificates == "required" ? Clients::required : Clients::optional;
    if (identity.clients == Clients::optional && settings_.handle_client_certificates)
        identity.clients = Clients::optional_any;
    identity.client_ca_pem = root_.pem;
    if (settings_.tls_client_ca.empty()) return {};
    TRY(const auto outside, io::read_file(settings_.tls_client_ca, pem_bytes_max));
    if (!trust::read_certificate(outside)) {
        return fail(Code::invalid,
                    "tls.client_ca = " + settings_.tls_client_ca + ": no PEM certificate in it");
    }
    identity.client_ca_pem += outside;
    return {};
}

Result<CertificateDesk::Identity> CertificateDesk::load_identity(Instant now) {
    Identity out;
    out.changed_at = files_changed_at();
    TRY_VOID(add_clients(out.tls));
    if (!has_files()) {
        TRY(auto own, registrar_->server(server_names(), now));
        TRY(const auto facts, trust::read_certificate(own.certificate_pem));
        out.tls.certificate_pem = std::move(own.certificate_pem);
        out.tls.key_pem = std::move(own.key_pem);
        out.not_after = facts.not_after;
        out.renew_at = facts.not_before + (facts.not_after - facts.not_before) * 2 / 3;
        out.is_new = own.is_new;
        return out;
    }
    TRY_VOID(io::check_private(settings_.https_key));
    TRY(out.tls.certificate_pem, io::read_file(settings_.https_certificate, pem_bytes_max));
    TRY(out.tls.key_pem, io::read_file(settings_.https_key, pem_bytes_max));
    if (const auto facts = trust::read_certificate(out.tls.certificate_pem)) {
        out.not_after = facts->not_after;
    }
    return out;
}

std::string CertificateDesk::fingerprint() const {
    if (!tls_) return {};
    const auto facts = trust::read_certificate(now_.tls.certificate_pem);
    return facts ? trust::fingerprint_text(facts->sha256) : std::string();
}

// ---- Watching ----------------------------------------------------------------------------------

void CertificateDesk::start() {
    rooms_.shards.run_everywhere([this](io::Shard& shard) {
        if (shard.index() != ShardIndex(0)) return;
        nursery_ = std::make_unique<io::Nursery>("certificates");
        watch();
    });
}

io::Task<bool> CertificateDesk::end(CertificateDesk* desk) {
    desk->timer_.disarm();
    co_await desk->nursery_->close();
    desk->nursery_.reset();
    co_return true;
}

void CertificateDesk::close() {
    if (nursery_) rooms_.shards.run_blocking(ShardIndex(0), end(this));
}

void CertificateDesk::watch() {
    io::Shard::here().wheel().arm(timer_, beat, [this] {
        nursery_->spawn(tick());
        watch();
    });
}

Result<CertificateDesk::Found> CertificateDesk::look(Instant now, unsigned beats) {
    Found found;
    if (beats % beats_per_warnings == 0) {
        TRY(found.warnings, registrar_->take_warnings(now));
    }
    if (!tls_) return found;
    const bool files_changed = files_changed_at() != now_.changed_at;
    const bool is_old = !has_files() && now >= now_.renew_at;
    const bool asks_names = !has_files() && beats % beats_per_names == 0;
    if (!files_changed && !is_old && !asks_names) return found;
    TRY(auto identity, load_identity(now));
    if (files_changed || identity.is_new) found.identity = std::move(identity);
    return found;
}

// One at a time, so that the worker and this shard never use now_ at once.
io::Task<void> CertificateDesk::tick() {
    if (std::exchange(is_looking_, true)) co_return;
    const Instant now = io::Shard::here().now();
    auto work = [this, now, beats = beats_++](catalog::Catalog&) { return look(now, beats); };
    auto found = co_await rooms_.desk.run(std::move(work));
    is_looking_ = false;
    if (found) {
        take_up(std::move(*found));
    } else {
        log::warn("certificates: {}", found.error().context);
        // What a person is just replacing is complete in a moment; the old one stays meanwhile.
        now_.renew_at = std::max(now_.renew_at, now + retry_interval);
    }
    warn_server(now);
}

void CertificateDesk::take_up(Found found) {
    for (const auto& warning : found.warnings) {
        record(warning.certificate.organisation, warning.certificate.machine,
               fmt::format("its certificate {} ends {}, at {}", warning.certificate.serial,
                           ending_text(warning.days), to_rfc3339(warning.certificate.not_after)));
    }
    if (!found.identity) return;
    auto replaced = tls_->replace(found.identity->tls);
    now_.changed_at = found.identity->changed_at;
    if (!replaced) {
        log::error("new certificate not used, the old one stays: {}", replaced.error().context);
        return;
    }
    now_ = std::move(*found.identity);
    server_warned_days_ = 0;
    for (std::size_t index = 0; index < ends_.size(); ++index) {
        rooms_.shards.at(index).post(
            [this, index, until = now_.not_after] { ends_[index] = until; });
    }
    log::info("TLS listeners have a new certificate, good until {}", to_rfc3339(now_.not_after));
}

// Of configured files; the node's own is renewed long before.
void CertificateDesk::warn_server(Instant now) {
    if (!tls_ || !has_files() || now_.not_after.micros == 0) return;
    for (const int days : warning_days) {
        if (now_.not_after - now > 24h * days) continue;
        if (server_warned_days_ == 0 || days < server_warned_days_) {
            server_warned_days_ = days;
            record(catalog::default_organisation, {},
                   fmt::format("the certificate of https.certificate ends {}, at {}",
                               ending_text(days), to_rfc3339(now_.not_after)));
        }
        return;
    }
}

void CertificateDesk::record(OrganisationId organisation, std::string machine, std::string text) {
    log::warn("{}: {}", machine.empty() ? "node" : machine, text);
    rooms_.plant.record({io::Shard::here().now(), organisation, std::move(machine), "certificate",
                         std::move(text)});
}

std::string CertificateDesk::metrics() {
    const Instant now = io::Shard::here().now();
    const auto ring = rooms_.porter.keys().ring();
    std::string page;
    const auto add = [&](std::string_view name, std::string_view kind, std::int64_t value) {
        page += fmt::format("# TYPE lineshaft_{0} {1}\nlineshaft_{0} {2}\n", name, kind, value);
    };
    add("machine_certificates", "gauge", static_cast<std::int64_t>(ring->ending(now, {INT64_MAX})));
    page += "# TYPE lineshaft_machine_certificates_ending gauge\n";
    for (const int days : {30, 7, 1}) {
        page += fmt::format("lineshaft_machine_certificates_ending{{days=\"{}\"}} {}\n", days,
                            ring->ending(now, now + 24h * days));
    }
    if (!tls_) return page;
    const Instant until = ends_[io::Shard::here().index().number()];
    add("tls_certificate_seconds_left", "gauge", (until - now).count() / 1'000'000);
    const auto stats = tls_->stats();
    const auto count = [&](std::string_view name, std::uint64_t value) {
        add(fmt::format("tls_{}_total", name), "counter", static_cast<std::int64_t>(value));
    };
    count("handshakes", stats.done);
    count("handshakes_failed", stats.failed);
    count("handshakes_timed_out", stats.timed_out);
    count("handshakes_refused_busy", stats.refused_busy);
    count("certificates_replaced", stats.replaced);
    add("tls_handshakes_under_way", "gauge", static_cast<std::int64_t>(stats.under_way));
    return page;
}

// ---- The office --------------------------------------------------------------------------------

// Runs on the catalog's worker; then every shard hears which certificates count now.
template <class Work>
io::Task<std::invoke_result_t<Work, Registrar&, Instant>> CertificateDesk::change(Work work) {
    const Instant now = io::Shard::here().now();
    auto job = [registrar = registrar_.get(), now, work = std::move(work)](catalog::Catalog&) {
        return work(*registrar, now);
    };
    auto done = co_await rooms_.desk.run(std::move(job));
    if (!done) co_return std::unexpected(done.error());
    auto known = co_await publish();
    if (!known) co_return std::unexpected(known.error());
    co_return done;
}

// Reading all credentials again takes as long as there are many. When ten thousand machines enrol
// at once, those of a shard that ask while it is being read share the next reading.
io::Task<Result<void>> CertificateDesk::publish() {
    OnShard& here = *on_shard_[io::Shard::here().index().number()];
    if (!std::exchange(here.is_publishing, true)) co_return co_await lead();
    auto turn = co_await io::suspend<Turn>(
        [&here](io::Answer<Turn> answer) { here.waiting.push_back(std::move(answer)); });
    if (!turn.leads) co_return turn.outcome;
    co_return co_await lead();
}

io::Task<Result<void>> CertificateDesk::lead() {
    OnShard& here = *on_shard_[io::Shard::here().index().number()];
    auto served = std::exchange(here.waiting, {});
    auto known = co_await rooms_.porter.reload_tokens();
    for (auto& answer : served) answer(Turn{false, known});
    if (here.waiting.empty()) {
        here.is_publishing = false;
    } else {
        io::Answer<Turn> next = std::move(here.waiting.front());
        here.waiting.erase(here.waiting.begin());
        next(Turn{true, {}});
    }
    co_return known;
}

io::Task<Result<trust::NewEnrolment>> CertificateDesk::invite(OrganisationId organisation,
                                                              std::string machine, std::string by) {
    const Instant now = io::Shard::here().now();
    auto work = [=, this](catalog::Catalog&) {
        return registrar_->invite(organisation, machine, by, now);
    };
    co_return co_await rooms_.desk.run(std::move(work));
}

io::Task<Result<trust::IssuedCertificate>> CertificateDesk::enrol(std::string token,
                                                                  std::string request) {
    auto work = [token = std::move(token), request = std::move(request)](Registrar& registrar,
                                                                         Instant now) {
        return registrar.enrol(token, request, now);
    };
    co_return co_await change(std::move(work));
}

io::Task<Result<trust::IssuedCertificate>> CertificateDesk::renew(trust::PrincipalPtr machine,
                                                                  std::string request) {
    auto work = [machine = std::move(machine), request = std::move(request)](Registrar& registrar,
                                                                             Instant now) {
        return registrar.renew(*machine, request, now);
    };
    co_return co_await change(std::move(work));
}

io::Task<Result<trust::IssuedCertificate>> CertificateDesk::issue(OrganisationId organisation,
                                                                  std::string machine,
                                                                  std::string request,
                                                                  std::string by) {
    auto work = [organisation, machine = std::move(machine), request = std::move(request),
                 by = std::move(by)](Registrar& registrar, Instant now) {
        return registrar.issue(organisation, machine, request, by, now);
    };
    co_return co_await change(std::move(work));
}

io::Task<Result<void>> CertificateDesk::revoke(OrganisationId organisation, std::string serial,
                                               std::string by) {
    auto work = [organisation, serial = std::move(serial), by = std::move(by)](Registrar& registrar,
                                                                               Instant now) {
        return registrar.revoke(organisation, serial, by, now);
    };
    co_return co_await change(std::move(work));
}

io::Task<Result<std::string>> CertificateDesk::revocation_list() {
    const Instant now = io::Shard::here().now();
    auto work = [this, now](catalog::Catalog&) { return registrar_->revocation_list(now); };
    co_return co_await rooms_.desk.run(std::move(work));
}

}  // namespace lineshaft::app
