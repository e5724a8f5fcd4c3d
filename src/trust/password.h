// People's passwords: scrypt (RFC 7914), kept as "$scrypt$ln=17,r=8,p=1$salt$hash".
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::trust {

struct PasswordLimits {
    std::size_t bytes_min = 10;
    std::size_t bytes_max = 1024;
};

/// N = 2^log2_n. The default takes 128 MiB and some tenths of a second: call it on an io::Workers
/// of one thread, so that sign-ins queue instead of filling the memory.
struct ScryptCost {
    unsigned log2_n = 17;
    unsigned r = 8;
    unsigned p = 1;
    bool operator==(const ScryptCost&) const = default;
};

/// invalid: too short or too long, the sentence says which.
Result<void> check_password(std::string_view password, const PasswordLimits& limits = {});

/// Salted with 16 random bytes. Errors: exhausted (memory).
Result<std::string> hash_password(std::string_view password, const ScryptCost& cost = {});

/// True when `hash` was made of `password`, compared in constant time. False too for a hash that
/// is broken or asks for more than 1 GiB.
bool verify_password(std::string_view password, std::string_view hash);

/// Takes as long as verifying against a hash of `cost`, and says no: for names nobody has.
bool verify_nobody(std::string_view password, const ScryptCost& cost = {});

/// The function itself, for its test vectors.
Result<std::string> scrypt(std::string_view password, std::string_view salt, const ScryptCost& cost,
                           std::size_t bytes);

}  // namespace lineshaft::trust
