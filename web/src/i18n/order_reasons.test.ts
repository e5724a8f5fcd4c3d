import { expect, it } from "vitest";
import { orderReason } from "./order_reasons";
import { shellWords } from "./shell";
import { workshopWords } from "./workshop";
import type { Strings } from ".";

const zh = { ...shellWords.zh, ...workshopWords.zh } as unknown as Strings;
const en = { ...shellWords.en, ...workshopWords.en } as unknown as Strings;

it("says reasons by their codes, also one within another", () => {
    const nobody = { code: "nobody", parts: ["hoop", "m1", "100", "100", "400", "300"] };
    expect(orderReason("no machine can: …", nobody, zh)).toBe("没有机器可以做：m1 的绣框为 100 × 100 毫米，花样为 400 × 300 毫米");
    expect(orderReason("StoreAndStart", { code: "method", parts: ["StoreAndStart"] }, zh)).toBe(workshopWords.zh.workshop.stored);
    expect(orderReason("Pause", { code: "method", parts: ["Pause"] }, zh)).toBe("暂停");
});

it("keeps the node's sentence in English and where a code is not known, and people's words", () => {
    expect(orderReason("m1 is lost", { code: "machine_lost", parts: ["m1"] }, en)).toBe("m1 is lost");
    expect(orderReason("of a later node", { code: "of_later", parts: [] }, zh)).toBe("of a later node");
    expect(orderReason("cloth is missing", null, zh)).toBe("cloth is missing");
});
