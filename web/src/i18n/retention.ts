// Words of how long and how finely tags are kept. Both languages side by side.
import { count, many } from "./counts";

const en = {
    retention: {
        title: "Kept data", lead: "How long and how finely tags are kept, and the space they take.", add: "Add class", rest: "All other tags", forEver: "for ever", days: (n: number) => many(n, "day", "days"), everything: "every sample",
        coarse: (days: number, each: string) => days === 0 ? `one sample ${each}` : `every sample for ${many(days, "day", "days")}, then one ${each}`, each: { second: "a second", minute: "a minute", hour: "an hour", day: "a day", seconds: (n: number) => `each ${n} s` },
        order: "Order", name: "Class", tags: "Tags", machines: "Machines", allMachines: "all machines", kept: "Kept", fineness: "Fineness", space: "Space", series: (n: number) => many(n, "tag", "tags"), samples: (n: string) => `${n} samples`, counting: "being counted…", counted: "Counted", total: "Altogether",
        keptFrom: (day: string) => `from ${day}`, thinnedUntil: (day: string) => `coarser before ${day}`, up: (name: string) => `Move ${name} up`, down: (name: string) => `Move ${name} down`, remove: "Remove", edit: "Change",
        emptyTitle: "Everything is kept for ever", emptyStep: "Nothing expires unless you say so. Add a class for tags that need not last, such as vibration at a hundred samples a second.", first: "A tag belongs to the first class that fits it.",
        addTitle: "New class", editTitle: (name: string) => `Class ${name}`, nameHelp: "What people call it.", tagsHelp: "Patterns, one a line: * stands for any letters, ? for one. Such as vib* or *.rms.", machinesHelp: "Patterns of machines, one a line. Empty: all.",
        keepDays: "Kept for, days", keepHelp: "Empty: for ever.", resolution: "Later only one sample each", resolutions: { "": "every sample stays", "1": "second", "10": "10 seconds", "60": "minute", "600": "10 minutes", "3600": "hour", "86400": "day" } as Record<string, string>, otherSeconds: (n: string) => `${n} seconds`,
        fullDays: "After how many days", fullHelp: "Until then every sample stays. Months are made coarser whole.", fullLess: "Fewer days than it is kept.", taken: "There is a class of that name already.", done: "Done",
        unsaved: "Not saved yet.", save: "Save…", discard: "Discard", saveTitle: "Keep data like this?", saveSafe: "Nothing is removed by this.", saveLoses: (names: string) => `Samples are removed for good where they are older or finer than these classes allow: ${names}. Keeping them longer later brings nothing back.`, saveAction: "Save", saveRemoves: "Save and remove",
        saved: "Saved, and in force now.", conflict: "Somebody else changes this at the moment. Try again.", viewOnly: "Only admins change this.",
    },
};

const zh: typeof en = {
    retention: {
        title: "数据保留", lead: "测点数据保留多久、多精细，以及占用的空间。", add: "添加类别", rest: "其他全部测点", forEver: "永久", days: (n) => `${count(n)} 天`, everything: "全部采样",
        coarse: (days, each) => days === 0 ? `${each}一个采样` : `${count(days)} 天内保留全部，之后${each}一个`, each: { second: "每秒", minute: "每分钟", hour: "每小时", day: "每天", seconds: (n) => `每 ${n} 秒` },
        order: "顺序", name: "类别", tags: "测点", machines: "设备", allMachines: "全部设备", kept: "保留", fineness: "精细度", space: "占用空间", series: (n) => `${count(n)} 个测点`, samples: (n) => `${n} 个采样`, counting: "正在统计…", counted: "统计时间", total: "合计",
        keptFrom: (day) => `自 ${day} 起`, thinnedUntil: (day) => `${day} 之前已变稀`, up: (name) => `上移 ${name}`, down: (name) => `下移 ${name}`, remove: "移除", edit: "修改",
        emptyTitle: "全部数据永久保留", emptyStep: "除非您指定，数据不会过期。可为无需长期保留的测点添加类别，例如每秒一百次的振动。", first: "测点归入第一个匹配的类别。",
        addTitle: "新类别", editTitle: (name) => `类别 ${name}`, nameHelp: "便于识别的名称。", tagsHelp: "每行一个模式：* 代表任意字符，? 代表一个。例如 vib* 或 *.rms。", machinesHelp: "设备的模式，每行一个。留空则为全部。",
        keepDays: "保留天数", keepHelp: "留空则永久。", resolution: "之后只保留每", resolutions: { "": "保留全部采样", "1": "秒一个", "10": "10 秒一个", "60": "分钟一个", "600": "10 分钟一个", "3600": "小时一个", "86400": "天一个" }, otherSeconds: (n) => `${n} 秒一个`,
        fullDays: "多少天之后", fullHelp: "在此之前保留全部采样。按整月变稀。", fullLess: "须少于保留天数。", taken: "已有同名类别。", done: "完成",
        unsaved: "尚未保存。", save: "保存…", discard: "放弃", saveTitle: "按此保留数据？", saveSafe: "不会删除任何数据。", saveLoses: (names) => `超出以下类别所允许的时长或精细度的采样将被永久删除：${names}。以后再延长也无法恢复。`, saveAction: "保存", saveRemoves: "保存并删除",
        saved: "已保存并立即生效。", conflict: "此刻有其他人正在修改。请重试。", viewOnly: "只有管理员可以修改。",
    },
};

export const retentionWords = { en, zh };
