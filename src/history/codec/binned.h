#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "history/codec/ans.h"
#include "history/codec/bins.h"

// Integers as bins, entropy coded, and places in the bins: near the entropy of their distribution.
// A machine that rests and runs has two distributions, so each block of 128 numbers may choose
// among up to four tables. Byte layout: docs/formats/chunk.md, "binned".
namespace lineshaft::history::codec {

inline constexpr std::size_t binned_block = 128;
inline constexpr std::size_t tables_max = 4;

/// Keeps its buffers. Owner: one thread at a time.
class Binned {
public:
    /// Appends `values`, at least one. Complexity: O(count), and a little per table.
    void put(std::string& out, std::span<const std::int64_t> values);
    /// Fills `values`. Errors: invalid.
    Result<void> take(Reader& in, std::span<std::int64_t> values);

private:
    struct Table {
        std::vector<Bin> bins;
        std::vector<std::uint32_t> weights;
        std::vector<std::uint8_t> widths;
        std::vector<std::uint8_t> symbols;  // the first bin of each slot of 2^slot_shift numbers
        unsigned slot_shift = 0;
        void fill_slots();
        unsigned symbol_of(std::uint64_t offset) const;
        bool is_plain() const { return bins.size() == 1; }
    };
    struct Decoding {
        std::vector<AnsState> states;
        std::vector<std::int64_t> lower;
        std::vector<std::uint8_t> width;
        bool is_plain() const { return states.empty(); }
    };

    std::size_t classify(std::span<const std::int64_t> values);
    void fill_tables(std::size_t tables, unsigned log, unsigned lower_bits);
    void put_tables(std::string& out, std::size_t tables, unsigned log, unsigned lower_bits);
    void put_numbers(std::string& out, std::size_t tables, unsigned log);
    Result<void> take_tables(Reader& in, std::size_t tables, unsigned log, std::int64_t base,
                             std::size_t blocks);
    Result<void> take_numbers(Reader& in, unsigned log, std::span<std::int64_t> values);

    BinChooser chooser_;
    std::vector<std::uint64_t> offsets_;
    std::vector<std::uint64_t> gathered_;
    std::vector<std::uint8_t> selectors_;  // the table of each block
    std::vector<std::uint32_t> steps_;
    std::vector<std::uint8_t> widths_;
    std::string bits_;
    std::string padded_;
    std::string padded_places_;
    Table tables_[tables_max];
    Decoding decoding_[tables_max];
};

}  // namespace lineshaft::history::codec
