// Thompson's way: all states at once, so no pattern is slow. Source: Cox, "Regular Expression
// Matching Can Be Simple And Fast", 2007.
#include "query/pattern.h"

#include <string>

namespace lineshaft::query {
namespace {

char lower_of(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
}

void add_class(std::vector<bool>& set, char letter) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool is_digit = byte >= '0' && byte <= '9';
        const bool is_word = is_digit || byte == '_' || (byte >= 'a' && byte <= 'z') ||
                             (byte >= 'A' && byte <= 'Z') || byte >= 128;
        const bool is_space = byte == ' ' || (byte >= 9 && byte <= 13);
        const bool fits = letter == 'd' ? is_digit : letter == 'w' ? is_word : is_space;
        if (fits) set[static_cast<std::size_t>(byte)] = true;
    }
}

}  // namespace

/// Builds steps; a piece is steps from one place to the end of what there is.
class Pattern::Reader {
public:
    Reader(std::string_view rest, Pattern& out) : rest_(rest), out_(out) {}

    Outcome<void> whole() {
        TRY_VOID(either(0));
        if (!rest_.empty())
            return refuse("2201B", "invalid regular expression: parentheses () not balanced");
        out_.steps_.push_back({.does = Does::found});
        return {};
    }

private:
    Outcome<void> either(std::size_t depth) {
        if (depth > 50) return refuse("2201B", "invalid regular expression: nested too deeply");
        const std::size_t from = out_.steps_.size();
        TRY_VOID(row(depth));
        if (rest_.empty() || rest_.front() != '|') return {};
        rest_.remove_prefix(1);
        insert(from, {.does = Does::split, .to = at(from + 1)});
        const std::size_t jump = out_.steps_.size();
        out_.steps_.push_back({.does = Does::jump});
        out_.steps_[from].other = at(out_.steps_.size());
        TRY_VOID(either(depth + 1));
        out_.steps_[jump].to = at(out_.steps_.size());
        return {};
    }
    Outcome<void> row(std::size_t depth) {
        while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
            const std::size_t from = out_.steps_.size();
            TRY_VOID(one(depth));
            while (!rest_.empty() &&
                   (rest_.front() == '*' || rest_.front() == '+' || rest_.front() == '?')) {
                repeat(from, rest_.front());
                rest_.remove_prefix(1);
            }
        }
        return {};
    }
    Outcome<void> one(std::size_t depth) {
        const char letter = rest_.front();
        rest_.remove_prefix(1);
        if (letter == '(') {
            if (rest_.starts_with("?:")) rest_.remove_prefix(2);
            TRY_VOID(either(depth + 1));
            if (rest_.empty())
                return refuse("2201B", "invalid regular expression: parentheses () not balanced");
            rest_.remove_prefix(1);
            return {};
        }
        if (letter == '*' || letter == '+' || letter == '?' || letter == '{')
            return refuse(
                "2201B", "invalid regular expression: quantifier operand invalid or not supported");
        if (letter == '[') return set();
        if (letter == '.') return push({.does = Does::any});
        if (letter == '^') return push({.does = Does::begin});
        if (letter == '$') return push({.does = Does::end});
        if (letter != '\\')
            return push(
                {.does = Does::letter, .letter = out_.ignores_case_ ? lower_of(letter) : letter});
        if (rest_.empty())
            return refuse("2201B", "invalid regular expression: invalid escape \\ sequence");
        const char escaped = rest_.front();
        rest_.remove_prefix(1);
        if (escaped == 'd' || escaped == 'w' || escaped == 's') {
            std::vector<bool> members(256);
            add_class(members, escaped);
            return push_set(std::move(members));
        }
        return push(
            {.does = Does::letter, .letter = out_.ignores_case_ ? lower_of(escaped) : escaped});
    }
    Outcome<void> set() {
        std::vector<bool> members(256);
        const bool is_not = rest_.starts_with('^');
        if (is_not) rest_.remove_prefix(1);
        for (bool is_first = true;; is_first = false) {
            if (rest_.empty())
                return refuse("2201B", "invalid regular expression: brackets [] not balanced");
            const char from = rest_.front();
            rest_.remove_prefix(1);
            if (from == ']' && !is_first) break;
            if (from == '\\' && !rest_.empty() &&
                (rest_[0] == 'd' || rest_[0] == 'w' || rest_[0] == 's')) {
                add_class(members, rest_[0]);
                rest_.remove_prefix(1);
                continue;
            }
            char until = from;
            if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
                until = rest_[1];
                rest_.remove_prefix(2);
            }
            for (int byte = static_cast<unsigned char>(from);
                 byte <= static_cast<unsigned char>(until); ++byte) {
                members[static_cast<std::size_t>(byte)] = true;
                const char letter = static_cast<char>(byte);
                if (out_.ignores_case_)
                    members[static_cast<unsigned char>(lower_of(letter))] = true;
            }
        }
        if (is_not) members.flip();
        return push_set(std::move(members));
    }
    void repeat(std::size_t from, char how) {
        if (how == '+') {
            out_.steps_.push_back(
                {.does = Does::split, .to = at(from), .other = at(out_.steps_.size() + 1)});
            return;
        }
        insert(from, {.does = Does::split, .to = at(from + 1)});
        if (how == '*') out_.steps_.push_back({.does = Does::jump, .to = at(from)});
        out_.steps_[from].other = at(out_.steps_.size());
    }
    /// What stands behind moves on by one.
    void insert(std::size_t where, Step step) {
        for (std::size_t index = where; index < out_.steps_.size(); ++index) {
            Step& moved = out_.steps_[index];
            if (moved.does != Does::split && moved.does != Does::jump) continue;
            if (moved.to >= where) ++moved.to;
            if (moved.does == Does::split && moved.other >= where) ++moved.other;
        }
        out_.steps_.insert(out_.steps_.begin() + static_cast<std::ptrdiff_t>(where), step);
    }
    Outcome<void> push(Step step) {
        out_.steps_.push_back(step);
        return {};
    }
    Outcome<void> push_set(std::vector<bool> members) {
        out_.sets_.push_back(std::move(members));
        return push({.does = Does::one_of, .set = at(out_.sets_.size() - 1)});
    }
    static std::uint32_t at(std::size_t place) { return static_cast<std::uint32_t>(place); }

    std::string_view rest_;
    Pattern& out_;
};

