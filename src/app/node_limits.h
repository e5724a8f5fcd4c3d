#pragma once
#include "app/settings.h"
#include "gate/mqtt/limits.h"
#include "history/history.h"
#include "store/store.h"
#include "trust/porter.h"

// What the settings say, in the words of each room.
namespace lineshaft::app {

store::Limits store_limits(const Settings& settings);
history::Limits history_limits(const Settings& settings);
broker::Limits broker_limits(const Settings& settings);
trust::Porter::Settings porter_settings(const Settings& settings);
unsigned shard_count(const Settings& settings);

}  // namespace lineshaft::app
