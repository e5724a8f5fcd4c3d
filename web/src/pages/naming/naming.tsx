// The pages of who runs a naming node and of who gives names, in one piece of the program.
import type { Person } from "../../api/types";
import type { Route } from "../../router";

export function NamingPages({ route }: { person: Person; route: Route }) {
    return <h1>{route.page}</h1>;
}
