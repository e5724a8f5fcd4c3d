// Words of the fleet's set-up: rules, ways between sites, tables to import, feeds. Both languages side by side.
import { count, many } from "./counts";

const en = {
    fleetSetup: {
        nav: "Set-up", title: "Fleet set-up", lead: "How machines are judged, how long ways are, and where machines and requests come from.",
        parts: { settings: "Rules", ways: "Ways", imports: "Imports", feeds: "AEMP feeds" },
        saved: "Saved.", save: "Save", discard: "Discard changes", unsaved: "Not saved yet.", viewOnly: "Your role may look at this but not change it.",
        rules: {
            use: "When a machine works", running_rpm: "Engine runs from (rpm)", working_rpm: "Works from (rpm)", working_load_percent: "Works from load (%)", working_speed_kmh: "Works from speed (km/h)", silent_after_s: "Silent after (s)",
            useHelp: "The first of these that a machine tells counts. Changing them changes what history says about past days.",
            index: "Utilisation index", hours_min: "A working day has at least (hours)", machines_min: "A number is shown from (machines)", indexHelp: "Fewer machines than this and the row is withheld, so that nobody's machine can be told from it.",
            speeds: "Speeds of ways", detour: "Way is longer than straight by a factor", slow_m: "Slow part of each way (m)", slow_kmh: "Speed there (km/h)", fast_kmh: "Speed beyond (km/h)", speedsHelp: "For ways that no road router has told; see Ways.",
            fence: "Borders", hysteresis_m: "Inside or outside by at least (m)", accuracy_max_m: "Fixes vaguer than this say nothing (m)", confirmations: "Fixes in a row", frozen_after_s: "A receiver is stuck when its place stays while driving for (s)",
            plan: "Planning", replan: "When something happens", auto: "Re-make the plan and put it in force", askFirst: "Re-make the plan and ask first", breakdown_after_s: "A fault that stops a machine is a breakdown after (s)",
        },
        ways: {
            lead: "Ways a road router has told, in place of straight lines. Each counts in one direction only.", from: "From", to: "To", km: "Kilometres", minutes: "Minutes", add: "Add a way", back: "Add ways back", remove: "Remove",
            none: "No way is told yet", noneStep: "Without one, the straight line times the detour of the rules counts. Add ways one by one, or choose a CSV file with from, to, km, minutes.", choose: "Choose a CSV file…",
            same: "A way leads from one site to another.", twice: "This way stands here twice.", number: "Kilometres and minutes must be numbers from 0.", read: (n: number) => `${many(n, "way", "ways")} read from the file. Look at them, then save.`,
            lost: (n: number) => `${many(n, "line was", "lines were")} left out: no such site, or no number.`, closed: "Closed roads", noSites: "Draw two sites on the map first.", path: (from: string, to: string) => `${from} → ${to}`,
        },
        imports: {
            what: "What the table holds", machines: "Machines", requests: "Requests", machinesHelp: "Details of machines, one a row. Only cells that are filled in change something.", requestsHelp: "One request a row. Sites by number or by name; times in UTC as 2026-11-22T08:00:00Z.",
            columns: "Columns", drop: "Choose a CSV file, or drop it here", fileHelp: "At most 1 MiB. Comma, semicolon or tab; UTF-8 or GB 18030. Several attachments by semicolon or |.", template: "Take an empty table",
            preview: "As it will be read", rows: (n: number) => many(n, "row", "rows"), more: (n: number) => `and ${n.toLocaleString("en")} more`, missing: (names: string) => `These columns are needed: ${names}.`, unknown: (names: string) => `Columns nobody knows: ${names}. Correct their names, or rows with them may be refused.`,
            quote: (line: number) => `A quote that begins in line ${line} has no end.`, large: "The file is larger than 1 MiB. Import it in parts.", noRows: "There is no row below the names of the columns.", start: (n: number) => `Import ${many(n, "row", "rows")}`, sending: "Importing…",
            taken: (n: number) => `${n.toLocaleString("en")} taken`, refused: (n: number) => `${n.toLocaleString("en")} refused`, line: "Line", name: "Row", receipt: "Receipt", ok: "taken", made: (id: string) => `request ${id}`, receipts: "Receipts as CSV", onlyRefused: "Only refused rows", again: "Another file", notes: "Notes",
        },
        feeds: {
            lead: "Machines whose makers tell them by AEMP 2.0 (ISO 15143-3).", add: "Add a feed", none: "No feed yet", noneStep: "A maker's telematics portal gives an address and a sign-in. What it tells is then stored with the machines it is about.",
            name: "Name", nameExample: "Maker's portal", url: "Address of the fleet snapshot", urlHelp: "Ends in /Fleet/1 on most portals.", period: "Every (minutes)", auth: "Sign in", auths: { none: "Without", basic: "Name and password", bearer: "Token", oauth2: "OAuth2 client" }, user: "Name", client: "Client ID", secret: "Password", token: "Token", clientSecret: "Client secret", tokenUrl: "Address for tokens", secretHelp: "It is stored sealed and never shown again.",
            state: "Last round", never: "not asked yet", failed: "Failed", good: "Good", machines: (n: number) => many(n, "machine", "machines"), samples: (n: number) => many(n, "sample", "samples"), came: "Came", every: (minutes: string) => `every ${minutes} min`, poll: "Ask now", polling: "Asking…", remove: "Remove", removeTitle: (name: string) => `Remove ${name}?`, removeText: "It is asked no more, and its secret is forgotten. Machines and their history stay.",
            removed: "Removed.", added: (name: string) => `${name} is added.`, polled: (machines: number) => `${many(machines, "machine", "machines")} told.`, notes: (n: number) => many(n, "note", "notes"),
        },
    },
};

