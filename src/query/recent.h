#pragma once
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

// What was made of a text, kept while it is asked for often. Inside query only.
namespace lineshaft::query {

/// The newest by use, bounded in number and bytes. Owner: one thread.
template <class T>
class Recent {
public:
    Recent(std::size_t count_max, std::size_t bytes_max)
        : count_max_(count_max), bytes_max_(bytes_max) {}

    /// Null: not there. Until the next put.
    const T* find(std::string_view key) {
        const auto found = places_.find(key);
        if (found == places_.end()) return nullptr;
        all_.splice(all_.begin(), all_, found->second);
        return &found->second->value;
    }
    /// `bytes`: what it takes, about. Larger than a tenth of all: not kept.
    void put(std::string key, T value, std::size_t bytes) {
        bytes += 2 * key.size();
        if (bytes > bytes_max_ / 10 || places_.contains(key)) return;
        all_.push_front({std::move(key), std::move(value), bytes});
        places_.emplace(all_.front().key, all_.begin());
        bytes_ += bytes;
        while (all_.size() > count_max_ || bytes_ > bytes_max_) {
            bytes_ -= all_.back().bytes;
            places_.erase(all_.back().key);
            all_.pop_back();
        }
    }

private:
    struct Kept {
        std::string key;
        T value;
        std::size_t bytes;
    };
    const std::size_t count_max_, bytes_max_;
    std::size_t bytes_ = 0;
    std::list<Kept> all_;  // the newest at the front
    std::unordered_map<std::string_view, typename std::list<Kept>::iterator> places_;  // of keys in all_
};

}  // namespace lineshaft::query
