#include "wire/sparkplug/types.h"

#include <array>

namespace lineshaft::sparkplug {
namespace {

constexpr std::array<std::string_view, 35> type_names = {"Unknown",      "Int8",
                                                         "Int16",        "Int32",
                                                         "Int64",        "UInt8",
                                                         "UInt16",       "UInt32",
                                                         "UInt64",       "Float",
                                                         "Double",       "Boolean",
                                                         "String",       "DateTime",
                                                         "Text",         "UUID",
                                                         "DataSet",      "Bytes",
                                                         "File",         "Template",
                                                         "PropertySet",  "PropertySetList",
                                                         "Int8Array",    "Int16Array",
                                                         "Int32Array",   "Int64Array",
                                                         "UInt8Array",   "UInt16Array",
                                                         "UInt32Array",  "UInt64Array",
                                                         "FloatArray",   "DoubleArray",
                                                         "BooleanArray", "StringArray",
                                                         "DateTimeArray"};

}  // namespace

std::string_view name_of(DataType type) {
    const auto number = static_cast<std::size_t>(type);
    return number < type_names.size() ? type_names[number] : type_names[0];
}

bool is_metric_type(DataType type) {
    return type >= DataType::int8 && type <= DataType::date_time_array &&
           type != DataType::property_set && type != DataType::property_set_list;
}

std::string MachineKey::text() const {
    std::string text = group + "/" + node;
    if (!device.empty()) text += "/" + device;
    return text;
}

}  // namespace lineshaft::sparkplug
