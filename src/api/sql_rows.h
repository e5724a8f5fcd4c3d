#pragma once
#include <cstddef>
#include <span>

#include "api/json_out.h"
#include "query/types.h"

namespace lineshaft::api {

/// Appends rows, each a list, until `bytes`, which counts on, reaches `bytes_max`. `values`: in
/// row-major order, `columns` of them for each row.
void put_rows(JsonOut& out, std::size_t rows, std::size_t columns,
              std::span<const query::Value> values, std::size_t bytes_max, std::size_t& bytes);

}  // namespace lineshaft::api
