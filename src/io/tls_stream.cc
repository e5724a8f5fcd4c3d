// TLS over any stream: OpenSSL between memory and memory.
#include "io/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>

#include "io/out_queue.h"
#include "io/shard.h"

namespace lineshaft::io {
namespace {

constexpr std::size_t plain_bytes = 64 * 1024;
/// A peer that makes us answer (key updates) without reading is cut off here.
constexpr std::size_t unsent_bytes_max = 256 * 1024;
constexpr std::size_t record_bytes_max = 16 * 1024;

/// Decrypted bytes, one buffer per shard like the shard's own: valid until the next wait.
std::span<std::byte> plain_buffer() {
    static thread_local std::vector<std::byte> buffer(plain_bytes);
    return buffer;
}

/// TLS over any stream. OpenSSL reads and writes through a BIO of ours that never blocks: what it
/// reads is what the stream below gave last, what it writes is queued.
class TlsStream final : public Stream {
public:
    TlsStream(std::unique_ptr<Stream> below, Ssl ssl)
        : below_(std::move(below)), ssl_(std::move(ssl)), peer_(below_->peer()) {
        peer_.is_encrypted = true;
        BIO* bio = BIO_new(bio_method());
        BIO_set_data(bio, this);
        BIO_set_init(bio, 1);
        SSL_set_bio(ssl_.get(), bio, bio);
    }
    ~TlsStream() override { close(); }

    Task<Result<void>> shake_hands(Steady patience, std::size_t bytes_max) {
        std::size_t received = 0;
        const Steady deadline = Shard::here().clock().steady() + patience;
        for (;;) {
            ERR_clear_error();
            const int done = SSL_do_handshake(ssl_.get());
            const int why = SSL_get_error(ssl_.get(), done);
            keep_unread();
            CO_TRY_VOID(out_.flush(*below_));
            if (done == 1) {
                is_ready_ = true;
                peer_.certificate = peer_certificate(ssl_.get());
                co_return Result<void>{};
            }
            if (why != SSL_ERROR_WANT_READ) co_return handshake_failure();
            // What a quick client sends right behind its last handshake message is not counted.
            if (received > bytes_max) co_return fail(Code::invalid, "TLS handshake: too long");
            const Steady left = deadline - Shard::here().clock().steady();
            if (left <= Steady{0}) co_return fail(Code::timeout, "TLS handshake took too long");
            CO_TRY(unread_, co_await below_->read_some(left));
            received += unread_.size();
        }
    }

    Task<Result<Bytes>> read_some(Steady patience) override {
        for (;;) {
            const auto buffer = plain_buffer();
            auto plain = decrypt(buffer);
            keep_unread();
            if (!plain) co_return std::unexpected(std::move(plain).error());
            CO_TRY_VOID(out_.flush(*below_));
            if (out_.size() > unsent_bytes_max)
                co_return fail(Code::unavailable, "TLS peer does not read");
            if (*plain > 0) co_return Bytes(buffer.first(*plain));
            CO_TRY(unread_, co_await below_->read_some(patience));
        }
    }

    // Without a coroutine where the stream below can: three frames are most of what an idle
    // connection takes beside OpenSSL.
    bool can_wait_readable() const override { return below_->can_wait_readable(); }
    void wait_readable(Steady patience, ReadWaiter& waiter) override {
        // What filled the last buffer may have left whole records here; a part of one waits below.
        if (kept_.empty() && SSL_pending(ssl_.get()) == 0)
            return below_->wait_readable(patience, waiter);
        Shard::here().post([&waiter] { waiter.on_readable(); });
    }
    void stop_waiting() override { below_->stop_waiting(); }
    Result<Bytes> read_now() override {
        for (;;) {
            const auto buffer = plain_buffer();
            auto plain = decrypt(buffer);
            keep_unread();
            if (!plain) return std::unexpected(std::move(plain).error());
            TRY_VOID(out_.flush(*below_));
            if (out_.size() > unsent_bytes_max)
                return fail(Code::unavailable, "TLS peer does not read");
            if (*plain > 0) return Bytes(buffer.first(*plain));
            TRY(unread_, below_->read_now());
            if (unread_.empty()) return Bytes{};
        }
    }

