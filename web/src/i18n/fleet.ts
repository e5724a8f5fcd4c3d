// Words of the fleet: its pages, the map, one machine, sites and crossings. Both languages side by side.
import { count, many } from "./counts";

const en = {
    geo: {
        role: "map", keys: "Arrow keys move it, + and − zoom, 0 shows everything.", buttons: "Zoom",
        nearer: "Zoom in", farther: "Zoom out", whole: "Show everything", coastSource: "Coast: Natural Earth, public domain, true to about a kilometre",
    },
    fleet: {
        nav: "Fleet", pages: "Fleet pages", map: "Map", requests: "Requests", plan: "Plan", index: "Utilisation", cab: "Cab",
        states: { working: "working", idle: "idle", off: "off", fault: "fault", silent: "silent" },
        stateHelp: {
            working: "the engine runs and it does something", idle: "the engine runs and nothing happens", off: "the engine stands",
            fault: "a fault stops it", silent: "nothing heard from it lately",
        },
        filter: "Filter", search: "Name or number", type: "Type", anyType: "Every type", site: "Site", anySite: "Every site", noSite: "At no site", noType: "no type",
        byState: "By state", clear: "Clear filters", trails: "Trails", list: "Machines", sites: "Sites", crossings: "Border events", settings: "Show",
        count: (shown: number, all: number) => shown === all ? many(all, "machine", "machines") : `${shown.toLocaleString("en")} of ${many(all, "machine", "machines")}`,
        moreInList: (n: number) => `and ${many(n, "more", "more")}: filter, or zoom in`, noneMatch: "No machine matches. Change the filters.",
        mapLabel: "Map of the fleet", unplaced: (n: number) => `${many(n, "machine has", "machines have")} told no place yet`,
        emptyTitle: "No machine on the map yet", emptyStep: "A machine appears as soon as it tells where it is: latitude and longitude in its telemetry, an AEMP feed of its maker, or a list imported as CSV.",
        emptyGo: "Connect a machine", here: (n: number) => `${many(n, "machine", "machines")} here`, choose: "Choose one",
    },
    unit: {
        title: "In the fleet", onMap: "On the map", page: "All measurements", cab: "Open cab page", since: (age: string) => `since ${age}`, heard: "heard", hide: "Close",
        hours: "Engine hours", idle: "Idle", idleOf: (share: string) => `${share} of running`, fuel: "Fuel", fuelRate: "Fuel per hour", load: "Load", rpm: "rpm", speed: "Speed", place: "Place",
        at: (site: string) => `at ${site}`, trouble: {
            zero: "It reports 0° / 0°: the receiver has no fix. Shown is the last place that was believed.",
            nowhere: "It reports a place that is not on the earth. Shown is the last that was believed.",
            jump: "It jumped too far to be true. Shown is the last place that was believed.",
            frozen: "It says it drives, but its place does not change. Its receiver is stuck.",
            vague: "Its fix is too vague to tell where it is. Shown is the last that was believed.",
        },
        customers: { open: "Customers", title: (name: string) => `Who sees ${name}`, lead: "Organisations chosen here see this machine on their own map: where it is, what it does, its hours, faults and service. They see nothing else of ours.", none: "There is no other organisation on this node yet.", save: "Save", saved: "Saved. They see it at once." },
        clock: (text: string, back: boolean) => `Its clock stands ${text} ${back ? "back" : "ahead"}. Times are corrected by when it was heard.`,
        clockStuck: (text: string) => `Its clock stands ${text} back, so what it says is older than what is known: it is kept under those times, and shown as now once the clock is right.`,
        today: "Today", days: "Last 14 days", utilisation: "Utilisation", worked: "Worked", noUse: "Nothing is known of these days.",
        useOf: (date: string, hours: string) => `${date}: ${hours} h worked`,
        faults: "Faults", noFaults: "No fault is reported.", spn: (spn: number, fmi: number | null) => `SPN ${spn}${fmi === null ? "" : ` · FMI ${fmi}`}`, stops: "stops it", until: "until", active: "now",
        service: "Service", serviceIn: (hours: string) => `due in ${hours} h`, serviceOver: (hours: string) => `overdue by ${hours} h`, serviceAt: (hours: string) => `at ${hours} h`, expected: "about",
        noService: "No service interval is set.", job: "Job", noJob: "Nothing planned.", notPlanned: "Not planned",
        facts: "Details", maker: "Maker", model: "Model", serial: "Serial number", weight: "Weight", attachments: "Attachments", region: "Region",
        editFacts: "Edit details", serviceEvery: "Service every (h)", serviceLast: "Last service at (h)", outOfService: "Out of service: nothing is planned for it", attachmentsHelp: "Separated by commas.",
        drives: "Drives itself between sites", capacity: "Carries (kg)", capacityHelp: "Only for low-loaders.",
    },
    way: {
        title: "Where it was", ranges: { h8: "8 h", h24: "24 h", d7: "7 days", d30: "30 days" } as Record<string, string>, slider: "Instant", play: "Play", pause: "Pause", now: "Back to now",
        none: "No place is stored in this time. Choose a longer one.", metres: (text: string) => `${text} driven`,
        leftOut: (n: number) => `${many(n, "fix was", "fixes were")} not believed`, unknown: "not heard",
    },
    area: {
        draw: "Draw a site", edit: "Change border", lead: "Click corner by corner; click the first corner to close it.", leadClosed: "Drag corners, or the dots between them to add one.",
        keys: "Keyboard: arrows move the map, Enter sets a corner in the middle, C closes, Delete takes one away.", undo: "Take corner away", close: "Close it",
        name: "Name", zone: "Time zone", region: "Region", regionHelp: "For the utilisation index, such as “south”.", save: "Save site", saved: (name: string) => `${name} is saved.`,
        area: "Area", machines: (n: number) => many(n, "machine", "machines"), overlaps: (names: string) => `Shares ground with ${names}: machines there belong to both.`, noBorder: "no border: a circle of 200 m counts",
        few: "A border needs at least three corners.", many: "A border has at most 1,000 corners.", large: "A site is at most 200 km wide.", crossing: (a: number, b: number) => `Side ${a} crosses side ${b}. Move a corner so that they do not.`,
        cross: "Middle of the map", emptyTitle: "No sites yet", emptyStep: "Draw the border of a place where machines work. Entering and leaving it is then told here.", ready: (km: string) => `${km} – ready to save.`,
        entered: "entered", left: "left", noCrossings: "No machine has entered or left a site yet.", noCrossingsStep: "A crossing is told once two fixes in a row are clearly on the other side.", fit: "Show",
    },
};

