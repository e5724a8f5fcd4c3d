// Questions: what does a sample take on disk (time, quality, value, header and all), beside what
// Gorilla and zstd over the raw columns need, and how many samples a second does one core encode
// and decode? Data: TSBS-iot by its definition, without disorder; a pump rig's eight channels and a
// machine's temperature, made up to the habits of such data; NAB and C-MAPSS as they come, if they
// lie beside the repository. Name: direction/data/samples a chunk.
#include <benchmark/benchmark.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/check.h"
#include "history/chunk.h"
#include "history/codec/bits.h"
#include "history/squeeze.h"
#include "history/tests/chunk_samples.h"

namespace lineshaft::history {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t begin = 1'451'606'400 * second;  // 2016-01-01

struct Data {
    std::string name;
    std::vector<Columns> series;
    std::size_t samples() const {
        std::size_t sum = 0;
        for (const Columns& one : series) sum += one.size();
        return sum;
    }
};

void push(Columns& columns, std::int64_t at, double value) {
    columns.push(at, std::bit_cast<std::uint64_t>(value), Mark(Kind::real, Quality::good));
}

class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    double even(double low, double high) {
        return std::uniform_real_distribution(low, high)(random_);
    }
    double normal() { return std::normal_distribution(0.0, 1.0)(random_); }

private:
    std::mt19937_64 random_;
};

// The ten fields of timescale/tsbs 37fced7, use case iot: the walk goes on unrounded, what is
// reported is cut after so many decimals.
Data tsbs_iot(std::size_t trucks, std::size_t samples) {
    constexpr double cut[] = {1e5, 1e5, 1, 1, 1, 1, 10, 10, 1, 1};
    Data data{"tsbs-iot", {}};
    for (std::size_t truck = 0; truck < trucks; ++truck) {
        Dice dice(123 + truck);
        const auto walk = [&](double& value, double by, double low, double high) {
            value = std::clamp(value + dice.even(-by, by), low, high);
        };
        double now[] = {dice.even(-90, 90), dice.even(-180, 180),
                        dice.even(0, 500),  dice.even(0, 100),
                        dice.even(0, 360),  dice.even(0, 100),
                        dice.even(0, 50),   1,
                        dice.even(0, 5000), 0};
        const std::size_t from = data.series.size();
        data.series.resize(from + std::size(now));
        for (std::size_t index = 0; index < samples; ++index) {
            walk(now[0], 0.005, -90, 90);
            walk(now[1], 0.005, -180, 180);
            walk(now[2], 10, 0, 5000);
            walk(now[3], 10, 0, 100);
            walk(now[4], 5, 0, 360);
            walk(now[5], 5, 0, 100);
            walk(now[6], 5, 0, 50);
            now[7] += dice.even(-0.001, 0);
            if (now[7] <= 0) now[7] = 1;
            if (dice.even(0, 1) < 0.05) now[8] = dice.even(0, 5000);
            now[9] = std::clamp(now[9] + dice.normal(), 0.0, 5.0);
            for (std::size_t field = 0; field < std::size(now); ++field) {
                push(data.series[from + field],
                     begin + static_cast<std::int64_t>(index) * 10 * second,
                     std::trunc(now[field] * cut[field]) / cut[field]);
            }
        }
    }
    return data;
}

double six_digits(double value) {  // as a C++ stream prints it
    std::ostringstream text;
    text << value;
    return std::stod(text.str());
}

Data pump_like() {
    Data data{"pump-like", std::vector<Columns>(8)};
    Dice dice(5);
    std::int64_t at = begin;
    double warm = 79;
    double cool = 26;
    for (int index = 0; index < 9'401; ++index) {
        at += dice.even(0, 1) < 0.01 ? 2 * second : second;
        warm += 0.02 * dice.normal() + 0.001 * (79 - warm);
        cool += 0.002 * dice.normal();
        const double flow = dice.normal();
        const double values[] = {
            0.0268 + 0.0004 * dice.normal(), 0.04 + 0.0005 * dice.normal(),
            1.2 + 0.25 * dice.normal(),      0.054711 + 0.327927 * std::round(0.7 * dice.normal()),
            warm + 0.1 * dice.normal(),      cool,
            233 + 7 * dice.normal(),         flow > 1.2 ? 31.0001 : flow < -1 ? 33 : 32};
        for (std::size_t channel = 0; channel < 8; ++channel) {
            push(data.series[channel], at, six_digits(values[channel]));
        }
    }
    return data;
}

