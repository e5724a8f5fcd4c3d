/** The counters of the broker that stand for something refused, dropped or cut, the most first. */
export function lossesOf(numbers: Record<string, number>): [string, number][] {
    return Object.entries(numbers)
        .filter(([name, count]) => count > 0 && (/refused|dropped|damaged|hidden/.test(name) || name === "slow_disconnected"))
        .sort((one, other) => other[1] - one[1]);
}
