// Words of organisations, people's rights, the own account and the audit log, in both languages side by side.
import { many } from "./counts";
const en = {
    signInCode: {
        code: "Code", help: "Six digits from the app on your phone, or one of your recovery codes.",
        wrong: "The code is wrong, or was used already. Type the next one.", back: "Another name",
    },
    account: {
        title: "Your account", nav: "Account", password: "Password", current: "Current password", next: "New password",
        change: "Change password", changed: "The password is changed. Everywhere else you are signed out.", wrong: "The current password is wrong.",
        totp: "Second factor", totpOn: (left: number) => `On: signing in asks for a code from your phone. ${many(left, "recovery code is", "recovery codes are")} left.`,
        totpOff: "Off: your password alone signs you in.", totpNeeded: "Your role needs a second factor. Set it up, then everything opens.",
        begin: "Set up", end: "Turn off", endText: "Signing in asks only for the password again. Everywhere else you are signed out.",
        proof: "Type your password to go on.", scan: "Scan this with an authenticator app on your phone, or type the key into it.",
        qr: "QR code for an authenticator app", key: "Key", confirm: "Type the code it shows now.", confirmAction: "Turn on",
        codesTitle: "Recovery codes", codesText: "Keep these where your phone is not. Each signs in once when the phone is lost. They are not shown again.",
        codesDone: "I have kept them", turnedOff: "The second factor is off.", wrongCode: "The code is wrong. Wait for the next one and type that.",
    },
    sessions: {
        title: "Signed in here", origin: "From", since: "Since", seen: "Last seen", own: "this one", end: "End", endAll: "End all",
        ended: "The session is ended.", endedAll: (name: string) => `${name} is signed out everywhere.`, none: "Not signed in anywhere.",
        titleOf: (name: string) => `Where ${name} is signed in`,
    },
    rights: {
        edit: "Change", editTitle: (name: string) => `Change ${name}`, totp: "Second factor", on: "on", off: "off",
        newPassword: "New password", newPasswordHelp: "Leave empty to keep it. A new one ends the person's sessions.",
        dropTotp: "Take the second factor away, because the phone is lost. Ends the person's sessions.",
        saved: (name: string) => `${name} is changed.`, lastAdmin: "The last admin must stay one. Make another admin first.", sessions: "Sessions",
    },
    organisations: {
        title: "Organisations", lead: "Who shares this node. Each sees only its own machines, topics and people.", add: "Add organisation",
        name: "Name", nameHelp: "a to z, 0 to 9 and -. It begins the organisation's topics and never changes.", label: "Title", labelHelp: "What people call it.",
        use: "In use", limits: "Limits", refused: "Refused since start", none: "none", edit: "Limits", editTitle: (name: string) => `Limits of ${name}`,
        firstAdmin: "Add a person", firstAdminTitle: (name: string) => `A person of ${name}`, firstAdminHelp: (name: string) => `Signs in as ${name}/NAME.`,
        inherited: (value: string) => `Empty: the node's setting (${value}). 0: no limit.`, noLimit: "no limit",
        machines: "Machines", sessions: "MQTT sessions", messages: "Messages a second", samples: "Samples a second", retained: "Retained bytes",
        added: (name: string) => `${name} is there. Add its first admin next.`, saved: (name: string) => `${name} is changed.`,
        exists: "There is an organisation of that name already.", badName: "A name has 1 to 64 of a to z, 0 to 9 and -.",
        machinesOf: (n: number) => many(n, "machine", "machines"), sessionsOf: (n: number) => many(n, "session", "sessions"),
        refusedOf: { machines: "machines", sessions: "sessions", messages: "messages", samples: "reports", retained: "retained" } as Record<string, string>,
    },
    audit: {
        title: "Audit", lead: "Who did what, when and from where. Nothing can be changed or removed unseen.",
        who: "Who", what: "Action", whatHelp: "begins with", text: "About", outcome: "Outcome", from: "From", until: "Until", any: "any",
        outcomes: { allowed: "allowed", refused: "refused", failed: "failed" },
        at: "When", address: "From", target: "What", detail: "Details", more: "Older records", none: "No record matches. Change the search.",
        emptyTitle: "Nothing recorded yet", emptyStep: "Whatever people and programs change on this node will stand here.",
        clear: "Clear", csv: "Save as CSV", ndjson: "Save as NDJSON", checkpoint: "Checkpoint",
        checkpointHelp: "Keep this somewhere else. With it, lineshaft audit verify --checkpoint FILE finds a log that was rolled back or rewritten.",
        verifier: "Key that checks it", leftOut: (n: number) => `and ${n} refusals before it, only counted`, stepped: (s: string) => `the clock was set by ${s} s`,
        unsynchronised: "clock not synchronised", nobody: "somebody unknown",
        kinds: { nobody: "unknown", person: "person", token: "token", local: "on the node", node: "the node", certificate: "certificate" },
        table: "Audit records",
    },
};

type Words = typeof en;

