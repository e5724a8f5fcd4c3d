#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace lineshaft::api {

/// JSON text as it grows, for answers that are asked for often: no tree in between. Puts commas
/// itself. The caller closes what it opens and names every member of an object, once.
class JsonOut {
public:
    JsonOut& object() { return open('{'); }
    JsonOut& end_object() { return close('}'); }
    JsonOut& array() { return open('['); }
    JsonOut& end_array() { return close(']'); }

    /// A member's name, one of ours: nothing in it needs escaping.
    JsonOut& name(std::string_view plain);
    /// A member's name of any kind.
    JsonOut& any_name(std::string_view text);

    JsonOut& text(std::string_view text);
    /// In its shortest plain form, as json_text; null for what JSON cannot carry.
    JsonOut& number(double value);
    template <std::integral Whole>
    JsonOut& number(Whole value) {
        return put_whole(static_cast<std::int64_t>(value));
    }
    JsonOut& flag(bool value) { return raw(value ? "true" : "false"); }
    JsonOut& null() { return raw("null"); }
    JsonOut& time(Instant at);  ///< RFC 3339
    JsonOut& raw(std::string_view json);

    JsonOut& text_or_null(std::string_view text_or_empty) {
        return text_or_empty.empty() ? null() : text(text_or_empty);
    }

    /// That so much more will come, about. Room grows in large steps, so that little is copied.
    void expect(std::size_t bytes) {
        if (out_.capacity() - out_.size() < bytes)
            out_.reserve(std::max(out_.size() + bytes, 4 * out_.capacity()));
    }

    std::string take() { return std::move(out_); }

private:
    JsonOut& open(char bracket);
    JsonOut& close(char bracket);
    JsonOut& put_whole(std::int64_t value);
    void comma();  // a value cannot end with what opens: a text ends with its quote

    std::string out_;
};

}  // namespace lineshaft::api
