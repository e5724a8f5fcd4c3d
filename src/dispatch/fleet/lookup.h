// Inside dispatch/fleet: what a map has, or nothing.
#pragma once

namespace lineshaft::dispatch {

template <class Map, class Key>
auto found_in(const Map& map, const Key& key) -> const typename Map::mapped_type* {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

}  // namespace lineshaft::dispatch
