#pragma once
#include <cstddef>

namespace lineshaft::io {

/// Raises this process's soft limit of open files towards its hard one, at most to 1,048,576, and
/// makes writing to a closed pipe an error instead of a signal. Call once at start. Returns how
/// many files may be open.
std::size_t prepare_process();

/// Bytes of this process in memory now; 0 when the system does not tell.
std::size_t resident_bytes();

/// Cores this process may run on, at least 1.
unsigned cores();

}  // namespace lineshaft::io
