#include "wire/aemp/tree.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <pugixml.hpp>

namespace lineshaft::aemp {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string_view local(std::string_view name) {
    const auto colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

/// How much of the document may still become a tree.
struct Room {
    std::size_t nodes, depth_max;
    bool take() { return nodes > 0 && nodes-- > 0; }
};
std::unexpected<Error> too_many() { return fail(Code::exhausted, "more elements than nodes_max"); }
std::unexpected<Error> too_deep() { return fail(Code::exhausted, "deeper than depth_max"); }

Result<void> fill(const pugi::xml_node& from, Tree& tree, Room& room, std::size_t depth) {
    if (depth > room.depth_max) return too_deep();
    tree.name = local(from.name());
    for (const pugi::xml_attribute& attribute : from.attributes()) {
        const std::string_view name = attribute.name();
        if (name.starts_with("xmlns")) continue;
        if (!room.take()) return too_many();
        tree.children.push_back({std::string(local(name)), std::string(trimmed(attribute.value())), {}});
    }
    for (const pugi::xml_node& child : from.children()) {
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) tree.text += child.value();
        if (child.type() != pugi::node_element) continue;
        if (!room.take()) return too_many();
        TRY_VOID(fill(child, tree.children.emplace_back(), room, depth + 1));
    }
    tree.text = std::string(trimmed(tree.text));
    return {};
}

Result<Tree> parse_xml(std::string_view text, const Limits& limits) {
    pugi::xml_document document;
    const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_auto);
    if (!parsed) return fail(Code::invalid, fmt::format("no XML: {} at byte {}", parsed.description(), parsed.offset));
    const pugi::xml_node root = document.document_element();
    if (!root) return fail(Code::invalid, "XML without an element");
    Tree tree;
    Room room{limits.nodes_max, limits.depth_max};
    TRY_VOID(fill(root, tree, room, 1));
    return tree;
}

Result<void> fill(const simdjson::dom::element& from, Tree& tree, Room& room, std::size_t depth);

/// A member; an array becomes as many children of its name.
Result<void> add(std::string_view name, const simdjson::dom::element& value, Tree& parent, Room& room,
                 std::size_t depth) {
    if (depth > room.depth_max) return too_deep();
    if (value.is_array()) {
        const simdjson::dom::array all = value.get_array().value_unsafe();
        for (const simdjson::dom::element one : all) {
            TRY_VOID(add(name, one, parent, room, depth + 1));
        }
        return {};
    }
    if (!room.take()) return too_many();
    Tree& child = parent.children.emplace_back();
    child.name = local(name.starts_with('@') ? name.substr(1) : name);
    return fill(value, child, room, depth + 1);
}

Result<void> fill(const simdjson::dom::element& from, Tree& tree, Room& room, std::size_t depth) {
    if (depth > room.depth_max) return too_deep();
    using enum simdjson::dom::element_type;
    switch (from.type()) {
        case OBJECT: {
            const simdjson::dom::object all = from.get_object().value_unsafe();
            for (const simdjson::dom::key_value_pair member : all) {
                TRY_VOID(add(member.key, member.value, tree, room, depth));
            }
            break;
        }
        case ARRAY: return add(tree.name, from, tree, room, depth);
        case STRING: tree.text = std::string(trimmed(std::string_view(from.get_string().value_unsafe()))); break;
        case INT64: tree.text = fmt::format("{}", from.get_int64().value_unsafe()); break;
        case UINT64: tree.text = fmt::format("{}", from.get_uint64().value_unsafe()); break;
        case DOUBLE: tree.text = fmt::format("{}", from.get_double().value_unsafe()); break;
        case BOOL: tree.text = from.get_bool().value_unsafe() ? "true" : "false"; break;
        case NULL_VALUE: break;
    }
    return {};
}

Result<Tree> parse_json(std::string_view text, const Limits& limits) {
    simdjson::dom::parser parser(limits.document_bytes_max);
    if (parser.allocate(std::max<std::size_t>(text.size(), 64), 2 * limits.depth_max) != simdjson::SUCCESS)
        return fail(Code::exhausted, "no memory for the document");
    auto parsed = parser.parse(text.data(), text.size());
    if (parsed.error() == simdjson::DEPTH_ERROR) return too_deep();
    if (parsed.error() != simdjson::SUCCESS)
        return fail(Code::invalid, fmt::format("no JSON: {}", simdjson::error_message(parsed.error())));
    Tree tree;
    Room room{limits.nodes_max, limits.depth_max};
    TRY_VOID(fill(parsed.value_unsafe(), tree, room, 1));
    return tree;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

const Tree* Tree::child(std::string_view wanted) const {
    const auto found = std::ranges::find_if(children, [&](const Tree& tree) { return same_name(tree.name, wanted); });
    return found == children.end() ? nullptr : &*found;
}

std::string_view Tree::text_of(std::initializer_list<std::string_view> names) const {
    for (const std::string_view wanted : names)
        if (const Tree* found = child(wanted); found && !found->text.empty()) return found->text;
    return {};
}

Result<Tree> parse_tree(Bytes document, const Limits& limits) {
    if (document.size() > limits.document_bytes_max)
        return fail(Code::exhausted, fmt::format("a document of {} bytes, at most {}", document.size(),
                                                 limits.document_bytes_max));
    std::string_view text = as_text(document);
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return fail(Code::invalid, "an empty document");
    text.remove_prefix(first);
    if (text[0] == '{' || text[0] == '[') return parse_json(text, limits);
    return parse_xml(text, limits);
}

}  // namespace lineshaft::aemp
