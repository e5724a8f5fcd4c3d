#include "api/openapi.h"

namespace lineshaft::api {

std::string_view openapi_document() { return "{}"; }

}  // namespace lineshaft::api
