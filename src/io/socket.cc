#include "io/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <system_error>

namespace lineshaft::io {

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        if (is_open()) ::close(number_);
        number_ = other.release();
    }
    return *this;
}

Fd::~Fd() {
    if (is_open()) ::close(number_);
}

namespace {

template <class Form>
Form& as_form(SocketAddress& address, sa_family_t family) {
    address.storage.ss_family = family;
    address.size = sizeof(Form);
    return reinterpret_cast<Form&>(address.storage);
}

template <class Form>
const Form& in_form(const SocketAddress& address) {
    return reinterpret_cast<const Form&>(address.storage);
}

Result<SocketAddress> to_path_address(const std::string& path) {
    SocketAddress out;
    auto& local = as_form<sockaddr_un>(out, AF_UNIX);
    if (path.size() >= sizeof(local.sun_path)) {
        return fail(Code::invalid, path + ": a local socket's path has at most " +
                                       std::to_string(sizeof(local.sun_path) - 1) + " bytes");
    }
    std::memcpy(local.sun_path, path.c_str(), path.size() + 1);
    return out;
}

/// The 4 or 16 address bytes; a mapped IPv4 address gives its 4.
Bytes address_bytes(const SocketAddress& address) {
    if (address.family() == AF_INET) {
        return std::as_bytes(std::span(&in_form<sockaddr_in>(address).sin_addr, 1));
    }
    if (address.family() != AF_INET6) return {};
    const auto& six = in_form<sockaddr_in6>(address).sin6_addr;
    const Bytes all = std::as_bytes(std::span(&six, 1));
    return IN6_IS_ADDR_V4MAPPED(&six) ? all.subspan(12) : all;
}

bool is_loopback_bytes(Bytes bytes) {
    if (bytes.size() == 4) return bytes[0] == std::byte{127};
    return bytes.size() == 16 && std::memcmp(bytes.data(), &in6addr_loopback, 16) == 0;
}

}  // namespace

Result<SocketAddress> to_socket_address(const Address& address) {
    if (!address.path.empty()) return to_path_address(address.path);
    const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
    SocketAddress out;
    if (host == "*") {
        auto& six = as_form<sockaddr_in6>(out, AF_INET6);
        six.sin6_addr = in6addr_any;
        six.sin6_port = htons(address.port);
        return out;
    }
    auto& four = as_form<sockaddr_in>(out, AF_INET);
    four.sin_port = htons(address.port);
    if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) return out;
    out = SocketAddress{};
    auto& six = as_form<sockaddr_in6>(out, AF_INET6);
    six.sin6_port = htons(address.port);
    if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1) return out;
    return fail(Code::invalid, "'" + host + "' is no IP address");
}

std::uint16_t port_of(const SocketAddress& address) {
    if (address.family() == AF_INET) return ntohs(in_form<sockaddr_in>(address).sin_port);
    if (address.family() == AF_INET6) return ntohs(in_form<sockaddr_in6>(address).sin6_port);
    return 0;
}

Peer describe_peer(const SocketAddress& remote, const SocketAddress& local) {
    Peer peer;
    const Bytes bytes = address_bytes(remote);
    if (bytes.empty()) {
        peer.is_loopback = true;
        return peer;
    }
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
    peer.address = text;
    peer.port = port_of(remote);
    peer.is_loopback = is_loopback_bytes(bytes) && is_loopback_bytes(address_bytes(local));
    return peer;
}

SocketAddress local_address_of(int socket) {
    SocketAddress out;
    out.size = sizeof(out.storage);
    if (::getsockname(socket, out.get(), &out.size) != 0) return {};
    return out;
}

std::unexpected<Error> socket_failure(std::string_view doing, int error_number) {
    Code code = Code::unavailable;
    if (error_number == EADDRINUSE) code = Code::conflict;
    if (error_number == EACCES || error_number == EPERM) code = Code::denied;
    if (error_number == EADDRNOTAVAIL || error_number == EAFNOSUPPORT) code = Code::invalid;
    return fail(code, std::string(doing) + ": " + std::generic_category().message(error_number));
}

}  // namespace lineshaft::io