const zh: Words = {
    signInCode: {
        code: "验证码", help: "手机应用显示的六位数字，或您的一个恢复码。",
        wrong: "验证码错误，或已使用过。请输入下一个。", back: "换一个名字",
    },
    account: {
        title: "我的账户", nav: "账户", password: "密码", current: "当前密码", next: "新密码",
        change: "修改密码", changed: "密码已修改，其他地方已退出登录。", wrong: "当前密码不正确。",
        totp: "第二因素", totpOn: (left) => `已开启：登录时需要手机上的验证码。剩余 ${left} 个恢复码。`,
        totpOff: "未开启：仅凭密码即可登录。", totpNeeded: "您的角色需要第二因素。设置之后即可使用全部功能。",
        begin: "设置", end: "关闭", endText: "以后登录只需密码。其他地方将退出登录。",
        proof: "请输入密码以继续。", scan: "用手机上的验证器应用扫描，或手动输入密钥。",
        qr: "验证器应用的二维码", key: "密钥", confirm: "输入应用现在显示的验证码。", confirmAction: "开启",
        codesTitle: "恢复码", codesText: "请保存在手机以外的地方。手机丢失时，每个恢复码可登录一次。它们不会再次显示。",
        codesDone: "我已保存", turnedOff: "第二因素已关闭。", wrongCode: "验证码错误。请等待并输入下一个。",
    },
    sessions: {
        title: "登录位置", origin: "来自", since: "开始", seen: "最近活动", own: "当前会话", end: "结束", endAll: "全部结束",
        ended: "会话已结束。", endedAll: (name) => `${name} 已在所有地方退出登录。`, none: "没有登录会话。",
        titleOf: (name) => `${name} 的登录位置`,
    },
    rights: {
        edit: "修改", editTitle: (name) => `修改 ${name}`, totp: "第二因素", on: "已开启", off: "未开启",
        newPassword: "新密码", newPasswordHelp: "留空则不变。设置新密码会结束此人的会话。",
        dropTotp: "手机丢失，取消第二因素。会结束此人的会话。",
        saved: (name) => `${name} 已修改。`, lastAdmin: "最后一位管理员必须保留。请先设置另一位管理员。", sessions: "会话",
    },
    organisations: {
        title: "组织", lead: "共用此节点的组织。各自只能看到自己的设备、主题和人员。", add: "添加组织",
        name: "名称", nameHelp: "a 到 z、0 到 9 和 -。用作该组织主题的开头，不可更改。", label: "标题", labelHelp: "人们对它的称呼。",
        use: "使用情况", limits: "限制", refused: "启动以来的拒绝", none: "无", edit: "限制", editTitle: (name) => `${name} 的限制`,
        firstAdmin: "添加人员", firstAdminTitle: (name) => `${name} 的人员`, firstAdminHelp: (name) => `以 ${name}/名字 登录。`,
        inherited: (value) => `留空：使用节点设置（${value}）。0：不限制。`, noLimit: "不限制",
        machines: "设备", sessions: "MQTT 会话", messages: "每秒消息", samples: "每秒采样", retained: "保留消息字节",
        added: (name) => `${name} 已添加。接下来请添加它的第一位管理员。`, saved: (name) => `${name} 已修改。`,
        exists: "已有同名组织。", badName: "名称为 1 到 64 个字符：a 到 z、0 到 9 和 -。",
        machinesOf: (n) => `${n.toLocaleString("zh")} 台设备`, sessionsOf: (n) => `${n.toLocaleString("zh")} 个会话`,
        refusedOf: { machines: "设备", sessions: "会话", messages: "消息", samples: "上报", retained: "保留消息" },
    },
    audit: {
        title: "审计", lead: "谁在何时何地做了什么。任何记录都无法在不被发现的情况下修改或删除。",
        who: "何人", what: "操作", whatHelp: "开头为", text: "关于", outcome: "结果", from: "从", until: "到", any: "任意",
        outcomes: { allowed: "允许", refused: "拒绝", failed: "失败" },
        at: "时间", address: "来自", target: "对象", detail: "详情", more: "更早的记录", none: "没有匹配的记录。请更改搜索条件。",
        emptyTitle: "还没有记录", emptyStep: "人员和程序在此节点上的任何更改都会记录在这里。",
        clear: "清除", csv: "保存为 CSV", ndjson: "保存为 NDJSON", checkpoint: "检查点",
        checkpointHelp: "请保存在别处。凭它，lineshaft audit verify --checkpoint FILE 可发现被回滚或改写的日志。",
        verifier: "验证用的公钥", leftOut: (n) => `此前还有 ${n} 次拒绝，仅计数`, stepped: (s) => `时钟被调整了 ${s} 秒`,
        unsynchronised: "时钟未同步", nobody: "未知来者",
        kinds: { nobody: "未知", person: "人员", token: "令牌", local: "节点本机", node: "节点", certificate: "证书" },
        table: "审计记录",
    },
};

export const trustWords = { en, zh };
