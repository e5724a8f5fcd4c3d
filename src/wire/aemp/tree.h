// XML and JSON as the same plain tree: attributes and members are children. Inside of wire/aemp.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wire/aemp/fleet.h"

namespace lineshaft::aemp {

struct Tree {
    std::string name;  ///< without its prefix
    std::string text;  ///< trimmed
    std::vector<Tree> children;

    /// The first child of that name, in any case; null when there is none.
    const Tree* child(std::string_view wanted) const;
    /// The first non-empty text among children of these names, or empty.
    std::string_view text_of(std::initializer_list<std::string_view> names) const;
};

bool same_name(std::string_view a, std::string_view b);  ///< ASCII, any case
Result<Tree> parse_tree(Bytes document, const Limits& limits);

}  // namespace lineshaft::aemp
