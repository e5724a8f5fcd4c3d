#include "gate/mqtt/retained.h"

#include <algorithm>

namespace lineshaft::broker {
namespace {

bool is_deletion(const Publication& what) {
    return what.message.payload().empty();
}

RetainedRoom room_of(const Publication& what) {
    return is_deletion(what) ? RetainedRoom{} : RetainedRoom::of(what.message.bytes().size());
}

// Of the node itself, and of somebody who is gone: who runs the node.
OrganisationId owner_of(const Publication& what) {
    return what.publisher ? what.publisher->organisation : OrganisationId(1);
}

}  // namespace

void RetainedShelf::count_in(const Publication& what) {
    if (is_deletion(what)) return;
    ++count_;
    bytes_ += what.message.bytes().size();
    if (changed_) changed_(owner_of(what), static_cast<std::int64_t>(what.message.bytes().size()));
}

void RetainedShelf::count_out(const Publication& what) {
    if (is_deletion(what)) return;
    --count_;
    bytes_ -= what.message.bytes().size();
    if (changed_) changed_(owner_of(what), -static_cast<std::int64_t>(what.message.bytes().size()));
}

std::optional<RetainedRoom> RetainedShelf::take_room(std::string_view topic,
                                                     std::size_t bytes) const {
    const auto* kept = tree_.find(topic);
    if (kept == nullptr || is_deletion(*(*kept)->what))
        return budget_.take(RetainedRoom::of(bytes));
    const std::size_t before = (*kept)->what->message.bytes().size();
    return budget_.take({0, static_cast<std::int64_t>(bytes - std::min(bytes, before)), 0});
}

std::int64_t RetainedShelf::bytes_more(OrganisationId organisation, std::string_view topic,
                                       std::size_t bytes) const {
    const auto* kept = tree_.find(topic);
    if (kept == nullptr || is_deletion(*(*kept)->what) || owner_of(*(*kept)->what) != organisation)
        return static_cast<std::int64_t>(bytes);
    const std::size_t before = (*kept)->what->message.bytes().size();
    return static_cast<std::int64_t>(bytes - std::min(bytes, before));
}

void RetainedShelf::set(std::shared_ptr<const Publication> what, std::uint64_t version,
                        RetainedRoom room) {
    const std::string topic(what->message.topic());
    const auto* known = tree_.find(topic);
    auto kept = known != nullptr ? *known : std::make_shared<Kept>();
    if (known != nullptr) {
        if (kept->version > version) {
            kept->stale.push_back(version);
            budget_.give_back(room);
            if (changed_ && room.quota_bytes != 0) changed_(owner_of(*what), -room.quota_bytes);
            return;
        }
        kept->stale.push_back(kept->version);
        count_out(*kept->what);
    }
    count_in(*what);
    // In one step, so that nobody sees more or less taken than there is.
    const RetainedRoom now = room_of(*what);
    const RetainedRoom before = kept->what ? room_of(*kept->what) : RetainedRoom{};
    budget_.add({now.count - before.count - room.count, now.bytes - before.bytes - room.bytes, 0});
    if (changed_ && room.quota_bytes != 0) changed_(owner_of(*what), -room.quota_bytes);
    kept->what = std::move(what);
    kept->version = version;
    if (known == nullptr) tree_.insert(topic, std::move(kept));
}

void RetainedShelf::drop(std::string_view topic, const Kept& kept) {
    for (const auto version : kept.stale) litter_.push_back(retained_key(topic, version));
}

void RetainedShelf::committed(std::string_view topic, std::uint64_t version) {
    const auto* known = tree_.find(topic);
    if (known == nullptr || (*known)->version != version) return;
    Kept& kept = **known;
    drop(topic, kept);
    kept.stale.clear();
    kept.stale.shrink_to_fit();
    if (!is_deletion(*kept.what)) return;
    litter_.push_back(retained_key(topic, version));
    tree_.erase(topic);
}

void RetainedShelf::refused(std::string_view topic, std::uint64_t version,
                            std::vector<Version> before) {
    const auto* known = tree_.find(topic);
    if (known == nullptr || (*known)->version != version) return;
    count_out(*(*known)->what);
    budget_.give_back(room_of(*(*known)->what));
    tree_.erase(topic);
    for (Version& each : before) {
        if (each.version < version) set(std::move(each.what), each.version);
    }
}

void RetainedShelf::load(std::shared_ptr<const Publication> what, std::uint64_t version) {
    const std::string topic(what->message.topic());
    set(std::move(what), version);
    if (const auto* known = tree_.find(topic)) committed(topic, (*known)->version);
}

std::shared_ptr<const Publication> RetainedShelf::find(std::string_view topic) const {
    const auto* known = tree_.find(topic);
    if (known == nullptr || is_deletion(*(*known)->what)) return nullptr;
    return (*known)->what;
}

void RetainedShelf::match(std::string_view filter,
                          std::vector<std::shared_ptr<const Publication>>& found) const {
    tree_.match(filter, [&](const std::shared_ptr<Kept>& kept) {
        if (!is_deletion(*kept->what)) found.push_back(kept->what);
    });
}

void RetainedShelf::seal(store::Batch& batch) {
    for (const std::string& key : litter_) batch.remove(store::Family::mqtt_retained, key);
    litter_.clear();
}

}  // namespace lineshaft::broker
