#pragma once
#include <string>
#include <vector>

namespace lineshaft::io {

// What this computer is called and reached at. They block shortly; not on a shard.

/// As the kernel knows it, "localhost" where it knows nothing.
std::string host_name();

/// Numeric addresses of the interfaces that are up, without loopback, link-local ones and
/// duplicates; IPv4 first, in the kernel's order. Empty on a machine without a network.
std::vector<std::string> own_addresses();

/// Milliseconds since 1970 of the file's last change; 0 when it cannot be asked.
long changed_at(const std::string& path);

}  // namespace lineshaft::io
