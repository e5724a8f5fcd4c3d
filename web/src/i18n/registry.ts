// Words of who runs a naming node: prefixes, applications, statistics, many identifiers at once. Both languages side by side.
import { count, many } from "./counts";

const en = {
    prefixes: {
        title: "Prefixes", lead: "Who may name what. Each company has its own.", prefix: "Prefix", company: "Company", state: "State", names: "Identifiers", noQuota: "no quota", apply: "Application form", waiting: (n: number) => `${many(n, "application waits", "applications wait")}`,
        kinds: { own: "this node's own", hosted: "kept here", delegated: "own node" }, of: (n: string, quota: string) => `${n} of ${quota}`, nearly: "nearly full", full: "full", all: "All prefixes", notAllocatedTitle: "No company has a prefix yet",
        notAllocatedStep: "Companies apply on a page that anyone may open. Approve an application, then give it a prefix.", facts: "About", organisation: "Organisation", address: "Node", since: "Given", application: "Application", reason: "Reason",
        quota: "Quota", quotaHelp: "How many identifiers may stand under it. Empty: as many as fit.", template: "Template", templateHelp: "HS_NAMESPACE: computes values of names that were never registered, such as the parts of a machine. Empty: none.",
        edit: "Change", editTitle: (prefix: string) => `Change ${prefix}`, saved: (prefix: string) => `${prefix} is changed.`, history: "What happened", none: "nothing yet", applicant: "the company", templateOn: "set", addressHelp: "HOST:PORT of the company's own node.",
        suspend: "Suspend", resume: "Resume", revoke: "Revoke…", suspendTitle: (prefix: string) => `Suspend ${prefix}`, resumeTitle: (prefix: string) => `Resume ${prefix}`, revokeTitle: (prefix: string) => `Revoke ${prefix}`,
        suspendText: "Nothing under it resolves from now on, until it is resumed. Other nodes forget what they remember as its time ends.", resumeText: "Everything under it resolves again at once.",
        revokeText: "For good: nothing under it resolves any more, and printed labels lead nowhere. A prefix with names in it is never given to another company.", reasonHelp: "The company reads it, and it stands in the audit log.", typeToConfirm: (prefix: string) => `To confirm, type ${prefix}`,
        stepped: { suspend: (prefix: string) => `${prefix} is suspended.`, resume: (prefix: string) => `${prefix} resolves again.`, revoke: (prefix: string) => `${prefix} is revoked.` },
        steps: { apply: "applied", approve: "approved", refuse: "refused", allocate: "prefix given", suspend: "suspended", resume: "resumed", revoke: "revoked", quota: "quota changed", change: "changed", set: "set by its settings" } as Record<string, string>,
        try: "Try the template", tryHelp: "A name with the delimiter, such as 88.101.7/EXC-0042@drawing-3.", tryAction: "Compute", tryNothing: "It gives nothing for this name.", base: "Base", extension: "Extension", identifiers: "Show identifiers", missing: "There is no such prefix here. Go back to the list.",
    },
    prefixCertificates: {
        title: "Certificate of its key", help: "With it, what is signed under this prefix is believed by whoever trusts this node or one above it.", none: "None yet: what is signed under this prefix counts for nothing elsewhere.", state: "State", issuer: "Issued by", key: "Key (SHA-256)", since: "Since", until: "Until", noEnd: "it does not end",
        states: { valid: "Valid", due: "Valid, renewed within the hour", ended: "Has ended", not_ours: "Not by this node's key", other_key: "For another key" },
        renews: (when: string) => `Renewed by itself from ${when} on.`, issue: "Issue certificate", renew: "Renew", issueTitle: (prefix: string) => `Certificate for ${prefix}`, life: "Valid for", lives: { 365: "1 year", 1095: "3 years", 3650: "10 years" }, lifeHelp: "This node renews it by itself in time, for the same key, as long as the prefix is active.",
        warn: { ended: "It has ended: what is signed under this prefix is no longer believed. Issue a new one.", not_ours: "It was made with a key that this node does not have any more, or by somebody else. Issue a new one.", other_key: "The prefix signs with another key by now. Compare the new key with the company, then issue a certificate for it." },
        sources: { own: "This node keeps the prefix and signs with its own key.", site: "The key that the prefix's site (HS_SITE) names.", node: "The key that the company's node has just named, and proved to have." }, asking: "Asking for the key…",
        compare: "I compared this key with what the company says, by another way than this one.", silent: "The company's node could not be asked for its key. Paste what its address /api/site shows.", paste: "Public key", pasteHelp: "What /api/site of the company's node shows, or the key alone (JWK).", badKey: "There is no key in this. Paste the whole answer of /api/site.",
        done: (prefix: string, until: string) => `${prefix} is certified until ${until}.`, inDoubt: (n: number) => `${many(n, "prefix has a certificate that needs", "prefixes have certificates that need")} a look.`, short: "Certificate", ownKey: "This node's key (SHA-256)", ownKeyHelp: "Who relies on this node puts it into handle.trusted_keys; who gave you your prefix compares it before certifying it.",
    },
    applications: {
        title: "Applications", lead: "Companies that ask for a prefix.", nav: "Applications", search: "Company, contact or prefix", all: "All", company: "Company", wants: "Wants", expects: "Expects", sent: "Sent", state: "State",
        states: { applied: "Waiting", approved: "Approved", allocated: "Prefix given", refused: "Refused", suspended: "Suspended", revoked: "Revoked" }, next: "next free number", hosting: { hosted: "kept here", own_node: "own node" }, emptyTitle: "No application yet",
        emptyStep: "Give this address to companies: they apply without signing in, and you decide here.", none: "No application matches.", clear: "Show all", form: "Open the form",
        creditCode: "Credit code", contact: "Contact", email: "E-mail", phone: "Telephone", purpose: "Will name", wanted: "Wanted prefix", hostingTitle: "Kept", expected: "In the first year", decidedBy: "Decided by", prefix: "Prefix", reason: "Reason", history: "What happened",
        approve: "Approve", refuse: "Refuse", allocate: "Give prefix", approveTitle: (company: string) => `Approve ${company}?`, approveText: "An admin can then give the company its prefix.", note: "Note", refuseTitle: (company: string) => `Refuse ${company}`, refuseText: "The company reads the reason where it follows its application.",
        allocateTitle: (company: string) => `A prefix for ${company}`, prefixHelp: "Empty: the wanted one, else the next free number.", organisationHelp: "Which organisation of this node may register under it. Empty: only this node's own people.", quotaHelp: "Empty: none.", approved: (company: string) => `${company} is approved.`, refused: (company: string) => `${company} is refused.`,
        allocated: (prefix: string) => `${prefix} is given. It resolves from now on.`, taken: "The prefix is taken, or the application was decided meanwhile. Choose another prefix, or close and look again.", denied: "Only admins and auditors read applications.",
    },
    applyAbove: {
        title: "Where this node gets a prefix", lead: "Top and secondary nodes take applications; this node's role is another. It gets its own prefix from a secondary node.",
        where: "Apply at the secondary node of your industry or region.", open: (prefix: string, host: string) => `Application form of ${prefix} (${host})`, ask: "Its operator says where; on a node like this one the form is",
        above: (own: string, above: string) => `${own} was given by ${above}.`, look: (above: string) => `Who runs ${above}`,
        say: "There, choose “On our own node” and give this node's address.", sayHelp: "The secondary node sends whoever asks to it, so it must be reachable from outside, over UDP and TCP.",
        noDoor: "This node does not answer Handle System clients yet. Start it with", onlyHere: (address: string) => `This node listens at ${address}, which only this machine reaches. Start it with`, everywhere: (port: string) => `It is this machine's public name or address, with the port ${port}: id.example.com:${port}.`,
        then: "When the prefix is given, start this node with it.", command: "lineshaft serve --data DIR --set node.role=enterprise --set handle.prefix=88.101.7",
    },
    namingStatistics: {
        title: "Naming statistics", lead: "What was asked for and what was registered.", range: "Range", ranges: { day: "24 hours", week: "7 days", month: "30 days", quarter: "90 days" }, registered: "Registered", changed: "Changed", deleted: "Deleted", resolved: "Resolved", notFound: "Not found",
        chart: (from: string, until: string) => `Resolved and not found from ${from} until ${until}`, registeredChart: (from: string, until: string) => `Registered from ${from} until ${until}`, per: { hour: "per hour", day: "per day" }, byPrefix: "By prefix", identifiers: "Identifiers", share: "Share", others: "all others",
        missing: "Asked for and not there", missingHelp: "Often a misread label, or a name that should have been registered.", times: (n: number) => many(n, "time", "times"), noMissing: "Everything that was asked for was there.", emptyTitle: "Nobody has asked yet", emptyStep: "Look up an identifier on its public page, or with: lineshaft resolve", all: "All prefixes", notFoundShare: (percent: string) => `${percent} % of all questions`,
    },
};

