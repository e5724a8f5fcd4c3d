#include "dispatch/fleet/types.h"

#include <fmt/format.h>

#include <array>

namespace lineshaft::dispatch {

std::string_view name_of(Stage stage) {
    constexpr std::array<std::string_view, 7> names{"requested", "planned", "accepted", "travelling", "working", "done", "withdrawn"};
    return names[static_cast<std::size_t>(stage)];
}
std::string_view name_of(Action action) {
    constexpr std::array<std::string_view, 7> names{"plan", "unplan", "accept", "depart", "arrive", "finish", "withdraw"};
    return names[static_cast<std::size_t>(action)];
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
            if (stage == accepted || stage == travelling) return working;
            break;
        case Action::finish:
            if (stage == working) return done;
            break;
        case Action::withdraw:
            if (stage < working) return withdrawn;
            break;
    }
    return fail(Code::conflict, fmt::format("what is {} cannot be told to {}", name_of(stage), name_of(action)));
}

}  // namespace lineshaft::dispatch
