#pragma once
#include <string_view>

namespace lineshaft::api {

/// The OpenAPI 3.1 description of every route, as JSON. Made once; lives for ever.
std::string_view openapi_document();

}  // namespace lineshaft::api