// Eight decimals, one in twenty off by a rounding error, as averages of raw readings come.
Data temperature_like() {
    Data data{"temperature-like", std::vector<Columns>(1)};
    Dice dice(9);
    double now = 85;
    for (int index = 0; index < 22'695; ++index) {
        now += dice.normal() + 0.01 * (85 - now);
        const double value = std::round(now * 1e8) / 1e8;
        push(data.series[0], begin + index * 300 * second,
             dice.even(0, 1) < 0.05 ? std::nextafter(value, 0) : value);
    }
    return data;
}

const std::filesystem::path shared_data = SHARED_DATA;

Data nab(const std::string& name, const std::string& file_name) {
    Data data{name, std::vector<Columns>(1)};
    std::ifstream file(shared_data / "nab" / file_name);
    std::string line;
    while (std::getline(file, line)) {
        const auto comma = line.find(',');
        if (comma == std::string::npos || line[0] < '0' || line[0] > '9') continue;
        std::string stamp = line.substr(0, comma) + "Z";
        stamp[10] = 'T';
        const auto at = parse_rfc3339(stamp);
        Columns& columns = data.series[0];
        if (!at || (!columns.is_empty() && at->micros <= columns.at.back())) continue;
        push(columns, at->micros, std::stod(line.substr(comma + 1)));
    }
    return data;
}

// 100 engines' runs one after the other on each of 24 channels, a cycle an hour.
Data cmapss() {
    Data data{"c-mapss FD001", std::vector<Columns>(24)};
    std::ifstream file(shared_data / "cmapss/train_FD001.txt");
    std::string line;
    for (std::int64_t at = begin; std::getline(file, line); at += 3600 * second) {
        std::istringstream fields(line);
        double value = 0;
        fields >> value >> value;
        for (Columns& channel : data.series) {
            fields >> value;
            push(channel, at, value);
        }
    }
    return data;
}

// --- what others need
// ------------------------------------------------------------------------------

// Pelkonen et al. 2015, instants in seconds as theirs are.
std::size_t gorilla_bytes(const Columns& columns, std::size_t from, std::size_t until) {
    std::string out(16, '\0');
    codec::BitSink bits(out);
    std::int64_t step_before = 0;
    unsigned leading = 65;
    unsigned length = 0;
    for (std::size_t index = from + 1; index < until; ++index) {
        const std::int64_t step = (columns.at[index] - columns.at[index - 1]) / second;
        const std::int64_t change = step - std::exchange(step_before, step);
        const auto size = std::abs(change);
        bits.put(0, change == 0    ? 1u
                    : size <= 64   ? 9u
                    : size <= 256  ? 12u
                    : size <= 2048 ? 16u
                                   : 36u);
        const std::uint64_t differ = columns.bits[index] ^ columns.bits[index - 1];
        if (differ == 0) {
            bits.put(0, 1);
            continue;
        }
        const auto zeros = static_cast<unsigned>(std::min(31, std::countl_zero(differ)));
        const auto ends = static_cast<unsigned>(std::countr_zero(differ));
        if (leading <= zeros && leading + length + ends >= 64) {
            bits.put(0, 2 + length);
        } else {
            leading = zeros;
            length = 64 - zeros - ends;
            bits.put(0, 2 + 5 + 6);
            bits.put(0, length);
        }
    }
    bits.finish();
    return out.size();
}

std::size_t zstd_bytes(const Columns& columns, std::size_t from, std::size_t until) {
    static Squeezer squeezer;
    std::string raw;
    const auto put = [&](const void* values) {
        raw.append(static_cast<const char*>(values), (until - from) * 8);
    };
    put(columns.at.data() + from);
    put(columns.bits.data() + from);
    const Bytes squeezed = squeezer.squeeze(as_bytes(raw));
    return squeezed.empty() ? raw.size() : squeezed.size();
}

