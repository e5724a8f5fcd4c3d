#include "io/accept_rate.h"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace lineshaft::io {
namespace {

std::string network_of(std::string_view address) {
    std::string text(address);
    in6_addr six;
    if (::inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
    return std::string(reinterpret_cast<const char*>(&six), 8);
}

}  // namespace

bool AcceptRate::allow(std::string_view address, Steady now) {
    std::string network = network_of(address);
    const std::int64_t second = now.count() / 1000;
    const std::lock_guard lock(guard_);
    if (second != second_) {
        second_ = second;
        counts_.clear();
    }
    const auto known = counts_.find(network);
    if (known != counts_.end()) return ++known->second <= per_second_;
    if (counts_.size() >= addresses_max) return false;
    counts_.emplace(std::move(network), 1u);
    return per_second_ >= 1;
}

}  // namespace lineshaft::io
