#include "stitch/svg_path.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numbers>

namespace lineshaft::stitch {
namespace {

constexpr double flat = 0.03;
constexpr double far_away = 1e7;  // what is drawn further out is held there

bool is_space(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

void skip_spaces(std::string_view& text) {
    while (!text.empty() && (is_space(text.front()) || text.front() == ',')) text.remove_prefix(1);
}

double held(double value) {
    return std::isfinite(value) ? std::clamp(value, -far_away, far_away) : 0;
}

// A flag of an arc is one letter; what follows may stand against it.
bool take_flag(std::string_view& text, bool& out) {
    skip_spaces(text);
    if (text.empty() || (text.front() != '0' && text.front() != '1')) return false;
    out = text.front() == '1';
    text.remove_prefix(1);
    return true;
}

}  // namespace

bool take_number(std::string_view& text, double& out) {
    skip_spaces(text);
    std::string_view number = text;
    if (!number.empty() && number.front() == '+') number.remove_prefix(1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out,
                                              std::chars_format::general);
    if (error != std::errc() || !std::isfinite(out)) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    out = std::clamp(out, -1e9, 1e9);
    return true;
}

Transform Transform::of(const Transform& inner) const {
    return {a * inner.a + c * inner.b,     b * inner.a + d * inner.b,
            a * inner.c + c * inner.d,     b * inner.c + d * inner.d,
            a * inner.e + c * inner.f + e, b * inner.e + d * inner.f + f};
}

Result<Transform> parse_transform(std::string_view text) {
    Transform out;
    constexpr double degree = std::numbers::pi / 180;
    for (int guard = 0; guard < 64; ++guard) {
        skip_spaces(text);
        if (text.empty()) return out;
        const auto open = text.find('('), shut = text.find(')');
        if (open == std::string_view::npos || shut == std::string_view::npos || shut < open) break;
        std::string_view name = text.substr(0, open),
                         inside = text.substr(open + 1, shut - open - 1);
        while (!name.empty() && is_space(name.back())) name.remove_suffix(1);
        text.remove_prefix(shut + 1);
        std::array<double, 6> n{};
        std::size_t count = 0;
        while (count < 6 && take_number(inside, n[count])) ++count;
        Transform one;
        if (name == "matrix" && count == 6) {
            one = {n[0], n[1], n[2], n[3], n[4], n[5]};
        } else if (name == "translate" && count >= 1) {
            one.e = n[0], one.f = count > 1 ? n[1] : 0;
        } else if (name == "scale" && count >= 1) {
            one.a = n[0], one.d = count > 1 ? n[1] : n[0];
        } else if (name == "rotate" && (count == 1 || count == 3)) {
            const double cosine = std::cos(n[0] * degree), sine = std::sin(n[0] * degree);
            one = {cosine,
                   sine,
                   -sine,
                   cosine,
                   n[1] - cosine * n[1] + sine * n[2],
                   n[2] - sine * n[1] - cosine * n[2]};
        } else if (name == "skewX" && count == 1) {
            one.c = std::tan(n[0] * degree);
        } else if (name == "skewY" && count == 1) {
            one.b = std::tan(n[0] * degree);
        } else {
            break;
        }
        out = out.of(one);
    }
    return fail(Code::invalid, "a transform cannot be read");
}

void PathPen::add(Place seen) {
    seen = {held(seen.x), held(seen.y)};
    if (paths_.empty() || is_full()) return;
    Line& line = paths_.back().places;
    if (!line.empty() && distance(line.back(), seen) < 1e-4) return;
    line.push_back(seen);
    ++count_;
}

void PathPen::move_to(Place to) {
    if (!paths_.empty() && paths_.back().places.size() < 2) paths_.pop_back();
    paths_.emplace_back();
    ++count_;
    at_ = start_ = to;
    add(transform_(to));
}

void PathPen::line_to(Place to) {
    if (!paths_.empty() && paths_.back().is_closed) move_to(start_);
    at_ = to;
    add(transform_(to));
}

void PathPen::curve_to(Place first, Place second, Place to) {
    if (!paths_.empty() && paths_.back().is_closed) move_to(start_);
    const Place a = transform_(at_), b = transform_(first), c = transform_(second),
                d = transform_(to);
    const double bend = std::max(length(a - b * 2 + c), length(b - c * 2 + d));
    const int pieces =
        std::clamp(static_cast<int>(std::ceil(std::sqrt(0.75 * bend / flat))), 1, 200);
    for (int i = 1; i <= pieces; ++i) {
        const double t = static_cast<double>(i) / pieces;
        const Place ab = between(a, b, t), bc = between(b, c, t), cd = between(c, d, t);
        add(between(between(ab, bc, t), between(bc, cd, t), t));
    }
    at_ = to;
}

void PathPen::quad_to(Place control, Place to) {
    curve_to(between(at_, control, 2.0 / 3), between(to, control, 2.0 / 3), to);
}

// From end points to a centre (SVG 1.1, F.6.5), then in pieces of at most a quarter.
void PathPen::arc_to(double rx, double ry, double degrees, bool is_large, bool is_sweep, Place to) {
    rx = std::abs(rx), ry = std::abs(ry);
    if (rx < 1e-9 || ry < 1e-9 || distance(at_, to) < 1e-12) {
        line_to(to);
        return;
    }
    const double turn = degrees * std::numbers::pi / 180, cosine = std::cos(turn),
                 sine = std::sin(turn);
    const Place half = (at_ - to) * 0.5, middle = (at_ + to) * 0.5;
    const Place p{cosine * half.x + sine * half.y, -sine * half.x + cosine * half.y};
    const double large = p.x * p.x / (rx * rx) + p.y * p.y / (ry * ry);
    if (large > 1) rx *= std::sqrt(large), ry *= std::sqrt(large);
    const double under = rx * rx * p.y * p.y + ry * ry * p.x * p.x;
    const double root = std::sqrt(std::max(0.0, (rx * rx * ry * ry - under) / under)) *
                        (is_large == is_sweep ? -1 : 1);
    const Place c{root * rx * p.y / ry, -root * ry * p.x / rx};
    const Place centre{cosine * c.x - sine * c.y + middle.x, sine * c.x + cosine * c.y + middle.y};
    const double start = std::atan2((p.y - c.y) / ry, (p.x - c.x) / rx);
    double sweep = std::atan2((-p.y - c.y) / ry, (-p.x - c.x) / rx) - start;
    if (is_sweep && sweep < 0) sweep += 2 * std::numbers::pi;
    if (!is_sweep && sweep > 0) sweep -= 2 * std::numbers::pi;
    const int pieces =
        std::max(1, static_cast<int>(std::ceil(std::abs(sweep) / (std::numbers::pi / 2) - 1e-6)));
    const double step = sweep / pieces, reach = 4.0 / 3 * std::tan(step / 4);
    const auto on = [&](double angle) {
        return Place{centre.x + rx * std::cos(angle) * cosine - ry * std::sin(angle) * sine,
                     centre.y + rx * std::cos(angle) * sine + ry * std::sin(angle) * cosine};
    };
    const auto way = [&](double angle) {
        return Place{-rx * std::sin(angle) * cosine - ry * std::cos(angle) * sine,
                     -rx * std::sin(angle) * sine + ry * std::cos(angle) * cosine};
    };
    for (int i = 0; i < pieces; ++i) {
        const double from = start + step * i, end = from + step;
        const Place last = i + 1 == pieces ? to : on(end);
        curve_to(on(from) + way(from) * reach, last - way(end) * reach, last);
    }
}

void PathPen::close() {
    if (paths_.empty() || paths_.back().is_closed) return;
    paths_.back().is_closed = true;
    at_ = start_;
}

bool draw_path(PathPen& pen, std::string_view d) {
    char command = 0;
    Place control;  // of the curve before, for S and T
    char before = 0;
    while (true) {
        skip_spaces(d);
        if (d.empty()) return true;
        if (pen.is_full()) return false;
        const char letter = d.front();
        const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
        if (is_letter) {
            command = letter;
            d.remove_prefix(1);
        } else if (command == 'z' || command == 'Z' || command == 0) {
            return false;
        }
        const char kind = command >= 'a' ? static_cast<char>(command - 32) : command;
        if (before == 0 && kind != 'M') return false;
        const Place from = command >= 'a' ? pen.at() : Place{};
        const auto place = [&](Place& out) {
            if (!take_number(d, out.x) || !take_number(d, out.y)) return false;
            out = out + from;
            return true;
        };
        Place a, b, to;
        double x = 0, y = 0, turn = 0;
        bool is_large = false, is_sweep = false;
        switch (kind) {
            case 'M':
                if (!place(to)) return false;
                pen.move_to(to);
                command = command == 'm' ? 'l' : 'L';
                break;
            case 'L':
                if (!place(to)) return false;
                pen.line_to(to);
                break;
            case 'H':
                if (!take_number(d, x)) return false;
                pen.line_to({x + from.x, pen.at().y});
                break;
            case 'V':
                if (!take_number(d, y)) return false;
                pen.line_to({pen.at().x, y + from.y});
                break;
            case 'C':
                if (!place(a) || !place(b) || !place(to)) return false;
                pen.curve_to(a, b, to);
                control = b;
                break;
            case 'S':
                if (!place(b) || !place(to)) return false;
                a = before == 'C' || before == 'S' ? pen.at() * 2 - control : pen.at();
                pen.curve_to(a, b, to);
                control = b;
                break;
            case 'Q':
                if (!place(a) || !place(to)) return false;
                pen.quad_to(a, to);
                control = a;
                break;
            case 'T':
                if (!place(to)) return false;
                control = before == 'Q' || before == 'T' ? pen.at() * 2 - control : pen.at();
                pen.quad_to(control, to);
                break;
            case 'A':
                if (!take_number(d, x) || !take_number(d, y) || !take_number(d, turn) ||
                    !take_flag(d, is_large) || !take_flag(d, is_sweep) || !place(to))
                    return false;
                pen.arc_to(x, y, turn, is_large, is_sweep, to);
                break;
            case 'Z': pen.close(); break;
            default: return false;
        }
        before = kind;
    }
}

}  // namespace lineshaft::stitch
