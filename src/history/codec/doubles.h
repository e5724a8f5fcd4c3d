#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "history/codec/numbers.h"

// Columns of doubles, bit for bit, as columns of integers.
//
// Idea: a sensor's double is nearly always a decimal with few digits, 71.22 or 69.88083514, so
// n = round(d x 10^e) is a small integer and n / 10^e, correctly rounded, the very same double.
// What is not exactly a decimal is one and a few units of the last place (74.93588199999998 is n =
// 74935882 and 1 unit less): the misses are a column of their own, nearly all 0. So NaN payloads,
// -0 and infinities come back too. After ALP (Afroozeh, Kuffo, Boncz 2023), with a division instead
// of a factor pair: exact for every decimal of 15 digits. Values that passed through a float (0.1f)
// are decimals too, once rounded to single precision.
// A quantised sensor has few values: then they are a dictionary, and their ranks the column. What
// is neither is taken as integers in the order of the doubles, of which steps and bins make the
// most; that stands where version 1 had XOR. Whole chunks are smaller than Gorilla's on every data
// set of docs/benchmarks.md; inside one chunk the two have not been tried against each other.
// Layout: docs/formats/chunk.md. Complexity: O(count) both ways.
namespace lineshaft::history::codec {

// Ids of the format, for ever.
enum class Form : std::uint8_t { constant = 0, decimal = 1, dictionary = 2, ordered = 3 };

inline constexpr std::size_t dictionary_max = 4096;

/// Keeps its buffers. Owner: one thread at a time.
class Doubles {
public:
    explicit Doubles(Numbers& numbers) : numbers_(numbers) {}

    /// Appends the column, at least one double; says for itself where it ends.
    void put(std::string& out, std::span<const std::uint64_t> bits);
    /// Fills `bits`, at least one. Errors: invalid, unsupported (an id of a later program).
    Result<void> take(Reader& in, std::span<std::uint64_t> bits);

private:
    struct Decimal {
        unsigned exponent = 0;
        bool is_single = false;
    };
    double cost_of(std::span<const std::uint64_t> probes, Decimal decimal) const;
    Decimal choose_decimal(std::span<const std::uint64_t> bits) const;
    void to_decimals(std::span<const std::uint64_t> bits, Decimal decimal);
    bool to_ranks(std::span<const std::uint64_t> bits);
    void put_decimals(std::string& out, Decimal decimal, const Numbers::Plan& numbers);
    void put_dictionary(std::string& out);
    Result<void> take_decimals(Reader& in, std::span<std::uint64_t> bits);
    Result<void> take_dictionary(Reader& in, std::span<std::uint64_t> bits);
    Result<void> take(Reader& in, std::span<std::uint64_t> bits, bool is_nested);

    Numbers& numbers_;
    std::vector<std::int64_t> decimals_;
    std::vector<std::int64_t> misses_;
    bool has_misses_ = false;
    std::vector<std::int64_t> order_;
    std::vector<std::int64_t> ranks_;
    std::vector<std::uint64_t> dictionary_;  // ascending as doubles
};

}  // namespace lineshaft::history::codec
