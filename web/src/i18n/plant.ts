// Words of what the whole plant shows: large screen, map, list of machines, the first five minutes, sites. Both languages side by side.
import { count, many } from "./counts";

const en = {
    screen: {
        title: "Plant at a glance", machines: "Machines", states: "By state", noStates: "No machine reports a state yet.",
        rates: "Data arriving", messages: "messages/s", samples: "samples/s", stored: "samples stored", refused: "refused",
        commit: "time to disk", ms: "ms", lastHour: "Last hour", quiet: "Nothing happened in the last hour.",
        map: "Sites", leave: "Console",
        empty: "No machine has spoken yet. The console’s page Machines shows the first step.", otherStates: "Other", noState: "No state reported",
    },
    map: {
        label: "Map of the sites", empty: "Add a site with its latitude and longitude to see it here.", addSite: "Add a site",
        km: "km", m: "m", at: (parallel: string) => `at ${parallel}`, land: "Outline: Natural Earth, public domain", noPlace: (n: number) => `${many(n, "site", "sites")} without a position`,
        siteLine: (name: string, online: number, all: number) => `${name}: ${online} of ${all} machines online`,
    },
    states: {
        run: "running", idle: "idle", busy: "in preparation", fault: "fault", off: "off", other: "other",
    },
    machines: {
        title: "Machines", search: "Search name, id or kind", connection: "Connection", state: "State", site: "Site",
        all: "All", any: "Any", adoption: "Adoption", adopted: "Adopted", discovered: "Discovered",
        count: (shown: number, total: number) => shown === total ? many(total, "machine", "machines") : `${shown} of ${many(total, "machine", "machines")}`,
        machine: "Machine", kind: "Kind", heard: "Last heard", tags: "Tags", adopt: "Adopt", noSite: "No site",
        emptyTitle: "No machine has spoken yet",
        emptyStep: "Send a first message: any MQTT client will do. The machine then appears here by itself.",
        none: "No machine matches. Change the search or the filters.", clear: "Clear filters", newHere: "New",
    },
    tour: {
        title: "Your first machine, in five minutes", done: " (done)", hide: "Hide this tour",
        token: "Create a token", tokenHelp: "Every machine and program signs in with a token of its own. Choose one for the machine press-1, and copy it: it is shown once.",
        tokenAsk: "Every machine and program signs in with a token of its own. Ask an admin for one.",
        send: "Send a first message", sendHelp: "Any MQTT client will do. When this command ends without an error, both values are on disk, and the machine appears here by itself.",
        adopt: "Adopt it", adoptHelp: "Give it a name, a kind and a place. Its data is being kept already.", adoptThis: (name: string) => `Adopt ${name}`,
        chart: "Watch its chart", chartHelp: "Open its page, run the command again with another speed, and see the trend grow.", open: (name: string) => `Open ${name}`,
    },
    adopt: {
        title: "Adopt machine", editTitle: "Machine details",
        lead: "Its data is being kept already. Give it a name and a place.",
        name: "Name", kind: "Kind", kindHelp: "What it is: embroidery, excavator, press …", site: "Site", newSite: "New site…",
        submit: "Adopt", done: (name: string) => `${name} is adopted.`, saved: "Saved.",
    },
    sites: {
        title: "Sites", lead: "Where machines stand. A site's time zone decides its days and shifts.", add: "Add site", editTitle: "Edit site",
        name: "Name", zone: "Time zone", zoneHelp: "IANA name, such as Asia/Shanghai.", zoneWrong: "This is not an IANA time zone name. Example: Asia/Shanghai.",
        latitude: "Latitude", longitude: "Longitude", placeHelp: "Decimal degrees, for the map.", bothPlaces: "Enter both latitude and longitude, or neither.",
        placeWrong: "Latitude runs from −90 to 90, longitude from −180 to 180.", localTime: "Local time", position: "Position", machines: "Machines",
        emptyTitle: "No sites yet", emptyStep: "Add the place where your machines stand. Machines can then be placed there.",
        removeTitle: "Remove site?", removeText: (name: string) => `“${name}” is removed from the list.`,
        hasMachines: "Machines still stand there. Move them to another site first.", removed: (name: string) => `${name} is removed.`,
        shifts: "Shifts", calendar: "Days, weeks and shifts", dayStarts: "A day starts at", weekStarts: "A week starts on", shift: (n: number) => `Shift ${n}`, shiftName: "Name of the shift", shiftStarts: "Starts at", shiftDays: "Worked on", addShift: "Add a shift",
        shiftsHelp: "A shift lasts until the next one begins. Values by shift and the planned time of machines follow them. A shift that is worked on no day is a rest.", shiftsEqual: "Two shifts start at the same time.",
        weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"], weekdaysShort: ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
    },
};

