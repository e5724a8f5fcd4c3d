// Properties: any bytes, packed or not, are read to an end or an error within the limits, and every
// view lies in the request. What is unpacked is what snappy's own library makes of it.
#include <snappy.h>

#include <array>
#include <bit>

#include "base/check.h"
#include "wire/remote_write/block.h"
#include "wire/remote_write/request.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::remote_write;

void read_all(Bytes request) {
    const Limits limits{.labels_max = 8, .samples_max = 16, .series_max = 32};
    RequestReader reader(request, limits);
    const std::string_view whole = as_text(request);
    const auto is_inside = [&](std::string_view view) {
        return view.empty() || (view.data() >= whole.data() &&
                                view.data() + view.size() <= whole.data() + whole.size());
    };
    for (std::size_t count = 0;; ++count) {
        CHECK(count <= limits.series_max);
        const auto more = reader.next();
        if (!more) {
            CHECK(more.error().code == Code::invalid || more.error().code == Code::exhausted);
            return;
        }
        if (!*more) return;
        CHECK(reader.series().labels.size() <= limits.labels_max);
        CHECK(reader.series().samples.size() <= limits.samples_max);
        for (const Label& label : reader.series().labels)
            CHECK(is_inside(label.name) && is_inside(label.value));
    }
}

// In steps it says the same as at once.
void step_through(Bytes request) {
    const Limits limits{.labels_max = 8, .samples_max = 16, .series_max = 32};
    RequestReader whole(request, limits);
    RequestReader steps(request, limits);
    for (;;) {
        const auto more = whole.next();
        const auto there = steps.step();
        if (!more) return;
        CHECK(there && *there == *more);
        if (!*more) return;
        const auto samples = steps.read_samples();
        CHECK(samples.has_value());
        if (!*samples) CHECK(steps.read().has_value() && steps.has_more_labels());
        CHECK(steps.series().samples.size() == whole.series().samples.size());
    }
}

// Stepping over some passes over as many as reading them does, and what was right about a series'
// labels is right about its sample.
void step_over(Bytes request) {
    const Limits limits{.labels_max = 8, .samples_max = 16, .series_max = 32};
    RequestReader whole(request, limits), over(request, limits);
    std::size_t count = 0, stepped = 0;
    auto more = whole.next();
    for (; more && *more; more = whole.next()) ++count;
    std::array<RequestReader::Plain, 3> room;
    for (;;) {
        const std::size_t some = over.step_over(room);
        stepped += some;
        for (const auto& plain : std::span(room).first(some)) {
            over.go_back(plain.message);
            if (over.label_bytes().size() != plain.labels_size) continue;
            const auto is_all = over.read_samples();
            CHECK(is_all && *is_all && over.series().samples.size() == 1);
            CHECK(std::bit_cast<std::uint64_t>(over.series().samples.front().value) ==
                  std::bit_cast<std::uint64_t>(plain.sample.value));
            CHECK(over.series().samples.front().millis == plain.sample.millis);
        }
        if (some > 0) continue;
        const auto is_there = over.step();
        if (!is_there || !*is_there) break;
        ++stepped;
        (void)over.label_bytes();
    }
    CHECK(stepped <= limits.series_max + 1);
    if (more) CHECK(stepped == count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input(reinterpret_cast<const std::byte*>(data), size);
    read_all(input);
    step_through(input);
    step_over(input);
    constexpr std::size_t bytes_max = 1 << 20;
    const auto request = unpack(input, bytes_max);
    const char* const packed = reinterpret_cast<const char*>(data);
    std::size_t size_told = 0;
    std::string theirs;
    const bool is_good = snappy::GetUncompressedLength(packed, size, &size_told) &&
                         size_told <= bytes_max && snappy::Uncompress(packed, size, &theirs);
    CHECK(request.has_value() == is_good);
    if (request) {
        CHECK(*request == theirs);
        read_all(as_bytes(*request));
        step_through(as_bytes(*request));
        step_over(as_bytes(*request));
    }
    return 0;
}
