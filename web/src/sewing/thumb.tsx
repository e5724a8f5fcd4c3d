// A small picture of an order's stitches, drawn here: the node only sends the file, and only of what comes into sight.
import { useEffect, useRef, useState } from "react";
import { layCloth } from "./cloth";
import { fit, Painter } from "./paint";
import { fetchPattern } from "./stitches";

const at_once = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** One after the other: a board of three hundred orders must not ask for all of them at once. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= at_once) await new Promise<void>((go) => waiting.push(go));
    running += 1;
    try {
        return await work();
    } finally {
        running -= 1;
        waiting.shift()?.();
    }
}

export function Thumb({ url, threads, cloth, label = "" }: { url: string; threads: string[]; cloth: string; label?: string }) {
    const canvas = useRef<HTMLCanvasElement>(null);
    const [isDrawn, setDrawn] = useState(false);
    const key = threads.join();
    useEffect(() => {
        const element = canvas.current;
        if (!element) return;
        let current = true;
        const watch = new IntersectionObserver((seen) => {
            if (!seen.some((one) => one.isIntersecting)) return;
            watch.disconnect();
            void inTurn(async () => {
                if (!current) return;
                const pattern = await fetchPattern(url);
                if (!current) return;
                const width = Math.max(1, Math.round(element.clientWidth * 2)), height = Math.max(1, Math.round(element.clientHeight * 2));
                element.width = width;
                element.height = height;
                const image = new ImageData(width, height);
                const view = fit(pattern, width, height, 3);
                layCloth(image, view, "twill", cloth);
                new Painter(pattern, threads).sew(image, view, 0, pattern.count);
                element.getContext("2d", { alpha: false })?.putImageData(image, 0, 0);
                setDrawn(true);
            }).catch(() => {});  // the name beside it says enough
        }, { rootMargin: "100px" });
        watch.observe(element);
        return () => {
            current = false;
            watch.disconnect();
        };
    }, [url, key, cloth]);
    return <canvas ref={canvas} className={isDrawn ? "thumb thumb-drawn" : "thumb"} {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })} />;
}
