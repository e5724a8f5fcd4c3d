// InfluxDB line protocol, read in one pass without copying. What is accepted and what is not, with
// examples: docs/protocols/influx.md. Pure: bytes in, lines out.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lineshaft::influx {

/// The unit of a body's timestamps.
enum class Precision : std::uint8_t {
    nanoseconds,
    microseconds,
    milliseconds,
    seconds,
    minutes,
    hours
};
/// The words of version 2 (ns, us, ms, s) and of version 1 (n, u, ms, s, m, h). Nothing: no such.
std::optional<Precision> parse_precision(std::string_view word);

struct Limits {
    std::size_t line_bytes_max = 1 << 20;
    std::size_t tags_max = 128;       ///< one line
    std::size_t fields_max = 10'000;  ///< one line
};

struct Tag {
    std::string_view key, value;
    bool operator==(const Tag&) const = default;
};
using FieldValue = std::variant<double, std::int64_t, std::uint64_t, bool, std::string_view>;
struct Field {
    std::string_view key;
    FieldValue value;
    bool operator==(const Field&) const = default;
};

/// One line. Its views lie in the body, or in the reader where something was escaped, and hold
/// until the reader's next step.
struct Line {
    std::string_view head;  ///< measurement and tags as sent: the same bytes, the same series
    std::string_view measurement;
    std::vector<Tag> tags;               ///< as sent; no key twice, no empty key or value
    std::vector<Field> fields;           ///< at least one
    std::optional<std::int64_t> micros;  ///< since 1970, rounded down; nothing: no timestamp
    std::size_t number = 0;              ///< 1 is the body's first; where the line begins
};

/// A line that could not be read, and why.
struct Problem {
    std::size_t number = 0;
    std::string_view text;  ///< the line as sent, its first 200 bytes
    std::string why;        ///< "missing fields"
};

/// Steps through a body. A bad line costs only itself: reading goes on after its end. Time is
/// linear in the body, memory in the longest line. The body outlives the reader.
class LineReader {
public:
    LineReader(std::string_view body, Precision precision, const Limits& limits = {});
    LineReader(const LineReader&) = delete;

    enum class Step : std::uint8_t { line, bad_line, end };
    Step next();
    // next() in steps, for who remembers heads.
    /// To the next line, of which only line().head is read, and not checked: `line` or `end`.
    Step next_head();
    /// What follows a head that is known to be good; measurement and tags stay empty.
    Step rest();
    /// All of the line, from its beginning, also after rest().
    Step whole();
    const Line& line() const { return line_; }           ///< after `line`
    const Problem& problem() const { return problem_; }  ///< after `bad_line`
    std::size_t bytes_left() const { return static_cast<std::size_t>(end_ - at_); }

private:
    using Why = const char*;  // null: good

    bool find_line();
    Why read_line();
    Why read_rest();
    void begin_line();
    Step finish(Why why);
    Why read_tags();
    Why read_fields();
    Why read_value(FieldValue& value);
    Why read_text(FieldValue& value);
    Why read_word(FieldValue& value);
    Why read_number(FieldValue& value);
    Why read_time();
    void skip_plain_head();
    std::string_view take_field_key(std::size_t index);
    std::string_view take(std::uint8_t stops, std::uint8_t escapable);
    std::string_view unescaped(std::string_view text, std::uint8_t escapable);
    bool is_at(std::uint8_t classes) const;
    bool at_line_end() const;
    void report(Why why);

    const char* at_;
    const char* end_;
    const char* begin_ = nullptr;  // of the line being read
    const char* stop_ = nullptr;   // no byte from here on belongs to it
    Precision precision_;
    Limits limits_;
    std::size_t number_ = 1;  // of the line at at_
    Line line_;
    Problem problem_;
    std::string scratch_;  // what was unescaped in this line
    std::vector<std::string_view> usual_keys_;  // of fields, by their place in the line
};

}  // namespace lineshaft::influx
