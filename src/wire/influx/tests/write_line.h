// For tests: lines as their writers write them.
#pragma once
#include <fmt/format.h>

#include <set>
#include <string>

#include "wire/influx/line.h"

namespace lineshaft::influx::testing {

inline std::string escaped(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        if (special.contains(c)) out += '\\';
        out += c;
    }
    return out;
}

struct WriteValue {
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(std::int64_t whole) const { return fmt::format("{}i", whole); }
    std::string operator()(std::uint64_t whole) const { return fmt::format("{}u", whole); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::string_view text) const {
        return '"' + escaped(text, "\"\\") + '"';
    }
};

/// The line with its time in microseconds.
inline std::string write_line(const Line& line) {
    std::string out = escaped(line.measurement, ", ");
    for (const auto& [key, value] : line.tags)
        out += "," + escaped(key, ",= ") + "=" + escaped(value, ",= ");
    char between = ' ';
    for (const auto& [key, value] : line.fields) {
        out += between + escaped(key, ",= ") + "=" + std::visit(WriteValue{}, value);
        between = ',';
    }
    if (line.micros) out += fmt::format(" {}", *line.micros);
    return out;
}

/// The same meaning; `head` and `number` aside.
inline bool is_same(const Line& a, const Line& b) {
    return a.measurement == b.measurement && a.tags == b.tags && a.fields == b.fields &&
           a.micros == b.micros;
}

/// Whether reading in steps, where a head that was good before is not read again, says the same.
inline bool is_same_in_steps(std::string_view body, Precision precision, const Limits& limits) {
    using Step = LineReader::Step;
    LineReader whole(body, precision, limits);
    LineReader steps(body, precision, limits);
    std::set<std::string, std::less<>> heads;
    for (Step step = whole.next(); step != Step::end; step = whole.next()) {
        if (steps.next_head() != Step::line) return false;
        const bool is_known = heads.contains(steps.line().head);
        if ((is_known ? steps.rest() : steps.whole()) != step) return false;
        if (step == Step::bad_line) {
            if (steps.problem().number != whole.problem().number ||
                steps.problem().why != whole.problem().why)
                return false;
            continue;
        }
        const Line& line = steps.line();
        if (line.head != whole.line().head || line.fields != whole.line().fields ||
            line.micros != whole.line().micros || line.number != whole.line().number)
            return false;
        heads.emplace(line.head);
    }
    return steps.next_head() == Step::end;
}

}  // namespace lineshaft::influx::testing
