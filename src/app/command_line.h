#pragma once

namespace lineshaft::app {

/// The whole program: parses, runs one command, returns the exit status (0 done, 1 failed, 2
/// misused).
int run(int count, char** words);

}  // namespace lineshaft::app
