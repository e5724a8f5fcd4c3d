// The strict half: what we send.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_quoted.h"
#include "wire/aemp/elements.h"
#include "wire/aemp/fleet.h"
#include "wire/aemp/tree.h"

namespace lineshaft::aemp {
namespace {

constexpr std::string_view standard_namespace = "http://standards.iso.org/iso/15143/-3";

/// Attributes and members are the same here, too: names with '@' become attributes in XML. Texts
/// that are numbers or truth values are not quoted in JSON.
struct Out {
    std::string name, text;
    bool is_bare = false;
    std::vector<Out> children = {};
};

Out text_of(std::string_view name, std::string_view text) { return {std::string(name), std::string(text), false, {}}; }
Out number_of(std::string_view name, double value) { return {std::string(name), fmt::format("{}", value), true, {}}; }

void put_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == '&') out += "&amp;";
        else if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '"') out += "&quot;";
        else if (static_cast<unsigned char>(c) >= 0x20) out += c;  // others are not allowed in XML 1.0
        else if (c == '\t' || c == '\n' || c == '\r') out += fmt::format("&#{};", int(c));
    }
}

void put_xml(std::string& out, const Out& node) {
    out += '<';
    out += node.name;
    for (const Out& child : node.children) {
        if (!child.name.starts_with('@')) continue;
        out += ' ';
        out += child.name.substr(1);
        out += "=\"";
        put_escaped(out, child.text);
        out += '"';
    }
    out += '>';
    put_escaped(out, node.text);
    for (const Out& child : node.children)
        if (!child.name.starts_with('@')) put_xml(out, child);
    out += "</";
    out += node.name;
    out += '>';
}

void put_json(std::string& out, const Out& node) {
    if (node.children.empty()) {
        if (node.is_bare) out += node.text;
        else put_json_quoted(out, node.text);
        return;
    }
    out += '{';
    std::vector<std::string_view> done;
    for (const Out& child : node.children) {
        std::string_view name = child.name;
        if (name.starts_with('@')) name.remove_prefix(1);
        if (name == "xmlns" || std::ranges::find(done, name) != done.end()) continue;
        if (out.back() != '{') out += ',';
        put_json_quoted(out, name);
        out += ':';
        done.push_back(name);
        const bool is_list = name == "Links" || name == "Equipment" || name == "FaultCode" ||
                             (node.name.ends_with("Messages") && !child.name.starts_with('@')) ||
                             std::ranges::count(node.children, child.name, &Out::name) > 1;
        if (is_list) out += '[';
        for (const Out& same : node.children) {
            if (same.name != child.name) continue;
            if (is_list && out.back() != '[') out += ',';
            put_json(out, same);
        }
        if (is_list) out += ']';
    }
    out += '}';
}

std::string written(const Out& root, Format format) {
    std::string out;
    if (format == Format::json) {
        out += '{';
        put_json_quoted(out, root.name);
        out += ':';
        put_json(out, root);
        out += '}';
    } else {
        out += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        put_xml(out, root);
        out += '\n';
    }
    return out;
}

void add_instant(Out& out, const std::optional<Instant>& at) {
    if (at) out.children.push_back(text_of("@datetime", to_rfc3339(*at)));
}

void add_links(Out& out, const Links& links) {
    for (const auto& [rel, href] : {std::pair<std::string_view, const std::string&>{"self", links.self},
                                    {"prev", links.prev}, {"next", links.next}, {"last", links.last}}) {
        if (href.empty()) continue;
        Out link{"Links", "", false, {}};
        link.children = {text_of("rel", rel), text_of("href", href)};
        out.children.push_back(std::move(link));
    }
}

void add_value(Out& out, const ElementForm& form, double value) {
    if (!form.unit_name.empty()) out.children.push_back(text_of(form.unit_name, form.unit_written));
    if (form.element == Element::engine_running)
        out.children.push_back({"Running", value != 0 ? "true" : "false", true, {}});
    else out.children.push_back(number_of(form.parts[0].name, value));
}

Out out_of(const Reading& reading, const ElementForm& form) {
    Out out{std::string(form.name), "", false, {}};
    add_instant(out, reading.at);
    add_value(out, form, reading.value);
    return out;
}

