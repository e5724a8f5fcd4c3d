// Sentences the node writes in English only and without a code: why an order waits. They are known by their shape; one that is not
// stands as it came, for what people wrote stands among them.
type Turn = (...parts: string[]) => string;

const jobStates: Record<string, string> = { NotAllowedToStart: "未放行", AllowedToStart: "可开始", Running: "绣制中", Interrupted: "已中断", Ended: "已结束", Aborted: "已中止" };

const shapes: [RegExp, Turn][] = [
    // What happened to a machine, or to the node.
    [/^silent for longer than usual$/, () => "沉默时间超过平常"],
    [/^spoke for the first time over (.+)$/, (way) => `首次通过 ${way} 上报`],
    [/^connected from (\S+)$/, (address) => `从 ${address} 连接`],
    [/^(re)?born with (\d+) metrics$/, (again, n) => `${again ? "重新上报" : "上报"} ${n} 个测点`],
    [/^its connection ended$/, () => "连接断开"],
    [/^the client disconnected$/, () => "客户端主动断开"],
    [/^the connection broke$/, () => "连接中断"],
    [/^keep alive timeout$/, () => "心跳超时"],
    [/^session taken over$/, () => "会话被接管"],
    [/^said goodbye$/, () => "正常离线"],
    [/^its edge node died$/, () => "其边缘节点离线"],
    [/^its edge node began a new session$/, () => "其边缘节点开始新会话"],
    [/^its edge node no longer reports it$/, () => "其边缘节点不再上报它"],
    [/^asked for its births: (.*)$/s, (why) => `要求重新上报：${({ unknown_device: "未知设备", unknown_metric: "未知测点", gap: "消息缺失", asked: "人工请求" } as Record<string, string>)[why] ?? why}`],
    [/^(\d+) messages missing before number (\d+)$/, (n, number) => `第 ${number} 号之前缺 ${n} 条消息`],
    [/^new tags: it has as many as history\.series_per_machine_max allows, or the node as many as it may$/, () => "新测点：测点数已达上限（history.series_per_machine_max 或整个节点的上限）"],
    [/^values whose time is before history\.time_min, has expired, or is further ahead than history\.future_max: is its clock right\?$/, () => "时间早于 history.time_min、已过保存期或晚于 history.future_max 的数值：设备时钟是否正确？"],
    [/^values whose tag has no name or too long a name, or whose text is too long$/, () => "测点名为空或过长、或文本过长的数值"],
    [/^(J\d+) (NotAllowedToStart|AllowedToStart|Running|Interrupted|Ended|Aborted)$/, (job, state) => `${job} ${jobStates[state]}`],
    [/^by (\S+)$/, (who) => `操作人 ${who}`],
    [/^MQTT client (.+) by (\S+)$/s, (client, who) => `MQTT 客户端 ${client}，操作人 ${who}`],
    [/^clock stepped: set (ahead|back) by ([\d.]+) s$/, (way, s) => `系统时钟被${way === "ahead" ? "拨快" : "拨慢"} ${s} 秒`],
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
