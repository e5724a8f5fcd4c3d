import { createStore, useStore } from "../api/store";
import { en, type Strings } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";
export type { Strings };

const languages: Record<Language, Strings> = { en, zh };
const memory_key = "lineshaft.language";

function remembered(): Language {
    try {
        const stored = localStorage.getItem(memory_key);
        if (stored === "en" || stored === "zh") return stored;
    } catch {
        // Storage may be forbidden; the browser's language is a good start.
    }
    return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

const language = createStore<Language>(remembered());

function tellDocument() {
    document.documentElement.lang = language.get() === "zh" ? "zh-CN" : "en";
}
tellDocument();

export function toggleLanguage() {
    const next = language.get() === "en" ? "zh" : "en";
    try {
        localStorage.setItem(memory_key, next);
    } catch {
        // Then it holds until the page is closed.
    }
    language.set(next);
    tellDocument();
}

/** The words of the chosen language. */
export const useWords = (): Strings => languages[useStore(language)];
