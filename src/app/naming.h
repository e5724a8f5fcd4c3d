#pragma once
#include <memory>
#include <string>

#include "app/naming_certificates.h"
#include "app/naming_product.h"
#include "app/settings.h"
#include "gate/handle/door.h"
#include "gate/handle/rest.h"
#include "gate/handle/tunnel.h"
#include "identity/mirror.h"
#include "identity/resolver.h"
#include "identity/value_signer.h"

namespace lineshaft::app {

/// The node's identifiers and the doors to them. Opened and closed from the main thread; close()
/// before the lanes are flushed.
class NamingRoom {
public:
    struct Rooms {
        store::Store& store;
        io::Shards& shards;
        std::vector<store::Lane*> lanes;
        trust::Porter& porter;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;
        const trust::SealKey* seal = nullptr;  ///< the node's; null: nothing is sealed or signed
    };
    /// Homes what handle.prefix names. Errors: corrupt, unavailable, exhausted; invalid (a recursive
    /// node without handle.bootstrap).
    static Result<std::unique_ptr<NamingRoom>> open(Rooms rooms, const Settings& settings);
    ~NamingRoom() { close(); }

    void add_routes(io::http::Router& router) { rest_.add_routes(router); }
    /// What the product's own routes use.
    api::NamingDesk& desk() { return product_->desk(); }
    const std::string& url() const { return product_->url(); }
    /// As NamingProduct says.
    void name_machines(catalog::Desk& catalog, std::string url) {
        product_->name_machines(catalog, std::move(url));
    }
    /// Messages of the Handle System in HTTP; everything else goes to `otherwise`.
    io::http::Handler tunnel(io::http::Handler otherwise) {
        return handle::tunnel(responder_, std::move(otherwise));
    }
    identity::Registry& registry() { return *registry_; }
    /// UDP and TCP. Gives the address; empty when handle.listen is. Errors name the key.
    Result<std::string> listen();
    /// The same for handle.pool_listen; after listen().
    Result<std::string> listen_for_pools();
    bool is_ready() const {
        return (!door_is_open_ || door_.is_accepting()) &&
               (!pool_is_open_ || pool_door_.is_accepting());
    }
    /// Prometheus text.
    io::Task<std::string> metrics();
    void close();

private:
    NamingRoom(Rooms rooms, const Settings& settings,
               std::unique_ptr<identity::Registry> registry,
               std::unique_ptr<identity::Resolver> resolver, std::optional<trust::RsaKey> key);
    void publish_key();
    void publish_certificates();
    void put_value(const std::string& prefix, handle::Value value);
    void keep_certificates();
    handle::Site site_at(const io::Address& address) const;
    Result<void> home_prefixes(const Settings& settings);
    Result<void> open_mirror(Rooms rooms, const Settings& settings);

    std::string listen_, pool_listen_;
    const std::vector<std::string> prefixes_;
    io::Shards& shards_;
    trust::Audit* const audit_;
    const bool is_read_only_;
    const bool is_mirror_;
    const std::vector<std::string> site_servers_;
    const std::size_t site_server_;
    std::optional<trust::RsaKey> key_;  // nothing: answers stay unsigned
    std::unique_ptr<identity::Registry> registry_;
    std::unique_ptr<identity::Resolver> resolver_;  // null: not a recursive node
    io::Workers proofs_, signers_;
    std::optional<identity::ValueSigner> signer_;  // nothing: no key, or a mirror
    handle::DoorLimits limits_;
    handle::Responder responder_;
    handle::Door door_, pool_door_;
    handle::Rest rest_;
    std::unique_ptr<identity::Mirror> mirror_;  // null: follows nobody
    std::unique_ptr<NamingProduct> product_;
    std::unique_ptr<CertificateRounds> certificates_;  // null: signs nothing
    bool door_is_open_ = false, pool_is_open_ = false, is_closed_ = false;
};

}  // namespace lineshaft::app
