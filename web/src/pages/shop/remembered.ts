// On which cloth an order was pictured: kept by this browser only, so that following it looks as it was chosen.
import { clothFor } from "./draft";

const prefix = "lineshaft.cloth.";

export interface ClothChoice {
    cloth: string;
    fabric: string;
}

export function rememberCloth(order: string, choice: ClothChoice) {
    try {
        localStorage.setItem(prefix + order, JSON.stringify(choice));
    } catch {
        // Then the picture has the usual cloth.
    }
}

export function clothOf(order: string, threads: string[]): ClothChoice {
    try {
        const told = JSON.parse(localStorage.getItem(prefix + order) ?? "") as Partial<ClothChoice>;
        if (typeof told.cloth === "string" && typeof told.fabric === "string") return { cloth: told.cloth, fabric: told.fabric };
    } catch {
        // Ordered elsewhere, or nothing may be kept.
    }
    return { cloth: clothFor(threads), fabric: "twill" };
}
