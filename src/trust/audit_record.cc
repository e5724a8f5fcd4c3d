#include "trust/audit_record.h"

#include <utility>

namespace lineshaft::trust {
namespace {

constexpr std::uint8_t record_version = 1;
constexpr std::size_t who_bytes_max = 128, address_bytes_max = 64, action_bytes_max = 64;
constexpr std::size_t target_bytes_max = 512, detail_bytes_max = 1'024;
constexpr std::string_view cut_mark = "\u2026";

void put_text(Writer& out, std::string_view text, std::size_t bytes_max) {
    if (!is_utf8(text)) text = "(not UTF-8)";
    if (text.size() <= bytes_max) {
        out.put_varint(text.size());
        out.put(text);
        return;
    }
    std::size_t end = bytes_max - cut_mark.size();
    while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // inside a letter
    out.put_varint(end + cut_mark.size());
    out.put(text.substr(0, end));
    out.put(cut_mark);
}

Result<std::string> take_text(Reader& in, std::size_t bytes_max) {
    TRY(const std::uint64_t size, in.take_varint());
    if (size > bytes_max) return fail(Code::corrupt, "a text is too long");
    TRY(const Bytes text, in.take(static_cast<std::size_t>(size)));
    if (!is_utf8(as_text(text))) return fail(Code::corrupt, "a text is not UTF-8");
    return std::string(as_text(text));
}

template <class Enum>
Result<Enum> take_enum(Reader& in, Enum last) {
    TRY(const auto number, in.take_be<std::uint8_t>());
    if (number > std::to_underlying(last)) return fail(Code::corrupt, "an unknown kind");
    return static_cast<Enum>(number);
}

Result<AuditRecord> decode(Reader in) {
    AuditRecord record;
    TRY(const auto first, in.take_be<std::uint8_t>());
    if (first != record_version) return fail(Code::unsupported, "written by a later program");
    TRY(const auto at, in.take_be<std::uint64_t>());
    TRY(const auto steady, in.take_be<std::uint64_t>());
    record.at.micros = static_cast<std::int64_t>(at);
    record.steady_ms = static_cast<std::int64_t>(steady);
    TRY(record.clock, take_enum(in, io::ClockState::unsynchronised));
    TRY(const auto stepped, in.take_be<std::uint64_t>());
    record.stepped_ms = static_cast<std::int64_t>(stepped);
    TRY(const auto organisation, in.take_be<std::uint32_t>());
    record.organisation = OrganisationId(organisation);
    TRY(record.who_kind, take_enum(in, PrincipalKind::certificate));
    TRY(record.who_id, in.take_be<std::uint64_t>());
    TRY(record.outcome, take_enum(in, AuditOutcome::failed));
    TRY(record.left_out, in.take_varint());
    TRY(record.who, take_text(in, who_bytes_max));
    TRY(record.address, take_text(in, address_bytes_max));
    TRY(record.action, take_text(in, action_bytes_max));
    TRY(record.target, take_text(in, target_bytes_max));
    TRY(record.detail, take_text(in, detail_bytes_max));
    if (!in.at_end()) return fail(Code::corrupt, "bytes after the record");
    return record;
}

}  // namespace

std::string_view name_of(AuditOutcome outcome) {
    switch (outcome) {
        case AuditOutcome::allowed: return "allowed";
        case AuditOutcome::refused: return "refused";
        case AuditOutcome::failed: return "failed";
    }
    std::unreachable();
}

AuditRecord audit_of(const Principal& who, std::string_view address, std::string_view action,
                     std::string_view target, std::string_view detail) {
    AuditRecord record;
    // Somebody unknown belongs to nobody; what they tried concerns who runs the node.
    if (who.kind != PrincipalKind::nobody) record.organisation = who.organisation;
    record.who_kind = who.kind;
    record.who_id = who.credential;
    record.who = who.name;
    record.address = address;
    record.action = action;
    record.target = target;
    record.detail = detail;
    return record;
}

std::string encode_audit(const AuditRecord& record) {
    std::string bytes;
    Writer out(bytes);
    out.put_be(record_version);
    out.put_be(static_cast<std::uint64_t>(record.at.micros));
    out.put_be(static_cast<std::uint64_t>(record.steady_ms));
    out.put_be(static_cast<std::uint8_t>(record.clock));
    out.put_be(static_cast<std::uint64_t>(record.stepped_ms));
    out.put_be(record.organisation.number());
    out.put_be(static_cast<std::uint8_t>(record.who_kind));
    out.put_be(record.who_id);
    out.put_be(static_cast<std::uint8_t>(record.outcome));
    out.put_varint(record.left_out);
    put_text(out, record.who, who_bytes_max);
    put_text(out, record.address, address_bytes_max);
    put_text(out, record.action, action_bytes_max);
    put_text(out, record.target, target_bytes_max);
    put_text(out, record.detail, detail_bytes_max);
    return bytes;
}

Result<AuditRecord> decode_audit(Bytes bytes) {
    auto record = decode(Reader(bytes));
    if (!record && record.error().code == Code::invalid) {  // shorter than it says
        return fail(Code::corrupt, record.error().context);
    }
    return record;
}

}  // namespace lineshaft::trust
