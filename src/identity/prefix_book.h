#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "identity/registry.h"

// Who applied for which prefix, who has it, and in what state it is. Layout: docs/formats/identity.md;
// the steps: docs/protocols/naming-api.md.
namespace lineshaft::identity {

enum class ApplicationState : std::uint8_t {
    applied = 1,
    approved = 2,
    refused = 3,
    allocated = 4,
    suspended = 5,
    revoked = 6
};
std::string_view name_of(ApplicationState state);
std::optional<ApplicationState> parse_application_state(std::string_view name);

/// One step of its history.
struct BookStep {
    Instant at{};
    std::string by, step, reason;
};

/// What an enterprise wants.
struct Application {
    std::uint64_t id = 0;
    ApplicationState state = ApplicationState::applied;
    std::string company, credit_code, contact, email, phone, purpose;
    std::string wanted;      ///< a prefix, or empty
    bool is_hosted = true;   ///< its records are to be here; else its own node has them
    std::string address;     ///< of that node: "192.0.2.7:2641"
    std::optional<std::uint64_t> expected;
    std::string prefix;      ///< once allocated
    std::vector<BookStep> history;
};

enum class PrefixKind : std::uint8_t { own = 1, hosted = 2, delegated = 3 };
enum class PrefixState : std::uint8_t { active = 1, suspended = 2, revoked = 3 };
std::string_view name_of(PrefixKind kind);
std::string_view name_of(PrefixState state);

/// A prefix of this node, or derived from one.
struct PrefixEntry {
    std::string prefix;
    PrefixKind kind = PrefixKind::own;
    PrefixState state = PrefixState::active;
    bool is_settled = true;  ///< the registry agrees with it
    std::string company, address;
    std::uint32_t organisation = 1;  ///< OrganisationId
    std::optional<std::uint64_t> quota;
    std::uint64_t application = 0;  ///< 0: none
    std::string stash;              ///< record of what a suspended delegation pointed to
    std::vector<BookStep> history;
};

struct BookLimits {
    std::size_t waiting_max = 10'000;  ///< applications nobody has decided
    std::size_t history_max = 64;      ///< steps kept of one entry: the first, and the newest
    std::size_t page_max = 1'000;
    std::uint32_t numbers_max = 1'000'000;  ///< tried for a free prefix
};

/// Every change is on disk, and the registry follows it, when it is answered; what a crash left
/// undone is done at the next start. Reads run anywhere, changes on shard 0, one after the other.
/// Owner: the program, after the registry.
class PrefixBook {
public:
    /// `own`: prefixes of this node's settings. From no shard's thread. Errors: corrupt, unavailable.
    static Result<std::unique_ptr<PrefixBook>> open(store::Store& store, io::Shards& shards,
                                                    store::Lane& lane_0, Registry& registry,
                                                    std::vector<std::string> own,
                                                    BookLimits limits = {});

    // Reading, on any shard. Errors: not_found, corrupt, unavailable.
    Result<Application> application(std::uint64_t id) const;
    Result<Application> by_ticket(std::string_view ticket) const;
    /// Newest first, smaller than `before` (nothing: from the newest).
    Result<std::vector<Application>> applications(std::optional<std::uint64_t> before,
                                                  std::size_t count_max) const;
    struct Waiting {
        std::size_t applied = 0, approved = 0;
    };
    Waiting waiting() const;  ///< shard 0 keeps it; a moment old elsewhere
    Result<PrefixEntry> prefix(std::string_view prefix) const;
    /// The entry that decides about a handle's prefix: its own, or the nearest above. nothing: none.
    Result<std::optional<PrefixEntry>> holder_of(std::string_view prefix) const;
    /// Ascending, after `after`.
    Result<std::vector<PrefixEntry>> prefixes(std::string_view after, std::size_t count_max) const;

    struct Applied {
        Application application;
        std::string ticket;
    };
    /// Errors: exhausted (waiting_max), those of the store.
    io::Task<Result<Applied>> apply(Application wish);
    /// Errors: not_found, conflict (not in state `applied`).
    io::Task<Result<Application>> decide(std::uint64_t id, bool is_approved, std::string by,
                                         std::string reason);
    struct Allocation {
        std::uint64_t application = 0;
        std::string prefix;  ///< empty: the wanted one, else the next free number
        std::uint32_t organisation = 1;
        std::optional<std::uint64_t> quota;
        std::string by;
    };
    /// Errors: not_found, conflict (not approved; the prefix is taken, or has identifiers of an
    /// earlier holder), invalid (not derived from a prefix of this node, no address).
    io::Task<Result<Application>> allocate(Allocation wish);
    /// suspended, active (resumes) or revoked. Errors: not_found, conflict (own, or not that step).
    io::Task<Result<PrefixEntry>> set_state(std::string prefix, PrefixState state, std::string by,
                                            std::string reason);
    struct PrefixChange {
        std::optional<std::optional<std::uint64_t>> quota;
        std::optional<std::string> address;  ///< of a delegated one
        std::string by;
    };
    io::Task<Result<PrefixEntry>> change(std::string prefix, PrefixChange wish);

private:
    friend struct BookSteps;
    PrefixBook(store::Store& store, io::Shards& shards, store::Lane& lane, Registry& registry,
               std::vector<std::string> own, BookLimits limits);
    Result<void> load();

    store::Store& store_;
    io::Shards& shards_;
    store::Lane& lane_;  // of shard 0
    Registry& registry_;
    const std::vector<std::string> own_;
    const BookLimits limits_;
    std::uint64_t last_id_ = 0;               // shard 0
    io::SharedCount applied_, approved_;
    bool is_busy_ = false;                    // shard 0
    std::vector<io::Answer<bool>> waiting_;   // shard 0
};

}  // namespace lineshaft::identity
