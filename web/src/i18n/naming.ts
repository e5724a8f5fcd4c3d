// Words of the naming pages: identifiers, their values, prefixes, applications, statistics. Both languages side by side.
import { count, many } from "./counts";

const en = {
    naming: {
        group: "Names", statisticsNav: "Statistics", public: "Public page", prefix: "Prefix",
        states: { active: "Active", suspended: "Suspended", revoked: "Revoked" },
        reads: { public: "everyone", parties: "named parties", admin: "administrators" },
        readHelp: { public: "anyone who asks", parties: "those you name, and who administers the identifier", admin: "who administers the identifier, and engineers here" },
        noPrefixTitle: "No names here yet", noPrefixStep: "Names begin with a prefix. Start the node with one that you were given, or apply for one at a secondary node. Then every machine gets its identifier by itself.",
        noPrefixCommand: "lineshaft serve --data DIR --set handle.prefix=88.101.7", machines: (n: number, prefix: string) => `${many(n, "machine has", "machines have")} an identifier under ${prefix} by itself.`,
    },
    identifiers: {
        title: "Identifiers", count: (n: number) => many(n, "identifier", "identifiers"), search: "Name begins with", add: "New identifier", bulk: "Many at once", labels: (n: number) => n === 0 ? "Labels" : `Labels (${n})`, export: "Export",
        handle: "Identifier", says: "Says", changed: "Changed", select: (handle: string) => `Choose ${handle} for labels`, selectAll: "Choose all shown for labels", none: "No name begins so.", clear: "Clear search",
        emptyTitle: "Nothing is named under this prefix", emptyStep: "Give the first identifier, or many at once from your machines, a numbered series or a file.",
        elsewhere: (company: string, address: string) => `${company} keeps its names on its own node, ${address}. They resolve, but are not changed here.`,
        notPublic: (n: number) => `${n} not public`, newTitle: "New identifier", suffix: "Name", suffixHelp: "What stands behind the slash. Empty: the node makes one that nobody can guess.", url: "Web address it leads to",
        urlHelp: "More values can be added afterwards.", exists: "That identifier exists already. Open it to change it, or choose another name.", made: (handle: string) => `${handle} is there.`,
        all: "All identifiers", values: "Values", addValue: "Add value", changeValue: "Change", removeValue: "Remove", valueTitle: "New value", changeTitle: (index: number) => `Value ${index}`,
        type: "Type", typeHelp: "URL, EMAIL, JSON, or any name of your own.", data: "Value", dataJson: "JSON", badJson: "This is not JSON yet. Check quotes, commas and brackets.", index: "Index", indexHelp: "Empty: the next free one.",
        read: "Who may see it", parties: "Parties, one a line", partiesHelp: "A key such as 300:88.102.1/ADMIN, or organisation:NAME of this node.", ttl: "May be remembered, seconds", secret: "written, never shown", sees: "Who sees it", ttlOf: (text: string) => `may be remembered for ${text}`,
        saved: "Saved. Who asks now gets the new value; who remembered the old one, once its time is over.", removeTitle: "Remove value?", removeText: (index: number, type: string) => `Value ${index} (${type}) disappears for everyone.`,
        removeHandle: "Delete…", removeHandleTitle: (handle: string) => `Delete ${handle}`, removeHandleText: "It no longer resolves, and printed labels lead nowhere. A name should be deleted only when it was given by mistake.", typeToConfirm: (handle: string) => `To confirm, type ${handle}`, removeHandleAction: "Delete",
        removed: (handle: string) => `${handle} is deleted.`, quota: "The prefix's quota is reached. Ask the operator of this node for a higher one.", adminNote: "Who may change this identifier over the Handle protocol.", openMachine: "What anyone sees",
    },
    labels: {
        title: "Labels", lead: "A sheet to print: each code opens the identifier's page.", list: "Identifiers, one a line", listHelp: (max: number) => `Up to ${max}.`, size: "Label", sizes: { small: "Small, 35 × 35 mm", medium: "Medium, 48 × 60 mm", large: "Large, 95 × 60 mm" }, withText: "Name below the code",
        print: "Print", count: (n: number, sheets: number) => `${many(n, "label", "labels")}, ${many(sheets, "A4 sheet", "A4 sheets")}`, address: "Codes lead to", addressHelp: "The node's setting handle.public_url, or else the address of this page. Labels last: choose one that will stay.", loopback: "This address only works on this machine. Set handle.public_url before you print labels.",
        emptyTitle: "No label yet", emptyStep: "Choose identifiers on their page, or type them here.", choose: "Choose identifiers", preview: "Sheet",
    },
};