const zh: typeof en = {
    geo: {
        role: "地图", keys: "方向键移动，+ 和 − 缩放，0 显示全部。", buttons: "缩放",
        nearer: "放大", farther: "缩小", whole: "显示全部", coastSource: "海岸线：Natural Earth（公有领域），精度约一公里",
    },
    fleet: {
        nav: "机群", pages: "机群页面", map: "地图", requests: "用机申请", plan: "调度计划", index: "开工率", cab: "驾驶室",
        states: { working: "作业", idle: "怠速", off: "熄火", fault: "故障", silent: "失联" },
        stateHelp: { working: "发动机运转且在作业", idle: "发动机运转但没有作业", off: "发动机停止", fault: "故障使其停机", silent: "近期没有收到数据" },
        filter: "筛选", search: "名称或编号", type: "机型", anyType: "全部机型", site: "工地", anySite: "全部工地", noSite: "不在任何工地", noType: "未知机型",
        byState: "按状态", clear: "清除筛选", trails: "轨迹", list: "设备", sites: "工地", crossings: "进出记录", settings: "显示",
        count: (shown, all) => shown === all ? `${count(all)} 台设备` : `${count(all)} 台设备中的 ${count(shown)} 台`,
        moreInList: (n) => `还有 ${count(n)} 台：请筛选或放大地图`, noneMatch: "没有匹配的设备。请修改筛选条件。",
        mapLabel: "机群地图", unplaced: (n) => `${count(n)} 台设备还没有上报位置`,
        emptyTitle: "地图上还没有设备", emptyStep: "设备上报位置后会立即出现：遥测数据中的经纬度、制造商的 AEMP 数据源，或导入 CSV 清单。",
        emptyGo: "接入设备", here: (n) => `此处有 ${count(n)} 台设备`, choose: "请选择",
    },
    unit: {
        title: "机群信息", onMap: "在地图上查看", page: "全部测点", cab: "打开驾驶室页面", since: (age) => `${age}开始`, heard: "最近数据", hide: "关闭",
        hours: "发动机小时", idle: "怠速", idleOf: (share) => `占运转 ${share}`, fuel: "油量", fuelRate: "每小时油耗", load: "负荷", rpm: "转/分", speed: "速度", place: "位置",
        at: (site) => `在 ${site}`, trouble: {
            zero: "上报位置为 0° / 0°：定位器没有定位。此处显示最后可信的位置。", nowhere: "上报的位置不在地球上。此处显示最后可信的位置。",
            jump: "位置跳变过大，不可信。此处显示最后可信的位置。", frozen: "设备称在行驶，但位置一直没有变化：定位器可能卡死。", vague: "定位精度太差。此处显示最后可信的位置。",
        },
        customers: { open: "客户", title: (name) => `谁能看到 ${name}`, lead: "所选机构可在自己的地图上看到这台设备：位置、状态、工时、故障和保养，看不到我们的其他内容。", none: "本节点还没有其他机构。", save: "保存", saved: "已保存，立即可见。" },
        clock: (text, back) => `设备时钟${back ? "慢" : "快"}了 ${text}。时间已按收到时刻校正。`,
        clockStuck: (text) => `设备时钟慢了 ${text}，上报内容早于已知内容：数据按其时间保存，时钟校正后恢复实时显示。`,
        today: "今天", days: "最近 14 天", utilisation: "利用率", worked: "作业", noUse: "这些天没有数据。", useOf: (date, hours) => `${date}：作业 ${hours} 小时`,
        faults: "故障", noFaults: "没有上报故障。", spn: (spn, fmi) => `SPN ${spn}${fmi === null ? "" : ` · FMI ${fmi}`}`, stops: "致停机", until: "至", active: "当前",
        service: "保养", serviceIn: (hours) => `还有 ${hours} 小时到期`, serviceOver: (hours) => `已超期 ${hours} 小时`, serviceAt: (hours) => `${hours} 小时时`, expected: "约",
        noService: "未设置保养间隔。", job: "任务", noJob: "没有安排任务。", notPlanned: "不参与调度",
        facts: "资料", maker: "制造商", model: "型号", serial: "序列号", weight: "重量", attachments: "属具", region: "区域",
        editFacts: "编辑资料", serviceEvery: "保养间隔（小时）", serviceLast: "上次保养（小时）", outOfService: "停用：不安排任何任务", attachmentsHelp: "用逗号分隔。",
        drives: "可自行转场", capacity: "承载（公斤）", capacityHelp: "仅用于平板拖车。",
    },
    way: {
        title: "历史位置", ranges: { h8: "8 小时", h24: "24 小时", d7: "7 天", d30: "30 天" }, slider: "时刻", play: "播放", pause: "暂停", now: "回到现在",
        none: "该时段没有位置数据。请选择更长的时段。", metres: (text) => `行驶 ${text}`, leftOut: (n) => `${count(n)} 个定位不可信，未采用`, unknown: "无数据",
    },
    area: {
        draw: "绘制工地", edit: "修改边界", lead: "逐个点击角点；点击第一个角点闭合。", leadClosed: "拖动角点，或拖动两点之间的小圆点以增加角点。",
        keys: "键盘：方向键移动地图，Enter 在地图中心设角点，C 闭合，Delete 删除角点。", undo: "删除角点", close: "闭合",
        name: "名称", zone: "时区", region: "区域", regionHelp: "用于开工率统计，例如“华南”。", save: "保存工地", saved: (name) => `${name} 已保存。`,
        area: "面积", machines: (n) => `${count(n)} 台设备`, overlaps: (names) => `与 ${names} 有重叠：重叠处的设备同时属于两处。`, noBorder: "没有边界：按半径 200 米的圆计算",
        few: "边界至少需要三个角点。", many: "边界最多 1,000 个角点。", large: "工地最宽 200 公里。", crossing: (a, b) => `第 ${a} 条边与第 ${b} 条边相交。请移动角点。`,
        cross: "地图中心", emptyTitle: "还没有工地", emptyStep: "画出设备作业地点的边界，之后的进出都会记录在这里。", ready: (km) => `${km}，可以保存。`,
        entered: "进入", left: "离开", noCrossings: "还没有设备进出工地。", noCrossingsStep: "连续两个定位明显在边界另一侧时才会记录。", fit: "查看",
    },
};

export const fleetWords = { en, zh };
