// Sentences the node writes in English only and without a code: why an order waits. They are known by their shape; one that is not
// stands as it came, for what people wrote stands among them.
type Turn = (...parts: string[]) => string;

const jobStates: Record<string, string> = { NotAllowedToStart: "未放行", AllowedToStart: "可开始", Running: "绣制中", Interrupted: "已中断", Ended: "已结束", Aborted: "已中止" };

const loadEffects: Record<string, string> = {
    "everything is accepted": "全部接受", "new TLS connections are refused": "拒绝新的 TLS 连接", "new sessions are refused": "拒绝新会话", "senders of QoS 0 are slowed down": "QoS 0 发送方被限速",
    "readers that do not keep up are disconnected": "读取过慢的客户端被断开", "acknowledgements are delayed": "确认被延迟",
};
const spans: Record<string, string> = { "a day": " 1 天", "7 days": " 7 天", "30 days": " 30 天" };
const loadSigns = (text: string) => text.replace(/the loop is (\d+) ms late/, "事件循环迟 $1 毫秒").replace(/a commit waits (\d+) ms/, "提交等待 $1 毫秒")
    .replace(/the commit lane was full (\d+) % of the time/, "提交通道 $1% 的时间已满").replace(/memory is at (\d+) %/, "内存用到 $1%").replaceAll(", ", "，");

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
    [/^its clock (stands|stood) (\d+) s (back|ahead) \(([\d.]+) h\): what it says is older than what is known$/, (_verb, _s, way, hours) => `设备时钟${way === "back" ? "慢了" : "曾快"} ${hours} 小时：它报告的内容早于已知内容`],
    [/^clock stepped: set (ahead|back) by ([\d.]+) s$/, (way, s) => `系统时钟被${way === "ahead" ? "拨快" : "拨慢"} ${s} 秒`],
    // Why an MQTT connection ended.
    [/^ended by an operator$/, () => "由操作员断开"],
    [/^the machine is erased$/, () => "设备已被彻底删除"],
    [/^its credential was revoked$/, () => "其凭证已被吊销"],
    [/^the node is stopping$/, () => "节点正在停止"],
    [/^the node is overloaded$/, () => "节点过载"],
    [/^it did not read$/, () => "长时间不读取"],
    [/^it read too slowly while the node was overloaded$/, () => "节点过载期间读取过慢"],
    [/^(malformed packet|protocol error)$/, (what) => (what === "protocol error" ? "违反协议" : "报文格式错误")],
    [/^packet too large$/, () => "报文过大"],
    [/^not authorized$/, () => "未授权"],
    [/^quota exceeded$/, () => "超出配额"],
    // What the node went through.
    [/^level (\d) of (\d): ([^(]+) \((.*)\)$/s, (level, most, effect, why) => `第 ${level} 级（共 ${most} 级）：${loadEffects[effect] ?? effect}（${loadSigns(why)}）`],
    [/^down to level (\d) of (\d): (.+)$/, (level, most, effect) => `降至第 ${level} 级（共 ${most} 级）：${loadEffects[effect] ?? effect}`],
    [/^its certificate (\S+) ends within (a day|7 days|30 days), at (\S+)$/, (serial, time, at) => `其证书 ${serial} 将在${spans[time]}内到期：${at}`],
    [/^the certificate of https\.certificate ends within (a day|7 days|30 days), at (\S+)$/, (time, at) => `https.certificate 的证书将在${spans[time]}内到期：${at}`],
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

/** What happened, as the node says it: a written tag and an erased machine are known by the kind of the event. */
export function eventSentence(kind: string, text: string, locale: string): string {
    const by = kind === "write" || kind === "erased" ? /^(.+) by (.+)$/s.exec(text) : null;
    return by && locale.startsWith("zh") ? `${by[1]}，操作人 ${by[2]}` : nodeSentence(text, locale);
}

/** A sentence of the node in the language of the console, where it is known. */
export const nodeSentence = (text: string, locale: string) => (locale.startsWith("zh") ? translate(text) : text);
