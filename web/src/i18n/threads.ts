// Names of the node's thread chart. It tells them in English; a name it does not know stays as it is told.

const en = { threads: { names: {} as Record<string, string> } };

const zh: typeof en = {
    threads: {
        names: {
            "Prussian blue": "普鲁士蓝", "Blue": "蓝色", "Teal green": "青绿", "Cornflower blue": "矢车菊蓝", "Red": "红色", "Reddish brown": "红棕", "Magenta": "品红", "Light lilac": "浅丁香",
            "Lilac": "丁香紫", "Mint green": "薄荷绿", "Deep gold": "深金", "Orange": "橙色", "Yellow": "黄色", "Lime green": "柠绿", "Brass": "黄铜", "Silver": "银色",
            "Russet brown": "赤褐", "Cream brown": "奶油棕", "Pewter": "锡灰", "Black": "黑色", "Ultramarine": "群青", "Royal purple": "皇家紫", "Dark grey": "深灰", "Dark brown": "深棕",
            "Deep rose": "深玫红", "Light brown": "浅棕", "Salmon pink": "三文鱼粉", "Vermilion": "朱红", "White": "白色", "Violet": "紫罗兰", "Seacrest": "海沫绿", "Sky blue": "天蓝",
            "Pumpkin": "南瓜橙", "Cream yellow": "奶黄", "Khaki": "卡其", "Clay brown": "陶土棕", "Leaf green": "叶绿", "Peacock blue": "孔雀蓝", "Grey": "灰色", "Warm grey": "暖灰",
            "Dark olive": "深橄榄", "Linen": "亚麻", "Pink": "粉红", "Deep green": "深绿", "Lavender": "薰衣草", "Wisteria violet": "藤紫", "Beige": "米色", "Carmine": "胭脂红",
            "Amber red": "琥珀红", "Olive green": "橄榄绿", "Dark fuchsia": "深紫红", "Tangerine": "橘色", "Light blue": "浅蓝", "Emerald green": "翡翠绿", "Purple": "紫色", "Moss green": "苔绿",
            "Flesh pink": "肉粉", "Harvest gold": "丰收金", "Electric blue": "电光蓝", "Lemon yellow": "柠檬黄", "Fresh green": "嫩绿", "Crimson": "绯红", "Midnight blue": "午夜蓝", "Burgundy": "酒红",
        },
    },
};

export const threadWords = { en, zh };
