#include "store/space.h"

#include <sys/statvfs.h>

#include <chrono>
#include <limits>

#include "base/log.h"

namespace lineshaft::store {
namespace {

constexpr std::int64_t ask_every_ms = 250;

std::int64_t now_ms() {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_boot).count();
}

std::uint64_t ask_file_system(const std::string& directory) {
    struct statvfs found{};
    // A file system that does not answer is not a full one; its writes will tell.
    if (::statvfs(directory.c_str(), &found) != 0) return std::numeric_limits<std::uint64_t>::max();
    return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace

Space::Space(std::string directory, std::uint64_t free_bytes_min, Probe probe)
    : directory_(std::move(directory)), free_bytes_min_(free_bytes_min), probe_(std::move(probe)) {}

std::uint64_t Space::free_bytes() {
    const std::int64_t now = now_ms();
    std::int64_t due = ask_again_ms_.load(std::memory_order_relaxed);
    if (now >= due && ask_again_ms_.compare_exchange_strong(due, now + ask_every_ms)) {
        const std::uint64_t found = probe_ ? probe_() : ask_file_system(directory_);
        free_bytes_.store(found, std::memory_order_relaxed);
        const bool is_short = found < free_bytes_min_;
        if (is_short_.exchange(is_short) != is_short) {
            if (is_short) {
                log::warn(
                    "store: {} bytes free in {}, {} wanted: nothing new is acknowledged until "
                    "space returns",
                    found, directory_, free_bytes_min_);
            } else {
                log::info("store: {} bytes free in {}: accepting again", found, directory_);
            }
        }
    }
    return free_bytes_.load(std::memory_order_relaxed);
}

bool Space::has_room(bool only_removes, std::uint64_t bytes) {
    const std::uint64_t floor = only_removes ? free_bytes_min_ / 2 : free_bytes_min_;
    const std::uint64_t free = free_bytes();
    return free >= bytes && free - bytes >= floor;
}

}  // namespace lineshaft::store
