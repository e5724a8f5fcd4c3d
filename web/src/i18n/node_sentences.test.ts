import { expect, it } from "vitest";
import { nodeSentence } from "./node_sentences";

it("says in Chinese what the node says in English, where it is known", () => {
    const zh = (text: string) => nodeSentence(text, "zh-CN");
    expect(zh("1650 rpm of 1200")).toBe("转速 1650（界限 1200）");
    expect(zh("3.1 km/h of 2.0")).toBe("车速 3.1 km/h（界限 2.0）");
    expect(zh("it is broken: nothing says that it runs")).toBe("有故障：没有信号表明它在运转");
    expect(zh("sew-1 has a hoop of 360 x 360 mm, the design is 400 x 300 mm")).toBe("sew-1 的绣框为 360 × 360 毫米，花样为 400 × 300 毫米");
});

it("leaves what people and machines wrote as it is", () => {
    expect(nodeSentence("SPN 110 FMI 3", "zh-CN")).toBe("SPN 110 FMI 3");
    expect(nodeSentence("the customer is on holiday; held by nobody", "zh-CN")).toBe("the customer is on holiday; held by nobody");
    expect(nodeSentence("its service is overdue", "en-GB")).toBe("its service is overdue");
});
