// Commands that work when pasted on the machine: a key, a request, EST.
import type { Enrolment } from "../../api/types";
import { shellQuoted } from "../tokens/example";

/** `host` is this page's: with a port only when it is served over TLS itself, so others say where HTTPS listens. */
export function enrolExample(enrolment: Pick<Enrolment, "machine" | "token">, host: string, isSecure = location.protocol === "https:"): string {
    const address = isSecure ? host : `${host.replace(/:\d+$/, "")}:HTTPS_PORT`;
    return [
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=machine \\",
        "  -keyout machine.key -outform DER -out machine.der",
        `openssl base64 -in machine.der | curl -sS --fail --cacert ca.crt -u ${shellQuoted(`machine:${enrolment.token}`)} \\`,
        "  -H 'content-type: application/pkcs10' --data-binary @- \\",
        `  https://${address}/.well-known/est/simpleenroll |`,
        "  openssl base64 -d | openssl pkcs7 -inform DER -print_certs -out machine.crt",
    ].join("\n");
}
