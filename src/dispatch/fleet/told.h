// Sentences the fleet refuses or remarks with, known by their shape: each has a code for programs
// and says the same in Chinese. The English sentence is written where the mistake is found; this is
// the one place that knows them all (docs/protocols/fleet-api.md, Reasons).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::dispatch {

struct Told {
    std::string_view code;
    std::vector<std::string> texts;  ///< what stands in the sentence, in its order
    std::string chinese;
};

/// Nothing: it is no sentence of ours, or one without a code. Time: the sentence's length for each
/// sentence known; only the first 2,000 bytes are looked at.
std::optional<Told> told(std::string_view english);
/// The sentence in the language asked for; one without a code stays as it is.
std::string told_in(std::string_view english, bool is_chinese);

/// For tests: every code with its English shape, `{}` where something stands.
std::vector<std::pair<std::string_view, std::string_view>> told_shapes();

}  // namespace lineshaft::dispatch
