#include "stitch/files/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stitch/files/records.h"

namespace lineshaft::stitch {
namespace {

constexpr std::array<std::string_view, 6> format_names{"dst", "exp", "pes", "jef", "u01", "vp3"};

// From makers' manuals and other programs' notes, not tried on every machine.
constexpr Dialect dialects[] = {
    {"generic", Format::dst, 3, 121, 0}, {"tajima", Format::dst, 3, 121, 8},
    {"barudan", Format::dst, 3, 121, 8}, {"brother", Format::pes, 3, 121, 8},
    {"melco", Format::exp, 3, 127, 0},   {"janome", Format::jef, 3, 127, 8},
    {"zsk", Format::dst, 4, 121, 8},     {"happy", Format::dst, 3, 121, 8},
};

}  // namespace

std::string_view name_of(Format format) {
    return format_names[static_cast<std::size_t>(format)];
}

std::optional<Format> format_of(std::string_view name) {
    std::string lower(name);
    for (char& letter : lower) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
    }
    const auto found = std::ranges::find(format_names, lower);
    if (found == format_names.end()) return std::nullopt;
    return static_cast<Format>(found - format_names.begin());
}

const Dialect* dialect_of(std::string_view name) {
    const auto* found = std::ranges::find(dialects, name, &Dialect::name);
    return found == std::end(dialects) ? nullptr : found;
}

std::string file_name(const Dialect& dialect, std::string_view design, unsigned number) {
    const bool is_short = dialect.name_letters_max > 0;
    std::string stem;
    for (const char letter : design) {
        const bool is_lower = letter >= 'a' && letter <= 'z';
        const bool is_plain = is_lower || (letter >= 'A' && letter <= 'Z') || letter == '-' ||
                              (letter >= '0' && letter <= '9') || letter == '_';
        if (is_plain) stem += is_short && is_lower ? static_cast<char>(letter - 32) : letter;
        if (!is_plain && (stem.empty() || stem.back() != '_')) stem += '_';
    }
    const std::string tail = number > 0 ? fmt::format("{}", number) : std::string();
    const std::size_t most = is_short ? static_cast<std::size_t>(dialect.name_letters_max) : 64;
    stem.resize(std::min(stem.size(), most - std::min(most, tail.size())));
    if (stem.empty() && tail.empty()) stem = is_short ? "DESIGN" : "design";
    std::string name = stem + tail + "." + std::string(name_of(dialect.format));
    if (is_short) {
        for (char& letter : name) {
            if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 32);
        }
    }
    return name;
}

Result<void> StepReader::why_not() const {
    if (out_.steps.size() > limits_.steps_max) {
        return fail(Code::exhausted, fmt::format("more than {} stitches", limits_.steps_max));
    }
    if (colours_ > limits_.colours_max) {
        return fail(Code::exhausted,
                    fmt::format("more than {} colour changes", limits_.colours_max));
    }
    return fail(Code::exhausted, fmt::format("step {} is more than {} m from the origin",
                                             out_.steps.size(), limits_.place_max / 10'000));
}

Result<Pattern> read(Format format, Bytes file, const Dialect& dialect, const FileLimits& limits) {
    if (file.size() > limits.bytes_max) {
        return fail(Code::exhausted, fmt::format("{} file of {} bytes; at most {} are read",
                                                 name_of(format), file.size(), limits.bytes_max));
    }
    auto pattern = [&]() -> Result<Pattern> {
        switch (format) {
            case Format::dst: return read_dst(file, dialect, limits);
            case Format::exp: return read_exp(file, dialect, limits);
            case Format::pes: return read_pes(file, dialect, limits);
            case Format::jef: return read_jef(file, dialect, limits);
            case Format::u01: return read_u01(file, dialect, limits);
            case Format::vp3: return read_vp3(file, dialect, limits);
        }
        return fail(Code::unsupported, "no such format");
    }();
    if (!pattern) return std::unexpected(pattern.error().in(name_of(format)));
    return pattern;
}

Result<std::string> write(Format format, const Pattern& pattern, const Dialect& dialect,
                          const FileLimits& limits) {
    const Counts counts = counts_of(pattern);
    if (counts.stitches == 0) return fail(Code::invalid, "the design has no stitch");
    if (!pattern.threads.empty() && pattern.threads.size() != counts.colours + 1) {
        return fail(Code::invalid, fmt::format("{} threads for {} colour changes",
                                               pattern.threads.size(), counts.colours));
    }
    if (pattern.steps.size() > limits.steps_max || counts.colours > limits.colours_max) {
        return fail(Code::exhausted, fmt::format("{} steps, {} colours: more than a file may have",
                                                 pattern.steps.size(), counts.colours));
    }
    const auto is_far = [&](const Step& step) {
        return std::max(std::abs(step.x), std::abs(step.y)) > limits.place_max;
    };
    if (std::ranges::any_of(pattern.steps, is_far)) {
        return fail(Code::exhausted, "a stitch is too far from the origin");
    }
    switch (format) {
        case Format::dst: return write_dst(pattern, dialect);
        case Format::exp: return write_exp(pattern, dialect);
        case Format::pes: return write_pes(pattern, dialect);
        case Format::jef: return write_jef(pattern, dialect);
        case Format::u01:
        case Format::vp3: break;
    }
    return fail(Code::unsupported, fmt::format("{} files are read only", name_of(format)));
}

}  // namespace lineshaft::stitch
