#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "catalog/catalog.h"
#include "io/tls.h"
#include "trust/office.h"
#include "trust/seal.h"

namespace lineshaft::app {

/// So many days before a certificate ends its owner is warned, nearest first.
inline constexpr int warning_days[] = {1, 7, 30};

/// Who gets which certificate: trust's authority over the catalog's rows. Blocking, on the one
/// thread that uses the catalog: a running node's catalog worker, or a command with the node
/// stopped. The authority's key lies in the catalog, sealed under the node's key.
class Registrar {
public:
    struct Limits {
        std::chrono::seconds machine_life{};
        std::chrono::seconds server_life{};
        std::chrono::seconds enrolment_life{};
        /// Of one machine at once; one more revokes the oldest, so that a machine that forgets its
        /// certificate each morning is not locked out after a while.
        std::size_t live_per_machine_max = 8;
    };
    static Limits limits_of(const Settings& settings);

    /// Opens the authority, or makes it on first use. `data`: the data directory, for node.key.
    /// Errors: denied, corrupt (node.key is not the one it was sealed with), unavailable.
    static Result<std::unique_ptr<Registrar>> open(catalog::Catalog& catalog,
                                                   const std::string& data,
                                                   const std::string& node_name,
                                                   const Limits& limits, Instant now);

    const trust::Authority& authority() const { return authority_; }
    bool was_made() const { return was_made_; }

    // As trust::CertificateOffice says.
    Result<trust::NewEnrolment> invite(OrganisationId organisation, std::string_view machine,
                                       std::string_view by, Instant now);
    Result<trust::IssuedCertificate> enrol(std::string_view token, std::string_view request,
                                           Instant now);
    Result<trust::IssuedCertificate> renew(const trust::Principal& machine,
                                           std::string_view request, Instant now);
    Result<trust::IssuedCertificate> issue(OrganisationId organisation, std::string_view machine,
                                           std::string_view request, std::string_view by,
                                           Instant now);
    Result<void> revoke(OrganisationId organisation, std::string_view serial, std::string_view by,
                        Instant now);
    Result<std::string> revocation_list(Instant now);

    /// The node's own certificate and key in PEM for its listeners: the one that is kept, or a new
    /// one when there is none for these names, two thirds of its life are over, or the authority is
    /// another.
    struct Server {
        std::string certificate_pem, key_pem;
        Instant not_after;
        bool is_new = false;
    };
    Result<Server> server(const std::vector<std::string>& names, Instant now);

    /// A certificate whose end is near enough for a warning that was not given yet.
    struct Warning {
        catalog::Certificate certificate;
        int days = 0;  ///< 30, 7 or 1
    };
    /// Each warning once; a machine that has a newer certificate already needs none.
    Result<std::vector<Warning>> take_warnings(Instant now);

private:
    Registrar(catalog::Catalog& catalog, trust::SealKey key, trust::Authority authority,
              const Limits& limits)
        : catalog_(catalog), key_(key), authority_(std::move(authority)), limits_(limits) {}

    Result<std::string> organisation_name(OrganisationId id);
    Result<catalog::NewCertificate> row_of(const trust::IssuedCertificate& made,
                                           std::string_view machine, std::string_view by) const;
    Result<trust::IssuedCertificate> sign(OrganisationId organisation, std::string_view machine,
                                          std::string_view request, Instant now);
    /// `shown`: the certificate a renewal came with, which is never the one to go.
    Result<void> make_room(OrganisationId organisation, std::string_view machine, Instant now,
                           CertificateId shown = {});
    Result<trust::IssuedCertificate> repeat(const catalog::Enrolment& enrolment,
                                            const trust::CertificateRequest& request, Instant now);
    Result<Server> kept_server(const std::string& names, Instant now);

    catalog::Catalog& catalog_;
    trust::SealKey key_;
    trust::Authority authority_;
    Limits limits_;
    bool was_made_ = false;
};

}  // namespace lineshaft::app
