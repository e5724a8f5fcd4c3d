/** Bytes as people read them, in powers of ten: 0 B, 812 B, 1.2 kB, 34 MB. */
export function formatBytes(bytes: number): string {
    if (!Number.isFinite(bytes)) return "–";
    const units = ["B", "kB", "MB", "GB", "TB"];
    let value = bytes, unit = 0;
    while (value >= 999.5 && unit < units.length - 1) {
        value /= 1000;
        unit += 1;
    }
    const digits = unit === 0 ? (value > 0 && value < 10 && !Number.isInteger(value) ? 1 : 0) : value < 10 ? 1 : 0;
    return `${value.toFixed(digits)} ${units[unit]}`;
}
