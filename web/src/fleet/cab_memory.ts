// What this browser remembers of cabs: enough to open one without a network, until somebody signs out.
export const chosenKey = "lineshaft.cab";
const prefix = `${chosenKey}.`;

export const cabKey = (machine: string) => `${prefix}${machine}`;

/** Whether this cab (null: the one chosen last) was open here before, and nobody signed out since. */
export function knowsCab(machine: string | null): boolean {
    try {
        const id = machine ?? localStorage.getItem(chosenKey);
        return id !== null && (JSON.parse(localStorage.getItem(cabKey(id)) ?? "null") as { cab?: unknown } | null)?.cab != null;
    } catch {
        return false;
    }
}

export function forgetCabs() {
    try {
        for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
    } catch {
        // Nothing was remembered.
    }
}
