import { createStore, useStore } from "../api/store";
import { accessWords } from "./access";
import { dispatchWords } from "./dispatch";
import { fleetWords } from "./fleet";
import { setupWords } from "./fleet_setup";
import { bulkWords } from "./bulk";
import { handleWords } from "./handle";
import { machineWords } from "./machine";
import { namingWords } from "./naming";
import { plantWords } from "./plant";
import { registryWords } from "./registry";
import { retentionWords } from "./retention";
import { shellWords } from "./shell";
import { shopWords } from "./shop";
import { sqlWords } from "./sql";
import { workshopWords } from "./workshop";
import { threadWords } from "./threads";
import { trafficWords } from "./traffic";
import { trustWords } from "./trust";
import { indexWords } from "./working_index";

export type Language = "en" | "zh";

function wordsOf(language: Language) {
    return {
        ...shellWords[language], ...plantWords[language], ...machineWords[language],
        ...trafficWords[language], ...accessWords[language], ...trustWords[language], ...sqlWords[language],
        ...fleetWords[language], ...dispatchWords[language], ...indexWords[language], ...setupWords[language],
        ...handleWords[language], ...namingWords[language], ...registryWords[language], ...bulkWords[language], ...retentionWords[language], ...shopWords[language], ...workshopWords[language], ...threadWords[language],
    };
}

const languages = { en: wordsOf("en"), zh: wordsOf("zh") };

/** Every word of the console. A word that one language lacks does not compile. */
export type Strings = typeof languages.en;
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
