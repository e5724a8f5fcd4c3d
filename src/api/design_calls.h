#pragma once
#include "api/call.h"

namespace lineshaft::api {

// What the designs' routes do, for the shops that do the same without a login.
io::Task<Answer> create_design(Call call);  ///< of the body, for the principal's organisation
io::Task<Answer> one_design(Call call);     ///< captured: number
io::Task<Answer> design_file(Call call);    ///< captured: number, format
std::string_view media_type_of(std::string_view format);

}  // namespace lineshaft::api
