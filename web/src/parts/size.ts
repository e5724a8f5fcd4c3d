import { useLayoutEffect, useRef, useState, type RefObject } from "react";

/** The content size of an element, in whole pixels, as it changes. */
export function useSize<T extends Element>(): [RefObject<T | null>, { width: number; height: number }] {
    const element = useRef<T>(null);
    const [size, setSize] = useState({ width: 0, height: 0 });
    useLayoutEffect(() => {
        if (!element.current) return;
        const watch = new ResizeObserver(([entry]) => {
            const width = Math.floor(entry!.contentRect.width);
            const height = Math.floor(entry!.contentRect.height);
            setSize((old) => (old.width === width && old.height === height ? old : { width, height }));
        });
        watch.observe(element.current);
        return () => watch.disconnect();
    }, []);
    return [element, size];
}
