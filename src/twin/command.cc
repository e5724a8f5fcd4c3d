#include "twin/command.h"

#include <fmt/format.h>

namespace lineshaft::twin {
namespace {

std::string bound(const std::optional<double>& limit) {
    return limit ? fmt::format("{}", *limit) : "any";
}

Result<void> check_range(const history::Value& value, const catalog::Tag& tag) {
    const auto kind = history::kind_of(value);
    if (kind != history::Kind::real && kind != history::Kind::integer) return {};
    const double number = history::number_of(value);
    if ((tag.low && !(number >= *tag.low)) || (tag.high && !(number <= *tag.high))) {
        return fail(Code::invalid, fmt::format("{} is outside the range of {}: {} to {}", number,
                                               tag.name, bound(tag.low), bound(tag.high)));
    }
    return {};
}

}  // namespace

Result<void> check_command(const MachineState& machine, const TagValue& current,
                           const catalog::Tag* tag, const history::Value& value) {
    if (tag == nullptr || !tag->writable.value_or(false)) {
        return fail(Code::denied, fmt::format("{} of {} is not writable; an engineer can mark it so",
                                              current.tag, machine.id));
    }
    if (history::kind_of(value) != history::kind_of(current.sample.value)) {
        return fail(Code::invalid,
                    fmt::format("{} of {} carries another kind of value", current.tag, machine.id));
    }
    TRY_VOID(check_range(value, *tag));
    if (machine.connection != Connection::online) {
        return fail(Code::conflict,
                    fmt::format("{} is not connected; nothing was sent", machine.id));
    }
    return {};
}

}  // namespace lineshaft::twin