const zh: typeof en = {
    screen: {
        title: "工厂总览", machines: "设备", states: "按状态", noStates: "还没有设备上报状态。",
        rates: "数据流入", messages: "消息/秒", samples: "采样/秒", stored: "已存采样", refused: "已拒绝",
        commit: "落盘时间", ms: "毫秒", lastHour: "最近一小时", quiet: "最近一小时没有事件。",
        map: "场所", leave: "控制台",
        empty: "还没有设备上报数据。控制台的“设备”页说明第一步。", otherStates: "其他", noState: "未上报状态",
    },
    map: {
        label: "场所地图", empty: "添加带经纬度的场所后会显示在这里。", addSite: "添加场所",
        km: "公里", m: "米", at: (parallel) => `（${parallel}）`, land: "陆地轮廓：Natural Earth（公有领域）", noPlace: (n) => `${n} 个场所没有位置`,
        siteLine: (name, online, all) => `${name}：${all} 台设备，${online} 台在线`,
    },
    states: { run: "运行", idle: "待机", busy: "准备中", fault: "故障", off: "关机", other: "其他" },
    machines: {
        title: "设备", search: "搜索名称、编号或类型", connection: "连接", state: "状态", site: "场所",
        all: "全部", any: "不限", adoption: "纳管", adopted: "已纳管", discovered: "新发现",
        count: (shown, total) => shown === total ? `共 ${count(total)} 台设备` : `显示 ${count(shown)} 台，共 ${count(total)} 台`,
        machine: "设备", kind: "类型", heard: "最近数据", tags: "测点", adopt: "纳管", noSite: "未分配场所",
        emptyTitle: "还没有设备上报数据",
        emptyStep: "用任意 MQTT 客户端发送第一条消息，设备就会自动出现在这里。",
        none: "没有匹配的设备。请修改搜索或筛选条件。", clear: "清除筛选", newHere: "新",
    },
    tour: {
        title: "五分钟接入第一台设备", done: "（已完成）", hide: "隐藏引导",
        token: "创建令牌", tokenHelp: "每台设备、每个程序都用自己的令牌登录。请为设备 press-1 创建一个并复制：令牌只显示一次。",
        tokenAsk: "每台设备、每个程序都用自己的令牌登录。请向管理员索取。",
        send: "发送第一条消息", sendHelp: "任意 MQTT 客户端都可以。命令无错误结束时，两个数值已经写入磁盘，设备会自动出现在这里。",
        adopt: "纳管设备", adoptHelp: "给它名称、类型和位置。它的数据已经在保存。", adoptThis: (name) => `纳管 ${name}`,
        chart: "查看曲线", chartHelp: "打开设备页面，换一个 speed 值再次执行命令，曲线随之更新。", open: (name) => `打开 ${name}`,
    },
    adopt: {
        title: "纳管设备", editTitle: "设备信息",
        lead: "它的数据已在保存。请为它命名并指定位置。",
        name: "名称", kind: "类型", kindHelp: "例如：绣花机、挖掘机、冲床…", site: "场所", newSite: "新建场所…",
        submit: "纳管", done: (name) => `${name} 已纳管。`, saved: "已保存。",
    },
    sites: {
        title: "场所", lead: "设备所在的地方。场所的时区决定其日期和班次。", add: "添加场所", editTitle: "编辑场所",
        name: "名称", zone: "时区", zoneHelp: "IANA 名称，例如 Asia/Shanghai。", zoneWrong: "这不是 IANA 时区名称。例如：Asia/Shanghai。",
        latitude: "纬度", longitude: "经度", placeHelp: "十进制度数，用于地图。", bothPlaces: "请同时填写纬度和经度，或都不填。",
        placeWrong: "纬度范围 −90 至 90，经度范围 −180 至 180。", localTime: "当地时间", position: "位置", machines: "设备",
        emptyTitle: "还没有场所", emptyStep: "添加设备所在的地方，之后就能把设备归入其中。",
        removeTitle: "移除场所？", removeText: (name) => `“${name}” 将从列表中移除。`,
        hasMachines: "该场所仍有设备。请先将其移到其他场所。", removed: (name) => `${name} 已移除。`,
        shifts: "班次", calendar: "日、周与班次", dayStarts: "一天开始于", weekStarts: "一周开始于", shift: (n) => `班次 ${n}`, shiftName: "班次名称", shiftStarts: "开始时间", shiftDays: "上班日", addShift: "添加班次",
        shiftsHelp: "班次持续到下一班开始。按班次统计和设备的计划时间以此为准。没有上班日的班次为休息。", shiftsEqual: "有两个班次的开始时间相同。",
        weekdays: ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"], weekdaysShort: ["一", "二", "三", "四", "五", "六", "日"],
    },
};

export const plantWords = { en, zh };
