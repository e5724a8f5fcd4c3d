#pragma once
// For tests: a fresh self-signed certificate for localhost and 127.0.0.1.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>

namespace lineshaft::io {

struct TestCertificate {
    std::string certificate_pem;
    std::string key_pem;
};

inline std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string out(data, std::size_t(size));
    BIO_free(bio);
    return out;
}

inline TestCertificate make_test_certificate(const char* name = "localhost") {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    const std::string names = std::string("DNS:") + name + ",IP:127.0.0.1";
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key, EVP_sha256());

    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate);
    TestCertificate made;
    made.certificate_pem = text_of(out);
    out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    made.key_pem = text_of(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}

}  // namespace lineshaft::io
