/** English tells one from many. */
export const many = (n: number, one: string, more: string) => `${n.toLocaleString("en")} ${n === 1 ? one : more}`;

/** Chinese does not. */
export const count = (n: number) => n.toLocaleString("zh-CN");