const zh: typeof en = {
    prefixes: {
        title: "前缀", lead: "谁可以赋码。每家企业有自己的前缀。", prefix: "前缀", company: "企业", state: "状态", names: "标识数量", noQuota: "不限", apply: "申请表", waiting: (n) => `${count(n)} 份申请待审核`,
        kinds: { own: "本节点自有", hosted: "托管于此", delegated: "自建节点" }, of: (n, quota) => `${n} / ${quota}`, nearly: "接近上限", full: "已满", all: "全部前缀", notAllocatedTitle: "还没有企业获得前缀",
        notAllocatedStep: "企业在公开页面申请。批准申请后即可分配前缀。", facts: "概况", organisation: "组织", address: "节点", since: "分配时间", application: "申请", reason: "理由",
        quota: "配额", quotaHelp: "其下最多可有多少标识。留空则不限。", template: "模板", templateHelp: "HS_NAMESPACE：为未注册的名称计算值，例如设备的部件。留空则无。",
        edit: "修改", editTitle: (prefix) => `修改 ${prefix}`, saved: (prefix) => `已修改 ${prefix}。`, history: "历史", none: "暂无", applicant: "企业", templateOn: "已设置", addressHelp: "企业自建节点的 主机:端口。",
        suspend: "暂停", resume: "恢复", revoke: "撤销…", suspendTitle: (prefix) => `暂停 ${prefix}`, resumeTitle: (prefix) => `恢复 ${prefix}`, revokeTitle: (prefix) => `撤销 ${prefix}`,
        suspendText: "其下的标识立即停止解析，直到恢复。其他节点的缓存到期后也会失效。", resumeText: "其下的标识立即恢复解析。",
        revokeText: "永久撤销：其下的标识不再解析，已印制的标签将失效。已有标识的前缀不会再分配给其他企业。", reasonHelp: "企业可以看到，并写入审计日志。", typeToConfirm: (prefix) => `请输入 ${prefix} 以确认`,
        stepped: { suspend: (prefix) => `已暂停 ${prefix}。`, resume: (prefix) => `${prefix} 已恢复解析。`, revoke: (prefix) => `已撤销 ${prefix}。` },
        steps: { apply: "申请", approve: "批准", refuse: "未通过", allocate: "分配前缀", suspend: "暂停", resume: "恢复", revoke: "撤销", quota: "修改配额", change: "修改", set: "由设置指定" },
        try: "试用模板", tryHelp: "含分隔符的名称，例如 88.101.7/EXC-0042@drawing-3。", tryAction: "计算", tryNothing: "该名称没有结果。", base: "基础标识", extension: "扩展部分", identifiers: "查看标识", missing: "这里没有这个前缀。请返回列表。",
    },
    prefixCertificates: {
        title: "密钥证书", help: "有了证书，信任本节点或其上级节点的人都会认可该前缀下的签名。", none: "尚无证书：该前缀下的签名在别处不被认可。", state: "状态", issuer: "签发者", key: "密钥（SHA-256）", since: "生效", until: "到期", noEnd: "长期有效",
        states: { valid: "有效", due: "有效，一小时内自动续期", ended: "已过期", not_ours: "不是本节点密钥签发", other_key: "对应另一密钥" },
        renews: (when) => `${when}起自动续期。`, issue: "签发证书", renew: "续期", issueTitle: (prefix) => `为 ${prefix} 签发证书`, life: "有效期", lives: { 365: "1 年", 1095: "3 年", 3650: "10 年" }, lifeHelp: "只要前缀正常，本节点会在到期前用同一密钥自动续期。",
        warn: { ended: "证书已过期：该前缀下的签名不再被认可。请重新签发。", not_ours: "证书由本节点已不再持有的密钥或他人签发。请重新签发。", other_key: "该前缀现在用另一密钥签名。请与企业核对新密钥后为其签发证书。" },
        sources: { own: "该前缀托管于此，使用本节点的密钥签名。", site: "该前缀的站点记录（HS_SITE）中的密钥。", node: "企业节点刚刚提供并证明其持有的密钥。" }, asking: "正在获取密钥…",
        compare: "我已通过其他途径与企业核对此密钥。", silent: "无法从企业节点获取密钥。请粘贴其 /api/site 地址显示的内容。", paste: "公钥", pasteHelp: "企业节点 /api/site 显示的内容，或单独的密钥（JWK）。", badKey: "其中没有密钥。请粘贴 /api/site 的完整应答。",
        done: (prefix, until) => `${prefix} 的证书有效至 ${until}。`, inDoubt: (n) => `${count(n)} 个前缀的证书需要处理。`, short: "证书", ownKey: "本节点密钥（SHA-256）", ownKeyHelp: "信任本节点的人将其写入 handle.trusted_keys；为您分配前缀的节点在签发证书前与此核对。",
    },
    applications: {
        title: "申请", lead: "申请前缀的企业。", nav: "前缀申请", search: "企业、联系人或前缀", all: "全部", company: "企业", wants: "希望的前缀", expects: "预计数量", sent: "提交时间", state: "状态",
        states: { applied: "待审核", approved: "已批准", allocated: "已分配", refused: "未通过", suspended: "已暂停", revoked: "已撤销" }, next: "下一个空闲号码", hosting: { hosted: "托管于此", own_node: "自建节点" }, emptyTitle: "还没有申请",
        emptyStep: "请把此地址告知企业：无需登录即可申请，在此审核。", none: "没有符合的申请。", clear: "显示全部", form: "打开申请表",
        creditCode: "信用代码", contact: "联系人", email: "电子邮箱", phone: "电话", purpose: "用途", wanted: "希望的前缀", hostingTitle: "存放位置", expected: "首年数量", decidedBy: "审核人", prefix: "前缀", reason: "理由", history: "历史",
        approve: "批准", refuse: "不通过", allocate: "分配前缀", approveTitle: (company) => `批准${company}？`, approveText: "之后管理员可为其分配前缀。", note: "备注", refuseTitle: (company) => `不通过${company}的申请`, refuseText: "企业在查看申请进展时会看到理由。",
        allocateTitle: (company) => `为${company}分配前缀`, prefixHelp: "留空则用希望的前缀，否则为下一个空闲号码。", organisationHelp: "本节点的哪个组织可在其下注册。留空则仅本节点人员。", quotaHelp: "留空则不限。", approved: (company) => `已批准${company}。`, refused: (company) => `${company}的申请未通过。`,
        allocated: (prefix) => `已分配 ${prefix}，即刻可以解析。`, taken: "该前缀已被占用，或申请已被处理。请换一个前缀，或关闭后重新查看。", denied: "只有管理员和审计员可以查看申请。",
    },
    applyAbove: {
        title: "本节点如何获得前缀", lead: "只有顶级节点和二级节点受理申请，本节点是其他角色。它的前缀由二级节点分配。",
        where: "向所在行业或地区的二级节点申请。", open: (prefix, host) => `${prefix} 的申请表（${host}）`, ask: "请向其运营方询问地址；同类节点的申请表位于",
        above: (own, above) => `${own} 由 ${above} 分配。`, look: (above) => `查看 ${above} 的运营方`,
        say: "在申请表中选择“自建节点”，并填写本节点的地址。", sayHelp: "二级节点会把查询指向该地址，因此必须能从外部通过 UDP 和 TCP 访问。",
        noDoor: "本节点尚未响应 Handle 系统客户端。请这样启动：", onlyHere: (address) => `本节点监听 ${address}，只有本机可以访问。请这样启动：`, everywhere: (port) => `即本机的公网域名或地址加端口 ${port}：id.example.com:${port}。`,
        then: "获得前缀后，用它启动本节点。", command: "lineshaft serve --data DIR --set node.role=enterprise --set handle.prefix=88.101.7",
    },
    namingStatistics: {
        title: "标识统计", lead: "解析与注册情况。", range: "时间范围", ranges: { day: "24 小时", week: "7 天", month: "30 天", quarter: "90 天" }, registered: "注册", changed: "更新", deleted: "删除", resolved: "解析", notFound: "未找到",
        chart: (from, until) => `${from} 至 ${until} 的解析和未找到数量`, registeredChart: (from, until) => `${from} 至 ${until} 的注册数量`, per: { hour: "每小时", day: "每天" }, byPrefix: "按前缀", identifiers: "标识数量", share: "占比", others: "其他",
        missing: "被查询但不存在", missingHelp: "常见原因是标签读错，或应注册而未注册。", times: (n) => `${count(n)} 次`, noMissing: "查询的标识全部存在。", emptyTitle: "还没有人查询", emptyStep: "在公开页面查询一个标识，或运行：lineshaft resolve", all: "全部前缀", notFoundShare: (percent) => `占全部查询的 ${percent}%`,
    },
};

export const registryWords = { en, zh };
