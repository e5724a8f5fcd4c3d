// Words of one machine's page: its tags, their trend, their settings and writing one. Both languages side by side.

const en = {
    machine: {
        all: "All machines", notAdopted: "Discovered, not adopted yet.", state: "State", fault: "Fault", lastHeard: "Last heard",
        firstSeen: "First seen", source: "Source", site: "Site", times: (zone: string) => `Times in ${zone}`,
        siteZone: "Time zone of the site", browserZone: "Time zone of this browser",
        tags: "Tags", tag: "Tag", value: "Value", age: "Age", quality: "Quality", recent: "Last minutes", plot: "Plot", write: "Set…",
        settings: "Settings", filterTags: "Filter tags", noTags: "This machine has sent no values yet. They appear here as soon as it does.",
        noTagsMatch: "No tag matches.", plotTag: (tag: string) => `Plot ${tag}`, plotAll: (n: number) => `Plot these ${n}`, plotNone: "Plot none",
        writeTag: (tag: string) => `Set ${tag}`, settingsOf: (tag: string) => `Settings of ${tag}`,
        events: "What happened", noEvents: "Nothing has happened yet.",
    },
    trend: {
        title: "Trend", choose: "Choose tags in the table to plot them here.", range: "Range",
        ranges: { "1m": "1 min", "10m": "10 min", "1h": "1 h", "8h": "8 h", "24h": "24 h", "7d": "7 d", "30d": "30 d", all: "All" },
        reset: "Back to range", zoomOut: "Zoom out", zoomIn: "Zoom in", earlier: "Earlier", later: "Later",
        empty: "Nothing is stored in this range. Choose a longer one.", hint: "Drag to zoom in, wheel to zoom, double-click to go back. Keys: arrows, + and −.",
        most: (n: number) => `At most ${n} tags at once.`, raw: "every sample",
        step: (text: string) => `one column = ${text}: average with min–max band`,
        chart: (tags: string) => `Trend of ${tags}`, live: "live", min: "min", max: "max", average: "avg", unplot: (tag: string) => `Remove ${tag}`,
    },
    periods: {
        title: "By shift, day, week, month", lead: "in the calendar of the site, with how complete each is", by: "Period",
        units: { hour: "Hour", shift: "Shift", day: "Day", week: "Week", month: "Month", year: "Year" },
        complete: "Complete", average: "Average", min: "Lowest", max: "Highest", sum: "Sum", gain: "Last − first", samples: "Samples",
        hours: (n: number) => `${n} h`, help: (zone: string) => `Times of ${zone}. Complete: the share of the samples its usual cadence leads to expect. Late data is in the next reading.`, inUnit: (unit: string) => `Values in ${unit}.`,
        noShifts: "The machine's site has no shifts. Set them under Sites, or choose another period.",
    },
    write: {
        title: "Set a value", machine: "Machine", tag: "Tag", now: "Now", next: "New value", range: "Allowed",
        noRange: "no range set", between: (low: string, high: string) => `${low} to ${high}`,
        atLeast: (low: string) => `at least ${low}`, atMost: (high: string) => `at most ${high}`,
        review: "Review", send: "Send to machine", warn: "This changes a real machine. Make sure that nobody is in danger.",
        invalid: "Enter a number.", whole: "Enter a whole number.", outside: "This is outside the allowed range.",
        sent: (at: string) => `Sent at ${at}. Waiting for the machine to report the new value…`,
        confirmed: "The machine reports the new value.",
        notConnected: "The machine is not connected, so nothing was sent. Try again when it is online.",
        notWritable: "This tag may not be written. An engineer can allow it in the tag's settings.",
        refused: "The value is out of range or of the wrong type. Correct it and try again.",
    },
    tagSettings: {
        title: "Tag settings", label: "Label", unit: "Unit", low: "Lowest allowed value", high: "Highest allowed value",
        writable: "People may write this tag", order: "The lowest value must be below the highest.",
    },
    erase: {
        open: "Erase…", title: (name: string) => `Erase ${name}`, titleRunning: (id: string) => `Erasing ${id}`,
        what: "Everything this machine ever said leaves the node: its history, values, tags and settings, its retained messages and MQTT sessions. Its tokens and certificates stop working.",
        forEver: "This cannot be undone. Backups made earlier still hold the data. If the machine sends again, it appears as a new one.",
        type: (id: string) => `To confirm, type ${id}`, action: "Erase for ever",
        running: (series: number, merges: number) => `Nobody can see it any more. Its bytes are being removed from the disk: ${series} tags and ${merges} stretches of files to go.`,
        leave: "You may close this: it goes on by itself, also after a restart.", done: "Done. No file of this node holds its samples, values or settings any more. The audit log keeps who did what.",
    },
};

