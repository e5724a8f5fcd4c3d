// Tajima's DST: a header of 512 bytes, then three bytes a record, each a move in balanced ternary
// (weights 1, 3, 9, 27, 81 per axis) and two flags. specs: docs/embroidery.md names the source.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stitch/files/records.h"

namespace lineshaft::stitch {
namespace {

constexpr std::size_t header_bytes = 512;
constexpr int dst_reach = 121;
constexpr std::uint32_t flag_jump = 0x80, flag_colour = 0xC0;  // in the third byte
constexpr std::uint32_t end_mark = 0xF3;

// Bits of the three bytes, first byte highest: {plus, minus} for 1, 3, 9, 27, 81.
constexpr std::uint32_t x_bits[5][2] = {{0x010000, 0x020000},
                                        {0x000100, 0x000200},
                                        {0x040000, 0x080000},
                                        {0x000400, 0x000800},
                                        {0x04, 0x08}};
constexpr std::uint32_t y_bits[5][2] = {{0x800000, 0x400000},
                                        {0x008000, 0x004000},
                                        {0x200000, 0x100000},
                                        {0x002000, 0x001000},
                                        {0x20, 0x10}};

using DstAxis = std::array<std::uint32_t, 2 * dst_reach + 1>;

consteval DstAxis axis_codes(const std::uint32_t (&bits)[5][2]) {
    DstAxis codes{};
    for (int value = -dst_reach; value <= dst_reach; ++value) {
        int left = value;
        std::uint32_t code = 0;
        for (int digit = 0; digit < 5; ++digit) {
            const int rest = ((left % 3) + 4) % 3 - 1;  // -1, 0, 1
            if (rest == 1) code |= bits[digit][0];
            if (rest == -1) code |= bits[digit][1];
            left = (left - rest) / 3;
        }
        codes[static_cast<std::size_t>(value + dst_reach)] = code;
    }
    return codes;
}
constexpr DstAxis x_codes = axis_codes(x_bits), y_codes = axis_codes(y_bits);

struct Move {
    std::int16_t dx = 0, dy = 0;
};
using Moves = std::array<std::array<Move, 256>, 3>;

// What each byte adds: hostile bytes may set plus and minus together, which cancel out.
consteval Moves byte_moves() {
    Moves moves{};
    constexpr int weights[5] = {1, 3, 9, 27, 81};
    for (unsigned place = 0; place < 3; ++place) {
        for (std::uint32_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t word = byte << (8 * (2 - place));
            int dx = 0, dy = 0;
            for (int digit = 0; digit < 5; ++digit) {
                if (word & x_bits[digit][0]) dx += weights[digit];
                if (word & x_bits[digit][1]) dx -= weights[digit];
                if (word & y_bits[digit][0]) dy += weights[digit];
                if (word & y_bits[digit][1]) dy -= weights[digit];
            }
            moves[place][byte] = {static_cast<std::int16_t>(dx), static_cast<std::int16_t>(dy)};
        }
    }
    return moves;
}
constexpr Moves moves = byte_moves();

// The file counts y up, we count it down.
inline void put_record(std::string& out, int dx, int dy, std::uint32_t flags) {
    const std::uint32_t word = x_codes[static_cast<std::size_t>(dx + dst_reach)] |
                               y_codes[static_cast<std::size_t>(dst_reach - dy)] | 0x03 | flags;
    const char bytes[3] = {static_cast<char>(word >> 16), static_cast<char>(word >> 8),
                           static_cast<char>(word)};
    out.append(bytes, 3);
}

std::string label_of(std::string_view name) {
    std::string label;
    for (const char letter : name.substr(0, 16))
        label += letter >= 0x20 && letter < 0x7F ? letter : '_';
    return label;
}

std::string header(const Pattern& pattern, std::size_t records) {
    const Bounds bounds = bounds_of(pattern);
    const Step last = pattern.steps.back();
    const auto signed5 = [](int value) {
        return fmt::format("{}{:5d}", value < 0 ? '-' : '+', std::abs(value));
    };
    std::string head = fmt::format(
        "LA:{:<16}\rST:{:7d}\rCO:{:3d}\r+X:{:5d}\r-X:{:5d}\r+Y:{:5d}\r-Y:{:5d}\r"
        "AX:{}\rAY:{}\rMX:{}\rMY:{}\rPD:******\r\x1a",
        label_of(pattern.name), records, counts_of(pattern).colours, std::max(0, bounds.right),
        std::max(0, -bounds.left), std::max(0, -bounds.top), std::max(0, bounds.bottom),
        signed5(last.x), signed5(-last.y), signed5(0), signed5(0));
    head.resize(header_bytes, ' ');
    return head;
}

// One jump at least, so many that the machine cuts; without a move, there and back again.
void put_cut(std::string& out, int dx, int dy, const Dialect& dialect) {
    const int most = std::min(dialect.move_max, dst_reach), jumps = std::max(1, dialect.trim_jumps);
    if (dx != 0 || dy != 0) {
        in_pieces(dx, dy, most, jumps,
                  [&](int x, int y, bool) { put_record(out, x, y, flag_jump); });
        return;
    }
    for (int i = 0; i < jumps; ++i) {
        const bool is_odd_rest = jumps % 2 == 1 && i == jumps - 1;
        const int way = is_odd_rest ? 0 : (i % 2 == 0 ? 2 : -2);
        put_record(out, way, way, flag_jump);
    }
}

Result<void> read_records(Bytes records, StepReader& steps, const Dialect& dialect) {
    int jumps = 0;
    for (std::size_t at = 0; at + 3 <= records.size(); at += 3) {
        const auto b1 = std::to_integer<std::uint8_t>(records[at]);
        const auto b2 = std::to_integer<std::uint8_t>(records[at + 1]);
        const auto b3 = std::to_integer<std::uint8_t>(records[at + 2]);
        const int dx = moves[0][b1].dx + moves[1][b2].dx + moves[2][b3].dx;
        const int dy = -(moves[0][b1].dy + moves[1][b2].dy + moves[2][b3].dy);
        const std::uint32_t flags = b3 & 0xC3U;
        if (flags == 0x03) [[likely]] {
            steps.stitch(dx, dy);
            jumps = 0;
        } else if ((b3 & end_mark) == end_mark) {
            return {};
        } else if (flags == 0x83) {
            // Counted as the machine does: the cut comes with the last jump that makes it one.
            if (++jumps == dialect.trim_jumps) steps.trim();
            steps.jump(dx, dy);
        } else if (flags == 0xC3) {
            steps.colour();
            if (dx != 0 || dy != 0) steps.jump(dx, dy);
            jumps = 0;
        } else {
            return fail(Code::corrupt, fmt::format("record {} is not one: {:02x} {:02x} {:02x}",
                                                   at / 3 + 1, b1, b2, b3));
        }
        TRY_VOID(steps.check());
    }
    return fail(Code::corrupt,
                fmt::format("cut short: no end mark behind {} records", records.size() / 3));
}

}  // namespace

std::string write_dst(const Pattern& pattern, const Dialect& dialect) {
    const int most = std::clamp(dialect.move_max, 1, dst_reach);
    std::string body;
    body.reserve(3 * pattern.steps.size() + 1024);
    Step at;
    bool is_cut_due = false;
    const auto settle = [&](int dx, int dy) {
        if (is_cut_due) put_cut(body, dx, dy, dialect);
        is_cut_due = false;
    };
    for (const Step& step : pattern.steps) {
        const int dx = step.x - at.x, dy = step.y - at.y;
        switch (step.act) {
            case Act::stitch: {
                settle(0, 0);
                if (dx >= -most && dx <= most && dy >= -most && dy <= most) [[likely]] {
                    put_record(body, dx, dy, 0);
                    break;
                }
                in_pieces(dx, dy, most, 1, [&](int x, int y, bool is_last) {
                    put_record(body, x, y, is_last ? 0 : flag_jump);
                });
                break;
            }
            case Act::jump:
                if (is_cut_due)
                    settle(dx, dy);
                else
                    in_pieces(dx, dy, most, 1,
                              [&](int x, int y, bool) { put_record(body, x, y, flag_jump); });
                break;
            case Act::trim: is_cut_due = true; break;
            case Act::colour:
                settle(0, 0);
                put_record(body, 0, 0, flag_colour);
                break;
        }
        at = step;
    }
    settle(0, 0);
    body.append("\x00\x00\xf3", 3);
    return header(pattern, body.size() / 3) + body;
}

Result<Pattern> read_dst(Bytes file, const Dialect& dialect, const FileLimits& limits) {
    if (file.size() < header_bytes + 3) {
        return fail(Code::corrupt, fmt::format("{} bytes: shorter than its header", file.size()));
    }
    const std::string_view head = as_text(file.first(header_bytes));
    if (!head.starts_with("LA:")) return fail(Code::corrupt, "does not begin with LA:");
    Pattern pattern;
    pattern.name = head.substr(3, std::min<std::size_t>(16, head.find('\r') - 3));
    pattern.name.erase(pattern.name.find_last_not_of(std::string_view(" \0\r", 3)) + 1);
    pattern.steps.reserve(std::min((file.size() - header_bytes) / 3, limits.steps_max + 1));
    StepReader steps(pattern, limits);
    TRY_VOID(read_records(file.subspan(header_bytes), steps, dialect));
    steps.end();
    return pattern;
}

}  // namespace lineshaft::stitch
