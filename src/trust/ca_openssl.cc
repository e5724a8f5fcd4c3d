#include "trust/ca_openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>

#include "base/bytes.h"

namespace lineshaft::trust::ssl {
namespace {

int no_password(char*, int, int, void*) {
    return 0;
}

}  // namespace

Bio reader_of(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string reason() {
    std::string text = "OpenSSL failed";
    while (const unsigned long code = ERR_get_error()) {
        const char* why = ERR_reason_error_string(code);
        if (why != nullptr) text = why;
    }
    return text;
}

std::string der_of(const X509* certificate) {
    return der_of<X509>(&i2d_X509, certificate);
}

std::string key_pem_of(EVP_PKEY* key) {
    const Bio out(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

Certificate certificate_from(std::string_view text) {
    if (text.contains("-----BEGIN")) {
        const Bio in = reader_of(text);
        Certificate found(PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr));
        ERR_clear_error();
        return found;
    }
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    Certificate found(d2i_X509(nullptr, &at, static_cast<long>(text.size())));
    ERR_clear_error();
    return found;
}

Key key_from_pem(std::string_view pem) {
    const Bio in = reader_of(pem);
    Key found(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    return found;
}

Instant instant_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return Instant{};
    return Instant{static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000};
}

Time time_of(Instant at) {
    return Time(ASN1_TIME_set(nullptr, static_cast<std::time_t>(at.micros / 1'000'000)));
}

std::string serial_of(const ASN1_INTEGER* serial) {
    const Number number(ASN1_INTEGER_to_BN(serial, nullptr));
    if (!number) return {};
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
    BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
    return to_hex(as_bytes(bytes));
}

Digest key_digest(EVP_PKEY* key) {
    return sha256(der_of<EVP_PKEY>(&i2d_PUBKEY, key));
}

}  // namespace lineshaft::trust::ssl
