// Sentences the node writes in English only and without a code: why a machine is in its state, why nothing is planned for it, why an
// order waits. They are known by their shape; one that is not stands as it came, for what people wrote stands among them.
type Turn = (...parts: string[]) => string;

const shapes: [RegExp, Turn][] = [
    // dispatch/fleet: the state of a machine.
    [/^nothing heard for (\d+) s$/, (s) => `${s} 秒内无消息`],
    [/^it says "(.*)"$/s, (word) => `设备报告“${word}”`],
    [/^(\d+) rpm of (\d+)$/, (now, from) => `转速 ${now}（界限 ${from}）`],
    [/^load (\d+) % of (\d+) %$/, (now, from) => `负载 ${now}%（界限 ${from}%）`],
    [/^([\d.]+) km\/h of ([\d.]+)$/, (now, from) => `车速 ${now} km/h（界限 ${from}）`],
    [/^nothing says that it runs$/, () => "没有信号表明它在运转"],
    [/^it runs below what counts as work$/, () => "在运转，但未达到作业标准"],
    // Why nothing is planned for it.
    [/^it is out of service$/, () => "已停用"],
    [/^it is broken$/, () => "有故障"],
    [/^it is broken: (.*)$/s, (why) => `有故障：${translate(why)}`],
    [/^nothing was heard of it$/, () => "从未收到其消息"],
    [/^nobody knows where it is$/, () => "位置不明"],
    [/^nobody said what type it is$/, () => "未说明机型"],
    [/^its service is overdue$/, () => "保养已超期"],
    [/^its rent has ended$/, () => "租期已结束"],
    [/^a plan holds (\d+) machines, and there are more$/, (n) => `计划最多容纳 ${n} 台设备，现已超出`],
    // dispatch/orders: why an order has no machine, or waits.
    [/^there is no machine that sews$/, () => "没有绣花机"],
    [/^(\S+) could, but is not connected$/, (machine) => `${machine} 可以做，但未连接`],
    [/^(\S+) has a hoop of (\d+) x (\d+) mm, the design is (\d+) x (\d+) mm$/, (machine, w, h, dw, dh) => `${machine} 的绣框为 ${w} × ${h} 毫米，花样为 ${dw} × ${dh} 毫米`],
    [/^(\S+) has (\d+) needles, the design (\d+) threads$/, (machine, needles, threads) => `${machine} 有 ${needles} 针，花样需要 ${threads} 种线`],
    [/^every machine is switched off for planning$/, () => "所有机器均已停止排产"],
    [/^no machine can: (.*)$/s, (why) => `没有机器可以做：${translate(why)}`],
    [/^held by (.+)$/, (who) => `由 ${who} 暂停`],
    [/^refused by (.+)$/, (who) => `由 ${who} 拒绝`],
    [/^(\S+) refused it: (.*)$/s, (machine, why) => `${machine} 拒绝了它：${why}`],
];

function translate(text: string): string {
    for (const [shape, turn] of shapes) {
        const found = shape.exec(text);
        if (found) return turn(...found.slice(1));
    }
    return text;
}

/** A sentence of the node in the language of the console, where it is known. */
export const nodeSentence = (text: string, locale: string) => (locale.startsWith("zh") ? translate(text) : text);
