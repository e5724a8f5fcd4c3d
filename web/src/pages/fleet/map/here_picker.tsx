import { turn, type View } from "../../../fleet/mercator";
import { nameOf, stateMark, type Spot } from "../../../fleet/roster";
import { useWords } from "../../../i18n";
import { ToneMark } from "../../../parts/mark";

interface HereProps {
    at: { members: Spot[]; x: number; y: number };
    view: View;
    onChoose: (id: string) => void;
    onClose: () => void;
}

const shown_max = 60;

/** Machines that stand on one spot, to choose from. */
export function HerePicker({ at, view, onChoose, onClose }: HereProps) {
    const words = useWords();
    const x = Math.min(view.width - 250, Math.max(10, turn(view.x, at.x) * view.scale + view.width / 2 + 16));
    const y = Math.min(view.height - 260, Math.max(10, (at.y - view.y) * view.scale + view.height / 2 - 20));
    return (
        <div className="here" style={{ left: x, top: y }} role="dialog" aria-label={words.fleet.here(at.members.length)} onKeyDown={(event) => event.key === "Escape" && onClose()}>
            <header><b>{words.fleet.here(at.members.length)}</b><button type="button" className="quiet icon" aria-label={words.close} onClick={onClose}>×</button></header>
            <ul>
                {at.members.slice(0, shown_max).map((spot, i) => (
                    <li key={spot.id}><button type="button" autoFocus={i === 0} onClick={() => onChoose(spot.id)}><ToneMark tone={stateMark[spot.state]} />{nameOf(spot)}<small>{words.fleet.states[spot.state]}</small></button></li>
                ))}
            </ul>
        </div>
    );
}
