import type { Person } from "../../../api/types";
export function PlanPage(_: { person: Person }) { return null; }
