// PES (Brother): a small header, then the PEC block, which is what the machine sews: label,
// palette, stitches of 7 or 12 bits per axis, and pictures of 48 x 38 dots for its screen.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stitch/files/records.h"

namespace lineshaft::stitch {
namespace {

constexpr int pec_reach = 2047;
constexpr std::uint32_t long_form = 0x80, jump_flag = 0x10, trim_flag = 0x20;
constexpr std::size_t icon_bytes = 6 * 38;
constexpr std::size_t pec_offset = 22;  // of the shortest version 1 header

int signed_bits(std::uint32_t value, int bits) {
    const int half = 1 << (bits - 1);
    const int low = static_cast<int>(value & ((1U << bits) - 1));
    return low >= half ? low - 2 * half : low;
}

struct PecAxis {
    int delta = 0;
    std::uint32_t flags = 0;
};

Result<PecAxis> take_axis(Reader& in, std::uint32_t first) {
    if ((first & long_form) == 0) return PecAxis{signed_bits(first, 7), 0};
    TRY(const auto low, in.take_le<std::uint8_t>());
    return PecAxis{signed_bits(first << 8 | low, 12), first & (jump_flag | trim_flag)};
}

Result<void> read_pec_records(Reader& in, StepReader& steps) {
    while (!in.at_end()) {
        TRY(const auto first, in.take_le<std::uint8_t>());
        if (first == 0xFF) return {};
        if (first == 0xFE) {
            TRY(const auto mark, in.take_be<std::uint16_t>());
            if (mark >> 8 != 0xB0)
                return fail(Code::corrupt, fmt::format("no such command fe {:02x}", mark >> 8));
            steps.colour();
        } else {
            TRY(const PecAxis x, take_axis(in, first));
            TRY(const auto second, in.take_le<std::uint8_t>());
            TRY(const PecAxis y, take_axis(in, second));
            const auto flags = x.flags | y.flags;
            if (flags & trim_flag) steps.trim();
            if (flags != 0)
                steps.jump(x.delta, y.delta);
            else
                steps.stitch(x.delta, y.delta);
        }
        TRY_VOID(steps.check());
    }
    return fail(Code::corrupt, "cut short: no end mark");
}

void put_long(std::string& out, int dx, int dy, std::uint32_t flag) {
    for (const int delta : {dx, dy}) {
        const auto bits = (static_cast<std::uint32_t>(delta) & 0xFFFU) | (long_form | flag) << 8;
        out += static_cast<char>(bits >> 8);
        out += static_cast<char>(bits);
    }
}

void put_stitch(std::string& out, int dx, int dy) {
    if (dx > -64 && dx < 63 && dy > -64 && dy < 63) {
        out += static_cast<char>(dx & 0x7F);
        out += static_cast<char>(dy & 0x7F);
        return;
    }
    in_pieces(dx, dy, pec_reach, 1,
              [&](int x, int y, bool is_last) { put_long(out, x, y, is_last ? 0 : jump_flag); });
}

std::string pec_records(const Pattern& pattern) {
    std::string out;
    out.reserve(2 * pattern.steps.size() + 64);
    Step at;
    bool is_cut_due = false;
    char colour_mark = 2;
    const auto settle = [&](int dx, int dy) {
        const std::uint32_t flag = is_cut_due ? trim_flag : jump_flag;
        const int pieces_min = is_cut_due ? 1 : 0;
        in_pieces(dx, dy, pec_reach, pieces_min, [&](int x, int y, bool is_last) {
            put_long(out, x, y, is_last ? flag : jump_flag);
        });
        is_cut_due = false;
    };
    for (const Step& step : pattern.steps) {
        const int dx = step.x - at.x, dy = step.y - at.y;
        switch (step.act) {
            case Act::stitch:
                settle(0, 0);
                put_stitch(out, dx, dy);
                break;
            case Act::jump: settle(dx, dy); break;
            case Act::trim: is_cut_due = true; break;
            case Act::colour:
                settle(0, 0);
                out += "\xfe\xb0";
                out += colour_mark;
                colour_mark = static_cast<char>(3 - colour_mark);
                break;
        }
        at = step;
    }
    settle(0, 0);
    out += '\xff';
    return out;
}

using Icon = std::array<char, icon_bytes>;

void dot(Icon& icon, int x, int y) {
    if (x < 0 || x >= 48 || y < 0 || y >= 38) return;
    auto& cell = icon[static_cast<std::size_t>(y * 6 + x / 8)];
    cell = static_cast<char>(cell | 1 << (x % 8));
}

Icon framed_icon() {
    Icon icon{};
    for (int x = 3; x < 45; ++x) dot(icon, x, 1), dot(icon, x, 36);
    for (int y = 3; y < 35; ++y) dot(icon, 1, y), dot(icon, 46, y);
    return icon;
}

// The whole design first, then each colour by itself.
std::string icons(const Pattern& pattern, std::size_t colours) {
    std::vector<Icon> all(colours + 1, framed_icon());
    const Bounds bounds = bounds_of(pattern);
    const double scale =
        std::min(40.0 / std::max(1, bounds.width()), 30.0 / std::max(1, bounds.height()));
    std::size_t colour = 1;
    for (const Step& step : pattern.steps) {
        if (step.act == Act::colour) colour = std::min(colour + 1, colours);
        if (step.act != Act::stitch) continue;
        const int x = 24 + static_cast<int>((step.x - (bounds.left + bounds.right) / 2) * scale);
        const int y = 19 + static_cast<int>((step.y - (bounds.top + bounds.bottom) / 2) * scale);
        dot(all[0], x, y);
        dot(all[colour], x, y);
    }
    std::string out;
    for (const Icon& icon : all) out.append(icon.data(), icon.size());
    return out;
}

Result<Pattern> read_pec(Bytes block, const FileLimits& limits) {
    Reader in(block);
    TRY(const auto label, in.take(20));
    if (!as_text(label).starts_with("LA:"))
        return fail(Code::corrupt, "its PEC block does not begin with LA:");
    Pattern pattern;
    pattern.name = as_text(label).substr(3, 16);
    pattern.name.erase(pattern.name.find_last_not_of(std::string_view(" \0\r", 3)) + 1);
    TRY_VOID(in.take(28));
    TRY(const auto changes, in.take_le<std::uint8_t>());
    const std::size_t colours = changes == 0xFF ? 0 : changes + 1U;
    TRY(const auto chosen, in.take(colours));
    for (const std::byte index : chosen)
        pattern.threads.push_back(
            palette_thread(brother_palette(), std::to_integer<std::size_t>(index)));
    TRY_VOID(in.take(463 - colours));
    TRY_VOID(in.take(2 + 3 + 3 + 8));  // length, mark, width, height, two constants
    StepReader steps(pattern, limits);
    TRY_VOID(read_pec_records(in, steps));
    steps.end();
    return pattern;
}

}  // namespace

Result<Pattern> read_pes(Bytes file, const Dialect&, const FileLimits& limits) {
    const std::string_view text = as_text(file.first(std::min<std::size_t>(8, file.size())));
    if (text == "#PEC0001") return read_pec(file.subspan(8), limits);
    if (!text.starts_with("#PES")) return fail(Code::corrupt, "does not begin with #PES");
    Reader head(file);
    TRY_VOID(head.take(8));
    TRY(const auto offset, head.take_le<std::uint32_t>());
    if (offset >= file.size()) {
        return fail(Code::corrupt, fmt::format("PEC block at byte {} of {}", offset, file.size()));
    }
    return read_pec(file.subspan(offset), limits);
}

std::string write_pes(const Pattern& pattern, const Dialect&) {
    const Bounds bounds = bounds_of(pattern);
    std::vector<Thread> threads = pattern.threads;
    if (threads.empty()) threads.resize(counts_of(pattern).colours + 1);
    std::string label;
    for (const char letter : std::string_view(pattern.name).substr(0, 8))
        label += letter >= 0x20 && letter < 0x7F ? letter : '_';
    std::string out = "#PES0001";
    Writer write(out);
    write.put_le(static_cast<std::uint32_t>(pec_offset));
    out.append(10, '\0');
    out += fmt::format("LA:{:<16}\r", label);
    out += "            \xff";
    out.append(1, '\0');
    out += "\x06\x26";
    out.append(12, ' ');
    out += static_cast<char>(threads.size() - 1);
    for (const std::uint8_t index : nearest(brother_palette(), threads))
        out += static_cast<char>(index);
    out.append(463 - threads.size(), ' ');
    const std::string records = pec_records(pattern);
    out.append(2, '\0');
    const auto length = static_cast<std::uint32_t>(records.size() + 16);
    for (const int shift : {0, 8, 16}) out += static_cast<char>(length >> shift);
    out += "\x31\xff\xf0";
    write.put_le(static_cast<std::uint16_t>(bounds.width()));
    write.put_le(static_cast<std::uint16_t>(bounds.height()));
    write.put_le(std::uint16_t{0x1E0});
    write.put_le(std::uint16_t{0x1B0});
    return out + records + icons(pattern, threads.size());
}

}  // namespace lineshaft::stitch
