// The chosen machine: a ring around it, the way it came, and where it was at the slider's instant.
import { turn, type View } from "../../fleet/mercator";
import type { Roster } from "../../fleet/roster";
import { gap_ms, type Moment, type Track } from "../../fleet/track";
import { drawMark } from "./machines_layer";
import type { Layer, Look, Pen } from "./map_view";

export class TrackLayer implements Layer {
    readonly cached = false;
    version = 0;
    track: Track | null = null;
    moment: Moment | null = null;
    selected: string | null = null;
    constructor(private readonly roster: Roster) {}

    draw(pen: Pen, view: View, look: Look) {
        const px = (x: number) => turn(view.x, x) * view.scale + view.width / 2;
        const py = (y: number) => (y - view.y) * view.scale + view.height / 2;
        if (this.track) this.way(pen, look, this.track, px, py);
        const spot = this.selected !== null ? this.roster.at(this.selected) : undefined;
        if (spot && spot.latitude !== null) {
            const i = this.roster.indexOf(spot.id);
            const [x, y] = [px(this.roster.points.x[i]!), py(this.roster.points.y[i]!)];
            pen.globalAlpha = this.moment ? 0.55 : 1;
            drawMark(pen, x, y, spot.state, 24, look, spot.heading);
            pen.globalAlpha = 1;
            if (!this.moment) ring(pen, x, y, 19, look.text);
        }
        if (this.moment) {
            const [x, y] = [px(this.moment.x), py(this.moment.y)];
            pen.beginPath();
            pen.arc(x, y, 9, 0, 2 * Math.PI);
            pen.fillStyle = this.moment.is_known ? look.link : look.surface;
            pen.fill();
            pen.lineWidth = 3;
            pen.strokeStyle = this.moment.is_known ? look.surface : look.link;
            pen.stroke();
            ring(pen, x, y, 15, look.link);
        }
    }

    private way(pen: Pen, look: Look, track: Track, px: (x: number) => number, py: (y: number) => number) {
        const line = (upto: number, colour: string, width: number, alpha: number) => {
            pen.beginPath();
            let lastX = NaN, lastY = NaN;
            for (let i = 0; i < track.count && track.at[i]! <= upto; i += 1) {
                const [x, y] = [px(track.x[i]!), py(track.y[i]!)];
                const breaks = i === 0 || track.at[i]! - track.at[i - 1]! >= gap_ms;
                if (!breaks && Math.abs(x - lastX) + Math.abs(y - lastY) < 1) continue;
                if (breaks) pen.moveTo(x, y);
                else pen.lineTo(x, y);
                [lastX, lastY] = [x, y];
            }
            pen.lineWidth = width;
            pen.lineJoin = "round";
            pen.lineCap = "round";
            pen.globalAlpha = alpha;
            pen.strokeStyle = colour;
            pen.stroke();
            pen.globalAlpha = 1;
        };
        line(Infinity, look.surface, 6, 0.8);
        line(Infinity, look.link, 2.5, this.moment ? 0.4 : 0.9);
        if (this.moment) line(this.moment.at, look.link, 3.5, 1);
    }
}

function ring(pen: Pen, x: number, y: number, radius: number, colour: string) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.lineWidth = 2.5;
    pen.strokeStyle = colour;
    pen.stroke();
}
