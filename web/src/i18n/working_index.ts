// Words of the utilisation index. Both languages side by side.

const en = {
    index: {
        title: "Utilisation index", lead: "开工率: of the days machines were seen, the share on which they worked.", definition: "How it is counted", define: ["A machine works on a day when it runs at least", "hours. Groups of fewer than", "machines are withheld."] as [string, string, string],
        count: "Count again", counting: "Counting from the stored data…", hours: "Hours a day", group: "Smallest group", from: "From", until: "Until", by: "Group by",
        dimensions: { type: "Type", region: "Region", both: "Type and region" }, all: "All machines", month: "Month", yoy: "Year on year", points: (n: string) => `${n} points`, machines: "Machines", days: "Days worked", ofDays: (a: string, b: string) => `${a} of ${b}`,
        value: "Index", withheld: "withheld", withheldTitle: "Why some groups are withheld", withheldText: (k: number) => `A group of fewer than ${k} machines would show what a single firm does. It is withheld, and so is as much beside it as it takes that nobody can work it out by subtracting.`,
        noDays: "no days", chart: (what: string) => `Index of ${what} by month, beside the same month a year before`, thisYear: "this year", lastYear: "a year before", csv: "Download CSV", computed: (at: string) => `Computed from raw data at ${at}.`,
        emptyTitle: "Nothing to count yet", emptyStep: "The index is counted from engine hours, once machines have reported for a day. Choose earlier months, or wait until tomorrow.", latest: (month: string) => `Latest month, ${month}`, noYear: "no month a year before", show: (what: string) => `Show ${what} in the chart`,
        unknown: "unknown", less: "The node's smallest group may be raised here, not lowered.",
    },
};

const zh: typeof en = {
    index: {
        title: "开工率", lead: "在有数据的天数中，设备开工的天数所占比例。", definition: "统计口径", define: ["设备当天运转不少于", "小时，即算当天开工。少于", "台的分组不公布。"],
        count: "重新计算", counting: "正在根据原始数据计算…", hours: "每天小时数", group: "最小分组", from: "从", until: "至", by: "分组",
        dimensions: { type: "机型", region: "区域", both: "机型与区域" }, all: "全部设备", month: "月份", yoy: "同比", points: (n) => `${n} 个百分点`, machines: "设备数", days: "开工天数", ofDays: (a, b) => `${a} / ${b}`,
        value: "开工率", withheld: "不公布", withheldTitle: "为什么有些分组不公布", withheldText: (k) => `少于 ${k} 台的分组会暴露单个企业的情况，因此不公布；为防止用减法推算，还会连带隐去必要的相邻分组。`,
        noDays: "无数据", chart: (what) => `${what} 的月度开工率与去年同月对比`, thisYear: "本年", lastYear: "去年同月", csv: "下载 CSV", computed: (at) => `于 ${at} 根据原始数据计算。`,
        emptyTitle: "还没有可统计的数据", emptyStep: "开工率根据发动机小时计算，设备上报满一天后即可统计。请选择更早的月份，或明天再来。", latest: (month) => `最近月份 ${month}`, noYear: "没有去年同月数据", show: (what) => `在图中显示 ${what}`,
        unknown: "未知", less: "此处只能提高节点设定的最小分组，不能降低。",
    },
};

export const indexWords = { en, zh };
