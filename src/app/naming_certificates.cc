#include "app/naming_certificates.h"

#include <fmt/format.h>

#include "base/log.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady look_at_certificates_every{3'600'000};

}  // namespace

struct CertificateSteps {
    // In the audit log before it is done; not of a prefix that is suspended or revoked.
    static io::Task<bool> may_renew(CertificateRounds* rounds, std::string prefix) {
        const auto holder = rounds->rooms_.book.holder_of(prefix);
        if (!holder) co_return false;
        if (*holder && (*holder)->state != identity::PrefixState::active) co_return false;
        if (rounds->rooms_.audit == nullptr) co_return true;
        auto line = trust::audit_of(trust::node_principal(), "", "prefix.certify", prefix,
                                    "renewed before its end");
        auto written = co_await rounds->rooms_.audit->record(std::move(line));
        if (!written) log::warn("certificate of {}: {}", prefix, written.error().context);
        co_return written.has_value();
    }

    static io::Task<void> look(CertificateRounds* rounds) {
        identity::MayRenew may = [rounds](std::string prefix) {
            return may_renew(rounds, std::move(prefix));
        };
        auto renewing = identity::renew_certificates(&rounds->rooms_.registry,
                                                     &rounds->rooms_.signer, std::move(may));
        auto found = co_await std::move(renewing);
        if (!found) {
            log::warn("certificates of prefixes: {}", found.error().context);
            co_return;
        }
        for (const auto& prefix : found->renewed) log::info("the certificate of {} is renewed", prefix);
        if (!found->why.empty()) log::warn("a certificate could not be renewed: {}", found->why);
        if (found->in_doubt > rounds->in_doubt_) {
            log::warn("certificates of {} prefixes need a look: page Prefixes of the console",
                      found->in_doubt);
        }
        rounds->given_ = found->given;
        rounds->in_doubt_ = found->in_doubt;
        rounds->renewed_ += found->renewed.size();
    }

    static io::Task<void> run(CertificateRounds* rounds) {
        for (bool goes_on = true; goes_on;) {
            co_await look(rounds);
            auto whole = co_await rounds->pause_.wait(look_at_certificates_every);
            goes_on = whole;
        }
    }

    static io::Task<std::string> page(CertificateRounds* rounds) {
        const auto row = [](std::string_view name, std::string_view kind, std::uint64_t value) {
            return fmt::format("# TYPE lineshaft_handle_{0} {1}\nlineshaft_handle_{0} {2}\n", name,
                               kind, value);
        };
        co_return row("certificates", "gauge", rounds->given_) +
            row("certificates_in_doubt", "gauge", rounds->in_doubt_) +
            row("certificates_renewed_total", "counter", rounds->renewed_);
    }

    static io::Task<bool> start_there(CertificateRounds* rounds) {
        rounds->nursery_ = std::make_unique<io::Nursery>("certificates of prefixes");
        rounds->nursery_->spawn(run(rounds), [rounds] { rounds->pause_.end(); });
        co_return true;
    }
    static io::Task<bool> close_there(CertificateRounds* rounds) {
        if (rounds->nursery_) co_await rounds->nursery_->close();
        rounds->nursery_.reset();
        co_return true;
    }
};

void CertificateRounds::start() {
    (void)rooms_.shards.run_blocking(ShardIndex(0), CertificateSteps::start_there(this));
}

void CertificateRounds::close() {
    if (std::exchange(is_closed_, true)) return;
    (void)rooms_.shards.run_blocking(ShardIndex(0), CertificateSteps::close_there(this));
}

io::Task<std::string> CertificateRounds::metrics() {
    auto out = co_await rooms_.shards.at(0).call(&CertificateSteps::page, this);
    co_return out;
}

}  // namespace lineshaft::app
