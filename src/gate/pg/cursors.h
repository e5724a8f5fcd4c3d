#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lineshaft::pg {

/// DECLARE and FETCH, which clients that read in portions send as simple queries (psqlODBC's
/// UseDeclareFetch) or prepared ones (psycopg's server-side cursors). They are understood here, by
/// their first words: the rest of a DECLARE is a statement for the engine.
struct CursorWords {
    enum class What : std::uint8_t { declare, fetch } what = What::declare;
    std::string name;
    bool is_held = false;             ///< WITH HOLD: outlives the transaction
    std::string sql;                  ///< of DECLARE: what follows FOR
    std::size_t sql_offset = 0;       ///< bytes before it
    std::optional<std::uint64_t> rows = 1;  ///< of FETCH; nothing: ALL
    bool is_backward = false;         ///< of FETCH: not forward
};
/// Nothing: neither, or not as PostgreSQL writes it. Names fold to lower case unless quoted.
std::optional<CursorWords> cursor_words(std::string_view sql);

}  // namespace lineshaft::pg
