// Words of the page that asks in SQL. Both languages side by side.
import { count, many } from "./counts";

const en = {
    sql: {
        nav: "SQL", title: "SQL", lead: "Ask the machines and their history with a SELECT, in PostgreSQL's words. Nothing can be changed here.",
        statement: "Statement", run: "Run", keys: "Ctrl+Enter runs it.", running: "Running…", examplesTitle: "Examples",
        examples: { latest: "Newest values", minutes: "Minutes of an hour", days: "Days of the site", sites: "Machines by site", silent: "Silent machines" },
        emptyTitle: "No question asked yet", emptyStep: "Run the statement above, or begin with an example. These are the tables:",
        tables: [
            ["machines", "id, name, kind, site, time_zone, connection, state, fault, source, last_seen, first_seen, adopted_at, latitude, longitude, attributes"],
            ["tags", "machine, tag, kind, label, unit, low, high, writable"],
            ["latest", "machine, tag, time, value, text, quality"],
            ["samples", "machine, tag, time, value, text, quality"],
            ["sites", "name, time_zone, latitude, longitude"],
        ] as [string, string][],
        answer: "Answer", csv: "Download CSV", ndjson: "Download NDJSON",
        count: (rows: number, ms: number) => `${many(rows, "row", "rows")} in ${ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`}.`,
        truncated: "There are more; these are the first. Add LIMIT, or ask for less.",
        moreRows: (rows: number) => `Show more (${rows.toLocaleString("en")} left)`,
        where: (line: number, column: number) => `Line ${line}, column ${column}.`, code: (state: string) => `SQLSTATE ${state}`,
        chart: (names: string, from: string, until: string) => `${names}, from ${from} to ${until}`,
    },
};

const zh: typeof en = {
    sql: {
        nav: "SQL", title: "SQL 查询", lead: "用 PostgreSQL 语法的 SELECT 查询设备及其历史数据。此处只能读取，不能修改。",
        statement: "语句", run: "执行", keys: "按 Ctrl+Enter 执行。", running: "正在执行…", examplesTitle: "示例",
        examples: { latest: "最新值", minutes: "一小时内的分钟值", days: "场所的每日值", sites: "按场所统计设备", silent: "失联设备" },
        emptyTitle: "尚未查询", emptyStep: "执行上面的语句，或从示例开始。可用的表：",
        tables: en.sql.tables,
        answer: "结果", csv: "下载 CSV", ndjson: "下载 NDJSON",
        count: (rows: number, ms: number) => `${count(rows)} 行，用时 ${ms < 1000 ? `${Math.round(ms)} 毫秒` : `${(ms / 1000).toFixed(1)} 秒`}。`,
        truncated: "还有更多行，此处只是开头部分。请加 LIMIT 或缩小范围。",
        moreRows: (rows: number) => `显示更多（剩余 ${count(rows)} 行）`,
        where: (line: number, column: number) => `第 ${line} 行，第 ${column} 列。`, code: (state: string) => `SQLSTATE ${state}`,
        chart: (names: string, from: string, until: string) => `${names}，从 ${from} 到 ${until}`,
    },
};

export const sqlWords = { en, zh };
