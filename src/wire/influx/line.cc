// One pass over the bytes. Every byte has a class; reading an element runs to the first byte whose
// class ends it. Escapes are rare, so an element is a view of the body unless it has one.
//
//   line      = measurement *("," key "=" value) 1*SP field *("," field) [1*SP timestamp]
//   field     = key "=" ( float / integer "i" / unsigned "u" / boolean / DQUOTE text DQUOTE )
//
// A backslash takes the next byte with it; it goes away when that byte is special in this place,
// else both stay (as InfluxDB 1 and 2 read it). In text only \" and \\ are special.
#include "wire/influx/line.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "wire/influx/number.h"

namespace lineshaft::influx {
namespace {

constexpr std::uint8_t comma = 1, equals = 2, space = 4, newline = 8, backslash = 16, quote = 32,
                       returned = 64;

constexpr auto classes = [] {
    std::array<std::uint8_t, 256> table{};
    table[','] = comma;
    table['='] = equals;
    table[' '] = space;
    table['\n'] = newline;
    table['\\'] = backslash;
    table['"'] = quote;
    table['\r'] = returned;
    return table;
}();

constexpr std::size_t shown_bytes_max = 200;

std::uint8_t class_of(char c) {
    return classes[static_cast<unsigned char>(c)];
}

}  // namespace

std::optional<Precision> parse_precision(std::string_view word) {
    using enum Precision;
    if (word == "ns" || word == "n") return nanoseconds;
    if (word == "us" || word == "u" || word == "\u00b5s" || word == "\u00b5") return microseconds;
    if (word == "ms") return milliseconds;
    if (word == "s") return seconds;
    if (word == "m") return minutes;
    if (word == "h") return hours;
    return std::nullopt;
}

LineReader::LineReader(std::string_view body, Precision precision, const Limits& limits)
    : at_(body.data()), end_(body.data() + body.size()), precision_(precision), limits_(limits) {}

bool LineReader::is_at(std::uint8_t wanted) const {
    return at_ < stop_ && (class_of(*at_) & wanted) != 0;
}

bool LineReader::at_line_end() const {
    return at_ == stop_ || (class_of(*at_) & newline) != 0;
}

// Moves to the first byte of the next line that says something.
bool LineReader::find_line() {
    while (at_ < end_) {
        if (*at_ == ' ' || *at_ == '\t' || *at_ == '\r') {
            ++at_;
        } else if (*at_ == '\n') {
            ++at_;
            ++number_;
        } else if (*at_ == '#') {
            const void* found = std::memchr(at_, '\n', bytes_left());
            at_ = found == nullptr ? end_ : static_cast<const char*>(found);
        } else {
            return true;
        }
    }
    return false;
}

void LineReader::begin_line() {
    at_ = begin_;
    number_ = line_.number;
    line_.measurement = {};
    line_.tags.clear();
    line_.fields.clear();
    line_.micros.reset();
    scratch_.clear();
}

LineReader::Step LineReader::finish(Why why) {
    // The line's end was not found within its limit: it is too long, whatever else it is.
    const bool is_cut = at_ == stop_ && stop_ != end_ && *stop_ != '\n';
    if (why == nullptr && !is_cut) return Step::line;
    report(is_cut ? "line too long" : why);
    return Step::bad_line;
}

LineReader::Step LineReader::next() {
    return next_head() == Step::end ? Step::end : whole();
}

// Up to the first space that is not escaped, as take() sees it.
LineReader::Step LineReader::next_head() {
    if (!find_line()) return Step::end;
    begin_ = at_;
    stop_ = at_ + std::min(bytes_left(), limits_.line_bytes_max);
    line_.number = number_;
    begin_line();
    skip_plain_head();
    for (;;) {
        while (at_ < stop_ && (class_of(*at_) & (space | newline | backslash)) == 0) ++at_;
        if (at_ == stop_ || *at_ != '\\') break;
        ++at_;
        if (at_line_end()) break;
        ++at_;
    }
    line_.head = std::string_view(begin_, static_cast<std::size_t>(at_ - begin_));
    return Step::line;
}

// To the space that ends a head without escapes, as nearly all are; else stays. Looks no further
// than heads usually go, so that lines without a space cost no more than they are long.
void LineReader::skip_plain_head() {
    constexpr std::size_t usual_bytes_max = 512;
    const std::size_t most = std::min(static_cast<std::size_t>(stop_ - at_), usual_bytes_max);
    const void* const found = std::memchr(at_, ' ', most);
    if (found == nullptr) return;
    const char* const end = static_cast<const char*>(found);
    const auto size = static_cast<std::size_t>(end - at_);
    if (std::memchr(at_, '\n', size) == nullptr && std::memchr(at_, '\\', size) == nullptr)
        at_ = end;
}

LineReader::Step LineReader::rest() {
    return finish(read_rest());
}

LineReader::Step LineReader::whole() {
    begin_line();
    return finish(read_line());
}

void LineReader::report(Why why) {
    problem_.number = line_.number;
    problem_.why = why;
    const void* first = std::memchr(begin_, '\n', static_cast<std::size_t>(end_ - begin_));
    const char* const first_end = first == nullptr ? end_ : static_cast<const char*>(first);
    problem_.text = std::string_view(
        begin_, std::min(static_cast<std::size_t>(first_end - begin_), shown_bytes_max));
    // Texts that were closed belong to the line; their newlines count.
    number_ = line_.number + static_cast<std::size_t>(std::count(begin_, at_, '\n'));
    const void* found = std::memchr(at_, '\n', bytes_left());
    at_ = found == nullptr ? end_ : static_cast<const char*>(found);
}

LineReader::Why LineReader::read_line() {
    line_.measurement = take(comma | space | newline, comma | space);
    if (line_.measurement.empty()) return "missing measurement";
    if (is_at(comma)) {
        if (const Why why = read_tags()) return why;
    }
    line_.head = std::string_view(begin_, static_cast<std::size_t>(at_ - begin_));
    return read_rest();
}

LineReader::Why LineReader::read_rest() {
    while (is_at(space)) ++at_;
    if (at_line_end()) return "missing fields";
    if (const Why why = read_fields()) return why;
    while (is_at(space | returned)) ++at_;
    if (at_line_end()) return nullptr;
    if (const Why why = read_time()) return why;
    while (is_at(space | returned)) ++at_;
    return at_line_end() ? nullptr : "bytes after the timestamp";
}

LineReader::Why LineReader::read_tags() {
    while (is_at(comma)) {
        ++at_;
        Tag tag;
        tag.key = take(comma | equals | space | newline, comma | equals | space);
        if (tag.key.empty()) return "missing tag key";
        if (!is_at(equals)) return "missing tag value";
        ++at_;
        tag.value = take(comma | equals | space | newline, comma | equals | space);
        if (tag.value.empty()) return "missing tag value";
        if (is_at(equals)) return "an unescaped '=' in a tag value";
        const auto is_same = [&](const Tag& other) { return other.key == tag.key; };
        if (std::ranges::any_of(line_.tags, is_same)) return "duplicate tags";
        if (line_.tags.size() >= limits_.tags_max) return "too many tags";
        line_.tags.push_back(tag);
    }
    return nullptr;
}

LineReader::Why LineReader::read_fields() {
    for (;;) {
        if (line_.fields.size() >= limits_.fields_max) return "too many fields";
        Field& field = line_.fields.emplace_back();
        field.key = take_field_key(line_.fields.size() - 1);
        if (field.key.empty()) return "missing field key";
        if (!is_at(equals)) return "missing field value";
        ++at_;
        if (const Why why = read_value(field.value)) return why;
        if (!is_at(comma)) break;
        ++at_;
    }
    return at_line_end() || is_at(space | returned) ? nullptr : "invalid field format";
}

// Lines of one body mostly have the same fields in the same order, so each key is first compared
// with the one that stood here before.
std::string_view LineReader::take_field_key(std::size_t index) {
    if (index < usual_keys_.size()) {
        const std::string_view usual = usual_keys_[index];
        const auto left = static_cast<std::size_t>(stop_ - at_);
        if (left > usual.size() && at_[usual.size()] == '=' &&
            std::memcmp(at_, usual.data(), usual.size()) == 0) {
            const std::string_view key(at_, usual.size());
            at_ += usual.size();
            return key;
        }
    }
    const char* const first = at_;
    const std::string_view key = take(comma | equals | space | newline, comma | equals | space);
    const bool is_plain = key.data() == first && !key.empty() && !key.contains('\\');
    if (is_plain && index <= usual_keys_.size()) {
        if (index == usual_keys_.size()) usual_keys_.emplace_back();
        usual_keys_[index] = key;
    }
    return key;
}

LineReader::Why LineReader::read_value(FieldValue& value) {
    if (at_line_end() || is_at(space | comma)) return "missing field value";
    const char first = *at_;
    if (first == '"') return read_text(value);
    if ((first >= '0' && first <= '9') || first == '-' || first == '.') return read_number(value);
    return read_word(value);
}

LineReader::Why LineReader::read_number(FieldValue& value) {
    return influx::read_number(at_, stop_, value);
}

LineReader::Why LineReader::read_word(FieldValue& value) {
    const char* const first = at_;
    while (at_ < stop_ && (class_of(*at_) & (comma | space | newline | returned)) == 0) ++at_;
    const std::string_view word(first, static_cast<std::size_t>(at_ - first));
    if (word == "t" || word == "T" || word == "true" || word == "True" || word == "TRUE") {
        value = true;
        return nullptr;
    }
    if (word == "f" || word == "F" || word == "false" || word == "False" || word == "FALSE") {
        value = false;
        return nullptr;
    }
    return "invalid boolean";
}

LineReader::Why LineReader::read_text(FieldValue& value) {
    const char* const opened = at_++;
    bool has_escape = false;
    std::size_t newlines = 0;
    while (at_ < stop_ && *at_ != '"') {
        newlines += *at_ == '\n' ? 1 : 0;
        if (*at_ == '\\' && at_ + 1 < stop_ && (at_[1] == '"' || at_[1] == '\\')) {
            has_escape = true;
            ++at_;
        }
        ++at_;
    }
    if (at_ == stop_) {
        // Whatever follows may be whole lines: reading goes on behind this one. A text that was
        // cut off by the line's limit is for next() to name.
        if (stop_ == end_) at_ = opened;
        return "unbalanced quotes";
    }
    const std::string_view text(opened + 1, static_cast<std::size_t>(at_ - opened - 1));
    ++at_;
    number_ += newlines;
    value = has_escape ? unescaped(text, quote | backslash) : text;
    return nullptr;
}

LineReader::Why LineReader::read_time() {
    std::int64_t micros = 0;
    const Why why = influx::read_time(at_, stop_, precision_, micros);
    if (why == nullptr) line_.micros = micros;
    return why;
}

std::string_view LineReader::take(std::uint8_t stops, std::uint8_t escapable) {
    const char* const first = at_;
    bool has_escape = false;
    for (;;) {
        while (at_ < stop_ && (class_of(*at_) & (stops | backslash)) == 0) ++at_;
        if (at_ == stop_ || *at_ != '\\') break;
        ++at_;
        if (at_line_end()) break;
        has_escape = has_escape || (class_of(*at_) & escapable) != 0;
        ++at_;
    }
    const std::string_view text(first, static_cast<std::size_t>(at_ - first));
    return has_escape ? unescaped(text, escapable) : text;
}

std::string_view LineReader::unescaped(std::string_view text, std::uint8_t escapable) {
    // Room for the whole line at once: earlier views into it stay where they are.
    scratch_.reserve(static_cast<std::size_t>(stop_ - begin_));
    const std::size_t first = scratch_.size();
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] == '\\' && index + 1 < text.size()) {
            if ((class_of(text[index + 1]) & escapable) == 0) scratch_ += '\\';
            ++index;
        }
        scratch_ += text[index];
    }
    return std::string_view(scratch_).substr(first);
}

}  // namespace lineshaft::influx
