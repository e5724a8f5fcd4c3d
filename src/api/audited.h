#pragma once
#include <optional>

#include "api/call.h"
#include "trust/audit.h"

namespace lineshaft::api {

/// What the audit log is to hold of a request that changes something, by trust/audited.h: who, from
/// where, to what (the path's own words) and the harmless members of its body. Nothing: the request
/// only reads, or its route records itself.
std::optional<trust::AuditRecord> audit_line(const trust::Route& route,
                                             const http::Request& request,
                                             const trust::Principal& who);

/// On disk, or the answer that says why nothing was done.
io::Task<std::optional<http::Response>> record_first(Services* services, trust::AuditRecord line);

/// Adds that what was recorded did not happen. A failure to say so is logged: nothing was done.
io::Task<bool> record_failure(Services* services, trust::AuditRecord line, std::string why);

/// A request that was turned away, bounded as Audit::note.
void note_refusal(Services& services, const trust::Route& route, const http::Request& request,
                  const trust::Principal* who, std::string_view why);

}  // namespace lineshaft::api
