// The client's half, for tests: messages as bytes. What the receiver reads, this writes back.
#pragma once
#include <string>

#include "base/bytes.h"
#include "wire/postgres/message.h"

namespace lineshaft::postgres {

class ClientHalf {
public:
    static std::string write(const Message& message) {
        return std::visit([](const auto& one) { return of(one); }, message);
    }
    static std::string typed(char type, std::string_view body) {
        return type + sized(body);
    }
    static std::string sized(std::string_view body) {
        return be32(static_cast<std::uint32_t>(body.size() + 4)) + std::string(body);
    }
    static std::string be32(std::uint32_t value) {
        std::string out;
        Writer(out).put_be(value);
        return out;
    }
    static std::string be16(std::size_t value) {
        std::string out;
        Writer(out).put_be(static_cast<std::uint16_t>(value));
        return out;
    }
    static std::string text(std::string_view value) { return std::string(value) + '\0'; }

private:
    static std::string of(const SslRequested&) { return sized(be32(80'877'103)); }
    static std::string of(const GssRequested&) { return sized(be32(80'877'104)); }
    static std::string of(const CancelRequested& m) {
        return sized(be32(80'877'102) + be32(m.process) + be32(m.key));
    }
    static std::string of(const Startup& m) {
        std::string body = be32((3u << 16) | m.minor);
        for (const auto& [name, value] : m.parameters) body += text(name) + text(value);
        return sized(body + '\0');
    }
    static std::string of(const SaslInitial& m) {
        std::string body = text(m.mechanism);
        body += m.data ? be32(static_cast<std::uint32_t>(m.data->size())) + *m.data
                       : be32(0xffff'ffff);
        return typed('p', body);
    }
    static std::string of(const SaslResponse& m) { return typed('p', m.data); }
    static std::string of(const Query& m) { return typed('Q', text(m.sql)); }
    static std::string of(const Parse& m) {
        std::string body = text(m.statement) + text(m.sql) + be16(m.types.size());
        for (const auto type : m.types) body += be32(type);
        return typed('P', body);
    }
    static std::string of(const Bind& m) {
        std::string body = text(m.portal) + text(m.statement) + formats(m.formats);
        body += be16(m.values.size());
        for (const auto& value : m.values) {
            body += value ? be32(static_cast<std::uint32_t>(value->size())) + *value
                          : be32(0xffff'ffff);
        }
        return typed('B', body + formats(m.result_formats));
    }
    static std::string of(const Describe& m) { return typed('D', kind(m.kind) + text(m.name)); }
    static std::string of(const Execute& m) {
        return typed('E', text(m.portal) + be32(m.rows_max));
    }
    static std::string of(const Close& m) { return typed('C', kind(m.kind) + text(m.name)); }
    static std::string of(const Flush&) { return typed('H', ""); }
    static std::string of(const Sync&) { return typed('S', ""); }
    static std::string of(const Terminate&) { return typed('X', ""); }
    static std::string of(const FunctionCalled&) { return typed('F', ""); }
    static std::string of(const Broken&) { return {}; }

    static std::string kind(Kind kind) { return std::string(1, static_cast<char>(kind)); }
    static std::string formats(const std::vector<Format>& formats) {
        std::string out = be16(formats.size());
        for (const Format format : formats) out += be16(static_cast<std::size_t>(format));
        return out;
    }
};

}  // namespace lineshaft::postgres
