#include "app/lan.h"

#include <fmt/format.h>

#include "api/qr.h"
#include "io/host.h"

namespace lineshaft::app {
namespace {

constexpr std::string_view lan_listen = "*:8443";

}  // namespace

void open_to_lan(Settings& settings) {
    if (settings.https_listen.empty()) settings.https_listen = lan_listen;
}

std::string lan_text(const Node::Banner& banner) {
    const auto addresses = io::own_addresses();
    std::string port;
    for (const auto& [name, address] : banner.listeners) {
        if (name == "https") port = address.substr(address.rfind(':') + 1);
    }
    if (addresses.empty() || port.empty()) return {};
    const std::string& host = addresses.front();
    const std::string url =
        fmt::format("https://{}:{}/{}", host.contains(':') ? "[" + host + "]" : host, port,
                    banner.setup_secret.empty() ? "" : "#setup=" + banner.setup_secret);
    return fmt::format(
        "\n  from a phone or another computer in this network:\n\n  {}\n\n{}\n"
        "  The browser does not know the node's authority and warns. Go on only if the SHA-256\n"
        "  fingerprint of the certificate it shows is\n  {}\n",
        url, api::qr_for_terminal(url), banner.fingerprint);
}

}  // namespace lineshaft::app
