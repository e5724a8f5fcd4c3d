#pragma once
#include <string>

#include "app/node.h"
#include "app/settings.h"

namespace lineshaft::app {

/// For `demo --lan`: opens HTTPS on every address, unless the settings say where.
void open_to_lan(Settings& settings);

/// How a phone in the same network reaches the node: address, QR code, and the fingerprint to
/// compare with what the browser shows. Empty without a network or an HTTPS listener.
std::string lan_text(const Node::Banner& banner);

}  // namespace lineshaft::app
