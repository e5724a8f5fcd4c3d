// Properties, for any bytes as topic, filter, machine id and credentials:
// what may be received by a subscriber of exactly that topic may also be subscribed to; a machine's
// token never publishes outside its own names; nobody's principal may nothing; no crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/machine_id.h"
#include "trust/rights.h"
#include "trust/scram.h"
#include "trust/sessions.h"
#include "trust/token.h"
#include "trust/topic_rights.h"

using namespace lineshaft;
using namespace lineshaft::trust;

namespace {

Principal principal_of(std::uint8_t choice, std::string_view machine) {
    Principal who{.kind = PrincipalKind::token,
                  .organisation = OrganisationId(1),
                  .organisation_name = "default",
                  .role = {},
                  .machine = {},
                  .name = "t",
                  .credential = 1};
    if ((choice & 1) != 0) {
        who.organisation = OrganisationId(2);
        who.organisation_name = "acme";
    }
    if ((choice & 2) != 0) {
        who.machine = machine;
    } else {
        who.role = all_roles[(choice >> 2) % std::size(all_roles)];
    }
    return who;
}

void check_rights(const TopicRights& rights, const Principal& who, std::string_view topic) {
    const bool is_plain = !topic.starts_with("$share/");
    if (rights.may_receive(who, topic) && is_plain) CHECK(rights.may_subscribe(who, topic));
    if (rights.may_publish(who, topic)) {
        CHECK(!topic.starts_with('$'));
        CHECK(topic.find_first_of("+#") == topic.npos);
        CHECK(rights.organisation_of(topic) == who.organisation_name);
        if (who.is_machine()) {
            CHECK(topic.contains("lineshaft/v1/" + who.machine) || topic.contains("spBv1.0/"));
        }
    }
    CHECK(!rights.may_publish(Principal{}, topic));
    CHECK(!rights.may_receive(Principal{}, topic));
    CHECK(!rights.may_subscribe(Principal{}, topic));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    static const TopicRights rights({"default", "acme", "zeta"}, "host");
    std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
    const std::string_view machine = text.substr(0, data[1] % 32);
    text.remove_prefix(machine.size());
    const Principal who = principal_of(data[0], machine);
    check_rights(rights, who, text);
    (void)rights.may_subscribe(who, text);
    (void)is_own_machine(who, text);
    if (const auto name = parse_machine_id(text)) CHECK(format_machine_id(*name) == text);
    if (const auto shown = parse_authorization(text)) CHECK(shown->secret.size() <= text.size());
    if (const auto verifier = parse_scram(text)) CHECK(format_scram(*verifier) == text);
    (void)token_digest(text);
    (void)session_secret(text, true);
    return 0;
}
