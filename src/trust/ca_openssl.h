#pragma once
// Inside trust only: OpenSSL's objects with owners, and small steps over them.
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "trust/secrets.h"

namespace lineshaft::trust::ssl {

template <auto free_it>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        free_it(object);
    }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using Crl = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using Revoked = std::unique_ptr<X509_REVOKED, Freed<X509_REVOKED_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Time = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
using Pkcs7 = std::unique_ptr<PKCS7, Freed<PKCS7_free>>;

Bio reader_of(std::string_view text);
/// The newest reason on OpenSSL's error queue of this thread, which is emptied.
std::string reason();

/// i2d_… into a string.
template <class T>
std::string der_of(int (*encode)(const T*, unsigned char**), const T* object) {
    const int size = encode(object, nullptr);
    if (size <= 0) return {};
    std::string out(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(out.data());
    encode(object, &at);
    return out;
}
std::string der_of(const X509* certificate);
std::string key_pem_of(EVP_PKEY* key);
/// Null when there is none; never asks for a password.
Certificate certificate_from(std::string_view pem_or_der);
Key key_from_pem(std::string_view pem);

Instant instant_of(const ASN1_TIME* time);
Time time_of(Instant at);
std::string serial_of(const ASN1_INTEGER* serial);
Digest key_digest(EVP_PKEY* key);

}  // namespace lineshaft::trust::ssl
