// The states of prefixes and applications as tones: shape and colour say the same as the word.
import type { ApplicationState, PrefixState } from "../../api/naming_types";
import type { Tone } from "../../parts/tone";

const ofApplication: Record<ApplicationState, Tone> = { applied: "busy", approved: "idle", allocated: "run", refused: "off", suspended: "busy", revoked: "fault" };
const ofPrefix: Record<PrefixState, Tone> = { active: "run", suspended: "busy", revoked: "fault" };

export const toneOfApplication = (state: ApplicationState): Tone => ofApplication[state] ?? "other";
export const toneOfPrefix = (state: PrefixState): Tone => ofPrefix[state] ?? "other";
