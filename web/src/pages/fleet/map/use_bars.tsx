// How a day was used: one bar of its states, and many days side by side.
import type { FleetState, Use } from "../../../api/fleet_types";
import { formatNumber } from "../../../format/number";
import { stateMark } from "../../../fleet/roster";
import { useWords } from "../../../i18n";
import { ToneMark } from "../../../parts/mark";

const order: FleetState[] = ["working", "idle", "fault", "off", "silent"];
const seconds = (use: Use, state: FleetState) => use[`${state}_s`];
const hours = (s: number) => formatNumber(s / 3600, 1);

export function UseBar({ use }: { use: Use }) {
    const words = useWords();
    const all = order.reduce((sum, state) => sum + seconds(use, state), 0) || 1;
    const parts = order.filter((state) => seconds(use, state) > 0);
    return (
        <>
            <div className="use-bar" role="img" aria-label={parts.map((state) => `${words.fleet.states[state]} ${hours(seconds(use, state))} h`).join(", ")}>
                {parts.map((state) => <i key={state} className={`use-${state}`} style={{ width: `${(seconds(use, state) / all) * 100}%` }} />)}
            </div>
            <ul className="use-legend">
                {parts.map((state) => <li key={state}><ToneMark tone={stateMark[state]} />{words.fleet.states[state]} <b className="figure">{hours(seconds(use, state))} h</b></li>)}
            </ul>
        </>
    );
}

const height = 64;

/** Hours worked, with idling on top of them; a day without anything known stays empty. */
export function DayBars({ days }: { days: Use[] }) {
    const words = useWords();
    const most = Math.max(8, ...days.map((day) => (day.working_s + day.idle_s) / 3600));
    return (
        <div className="day-bars" role="list">
            {days.map((day) => {
                const text = words.unit.useOf(day.date, formatNumber(day.working_s / 3600, 1));
                return (
                    <div key={day.date} role="listitem" title={text} aria-label={text}>
                        <span style={{ height }}>
                            <i className="use-idle" style={{ height: `${(day.idle_s / 3600 / most) * 100}%` }} />
                            <i className="use-working" style={{ height: `${(day.working_s / 3600 / most) * 100}%` }} />
                        </span>
                        <small>{Number(day.date.slice(8))}</small>
                    </div>
                );
            })}
        </div>
    );
}
