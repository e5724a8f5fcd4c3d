// What a client of the PostgreSQL protocol 3.0 says. Clauses: PostgreSQL documentation, chapter
// "Frontend/Backend Protocol", sections "Message Flow" and "Message Formats".
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lineshaft::postgres {

/// Sizes are of a whole message as its length word counts: everything but the type byte. One that
/// is longer is refused from its first five bytes, before anything is kept for it.
struct Limits {
    std::size_t startup_bytes_max = 10'000;     ///< as PostgreSQL
    std::size_t login_bytes_max = 4'096;        ///< until the client was let in
    std::size_t message_bytes_max = 1 << 20;    ///< from then on
    std::size_t name_bytes_max = 256;           ///< of a statement or portal
    std::size_t parameters_max = 1'000;         ///< of one statement
};

enum class Format : std::uint16_t { text = 0, binary = 1 };

// ---- Before the protocol proper -----------------------------------------------------------------

struct SslRequested {
    bool operator==(const SslRequested&) const = default;
};
struct GssRequested {
    bool operator==(const GssRequested&) const = default;
};
struct CancelRequested {
    std::uint32_t process = 0;
    std::uint32_t key = 0;
    bool operator==(const CancelRequested&) const = default;
};
struct Startup {
    std::uint16_t minor = 0;  ///< of protocol 3; more than 0 is answered with what we speak
    std::vector<std::pair<std::string, std::string>> parameters;
    /// The value of a parameter, or nothing.
    const std::string* find(std::string_view name) const;
    bool operator==(const Startup&) const = default;
};

// ---- Signing in ---------------------------------------------------------------------------------

struct SaslInitial {
    std::string mechanism;
    std::optional<std::string> data;
    bool operator==(const SaslInitial&) const = default;
};
struct SaslResponse {
    std::string data;
    bool operator==(const SaslResponse&) const = default;
};

// ---- Signed in ----------------------------------------------------------------------------------

struct Query {
    std::string sql;
    bool operator==(const Query&) const = default;
};
struct Parse {
    std::string statement;
    std::string sql;
    std::vector<std::uint32_t> types;  ///< 0: not said; may be fewer than the statement has
    bool operator==(const Parse&) const = default;
};
struct Bind {
    std::string portal, statement;
    std::vector<Format> formats;  ///< none: all text; one: of all; else one each
    std::vector<std::optional<std::string>> values;
    std::vector<Format> result_formats;  ///< as `formats`
    bool operator==(const Bind&) const = default;
};
enum class Kind : char { statement = 'S', portal = 'P' };
struct Describe {
    Kind kind = Kind::statement;
    std::string name;
    bool operator==(const Describe&) const = default;
};
struct Execute {
    std::string portal;
    std::uint32_t rows_max = 0;  ///< 0: all
    bool operator==(const Execute&) const = default;
};
struct Close {
    Kind kind = Kind::statement;
    std::string name;
    bool operator==(const Close&) const = default;
};
struct Flush {
    bool operator==(const Flush&) const = default;
};
struct Sync {
    bool operator==(const Sync&) const = default;
};
struct Terminate {
    bool operator==(const Terminate&) const = default;
};
/// FunctionCall, which is not served.
struct FunctionCalled {
    bool operator==(const FunctionCalled&) const = default;
};

/// The rules were broken; nothing more is understood. Tell the client and close.
struct Broken {
    std::string why;
    bool operator==(const Broken&) const = default;
};

using Message = std::variant<SslRequested, GssRequested, CancelRequested, Startup, SaslInitial,
                             SaslResponse, Query, Parse, Bind, Describe, Execute, Close, Flush,
                             Sync, Terminate, FunctionCalled, Broken>;

/// The format of value `index` where `formats` was sent. Text where it says nothing.
Format format_of(const std::vector<Format>& formats, std::size_t index);

}  // namespace lineshaft::postgres
