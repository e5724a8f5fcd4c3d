// What the signatures among a handle's values are worth: the certificates that lead from them to a
// trusted key are looked for where they stand.
#pragma once
#include "identity/signature.h"

namespace lineshaft::identity {

/// Where the values of other handles come from while a chain is looked for.
class ValueSource {
public:
    /// What the public may see of them. Errors: any; then that link is not there.
    virtual io::Task<Result<std::vector<handle::Value>>> values_of(std::string handle) = 0;
    virtual ~ValueSource() = default;
};

class Resolver;
/// From wherever they live.
class ResolvedValues final : public ValueSource {
public:
    explicit ResolvedValues(Resolver& resolver) : resolver_(resolver) {}
    io::Task<Result<std::vector<handle::Value>>> values_of(std::string handle) override;

private:
    Resolver& resolver_;
};

struct TrustLimits {
    std::size_t signatures_max = 8;  ///< of one handle; more are not looked at
    std::size_t lookups_max = 24;    ///< of handles, for one handle
    ChainLimits chain;
};

struct FoundSignature {
    std::uint32_t index = 0;  ///< of the HS_SIGNATURE value
    SignatureWorth worth;
    /// Whose certificates (and key, above the last one) were found, the signature's issuer first.
    std::vector<handle::Reference> chain;
};
struct ValuesTrust {
    std::vector<FoundSignature> signatures;
    /// Of one value: the best that a signature says of it; a wrong one outdoes them all.
    Worth of(std::uint32_t index) const;
    /// Of all signatures, in the same way.
    Worth all() const;
};

/// `values` of `handle` as they were found, all that the public may see. The source outlives the
/// task. Never fails: what cannot be found is not trusted.
io::Task<ValuesTrust> examine_values(ValueSource* source, std::string handle,
                                     std::vector<handle::Value> values, TrustedKeys trusted,
                                     TrustLimits limits);

}  // namespace lineshaft::identity
