#pragma once
#include "base/result.h"
#include "wire/mqtt/reason.h"

namespace lineshaft::broker {

/// What a publisher is told in PUBACK or PUBREC.
mqtt::Reason publish_reason(Code code);

/// True when the same publish may succeed later: 3.1.1 clients, which have no negative answer, then
/// wait for theirs; what never can succeed is acknowledged to them and counted.
bool may_succeed_later(mqtt::Reason reason);

}  // namespace lineshaft::broker
