// Why something is as it is: a code for programs, and what was compared, so that it can be said in
// any language (docs/protocols/fleet-api.md, Reasons).
#pragma once
#include <optional>
#include <string>

namespace lineshaft::dispatch {

struct Reason {
    std::string code;  ///< empty: there is none
    /// What was met and what it was held against, in the unit that the code says.
    std::optional<double> now = {}, limit = {};
    std::string text = {};  ///< a name, or what a person or a machine wrote

    bool empty() const { return code.empty(); }
    bool operator==(const Reason&) const = default;
};

/// Every code has a sentence of its own in both languages; an unknown one gives its text.
std::string sentence_of(const Reason& reason, bool is_chinese);

}  // namespace lineshaft::dispatch
