// A real Chromium with ears: it remembers every error the console of a page reports.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const args = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export const sizes = {
    wall: { width: 1920, height: 1080 },
    laptop: { width: 1280, height: 800 },
    phone: { width: 390, height: 844 },
};

export async function openBrowser() {
    const browser = await chromium.launch({ executablePath: process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium", args });
    const complaints = [];
    const shots = process.env.LINESHAFT_SHOTS;
    if (shots) mkdirSync(shots, { recursive: true });
    return {
        browser,
        /** Every console error, refused resource, exception and dialog box of every page opened here. */
        complaints,
        /** A page of its own; `state` carries cookies from another one. */
        async page({ size = "laptop", language = "en-GB", scheme = "dark", state } = {}) {
            const context = await browser.newContext({
                viewport: sizes[size], locale: language, colorScheme: scheme, timezoneId: "Europe/Berlin",
                storageState: state, ignoreHTTPSErrors: true,
            });
            const page = await context.newPage();
            listen(page, complaints);
            return page;
        },
        async shoot(page, name) {
            if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
        },
    };
}

function listen(page, complaints) {
    page.on("console", (message) => {
        if (message.type() !== "error") return;
        const text = message.text();
        // Asking who I am before anybody signed in, and a network that the test itself cut, are no faults.
        const expected = (/status of (401|409)/.test(text) && /\/api\/v1\//.test(message.location().url)) || /ERR_INTERNET_DISCONNECTED/.test(text);
        if (!expected) complaints.push(`${page.url()}: ${text}`);
    });
    page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
    page.on("dialog", (dialog) => {
        complaints.push(`${page.url()}: a dialog box says ${dialog.message()}`);
        void dialog.dismiss();
    });
}

/** The first admin sets up a new node with its one-time secret, until the console is live. */
export async function enter(page, node, { name = "ada", password = "a long enough password" } = {}) {
    await page.goto(`${node.url}/#setup=${encodeURIComponent(node.secret)}`);
    await page.fill("[name=name]", name);
    await page.fill("[name=password]", password);
    await page.click("form button.primary");
    await page.locator(".live-open").waitFor();
}

/** How far the page is wider than its window; 0 when nothing needs sideways scrolling. */
export const sideways = (page) =>
    page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth));

export const downwards = (page) =>
    page.evaluate(() => Math.max(0, document.documentElement.scrollHeight - window.innerHeight));
