// The states of prefixes and applications as signs: shape and colour say the same as the word.
import type { ApplicationState, PrefixState } from "../../api/naming_types";
import type { Sign } from "../../parts/sign";

const ofApplication: Record<ApplicationState, Sign> = { applied: "waiting", approved: "onward", allocated: "good", refused: "ended", suspended: "paused", revoked: "ended" };
const ofPrefix: Record<PrefixState, Sign> = { active: "good", suspended: "paused", revoked: "ended" };

export const signOfApplication = (state: ApplicationState): Sign => ofApplication[state] ?? "plain";
export const signOfPrefix = (state: PrefixState): Sign => ofPrefix[state] ?? "plain";
