import { expect, it } from "vitest";
import { enrolExample } from "./example";

const enrolment = { machine: "press-3", token: "lse_abc" };

it("names this page's address when it is TLS already, and says what is missing when not", () => {
    expect(enrolExample(enrolment, "plant.lan:8443", true)).toContain("https://plant.lan:8443/.well-known/est/simpleenroll");
    expect(enrolExample(enrolment, "127.0.0.1:8080", false)).toContain("https://127.0.0.1:HTTPS_PORT/");
});

it("carries the token as the password of Basic", () => {
    expect(enrolExample(enrolment, "h", true)).toContain("-u machine:lse_abc");
});
