// One line of the audit log. Bytes: docs/formats/audit.md.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "io/clock.h"
#include "trust/principal.h"

namespace lineshaft::trust {

enum class AuditOutcome : std::uint8_t {
    allowed = 0,  ///< written before it is done, so nothing is done unseen
    refused = 1,  ///< wrong credentials, no right, throttled
    failed = 2,   ///< was allowed, then did not happen; `detail` says why
};
std::string_view name_of(AuditOutcome outcome);

/// Texts longer than their limit are cut at a letter and end in "…" when they are encoded.
struct AuditRecord {
    Instant at;                 ///< UTC
    std::int64_t steady_ms = 0; ///< monotonic since the machine started: orders what the wall clock
                                ///< may not
    io::ClockState clock = io::ClockState::unknown;
    std::int64_t stepped_ms = 0;  ///< the wall clock jumped by so much since the record before
    OrganisationId organisation{1};
    PrincipalKind who_kind = PrincipalKind::nobody;
    std::uint64_t who_id = 0;
    std::string who{};      ///< a name, 128 bytes
    std::string address{};  ///< numeric, 64 bytes
    std::string action{};   ///< "session.open", "token.create", 64 bytes
    std::string target{};   ///< what it was done to, 512 bytes
    AuditOutcome outcome = AuditOutcome::allowed;
    std::string detail{};             ///< 1,024 bytes; never a secret
    std::uint64_t left_out = 0;       ///< like records that were not written, see AuditLimits
    bool operator==(const AuditRecord&) const = default;
};

/// A record about somebody who was let in.
AuditRecord audit_of(const Principal& who, std::string_view address, std::string_view action,
                     std::string_view target, std::string_view detail = {});

std::string encode_audit(const AuditRecord& record);
/// Errors: corrupt; unsupported (a later version).
Result<AuditRecord> decode_audit(Bytes bytes);

}  // namespace lineshaft::trust
