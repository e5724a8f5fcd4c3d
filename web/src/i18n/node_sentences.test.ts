import { expect, it } from "vitest";
import { eventSentence, nodeSentence } from "./node_sentences";

it("says in Chinese what the node says in English, where it is known", () => {
    const zh = (text: string) => nodeSentence(text, "zh-CN");
    expect(zh("every machine is switched off for planning")).toBe("所有机器均已停止排产");
    expect(zh("sew-1 has a hoop of 360 x 360 mm, the design is 400 x 300 mm")).toBe("sew-1 的绣框为 360 × 360 毫米，花样为 400 × 300 毫米");
});

it("says in Chinese what happened to a machine", () => {
    const zh = (text: string) => nodeSentence(text, "zh-CN");
    expect(zh("reborn with 12 metrics")).toBe("重新上报 12 个测点");
    expect(zh("born with 3 metrics")).toBe("上报 3 个测点");
    expect(zh("its clock stands 7200 s back (2.0 h): what it says is older than what is known")).toBe("设备时钟慢了 2.0 小时：它报告的内容早于已知内容");
    expect(zh("J12 Running")).toBe("J12 绣制中");
    expect(zh("asked for its births: gap")).toBe("要求重新上报：消息缺失");
});

it("says in Chinese what the node went through and why a client left", () => {
    const zh = (text: string) => nodeSentence(text, "zh-CN");
    expect(zh("level 2 of 5: new sessions are refused (the loop is 310 ms late, a commit waits 12 ms, memory is at 93 %)"))
        .toBe("第 2 级（共 5 级）：拒绝新会话（事件循环迟 310 毫秒，提交等待 12 毫秒，内存用到 93%）");
    expect(zh("down to level 0 of 5: everything is accepted")).toBe("降至第 0 级（共 5 级）：全部接受");
    expect(zh("its certificate 4F ends within 7 days, at 2026-12-01T00:00:00Z")).toBe("其证书 4F 将在 7 天内到期：2026-12-01T00:00:00Z");
    expect(zh("its credential was revoked")).toBe("其凭证已被吊销");
    expect(eventSentence("write", "speed_limit = 600 by mei lin", "zh-CN")).toBe("speed_limit = 600，操作人 mei lin");
    expect(eventSentence("erased", "press-7 by ada", "zh-CN")).toBe("press-7，操作人 ada");
    expect(eventSentence("erased", "press-7 by ada", "en-GB")).toBe("press-7 by ada");
    expect(eventSentence("fault", "stopped by hand", "zh-CN")).toBe("stopped by hand");
});

it("leaves what people and machines wrote as it is", () => {
    expect(nodeSentence("SPN 110 FMI 3", "zh-CN")).toBe("SPN 110 FMI 3");
    expect(nodeSentence("the customer is on holiday; held by nobody", "zh-CN")).toBe("the customer is on holiday; held by nobody");
    expect(nodeSentence("there is no machine that sews", "en-GB")).toBe("there is no machine that sews");
});
