#include <fmt/format.h>

#include <toml++/toml.h>

#include <filesystem>
#include <sstream>

#include "app/settings.h"

namespace lineshaft::app {
namespace {

std::string text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    std::ostringstream out;
    out << toml::node_view<const toml::node>(node);
    return out.str();
}

}  // namespace

Result<void> read_file(Settings& settings, const std::string& path) {
    // The parser takes a directory for an empty file.
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem))
        return fail(Code::invalid, fmt::format("settings file {}: this is a directory", path));
    toml::table file;
    try {
        file = toml::parse_file(path);
    } catch (const toml::parse_error& why) {
        if (why.source().begin.line == 0)
            return fail(Code::invalid, fmt::format("settings file {}: it cannot be read", path));
        return fail(Code::invalid, fmt::format("settings file {}: line {}: {}", path,
                                               why.source().begin.line, why.description()));
    }
    for (const auto& [section, content] : file) {
        const auto* keys = content.as_table();
        if (keys == nullptr) {
            return fail(Code::invalid,
                        fmt::format("settings file {}: line {}: \"{}\" stands outside a "
                                    "[section]",
                                    path, content.source().begin.line, section.str()));
        }
        for (const auto& [key, value] : *keys) {
            auto done =
                set(settings, fmt::format("{}.{}", section.str(), key.str()), text_of(value));
            if (!done) {
                return std::unexpected(done.error().in(
                    fmt::format("settings file {}: line {}", path, value.source().begin.line)));
            }
        }
    }
    return {};
}

}  // namespace lineshaft::app
