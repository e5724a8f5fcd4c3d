#include "dispatch/fleet/reason.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace lineshaft::dispatch {
namespace {

struct Saying {
    std::string_view code, english, chinese;  // {0}: now, {1}: limit, {2}: text
};
constexpr std::array sayings{
    // What a machine does.
    Saying{"silent", "nothing heard for {1:.0f} s", "{1:.0f} 秒内无消息"},
    Saying{"clock_back", "its clock stands {0:.1f} h back: what it says is older than what is known",
           "设备时钟慢了 {0:.1f} 小时：它报告的内容早于已知内容"},
    Saying{"clock_was_ahead",
           "its clock stood {0:.1f} h ahead: what it says is older than what is known",
           "设备时钟曾快 {0:.1f} 小时：它报告的内容早于已知内容"},
    Saying{"says", "it says \"{2}\"", "设备报告“{2}”"},
    Saying{"fault_code", "{2}", "{2}"},
    Saying{"rpm", "{0:.0f} rpm of {1:.0f}", "转速 {0:.0f}（界限 {1:.0f}）"},
    Saying{"load", "load {0:.0f} % of {1:.0f} %", "负载 {0:.0f}%（界限 {1:.0f}%）"},
    Saying{"speed", "{0:.1f} km/h of {1:.1f}", "车速 {0:.1f} km/h（界限 {1:.1f}）"},
    Saying{"no_sign", "nothing says that it runs", "没有信号表明它在运转"},
    Saying{"below_work", "it runs below what counts as work", "在运转，但未达到作业标准"},
    // Why nothing is planned for it.
    Saying{"out_of_service", "it is out of service", "已停用"},
    Saying{"broken", "it is broken", "有故障"},
    Saying{"broken_by", "it is broken: {2}", "有故障：{2}"},
    Saying{"never_heard", "nothing was heard of it", "从未收到其消息"},
    Saying{"no_place", "nobody knows where it is", "位置不明"},
    Saying{"no_type", "nobody said what type it is", "未说明机型"},
    Saying{"service_overdue", "its service is overdue", "保养已超期"},
    Saying{"rent_over", "its rent has ended", "租期已结束"},
    Saying{"too_many", "a plan holds {1:.0f} machines, and there are more",
           "计划最多容纳 {1:.0f} 台设备，现已超出"},
    Saying{"shared", "it is shared by {2}", "由 {2} 共享"},
    // Why a plan was made again, and why one was not taken.
    Saying{"not_begun", "what was planned has not begun", "计划的任务尚未开始"},
    Saying{"fault_gone", "the fault is gone", "故障已消除"},
    Saying{"adopted", "adopted by hand", "人工采用"},
    Saying{"moved", "moved by hand", "人工调整"},
    Saying{"no_longer_stands", "the plan that was stored no longer stands: {2}",
           "存储的计划已不成立：{2}"},
    Saying{"changed_meanwhile", "the fleet changed since this plan was made: propose again",
           "计划生成后车队有变化：请重新生成"},
};

}  // namespace

std::string sentence_of(const Reason& reason, bool is_chinese) {
    for (const Saying& saying : sayings)
        if (saying.code == reason.code)
            return fmt::format(fmt::runtime(is_chinese ? saying.chinese : saying.english),
                               reason.now.value_or(0), reason.limit.value_or(0), reason.text);
    return reason.text;
}

}  // namespace lineshaft::dispatch
