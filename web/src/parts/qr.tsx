import qrcode from "qrcode-generator";

const quiet = 4;  // modules of white around, ISO/IEC 18004

/** A QR code as one path, dark on white in every theme, because phones read nothing else reliably. */
export function Qr({ text, label }: { text: string; label: string }) {
    const code = qrcode(0, "M");
    code.addData(text);
    code.make();
    const count = code.getModuleCount();
    let drawing = "";
    for (let row = 0; row < count; row += 1) {
        for (let column = 0; column < count; column += 1) {
            if (code.isDark(row, column)) drawing += `M${column + quiet} ${row + quiet}h1v1h-1z`;
        }
    }
    const side = count + 2 * quiet;
    return (
        <svg className="qr" role="img" aria-label={label} viewBox={`0 0 ${side} ${side}`} shapeRendering="crispEdges">
            <rect width={side} height={side} fill="#fff" />
            <path d={drawing} fill="#000" />
        </svg>
    );
}