const zh: typeof en = {
    fleetSetup: {
        nav: "机群设置", title: "机群设置", lead: "如何判断设备状态、路程多长，以及设备和申请从哪里来。",
        parts: { settings: "规则", ways: "路程", imports: "导入", feeds: "AEMP 数据源" },
        saved: "已保存。", save: "保存", discard: "放弃修改", unsaved: "尚未保存。", viewOnly: "您的角色可以查看，但不能修改。",
        rules: {
            use: "何时算作业", running_rpm: "发动机运转（转/分起）", working_rpm: "作业（转/分起）", working_load_percent: "作业负载（% 起）", working_speed_kmh: "作业速度（km/h 起）", silent_after_s: "多久无消息算失联（秒）",
            useHelp: "以设备首先提供的一项为准。修改后，过去日期的统计也按新规则计算。",
            index: "开工率", hours_min: "作业日至少（小时）", machines_min: "至少多少台才显示数值", indexHelp: "少于此台数的行不显示，以免推断出某一台设备。",
            speeds: "路程速度", detour: "实际路程与直线之比", slow_m: "每段路的慢速部分（米）", slow_kmh: "慢速（km/h）", fast_kmh: "其余速度（km/h）", speedsHelp: "用于没有道路规划数据的路程，见“路程”。",
            fence: "边界", hysteresis_m: "进出至少超过（米）", accuracy_max_m: "精度差于此值的定位不采用（米）", confirmations: "连续定位次数", frozen_after_s: "行驶中位置不变多久算定位器卡死（秒）",
            plan: "计划", replan: "发生情况时", auto: "重新计划并立即生效", askFirst: "重新计划，先询问", breakdown_after_s: "停机故障持续多久算故障（秒）",
        },
        ways: {
            lead: "由道路规划给出的路程，代替直线。每条只算一个方向。", from: "从", to: "到", km: "公里", minutes: "分钟", add: "添加路程", back: "补上返程", remove: "删除",
            none: "还没有路程数据", noneStep: "没有时按直线乘以规则中的绕行系数计算。可逐条添加，或选择含 from、to、km、minutes 列的 CSV 文件。", choose: "选择 CSV 文件…",
            same: "起点和终点必须是不同的工地。", twice: "这条路程重复了。", number: "公里和分钟必须是不小于 0 的数。", read: (n) => `已从文件读取 ${count(n)} 条路程。请核对后保存。`,
            lost: (n) => `${count(n)} 行未采用：没有该工地，或不是数字。`, closed: "封闭的道路", noSites: "请先在地图上绘制两个工地。", path: (from, to) => `${from} → ${to}`,
        },
        imports: {
            what: "表格内容", machines: "设备", requests: "用机申请", machinesHelp: "每行一台设备的资料。只有填写的单元格才会修改。", requestsHelp: "每行一项申请。工地用编号或名称；时间用 UTC，如 2026-11-22T08:00:00Z。",
            columns: "列", drop: "选择 CSV 文件，或拖到这里", fileHelp: "最大 1 MiB。逗号、分号或制表符分隔；UTF-8 或 GB 18030。多个属具用分号或 | 分隔。", template: "下载空表",
            preview: "将按此读取", rows: (n) => `${count(n)} 行`, more: (n) => `另有 ${count(n)} 行`, missing: (names) => `缺少必需的列：${names}。`, unknown: (names) => `无法识别的列：${names}。请更正列名，否则含有它们的行可能被拒绝。`,
            quote: (line) => `第 ${line} 行开始的引号没有结束。`, large: "文件超过 1 MiB，请分批导入。", noRows: "列名下面没有数据行。", start: (n) => `导入 ${count(n)} 行`, sending: "正在导入…",
            taken: (n) => `已采用 ${count(n)} 行`, refused: (n) => `拒绝 ${count(n)} 行`, line: "行号", name: "内容", receipt: "回执", ok: "已采用", made: (id) => `申请 ${id}`, receipts: "回执（CSV）", onlyRefused: "只看被拒绝的行", again: "导入其他文件", notes: "说明",
        },
        feeds: {
            lead: "由制造商按 AEMP 2.0（ISO 15143-3）提供数据的设备。", add: "添加数据源", none: "还没有数据源", noneStep: "制造商的远程信息平台会提供地址和登录方式。其数据随后存入对应的设备。",
            name: "名称", nameExample: "制造商平台", url: "机群快照地址", urlHelp: "多数平台以 /Fleet/1 结尾。", period: "间隔（分钟）", auth: "登录方式", auths: { none: "无", basic: "用户名和密码", bearer: "令牌", oauth2: "OAuth2 客户端" }, user: "用户名", client: "客户端 ID", secret: "密码", token: "令牌", clientSecret: "客户端密钥", tokenUrl: "令牌地址", secretHelp: "加密保存，不再显示。",
            state: "最近一轮", never: "尚未查询", failed: "失败", good: "正常", machines: (n) => `${count(n)} 台设备`, samples: (n) => `${count(n)} 个样本`, came: "收到", every: (minutes) => `每 ${minutes} 分钟`, poll: "立即查询", polling: "正在查询…", remove: "删除", removeTitle: (name) => `删除 ${name}？`, removeText: "将不再查询，其密钥会被删除。设备及其历史保留。",
            removed: "已删除。", added: (name) => `已添加 ${name}。`, polled: (machines) => `收到 ${count(machines)} 台设备的数据。`, notes: (n) => `${count(n)} 条说明`,
        },
    },
};

export const setupWords = { en, zh };
