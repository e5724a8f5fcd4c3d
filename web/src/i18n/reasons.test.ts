import { expect, it } from "vitest";
import { reasonText } from "./reasons";

it("says in Chinese what the node gives a code for", () => {
    const zh = (reason: Parameters<typeof reasonText>[0], english = "") => reasonText(reason, english, "zh-CN");
    expect(zh({ code: "rpm", now: 1650, limit: 400 })).toBe("转速 1,650（界限 400）");
    expect(zh({ code: "broken_by", text: "SPN 110 FMI 3" })).toBe("有故障：SPN 110 FMI 3");
    expect(zh({ code: "clock_back", now: 2.04 })).toBe("设备时钟慢了 2 小时：它报告的内容早于已知内容");
    expect(zh({ code: "shared", text: "default" })).toBe("由 default 共享");
});

it("leaves what has no code, and what is asked for in English, as it came", () => {
    expect(reasonText(null, "hydraulics", "zh-CN")).toBe("hydraulics");
    expect(reasonText({ code: "fault_code", text: "SPN 110 FMI 3" }, "SPN 110 FMI 3", "zh-CN")).toBe("SPN 110 FMI 3");
    expect(reasonText({ code: "broken" }, "it is broken", "en-GB")).toBe("it is broken");
    expect(reasonText(undefined, null, "en-GB")).toBe("");
});
