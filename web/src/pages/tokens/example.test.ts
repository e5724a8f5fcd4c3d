import { expect, it } from "vitest";
import { mqttAddress, mqttExample, shellQuoted } from "./example";

it("quotes what a shell would understand", () => {
    expect(shellQuoted("press-1")).toBe("press-1");
    expect(shellQuoted("it's $(rm -rf /)")).toBe(`'it'\\''s $(rm -rf /)'`);
    expect(shellQuoted("")).toBe("''");
});

it("finds where MQTT listens", () => {
    const of = (address: string) => mqttAddress({ listeners: [{ name: "mqtt", address }] }, "plant.lan");
    expect(of("127.0.0.1:1883")).toEqual({ host: "127.0.0.1", port: "1883" });
    expect(of("0.0.0.0:1884")).toEqual({ host: "plant.lan", port: "1884" });
    expect(of("[::]:1883")).toEqual({ host: "plant.lan", port: "1883" });
    expect(mqttAddress({ listeners: [] }, "x")).toBe(null);
});

it("writes to the machine's own topic, with the organisation before it", () => {
    const token = { name: "p 1", token: "secret", role: null, machine: "press-1" };
    const text = mqttExample(token, "acme", { host: "h", port: "1" });
    expect(text).toContain("-u 'p 1' -P secret");
    expect(text).toContain("-t acme/lineshaft/v1/press-1/telemetry");
    expect(mqttExample({ ...token, machine: null, role: "viewer" }, "default", { host: "h", port: "1" })).toMatch(/^mosquitto_sub/);
});