// --- the measurement
// -------------------------------------------------------------------------------

template <class Visit>
void each_chunk(const Data& data, std::size_t size, Visit visit) {
    for (const Columns& columns : data.series) {
        for (std::size_t from = 0; from < columns.size(); from += size) {
            visit(columns, from, std::min(columns.size(), from + size));
        }
    }
}

void encode(benchmark::State& state, const Data& data, std::size_t size) {
    ChunkCodec codec;
    std::string chunk;
    std::size_t bytes = 0;
    for (auto _ : state) {
        bytes = 0;
        each_chunk(data, size, [&](const Columns& columns, std::size_t from, std::size_t until) {
            chunk.clear();
            codec.encode(columns, from, until, chunk);
            bytes += chunk.size();
        });
    }
    std::size_t gorilla = 0;
    std::size_t zstd = 0;
    each_chunk(data, size, [&](const Columns& columns, std::size_t from, std::size_t until) {
        gorilla += gorilla_bytes(columns, from, until);
        zstd += zstd_bytes(columns, from, until);
    });
    const auto samples = static_cast<double>(data.samples());
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * data.samples()));
    state.counters["B/sample"] = static_cast<double>(bytes) / samples;
    state.counters["gorilla"] = static_cast<double>(gorilla) / samples;
    state.counters["zstd"] = static_cast<double>(zstd) / samples;
}

void decode(benchmark::State& state, const Data& data, std::size_t size) {
    ChunkCodec codec;
    std::vector<std::string> chunks;
    each_chunk(data, size, [&](const Columns& columns, std::size_t from, std::size_t until) {
        codec.encode(columns, from, until, chunks.emplace_back());
    });
    Columns out;
    for (auto _ : state) {
        for (const std::string& chunk : chunks) CHECK(codec.decode(as_bytes(chunk), out));
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * data.samples()));
}

void statistics(benchmark::State& state, const Data& data, std::size_t size) {
    ChunkCodec codec;
    std::vector<std::string> chunks;
    each_chunk(data, size, [&](const Columns& columns, std::size_t from, std::size_t until) {
        codec.encode(columns, from, until, chunks.emplace_back());
    });
    for (auto _ : state) {
        for (const std::string& chunk : chunks) {
            benchmark::DoNotOptimize(parse_chunk_header(as_bytes(chunk)));
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * chunks.size()));
}

std::vector<Data> all_data() {
    std::vector<Data> all = {tsbs_iot(3, 8'640),
                             nab("NAB ambient", "ambient_temperature_system_failure.csv"),
                             nab("NAB taxi", "nyc_taxi.csv"),
                             cmapss(),
                             temperature_like(),
                             pump_like()};
    for (const auto& shape : testing::shapes()) {
        all.push_back({shape.name, {testing::make(shape, 0, 8192, 1)}});
    }
    all.push_back({"sensor, jittered", {testing::make(testing::shapes()[2], 1, 8192, 1)}});
    all.push_back({"sensor, gaps", {testing::make(testing::shapes()[2], 2, 8192, 1)}});
    std::erase_if(all, [](const Data& data) { return data.samples() == 0; });
    return all;
}

const bool registered = [] {
    static const auto all = all_data();
    for (const Data& data : all) {
        std::vector<std::size_t> sizes = {8192};
        if (data.name == "tsbs-iot") sizes = {270, 2160, 8640};
        for (const std::size_t size : sizes) {
            const std::string name = data.name + "/" + std::to_string(size);
            benchmark::RegisterBenchmark(("encode/" + name).c_str(), encode, data, size);
            benchmark::RegisterBenchmark(("decode/" + name).c_str(), decode, data, size);
        }
    }
    benchmark::RegisterBenchmark("header/tsbs-iot/8640", statistics, all[0], 8640);
    return true;
}();

}  // namespace
}  // namespace lineshaft::history
