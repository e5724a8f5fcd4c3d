// Words of giving many identifiers at once. Both languages side by side.
import { count, many } from "./counts";

const en = {
    bulk: {
        title: "Many at once", lead: "Each row gets a receipt. Sent again under the same name, nothing is done twice.", from: "From", sources: { series: "Numbered series", machines: "Machines", orders: "Orders", file: "File" },
        pattern: "Names", patternHelp: "#### is the number with zeros in front.", first: "From number", count: "How many", url: "Web address", urlHelp: "{name} and {number} stand for the row's own. Empty: no value.",
        machinesHelp: (n: number | null) => n === null ? "Every machine of this node gets a name with its id, which leads to its live page." : `${many(n, "machine gets a name", "machines get a name")} with the id, which leads to the live page.`, before: "Beginning of each name", beforeHelp: "Such as M- for M-press-1. May be empty.",
        ordersHelp: (n: number | null) => n === null ? "Every order gets a name with its id, which leads to where it can be followed." : `${many(n, "order gets a name", "orders get a name")} with the id, which leads to where it can be followed.`,
        file: "File", fileHelp: "NDJSON, one row a line as in the naming API; or CSV: the first column is the name (empty: the node makes one), every other column a value of the type above it, such as URL, EMAIL, DESC. Of any length.", drop: "Choose a file, or drop it here", size: (bytes: string) => `${bytes}`,
        key: "Name of this job", keyHelp: "The same name goes on where a job broke off.", preview: "First rows", start: "Start", stop: "Stop", again: "Go on", another: "Another job", rows: (n: number) => many(n, "row", "rows"),
        states: { running: "Sending…", stopped: "Stopped", failed: "Interrupted", done: "Done" }, counts: { made: "made", changed: "changed", kept: "kept", deleted: "deleted", refused: "refused" }, rate: (n: string) => `${n} rows/s`, skipped: (n: number) => `${many(n, "row was", "rows were")} done before.`,
        receipts: "Save receipts", refusals: "Refused rows", row: (n: number) => `Row ${n.toLocaleString("en")}`, shownOf: (n: number, all: number) => `The first ${n} of ${all.toLocaleString("en")}; the receipts name all of them.`, stoppedHelp: "What was sent is done. Go on sends the rest.", failedHelp: "What has a receipt is done. Go on sends the rest.",
        jobs: "Earlier jobs", job: "Job", by: "By", begun: "Begun", result: "Result", noJobs: "No job yet.", jobStates: { running: "running", stopped: "stopped", done: "done" }, stoppedAt: (row: number) => `stopped before row ${row.toLocaleString("en")}: choose the same rows under this name`, export: "Export",
    },
};

const zh: typeof en = {
    bulk: {
        title: "批量赋码", lead: "每行都有回执。以相同名称重新发送，不会重复执行。", from: "来源", sources: { series: "编号序列", machines: "设备", orders: "订单", file: "文件" },
        pattern: "名称", patternHelp: "#### 为补零的编号。", first: "起始编号", count: "数量", url: "网址", urlHelp: "{name} 和 {number} 代表该行的名称和编号。留空则没有值。",
        machinesHelp: (n) => n === null ? "本节点的每台设备以其编号命名，指向实时页面。" : `${count(n)} 台设备以其编号命名，指向实时页面。`, before: "名称开头", beforeHelp: "例如 M- 得到 M-press-1。可以留空。",
        ordersHelp: (n) => n === null ? "每份订单以其编号命名，指向跟踪页面。" : `${count(n)} 份订单以其编号命名，指向跟踪页面。`,
        file: "文件", fileHelp: "NDJSON：每行一条，格式见标识接口；或 CSV：第一列为名称（留空由节点生成），其余每列是一个值，列名为类型，如 URL、EMAIL、DESC。长度不限。", drop: "选择文件，或拖放到此处", size: (bytes) => bytes,
        key: "任务名称", keyHelp: "以相同名称可从中断处继续。", preview: "前几行", start: "开始", stop: "停止", again: "继续", another: "新任务", rows: (n) => `${count(n)} 行`,
        states: { running: "正在发送…", stopped: "已停止", failed: "已中断", done: "已完成" }, counts: { made: "新建", changed: "更新", kept: "保留", deleted: "删除", refused: "拒绝" }, rate: (n) => `${n} 行/秒`, skipped: (n) => `之前已完成 ${count(n)} 行。`,
        receipts: "保存回执", refusals: "被拒绝的行", row: (n) => `第 ${count(n)} 行`, shownOf: (n, all) => `显示前 ${n} 行，共 ${count(all)} 行；回执中列出全部。`, stoppedHelp: "已发送的均已完成。“继续”将发送其余部分。", failedHelp: "有回执的均已完成。“继续”将发送其余部分。",
        jobs: "历史任务", job: "任务", by: "执行人", begun: "开始时间", result: "结果", noJobs: "还没有任务。", jobStates: { running: "进行中", stopped: "已停止", done: "已完成" }, stoppedAt: (row) => `停在第 ${count(row)} 行之前：以此名称选择相同的行即可继续`, export: "导出",
    },
};

export const bulkWords = { en, zh };
