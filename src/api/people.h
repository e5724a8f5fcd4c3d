#pragma once
#include <string>
#include <vector>

#include "api/render.h"

namespace lineshaft::api {

/// A person as lists show them: never the hash, of the second factor only whether it is there.
json::object person_json(const catalog::Person& person);

/// Browser sessions by last use; `own`, the caller's, is marked.
json::array sessions_json(const std::vector<trust::SessionRecord>& sessions,
                          const std::string& own_digest_hex);
/// The digest that stands for the caller's own session in such lists; empty without a cookie.
std::string own_session(const Call& call);

/// trust's view of a row of this organisation.
trust::PersonRecord record_of(const catalog::Person& person, std::string organisation_name);

/// Errors: invalid, naming the roles there are.
Result<void> check_role_word(std::string_view role);

/// Checks and hashes the password, then adds the person, once per Idempotency-Key.
io::Task<Answer> create_person(Call* call, OrganisationId organisation);

}  // namespace lineshaft::api
