#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "query/types.h"

namespace lineshaft::query {

/// PostgreSQL's ~ in its everyday part: . [abc] [^a-z] ( ) | * + ? ^ $ and \d \w \s. Letters are
/// bytes. Matching takes at most text times pattern steps, whatever the pattern.
class Pattern {
public:
    static constexpr std::size_t bytes_max = 1'000;
    /// Errors: 2201B.
    static Outcome<Pattern> make(std::string_view pattern, bool ignores_case);
    /// True when it matches anywhere in `text`.
    bool matches(std::string_view text) const;

private:
    enum class Does : std::uint8_t { letter, any, one_of, split, jump, begin, end, found };
    struct Step {
        Does does;
        char letter = 0;
        std::uint32_t set = 0;            // of sets_
        std::uint32_t to = 0, other = 0;  // of split and jump
    };
    class Reader;
    void reach(std::size_t step, std::size_t at, std::size_t size, std::vector<std::uint32_t>& list,
               std::vector<bool>& seen) const;

    bool ignores_case_ = false;
    std::vector<Step> steps_;
    std::vector<std::vector<bool>> sets_;
};

}  // namespace lineshaft::query
