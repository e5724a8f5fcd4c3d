// What may be called what.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::catalog {

/// Text people read: UTF-8, 1..bytes_max, no control characters, no space at either end. The
/// sentence begins with `what`, for example "a site's name". Errors: invalid.
Result<void> check_text(std::string_view what, std::string_view text, std::size_t bytes_max);

/// As check_text, and without '/' and ':', which separate names in "organisation/name" and in
/// HTTP's Basic.
Result<void> check_person_name(std::string_view name, std::size_t bytes_max);

/// Trust's word for a role: 1..32 of [a-z_].
Result<void> check_role(std::string_view role);

/// ASCII letters made small: what names are compared by.
std::string name_key(std::string_view name);

}  // namespace lineshaft::catalog
