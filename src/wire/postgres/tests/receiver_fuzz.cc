// Properties: how the network cuts the stream never changes what is heard; what is kept stays within
// the limits; what was heard, written as a client would, is heard the same. The first byte of the
// input chooses the cut and whether the client is let in.
#include <algorithm>

#include "base/check.h"
#include "wire/postgres/receiver.h"
#include "wire/postgres/scram.h"
#include "wire/postgres/tests/client_half.h"
#include "wire/postgres/values.h"

namespace lineshaft::postgres {
namespace {

constexpr Limits small{.startup_bytes_max = 1'000,
                       .login_bytes_max = 256,
                       .message_bytes_max = 4'096,
                       .name_bytes_max = 63,
                       .parameters_max = 16};

// Lets the client in at its second SASL message, and skips to Sync behind an empty name of a portal
// to close, so that every state is reached.
void hear(Receiver& receiver, std::vector<Message>& heard, bool lets_in) {
    while (auto message = receiver.next()) {
        if (lets_in && std::holds_alternative<SaslResponse>(*message)) receiver.admit();
        const auto* close = std::get_if<Close>(&*message);
        if (close != nullptr && close->name.empty()) receiver.skip_to_sync();
        heard.push_back(std::move(*message));
    }
}

void read_values(const Bind& bind) {
    for (const auto& value : bind.values) {
        if (!value) continue;
        for (const Oid type : {Oid::boolean, Oid::int8, Oid::int2, Oid::float8, Oid::text,
                               Oid::timestamptz, Oid::date, Oid::bytea, Oid::numeric}) {
            const auto parsed = parse_binary(type, *value);
            CHECK(parsed.has_value() || !parsed.error().context.empty());
        }
    }
}

void read_scram(std::string_view text) {
    if (const auto first = parse_client_first(text)) CHECK(first->header + first->bare == text);
    if (const auto last = parse_client_final(text))
        CHECK(last->without_proof + ",p=" + last->proof == text);
}

}  // namespace
}  // namespace lineshaft::postgres

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::postgres;
    if (size < 1 || size > 64 * 1024) return 0;
    const bool lets_in = (data[0] & 1) != 0;
    const std::size_t piece = 1 + data[0] / 2;
    const Bytes input(reinterpret_cast<const std::byte*>(data + 1), size - 1);

    Receiver whole(small), pieces(small), again(small);
    std::vector<Message> expected, got, echoed;
    whole.feed(input);
    hear(whole, expected, lets_in);
    for (Bytes rest = input; !rest.empty();) {
        const Bytes head = rest.first(std::min(piece, rest.size()));
        pieces.feed(head);
        hear(pieces, got, lets_in);
        CHECK(pieces.left() < small.message_bytes_max + 1 + piece);
        rest = rest.subspan(head.size());
    }
    CHECK(got == expected);
    CHECK(whole.is_broken() == pieces.is_broken());

    std::string text;
    for (const Message& message : expected) {
        text += ClientHalf::write(message);
        if (const auto* bind = std::get_if<Bind>(&message)) read_values(*bind);
        if (const auto* one = std::get_if<SaslInitial>(&message); one && one->data)
            read_scram(*one->data);
        if (const auto* one = std::get_if<SaslResponse>(&message)) read_scram(one->data);
    }
    again.feed(as_bytes(text));
    hear(again, echoed, lets_in);
    if (!expected.empty() && std::holds_alternative<Broken>(expected.back())) expected.pop_back();
    CHECK(echoed == expected);
    return 0;
}
