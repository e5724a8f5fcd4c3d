#pragma once
#include <memory>
#include <string>

#include "api/naming.h"
#include "app/settings.h"
#include "catalog/desk.h"
#include "io/nursery.h"
#include "io/pause.h"

namespace lineshaft::app {

/// What makes a product of the node's names: the book of prefixes, statistics, bulk jobs, and
/// identifiers for machines. Opened and closed from the main thread, after the registry and before
/// the lanes are flushed.
class NamingProduct {
public:
    struct Rooms {
        store::Store& store;
        io::Shards& shards;
        std::vector<store::Lane*> lanes;
        identity::Registry& registry;
        identity::Resolver* resolver = nullptr;  ///< of a recursive node
        identity::TrustedKeys trusted{};         ///< fingerprints of the settings
        std::string own_key{};                   ///< this node's fingerprint; empty: it has no key
        identity::ValueSigner* signer = nullptr; ///< null: it signs nothing
    };
    /// handle.prefix is homed already. Errors: corrupt, unavailable, invalid (handle.bootstrap).
    static Result<std::unique_ptr<NamingProduct>> open(Rooms rooms, const Settings& settings);
    ~NamingProduct() { close(); }

    api::NamingDesk& desk() { return *desk_; }
    /// From now on every machine of `default` has an identifier that leads to its page under `url`
    /// (unless handle.public_url says another). Does nothing without handle.prefix.
    void name_machines(catalog::Desk& catalog, std::string url);
    /// Where people open this node's pages; empty before name_machines. No '/' at its end.
    const std::string& url() const { return url_; }
    void close();

private:
    explicit NamingProduct(Rooms rooms) : rooms_(std::move(rooms)) {}
    friend struct MachineNames;

    Rooms rooms_;
    bool is_read_only_ = false, is_closed_ = false, names_machines_ = true;
    std::unique_ptr<identity::Statistics> statistics_;
    std::unique_ptr<identity::PrefixBook> book_;
    std::unique_ptr<identity::BulkJobs> jobs_;
    std::unique_ptr<identity::Resolver> own_resolver_;  // of a node that is not recursive
    std::unique_ptr<api::NamingDesk> desk_;
    std::string url_;
    std::unique_ptr<io::Nursery> nursery_;  // shard 0
    io::Pause pause_;                       // shard 0
};

}  // namespace lineshaft::app
