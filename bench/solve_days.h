// Made-up days of a thousand and more customers in the manner of Gehring & Homberger's six classes,
// from a seed: no public instances of that size come with this repository.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace lineshaft::bench {

/// Solomon's text format of a day. `kind`: "c" clustered, "r" anywhere, "rc" half of each; then "1",
/// short days and small vehicles (about ten stops a route), or "2", long days and large ones. Three
/// of four customers have a window; those of a cluster are open when a tour through it would come.
/// The numbers are chosen to be like the published classes, and are not theirs. The same kind, size
/// and seed give the same text. Empty: there is no such kind.
std::string made_day(const std::string& kind, std::size_t size, std::uint64_t seed);

struct Days {
    std::string filter;           ///< of kinds
    std::size_t size = 1000;
    std::uint64_t seed = 1;
    std::vector<double> curve;    ///< seconds of the processor; each is a run of its own
    std::string folder;           ///< also writes the texts there; empty: no
    bool vehicles_first = false;
};
/// Distance and vehicles after each of `curve`, and how far above the best of them.
bool run_days(const Days& wanted);

}  // namespace lineshaft::bench
