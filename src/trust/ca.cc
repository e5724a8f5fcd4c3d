// Making and signing certificates and revocation lists.
#include "trust/ca.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/check.h"
#include "base/machine_id.h"
#include "trust/ca_openssl.h"

namespace lineshaft::trust {
namespace {

constexpr std::size_t serial_bytes = 16;
/// RFC 5280, appendix A.1: ub-common-name and ub-organization-name.
constexpr std::size_t subject_part_bytes_max = 64;

// 127 random bits: a first bit of one would make it negative or one byte longer. CA/Browser
// Baseline Requirements ask for 64 at least.
std::string new_serial() {
    std::string bytes = random_bytes(serial_bytes);
    bytes.front() = static_cast<char>((bytes.front() & 0x3f) | 0x40);
    return bytes;
}

void set_serial(ASN1_INTEGER* into, std::string_view bytes) {
    const ssl::Number number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()), nullptr));
    CHECK(number != nullptr && BN_to_ASN1_INTEGER(number.get(), into) != nullptr);
}

// A cut in the middle of a UTF-8 letter would not be UTF-8 any more.
std::string_view cut_to(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

bool add_name(X509_NAME* name, const char* part, std::string_view text) {
    const std::string_view kept = cut_to(text, subject_part_bytes_max);
    return X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(kept.data()),
                                      static_cast<int>(kept.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ssl::Extension made(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
    return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

GENERAL_NAME* general_name(int kind, std::string_view bytes) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_STRING* text = kind == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
    GENERAL_NAME_set0_value(name, kind, text);
    return name;
}

// "10.0.0.7" as 4 bytes, "::1" as 16, anything else as nothing.
std::string address_bytes(const std::string& text) {
    std::string bytes(16, '\0');
    if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes.substr(0, 4);
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
    return {};
}

bool is_host_name(std::string_view name) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    return !name.empty() && name.size() <= 253 && name.front() != '.' && name.front() != '-' &&
           name.find_first_not_of(letters) == name.npos && !name.contains("..");
}

Result<ssl::GeneralNames> host_names(const std::vector<std::string>& names) {
    ssl::GeneralNames all(GENERAL_NAMES_new());
    for (const std::string& name : names) {
        const std::string address = address_bytes(name);
        if (address.empty() && !is_host_name(name)) {
            return fail(Code::invalid, "'" + name + "' is neither a host name nor an address");
        }
        sk_GENERAL_NAME_push(all.get(), address.empty() ? general_name(GEN_DNS, name)
                                                        : general_name(GEN_IPADD, address));
    }
    return all;
}

ssl::Key new_key() {
    ssl::Key key(EVP_EC_gen("P-256"));
    CHECK(key != nullptr);
    return key;
}

struct Wish {
    std::string_view common_name;
    std::string_view organisation;
    GENERAL_NAMES* names = nullptr;
    const char* key_usage = "critical,digitalSignature";
    const char* extended_usage = nullptr;
    std::chrono::seconds life{};
    Instant now;
};

}  // namespace

struct Authority::State {
    CaLimits limits;
    ssl::Certificate root;
    ssl::Key key;
    std::string root_pem, root_der;
    Digest root_sha256{};
    Instant root_not_after;

    Result<IssuedCertificate> issue(EVP_PKEY* subject_key, const Wish& wish) const;
};

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority> Authority::create(std::string_view node, Instant now, const CaLimits& limits) {
    const ssl::Key key = new_key();
    const ssl::Certificate root(X509_new());
    X509_set_version(root.get(), X509_VERSION_3);
    set_serial(X509_get_serialNumber(root.get()), new_serial());
    const auto from = ssl::time_of(now - limits.backdate);
    const auto until = ssl::time_of(now + limits.root_life);
    bool good = X509_set1_notBefore(root.get(), from.get()) == 1 &&
                X509_set1_notAfter(root.get(), until.get()) == 1 &&
                X509_set_pubkey(root.get(), key.get()) == 1;
    X509_NAME* name = X509_get_subject_name(root.get());
    good = good && add_name(name, "CN", "Lineshaft CA " + std::string(node)) &&
           X509_set_issuer_name(root.get(), name) == 1 &&
           add_extension(root.get(), root.get(), NID_basic_constraints,
                         "critical,CA:TRUE,pathlen:0") &&
           add_extension(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(root.get(), root.get(), NID_subject_key_identifier, "hash") &&
           X509_sign(root.get(), key.get(), EVP_sha256()) > 0;
    if (!good) return fail(Code::invalid, "certificate authority: " + ssl::reason());
    return open(pem_of("CERTIFICATE", ssl::der_of(root.get())), ssl::key_pem_of(key.get()), limits);
}

Result<Authority> Authority::open(std::string_view root_pem, std::string_view key_pem,
                                  const CaLimits& limits) {
    auto state = std::make_unique<State>();
    state->limits = limits;
    state->root = ssl::certificate_from(root_pem);
    state->key = ssl::key_from_pem(key_pem);
    if (!state->root || !state->key) {
        return fail(Code::corrupt, "certificate authority: certificate or key cannot be read");
    }
    if (X509_check_private_key(state->root.get(), state->key.get()) != 1 ||
        X509_check_ca(state->root.get()) != 1) {
        return fail(Code::corrupt,
                    "certificate authority: certificate and key do not belong "
                    "together");
    }
    state->root_pem = root_pem;
    state->root_der = ssl::der_of(state->root.get());
    state->root_sha256 = sha256(state->root_der);
    state->root_not_after = ssl::instant_of(X509_get0_notAfter(state->root.get()));
    return Authority(std::move(state));
}

const std::string& Authority::root_pem() const {
    return state_->root_pem;
}
const std::string& Authority::root_der() const {
    return state_->root_der;
}
const Digest& Authority::root_sha256() const {
    return state_->root_sha256;
}
Instant Authority::root_not_after() const {
    return state_->root_not_after;
}
std::string Authority::key_pem() const {
    return ssl::key_pem_of(state_->key.get());
}

Result<IssuedCertificate> Authority::State::issue(EVP_PKEY* subject_key, const Wish& wish) const {
    IssuedCertificate out;
    // A tenth at most, so that two thirds of a short life are not over when it begins.
    out.not_before = wish.now - std::min(limits.backdate, wish.life / 10);
    out.not_after = std::min(wish.now + wish.life, root_not_after);
    if (out.not_after <= wish.now) {
        return fail(Code::unavailable, "the certificate authority itself has expired");
    }
    const ssl::Certificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    const std::string serial = new_serial();
    set_serial(X509_get_serialNumber(made.get()), serial);
    const auto from = ssl::time_of(out.not_before);
    const auto until = ssl::time_of(out.not_after);
    bool good = X509_set1_notBefore(made.get(), from.get()) == 1 &&
                X509_set1_notAfter(made.get(), until.get()) == 1 &&
                X509_set_pubkey(made.get(), subject_key) == 1 &&
                X509_set_issuer_name(made.get(), X509_get_subject_name(root.get())) == 1;
    X509_NAME* name = X509_get_subject_name(made.get());
    good = good && add_name(name, "CN", wish.common_name) &&
           (wish.organisation.empty() || add_name(name, "O", wish.organisation));
    good = good &&
           add_extension(made.get(), root.get(), NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(made.get(), root.get(), NID_key_usage, wish.key_usage) &&
           add_extension(made.get(), root.get(), NID_ext_key_usage, wish.extended_usage) &&
           add_extension(made.get(), root.get(), NID_subject_key_identifier, "hash") &&
           add_extension(made.get(), root.get(), NID_authority_key_identifier, "keyid:always");
    good = good && X509_add1_ext_i2d(made.get(), NID_subject_alt_name, wish.names, 0,
                                     X509V3_ADD_DEFAULT) == 1;
    good = good && X509_sign(made.get(), key.get(), EVP_sha256()) > 0;
    if (!good) return fail(Code::invalid, "certificate: " + ssl::reason());
    out.certificate_der = ssl::der_of(made.get());
    out.certificate_pem = pem_of("CERTIFICATE", out.certificate_der);
    out.serial = to_hex(as_bytes(serial));
    out.sha256 = sha256(out.certificate_der);
    out.key_sha256 = ssl::key_digest(subject_key);
    // Times of a certificate are whole seconds.
    out.not_before = ssl::instant_of(X509_get0_notBefore(made.get()));
    out.not_after = ssl::instant_of(X509_get0_notAfter(made.get()));
    return out;
}

Result<IssuedCertificate> Authority::issue_server(const std::vector<std::string>& names,
                                                  std::chrono::seconds life, Instant now) const {
    if (names.empty() || names.size() > state_->limits.names_max) {
        return fail(Code::exhausted, "a server's certificate has 1 to " +
                                         std::to_string(state_->limits.names_max) + " names");
    }
    TRY(const ssl::GeneralNames all, host_names(names));
    const ssl::Key key = new_key();
    TRY(auto out, state_->issue(key.get(), {.common_name = names.front(),
                                            .organisation = {},
                                            .names = all.get(),
                                            .extended_usage = "serverAuth",
                                            .life = life,
                                            .now = now}));
    out.key_pem = ssl::key_pem_of(key.get());
    return out;
}

Result<IssuedCertificate> Authority::issue_machine(std::string_view organisation,
                                                   std::string_view machine,
                                                   std::chrono::seconds life, Instant now) const {
    const ssl::Key key = new_key();
    CertificateRequest request;
    request.public_key_der = ssl::der_of<EVP_PKEY>(&i2d_PUBKEY, key.get());
    TRY(auto out, sign_machine(request, organisation, machine, life, now));
    out.key_pem = ssl::key_pem_of(key.get());
    return out;
}

Result<IssuedCertificate> Authority::sign_machine(const CertificateRequest& request,
                                                  std::string_view organisation,
                                                  std::string_view machine,
                                                  std::chrono::seconds life, Instant now) const {
    TRY_VOID(check_machine_id(machine));
    const auto* at = reinterpret_cast<const unsigned char*>(request.public_key_der.data());
    const ssl::Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(request.public_key_der.size())));
    if (!key) return fail(Code::invalid, "public key: " + ssl::reason());
    const ssl::GeneralNames names(GENERAL_NAMES_new());
    sk_GENERAL_NAME_push(names.get(), general_name(GEN_URI, machine_urn(organisation, machine)));
    return state_->issue(key.get(), {.common_name = machine,
                                     .organisation = organisation,
                                     .names = names.get(),
                                     .extended_usage = "clientAuth",
                                     .life = life,
                                     .now = now});
}

Result<std::string> Authority::revocation_list(const std::vector<RevokedCertificate>& revoked,
                                               std::uint64_t number, std::chrono::seconds life,
                                               Instant now) const {
    const ssl::Crl list(X509_CRL_new());
    const auto from = ssl::time_of(now);
    const auto until = ssl::time_of(now + life);
    bool good =
        X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
        X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(state_->root.get())) == 1 &&
        X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1 &&
        X509_CRL_set1_nextUpdate(list.get(), until.get()) == 1;
    for (const RevokedCertificate& one : revoked) {
        TRY(const std::string serial, from_hex(one.serial));
        const ssl::Integer value(ASN1_INTEGER_new());
        set_serial(value.get(), serial);
        const auto at = ssl::time_of(one.at);
        ssl::Revoked entry(X509_REVOKED_new());
        good = good && X509_REVOKED_set_serialNumber(entry.get(), value.get()) == 1 &&
               X509_REVOKED_set_revocationDate(entry.get(), at.get()) == 1 &&
               X509_CRL_add0_revoked(list.get(), entry.get()) == 1;
        if (good) (void)entry.release();  // the list owns it now
    }
    const ssl::Integer count(ASN1_INTEGER_new());
    ASN1_INTEGER_set_uint64(count.get(), number);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, state_->root.get(), nullptr, nullptr, list.get(), 0);
    const ssl::Extension issuer(
        X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
    good = good && X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, count.get(), 0, 0) == 1 &&
           issuer && X509_CRL_add_ext(list.get(), issuer.get(), -1) == 1 &&
           X509_CRL_sort(list.get()) == 1 &&
           X509_CRL_sign(list.get(), state_->key.get(), EVP_sha256()) > 0;
    if (!good) return fail(Code::invalid, "revocation list: " + ssl::reason());
    return ssl::der_of<X509_CRL>(&i2d_X509_CRL, list.get());
}

std::string machine_urn(std::string_view organisation, std::string_view machine) {
    // RFC 3986, 2.3: what needs no escaping.
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    std::string out = "urn:lineshaft:" + std::string(organisation) + ":";
    for (const char letter : machine) {
        if (plain.contains(letter)) {
            out += letter;
        } else {
            const auto byte = static_cast<std::byte>(letter);
            out += '%' + to_hex(Bytes(&byte, 1));
        }
    }
    return out;
}

std::string pem_of(std::string_view kind, std::string_view der) {
    const std::string text = to_base64(der);
    std::string out = "-----BEGIN " + std::string(kind) + "-----\n";
    for (std::size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + "\n";
    return out + "-----END " + std::string(kind) + "-----\n";
}

}  // namespace lineshaft::trust
