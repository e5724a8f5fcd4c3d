import { expect, it } from "vitest";
import { nodeSentence } from "./node_sentences";

it("says in Chinese what the node says in English, where it is known", () => {
    const zh = (text: string) => nodeSentence(text, "zh-CN");
    expect(zh("every machine is switched off for planning")).toBe("所有机器均已停止排产");
    expect(zh("sew-1 has a hoop of 360 x 360 mm, the design is 400 x 300 mm")).toBe("sew-1 的绣框为 360 × 360 毫米，花样为 400 × 300 毫米");
});

it("says in Chinese what happened to a machine", () => {
    const zh = (text: string) => nodeSentence(text, "zh-CN");
    expect(zh("reborn with 12 metrics")).toBe("重新上报 12 个测点");
    expect(zh("born with 3 metrics")).toBe("上报 3 个测点");
    expect(zh("J12 Running")).toBe("J12 绣制中");
    expect(zh("asked for its births: gap")).toBe("要求重新上报：消息缺失");
});

it("leaves what people and machines wrote as it is", () => {
    expect(nodeSentence("SPN 110 FMI 3", "zh-CN")).toBe("SPN 110 FMI 3");
    expect(nodeSentence("the customer is on holiday; held by nobody", "zh-CN")).toBe("the customer is on holiday; held by nobody");
    expect(nodeSentence("there is no machine that sews", "en-GB")).toBe("there is no machine that sews");
});
