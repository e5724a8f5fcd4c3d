/** Money kept as a whole number of the smallest unit, as people of a country write it. */
export function formatMoney(minor: number, currency: string, locale: string): string {
    try {
        const format = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
        return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    } catch {
        return `${(minor / 100).toFixed(2)} ${currency}`;
    }
}

/** How many of the smallest unit one unit has: 100 for most, 1 for the yen. */
export function minorsOf(currency: string): number {
    try {
        return 10 ** (new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2);
    } catch {
        return 100;
    }
}
