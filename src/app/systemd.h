#pragma once
#include <string_view>

namespace lineshaft::app {

/// Tells systemd how the service is ("READY=1", "STOPPING=1", "STATUS=…"; sd_notify(3)): one datagram
/// to the socket in NOTIFY_SOCKET. Without that variable nobody asked, and nothing is done. A
/// failure is logged, never more.
void tell_systemd(std::string_view state);

}  // namespace lineshaft::app
