#pragma once
#include <memory>
#include <string>

#include "identity/prefix_book.h"
#include "identity/value_signer.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "trust/audit.h"

namespace lineshaft::app {

/// Renews the certificates that this node gave to prefixes, at the start and once an hour. Opened and
/// closed from the main thread, lives on shard 0; ends before the registry.
class CertificateRounds {
public:
    struct Rooms {
        io::Shards& shards;
        identity::Registry& registry;
        identity::ValueSigner& signer;
        const identity::PrefixBook& book;
        trust::Audit* audit = nullptr;
    };
    explicit CertificateRounds(Rooms rooms) : rooms_(rooms) {}
    ~CertificateRounds() { close(); }

    void start();
    void close();
    /// Prometheus text.
    io::Task<std::string> metrics();

private:
    friend struct CertificateSteps;
    Rooms rooms_;
    bool is_closed_ = false;
    // Of shard 0.
    std::unique_ptr<io::Nursery> nursery_;
    io::Pause pause_;
    std::size_t given_ = 0, in_doubt_ = 0;
    std::uint64_t renewed_ = 0;
};

}  // namespace lineshaft::app
