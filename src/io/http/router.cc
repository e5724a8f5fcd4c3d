#include "io/http/router.h"

#include <set>
#include <string_view>

#include "base/check.h"

namespace lineshaft::io::http {
namespace {

std::vector<std::string> split_pattern(std::string_view pattern) {
    CHECK(pattern.starts_with('/'));
    std::vector<std::string> parts;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);
        const auto end = std::min(pattern.find('/'), pattern.size());
        parts.emplace_back(pattern.substr(0, end));
        pattern.remove_prefix(end);
    }
    return parts;
}

template <class Node>
Node& made(std::unique_ptr<Node>& place) {
    if (!place) place = std::make_unique<Node>();
    return *place;
}

template <class Node>
Node& node_of(Node& root, std::string_view pattern) {
    Node* node = &root;
    const auto parts = split_pattern(pattern);
    for (std::size_t index = 0; index < parts.size(); ++index) {
        const std::string& part = parts[index];
        const bool is_braced = part.starts_with('{');
        CHECK(is_braced == part.ends_with('}'));
        if (!is_braced) {
            node = &node->literals[part];
        } else if (part.ends_with("...}")) {
            CHECK(index + 1 == parts.size());
            node = &made(node->rest);
        } else {
            node = &made(node->capture);
        }
    }
    return *node;
}

/// One walk through the tree for one request. Every node is visited at most once, since it has
/// one depth and one way to it.
class Walk {
public:
    using Node = Router::Table::Node;
    Walk(std::string_view method, const std::vector<std::string>& segments,
         std::string_view upgrade)
        : method_(method), segments_(segments), upgrade_(upgrade) {}

    bool visit(const Node& node, std::size_t at) {
        if (at == segments_.size()) return arrive(node);
        const auto literal = node.literals.find(segments_[at]);
        if (literal != node.literals.end() && visit(literal->second, at + 1)) return true;
        if (node.capture && !segments_[at].empty()) {
            match.captured.push_back(segments_[at]);
            if (visit(*node.capture, at + 1)) return true;
            match.captured.pop_back();
        }
        if (!node.rest) return false;
        match.captured.push_back(rest_from(at));
        if (arrive(*node.rest)) return true;
        match.captured.pop_back();
        return false;
    }

    Router::Table::Match match;

    /// The methods of all patterns the path fits; only asked when none of them was right.
    std::string allow() const {
        std::set<std::string_view> methods;
        for (const Node* node : visited_) {
            for (const auto& [method, route] : node->methods) methods.insert(method);
            if (node->upgrade) methods.insert("GET");
        }
        if (methods.empty()) return {};
        if (methods.contains("GET")) methods.insert("HEAD");
        methods.insert("OPTIONS");
        std::string out;
        for (const auto method : methods) out.append(out.empty() ? "" : ", ").append(method);
        return out;
    }

private:
    bool arrive(const Node& node) {
        visited_.push_back(&node);
        if (node.upgrade) {
            match.upgrade = node.upgrade.get();
            if (method_ == "GET" && upgrade_ == node.upgrade->protocol) return true;
        }
        auto found = node.methods.find(method_);
        if (found == node.methods.end() && method_ == "HEAD") found = node.methods.find("GET");
        if (found == node.methods.end()) return false;
        match.route = &found->second;
        match.upgrade = nullptr;
        return true;
    }
    std::string rest_from(std::size_t at) const {
        std::string out = segments_[at];
        while (++at < segments_.size()) out += "/" + segments_[at];
        return out;
    }

    std::string_view method_;
    const std::vector<std::string>& segments_;
    std::string_view upgrade_;
    std::vector<const Node*> visited_;
};

}  // namespace

Router::Table::Match Router::Table::find(std::string_view method,
                                         const std::vector<std::string>& segments,
                                         std::string_view upgrade_to) const {
    Walk walk(method, segments, upgrade_to);
    const bool is_found = walk.visit(root, 0);
    if (!is_found) walk.match.allow = walk.allow();
    return std::move(walk.match);
}

Router::Router() : table_(std::make_shared<Table>()) {}
Router::~Router() = default;

void Router::add(std::string method, std::string pattern, Handler handler) {
    add(std::move(method), std::move(pattern), std::move(handler), Options{});
}

void Router::add(std::string method, std::string pattern, Handler handler, Options options) {
    CHECK(handler != nullptr);
    auto& node = node_of(table_->root, pattern);
    const bool is_new =
        node.methods.emplace(method, Route{std::move(handler), options.body_bytes_max, options.watches_client}).second;
    CHECK(is_new);
    table_->listed.push_back({std::move(method), std::move(pattern)});
}

void Router::add_upgrade(std::string pattern, std::string protocol, Upgrade upgrade) {
    CHECK(upgrade != nullptr);
    auto& node = node_of(table_->root, pattern);
    CHECK(node.upgrade == nullptr);
    node.upgrade =
        std::make_unique<UpgradeRoute>(UpgradeRoute{std::move(protocol), std::move(upgrade)});
    table_->listed.push_back({"GET", std::move(pattern)});
}

void Router::set_fallback(Handler handler) {
    table_->fallback = std::move(handler);
}

std::vector<Router::Listed> Router::listed() const {
    return table_->listed;
}

}  // namespace lineshaft::io::http
