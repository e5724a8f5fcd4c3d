const en = { workshop: { orders: "Orders", queues: "Queues", performance: "Performance", shopkeeping: "Shop" } };
const zh: typeof en = { workshop: { orders: "订单", queues: "排队", performance: "绩效", shopkeeping: "店铺" } };
export const workshopWords = { en, zh };
