import { ApiError, whenUnauthorised } from "./client";
import { calls } from "./calls";
import { forgetCabs } from "../fleet/cab_memory";
import { createStore } from "./store";
import type { Person, Role } from "./types";

export type Session =
    | { state: "loading" }
    | { state: "unreachable" }
    | { state: "setup" }
    | { state: "out" }
    | { state: "in"; person: Person };

export const session = createStore<Session>({ state: "loading" });

/** Asks the node who we are. An unreachable node leaves a signed-in person where they are. */
export async function refreshSession(): Promise<void> {
    try {
        const { person } = await calls.whoAmI();
        signedIn(person);
    } catch (error) {
        if (error instanceof ApiError && error.status === 401) {
            session.set({ state: error.problem.setup_needed === true ? "setup" : "out" });
        } else if (session.get().state !== "in") {
            session.set({ state: "unreachable" });
        }
    }
}

export function signedIn(person: Person) {
    const now = session.get();
    const same = now.state === "in" && JSON.stringify(now.person) === JSON.stringify(person);
    if (!same) session.set({ state: "in", person });
}

export async function signOut(): Promise<void> {
    await calls.signOut();
    forgetCabs();
    session.set({ state: "out" });
}

whenUnauthorised(() => session.set({ state: "out" }));

const ladder: Role[] = ["viewer", "operator", "engineer", "admin"];

/** Whether `person` may do what needs `role`. Only for showing controls: the node decides. */
export function may(person: Person, role: "viewer" | "operator" | "engineer" | "admin"): boolean {
    if (person.role === "auditor") return role === "viewer";
    return ladder.indexOf(person.role) >= ladder.indexOf(role);
}
