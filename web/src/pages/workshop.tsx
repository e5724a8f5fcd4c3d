import type { Person } from "../api/types";
import type { Route } from "../router";
export function WorkshopPages({ route }: { person: Person; route: Route }) { return <p>{route.page}</p>; }