const zh: typeof en = {
    machine: {
        all: "全部设备", notAdopted: "新发现，尚未纳管。", state: "状态", fault: "故障", lastHeard: "最近数据",
        firstSeen: "首次出现", source: "来源", site: "场所", times: (zone) => `时间按 ${zone}`,
        siteZone: "场所时区", browserZone: "浏览器时区",
        tags: "测点", tag: "测点", value: "数值", age: "更新", quality: "质量", recent: "近几分钟", plot: "绘图", write: "设定…",
        settings: "设置", filterTags: "筛选测点", noTags: "该设备还没有上报数值。一旦上报会立即显示在这里。",
        noTagsMatch: "没有匹配的测点。", plotTag: (tag) => `绘制 ${tag}`, plotAll: (n) => `绘制这 ${n} 个`, plotNone: "清空",
        writeTag: (tag) => `设定 ${tag}`, settingsOf: (tag) => `${tag} 的设置`,
        events: "事件", noEvents: "还没有事件。",
    },
    trend: {
        title: "趋势", choose: "在表格中选择测点以绘图。", range: "时间范围",
        ranges: { "1m": "1 分钟", "10m": "10 分钟", "1h": "1 小时", "8h": "8 小时", "24h": "24 小时", "7d": "7 天", "30d": "30 天", all: "全部" },
        reset: "返回所选范围", zoomOut: "缩小", zoomIn: "放大", earlier: "更早", later: "更晚",
        empty: "该时间范围内没有数据。请选择更长的范围。", hint: "拖动框选放大，滚轮缩放，双击返回。按键：方向键、+ 和 −。",
        most: (n) => `最多同时 ${n} 个测点。`, raw: "逐个采样",
        step: (text) => `每列 ${text}：平均值与最小–最大带`,
        chart: (tags) => `${tags} 的趋势`, live: "实时", min: "最小", max: "最大", average: "平均", unplot: (tag) => `移除 ${tag}`,
    },
    periods: {
        title: "按班次、日、周、月", lead: "按场所日历统计，并给出完整度", by: "周期",
        units: { hour: "小时", shift: "班次", day: "日", week: "周", month: "月", year: "年" },
        complete: "完整度", average: "平均", min: "最小", max: "最大", sum: "合计", gain: "末值 − 首值", samples: "采样数",
        hours: (n) => `${n} 小时`, help: (zone) => `时间按 ${zone}。完整度：实际采样占按常规间隔应有采样的比例。迟到的数据会计入下次读取。`, inUnit: (unit) => `单位：${unit}。`,
        noShifts: "设备所在场所没有班次。请在“场所”中设置，或选择其他周期。",
    },
    write: {
        title: "设定数值", machine: "设备", tag: "测点", now: "当前", next: "新值", range: "允许范围",
        noRange: "未设置范围", between: (low, high) => `${low} 至 ${high}`,
        atLeast: (low) => `不小于 ${low}`, atMost: (high) => `不大于 ${high}`,
        review: "核对", send: "下发到设备", warn: "这将改变真实设备的运行。请确保无人处于危险之中。",
        invalid: "请输入数字。", whole: "请输入整数。", outside: "超出允许范围。",
        sent: (at) => `已于 ${at} 下发。正在等待设备回报新值…`,
        confirmed: "设备已回报新值。",
        notConnected: "设备未连接，指令没有下发。请在设备上线后重试。",
        notWritable: "该测点不可写。工程师可在测点设置中允许写入。",
        refused: "数值超出范围或类型不符。请更正后重试。",
    },
    tagSettings: {
        title: "测点设置", label: "显示名", unit: "单位", low: "允许的最小值", high: "允许的最大值",
        writable: "允许人员写入该测点", order: "最小值必须小于最大值。",
    },
    erase: {
        open: "彻底删除…", title: (name) => `彻底删除 ${name}`, titleRunning: (id) => `正在删除 ${id}`,
        what: "该设备上报过的一切都将从本节点删除：历史数据、数值、测点与设置、保留消息和 MQTT 会话。其令牌和证书立即失效。",
        forEver: "此操作无法撤销。之前的备份仍包含这些数据。如果该设备再次上报，将作为新设备出现。",
        type: (id) => `请输入 ${id} 以确认`, action: "永久删除",
        running: (series, merges) => `该设备已不可见。正在从磁盘清除数据：还有 ${series} 个测点、${merges} 段文件。`,
        leave: "可以关闭此窗口：删除会自行继续，重启后也会继续。", done: "已完成。本节点的任何文件中都不再有它的采样、数值和设置。审计日志保留谁做了什么。",
    },
};

export const machineWords = { en, zh };
