#include "dispatch/fleet/told.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lineshaft::dispatch {
namespace {

constexpr std::size_t told_bytes_max = 2'000;
constexpr unsigned told_depth_max = 4;

/// `{}` is anything but nothing; `{>}` is another sentence, told on its own, whose code counts;
/// `{w}` is one of our words. Chinese: {0}, {1}, …
struct Shape {
    std::string_view code, english, chinese;
};
// Ordered: the first that fits is taken, so those with more words of their own stand before others.
constexpr std::array shapes{
    // What is asked for.
    Shape{"type_missing", "\"type\" must say which type of machine is asked for", "请填写所需的机型"},
    Shape{"duration_missing", "\"duration_s\" must say how long the work takes, in seconds",
          "请填写作业时长"},
    Shape{"site_without_place", "there is no site \"{}\" with a place on the map",
          "没有位置已知的工地“{0}”"},
    Shape{"where_missing", "say \"site\" or \"position\"", "请填写工地或位置"},
    Shape{"position_incomplete", "\"position\" needs latitude and longitude", "位置需要纬度和经度"},
    Shape{"windows_past", "all its windows have closed already", "时间窗均已过去"},
    Shape{"windows_past", "all its windows have closed", "时间窗均已过去"},
    Shape{"window_too_far", "a window closes more than a year from now", "时间窗晚于一年之后"},
    Shape{"no_such_type", "there is no machine of type \"{}\"; there are: {}",
          "没有“{0}”类型的设备；现有：{1}"},
    Shape{"request_wrong", "request {}: {>}", "{1}"},
    Shape{"site_not_on_earth", "the site is not on the earth", "工地不在地球上"},
    Shape{"no_duration", "its duration is none", "作业时长无效"},
    Shape{"count_wrong", "asks for {} machines, 1..{}", "所需 {0} 台，应为 1 至 {1} 台"},
    Shape{"priority_wrong", "its priority is above 100", "优先级高于 100"},
    Shape{"rent_wrong", "its rent is no such number", "租赁价格无效"},
    Shape{"window_backwards", "a window closes before it opens", "时间窗的结束早于开始"},
    Shape{"windows_overlap", "its windows overlap or are not ascending", "时间窗重叠或未按先后排列"},
    Shape{"windows_too_many", "too many windows", "时间窗过多"},
    Shape{"windows_too_many", "\"windows\" must be a list of up to 16", "时间窗最多 16 个"},
    Shape{"window_incomplete", "a window needs from and until", "时间窗需要开始和结束"},
    Shape{"window_incomplete", "a window must be an object with from and until",
          "时间窗需要开始和结束"},
    Shape{"window_incomplete", "from and until belong together", "开始和结束须一并填写"},
    Shape{"too_many_asked", "more than {} machines asked for at once",
          "同时所需的设备超过 {0} 台"},
    Shape{"asked_stays", "what is asked for and where stays as it is: withdraw it and ask again",
          "机型、数量和地点不能更改：请撤回后重新申请"},
    Shape{"begun_already", "a machine works on it already", "已有设备在作业"},
    Shape{"all_begun", "all of it has begun or is over", "均已开始或已结束"},
    Shape{"rush_needs_request",
          "a rush job, and nothing else, needs \"request\" as it would be posted",
          "只有急单需要填写需求内容"},
    // What is not there.
    Shape{"no_machine", "there is no machine {}", "没有设备 {0}"},
    Shape{"no_request", "there is no request {}", "没有需求 {0}"},
    Shape{"no_place", "request {} has no place {}", "需求 {0} 没有第 {1} 个名额"},
    Shape{"no_place", "there is no place {}", "没有名额 {0}"},
    Shape{"no_place", "there is no such place or machine", "没有此名额或设备"},
    Shape{"no_place", "there is no such place", "没有此名额"},
    Shape{"no_site", "there is no site {}", "没有工地 {0}"},
    Shape{"no_proposal", "there is no such proposal any more", "该方案已不存在"},
    Shape{"no_feed", "there is no such feed", "没有此数据源"},
    Shape{"no_organisation", "there is no organisation \"{}\"", "没有组织“{0}”"},
    Shape{"nothing_named", "nothing has the id \"{}\"", "没有编号为“{0}”的内容"},
    Shape{"no_fleet", "this node keeps no fleet", "此节点不管理车队"},
    // Plans.
    Shape{"changed_meanwhile", "the fleet changed since this plan was made: propose again",
          "方案做出后情况有变，请重新生成"},
    Shape{"is_what_if", "what if is not what is: propose without it",
          "假设方案不能采用：请按实际情况重新生成"},
    Shape{"not_planned_yet", "machines are found by a plan: propose and adopt, or pin",
          "设备由计划安排：请生成并采用方案，或手动指定"},
    Shape{"cannot_do_it", "{} cannot do it: {>}", "{0} 无法承担：{1}"},
    Shape{"left_out", "it would be left out", "它将被落下"},
    Shape{"stage_already", "it is {w} already", "当前已是“{0}”"},
    Shape{"stage_now", "it is not over", "尚未结束"},
    Shape{"stage_now", "it is {w}", "当前是“{0}”"},
    Shape{"stage_forbids", "what is {w} cannot be told to {w}", "“{0}”状态下不能执行“{1}”"},
    Shape{"no_such_job", "{} has no such job", "{0} 没有此任务"},
    Shape{"too_long", "longer than a year", "超过一年"},
    Shape{"minutes_wrong", "minutes must be up to a week", "分钟数不能超过一周"},
    Shape{"seconds_wrong", "seconds must be 0.05 to 30", "秒数应为 0.05 至 30"},
    Shape{"not_broken", "{} is not broken", "{0} 没有故障"},
    Shape{"two_sites", "from and to must be two sites", "起点和终点须是两个工地"},
    Shape{"road_not_closed", "that road is not closed", "该道路并未封闭"},
    Shape{"not_planned", "no machine {} is planned", "设备 {0} 未参与计划"},
    Shape{"busy", "{} is {w} for request {}", "{0} 正为需求 {2} 处于“{1}”"},
    Shape{"too_many_places", "{} places in one plan, at most {}",
          "一次计划涉及 {0} 个地点，最多 {1} 个"},
    Shape{"too_many_machines", "more than {} machines", "设备超过 {0} 台"},
    Shape{"too_many_skills", "more than {} types and attachments", "机型和属具超过 {0} 种"},
    Shape{"still_being_done", "the first request with this Idempotency-Key is still being done",
          "首次请求仍在处理"},
    // Machines.
    Shape{"same_serial", "machine {} has that maker and serial number",
          "设备 {0} 已有相同的厂商和序列号"},
    Shape{"shared_by_other", "it belongs to somebody else, who shares it with you",
          "它属于其他组织，仅共享给您"},
    Shape{"too_many_customers", "a machine has at most {} customers", "一台设备最多共享给 {0} 个客户"},
    Shape{"has_it_already", "{} has the machine already", "{0} 已拥有该设备"},
    Shape{"no_position", "{}: no position to send it from", "{0}：位置未知，无法派出"},
    Shape{"cost_wrong", "{}: a cost or its time factor is no such number",
          "{0}：费用或时间系数无效"},
    // Borders.
    Shape{"sides_cross", "side {} crosses side {}", "第 {0} 条边与第 {1} 条边相交"},
    Shape{"border_list", "\"border\" must be a list of [latitude, longitude]",
          "边界须是纬度和经度的列表"},
    Shape{"corners_too_many", "a border has at most {} corners", "边界最多 {0} 个顶点"},
    Shape{"corners_too_many", "{} corners, at most {}", "{0} 个顶点，最多 {1} 个"},
    Shape{"corner_nowhere", "corner {} is no place a site can be", "第 {0} 个顶点不在可用范围内"},
    Shape{"corners_too_few", "a site has at least three different corners",
          "工地至少有三个不同的顶点"},
    Shape{"too_wide", "a site wider than {} km", "工地宽度超过 {0} 公里"},
    Shape{"no_area", "a site without area", "工地没有面积"},
    // Ways, index, times.
    Shape{"leg_sites", "a leg from \"{}\" to \"{}\": both must be sites",
          "从“{0}”到“{1}”的路程：两端须是工地"},
    Shape{"leg_numbers", "metres and seconds of a leg must be numbers that can be driven",
          "路程的米数和秒数须是可行驶的数值"},
    Shape{"leg_incomplete", "a leg needs metres and seconds", "路程需要米数和秒数"},
    Shape{"legs_too_many", "{} legs, at most {}", "{0} 段路程，最多 {1} 段"},
    Shape{"until_before_from", "until must be after from", "结束须晚于开始"},
    Shape{"days_too_many", "at most {} days at once", "一次最多 {0} 天"},
    Shape{"not_a_month", "{} must be a month such as 2026-11", "{0} 须是月份，例如 2026-11"},
    Shape{"months_wrong", "from .. until must be 1 to {} months", "时间范围须为 1 至 {0} 个月"},
    Shape{"machines_min_wrong", "machines_min must be at least the setting's {}",
          "最少台数不能低于设定的 {0}"},
    // Tables.
    Shape{"no_number", "{}: \"{}\" is no number", "{0}：“{1}”不是数字"},
    Shape{"neither_yes_nor_no", "{}: \"{}\" is neither yes nor no", "{0}：“{1}”既非是也非否"},
    Shape{"names_no_machine", "it names no machine", "没有设备编号"},
    Shape{"columns_too_many", "line {} has more than {} columns", "第 {0} 行超过 {1} 列"},
    Shape{"lines_too_many", "more than {} lines: import it in parts", "超过 {0} 行：请分批导入"},
    Shape{"quote_open", "a quote that begins in line {} has no end", "第 {0} 行的引号没有结束"},
    Shape{"no_header", "there is no header line with the names of the columns", "缺少列名所在的首行"},
    Shape{"cells_beyond", "line {}: more cells than columns; the last ones are not read",
          "第 {0} 行：单元格多于列，末尾的未读取"},
    // Members of bodies, whatever they are called.
    Shape{"member_whole", "\"{}\" must be a whole number", "“{0}”须是整数"},
    Shape{"member_number", "\"{}\" must be a number or null", "“{0}”须是数字"},
    Shape{"member_flag", "\"{}\" must be true or false", "“{0}”须为是或否"},
    Shape{"member_text", "\"{}\" must be a text or null", "“{0}”须是文字"},
    Shape{"member_text", "\"{}\" must be a text", "“{0}”须是文字"},
    Shape{"member_time", "\"{}\" must be a time such as 2026-11-22T08:00:00Z",
          "“{0}”须是时间，例如 2026-11-22T08:00:00Z"},
    Shape{"member_list", "\"{}\" must be a list of up to 32 texts", "“{0}”须是最多 32 项的列表"},
    Shape{"member_list", "\"{}\" must be a list of texts", "“{0}”须是文字列表"},
    Shape{"member_bytes", "\"{}\" must have 1 to {} bytes", "“{0}”须为 1 至 {1} 字节"},
    Shape{"member_bytes", "\"{}\" is longer than {} bytes", "“{0}”超过 {1} 字节"},
    Shape{"member_range", "\"{}\" must be {} to {}", "“{0}”应为 {1} 至 {2}"},
    Shape{"member_unknown", "the body has a member \"{}\"; allowed are: {}",
          "内容含有未知的“{0}”；允许的有：{1}"},
    // Feeds: what was typed.
    Shape{"no_address", "\"{}\" is no address: it begins with http:// or https://",
          "“{0}”不是网址：须以 http:// 或 https:// 开头"},
    Shape{"address_characters", "an address holds no spaces and no letters beyond ASCII",
          "网址不能含空格或非 ASCII 字符"},
    Shape{"address_password",
          "name and password do not stand in the address: say them as user and secret",
          "用户名和密码不能写在网址里：请填入用户名和密钥"},
    Shape{"address_port", "\"{}\" has no good port", "“{0}”的端口无效"},
    Shape{"address_server", "\"{}\" names no server", "“{0}”没有服务器名"},
    Shape{"secret_missing", "auth needs a secret", "此登录方式需要密钥"},
    Shape{"user_missing", "auth needs a user (of OAuth2: the client id)",
          "此登录方式需要用户名（OAuth2：客户端编号）"},
    Shape{"secret_characters", "user and secret hold no control characters",
          "用户名和密钥不能含控制字符"},
    Shape{"period_wrong", "period_s must be {} to {}", "轮询间隔应为 {0} 至 {1} 秒"},
    Shape{"feeds_too_many", "more than {} feeds", "数据源超过 {0} 个"},
    // Feeds: what came of a round.
    Shape{"feed_status", "the feed answered {}", "数据源返回 {0}"},
    Shape{"token_status", "the token's server answered {}", "令牌服务器返回 {0}"},
    Shape{"token_missing", "the token's server sent no access_token", "令牌服务器未返回 access_token"},
    Shape{"token_no_json", "the token's server sent no JSON object", "令牌服务器未返回 JSON"},
    Shape{"token_characters", "the access_token has characters no header holds",
          "access_token 含无效字符"},
    Shape{"secret_lost", "its secret cannot be read any more: add the feed again",
          "密钥已无法读取：请重新添加数据源"},
    Shape{"no_authorities", "https: this machine has no certificates of authorities to trust",
          "https：本机没有可信任的根证书"},
    Shape{"not_aemp", "neither a fleet nor a machine of ISO 15143-3", "不是 ISO 15143-3 的车队或设备"},
    Shape{"no_xml", "no XML: {} at byte {}", "XML 有误：第 {1} 字节处 {0}"},
    Shape{"no_json", "no JSON: {}", "JSON 有误：{0}"},
    Shape{"empty_document", "an empty document", "内容为空"},
    Shape{"pages_too_many", "more than {} pages", "超过 {0} 页"},
    Shape{"page_too_many", "{} machines on one page, at most {}", "一页有 {0} 台设备，最多 {1} 台"},
    Shape{"connect_refused", "{}: connect: Connection refused", "{0}：连接被拒绝"},
    Shape{"connect_timeout", "{}: connect: Connection timed out", "{0}：连接超时"},
    Shape{"connect_no_route", "{}: connect: No route to host", "{0}：网络不通"},
    Shape{"connect_no_route", "{}: connect: Network is unreachable", "{0}：网络不通"},
    Shape{"look_up_timeout", "{}: look up {}: no answer in time", "查询服务器名 {1} 超时"},
    Shape{"look_up_failed", "{}: look up {}: {}", "找不到服务器名 {1}：{2}"},
    Shape{"no_answer", "{}: nothing arrived in time", "{0}：没有及时应答"},
    // Feeds: remarks.
    Shape{"note_at", "page {}, machine {}: {>}", "第 {0} 页第 {1} 台：{2}"},
    Shape{"note_unnamed", "page {}: a machine without serial number, PIN and id is left out",
          "第 {0} 页：一台没有序列号、PIN 和编号的设备被略过"},
    Shape{"note_twice", "{} stands there twice: the newest of everything counts",
          "{0} 出现两次：各项取最新值"},
    Shape{"note_bad_name", "a machine whose name no machine may have is left out",
          "一台编号不合规的设备被略过"},
    Shape{"note_outside", "{} values are outside of the times that are kept, or too many",
          "{0} 个数值超出保存的时间范围，或数量过多"},
    Shape{"note_next", "the link to the next page leads elsewhere or in a circle: {}",
          "下一页的链接指向别处或成环：{0}"},
    Shape{"note_long", "{}: longer than {} bytes, left out", "{0}：超过 {1} 字节，略过"},
    Shape{"note_utf8", "{}: no UTF-8, left out", "{0}：不是 UTF-8，略过"},
    Shape{"note_zone", "{}: an instant without a zone, taken as UTC", "{0}：时间没有时区，按 UTC 处理"},
    Shape{"note_instant", "{}: an instant that is none", "{0}：时间无效"},
    Shape{"note_flag", "{}: neither true nor false", "{0}：既非真也非假"},
    Shape{"note_number", "{}: a value that is no number", "{0}：数值不是数字"},
    Shape{"note_comma", "{}: a decimal comma", "{0}：小数点写成了逗号"},
    Shape{"note_range", "{}: {} is beyond what it can be, left out", "{0}：{1} 超出可能范围，略过"},
    Shape{"note_unit", "{}: a unit we do not know, left out", "{0}：单位未知，略过"},
    Shape{"note_zero", "Location: 0 degrees, 0 degrees: no fix, left out",
          "位置：0°/0°，没有定位，略过"},
    Shape{"note_nowhere", "Location: not on the earth, left out", "位置：不在地球上，略过"},
    Shape{"note_no_place", "Location: without latitude and longitude", "位置：缺少纬度和经度"},
    Shape{"note_idle", "CumulativeIdleHours: more than CumulativeOperatingHours",
          "怠速小时多于工作小时"},
    Shape{"note_header", "EquipmentHeader: nothing to tell it apart by", "设备没有可识别的编号"},
    Shape{"note_back", "{}: goes back from {} to {}", "{0}：从 {1} 倒退到 {2}"},
    Shape{"of", "{}: {>}", "{0}：{1}"},
};

constexpr std::pair<std::string_view, std::string_view> our_words[] = {
    {"requested", "尚无设备"}, {"planned", "已计划"}, {"accepted", "已接受"}, {"travelling", "在途"},
    {"arrived", "已到达"},   {"working", "作业中"}, {"done", "已完成"},     {"withdrawn", "已撤回"},
    {"plan", "计划"},        {"unplan", "取消计划"}, {"accept", "接受"},    {"depart", "出发"},
    {"arrive", "到达"},      {"begin", "开工"},     {"finish", "完成"},     {"withdraw", "撤回"}};

/// What stands at each mark, when `text` has the shape. Each mark takes as little as it can, the
/// last one all that is left.
bool fits_shape(std::string_view shape, std::string_view text, std::vector<std::string_view>& marks,
                std::string& kinds) {
    marks.clear();
    kinds.clear();
    std::size_t mark = shape.find('{');
    if (mark == std::string_view::npos) return shape == text;
    if (!text.starts_with(shape.substr(0, mark))) return false;
    text.remove_prefix(mark);
    while (mark != std::string_view::npos) {
        kinds += shape[mark + 1];
        shape.remove_prefix(shape.find('}', mark) + 1);
        mark = shape.find('{');
        const std::string_view words = shape.substr(0, mark);
        std::size_t at = text.size();
        if (mark != std::string_view::npos) {
            at = text.size() > 1 ? text.find(words, 1) : std::string_view::npos;
        } else if (!words.empty()) {
            at = text.ends_with(words) ? text.size() - words.size() : std::string_view::npos;
        }
        if (at == std::string_view::npos || at == 0) return false;
        marks.push_back(text.substr(0, at));
        text.remove_prefix(at + words.size());
    }
    return text.empty();
}

std::optional<Told> told_at(std::string_view english, unsigned depth) {
    std::vector<std::string_view> marks;
    std::string kinds;
    for (const Shape& shape : shapes) {
        if (!fits_shape(shape.english, english, marks, kinds)) continue;
        Told found{shape.code, {}, {}};
        std::vector<std::string> said;
        bool is_known = false;  // a sentence about a sentence nobody knows says nothing by itself
        for (std::size_t i = 0; i < marks.size(); ++i) {
            said.emplace_back(marks[i]);
            auto inner = kinds[i] == '>' && depth < told_depth_max ? told_at(marks[i], depth + 1)
                                                                   : std::nullopt;
            if (inner) {
                is_known = true;
                found.code = inner->code;
                said.back() = std::move(inner->chinese);
                std::ranges::move(inner->texts, std::back_inserter(found.texts));
                continue;
            }
            found.texts.emplace_back(marks[i]);
            if (kinds[i] == 'w')
                for (const auto& [word, chinese] : our_words)
                    if (word == marks[i]) said.back() = chinese;
        }
        if (shape.code == "of" && !is_known) return std::nullopt;
        for (std::size_t i = 0; i < shape.chinese.size(); ++i) {
            const char c = shape.chinese[i];
            if (c != '{') {
                found.chinese += c;
                continue;
            }
            found.chinese += said[static_cast<std::size_t>(shape.chinese[i + 1] - '0')];
            i += 2;
        }
        return found;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Told> told(std::string_view english) {
    if (english.empty() || english.size() > told_bytes_max) return std::nullopt;
    return told_at(english, 0);
}

std::string told_in(std::string_view english, bool is_chinese) {
    if (!is_chinese) return std::string(english);
    const auto found = told(english);
    return found ? found->chinese : std::string(english);
}

std::vector<std::pair<std::string_view, std::string_view>> told_shapes() {
    std::vector<std::pair<std::string_view, std::string_view>> all;
    for (const Shape& shape : shapes) all.emplace_back(shape.code, shape.english);
    return all;
}

}  // namespace lineshaft::dispatch
