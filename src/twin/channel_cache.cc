#include "twin/channel_cache.h"

#include <algorithm>
#include <utility>

namespace lineshaft::twin {
namespace {

constexpr std::size_t slots_min = 1024;

}  // namespace

void ChannelCache::put(const Hash128& key, const Channel& channel) {
    std::size_t at = key.low & mask();
    while (slots_[at].is_used() && slots_[at].key != key) at = (at + 1) & mask();
    size_ += slots_[at].is_used() ? 0 : 1;
    slots_[at] = {key, channel};
}

void ChannelCache::keep(const Hash128& key, const Channel& channel) {
    if (channel.series == SeriesId{}) return;
    if (size_ >= entries_max_ && find(key) == nullptr) clear();
    if (4 * (size_ + 1) > 3 * slots_.size()) {
        const auto before = std::exchange(
            slots_, std::vector<Slot>(std::max(slots_min, 2 * slots_.size())));
        size_ = 0;
        for (const Slot& slot : before) {
            if (slot.is_used()) put(slot.key, slot.channel);
        }
    }
    put(key, channel);
}

void ChannelCache::clear() {
    slots_.clear();
    size_ = 0;
}

void NewChannels::note(const Hash128& key, std::string_view machine, std::string_view tag) {
    if (cache_.find(key) != nullptr || !seen_.insert(key.low).second) return;
    keys_.push_back(key);
    names_.push_back({std::string(machine), std::string(tag)});
}

io::Task<void> NewChannels::learn(Plant* plant, OrganisationId organisation) {
    if (names_.empty()) co_return;
    const auto keys = std::exchange(keys_, {});
    auto names = std::exchange(names_, {});
    seen_.clear();
    auto found = co_await plant->channels(organisation, std::move(names));
    for (std::size_t index = 0; index < keys.size(); ++index) {
        if (found[index]) cache_.keep(keys[index], *found[index]);
    }
}

void NewChannels::drop() {
    keys_.clear();
    names_.clear();
    seen_.clear();
}

}  // namespace lineshaft::twin
