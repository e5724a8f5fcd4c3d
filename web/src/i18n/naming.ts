// Words of the naming pages: identifiers, prefixes, applications, statistics. Both languages side by side.
const en = { naming: { nav: "Naming" } };
const zh: typeof en = { naming: { nav: "标识" } };

export const namingWords = { en, zh };