const zh: typeof en = {
    naming: {
        group: "标识", statisticsNav: "标识统计", public: "公开页面", prefix: "前缀",
        states: { active: "正常", suspended: "已暂停", revoked: "已撤销" },
        reads: { public: "所有人", parties: "指定相关方", admin: "管理方" },
        readHelp: { public: "任何查询者", parties: "您指定的相关方，以及标识的管理方", admin: "标识的管理方和本节点的工程师" },
        noPrefixTitle: "这里还没有标识", noPrefixStep: "标识以前缀开头。请用已获得的前缀启动节点，或向二级节点申请。之后每台设备会自动获得标识。",
        noPrefixCommand: "lineshaft serve --data DIR --set handle.prefix=88.101.7", machines: (n, prefix) => `${count(n)} 台设备已自动获得 ${prefix} 下的标识。`,
    },
    identifiers: {
        title: "标识", count: (n) => `共 ${count(n)} 个标识`, search: "名称开头", add: "新建标识", bulk: "批量赋码", labels: (n) => n === 0 ? "标签" : `标签（${n}）`, export: "导出",
        handle: "标识", says: "内容", changed: "更新时间", select: (handle) => `选择 ${handle} 打印标签`, selectAll: "选择本页全部打印标签", none: "没有以此开头的名称。", clear: "清除搜索",
        emptyTitle: "该前缀下还没有标识", emptyStep: "新建第一个标识，或从设备、编号序列、文件批量赋码。",
        elsewhere: (company, address) => `${company}的标识存放在自建节点 ${address}。可以解析，但不能在此修改。`,
        notPublic: (n) => `${n} 个未公开`, newTitle: "新建标识", suffix: "名称", suffixHelp: "斜杠后面的部分。留空则由节点生成不可猜测的名称。", url: "指向的网址",
        urlHelp: "其他值可稍后添加。", exists: "该标识已存在。请打开它修改，或换一个名称。", made: (handle) => `已创建 ${handle}。`,
        all: "全部标识", values: "值", addValue: "添加值", changeValue: "修改", removeValue: "移除", valueTitle: "新的值", changeTitle: (index) => `值 ${index}`,
        type: "类型", typeHelp: "URL、EMAIL、JSON，或自定义名称。", data: "值", dataJson: "JSON", badJson: "还不是有效的 JSON。请检查引号、逗号和括号。", index: "索引", indexHelp: "留空则用下一个空闲索引。",
        read: "谁可以查看", parties: "相关方，每行一个", partiesHelp: "密钥，如 300:88.102.1/ADMIN；或本节点的组织，如 organisation:NAME。", ttl: "可缓存秒数", secret: "只写入，不显示", sees: "可见范围", ttlOf: (text) => `可缓存 ${text}`,
        saved: "已保存。新的查询立即得到新值；已缓存的旧值在有效期后更新。", removeTitle: "移除该值？", removeText: (index, type) => `值 ${index}（${type}）将对所有人消失。`,
        removeHandle: "删除…", removeHandleTitle: (handle) => `删除 ${handle}`, removeHandleText: "删除后无法解析，已印制的标签将失效。只有误赋的标识才应删除。", typeToConfirm: (handle) => `请输入 ${handle} 以确认`, removeHandleAction: "删除",
        removed: (handle) => `已删除 ${handle}。`, quota: "该前缀的配额已用完。请联系本节点的运营方提高配额。", adminNote: "可通过 Handle 协议修改此标识的密钥。", openMachine: "公众所见",
    },
    labels: {
        title: "标签", lead: "可打印的标签页：每个二维码打开对应标识的页面。", list: "标识，每行一个", listHelp: (max) => `最多 ${max} 个。`, size: "尺寸", sizes: { small: "小，35 × 35 毫米", medium: "中，48 × 60 毫米", large: "大，95 × 60 毫米" }, withText: "二维码下方显示名称",
        print: "打印", count: (n, sheets) => `${count(n)} 张标签，${count(sheets)} 页 A4`, address: "二维码指向", addressHelp: "取自节点设置 handle.public_url，否则为本页地址。标签会长期使用，请选择不会变更的地址。", loopback: "该地址只在本机有效。请先设置 handle.public_url 再打印标签。",
        emptyTitle: "还没有标签", emptyStep: "在标识页面中选择，或在此输入。", choose: "选择标识", preview: "标签页",
    },
};

export const namingWords = { en, zh };
