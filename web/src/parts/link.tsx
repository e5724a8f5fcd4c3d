import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate } from "../router";

/** A link within the console: no page load, yet middle click and "open in new tab" still work. */
export function Link({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
    const follow = (event: MouseEvent<HTMLAnchorElement>) => {
        onClick?.(event);
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        navigate(to);
    };
    return <a href={to} onClick={follow} {...rest} />;
}
