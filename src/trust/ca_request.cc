// Reading what others send: certificates and requests for them; PKCS#7 for EST.
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "trust/ca.h"
#include "trust/ca_openssl.h"

namespace lineshaft::trust {
namespace {

std::string text_of_name(const X509_NAME* name) {
    const ssl::Bio out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::string common_name_of(const X509_NAME* name) {
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) return {};
    std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return out;
}

std::string asn1_text(const ASN1_STRING* text) {
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
}

std::string address_text(std::string_view bytes) {
    if (bytes.size() == 4) {
        std::string text;
        for (const char byte : bytes) {
            text += (text.empty() ? "" : ".") + std::to_string(static_cast<unsigned char>(byte));
        }
        return text;
    }
    return to_hex(as_bytes(bytes));
}

std::vector<std::string> names_of(const X509* certificate) {
    const ssl::GeneralNames names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::vector<std::string> out;
    for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
        int kind = 0;
        const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), at), &kind);
        if (kind == GEN_DNS || kind == GEN_URI) {
            out.push_back(asn1_text(static_cast<const ASN1_STRING*>(value)));
        } else if (kind == GEN_IPADD) {
            out.push_back(address_text(asn1_text(static_cast<const ASN1_STRING*>(value))));
        }
    }
    return out;
}

ssl::Request request_from(std::string_view text) {
    if (text.contains("-----BEGIN")) {
        const ssl::Bio in = ssl::reader_of(text);
        return ssl::Request(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
    }
    std::string der(text);
    if (!text.starts_with('\x30')) {  // a DER sequence; base64 letters never decode from it
        std::string letters;
        for (const char letter : text) {
            if (!std::string_view(" \t\r\n").contains(letter)) letters += letter;
        }
        auto decoded = from_base64(letters);
        if (!decoded) return nullptr;
        der = *std::move(decoded);
    }
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ssl::Request found(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    const bool is_whole = at == reinterpret_cast<const unsigned char*>(der.data()) + der.size();
    return is_whole ? std::move(found) : nullptr;
}

Result<void> check_key(EVP_PKEY* key, const CaLimits& limits) {
    const int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_ED25519: return {};
        case EVP_PKEY_RSA:
            if (bits >= limits.rsa_bits_min && bits <= limits.rsa_bits_max) return {};
            return fail(Code::unsupported,
                        "an RSA key has 2048 to 8192 bits, not " + std::to_string(bits));
        case EVP_PKEY_EC: {
            char group[32] = {};
            EVP_PKEY_get_utf8_string_param(key, "group", group, sizeof(group), nullptr);
            const std::string_view name(group);
            if (name == "prime256v1" || name == "P-256" || name == "secp384r1" || name == "P-384") {
                return {};
            }
            return fail(Code::unsupported, "an EC key is on P-256 or P-384, not on another curve");
        }
        default: break;
    }
    return fail(Code::unsupported, "a key is P-256, P-384, Ed25519 or RSA of 2048 bits and more");
}

// A machine that asks to be an authority is a mistake or an attack: say so instead of dropping it.
bool asks_for_authority(X509_REQ* request) {
    STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request);
    if (extensions == nullptr) return false;
    auto* basic = static_cast<BASIC_CONSTRAINTS*>(
        X509V3_get_d2i(extensions, NID_basic_constraints, nullptr, nullptr));
    auto* usage =
        static_cast<ASN1_BIT_STRING*>(X509V3_get_d2i(extensions, NID_key_usage, nullptr, nullptr));
    bool asks = basic != nullptr && basic->ca != 0;
    // RFC 5280, 4.2.1.3: bit 5 is keyCertSign, bit 6 cRLSign.
    asks = asks || (usage != nullptr && (ASN1_BIT_STRING_get_bit(usage, 5) == 1 ||
                                         ASN1_BIT_STRING_get_bit(usage, 6) == 1));
    BASIC_CONSTRAINTS_free(basic);
    ASN1_BIT_STRING_free(usage);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return asks;
}

}  // namespace