Outcome<Pattern> Pattern::make(std::string_view pattern, bool ignores_case) {
    if (pattern.size() > bytes_max) return refuse("2201B", "the regular expression is too long");
    Pattern out;
    out.ignores_case_ = ignores_case;
    TRY_VOID(Reader(pattern, out).whole());
    return out;
}

void Pattern::reach(std::size_t step, std::size_t at, std::size_t size,
                    std::vector<std::uint32_t>& list, std::vector<bool>& seen) const {
    std::vector<std::size_t> todo{step};
    while (!todo.empty()) {
        const std::size_t here = todo.back();
        todo.pop_back();
        if (seen[here]) continue;
        seen[here] = true;
        const Step& now = steps_[here];
        if (now.does == Does::jump) {
            todo.push_back(now.to);
        } else if (now.does == Does::split) {
            todo.push_back(now.other);
            todo.push_back(now.to);
        } else if (now.does == Does::begin) {
            if (at == 0) todo.push_back(here + 1);
        } else if (now.does == Does::end) {
            if (at == size) todo.push_back(here + 1);
        } else {
            list.push_back(static_cast<std::uint32_t>(here));
        }
    }
}

bool Pattern::matches(std::string_view text) const {
    std::vector<std::uint32_t> now, then;
    std::vector<bool> seen(steps_.size()), seen_then(steps_.size());
    for (std::size_t at = 0;; ++at) {
        reach(0, at, text.size(), now, seen);  // it may begin anywhere
        for (const std::uint32_t step : now) {
            if (steps_[step].does == Does::found) return true;
        }
        if (at == text.size()) return false;
        const char letter = ignores_case_ ? lower_of(text[at]) : text[at];
        for (const std::uint32_t step : now) {
            const Step& one = steps_[step];
            const bool fits =
                one.does == Does::any || (one.does == Does::letter && one.letter == letter) ||
                (one.does == Does::one_of && sets_[one.set][static_cast<unsigned char>(letter)]);
            if (fits) reach(step + 1, at + 1, text.size(), then, seen_then);
        }
        std::swap(now, then);
        std::swap(seen, seen_then);
        then.clear();
        seen_then.assign(steps_.size(), false);
    }
}

}  // namespace lineshaft::query
