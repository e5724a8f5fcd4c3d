// Questions: what does it cost to check a token once per connection, and a right once per message?
// Data: 10,000 tokens; one other organisation; topics as machines use them.
#include <benchmark/benchmark.h>

#include "trust/keyring.h"
#include "trust/topic_rights.h"

namespace lineshaft::trust {
namespace {

std::string token_of(int number) {
    return "ls_" + to_base64url(text_of(sha256(std::to_string(number))));
}

void authenticate(benchmark::State& state) {
    std::vector<TokenRecord> records;
    for (int i = 0; i < 10'000; ++i) {
        records.push_back({OrganisationId(1),
                           "default",
                           TokenId(i + 1),
                           "t",
                           Role::engineer,
                           {},
                           sha256(token_of(i)),
                           {}});
    }
    const Keyring ring(records);
    const std::string token = token_of(77);
    for (auto _ : state) benchmark::DoNotOptimize(ring.authenticate_mqtt("user", token));
}
BENCHMARK(authenticate);

void rights(benchmark::State& state) {
    const TopicRights topic_rights({"default", "acme"}, "host");
    const bool is_machine = state.range(0) != 0;
    const Principal who{.kind = PrincipalKind::token,
                        .organisation = OrganisationId(1),
                        .organisation_name = "default",
                        .role = is_machine ? std::nullopt : std::optional(Role::viewer),
                        .machine = is_machine ? "hall:embroidery" : ""};
    const std::string_view topic = "spBv1.0/hall/DDATA/embroidery/emb-01";
    for (auto _ : state) {
        benchmark::DoNotOptimize(is_machine ? topic_rights.may_publish(who, topic)
                                            : topic_rights.may_receive(who, topic));
    }
}
BENCHMARK(rights)->ArgName("machine_publishes")->Arg(0)->Arg(1);

}  // namespace
}  // namespace lineshaft::trust
