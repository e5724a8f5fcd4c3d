// Properties: any bytes are read within the limits or refused; what a decoder took, written again,
// reads as the same; a message that was read is written again byte for byte, but for the reserved
// byte and a credential's missing length.
#include "base/check.h"
#include "wire/handle/mirrors.h"
#include "wire/handle/names.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::handle;

constexpr Limits limits{.values_max = 64, .array_max = 256};

template <class T, class Decode, class Encode>
void both_ways(Bytes bytes, Decode decode, Encode encode_again) {
    const auto read = decode(bytes);
    if (!read) return;
    const std::string again = encode_again(*read);
    const auto second = decode(as_bytes(again));
    CHECK(second.has_value());
    CHECK(*second == *read);
}

template <class T>
void body(Bytes bytes, Result<T> (*decode)(Bytes, const Limits&)) {
    both_ways<T>(
        bytes, [decode](Bytes in) { return decode(in, limits); },
        [](const T& value) { return encode(value); });
}

void all_bodies(Bytes bytes) {
    body<Resolution>(bytes, &decode_resolution);
    body<HandleValues>(bytes, &decode_handle_values);
    body<HandleIndexes>(bytes, &decode_handle_indexes);
    body<Referral>(bytes, &decode_referral);
    body<Refusal>(bytes, &decode_refusal);
    body<Challenge>(bytes, &decode_challenge);
    body<ChallengeAnswer>(bytes, &decode_challenge_answer);
    body<Verification>(bytes, &decode_verification);
    body<SessionSetup>(bytes, &decode_session_setup);
    body<SessionSetupAnswer>(bytes, &decode_session_setup_answer);
    body<TransactionsWanted>(bytes, &decode_transactions_wanted);
    body<TransactionsWanted>(bytes, &decode_old_transactions_wanted);
    body<DumpWanted>(bytes, &decode_dump_wanted);
    body<Movements>(bytes, &decode_movements);
    body<Credential>(bytes, &decode_credential);
    body<Admin>(bytes, &decode_admin);
    body<Site>(bytes, &decode_site);
    both_ways<SessionKey>(
        bytes, [](Bytes in) { return decode_session_key(in); },
        [](const auto& value) { return encode(value); });
    both_ways<std::string>(
        bytes, [](Bytes in) { return decode_exchanged_key(in); },
        [](const auto& value) { return encode_exchanged_key(value); });
    both_ways<PublicKeyProof>(
        bytes, [](Bytes in) { return decode_public_key_proof(in); },
        [](const auto& value) { return encode(value); });
    both_ways<SecretKeyProof>(
        bytes, [](Bytes in) { return decode_secret_key_proof(in); },
        [](const auto& value) { return encode(value); });
    both_ways<PublicKey>(
        bytes, [](Bytes in) { return decode_public_key(in); },
        [](const auto& value) { return encode(value); });
    both_ways<std::vector<Reference>>(
        bytes, [](Bytes in) { return decode_vlist(in, limits); }, &encode_vlist);
    both_ways<std::vector<std::string>>(
        bytes, [](Bytes in) { return decode_names(in, limits); }, &encode_names);
    if (const auto name = decode_handle(bytes, limits); name && check_name(*name, limits)) {
        const std::string once = canonical(*name, false);
        CHECK(canonical(once, false) == once);
        CHECK(partition_hash(*name, HashOption::whole) ==
              partition_hash(fold(*name), HashOption::whole));
    }
}

void whole_message(Bytes bytes) {
    const auto packet = decode_message(bytes, limits);
    if (!packet) return;
    const std::string again = encode_message(packet->envelope, packet->header,
                                             as_text(packet->body), as_text(packet->credential));
    const auto second = decode_message(as_bytes(again), limits);
    CHECK(second.has_value());
    CHECK(second->header == packet->header);
    CHECK(as_text(second->body) == as_text(packet->body));
    CHECK(as_text(second->credential) == as_text(packet->credential));
    (void)signed_bytes(*packet, 1);
    CHECK(version_to_answer(packet->envelope) <= doirp_version);
    std::string joined;
    for (const auto& piece : split_message(again)) joined += piece.substr(envelope_bytes);
    CHECK(joined == std::string_view(again).substr(envelope_bytes));
    all_bodies(packet->body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 64 * 1024) return 0;
    const Bytes input(reinterpret_cast<const std::byte*>(data), size);
    whole_message(input);
    all_bodies(input);
    return 0;
}
