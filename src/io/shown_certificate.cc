#include "io/shown_certificate.h"

namespace lineshaft::io {
namespace {

struct CarriedCertificate {
    ShownCertificate shown;
    std::unique_ptr<const PeerCertificate> verified;
};

// Ends what it points to; and by its type what travels behind a pointer is found again.
struct CarriedEnd {
    const CarriedCertificate* carried = nullptr;
    void operator()(const CarriedCertificate* what) const { delete what; }
};

}  // namespace

const ShownCertificate* shown_certificate(const Peer& peer) {
    const auto* end = std::get_deleter<CarriedEnd>(peer.certificate);
    return end == nullptr ? nullptr : &end->carried->shown;
}

std::shared_ptr<const PeerCertificate> carried_certificate(
    ShownCertificate shown, std::unique_ptr<const PeerCertificate> verified) {
    const auto* carried = new CarriedCertificate{std::move(shown), std::move(verified)};
    const std::shared_ptr<const CarriedCertificate> owner(carried, CarriedEnd{carried});
    return {owner, carried->verified.get()};
}

}  // namespace lineshaft::io
