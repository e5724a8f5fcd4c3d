#include "dispatch/orders/types.h"

#include <fmt/format.h>

#include <utility>

#include "base/number.h"

namespace lineshaft::orders {
namespace {

constexpr std::string_view order_state_names[] = {"new",  "planned", "running",
                                                  "held", "done",    "refused"};
constexpr std::string_view quality_names[] = {"good", "rework", "scrap", "surplus"};
constexpr std::string_view delivery_names[] = {"mqtt", "folder", "http"};

template <class Word, std::size_t count>
std::optional<Word> found_in(const std::string_view (&names)[count], std::string_view name) {
    for (std::size_t index = 0; index < count; ++index) {
        if (names[index] == name) return static_cast<Word>(index);
    }
    return std::nullopt;
}

}  // namespace

std::string_view name_of(OrderState state) {
    return order_state_names[std::to_underlying(state)];
}
std::optional<OrderState> order_state_named(std::string_view name) {
    return found_in<OrderState>(order_state_names, name);
}
std::string_view name_of(Quality quality) {
    return quality_names[std::to_underlying(quality)];
}
std::optional<Quality> quality_named(std::string_view name) {
    return found_in<Quality>(quality_names, name);
}
std::string_view name_of(Delivery delivery) {
    return delivery_names[std::to_underlying(delivery)];
}
std::optional<Delivery> delivery_named(std::string_view name) {
    return found_in<Delivery>(delivery_names, name);
}

std::string job_text(std::uint64_t number) {
    return fmt::format("J{}", number);
}

std::string barcode_of(std::uint64_t number) {
    return fmt::format("J{:07}", number % 10'000'000);
}

std::optional<std::uint64_t> job_number_of(std::string_view text) {
    if (text.size() < 2 || text.size() > 20 || (text.front() != 'J' && text.front() != 'j'))
        return {};
    const auto number = number_from<std::uint64_t>(text.substr(1));
    return number && *number > 0 ? number : std::nullopt;
}

}  // namespace lineshaft::orders
