// Question: how many fields a second does one core read?
// Data: /0 TSBS iot `readings` (8 tags, 7 floats, nanoseconds); /1 one short field a line; /2 text
// with escapes.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "wire/influx/line.h"

namespace lineshaft::influx {
namespace {

std::string body_of(std::int64_t which) {
    std::string body;
    for (int truck = 0; truck < 1000; ++truck) {
        if (which == 0) {
            body += fmt::format(
                "readings,name=truck_{},fleet=South,driver=Trish,model=H-2,device_version=v2.3,"
                "load_capacity=1500,fuel_capacity=150,nominal_fuel_consumption=12 "
                "latitude={:.5f},longitude={:.5f},elevation={},velocity={},heading={},grade={},"
                "fuel_consumption={:.1f} {}\n",
                truck, 40 + truck * 0.00137, -70 + truck * 0.00211, truck % 500, truck % 100,
                truck % 360, truck % 100, truck % 50 + 0.5, 1451606400000000000 + truck);
        } else if (which == 1) {
            body += fmt::format("cpu,host=h{} v={}i {}\n", truck, truck, 1451606400 + truck);
        } else {
            body +=
                fmt::format("log,host=my\\ host\\,{} text=\"said \\\"no\\\" {}\"\n", truck, truck);
        }
    }
    return body;
}

void read_lines(benchmark::State& state) {
    const std::string body = body_of(state.range(0));
    std::int64_t fields = 0;
    for (auto _ : state) {
        LineReader reader(body, Precision::nanoseconds);
        while (reader.next() == LineReader::Step::line)
            fields += static_cast<std::int64_t>(reader.line().fields.size());
        benchmark::DoNotOptimize(fields);
    }
    state.SetItemsProcessed(fields);
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(read_lines)->Arg(0)->Arg(1)->Arg(2);

}  // namespace
}  // namespace lineshaft::influx
