// EXP (Melco, Bernina) and JEF (Janome): pairs of signed bytes, 0x80 escapes to a command.
#include <fmt/format.h>

#include <algorithm>

#include "stitch/files/records.h"

namespace lineshaft::stitch {
namespace {

constexpr int reach = 127;
constexpr std::uint8_t escape = 0x80;

int signed_byte(std::byte byte) {
    return static_cast<std::int8_t>(std::to_integer<std::uint8_t>(byte));
}

void put_bytes(std::string& out, std::initializer_list<int> bytes) {
    for (const int byte : bytes) out += static_cast<char>(byte);
}

void put_move(std::string& out, int command, int dx, int dy) {
    put_bytes(out, {escape, command, dx, -dy});
}

Error cut_short(std::size_t at) {
    return {Code::corrupt, fmt::format("cut short in the record at byte {}", at)};
}

// EXP has no end mark: the file ends where it ends, but not inside a record.
Result<void> read_exp_records(Bytes file, StepReader& steps) {
    for (std::size_t at = 0; at < file.size();) {
        if (file.size() - at < 2) return std::unexpected(cut_short(at));
        if (std::to_integer<std::uint8_t>(file[at]) != escape) {
            steps.stitch(signed_byte(file[at]), -signed_byte(file[at + 1]));
            at += 2;
        } else {
            if (file.size() - at < 4) return std::unexpected(cut_short(at));
            const int command = std::to_integer<int>(file[at + 1]);
            const int dx = signed_byte(file[at + 2]), dy = -signed_byte(file[at + 3]);
            switch (command) {
                case 0x80: steps.trim(); break;
                case 0x02: steps.stitch(dx, dy); break;
                case 0x04: steps.jump(dx, dy); break;
                case 0x01:
                    steps.colour();
                    if (dx != 0 || dy != 0) steps.jump(dx, dy);
                    break;
                default:
                    return fail(Code::corrupt,
                                fmt::format("no such command {:02x} at byte {}", command, at));
            }
            at += 4;
        }
        TRY_VOID(steps.check());
    }
    return {};
}

Result<void> read_jef_records(Bytes file, std::size_t at, StepReader& steps, int trim_jumps) {
    int jumps = 0;
    while (file.size() - at >= 2) {
        if (std::to_integer<std::uint8_t>(file[at]) != escape) {
            steps.stitch(signed_byte(file[at]), -signed_byte(file[at + 1]));
            jumps = 0;
            at += 2;
        } else {
            const int command = std::to_integer<int>(file[at + 1]);
            if (command == 0x10) return {};
            if (file.size() - at < 4) return std::unexpected(cut_short(at));
            const int dx = signed_byte(file[at + 2]), dy = -signed_byte(file[at + 3]);
            if (command == 0x02) {
                if (++jumps == trim_jumps || (dx == 0 && dy == 0)) steps.trim();
                steps.jump(dx, dy);
            } else if (command == 0x01) {
                steps.colour();
                jumps = 0;
                if (dx != 0 || dy != 0) steps.jump(dx, dy);
            } else {
                return fail(Code::corrupt,
                            fmt::format("no such command {:02x} at byte {}", command, at));
            }
            at += 4;
        }
        TRY_VOID(steps.check());
    }
    return fail(Code::corrupt, "cut short: no end mark");
}

// Every step with `put_cut(dx, dy)` for a cut and the move behind it, and `put_colour()`.
template <class PutMove, class PutCut, class PutColour>
void put_steps(std::string& out, const Pattern& pattern, const PutMove& put_jump,
               const PutCut& put_cut, const PutColour& put_colour) {
    Step at;
    bool is_cut_due = false;
    const auto settle = [&](int dx, int dy) {
        if (is_cut_due) put_cut(dx, dy);
        const bool was_due = is_cut_due;
        is_cut_due = false;
        return was_due;
    };
    for (const Step& step : pattern.steps) {
        const int dx = step.x - at.x, dy = step.y - at.y;
        if (step.act == Act::stitch) {
            settle(0, 0);
            in_pieces(dx, dy, reach, 1, [&](int x, int y, bool is_last) {
                if (is_last)
                    put_bytes(out, {x, -y});
                else
                    put_jump(x, y);
            });
        } else if (step.act == Act::jump) {
            if (!settle(dx, dy))
                in_pieces(dx, dy, reach, 1, [&](int x, int y, bool) { put_jump(x, y); });
        } else if (step.act == Act::trim) {
            is_cut_due = true;
        } else {
            settle(0, 0);
            put_colour();
        }
        at = step;
    }
    settle(0, 0);
}

struct Hoop {
    std::uint32_t code;
    int width, height;  // 0.1 mm
};
constexpr Hoop janome_hoops[] = {
    {1, 500, 500}, {0, 1100, 1100}, {3, 1260, 1100}, {2, 1400, 2000}, {4, 2000, 2000}};

void put_edges(Writer& out, int width, int height, int hoop_width, int hoop_height) {
    const int x = (hoop_width - width) / 2, y = (hoop_height - height) / 2;
    const bool fits = x >= 0 && y >= 0;
    for (const int edge : {x, y, x, y}) out.put_le(static_cast<std::uint32_t>(fits ? edge : -1));
}

}  // namespace

Result<Pattern> read_exp(Bytes file, const Dialect&, const FileLimits& limits) {
    Pattern pattern;
    StepReader steps(pattern, limits);
    TRY_VOID(read_exp_records(file, steps));
    steps.end();
    if (pattern.steps.empty()) return fail(Code::corrupt, "empty");
    return pattern;
}

std::string write_exp(const Pattern& pattern, const Dialect&) {
    std::string out;
    out.reserve(2 * pattern.steps.size() + 64);
    const auto put_jump = [&](int x, int y) { put_move(out, 0x04, x, y); };
    put_steps(
        out, pattern, put_jump,
        [&](int dx, int dy) {
            put_bytes(out, {escape, 0x80, 0x07, 0x00});
            in_pieces(dx, dy, reach, 0, [&](int x, int y, bool) { put_jump(x, y); });
        },
        [&] { put_bytes(out, {escape, 0x01, 0x00, 0x00}); });
    return out;
}

Result<Pattern> read_jef(Bytes file, const Dialect& dialect, const FileLimits& limits) {
    Reader head(file);
    TRY(const auto offset, head.take_le<std::uint32_t>());
    TRY_VOID(head.take(20));
    TRY(const auto colours, head.take_le<std::uint32_t>());
    TRY_VOID(head.take(88));
    if (colours > limits.colours_max + 1) {
        return fail(Code::exhausted, fmt::format("{} colours", colours));
    }
    if (offset < 0x74 || offset > file.size()) {
        return fail(Code::corrupt, fmt::format("stitches at byte {} of {}", offset, file.size()));
    }
    Pattern pattern;
    for (std::uint32_t i = 0; i < colours; ++i) {
        TRY(const auto number, head.take_le<std::uint32_t>());
        pattern.threads.push_back(palette_thread(janome_palette(), number));
    }
    StepReader steps(pattern, limits);
    TRY_VOID(read_jef_records(file, offset, steps, dialect.trim_jumps));
    steps.end();
    return pattern;
}

std::string write_jef(const Pattern& pattern, const Dialect& dialect) {
    std::string body;
    std::size_t points = 1;
    const auto put_jump = [&](int x, int y) { put_move(body, 0x02, x, y); };
    put_steps(
        body, pattern, put_jump,
        [&](int dx, int dy) {
            in_pieces(dx, dy, reach, std::max(1, dialect.trim_jumps),
                      [&](int x, int y, bool) { put_jump(x, y); });
        },
        [&] { put_move(body, 0x01, 0, 0); });
    put_bytes(body, {escape, 0x10});
    points = body.size() / 2;

    const Bounds bounds = bounds_of(pattern);
    const int width = bounds.width(), height = bounds.height();
    std::vector<Thread> threads = pattern.threads;
    if (threads.empty()) threads.resize(counts_of(pattern).colours + 1);
    const auto count = static_cast<std::uint32_t>(threads.size());
    std::string out;
    Writer head(out);
    head.put_le(0x74 + count * 8);
    head.put_le(std::uint32_t{0x14});
    head.put(
        std::string_view("20000101000000\0\0", 16));  // no clock: the same design, the same file
    head.put_le(count);
    head.put_le(static_cast<std::uint32_t>(points));
    const auto* hoop = std::ranges::find_if(
        janome_hoops, [&](const Hoop& one) { return width <= one.width && height <= one.height; });
    head.put_le(hoop == std::end(janome_hoops) ? std::uint32_t{4} : hoop->code);
    for (const int half : {width / 2, height / 2, width / 2, height / 2})
        head.put_le(static_cast<std::uint32_t>(half));
    put_edges(head, width, height, 1100, 1100);
    put_edges(head, width, height, 500, 500);
    put_edges(head, width, height, 1400, 2000);
    put_edges(head, width, height, 1400, 2000);
    for (const std::uint8_t index : nearest(janome_palette(), threads))
        head.put_le(std::uint32_t{index});
    for (std::uint32_t i = 0; i < count; ++i) head.put_le(std::uint32_t{0x0D});
    return out + body;
}

}  // namespace lineshaft::stitch
