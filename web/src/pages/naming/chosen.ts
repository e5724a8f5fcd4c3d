// Which prefix the naming pages show, and which identifiers were chosen for labels; kept while the tab lives.
import { createStore } from "../../api/store";

const memory_key = "lineshaft.names";

function remembered(): { prefix: string | null; labels: string[] } {
    try {
        const told: unknown = JSON.parse(sessionStorage.getItem(memory_key) ?? "null");
        if (told && typeof told === "object" && "labels" in told && Array.isArray(told.labels)) return told as { prefix: string | null; labels: string[] };
    } catch {
        // Nothing usable is remembered.
    }
    return { prefix: null, labels: [] };
}

export const chosen = createStore(remembered());
chosen.subscribe(() => {
    try {
        sessionStorage.setItem(memory_key, JSON.stringify(chosen.get()));
    } catch {
        // Then it holds until the page is closed.
    }
});

export const choosePrefix = (prefix: string) => chosen.set({ ...chosen.get(), prefix });
export const chooseLabels = (labels: string[]) => chosen.set({ ...chosen.get(), labels });
