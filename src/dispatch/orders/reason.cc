#include "dispatch/orders/reason.h"

#include <algorithm>
#include <utility>

namespace lineshaft::orders {
namespace {

constexpr char part_mark = '\x1f';
constexpr std::size_t reason_bytes_max = 1'024;

// "{0}" stands for the first part; "{*}" for a reason made of all parts: its code, then its own.
constexpr std::pair<std::string_view, std::string_view> sentences[] = {
    {"words", "{0}"},
    {"held_by", "held by {0}"},
    {"refused_by", "refused by {0}"},
    {"order_refused", "the order was refused"},
    {"not_needed", "not needed any more"},
    {"machine_refused", "{0} refused it: {1}"},
    {"method_refused", "{0}: {1}"},
    {"machine_lost", "{0} is lost"},
    {"no_machine", "there is no machine that sews"},
    {"not_connected", "{0} could, but is not connected"},
    {"all_off", "every machine is switched off for planning"},
    {"nobody", "no machine can: {*}"},
    {"hoop", "{0} has a hoop of {1} x {2} mm, the design is {3} x {4} mm"},
    {"needles", "{0} has {1} needles, the design {2} threads"},
    {"quantity", "{0} × {1}"},
    {"method", "{0}"},
    {"piece_on", "piece {0} on {1}"},
    {"piece", "piece {0}"},
    {"piece_why", "piece {0}: {1}"},
    {"good_pieces", "{0} good pieces"},
};

// No more than `most` bytes, and no half letter of UTF-8 at the end.
std::string_view cut_text(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return text.substr(0, most);
}

std::string plain(std::string_view text) {
    std::string out(text);
    std::ranges::replace(out, part_mark, ' ');
    return out;
}

}  // namespace

std::string stored_reason(std::string_view code, std::initializer_list<std::string_view> parts) {
    std::string out(1, part_mark);
    out += code;
    for (const std::string_view part : parts) {
        out += part_mark;
        // A reason within a reason keeps its marks, so that its parts are parts of this one.
        const bool is_reason = part.starts_with(part_mark);
        out += is_reason ? std::string(part.substr(1)) : plain(part);
    }
    return std::string(cut_text(out, reason_bytes_max));
}

std::string stored_words(std::string_view words) {
    return std::string(cut_text(plain(words), reason_bytes_max));
}

Reason reason_of(std::string_view stored) {
    if (stored.empty()) return {};
    if (stored.front() != part_mark) return {"words", {std::string(stored)}};
    Reason out;
    bool is_code = true;
    while (!stored.empty()) {
        stored.remove_prefix(1);
        const std::string_view part = stored.substr(0, stored.find(part_mark));
        stored.remove_prefix(part.size());
        if (is_code)
            out.code = part;
        else
            out.parts.emplace_back(part);
        is_code = false;
    }
    return out;
}

std::string sentence_of(const Reason& reason) {
    const auto known =
        std::ranges::find(sentences, reason.code, [](const auto& one) { return one.first; });
    std::string out;
    if (known == std::end(sentences)) {
        for (const std::string& part : reason.parts) out += (out.empty() ? "" : " ") + part;
        return out;
    }
    std::string_view shape = known->second;
    while (!shape.empty()) {
        const auto brace = shape.find('{');
        out += shape.substr(0, brace);
        if (brace == shape.npos) break;
        const char which = shape[brace + 1];
        shape.remove_prefix(brace + 3);
        if (which == '*') {
            if (!reason.parts.empty())
                out += sentence_of({reason.parts[0], {reason.parts.begin() + 1, reason.parts.end()}});
        } else if (const auto index = static_cast<std::size_t>(which - '0');
                   index < reason.parts.size()) {
            out += reason.parts[index];
        }
    }
    return out;
}

bool is_for_customers(const Reason& reason) {
    static constexpr std::string_view open[] = {"words",      "order_refused", "not_needed",
                                                "no_machine", "all_off"};
    return std::ranges::find(open, reason.code) != std::end(open);
}

}  // namespace lineshaft::orders
