// Stitches as a picture needs them, read from a Tajima file (docs/embroidery.md). Pure.

/** One entry per needle-down, in the file's order; millimetres, y downwards. */
export interface Pattern {
    count: number;
    /** Where the thread comes from; the same place where it comes up after a cut. */
    fromX: Float32Array;
    fromY: Float32Array;
    x: Float32Array;
    y: Float32Array;
    /** Which thread, counted from 0 at every colour change. */
    thread: Uint8Array;
    threads: number;
    /** Cuts before a stitch, ascending: machines stand still there. */
    cuts: number[];
    bounds: { left: number; top: number; right: number; bottom: number };
}

const header_bytes = 512;
const records_max = 2_000_000;
const cut_jumps = 3;  // this many jumps in a row cut the thread

/** Throws an Error when the bytes are no whole file: nothing half read is ever shown. */
export function readDst(bytes: Uint8Array): Pattern {
    if (bytes.length < header_bytes + 3 || bytes[0] !== 0x4c || bytes[1] !== 0x41) throw new Error("not a DST file");
    const records = Math.floor((bytes.length - header_bytes) / 3);
    if (records > records_max) throw new Error("the DST file is too long");
    const fromX = new Float32Array(records), fromY = new Float32Array(records);
    const x = new Float32Array(records), y = new Float32Array(records);
    const thread = new Uint8Array(records);
    const cuts: number[] = [];
    const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    let count = 0, threads = 1, jumps = 0, isCut = true, isEnded = false;
    let atX = 0, atY = 0, lastX = 0, lastY = 0;
    for (let at = header_bytes; at + 3 <= bytes.length; at += 3) {
        const a = bytes[at]!, b = bytes[at + 1]!, c = bytes[at + 2]!;
        if ((c & 0xf3) === 0xf3) {
            isEnded = true;
            break;
        }
        atX += across(a, b, c);
        atY += down(a, b, c);
        const kind = c & 0xc3;
        if (kind === 0x83 || kind === 0x43) {
            jumps += 1;
            continue;
        }
        if (jumps >= cut_jumps) isCut = true;
        const moved = jumps > 0;
        jumps = 0;
        if (kind === 0xc3) {
            threads += 1;
            isCut = true;
            continue;
        }
        if (isCut) cuts.push(count);
        const px = atX / 10, py = atY / 10;
        // A short move leaves the thread lying, but it is snipped off by hand: it is not drawn.
        fromX[count] = isCut || moved ? px : lastX;
        fromY[count] = isCut || moved ? py : lastY;
        x[count] = lastX = px;
        y[count] = lastY = py;
        thread[count] = Math.min(255, threads - 1);
        bounds.left = Math.min(bounds.left, px);
        bounds.right = Math.max(bounds.right, px);
        bounds.top = Math.min(bounds.top, py);
        bounds.bottom = Math.max(bounds.bottom, py);
        isCut = false;
        count += 1;
    }
    if (!isEnded) throw new Error("the DST file has no end");
    if (count === 0) throw new Error("the DST file has no stitch");
    const own = <T extends Float32Array | Uint8Array>(all: T) => all.subarray(0, count) as T;
    return { count, fromX: own(fromX), fromY: own(fromY), x: own(x), y: own(y), thread: own(thread), threads, cuts, bounds };
}

const bit = (byte: number, place: number) => (byte >> place) & 1;

// Balanced ternary: 1, 3, 9, 27, 81 tenths of a millimetre.
function across(a: number, b: number, c: number): number {
    return bit(a, 0) - bit(a, 1) + 9 * (bit(a, 2) - bit(a, 3)) + 3 * (bit(b, 0) - bit(b, 1)) + 27 * (bit(b, 2) - bit(b, 3)) + 81 * (bit(c, 2) - bit(c, 3));
}

function down(a: number, b: number, c: number): number {
    return -(bit(a, 7) - bit(a, 6) + 9 * (bit(a, 5) - bit(a, 4)) + 3 * (bit(b, 7) - bit(b, 6)) + 27 * (bit(b, 5) - bit(b, 4)) + 81 * (bit(c, 5) - bit(c, 4)));
}

/** Which stitch begins each thread, and how many stitches each sews. */
export function threadBlocks(pattern: Pattern): { from: number; count: number }[] {
    const blocks: { from: number; count: number }[] = [];
    for (let at = 0; at < pattern.count; at += 1) {
        const index = pattern.thread[at]!;
        while (blocks.length <= index) blocks.push({ from: at, count: 0 });
        blocks[index]!.count += 1;
    }
    return blocks;
}
