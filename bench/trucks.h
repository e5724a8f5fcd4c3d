// The workload of lineshaft_load: TSBS-iot-compatible trucks (timescale/tsbs, its distributions, not its generator).
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::bench {

inline constexpr std::size_t truck_fields = 10;
inline constexpr std::array<std::string_view, truck_fields> field_names = {
    "latitude", "longitude",        "elevation",  "velocity",     "heading",
    "grade",    "fuel_consumption", "fuel_state", "current_load", "status"};

/// One line: all ten fields of a truck at one instant; bit n of `present` says that field n is there.
struct Entry {
    std::size_t truck = 0;
    std::int64_t at_s = 0;
    std::array<double, truck_fields> values{};
    unsigned present = (1u << truck_fields) - 1;
    std::size_t count() const { return static_cast<std::size_t>(__builtin_popcount(present)); }
};

struct Truck {
    std::string name;    ///< "truck_7"
    std::string tags;    ///< eight, as Influx writes them
    std::string labels;  ///< as protobuf labels, without the metric's name
    std::array<double, truck_fields> values{};
};

/// Every truck every 10 s from 2016-01-01, tick by tick. With disorder, of each batch of 10 entries some are missing, some
/// late, some fields null, with TSBS's probabilities. The same seed gives the same entries.
class Fleet {
public:
    Fleet(std::size_t trucks, std::uint64_t seed, bool has_disorder);
    const Truck& truck(std::size_t index) const { return trucks_[index]; }
    std::size_t size() const { return trucks_.size(); }
    Entry next();

private:
    Entry in_order();
    void make_batch();
    std::size_t pick(std::size_t count) { return dice_() % count; }
    bool chance(double of) { return std::uniform_real_distribution<double>(0, 1)(dice_) < of; }
    double step(double low, double high);
    double walk(double value, double by, double low, double high);

    std::mt19937_64 dice_;
    const bool has_disorder_;
    std::vector<Truck> trucks_;
    std::size_t at_ = 0;
    std::deque<Entry> ready_;
    std::vector<Entry> held_;                 ///< late ones
    std::vector<std::vector<Entry>> batches_;  ///< late as a whole
};

/// protobuf: a varint, a field with a length, and a Label as field 1 of a TimeSeries.
void put_varint(std::string& out, std::uint64_t value);
void put_field(std::string& out, char tag, std::string_view text);
std::string label_of(std::string_view name, std::string_view value);

}  // namespace lineshaft::bench
