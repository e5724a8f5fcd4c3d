// A command that works when pasted: it must survive any name a machine may have.
import type { Node, Role } from "../../api/types";

/** Quotes for a POSIX shell; inside single quotes nothing has a meaning. */
export const shellQuoted = (text: string) =>
    /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Where clients reach MQTT: the listener's address, or this page's host when it listens everywhere. */
export function mqttAddress(node: Pick<Node, "listeners">, pageHost: string): { host: string; port: string } | null {
    const listener = node.listeners.find((each) => each.name === "mqtt");
    const found = listener && /^(.*):(\d+)$/.exec(listener.address);
    if (!found) return null;
    const host = found[1]!.replace(/^\[|\]$/g, "");
    const anywhere = host === "" || host === "0.0.0.0" || host === "::" || host === "*";
    return { host: anywhere ? pageHost : host, port: found[2]! };
}

interface ExampleToken {
    name: string;
    token: string;
    role: Role | null;
    machine: string | null;
}

export function mqttExample(token: ExampleToken, organisation: string, address: { host: string; port: string }): string {
    const prefix = organisation === "default" ? "" : `${organisation}/`;
    const login = `-h ${shellQuoted(address.host)} -p ${address.port} \\\n  -u ${shellQuoted(token.name)} -P ${shellQuoted(token.token)}`;
    const reads = token.machine === null && (token.role === "viewer" || token.role === "auditor");
    if (reads) return `mosquitto_sub ${login} \\\n  -t ${shellQuoted(`${prefix}lineshaft/v1/+/telemetry`)} -v`;
    const topic = `${prefix}lineshaft/v1/${token.machine ?? "press-1"}/telemetry`;
    return `mosquitto_pub ${login} \\\n  -q 1 -t ${shellQuoted(topic)} \\\n  -m '{"state": "Running", "temperature": 21.5}'`;
}
