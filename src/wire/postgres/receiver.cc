#include "wire/postgres/receiver.h"

#include <algorithm>

namespace lineshaft::postgres {
namespace {

// Codes in the place of a protocol version ("Message Formats").
constexpr std::uint32_t cancel_code = 80'877'102;
constexpr std::uint32_t ssl_code = 80'877'103;
constexpr std::uint32_t gss_code = 80'877'104;
constexpr std::uint32_t protocol_major = 3;
constexpr std::size_t length_bytes = 4;

Result<std::string> take_text(Reader& in) {
    const std::string_view rest = as_text(in.rest());
    const auto end = rest.find('\0');
    if (end == rest.npos) return fail(Code::invalid, "a string without its end");
    TRY(const Bytes taken, in.take(end + 1));
    return std::string(as_text(taken).substr(0, end));
}

Result<std::string> take_name(Reader& in, const Limits& limits) {
    TRY(auto name, take_text(in));
    if (name.size() > limits.name_bytes_max) return fail(Code::invalid, "a name is too long");
    return name;
}

Result<std::vector<Format>> take_formats(Reader& in) {
    TRY(const auto count, in.take_be<std::uint16_t>());
    if (in.left() / 2 < count) return fail(Code::invalid, "short: format codes");
    std::vector<Format> formats;
    formats.reserve(count);
    for (unsigned i = 0; i < count; ++i) {
        TRY(const auto code, in.take_be<std::uint16_t>());
        if (code > 1) return fail(Code::invalid, "a format code is neither 0 nor 1");
        formats.push_back(static_cast<Format>(code));
    }
    return formats;
}

Result<Kind> take_kind(Reader& in) {
    TRY(const auto letter, in.take_be<std::uint8_t>());
    if (letter == 'S') return Kind::statement;
    if (letter == 'P') return Kind::portal;
    return fail(Code::invalid, "neither a statement (S) nor a portal (P)");
}

Result<Message> read_startup(Reader& in, std::uint16_t minor) {
    Startup startup{.minor = minor, .parameters = {}};
    for (;;) {
        TRY(auto name, take_text(in));
        if (name.empty()) break;
        TRY(auto value, take_text(in));
        startup.parameters.emplace_back(std::move(name), std::move(value));
    }
    return startup;
}

Result<Message> read_first(Bytes body) {
    Reader in(body);
    TRY(const auto code, in.take_be<std::uint32_t>());
    if (code == ssl_code && in.at_end()) return SslRequested{};
    if (code == gss_code && in.at_end()) return GssRequested{};
    if (code == cancel_code) {
        TRY(const auto process, in.take_be<std::uint32_t>());
        TRY(const auto key, in.take_be<std::uint32_t>());
        if (!in.at_end()) return fail(Code::invalid, "a cancel request is too long");
        return CancelRequested{process, key};
    }
    if (code >> 16 != protocol_major) {
        return fail(Code::unsupported, "not the PostgreSQL protocol 3.0");
    }
    TRY(auto startup, read_startup(in, static_cast<std::uint16_t>(code)));
    if (!in.at_end()) return fail(Code::invalid, "bytes behind the startup parameters");
    return startup;
}

Result<Message> read_sasl_initial(Reader& in) {
    SaslInitial initial;
    TRY(initial.mechanism, take_text(in));
    TRY(const auto length, in.take_be<std::uint32_t>());
    constexpr std::uint32_t none = 0xffff'ffff;
    if (length == none) return initial;
    TRY(const Bytes data, in.take(length));
    initial.data = as_text(data);
    return initial;
}

Result<Message> read_parse(Reader& in, const Limits& limits) {
    Parse parse;
    TRY(parse.statement, take_name(in, limits));
    TRY(parse.sql, take_text(in));
    TRY(const auto count, in.take_be<std::uint16_t>());
    if (count > limits.parameters_max) return fail(Code::invalid, "too many parameters");
    if (in.left() / 4 < count) return fail(Code::invalid, "short: parameter types");
    parse.types.reserve(count);
    for (unsigned i = 0; i < count; ++i) {
        TRY(const auto type, in.take_be<std::uint32_t>());
        parse.types.push_back(type);
    }
    return parse;
}

Result<Message> read_bind(Reader& in, const Limits& limits) {
    Bind bind;
    TRY(bind.portal, take_name(in, limits));
    TRY(bind.statement, take_name(in, limits));
    TRY(bind.formats, take_formats(in));
    TRY(const auto count, in.take_be<std::uint16_t>());
    if (count > limits.parameters_max) return fail(Code::invalid, "too many parameters");
    if (bind.formats.size() > 1 && bind.formats.size() != count) {
        return fail(Code::invalid, "format codes and parameters differ in number");
    }
    for (unsigned i = 0; i < count; ++i) {
        TRY(const auto length, in.take_be<std::uint32_t>());
        constexpr std::uint32_t null_length = 0xffff'ffff;
        if (length == null_length) {
            bind.values.emplace_back(std::nullopt);
            continue;
        }
        TRY(const Bytes value, in.take(length));
        bind.values.emplace_back(std::string(as_text(value)));
    }
    TRY(bind.result_formats, take_formats(in));
    return bind;
}

Result<Message> read_body(char type, Reader& in, const Limits& limits) {
    switch (type) {
        case 'Q': {
            TRY(auto sql, take_text(in));
            return Query{std::move(sql)};
        }
        case 'P': return read_parse(in, limits);
        case 'B': return read_bind(in, limits);
        case 'D': {
            TRY(const auto kind, take_kind(in));
            TRY(auto name, take_name(in, limits));
            return Describe{kind, std::move(name)};
        }
        case 'E': {
            TRY(auto portal, take_name(in, limits));
            TRY(const auto rows_max, in.take_be<std::uint32_t>());
            // Signed in the protocol, where a negative number is "no limit" as zero is.
            return Execute{std::move(portal), rows_max > INT32_MAX ? 0 : rows_max};
        }
        case 'C': {
            TRY(const auto kind, take_kind(in));
            TRY(auto name, take_name(in, limits));
            return Close{kind, std::move(name)};
        }
        case 'H': return Flush{};
        case 'S': return Sync{};
        case 'X': return Terminate{};
        default: return fail(Code::invalid, "no message has this type");
    }
}

bool is_copy(char type) {
    return type == 'd' || type == 'c' || type == 'f';
}

}  // namespace

const std::string* Startup::find(std::string_view name) const {
    const auto found = std::ranges::find_if(
        parameters, [&](const auto& parameter) { return parameter.first == name; });
    return found == parameters.end() ? nullptr : &found->second;
}

Format format_of(const std::vector<Format>& formats, std::size_t index) {
    if (formats.size() == 1) return formats.front();
    return index < formats.size() ? formats[index] : Format::text;
}

void Receiver::feed(Bytes more) {
    if (is_broken_) return;
    if (at_ > 0) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
    buffer_.append(as_text(more));
}

std::optional<Message> Receiver::next() {
    if (is_broken_) return std::nullopt;
    return stage_ == Stage::startup ? next_startup() : next_typed();
}

Message Receiver::broken(std::string why) {
    is_broken_ = true;
    buffer_ = {};
    at_ = 0;
    return Broken{std::move(why)};
}

void Receiver::drop(std::size_t count) {
    at_ += count;
    if (at_ < buffer_.size()) return;
    at_ = 0;
    // An idle connection keeps no large buffer.
    constexpr std::size_t kept_bytes = 4'096;
    if (buffer_.capacity() > kept_bytes) buffer_ = {};
    buffer_.clear();
}

std::optional<Message> Receiver::next_startup() {
    const Bytes whole = as_bytes(buffer_).subspan(at_);
    if (whole.size() < length_bytes) return std::nullopt;
    Reader head(whole);
    const std::size_t length = *head.take_be<std::uint32_t>();
    if (length < length_bytes + 4 || length > limits_.startup_bytes_max) {
        return broken("the first message is no startup of the PostgreSQL protocol");
    }
    if (whole.size() < length) return std::nullopt;
    auto message = read_first(whole.subspan(length_bytes, length - length_bytes));
    if (!message) return broken(std::move(message.error().context));
    drop(length);
    if (std::holds_alternative<Startup>(*message)) stage_ = Stage::login_first;
    return std::move(*message);
}

std::optional<Message> Receiver::next_typed() {
    for (;;) {
        const Bytes whole = as_bytes(buffer_).subspan(at_);
        if (whole.empty()) return std::nullopt;
        const char type = as_text(whole).front();
        const bool is_open = stage_ == Stage::open;
        // While signing in a client may say 'p', or leave.
        if (!is_open && type != 'p' && type != 'X') return broken("not signed in yet");
        if (whole.size() < 1 + length_bytes) return std::nullopt;
        Reader head(whole.subspan(1));
        const std::size_t length = *head.take_be<std::uint32_t>();
        const std::size_t most = is_open ? limits_.message_bytes_max : limits_.login_bytes_max;
        if (length < length_bytes) return broken("a length is too small");
        if (length > most) return broken("a message is too long");
        if (whole.size() < 1 + length) return std::nullopt;
        Reader in(whole.subspan(1 + length_bytes, length - length_bytes));
        const bool is_skipped = is_open && is_skipping_ && type != 'S' && type != 'X';
        // Copy data is what is left of a COPY that was refused; PostgreSQL ignores it, too.
        if (is_skipped || (is_open && is_copy(type))) {
            drop(1 + length);
            continue;
        }
        if (is_open && type == 'F') {
            drop(1 + length);
            return FunctionCalled{};
        }
        Result<Message> message = fail(Code::invalid, "");
        if (is_open || type == 'X') {
            message = read_body(type, in, limits_);
        } else if (stage_ == Stage::login_first) {
            message = read_sasl_initial(in);
            stage_ = Stage::login;
        } else {
            message = SaslResponse{std::string(as_text(*in.take(in.left())))};
        }
        if (message && !in.at_end()) message = fail(Code::invalid, "bytes behind a message");
        if (!message) return broken(std::move(message.error().context));
        drop(1 + length);
        if (type == 'S') is_skipping_ = false;
        return std::move(*message);
    }
}

}  // namespace lineshaft::postgres
