#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace lineshaft {

/// A number that names one thing of one kind: explicit to make, no arithmetic, not mixed up.
template <class Kind, class Number = std::uint64_t>
class Id {
public:
    using number_type = Number;
    constexpr Id() = default;
    constexpr explicit Id(Number number) : number_(number) {}
    constexpr Number number() const { return number_; }
    constexpr auto operator<=>(const Id&) const = default;

private:
    Number number_ = 0;
};

using OrganisationId = Id<struct OrganisationKind, std::uint32_t>;  ///< 1 is `default`
using SiteId = Id<struct SiteKind>;
using PersonId = Id<struct PersonKind>;
using TokenId = Id<struct TokenKind>;
using CertificateId = Id<struct CertificateKind>;
using SeriesId = Id<struct SeriesKind>;
using ShardIndex = Id<struct ShardKind, std::uint32_t>;  ///< 0 .. shards-1

}  // namespace lineshaft

template <class Kind, class Number>
struct std::hash<lineshaft::Id<Kind, Number>> {
    std::size_t operator()(lineshaft::Id<Kind, Number> id) const noexcept {
        return std::hash<Number>{}(id.number());
    }
};
