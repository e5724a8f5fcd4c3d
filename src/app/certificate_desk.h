#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/registrar.h"
#include "catalog/desk.h"
#include "io/nursery.h"
#include "io/shard.h"
#include "io/tls.h"
#include "trust/porter.h"
#include "twin/plant.h"

namespace lineshaft::app {

/// The node's certificates at work: issues for the doors, keeps the TLS listeners' certificate
/// fresh without dropping a connection, warns before machines' certificates end. Owner: the node;
/// opened and closed from no shard's thread, outlives the listeners.
class CertificateDesk final : public trust::CertificateOffice {
public:
    struct Rooms {
        io::Shards& shards;
        catalog::Catalog& catalog;
        catalog::Desk& desk;
        trust::Porter& porter;
        twin::Plant& plant;
    };
    /// Before anybody is let in. Errors: as Registrar::open; invalid (a configured certificate).
    static Result<std::unique_ptr<CertificateDesk>> open(const Settings& settings,
                                                         const std::string& data, Rooms rooms);
    ~CertificateDesk() override;

    /// Null where no TLS listener is set.
    const std::shared_ptr<io::TlsServer>& tls() const { return tls_; }
    /// SHA-256 of the certificate they begin with, as browsers show it; empty without one.
    std::string fingerprint() const;
    /// Renewals and warnings from now on.
    void start();
    void close();
    /// Prometheus text.
    std::string metrics();

    const Root& root() const override { return root_; }
    io::Task<Result<trust::NewEnrolment>> invite(OrganisationId organisation, std::string machine,
                                                 std::string by) override;
    io::Task<Result<trust::IssuedCertificate>> enrol(std::string token,
                                                     std::string request) override;
    io::Task<Result<trust::IssuedCertificate>> renew(trust::PrincipalPtr machine,
                                                     std::string request) override;
    io::Task<Result<trust::IssuedCertificate>> issue(OrganisationId organisation,
                                                     std::string machine, std::string request,
                                                     std::string by) override;
    io::Task<Result<void>> revoke(OrganisationId organisation, std::string serial,
                                  std::string by) override;
    io::Task<Result<std::string>> revocation_list() override;

private:
    /// The listeners' identity as it stands, and when to look at it again.
    struct Identity {
        io::TlsIdentity tls;
        Instant not_after;
        Instant renew_at;
        std::vector<long> changed_at;  // of the configured files
        bool is_new = true;
    };
    struct Found {
        std::optional<Identity> identity;  // a new one
        std::vector<Registrar::Warning> warnings;
    };

    CertificateDesk(const Settings& settings, Rooms rooms, std::unique_ptr<Registrar> registrar);
    bool has_files() const { return !settings_.https_certificate.empty(); }
    std::vector<std::string> server_names() const;
    std::vector<long> files_changed_at() const;
    Result<Identity> load_identity(Instant now);
    Result<void> add_clients(io::TlsIdentity& identity) const;
    Result<void> trust_outside();
    Result<Found> look(Instant now, unsigned beats);  // on the catalog's worker
    void take_up(Found found);
    void warn_server(Instant now);
    void record(OrganisationId organisation, std::string machine, std::string text);
    void watch();
    io::Task<void> tick();
    static io::Task<bool> end(CertificateDesk* desk);
    template <class Work>
    io::Task<std::invoke_result_t<Work, Registrar&, Instant>> change(Work work);
    io::Task<Result<void>> publish();
    io::Task<Result<void>> lead();

    /// What a caller of publish() waits for: that another's reading did for it, or its turn to
    /// read.
    struct Turn {
        bool leads = false;
        Result<void> outcome{};
    };
    struct OnShard {
        bool is_publishing = false;
        std::vector<io::Answer<Turn>> waiting;
    };

    const Settings settings_;
    Rooms rooms_;
    std::unique_ptr<Registrar> registrar_;
    Root root_;
    std::shared_ptr<io::TlsServer> tls_;
    std::vector<std::unique_ptr<OnShard>> on_shard_;
    // The rest is shard 0's from start() on; while is_looking_ the worker reads `now_`.
    Identity now_;
    std::vector<Instant> ends_;  // of the server certificate, by shard, for metrics
    unsigned beats_ = 0;
    bool is_looking_ = false;
    int server_warned_days_ = 0;
    io::Wheel::Timer timer_;
    std::unique_ptr<io::Nursery> nursery_;
};

}  // namespace lineshaft::app
