#include "identity/prefix_records.h"

#include "trust/secrets.h"

namespace lineshaft::identity {
namespace {

constexpr std::uint8_t book_layout = 1;
constexpr char application_kind = 'a', entry_kind = 'q', ticket_kind = 'k';

void put_words(Writer& out, std::string_view text) {
    out.put_varint(text.size());
    out.put(text);
}
Result<std::string> take_words(Reader& in) {
    TRY(const auto size, in.take_varint());
    TRY(const Bytes bytes, in.take(size));
    return std::string(as_text(bytes));
}
void put_optional(Writer& out, const std::optional<std::uint64_t>& number) {
    out.put_varint(number ? *number + 1 : 0);
}
Result<std::optional<std::uint64_t>> take_optional(Reader& in) {
    TRY(const auto number, in.take_varint());
    return number == 0 ? std::optional<std::uint64_t>() : std::optional(number - 1);
}

void put_history(Writer& out, const std::vector<BookStep>& history) {
    out.put_varint(history.size());
    for (const BookStep& step : history) {
        out.put_varint(static_cast<std::uint64_t>(step.at.micros));
        put_words(out, step.by);
        put_words(out, step.step);
        put_words(out, step.reason);
    }
}
Result<std::vector<BookStep>> take_history(Reader& in) {
    TRY(const auto count, in.take_varint());
    if (count > in.left()) return fail(Code::corrupt, "short: history");
    std::vector<BookStep> out(count);
    for (BookStep& step : out) {
        TRY(const auto at, in.take_varint());
        step.at = Instant{static_cast<std::int64_t>(at)};
        TRY(step.by, take_words(in));
        TRY(step.step, take_words(in));
        TRY(step.reason, take_words(in));
    }
    return out;
}

template <class T>
Result<T> whole_record(Result<T> read, Reader& in, std::string_view what) {
    if (read && in.at_end()) return read;
    return fail(Code::corrupt, std::string(what) +
                                   (read ? ": bytes are left over" : ": " + read.error().context));
}

Result<Application> take_application(Reader& in) {
    Application out;
    TRY(const auto layout, in.take_be<std::uint8_t>());
    TRY(out.id, in.take_varint());
    TRY(const auto state, in.take_be<std::uint8_t>());
    if (layout != book_layout || state < 1 || state > 6)
        return fail(Code::corrupt, "an unknown layout or state");
    out.state = static_cast<ApplicationState>(state);
    for (auto* text : {&out.company, &out.credit_code, &out.contact, &out.email, &out.phone,
                       &out.purpose, &out.wanted, &out.address, &out.prefix}) {
        TRY(*text, take_words(in));
    }
    TRY(const auto hosted, in.take_be<std::uint8_t>());
    out.is_hosted = hosted != 0;
    TRY(out.expected, take_optional(in));
    TRY(out.history, take_history(in));
    return out;
}

Result<PrefixEntry> take_prefix(Reader& in) {
    PrefixEntry out;
    TRY(const auto layout, in.take_be<std::uint8_t>());
    TRY(out.prefix, take_words(in));
    TRY(const auto kind, in.take_be<std::uint8_t>());
    TRY(const auto state, in.take_be<std::uint8_t>());
    TRY(const auto settled, in.take_be<std::uint8_t>());
    if (layout != book_layout || kind < 1 || kind > 3 || state < 1 || state > 3)
        return fail(Code::corrupt, "an unknown layout, kind or state");
    out.kind = static_cast<PrefixKind>(kind);
    out.state = static_cast<PrefixState>(state);
    out.is_settled = settled != 0;
    for (auto* text : {&out.company, &out.address, &out.stash}) {
        TRY(*text, take_words(in));
    }
    TRY(out.organisation, in.take_be<std::uint32_t>());
    TRY(out.quota, take_optional(in));
    TRY(out.application, in.take_varint());
    TRY(out.history, take_history(in));
    return out;
}

std::string kind_key(char kind, std::string_view rest) {
    return std::string(1, kind).append(rest);
}
KeyRange all_of_kind(char kind) {
    return {std::string(1, kind), std::string(1, static_cast<char>(kind + 1))};
}

}  // namespace

std::string_view name_of(ApplicationState state) {
    switch (state) {
        case ApplicationState::applied: return "applied";
        case ApplicationState::approved: return "approved";
        case ApplicationState::refused: return "refused";
        case ApplicationState::allocated: return "allocated";
        case ApplicationState::suspended: return "suspended";
        case ApplicationState::revoked: return "revoked";
    }
    return "";
}
std::optional<ApplicationState> parse_application_state(std::string_view name) {
    for (std::uint8_t one = 1; one <= 6; ++one) {
        if (name_of(static_cast<ApplicationState>(one)) == name)
            return static_cast<ApplicationState>(one);
    }
    return std::nullopt;
}
std::string_view name_of(PrefixKind kind) {
    switch (kind) {
        case PrefixKind::own: return "own";
        case PrefixKind::hosted: return "hosted";
        case PrefixKind::delegated: return "delegated";
    }
    return "";
}
std::string_view name_of(PrefixState state) {
    switch (state) {
        case PrefixState::active: return "active";
        case PrefixState::suspended: return "suspended";
        case PrefixState::revoked: return "revoked";
    }
    return "";
}

std::string application_key(std::uint64_t id) {
    std::string out(1, application_kind);
    Writer(out).put_be(id);
    return out;
}
std::string prefix_key(std::string_view prefix) {
    return kind_key(entry_kind, prefix);
}
// A ticket is as good as a password for one application: only its digest is kept.
std::string ticket_key(std::string_view ticket) {
    return kind_key(ticket_kind, trust::text_of(trust::sha256(ticket)));
}
KeyRange all_applications() {
    return all_of_kind(application_kind);
}
KeyRange all_prefixes() {
    return all_of_kind(entry_kind);
}

std::string encode_application(const Application& application) {
    std::string out;
    Writer to(out);
    to.put_be(book_layout);
    to.put_varint(application.id);
    to.put_be(static_cast<std::uint8_t>(application.state));
    for (const auto* text : {&application.company, &application.credit_code, &application.contact,
                             &application.email, &application.phone, &application.purpose,
                             &application.wanted, &application.address, &application.prefix}) {
        put_words(to, *text);
    }
    to.put_be(static_cast<std::uint8_t>(application.is_hosted));
    put_optional(to, application.expected);
    put_history(to, application.history);
    return out;
}
Result<Application> decode_application(std::string_view record) {
    Reader in(as_bytes(record));
    return whole_record(take_application(in), in, "an application for a prefix");
}

std::string encode_prefix(const PrefixEntry& entry) {
    std::string out;
    Writer to(out);
    to.put_be(book_layout);
    put_words(to, entry.prefix);
    to.put_be(static_cast<std::uint8_t>(entry.kind));
    to.put_be(static_cast<std::uint8_t>(entry.state));
    to.put_be(static_cast<std::uint8_t>(entry.is_settled));
    for (const auto* text : {&entry.company, &entry.address, &entry.stash}) put_words(to, *text);
    to.put_be(entry.organisation);
    put_optional(to, entry.quota);
    to.put_varint(entry.application);
    put_history(to, entry.history);
    return out;
}
Result<PrefixEntry> decode_prefix(std::string_view record) {
    Reader in(as_bytes(record));
    return whole_record(take_prefix(in), in, "the entry of a prefix");
}

}  // namespace lineshaft::identity
