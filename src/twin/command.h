#pragma once
#include "base/result.h"
#include "catalog/types.h"
#include "twin/types.h"

// Who may tell a machine what: the rules of a command, whichever door it came through and leaves by.
namespace lineshaft::twin {

/// May `value` be sent to the tag now? `machine`: its state; `tag`: what people said of it, nullptr
/// when nobody did. Errors, to be shown to a person: denied (not marked writable), invalid (another
/// kind than `current`'s, or outside the tag's range), conflict (the machine is not online).
Result<void> check_command(const MachineState& machine, const TagValue& current,
                           const catalog::Tag* tag, const history::Value& value);

}  // namespace lineshaft::twin
