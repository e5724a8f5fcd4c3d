// U01 (Barudan FDR) and VP3 (Pfaff, Husqvarna Viking): read, not written.
#include <fmt/format.h>

#include <cmath>

#include "stitch/files/records.h"

namespace lineshaft::stitch {
namespace {

constexpr std::size_t u01_header_bytes = 256;

// Three bytes a record: what and the signs, then |dy|, |dx|.
Result<bool> take_u01(Bytes record, StepReader& steps, int& needle) {
    const auto control = std::to_integer<std::uint32_t>(record[0]);
    int dy = -std::to_integer<int>(record[1]), dx = std::to_integer<int>(record[2]);
    if (control & 0x20U) dx = -dx;
    if (control & 0x40U) dy = -dy;
    const auto command = control & 0x1FU;
    if (command == 0x18) return false;
    const bool is_moving = dx != 0 || dy != 0;
    if (command == 0x00) {
        steps.stitch(dx, dy);
    } else if (command == 0x02 || command == 0x04) {  // fast, slow
        if (is_moving) steps.stitch(dx, dy);
    } else if (command == 0x01 || command == 0x03 || command == 0x05) {
        steps.jump(dx, dy);
    } else if (command == 0x06 || command == 0x07) {
        steps.trim();
        if (is_moving) steps.jump(dx, dy);
    } else if (command == 0x08 || (command >= 0x09 && command <= 0x17)) {
        // The needle to begin with is no change.
        if (needle >= 0 || steps.has_stitch()) steps.colour();
        needle = static_cast<int>(command);
        if (is_moving) steps.jump(dx, dy);
    } else {
        return fail(Code::corrupt, fmt::format("no such record {:02x}", control));
    }
    TRY_VOID(steps.check());
    return true;
}

int signed_of(std::uint32_t raw) {
    return static_cast<int>(raw);
}
int signed_of(std::uint16_t raw) {
    return static_cast<std::int16_t>(raw);
}

Result<Bytes> take_string(Reader& in) {
    TRY(const auto length, in.take_be<std::uint16_t>());
    return in.take(length);
}

Result<Thread> take_vp3_thread(Reader& in) {
    Thread thread;
    TRY(const auto colours, in.take_be<std::uint8_t>());
    TRY_VOID(in.take(1));
    for (int i = 0; i < colours; ++i) {
        TRY(const auto rgb, in.take(3));
        thread.colour = {std::to_integer<std::uint8_t>(rgb[0]),
                         std::to_integer<std::uint8_t>(rgb[1]),
                         std::to_integer<std::uint8_t>(rgb[2])};
        TRY_VOID(in.take(3));
    }
    TRY_VOID(in.take(2));
    TRY_VOID(take_string(in));  // number in the chart
    TRY(const auto name, take_string(in));
    TRY_VOID(take_string(in));  // maker
    if (is_utf8(as_text(name))) thread.name = as_text(name);
    return thread;
}

Result<void> read_vp3_records(Bytes records, StepReader& steps) {
    Reader in(records);
    while (in.left() >= 2) {
        TRY(const auto x, in.take_be<std::uint8_t>());
        TRY(const auto y, in.take_be<std::uint8_t>());
        if (x != 0x80) {
            steps.stitch(static_cast<std::int8_t>(x), static_cast<std::int8_t>(y));
        } else if (y == 0x01) {
            TRY(const auto dx, in.take_be<std::uint16_t>());
            TRY(const auto dy, in.take_be<std::uint16_t>());
            steps.stitch(signed_of(dx), signed_of(dy));
        } else if (y == 0x03) {
            steps.trim();
        } else if (y != 0x02) {
            return fail(Code::corrupt, fmt::format("no such command {:02x}", y));
        }
        TRY_VOID(steps.check());
    }
    return {};
}

struct Place {
    double x = 0, y = 0;  // 0.1 mm
};

Result<Place> take_place(Reader& in) {
    TRY(const auto x, in.take_be<std::uint32_t>());
    TRY(const auto y, in.take_be<std::uint32_t>());
    return Place{signed_of(x) / 100.0, -signed_of(y) / 100.0};
}

Result<void> read_vp3_colour(Reader& in, Place centre, Pattern& pattern, StepReader& steps,
                             const FileLimits& limits) {
    TRY_VOID(in.take(3));
    TRY(const auto length, in.take_be<std::uint32_t>());
    TRY(const auto bytes, in.take(length));
    Reader block(bytes);
    TRY(const auto start, take_place(block));
    const double x = start.x + centre.x, y = start.y + centre.y;
    if (std::abs(x) > limits.place_max || std::abs(y) > limits.place_max) {
        return fail(Code::corrupt, "a colour begins further away than any hoop is wide");
    }
    steps.jump_to(static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y)));
    TRY(auto thread, take_vp3_thread(block));
    pattern.threads.push_back(std::move(thread));
    TRY_VOID(block.take(15 + 3));
    return read_vp3_records(block.rest(), steps);
}

}  // namespace

Result<Pattern> read_u01(Bytes file, const Dialect&, const FileLimits& limits) {
    if (file.size() < u01_header_bytes + 3) {
        return fail(Code::corrupt, fmt::format("{} bytes: shorter than its header", file.size()));
    }
    Pattern pattern;
    StepReader steps(pattern, limits);
    const Bytes records = file.subspan(u01_header_bytes);
    int needle = -1;
    for (std::size_t at = 0; at + 3 <= records.size(); at += 3) {
        auto is_more = take_u01(records.subspan(at, 3), steps, needle);
        if (!is_more) {
            return std::unexpected(is_more.error().in(fmt::format("record {}", at / 3 + 1)));
        }
        if (!*is_more) {
            steps.end();
            return pattern;
        }
    }
    return fail(Code::corrupt, "cut short: no end mark");
}

Result<Pattern> read_vp3(Bytes file, const Dialect&, const FileLimits& limits) {
    Reader in(file);
    TRY(const auto magic, in.take(6));
    if (as_text(magic) != std::string_view("%vsm%\0", 6))
        return fail(Code::corrupt, "does not begin with %vsm%");
    TRY_VOID(take_string(in));  // what wrote it
    TRY_VOID(in.take(7));
    TRY_VOID(take_string(in));  // comments
    TRY_VOID(in.take(32));
    TRY(const auto centre, take_place(in));
    TRY_VOID(in.take(27));
    TRY_VOID(take_string(in));
    TRY_VOID(in.take(24));
    TRY_VOID(take_string(in));
    TRY(const auto colours, in.take_be<std::uint16_t>());
    if (colours > limits.colours_max + 1)
        return fail(Code::exhausted, fmt::format("{} colours", colours));
    Pattern pattern;
    StepReader steps(pattern, limits);
    for (int i = 0; i < colours; ++i) {
        if (i > 0) steps.colour();
        auto block = read_vp3_colour(in, centre, pattern, steps, limits);
        if (!block) return std::unexpected(block.error().in(fmt::format("colour {}", i + 1)));
    }
    steps.end();
    if (pattern.steps.empty()) return fail(Code::corrupt, "no stitch in it");
    return pattern;
}

}  // namespace lineshaft::stitch