Result<CertificateText> read_certificate(std::string_view text) {
    const ssl::Certificate found = ssl::certificate_from(text);
    if (!found) return fail(Code::invalid, "no certificate in PEM or DER");
    CertificateText out;
    out.subject = text_of_name(X509_get_subject_name(found.get()));
    out.common_name = common_name_of(X509_get_subject_name(found.get()));
    out.names = names_of(found.get());
    out.serial = ssl::serial_of(X509_get0_serialNumber(found.get()));
    out.sha256 = sha256(ssl::der_of(found.get()));
    if (EVP_PKEY* key = X509_get0_pubkey(found.get())) out.key_sha256 = ssl::key_digest(key);
    out.not_before = ssl::instant_of(X509_get0_notBefore(found.get()));
    out.not_after = ssl::instant_of(X509_get0_notAfter(found.get()));
    out.is_authority = X509_check_ca(found.get()) == 1;
    return out;
}

std::string fingerprint_text(const Digest& digest) {
    std::string out;
    for (const std::byte byte : digest) {
        if (!out.empty()) out += ':';
        for (const char letter : to_hex(Bytes(&byte, 1))) {
            out += letter >= 'a' ? static_cast<char>(letter - 'a' + 'A') : letter;
        }
    }
    return out;
}

Result<std::string> certificate_der(std::string_view pem) {
    const ssl::Certificate found = ssl::certificate_from(pem);
    if (!found) return fail(Code::invalid, "no certificate in PEM or DER");
    return ssl::der_of(found.get());
}

Result<CertificateRequest> read_request(std::string_view text, const CaLimits& limits) {
    if (text.size() > limits.request_bytes_max) {
        return fail(Code::exhausted, "a certificate request has at most " +
                                         std::to_string(limits.request_bytes_max) + " bytes");
    }
    const ssl::Request request = request_from(text);
    ERR_clear_error();
    if (!request) return fail(Code::invalid, "no PKCS#10 certificate request");
    EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr) {
        ERR_clear_error();
        return fail(Code::unsupported, "certificate request: its public key cannot be read");
    }
    TRY_VOID(check_key(key, limits));
    if (X509_REQ_verify(request.get(), key) != 1) {
        ERR_clear_error();
        return fail(Code::invalid, "certificate request: its signature does not hold");
    }
    if (asks_for_authority(request.get())) {
        return fail(Code::invalid, "certificate request: machines are no authorities");
    }
    CertificateRequest out;
    out.public_key_der = ssl::der_of<EVP_PKEY>(&i2d_PUBKEY, key);
    out.key_sha256 = sha256(out.public_key_der);
    return out;
}

NewRequest make_request(std::string_view common_name) {
    const ssl::Key key(EVP_EC_gen("P-256"));
    const ssl::Request request(X509_REQ_new());
    X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.data()),
                               static_cast<int>(common_name.size()), -1, 0);
    X509_REQ_set_pubkey(request.get(), key.get());
    X509_REQ_sign(request.get(), key.get(), EVP_sha256());
    return {pem_of("CERTIFICATE REQUEST", ssl::der_of<X509_REQ>(&i2d_X509_REQ, request.get())),
            ssl::key_pem_of(key.get())};
}

Result<std::string> certs_only_pkcs7(const std::vector<std::string>& certificates_der) {
    const ssl::Pkcs7 bundle(PKCS7_new());
    bool good = PKCS7_set_type(bundle.get(), NID_pkcs7_signed) == 1 &&
                PKCS7_content_new(bundle.get(), NID_pkcs7_data) == 1;
    // RFC 2315, 9.1: without signers there is nothing signed either.
    if (good) PKCS7_set_detached(bundle.get(), 1);
    for (const std::string& der : certificates_der) {
        const ssl::Certificate one = ssl::certificate_from(der);
        good = good && one && PKCS7_add_certificate(bundle.get(), one.get()) == 1;
    }
    if (!good) return fail(Code::invalid, "PKCS#7: " + ssl::reason());
    return ssl::der_of<PKCS7>(&i2d_PKCS7, bundle.get());
}

}  // namespace lineshaft::trust