    Result<std::size_t> try_write(Bytes bytes) override {
        if (!below_->is_open()) return fail(Code::unavailable, "closed");
        TRY_VOID(out_.flush(*below_));
        if (!out_.is_empty()) return std::size_t{0};
        std::size_t total = out_.take_ahead(bytes.size());
        while (total < bytes.size()) {
            const Bytes piece =
                bytes.subspan(total, std::min(bytes.size() - total, record_bytes_max));
            std::size_t count = 0;
            ERR_clear_error();
            if (SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &count) != 1) {
                return fail(Code::unavailable, "write: " + tls_reason());
            }
            TRY_VOID(out_.flush(*below_));
            if (!out_.is_empty()) {
                out_.set_ahead(count);
                break;
            }
            total += count;
        }
        return total;
    }

    Task<Result<void>> wait_writable(Steady patience) override {
        return out_.drain(*below_, patience);
    }

    void end_writing() override {
        say_goodbye();
        below_->end_writing();
    }
    void close() override {
        if (!below_->is_open()) return;
        say_goodbye();
        below_->close();
    }
    bool is_open() const override { return below_->is_open(); }
    const Peer& peer() const override { return peer_; }

private:
    /// How many bytes were decrypted, 0 when more input is needed.
    Result<std::size_t> decrypt(std::span<std::byte> into) {
        std::size_t total = 0;
        while (total < into.size()) {
            std::size_t count = 0;
            ERR_clear_error();
            const int done =
                SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &count);
            total += count;
            if (done == 1) continue;
            const int why = SSL_get_error(ssl_.get(), done);
            if (why == SSL_ERROR_WANT_READ || total > 0) break;
            if (why == SSL_ERROR_ZERO_RETURN) return fail(Code::unavailable, "closed by the peer");
            is_ready_ = false;
            return fail(Code::unavailable, "read: " + tls_reason());
        }
        return total;
    }

    std::unexpected<Error> handshake_failure() const {
        const std::string reason = tls_reason();
        const bool is_untrusted = SSL_get_verify_result(ssl_.get()) != X509_V_OK;
        return fail(is_untrusted ? Code::denied : Code::invalid, "TLS handshake: " + reason);
    }

    /// What OpenSSL has not read yet leaves the shard's buffer before anybody waits.
    void keep_unread() {
        if (!unread_.empty()) kept_.append(as_text(unread_));
        unread_ = {};
    }

    void say_goodbye() {
        if (!std::exchange(is_ready_, false)) return;
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        auto ignored = out_.flush(*below_);  // the peer may be gone already
        (void)ignored;
    }

    int give(char* into, int size) {
        const Bytes from = kept_.empty() ? unread_ : as_bytes(kept_);
        const std::size_t count = std::min(from.size(), std::size_t(size));
        if (count == 0) return 0;
        std::memcpy(into, from.data(), count);
        if (kept_.empty()) {
            unread_ = unread_.subspan(count);
        } else {
            kept_.erase(0, count);
            if (kept_.empty()) kept_ = {};
        }
        return int(count);
    }

    static BIO_METHOD* bio_method() {
        static BIO_METHOD* const method = [] {
            BIO_METHOD* made =
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lineshaft");
            BIO_meth_set_read(made, [](BIO* bio, char* into, int size) {
                BIO_clear_retry_flags(bio);
                const int count = static_cast<TlsStream*>(BIO_get_data(bio))->give(into, size);
                if (count > 0) return count;
                BIO_set_retry_read(bio);
                return -1;
            });
            BIO_meth_set_write(made, [](BIO* bio, const char* from, int size) {
                BIO_clear_retry_flags(bio);
                static_cast<TlsStream*>(BIO_get_data(bio))
                    ->out_.tail()
                    .append(from, std::size_t(size));
                return size;
            });
            BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long {
                return command == BIO_CTRL_FLUSH ? 1 : 0;
            });
            return made;
        }();
        return method;
    }

    std::unique_ptr<Stream> below_;
    OutQueue out_;
    Bytes unread_;      // in the shard's buffer; only between a read and keep_unread()
    std::string kept_;  // read too far for one call
    Ssl ssl_;
    Peer peer_;
    bool is_ready_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<Stream>>> shake_hands(std::unique_ptr<Stream> below, Ssl ssl,
                                                  Steady patience, std::size_t bytes_max) {
    auto stream = std::make_unique<TlsStream>(std::move(below), std::move(ssl));
    auto shaken = co_await stream->shake_hands(patience, bytes_max);
    if (!shaken) {
        stream->close();
        co_return std::unexpected(std::move(shaken).error());
    }
    std::unique_ptr<Stream> out = std::move(stream);
    co_return out;
}

}  // namespace lineshaft::io
