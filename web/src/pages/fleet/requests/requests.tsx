import type { Person } from "../../../api/types";
export function Requests(_: { chosen: string | null; person: Person }) { return null; }
