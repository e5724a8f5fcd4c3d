#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "history/codec/binned.h"
#include "history/codec/predict.h"
#include "history/squeeze.h"

// Columns of integers in few bytes: the layer under times, doubles, counters, switches and lengths.
//
// Three choices, each made for the column by looking at it: a scale (a common factor is divided
// out), what is left to code (the number, its step, the step's step, or what linear prediction
// missed), and a coder (one value, plain bits, patched blocks, bins, runs, zstd). All lossless, 64
// bits, wrapping. Byte layout: docs/formats/chunk.md. Complexity: O(count) both ways.
namespace lineshaft::history::codec {

// Ids of the format, for ever.
enum class Coder : std::uint8_t { constant, packed, binned, runs, squeezed, patched };
enum class Change : std::uint8_t { none, steps, steps_of_steps, predicted };

/// What a writer spends. `quick`: a tenth of the time for about twice the bytes, for what will be
/// written again soon; no bins, no prediction, no zstd. The format is the same.
enum class Effort : std::uint8_t { best, quick };

/// Keeps its buffers, so nothing is allocated per number. Owner: one thread at a time.
class Numbers {
public:
    explicit Numbers(Effort effort = Effort::best) : effort_(effort) {}
    Effort effort() const { return effort_; }

    /// What looking at a column showed.
    struct Plan {
        double bits = 0;  ///< about what it will take
        std::int64_t base = 0;
        std::int64_t factor = 1;  ///< over 1: numbers are base + factor x n
        Change change = Change::none;
        Predictor predictor;
        std::size_t runs = 0;  ///< of equal numbers
        bool is_constant = false;
    };
    /// `values`: at least one.
    Plan plan(std::span<const std::int64_t> values);

    /// Appends the column, at least one number; says for itself where it ends.
    void put(std::string& out, std::span<const std::int64_t> values) {
        put(out, values, plan(values));
    }
    void put(std::string& out, std::span<const std::int64_t> values, const Plan& planned);

    /// Fills `values`, at least one. Errors: invalid, unsupported (an id of a later program).
    Result<void> take(Reader& in, std::span<std::int64_t> values) { return take(in, values, 0); }

    /// zstd, for whoever has bytes.
    Squeezer& squeezer() { return squeezer_; }

private:
    void plan_quickly(std::span<const std::int64_t> values, Plan& plan) const;
    void put_quickly(std::string& out, std::size_t head_at, std::span<const std::int64_t> left);
    double cost_of(std::span<const std::int64_t> values);
    void scale(std::span<const std::int64_t> values, Plan& planned);
    void look(std::span<const std::int64_t> values, const Plan& planned);
    std::span<const std::int64_t> change(std::span<const std::int64_t> values, const Plan& planned);
    void put_coded(std::string& out, std::size_t head_at, std::span<const std::int64_t> left);
    void put_runs(std::string& out, std::span<const std::int64_t> values, std::size_t runs);
    bool put_squeezed(std::string& out, std::span<const std::int64_t> left);
    Result<void> take(Reader& in, std::span<std::int64_t> values, int depth);
    Result<void> take_coded(Coder coder, Reader& in, std::span<std::int64_t> values, int depth);
    Result<void> take_runs(Reader& in, std::span<std::int64_t> values, int depth);
    Result<void> take_squeezed(Reader& in, std::span<std::int64_t> values);

    const Effort effort_;
    Binned binned_;
    Squeezer squeezer_;
    std::vector<std::int64_t> scaled_;
    std::vector<std::int64_t> steps_;
    std::vector<std::int64_t> left_;
    std::vector<std::int64_t> looked_at_;
    std::string trial_;
    std::string best_;
    std::vector<std::pair<std::int64_t, std::uint32_t>> seen_;
};

}  // namespace lineshaft::history::codec
