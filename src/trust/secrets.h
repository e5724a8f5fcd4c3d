// Random bytes, digests and their texts.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::trust {

/// A SHA-256.
using Digest = std::array<std::byte, 32>;
Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);
/// Nothing else than 32 bytes is a digest. Errors: invalid.
Result<Digest> digest_of(std::string_view raw);
inline std::string_view text_of(const Digest& digest) {
    return as_text(digest);
}

/// From the system's generator; stops the program when there is none.
std::string random_bytes(std::size_t count);

/// Takes the same time wherever they differ. Different lengths differ at once.
bool same_secret(std::string_view a, std::string_view b);

/// RFC 4648 section 5, no padding. Parsing refuses what to_base64url would not have written.
std::string to_base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);
/// RFC 4648 section 4; `padded` writes and requires '='.
std::string to_base64(std::string_view bytes, bool padded = true);
Result<std::string> from_base64(std::string_view text, bool padded = true);

/// The one-time secret of the first start: 100 random bits as "K7QF-2M9X-...", five groups of four
/// of Crockford's base32. Read back without caring for case, spaces and dashes, O as 0, I and L
/// as 1.
std::string make_admin_secret();
/// What is kept of it. A text that is no such secret has a digest that none has.
Digest admin_secret_digest(std::string_view typed);

}  // namespace lineshaft::trust
