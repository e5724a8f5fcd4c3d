#include "trucks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lineshaft::bench {
namespace {

constexpr std::int64_t begin_s = 1'451'606'400;
constexpr std::size_t batch_size = 10;

}  // namespace

void put_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}

void put_field(std::string& out, char tag, std::string_view text) {
    out += tag;
    put_varint(out, text.size());
    out += text;
}

std::string label_of(std::string_view name, std::string_view value) {
    std::string body;
    put_field(body, 0x0a, name);
    put_field(body, 0x12, value);
    std::string out;
    put_field(out, 0x0a, body);
    return out;
}

Fleet::Fleet(std::size_t trucks, std::uint64_t seed, bool has_disorder)
    : dice_(seed), has_disorder_(has_disorder) {
    constexpr std::array fleets = {"East", "West", "North", "South"};
    constexpr std::array drivers = {"Derek", "Rodney", "Albert", "Andy", "Seth", "Trish"};
    constexpr std::array models = {"F-150", "G-2000", "H-2"};
    constexpr std::array loads = {"2000", "5000", "1500"};
    constexpr std::array fuels = {"200", "300", "150"};
    constexpr std::array consumptions = {"15", "19", "12"};
    constexpr std::array versions = {"v1.0", "v1.5", "v2.0", "v2.3"};
    for (std::size_t index = 0; index < trucks; ++index) {
        const std::size_t model = pick(models.size());
        Truck truck;
        truck.name = fmt::format("truck_{}", index);
        const std::vector<std::pair<std::string, std::string>> tags = {
            {"device_version", versions[pick(versions.size())]},
            {"driver", drivers[pick(drivers.size())]},
            {"fleet", fleets[pick(fleets.size())]},
            {"fuel_capacity", fuels[model]},
            {"load_capacity", loads[model]},
            {"machine", truck.name},
            {"model", models[model]},
            {"nominal_fuel_consumption", consumptions[model]}};
        for (const auto& [key, value] : tags) {
            truck.tags += "," + key + "=" + value;
            truck.labels += label_of(key, value);
        }
        truck.values = {step(-90, 90), step(-180, 180), 100, 50, 90, 10, 25, 1, 500, 0};
        trucks_.push_back(std::move(truck));
    }
}

double Fleet::step(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(dice_);
}

double Fleet::walk(double value, double by, double low, double high) {
    return std::clamp(value + step(-by, by), low, high);
}

Entry Fleet::in_order() {
    Entry entry;
    entry.truck = at_ % trucks_.size();
    entry.at_s = begin_s + static_cast<std::int64_t>(at_ / trucks_.size()) * 10;
    ++at_;
    auto& value = trucks_[entry.truck].values;
    value[0] = walk(value[0], 0.005, -90, 90);
    value[1] = walk(value[1], 0.005, -180, 180);
    value[2] = std::trunc(walk(value[2], 10, 0, 5000));
    value[3] = std::trunc(walk(value[3], 10, 0, 100));
    value[4] = std::trunc(walk(value[4], 5, 0, 360));
    value[5] = std::trunc(walk(value[5], 5, 0, 100));
    value[6] = std::trunc(walk(value[6], 5, 0, 50) * 10) / 10;
    value[7] = std::trunc(std::max(0.0, value[7] - step(0, 0.001)) * 10) / 10;
    if (value[7] <= 0) value[7] = 1;
    if (pick(20) == 0) value[8] = std::trunc(step(0, 5000));
    value[9] = std::trunc(walk(value[9], 1, 0, 5));
    entry.values = value;
    // Five decimals are what is sent.
    for (const std::size_t place : {0u, 1u})
        entry.values[place] = std::round(entry.values[place] * 1e5) / 1e5;
    return entry;
}

void Fleet::make_batch() {
    std::vector<Entry> batch;
    for (std::size_t each = 0; each < batch_size; ++each) {
        Entry entry = in_order();
        if (chance(0.10)) continue;
        for (unsigned field = 0; field < truck_fields; ++field) {
            if (chance(0.10)) entry.present &= ~(1u << field);
        }
        if (entry.present == 0) continue;
        if (chance(0.30)) {
            held_.push_back(entry);
        } else {
            batch.push_back(entry);
        }
        if (!held_.empty() && chance(0.5)) {
            batch.push_back(held_.front());
            held_.erase(held_.begin());
        }
    }
    if (chance(0.01)) return;
    if (chance(0.05)) {
        batches_.push_back(std::move(batch));
    } else {
        ready_.insert(ready_.end(), batch.begin(), batch.end());
    }
    if (!batches_.empty() && chance(0.5)) {
        ready_.insert(ready_.end(), batches_.front().begin(), batches_.front().end());
        batches_.erase(batches_.begin());
    }
}

Entry Fleet::next() {
    if (!has_disorder_) return in_order();
    while (ready_.empty()) make_batch();
    const Entry entry = ready_.front();
    ready_.pop_front();
    return entry;
}

}  // namespace lineshaft::bench
