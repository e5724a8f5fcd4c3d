#pragma once
#include <string>

#include "io/pause.h"
#include "io/task.h"

namespace lineshaft::app {

/// Does for the demo what an engineer would do in the console: makes the six sites, adopts, names
/// and places most machines as they appear; a few stay discovered for the visitor to adopt. Talks
/// to the node over DATA/node.sock like any command. Ends when all is done or `pause` is ended.
io::Task<void> furnish_demo(std::string data, io::Pause* pause);

}  // namespace lineshaft::app