Out out_of(const Location& location) {
    Out out{"Location", "", false, {}};
    add_instant(out, location.at);
    out.children.push_back(number_of("Latitude", location.latitude));
    out.children.push_back(number_of("Longitude", location.longitude));
    if (location.altitude_metres) {
        out.children.push_back(number_of("Altitude", *location.altitude_metres));
        out.children.push_back(text_of("AltitudeUnits", "metre"));
    }
    return out;
}

Out out_of(const Fault& fault) {
    Out out{"FaultCode", "", false, {}};
    add_instant(out, fault.at);
    out.children.push_back(text_of("CodeIdentifier", fault.code));
    if (!fault.description.empty()) out.children.push_back(text_of("CodeDescription", fault.description));
    if (!fault.severity.empty()) out.children.push_back(text_of("CodeSeverity", fault.severity));
    if (!fault.source.empty()) out.children.push_back(text_of("CodeSource", fault.source));
    if (fault.spn) out.children.push_back({"SPN", fmt::format("{}", *fault.spn), true, {}});
    if (fault.fmi) out.children.push_back({"FMI", fmt::format("{}", *fault.fmi), true, {}});
    return out;
}

Out out_of(const Equipment& equipment) {
    Out out{"Equipment", "", false, {}};
    Out header{"EquipmentHeader", "", false, {}};
    if (equipment.installed) header.children.push_back(text_of("UnitInstallDateTime", to_rfc3339(*equipment.installed)));
    header.children.push_back(text_of("OEMName", equipment.oem));
    header.children.push_back(text_of("Model", equipment.model));
    if (!equipment.equipment_id.empty()) header.children.push_back(text_of("EquipmentID", equipment.equipment_id));
    header.children.push_back(text_of("SerialNumber", equipment.serial));
    if (!equipment.pin.empty()) header.children.push_back(text_of("PIN", equipment.pin));
    out.children.push_back(std::move(header));
    if (equipment.location) out.children.push_back(out_of(*equipment.location));
    const auto& tank = equipment[Element::fuel_tank_capacity];
    for (const ElementForm& form : forms()) {
        const auto& reading = equipment[form.element];
        const bool is_tank = form.element == Element::fuel_tank_capacity;
        if (!reading || (is_tank && equipment[Element::fuel_remaining])) continue;
        out.children.push_back(out_of(*reading, form));
        if (form.element == Element::fuel_remaining && tank)
            add_value(out.children.back(), form_of(Element::fuel_tank_capacity), tank->value);
    }
    for (const Fault& fault : equipment.faults) out.children.push_back(out_of(fault));
    return out;
}

}  // namespace

Format format_for(std::string_view accept) {
    const auto json = accept.find("json"), xml = accept.find("xml");
    return json != std::string_view::npos && json < xml ? Format::json : Format::xml;
}

std::string encode_fleet(const Fleet& fleet, Format format) {
    Out out{"Fleet", "", false, {}};
    out.children.push_back(text_of("@version", "1"));
    if (fleet.snapshot) out.children.push_back(text_of("@snapshotTime", to_rfc3339(*fleet.snapshot)));
    out.children.push_back(text_of("@xmlns", standard_namespace));
    add_links(out, fleet.links);
    for (const Equipment& equipment : fleet.equipment) out.children.push_back(out_of(equipment));
    return written(out, format);
}

std::string encode_series(const Series& series, Format format) {
    std::string name = series.element ? std::string(form_of(*series.element).name)
                                      : series.faults.empty() ? "Location" : "FaultCode";
    Out out{name + "Messages", "", false, {}};
    out.children.push_back(text_of("@xmlns", standard_namespace));
    add_links(out, series.links);
    if (series.element)
        for (const Reading& reading : series.readings) out.children.push_back(out_of(reading, form_of(*series.element)));
    for (const Location& location : series.locations) out.children.push_back(out_of(location));
    for (const Fault& fault : series.faults) out.children.push_back(out_of(fault));
    return written(out, format);
}

}  // namespace lineshaft::aemp
