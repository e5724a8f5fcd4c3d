#include "dispatch/fleet/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lineshaft::dispatch {

namespace {

constexpr std::array<std::string_view, 8> stage_names{
    "requested", "planned", "accepted", "travelling", "arrived", "working", "done", "withdrawn"};
constexpr std::array<std::string_view, 8> action_names{"plan",   "unplan", "accept", "depart",
                                                       "arrive", "begin",  "finish", "withdraw"};

}  // namespace

std::string_view name_of(Stage stage) {
    return stage_names[static_cast<std::size_t>(stage)];
}
std::string_view name_of(Action action) {
    return action_names[static_cast<std::size_t>(action)];
}

std::optional<Stage> stage_of(std::string_view name) {
    const auto found = std::ranges::find(stage_names, name);
    if (found == stage_names.end()) return std::nullopt;
    return static_cast<Stage>(found - stage_names.begin());
}
std::optional<Action> action_of(std::string_view name) {
    const auto found = std::ranges::find(action_names, name);
    if (found == action_names.end()) return std::nullopt;
    return static_cast<Action>(found - action_names.begin());
}

Result<Stage> next_stage(Stage stage, Action action) {
    using enum Stage;
    switch (action) {
        case Action::plan:
            if (stage == requested || stage == planned) return planned;
            break;
        case Action::unplan:
            if (stage >= planned && stage <= working) return requested;
            break;
        case Action::accept:
            if (stage == planned) return accepted;
            break;
        case Action::depart:
            if (stage == accepted) return travelling;
            break;
        case Action::arrive:
            if (stage == accepted || stage == travelling) return arrived;
            break;
        case Action::begin:
            if (stage >= accepted && stage <= arrived) return working;
            break;
        case Action::finish:
            if (is_there(stage)) return done;
            break;
        case Action::withdraw:
            if (stage < arrived) return withdrawn;
            break;
    }
    return fail(Code::conflict,
                fmt::format("what is {} cannot be told to {}", name_of(stage), name_of(action)));
}

}  // namespace lineshaft::dispatch
