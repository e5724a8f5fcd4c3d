// Why something is as it is, said in the language of the console from the node's codes (docs/protocols/fleet-api.md, Reasons).
// The node's own English sentence stands beside every code.
import type { Reason } from "../api/fleet_types";
import { formatNumber } from "../format/number";

const whole = (value: number | undefined) => formatNumber(value ?? 0, 0);
const tenth = (value: number | undefined) => formatNumber(value ?? 0, 1);

const chinese: Record<string, (of: Reason) => string> = {
    silent: (of) => `${whole(of.limit)} 秒内无消息`,
    clock_back: (of) => `设备时钟慢了 ${tenth(of.now)} 小时：它报告的内容早于已知内容`,
    clock_was_ahead: (of) => `设备时钟曾快 ${tenth(of.now)} 小时：它报告的内容早于已知内容`,
    says: (of) => `设备报告“${of.text ?? ""}”`,
    rpm: (of) => `转速 ${whole(of.now)}（界限 ${whole(of.limit)}）`,
    load: (of) => `负载 ${whole(of.now)}%（界限 ${whole(of.limit)}%）`,
    speed: (of) => `车速 ${tenth(of.now)} km/h（界限 ${tenth(of.limit)}）`,
    no_sign: () => "没有信号表明它在运转",
    below_work: () => "在运转，但未达到作业标准",
    out_of_service: () => "已停用",
    broken: () => "有故障",
    broken_by: (of) => `有故障：${of.text ?? ""}`,
    never_heard: () => "从未收到其消息",
    no_place: () => "位置不明",
    no_type: () => "未说明机型",
    service_overdue: () => "保养已超期",
    rent_over: () => "租期已结束",
    too_many: (of) => `计划最多容纳 ${whole(of.limit)} 台设备，现已超出`,
    shared: (of) => `由 ${of.text ?? ""} 共享`,
    not_begun: () => "计划的任务尚未开始",
    fault_gone: () => "故障已消除",
    adopted: () => "人工采用",
    moved: () => "人工调整",
    no_longer_stands: (of) => `存储的计划已不成立${of.text ? `：${of.text}` : ""}`,
    changed_meanwhile: () => "方案做出后情况有变，请重新生成",
};

/** The reason in the language of `locale`; codes that are not known here stay as the node said them. */
export function reasonText(reason: Reason | null | undefined, english: string | null | undefined, locale: string): string {
    const turn = reason && locale.startsWith("zh") ? chinese[reason.code] : undefined;
    return (turn && reason ? turn(reason) : english) ?? "";
}
