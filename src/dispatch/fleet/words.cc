#include "dispatch/fleet/words.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>

namespace lineshaft::dispatch {
namespace {

std::string kilometres(double metres) {
    return metres < 10'000 ? fmt::format("{:.1f} km", metres / 1000)
                           : fmt::format("{:.0f} km", metres / 1000);
}

std::string span_of(double seconds, bool zh) {
    const double minutes = std::abs(seconds) / 60;
    if (minutes < 90) return fmt::format(fmt::runtime(zh ? "{:.0f} 分钟" : "{:.0f} min"), minutes);
    if (minutes < 48 * 60)
        return fmt::format(fmt::runtime(zh ? "{:.1f} 小时" : "{:.1f} h"), minutes / 60);
    return fmt::format(fmt::runtime(zh ? "{:.0f} 天" : "{:.0f} days"), minutes / 1440);
}

/// "Thursday, 26 November" of UTC.
std::string day_of(Instant at, bool zh) {
    constexpr std::array<std::string_view, 7> english{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
    constexpr std::array<std::string_view, 7> chinese{"周日", "周一", "周二", "周三",
                                                      "周四", "周五", "周六"};
    const auto day = std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(at.micros)));
    const std::chrono::year_month_day date(day);
    const unsigned weekday = std::chrono::weekday(day).c_encoding();
    if (zh)
        return fmt::format("{}（{}月{}日）", chinese[weekday], unsigned(date.month()),
                           unsigned(date.day()));
    return fmt::format("{} {:04}-{:02}-{:02}", english[weekday], int(date.year()),
                       unsigned(date.month()), unsigned(date.day()));
}

std::string list_of(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

std::string obstacle_of(const FleetCandidate& one, bool zh) {
    const solve::Candidate& terms = one.terms;
    switch (terms.obstacle) {
        case solve::Obstacle::none: return {};
        case solve::Obstacle::skills:
            return fmt::format(fmt::runtime(zh ? "缺少 {}" : "it lacks {}"), list_of(one.missing));
        case solve::Obstacle::pinned:
            return zh ? "该任务已固定给另一台设备" : "the job is pinned to another machine";
        case solve::Obstacle::load: return zh ? "超出承载能力" : "it cannot carry that";
        case solve::Obstacle::stops:
            return zh ? "已无法再接任务" : "it has all the jobs it may have";
        case solve::Obstacle::no_road: return zh ? "没有可通行的道路" : "there is no road to it";
        case solve::Obstacle::window_missed:
            return fmt::format(fmt::runtime(zh ? "最早也要在时间窗之后 {} 才能到"
                                               : "it would be there {} after the window at best"),
                               span_of(terms.late_s, zh));
        case solve::Obstacle::shift_over: {
            const std::string late = span_of(terms.late_s, zh);
            if (one.available_until && one.until_why == "service")
                return fmt::format(
                    fmt::runtime(zh ? "{}到期保养，会超出 {}"
                                    : "its service falls due on {}, {} before it would be done"),
                    day_of(*one.available_until, zh), late);
            if (one.available_until && one.until_why == "rent")
                return fmt::format(
                    fmt::runtime(zh ? "租期到{}，会超出 {}"
                                    : "its rent ends on {}, {} before it would be done"),
                    day_of(*one.available_until, zh), late);
            return fmt::format(
                fmt::runtime(zh ? "会超出可用时间 {}" : "it would be done {} after it must stop"),
                late);
        }
        case solve::Obstacle::delays_others:
            return fmt::format(fmt::runtime(zh ? "会使任务 {} 晚开始 {}"
                                               : "it would make request {} begin {} late"),
                               one.delayed ? one.delayed->request : "?", span_of(terms.late_s, zh));
    }
    return {};
}

}  // namespace

std::string sentence_of(const FleetCandidate& one, const FleetCandidate* best, bool zh) {
    const bool is_possible = one.terms.obstacle == solve::Obstacle::none;
    std::string text;
    if (best != nullptr && best->machine != one.machine) {
        const double nearer = best->terms.metres_from_start - one.terms.metres_from_start;
        if (nearer > 500)
            text =
                fmt::format(fmt::runtime(zh ? "近 {}，但" : "{} nearer, but "), kilometres(nearer));
        else if (nearer < -500 && is_possible)
            text = fmt::format(fmt::runtime(zh ? "远 {}，" : "{} further, "), kilometres(-nearer));
    }
    if (!is_possible) {
        text += obstacle_of(one, zh);
        return text;
    }
    if (best == nullptr || best->machine == one.machine)
        return fmt::format(
            fmt::runtime(zh ? "最经济：多行驶 {}，增加成本 {:.0f}，余量 {}"
                            : "the cheapest: {} more to drive, {:.0f} more in cost, {} to spare"),
            kilometres(std::max(0.0, one.terms.extra_metres)), one.terms.extra_cost,
            span_of(one.terms.slack_s, zh));
    text += fmt::format(fmt::runtime(zh ? "比 {} 多花 {:.0f}" : "{1:.0f} more than {0}"),
                        best->machine, one.terms.extra_cost - best->terms.extra_cost);
    if (one.terms.extra_changed > 0)
        text +=
            fmt::format(fmt::runtime(zh ? "（其中换机 {:.0f}）" : " ({:.0f} of it for the change)"),
                        one.terms.extra_changed);
    if (one.begin && best->begin && one.begin->micros - best->begin->micros > 60'000'000)
        text += fmt::format(fmt::runtime(zh ? "，晚开始 {}" : ", and begins {} later"),
                            span_of(double(one.begin->micros - best->begin->micros) / 1e6, zh));
    return text;
}

std::string sentence_of(const LeftOut& out, const std::string& type, bool zh) {
    std::string text;
    if (out.is_past) {
        text = zh ? "所有时间窗都已过去" : "all its windows have closed";
    } else {
        switch (out.why) {
            case solve::Why::no_skills:
                text = fmt::format(fmt::runtime(zh ? "没有可用的 {} 具备所需属具"
                                                   : "no {} that can be planned has what it needs"),
                                   type);
                break;
            case solve::Why::too_heavy: text = zh ? "没有设备能承载" : "nobody can carry it"; break;
            case solve::Why::not_in_time:
                text = fmt::format(
                    fmt::runtime(zh ? "没有 {} 能在时间窗内到达，即使空闲"
                                    : "no {} can be there in time, even if it were free"),
                    type);
                break;
            case solve::Why::not_worth_it:
                text = zh ? "自有设备可做，但成本高于租赁"
                          : "one of ours could, for more than renting costs";
                break;
            case solve::Why::crowded_out:
                text = fmt::format(
                    fmt::runtime(zh ? "能做的 {} 在此期间都有任务"
                                    : "every {} that could does something else in that time"),
                    type);
                break;
        }
    }
    if (out.rent_cost && !out.is_past)
        text +=
            fmt::format(fmt::runtime(zh ? "；建议租赁（{:.0f}）" : "; renting one costs {:.0f}"),
                        *out.rent_cost);
    return text;
}

std::string sentence_of(const Change& change, bool zh) {
    if (change.from == change.to)
        return fmt::format(
            fmt::runtime(change.shift_s > 0 ? (zh ? "{} 晚 {} 开始" : "{} begins {} later")
                                            : (zh ? "{} 早 {} 开始" : "{} begins {} earlier")),
            change.to, span_of(double(change.shift_s), zh));
    if (change.to.empty())
        return fmt::format(fmt::runtime(zh ? "{} 不再执行，暂无设备"
                                           : "{} no longer does it, and nobody else can"),
                           change.from);
    std::string text =
        change.from.empty()
            ? fmt::format(fmt::runtime(zh ? "由 {} 执行" : "{} does it"), change.to)
            : fmt::format(fmt::runtime(zh ? "由 {1} 代替 {0}" : "{1} in place of {0}"), change.from,
                          change.to);
    if (change.from_terms && change.from_terms->terms.obstacle != solve::Obstacle::none)
        text += (zh ? "：" : ": ") + obstacle_of(*change.from_terms, zh);
    else if (change.from_terms && change.to_terms)
        text += fmt::format(
            fmt::runtime(zh ? "：成本 {:.0f} 对 {:.0f}" : ": {:.0f} against {:.0f} in cost"),
            change.to_terms->terms.extra_cost, change.from_terms->terms.extra_cost);
    else if (change.to_terms)
        text +=
            fmt::format(fmt::runtime(zh ? "：距离 {}，成本 {:.0f}" : ": {} away, {:.0f} in cost"),
                        kilometres(change.to_terms->terms.metres_from_start),
                        change.to_terms->terms.extra_cost);
    return text;
}

}  // namespace lineshaft::dispatch
