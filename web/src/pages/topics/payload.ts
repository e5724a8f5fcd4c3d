// The views of a payload, as text. Pure.

export type PayloadView = "json" | "text" | "hex" | "sparkplug";

/** JSON with line breaks; the text as it is when it is too long to be read anyway. */
export function prettyJson(text: string): string {
    if (text.length > 200_000) return text;
    try {
        return indent(text);
    } catch {
        return text;
    }
}

// By hand, so that numbers stay digit for digit what was sent: JSON.parse would round long ones.
function indent(text: string): string {
    JSON.parse(text);
    let out = "", depth = 0, inString = false;
    const line = () => "\n" + "  ".repeat(depth);
    for (let at = 0; at < text.length; at += 1) {
        const letter = text[at]!;
        if (inString) {
            out += letter;
            if (letter === "\\") out += text[++at] ?? "";
            else if (letter === "\"") inString = false;
            continue;
        }
        if (letter === "\"") {
            inString = true;
            out += letter;
        } else if (letter === "{" || letter === "[") {
            const close = letter === "{" ? "}" : "]";
            const rest = text.slice(at + 1).trimStart();
            if (rest.startsWith(close)) {
                at = text.indexOf(close, at + 1);
                out += letter + close;
            } else {
                depth += 1;
                out += letter + line();
            }
        } else if (letter === "}" || letter === "]") {
            depth -= 1;
            out += line() + letter;
        } else if (letter === ",") out += letter + line();
        else if (letter === ":") out += ": ";
        else if (!/\s/.test(letter)) out += letter;
    }
    return out;
}

/** Sixteen bytes a line: offset, bytes, letters. */
export function hexDump(hex: string): string {
    const lines: string[] = [];
    for (let at = 0; at < hex.length; at += 32) {
        const bytes = hex.slice(at, at + 32).match(/../g) ?? [];
        const letters = bytes.map((byte) => {
            const code = parseInt(byte, 16);
            return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".";
        }).join("");
        lines.push(`${(at / 2).toString(16).padStart(4, "0")}  ${bytes.join(" ").padEnd(47)}  ${letters}`);
    }
    return lines.join("\n");
}
