export function CabPage(_: { machine: string | null }) { return null; }
