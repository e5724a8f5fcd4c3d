import { useWords } from "../../i18n";
import { graticule, scaleBar, type Projection } from "./projection";

/** Lines of latitude and longitude with their names at the left and the upper edge. */
export function Graticule({ projection, size }: { projection: Projection; size: number }) {
    const longitudes = graticule(projection.west, projection.east, Math.max(2, projection.width / 130));
    const latitudes = graticule(projection.south, projection.north, Math.max(2, projection.height / 130));
    const label = Math.max(11, size * 0.62);
    const name = (degrees: number, digits: number, plus: string, minus: string) => {
        const turned = degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
        const side = turned === 0 ? "" : turned > 0 ? ` ${plus}` : ` ${minus}`;
        return `${Math.abs(turned).toFixed(digits)}°${side}`;
    };
    return (
        <g className="graticule">
            {longitudes.at.map((degrees) => {
                const x = projection.x(degrees);
                return (
                    <g key={degrees}>
                        <line x1={x} x2={x} y1={Math.max(0, projection.y(90))} y2={Math.min(projection.height, projection.y(-90))} />
                        <text x={x + 4} y={label + 2} fontSize={label}>{name(degrees, longitudes.digits, "E", "W")}</text>
                    </g>
                );
            })}
            {latitudes.at.map((degrees) => {
                const y = projection.y(degrees);
                return (
                    <g key={degrees}>
                        <line x1={0} x2={projection.width} y1={y} y2={y} />
                        {y > label * 2.4 && <text x={6} y={y - 4} fontSize={label}>{name(degrees, latitudes.digits, "N", "S")}</text>}
                    </g>
                );
            })}
        </g>
    );
}

export function ScaleBar({ projection, size }: { projection: Projection; size: number }) {
    const words = useWords();
    const { metres, pixels } = scaleBar(projection.metres_per_pixel, Math.min(180, projection.width / 3));
    const right = projection.width - 14;
    const base = projection.height - 14;
    // On a picture of half the world, one scale is true along one parallel only: say which.
    const middle = (projection.south + projection.north) / 2;
    const where = projection.extent_km > 3000 ? ` ${words.map.at(`${Math.abs(middle).toFixed(0)}° ${middle < 0 ? "S" : "N"}`)}` : "";
    const text = (metres >= 1000 ? `${metres / 1000} ${words.map.km}` : `${metres} ${words.map.m}`) + where;
    return (
        <g className="scale-bar">
            <path d={`M${right - pixels} ${base - 7}V${base}H${right}V${base - 7}`} />
            <text x={right} y={base - 10} fontSize={Math.max(12, size * 0.7)} textAnchor="end">{text}</text>
        </g>
    );
}
