// Beside the page: reads the land and makes rings of it.
import { shoresOf, type Topology } from "./shores";

const page = self as unknown as { onmessage: (event: MessageEvent<string>) => void; postMessage: (message: unknown, owned?: Transferable[]) => void };

page.onmessage = async (event) => {
    try {
        const answer = await fetch(event.data);
        const shores = shoresOf((await answer.json()) as Topology);
        page.postMessage(shores, shores.map((shore) => shore.points.buffer as ArrayBuffer));
    } catch {
        page.postMessage(null);
    }
};
