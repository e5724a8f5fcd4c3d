#include "io/tls.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "io/tls_context.h"
#include "io/tls_stream.h"

namespace lineshaft::io {

struct TlsServer::State {
    TlsLimits limits;
    mutable std::mutex guard;
    SslContext context;
    std::atomic<std::uint64_t> done{0}, failed{0}, timed_out{0}, refused_busy{0}, replaced{0};
    std::atomic<std::size_t> under_way{0};
    std::function<bool()> is_overloaded;

    SslContext now() const {
        const std::lock_guard lock(guard);
        return context;
    }
};

namespace {

/// Counts one handshake while it lives.
class Place {
public:
    explicit Place(std::atomic<std::size_t>& count) : count_(count) {
        number_ = count_.fetch_add(1) + 1;
    }
    ~Place() { count_.fetch_sub(1); }
    Place(const Place&) = delete;
    std::size_t number() const { return number_; }

private:
    std::atomic<std::size_t>& count_;
    std::size_t number_ = 0;
};

}  // namespace

TlsServer::TlsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsServer::~TlsServer() = default;

Result<std::shared_ptr<TlsServer>> TlsServer::create(const TlsIdentity& identity,
                                                     TlsLimits limits) {
    TRY(auto context, make_server_context(identity));
    auto state = std::make_unique<State>();
    state->limits = limits;
    state->context = std::move(context);
    return std::shared_ptr<TlsServer>(new TlsServer(std::move(state)));
}

Result<std::shared_ptr<TlsServer>> TlsServer::create(std::string_view certificate_pem,
                                                     std::string_view key_pem) {
    TlsIdentity identity;
    identity.certificate_pem = certificate_pem;
    identity.key_pem = key_pem;
    return create(identity);
}

Result<void> TlsServer::replace(const TlsIdentity& identity) {
    TRY(auto context, make_server_context(identity));
    const std::lock_guard lock(state_->guard);
    state_->context = std::move(context);
    state_->replaced.fetch_add(1);
    return {};
}

Result<void> TlsServer::replace(std::string_view certificate_pem, std::string_view key_pem) {
    TlsIdentity identity;
    identity.certificate_pem = certificate_pem;
    identity.key_pem = key_pem;
    return replace(identity);
}

Task<Result<std::unique_ptr<Stream>>> TlsServer::accept(std::unique_ptr<Stream> stream,
                                                        Steady patience) {
    State& state = *state_;
    const Place place(state.under_way);
    const bool is_overloaded = state.is_overloaded && state.is_overloaded();
    if (is_overloaded || place.number() > state.limits.handshakes_max) {
        state.refused_busy.fetch_add(1);
        stream->close();
        co_return fail(Code::exhausted, "too many TLS handshakes at once");
    }
    Ssl ssl(SSL_new(state.now().get()));
    if (!ssl) co_return fail(Code::exhausted, tls_reason());
    SSL_set_accept_state(ssl.get());
    auto inside = co_await shake_hands(std::move(stream), std::move(ssl),
                                       std::min(patience, state.limits.handshake_max),
                                       state.limits.handshake_bytes_max);
    if (inside) {
        state.done.fetch_add(1);
    } else if (inside.error().code == Code::timeout) {
        state.timed_out.fetch_add(1);
    } else {
        state.failed.fetch_add(1);
    }
    co_return inside;
}

void TlsServer::refuse_while(std::function<bool()> is_overloaded) {
    state_->is_overloaded = std::move(is_overloaded);
}

TlsServer::Stats TlsServer::stats() const {
    return {.done = state_->done,
            .failed = state_->failed,
            .timed_out = state_->timed_out,
            .refused_busy = state_->refused_busy,
            .replaced = state_->replaced,
            .under_way = state_->under_way};
}

struct TlsClient::State {
    SslContext context;
};

TlsClient::TlsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsClient::~TlsClient() = default;

Result<std::shared_ptr<TlsClient>> TlsClient::create(std::string_view ca_pem) {
    return create(ca_pem, {}, {});
}

Result<std::shared_ptr<TlsClient>> TlsClient::create(std::string_view ca_pem,
                                                     std::string_view certificate_pem,
                                                     std::string_view key_pem) {
    TRY(auto context, make_client_context(ca_pem, certificate_pem, key_pem));
    return std::shared_ptr<TlsClient>(new TlsClient(std::make_unique<State>(std::move(context))));
}

Task<Result<std::unique_ptr<Stream>>> TlsClient::connect(std::unique_ptr<Stream> stream,
                                                         std::string server_name,
                                                         std::vector<std::string> protocols,
                                                         Steady patience) {
    Ssl ssl(SSL_new(state_->context.get()));
    if (!ssl) co_return fail(Code::exhausted, tls_reason());
    CO_TRY_VOID(prepare_client(ssl.get(), server_name, protocols));
    SSL_set_connect_state(ssl.get());
    constexpr std::size_t no_limit = std::size_t(-1);
    auto inside = co_await shake_hands(std::move(stream), std::move(ssl), patience, no_limit);
    co_return inside;
}

}  // namespace lineshaft::io
