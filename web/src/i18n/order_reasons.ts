// Why an order or a job order waits, ended or happened, in the reader's language: the node gives a code with its parts
// (docs/protocols/orders-api.md), and in English the whole sentence.
import type { Reason } from "../api/order_types";
import type { Strings } from ".";
import { nodeSentence } from "./node_sentences";

type Say = (parts: string[], words: Strings) => string;

const method = (name: string, words: Strings) => words.queue.methods[name]?.replace("…", "") ?? name;
const methodOf: Say = ([name = ""], words) => (name === "StoreAndStart" || name === "Store" ? words.workshop.stored : method(name, words));

const zh: Record<string, Say> = {
    held_by: ([who]) => `由 ${who} 暂停`,
    refused_by: ([who]) => `由 ${who} 拒绝`,
    order_refused: () => "订单已被拒绝",
    not_needed: () => "已不需要",
    machine_refused: ([machine, why = ""]) => `${machine} 拒绝了它：${nodeSentence(why, "zh")}`,
    method_refused: ([name = "", why = ""], words) => `${methodOf([name], words)}：${nodeSentence(why, "zh")}`,
    machine_lost: ([machine]) => `${machine} 失联`,
    no_machine: () => "没有绣花机",
    not_connected: ([machine]) => `${machine} 可以做，但未连接`,
    all_off: () => "所有机器均已停止排产",
    nobody: ([code = "", ...parts], words) => `没有机器可以做：${zh[code]?.(parts, words) ?? parts.join(" ")}`,
    hoop: ([machine, w, h, dw, dh]) => `${machine} 的绣框为 ${w} × ${h} 毫米，花样为 ${dw} × ${dh} 毫米`,
    needles: ([machine, needles, threads]) => `${machine} 有 ${needles} 针，花样需要 ${threads} 种线`,
    method: methodOf,
    piece_on: ([number, machine]) => `第 ${number} 件，${machine}`,
    piece: ([number]) => `第 ${number} 件`,
    piece_why: ([number, why]) => `第 ${number} 件：${why}`,
    good_pieces: ([n]) => `${n} 件合格`,
};

/** `sentence` is the node's own, in English; people's words have no reason and stand as they are. */
export function orderReason(sentence: string, reason: Reason | null | undefined, words: Strings): string {
    if (!words.locale.startsWith("zh")) return sentence;
    return reason ? zh[reason.code]?.(reason.parts, words) ?? sentence : nodeSentence(sentence, words.locale);
}
