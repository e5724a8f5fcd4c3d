#include <date/tz.h>

#include <algorithm>
#include <exception>

#include "catalog/catalog.h"

namespace lineshaft::catalog {
namespace {

bool is_zone_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '/' || letter == '_' || letter == '+' ||
           letter == '-';
}

}  // namespace

bool is_time_zone(std::string_view name) {
    if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, is_zone_letter))
        return false;
    try {
        return date::locate_zone(name) != nullptr;
    } catch (const std::exception&) {  // the library's way to say no, also when there is no tzdata
        return false;
    }
}

}  // namespace lineshaft::catalog
