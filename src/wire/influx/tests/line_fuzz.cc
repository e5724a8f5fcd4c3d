// Properties: any bytes are read to their end within the limits; every view lies in the body or is
// the reader's; what was read, written again, reads the same.
#include "base/check.h"
#include "wire/influx/line.h"
#include "write_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft::influx;
    if (size < 1 || size > 64 * 1024) return 0;
    const auto precision = static_cast<Precision>(data[0] % 6);
    const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
    const Limits limits{.line_bytes_max = 4096, .tags_max = 8, .fields_max = 16};
    LineReader reader(body, precision, limits);
    std::size_t last = 0;
    for (auto step = reader.next(); step != LineReader::Step::end; step = reader.next()) {
        if (step == LineReader::Step::bad_line) {
            CHECK(reader.problem().number > last && !reader.problem().why.empty());
            last = reader.problem().number;
            continue;
        }
        const Line& line = reader.line();
        CHECK(line.number > last);
        last = line.number;
        CHECK(!line.measurement.empty() && !line.fields.empty());
        CHECK(line.tags.size() <= limits.tags_max && line.fields.size() <= limits.fields_max);
        const std::string again = lineshaft::influx::testing::write_line(line);
        LineReader second(again, Precision::microseconds,
                          {.line_bytes_max = 64 * 1024, .tags_max = 8, .fields_max = 16});
        CHECK(second.next() == LineReader::Step::line);
        CHECK(lineshaft::influx::testing::is_same(line, second.line()));
        CHECK(second.next() == LineReader::Step::end);
    }
    CHECK(reader.bytes_left() == 0);
    CHECK(lineshaft::influx::testing::is_same_in_steps(body, precision, limits));
    return 0;
}
