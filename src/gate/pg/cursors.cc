#include "gate/pg/cursors.h"

#include "base/number.h"

namespace lineshaft::pg {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
bool is_of_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (c & 0x80) != 0;
}

/// Words and quoted names, one after the other. Comments are not looked for: clients that declare
/// cursors write none in front.
class Words {
public:
    explicit Words(std::string_view sql) : sql_(sql) {}

    /// In small letters; empty: no word stands here.
    std::string next_word() {
        skip_blanks();
        std::string word;
        while (at_ < sql_.size() && is_of_word(sql_[at_])) {
            const char c = sql_[at_++];
            word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
        return word;
    }
    bool take(std::string_view word) {
        const std::size_t before = at_;
        if (next_word() == word) return true;
        at_ = before;
        return false;
    }
    /// A name, quoted or not; empty: none.
    std::string next_name() {
        skip_blanks();
        if (at_ >= sql_.size() || sql_[at_] != '"') return next_word();
        std::string name;
        for (++at_; at_ < sql_.size(); ++at_) {
            if (sql_[at_] != '"') {
                name += sql_[at_];
            } else if (at_ + 1 < sql_.size() && sql_[at_ + 1] == '"') {
                name += sql_[++at_];
            } else {
                ++at_;
                return name;
            }
        }
        return {};
    }
    bool is_at_end() {
        skip_blanks();
        while (at_ < sql_.size() && (sql_[at_] == ';' || is_blank(sql_[at_]))) ++at_;
        return at_ == sql_.size();
    }
    /// Where the next word begins.
    std::size_t at() {
        skip_blanks();
        return at_;
    }

private:
    void skip_blanks() {
        while (at_ < sql_.size() && is_blank(sql_[at_])) ++at_;
    }

    std::string_view sql_;
    std::size_t at_ = 0;
};

std::optional<CursorWords> declared(std::string_view sql, Words words) {
    CursorWords out;
    out.name = words.next_name();
    for (;;) {
        const std::string word = words.next_word();
        if (word == "cursor") break;
        if (word != "binary" && word != "insensitive" && word != "asensitive" && word != "no" &&
            word != "scroll")
            return std::nullopt;
    }
    if (words.take("with")) out.is_held = true;
    const bool says_hold = out.is_held || words.take("without");
    if (says_hold && !words.take("hold")) return std::nullopt;
    if (out.name.empty() || !words.take("for")) return std::nullopt;
    out.sql_offset = words.at();
    out.sql = sql.substr(words.at());
    return out;
}

std::optional<CursorWords> fetched(Words words) {
    CursorWords out;
    out.what = CursorWords::What::fetch;
    Words before = words;
    const std::string direction = words.next_word();
    const auto number = number_from<std::uint64_t>(direction);
    if (direction == "next") {
    } else if (direction == "all") {
        out.rows.reset();
    } else if (number) {
        out.rows = *number;
    } else if (direction == "forward") {
        const Words behind = words;
        const std::string count = words.next_word();
        if (count == "all")
            out.rows.reset();
        else if (const auto rows = number_from<std::uint64_t>(count))
            out.rows = *rows;
        else
            words = behind;
    } else if (direction == "prior" || direction == "first" || direction == "last" ||
               direction == "absolute" || direction == "relative" || direction == "backward") {
        out.is_backward = true;
        return out;
    } else {
        words = before;
    }
    (void)(words.take("in") || words.take("from"));
    out.name = words.next_name();
    if (out.name.empty() || !words.is_at_end()) return std::nullopt;
    return out;
}

}  // namespace

std::optional<CursorWords> cursor_words(std::string_view sql) {
    Words words(sql);
    if (words.take("declare")) return declared(sql, words);
    if (words.take("fetch")) return fetched(words);
    return std::nullopt;
}

}  // namespace lineshaft::pg
